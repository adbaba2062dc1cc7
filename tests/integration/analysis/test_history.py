"""The history of scans: no record is lost, however many processes record."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from laboratory import Laboratory, complete, orphaned

from djgc_widgets import History, InputError, scan
from djgc_widgets.analysis.cost import readable_cost


@pytest.fixture
def lab(postgresql_laboratory: Laboratory) -> Laboratory:
    """A laboratory with three orphans and two live objects."""
    orphaned(postgresql_laboratory)
    return postgresql_laboratory


def test_a_scan_is_recorded_as_a_row_per_store(lab: Laboratory, tmp_path: Path) -> None:
    result, history = complete(lab), History(tmp_path / "a" / "history")
    assert history.frame.empty

    history.record(result)

    derived, raw = history.frame.to_dict("records")
    assert (derived["store"], derived["stored_bytes"]) == ("derived", 0)
    assert (raw["live_bytes"], raw["orphan_bytes"]) == (2 * 384, 3 * 384)
    assert raw["stored_bytes"] == result.listed_bytes == 5 * 384
    assert raw["address"] == str(lab.store("raw"))
    assert raw["scanned_at"] == result.started_at
    assert raw["complete"]


def test_concurrent_records_are_all_written(lab: Laboratory, tmp_path: Path) -> None:
    result, history = complete(lab), History(tmp_path / "history")
    starts = [result.started_at + timedelta(days=n) for n in range(20)]
    scans = [replace(result, started_at=start) for start in starts]

    with ThreadPoolExecutor(8) as threads:
        written = set(threads.map(history.record, [*scans, *scans]))

    assert len(written) == 40
    assert len(history.frame) == 40  # a scan that was recorded twice counts once
    assert history.frame["scanned_at"].is_monotonic_increasing
    assert len(history.totals("raw")) == 20
    forecast = history.forecast(quota_bytes=10**6)
    assert forecast.points == 20
    assert forecast.reached_at is None  # it does not grow
    names = [line.name for line in history.figure(result, 10**6).data]
    assert "stored, measured by scans" in names
    assert "quota" in names
    assert "forecast, probable" not in names
    assert str(forecast).startswith("Quota reached: not known (20 scans in 19 days")


def test_incomplete_scans_are_recorded_and_not_counted(
    lab: Laboratory, tmp_path: Path
) -> None:
    history = History(tmp_path)
    history.record(complete(lab))
    lab.write_row("recording", 9, {"where": "unknown"})

    history.record(lab.scan())

    assert set(history.frame["complete"]) == {True, False}
    assert len(history.totals()) == 1
    with pytest.raises(InputError, match=r"at least 6 complete scans .* got 1"):
        history.forecast(10**9)


def test_only_scans_of_the_same_stores_are_one_line(
    lab: Laboratory, tmp_path: Path
) -> None:
    history = History(tmp_path)
    history.record(complete(lab, stores=["raw"]))
    history.record(complete(lab))

    assert len(history.totals()) == 1
    assert len(history.totals("raw")) == 2
    assert len(history.frame) == 3
    lines = history.figure(complete(lab)).data
    (line,) = (x for x in lines if x.name == "stored, measured by scans")
    assert len(line.x) == 1
    with pytest.raises(InputError, match=r"of attic in the history; .* derived, raw"):
        history.totals("attic")


def test_a_file_that_is_not_a_record_is_an_error(
    lab: Laboratory, tmp_path: Path
) -> None:
    result, history = complete(lab), History(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "cut.unfinished").write_bytes(b"PAR1")  # of a process that was killed
    history.record(result)
    assert len(history.frame) == 2
    (tmp_path / "other.parquet").write_bytes(b"not Parquet")

    with pytest.raises(InputError, match=r"Expected a record of a scan in .*other"):
        _ = history.frame
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(InputError, match="Expected a folder for the history"):
        History(file).record(result)


def test_what_the_stores_cost_follows_from_the_price_of_each(
    lab: Laboratory, tmp_path: Path
) -> None:
    History(tmp_path).record(complete(lab))
    stored, orphaned_ = 5 * 384, 3 * 384

    for price in (2e9, {"raw": 2e9, "derived": 7}):
        history = History(tmp_path, price=price)
        costs = history.costs()
        assert costs["stored_cost"].tolist() == pytest.approx([stored * 2e9 / 1e12])
        assert costs["orphan_cost"].tolist() == pytest.approx([orphaned_ * 2e9 / 1e12])
        assert list(costs.index) == list(history.totals().index)
        lines = {line.name: list(line.y) for line in history.cost_figure().data}
        assert lines == {
            "all that is stored": costs["stored_cost"].tolist(),
            "orphans": costs["orphan_cost"].tolist(),
        }

    with pytest.raises(InputError, match=r"got none for derived\. Give 0"):
        History(tmp_path, price={"raw": 1.0}).costs()
    with pytest.raises(InputError, match="Expected a history with a price"):
        History(tmp_path).costs()


@pytest.mark.parametrize(
    "price",
    [-1, "23", float("nan"), float("inf"), {"raw": "much"}, [23.0], True, 10**400],
)
def test_what_is_no_price_is_refused(price: object, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="Expected the price of a terabyte for a month"
    ):
        History(tmp_path, price=price)  # type: ignore[arg-type]


@pytest.mark.parametrize("price", [np.int64(23), np.float32(23), Decimal(23), 23])
def test_a_price_is_any_kind_of_number(price: Any, tmp_path: Path) -> None:
    assert History(tmp_path, price=price).price == 23.0


def test_a_store_whose_name_is_not_utf_8_is_recorded(
    lab: Laboratory, tmp_path: Path
) -> None:
    folder = Path(os.fsdecode(os.fsencode(lab.folder) + b"/rec\xe9"))
    lab.store("raw").rename(folder)
    lab.config.stores["raw"]["location"] = str(folder)
    history = History(tmp_path / "history")

    history.record(complete(lab))

    (address,) = history.frame.query("store == 'raw'")["address"]
    assert "rec" in address
    with pytest.raises(InputError, match="that can be written to"):
        History("a\0b").record(complete(lab))


def test_without_a_complete_scan_no_cost_is_known(
    lab: Laboratory, tmp_path: Path
) -> None:
    history = History(tmp_path, price=23.0)
    lab.write_row("recording", 9, {"where": "unknown"})
    history.record(lab.scan())

    assert history.costs().empty
    assert [list(line.y) for line in history.cost_figure().data] == [[], []]


def test_a_store_that_was_renamed_has_the_price_of_its_latest_name(
    lab: Laboratory, tmp_path: Path
) -> None:
    history = History(tmp_path, price={"new": 1e12, "derived": 0})
    history.record(complete(lab))
    lab.config.stores["new"] = lab.config.stores.pop("raw")
    result = scan(lab.schema, minimum_age=lab.minimum_age)
    assert [store.name for store in result.stores] == ["derived", "new"]
    history.record(result)

    costs = history.costs()

    assert len(costs) == 2
    assert costs["stored_cost"].tolist() == [5 * 384.0] * 2


@pytest.mark.parametrize(
    ("cost", "text"),
    [(0, "0.00"), (0.000_53, "under 0.01"), (0.5, "0.50"), (1234.567, "1,234.57")],
)
def test_a_cost_is_read_as_people_write_it(cost: float, text: str) -> None:
    assert readable_cost(cost) == text
