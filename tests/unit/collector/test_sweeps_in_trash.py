"""Several commands, one receipt."""

from collections.abc import Callable

import pandas as pd
import pytest

from djgc_widgets.collector.sweeps_in_trash import carry_out_each
from djgc_widgets.model.errors import InputError, SweepRefusedError
from djgc_widgets.model.frames import RECEIPT
from djgc_widgets.model.receipt import Receipt


def did(path: str) -> Callable[[], Receipt]:
    row = dict.fromkeys(RECEIPT.column_names, "x")
    row |= {"path": path, "n_files": 1, "size_bytes": 2, "in_doubt": False}
    rows = RECEIPT.conform(pd.DataFrame([row]))
    return lambda: Receipt(f"sweep {path}", rows)


def fails(error: Exception) -> Callable[[], Receipt]:
    def fail() -> Receipt:
        raise error

    return fail


def test_one_that_fails_stops_no_other_and_is_reported() -> None:
    failing = [
        ("b", fails(SweepRefusedError("locked"))),
        ("c", fails(InputError("no such sweep"))),
        ("d", fails(ConnectionError("gone"))),
    ]

    done = carry_out_each([("a", did("1")), *failing, ("e", did("2"))])

    assert done.rows["path"].tolist() == ["1", "2"]
    failures = [(problem.where, problem.message) for problem in done.problems]
    assert failures == [
        ("b", "locked"),
        ("c", "no such sweep"),
        ("d", "unexpected ConnectionError: gone"),
    ]
    assert done.sweep_id == ""


def test_one_alone_keeps_its_name() -> None:
    assert carry_out_each([("a", did("1"))]).sweep_id == "sweep 1"


def test_if_all_fail_it_is_an_error() -> None:
    refused = fails(SweepRefusedError("locked"))

    with pytest.raises(SweepRefusedError, match="locked gone"):
        carry_out_each([("a", refused), ("b", fails(InputError("gone")))])
