"""Several commands, one receipt."""

from collections.abc import Callable

import pandas as pd
import pytest

from djgc_widgets.collector.trashes import carry_out_each
from djgc_widgets.model.errors import InputError, SweepRefusedError
from djgc_widgets.model.frames import RECEIPT
from djgc_widgets.model.receipt import Receipt


def did(path: str) -> Callable[[], Receipt]:
    row = dict.fromkeys(RECEIPT.names, "x") | {"files": 1, "size_bytes": 2}
    rows = RECEIPT.conform(pd.DataFrame([row | {"path": path}]))
    return lambda: Receipt(f"sweep {path}", rows, lambda _: did(f"{path} back")())


def fails(error: Exception) -> Callable[[], Receipt]:
    def fail() -> Receipt:
        raise error

    return fail


def test_one_that_fails_stops_no_other_and_is_told() -> None:
    done = carry_out_each(
        [
            ("a", did("1")),
            ("b", fails(SweepRefusedError("locked"))),
            ("c", fails(InputError("no such sweep"))),
            ("d", fails(ConnectionError("gone"))),
            ("e", did("2")),
        ]
    )

    assert done.rows["path"].tolist() == ["1", "2"]
    told = [(problem.place, problem.message) for problem in done.problems]
    assert told == [
        ("b", "locked"),
        ("c", "no such sweep"),
        ("d", "unexpected ConnectionError: gone"),
    ]
    assert done.sweep_id == ""
    assert done.restore().rows["path"].tolist() == ["1 back", "2 back"]


def test_one_alone_keeps_its_name() -> None:
    assert carry_out_each([("a", did("1"))]).sweep_id == "sweep 1"


def test_if_all_fail_it_is_an_error() -> None:
    refused = fails(SweepRefusedError("locked"))

    with pytest.raises(SweepRefusedError, match="locked gone"):
        carry_out_each([("a", refused), ("b", fails(InputError("gone")))])
