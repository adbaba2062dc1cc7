"""A wrong argument is one sentence: what was expected, what came, what to do."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from laboratory import Laboratory, complete, orphaned, planned

from djgc_widgets import (
    CompleteScan,
    History,
    InputError,
    Trash,
    charts,
    growth_by_week,
    report_html,
    scan,
    second_opinion,
)
from djgc_widgets.lab.server import EmbeddedServer

Lab = Laboratory


@pytest.fixture(scope="module")
def lab(
    postgresql: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Laboratory]:
    folder = tmp_path_factory.mktemp("arguments")
    with Laboratory.on(postgresql, "postgresql", folder) as lab:
        orphaned(lab)
        yield lab


@pytest.fixture(scope="module")
def result(lab: Laboratory) -> CompleteScan:
    return complete(lab)


SCANS: dict[str, dict[str, Any]] = {
    "Expected an age from 0 to 36,500 days in minimum_age; got 7": {"minimum_age": 7},
    "Expected an age from 0 to 36,500 days in minimum_age; got None": {
        "minimum_age": None
    },
    "Expected an age from 0 to": {"minimum_age": timedelta.max},
    "names in stores; got 'raw'. Pass for example stores=['raw']": {"stores": "raw"},
    "names in stores; got [1]": {"stores": [1]},
    "Expected at least one store": {"stores": []},
    "Expected a list of datajoint Connections in also; got 5": {"also": 5},
    "Expected a list of datajoint Connections in also; got None": {"also": None},
    "Expected a function in clock; got 5": {"clock": 5},
    "Expected an aware time from clock; got datetime": {"clock": datetime.now},
    "Expected a function in progress; got 'bar'": {"progress": "bar"},
    "Expected True or False in exact; got 'no'": {"exact": "no"},
}


@pytest.mark.parametrize("message", SCANS)
def test_a_wrong_argument_of_a_scan_is_named(lab: Laboratory, message: str) -> None:
    with pytest.raises(InputError) as error:
        scan(lab.schema, **SCANS[message])

    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_connection_in_also_belongs_into_a_list(lab: Laboratory) -> None:
    for call in (
        lambda: scan(lab.schema, also=lab.connection),
        lambda: Trash(lab.schema, "raw", also=lab.connection),
        lambda: Trash(lab.schema, "raw", also=[5]),
    ):
        with pytest.raises(InputError, match="Expected a list of datajoint Connect"):
            call()


@pytest.mark.parametrize(
    ("source", "got"),
    [("lab", "str 'lab'"), (None, "NoneType None"), ([], "list [")],
)
def test_what_is_no_schema_is_named(source: Any, got: str) -> None:
    with pytest.raises(InputError) as error:
        scan(source)

    assert got in str(error.value)


def test_a_table_is_no_schema(lab: Laboratory) -> None:
    with pytest.raises(InputError, match=r"Expected a datajoint Schema.*FreeTable"):
        scan(lab.schema.get_table("recording"))


PLANS: dict[str, Callable[[CompleteScan], object]] = {
    "names in acknowledge; got 'sole-owner'": lambda s: s.plan(
        acknowledge="sole-owner"
    ),
    "names in acknowledge; got None": lambda s: s.plan(acknowledge=None),
    "a list of paths; got 5": lambda s: s.plan(5),
    "a list of paths; got 'x'": lambda s: s.plan("x"),
    "columns store and path": lambda s: s.plan(s.usage()),
    "names in acknowledge; got 'x'": lambda s: planned(s).acknowledging("x"),
    "names in stores; got 'raw'": lambda s: s.heal(stores="raw"),
    "in stores names among derived, raw; got cold": lambda s: s.heal(stores=["cold"]),
    "in outcome names among": lambda s: s.heal().count("mooved"),
    "in with_code names among": lambda s: s.problems.with_code("table-lost"),
    "Expected a scan; got": lambda s: report_html(s.objects),
    "Expected a History; got 'records'": lambda s: report_html(s, "records"),
    "Expected a scan; got DataJoint connection": lambda s: second_opinion(
        s.connections[0]
    ),
    "frame of the objects schema; got CompleteScan": growth_by_week,
    "objects schema; got one without modified_at": lambda s: growth_by_week(s.missing),
    "frame of the summary schema; got": charts.bytes_by_status,
    "frame of the places schema; got CompleteScan": charts.biggest_tables,
    "places schema; got one without size_bytes": lambda s: charts.treemap(s.usage()),
    "frame of the usage schema; got CompleteScan": charts.bytes_by_codec,
    "frame of the usage schema; got": charts.dedup_ratio,
}


@pytest.mark.parametrize("message", PLANS)
def test_a_wrong_selection_frame_or_name_is_named(
    result: CompleteScan, message: str
) -> None:
    with pytest.raises(InputError) as error:
        PLANS[message](result)

    assert message in str(error.value)


TRASHES: dict[str, Callable[[Trash], object]] = {
    "names in paths; got 'x'": lambda t: t.restore("2026", paths="x"),
    "names in sweep_id; got [5]": lambda t: t.restore(5),
    "36,500 days in older_than; got 30": lambda t: t.purge(30),
    "36,500 days in oldest_backup; got 14": lambda t: t.purge(oldest_backup=14),
    "in acknowledge; got 'short": lambda t: t.purge(acknowledge="short-retention"),
    "in acknowledge names among": lambda t: t.purge(acknowledge={"minimum-age"}),
    "names in sweep_ids; got 'x'": lambda t: t.purge(sweep_ids="x"),
    "in sweep_ids names among none; got x": lambda t: t.purge(sweep_ids=["x"]),
}


@pytest.mark.parametrize("message", TRASHES)
def test_a_wrong_argument_of_a_trash_is_named(lab: Laboratory, message: str) -> None:
    with pytest.raises(InputError) as error:
        TRASHES[message](Trash(lab.schema, "raw"))

    assert message in str(error.value)


@pytest.mark.parametrize(
    ("store", "clock", "message"),
    [
        (None, datetime.now, "names in store; got \\[None\\]"),
        ("raw", 5, "Expected a function in clock; got 5"),
        ("raw", datetime.now, "Expected an aware time from clock"),
    ],
)
def test_a_trash_needs_a_store_and_a_clock(
    lab: Laboratory, store: Any, clock: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Trash(lab.schema, store, clock=clock).purge()


def test_a_history_takes_scans_and_numbers(
    result: CompleteScan, tmp_path: Path
) -> None:
    history: Any = History(tmp_path)

    for call, message in (
        (lambda: History(5), "Expected the path of a folder; got 5"),
        (lambda: history.record(result.objects), "Expected a scan; got"),
        (lambda: history.figure(5), "Expected a scan; got 5"),
        (lambda: history.totals(["raw"]), "Expected a list or set of names in store"),
    ):
        with pytest.raises(InputError, match=message):
            call()
    history.record(result)
    for quota in ("1 TB", float("nan"), float("inf"), -1, 0, None):
        with pytest.raises(InputError, match="Expected a quota above 0 bytes"):
            history.forecast(quota)


def test_a_mask_with_gaps_selects_what_is_true(result: CompleteScan) -> None:
    orphan = result.objects["status"].eq("orphan").astype("boolean")

    plan = planned(result, orphan.where(orphan, pd.NA))

    assert len(plan.objects) == 3
