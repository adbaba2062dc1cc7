"""A sweep that nobody looks at takes what is garbage beyond doubt, and no more."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from laboratory import HASH, NPY, Laboratory, array, complete, orphaned, outcomes

from djgc_widgets import CompleteScan, InputError, SweepRefusedError
from djgc_widgets.collector import Unattended, plan_unattended
from djgc_widgets.collector.marker import MARKER_PATH
from djgc_widgets.collector.ranges import bounds
from djgc_widgets.collector.records import seal
from djgc_widgets.collector.unattended import SEEN_PATH

LIFTED = {"sole-owner", "large-sweep", "minimum-age"}
START = datetime.now(UTC) + timedelta(hours=1)  # what a bucket dates is not young


def look(
    lab: Laboratory, night: int, out: Path | None = None, **options: Any
) -> tuple[CompleteScan, Unattended]:
    now = START + timedelta(days=night)
    result = complete(lab, clock=lambda: now, out=out)
    lifted = LIFTED | set(options.pop("lifted", ()))
    options = {"stores": ["raw"], **options}
    return result, plan_unattended(result, acknowledge=lifted, **options)


def first_orphans(lab: Laboratory) -> str:
    return f"first-orphans:raw/{lab.name}.recording"


def test_an_orphan_waits_for_a_second_scan(anywhere: Laboratory) -> None:
    orphaned(anywhere)
    lifted = [first_orphans(anywhere)]

    _, first = look(anywhere, 0, lifted=lifted)
    assert len(first.waiting) == 3
    assert first.plan.objects.empty
    _, again = look(anywhere, 0, lifted=lifted)
    assert again.plan.objects.empty
    _, second = look(anywhere, 1, lifted=lifted)
    assert second.waiting.empty
    assert outcomes(second.plan.sweep()) == {"moved": 3}
    _, third = look(anywhere, 2, lifted=lifted)
    assert third.plan.objects.empty


def test_tables_that_were_never_looked_at_are_held(anywhere: Laboratory) -> None:
    orphaned(anywhere)
    look(anywhere, 0)

    _, found = look(anywhere, 1)

    assert [held.doubt.name for held in found.held] == [first_orphans(anywhere)]
    assert len(found.held_objects) == 3
    assert found.plan.objects.empty


def test_other_tables_are_swept_while_one_is_held(anywhere: Laboratory) -> None:
    orphaned(anywhere)
    hashes = anywhere.declare(HASH, "Image")
    hashes.insert({"id": key, "data": b"%d" % key} for key in range(5))
    (hashes & "id = 0").delete()
    anywhere.age()
    lifted = [f"first-orphans:raw/{anywhere.name}"]
    look(anywhere, 0, lifted=lifted)

    _, found = look(anywhere, 1, lifted=lifted)

    assert [held.doubt.name for held in found.held] == [first_orphans(anywhere)]
    assert list(found.plan.objects["section"]) == ["hash"]
    assert outcomes(found.plan.sweep()) == {"moved": 1}


def test_a_large_share_of_a_table_is_held(postgresql_laboratory: Laboratory) -> None:
    lab = postgresql_laboratory
    orphaned(lab)
    other = lab.declare(NPY, "Other")
    other.insert({"id": key, "data": array(key)} for key in range(100, 140))
    lab.age()
    names = {first_orphans(lab), "sole-owner"}
    scans = [
        complete(lab, clock=lambda night=night: START + timedelta(days=night))
        for night in (0, 1)
    ]
    found = [plan_unattended(s, stores=["raw"], acknowledge=names) for s in scans]

    (held,) = found[1].held
    assert (held.doubt.name, held.table) == ("large-sweep", f"{lab.name}.recording")
    assert "3 of 5 objects" in held.doubt.message
    assert found[1].plan.objects.empty
    again = plan_unattended(
        scans[1], stores=["raw"], acknowledge={*names, "large-sweep"}
    )
    assert len(again.plan.objects) == 3


def test_only_the_named_stores_are_touched(laboratory: Laboratory) -> None:
    orphaned(laboratory)

    _, found = look(laboratory, 0, stores=["derived"])

    assert found.waiting.empty
    assert SEEN_PATH not in laboratory.contents()
    assert SEEN_PATH in laboratory.contents("derived")


def test_what_is_left_of_a_schema_is_swept_by_a_person(laboratory: Laboratory) -> None:
    orphaned(laboratory)
    laboratory.put("_schema/gone/rec/id=1/data_AbCd1234.npy")
    laboratory.age()

    with pytest.raises(InputError, match="abandoned-schema:gone"):
        look(laboratory, 0, lifted=["abandoned-schema:gone"])


def test_a_dry_look_remembers_nothing(laboratory: Laboratory) -> None:
    orphaned(laboratory)
    before = laboratory.contents()

    look(laboratory, 0, dry=True)
    _, found = look(laboratory, 1, dry=True)

    assert len(found.waiting) == 3
    assert laboratory.contents() == before


def test_a_record_that_was_altered_refuses(laboratory: Laboratory) -> None:
    orphaned(laboratory)
    look(laboratory, 0)
    record = laboratory.store("raw") / SEEN_PATH
    written = record.read_bytes()

    middle = len(written) // 3
    flipped = bytes([written[middle] ^ 1])
    for altered in (
        b"",
        b"PAR1",
        written[: len(written) // 2],
        written[:middle] + flipped + written[middle + 1 :],
    ):
        record.write_bytes(altered)
        _, found = look(laboratory, 1, stores=["raw", "derived"])
        assert "seen-orphans of store raw" in found.refused["raw"]
        assert found.plan.objects.empty
        assert found.waiting.empty
        assert record.read_bytes() == altered


def test_a_trash_of_a_later_layout_is_left_alone(laboratory: Laboratory) -> None:
    orphaned(laboratory)
    result = complete(laboratory)
    plan = result.plan(acknowledge=LIFTED)
    marker = seal({"layout": 2, "version": "9.0"})
    laboratory.put(MARKER_PATH, data=marker)
    before = laboratory.contents()

    with pytest.raises(SweepRefusedError, match=r"layout 2, which djgc-widgets 9\.0"):
        plan.sweep()
    assert "layout 2" in look(laboratory, 0)[1].refused["raw"]
    assert laboratory.contents() == before


def test_the_trash_says_what_it_is(anywhere: Laboratory) -> None:
    orphaned(anywhere)
    swept = complete(anywhere).plan(acknowledge=LIFTED).sweep()

    contents = anywhere.contents()
    assert b"All of them can be brought\nback." in contents["_trash/README.md"]
    assert b'"layout":1' in contents[MARKER_PATH]
    assert swept.count("moved") == 3
    result = complete(anywhere)
    assert set(result.objects["status"]) == {"live"}
    assert result.adds_up()


def test_a_scan_in_ranges_remembers_what_one_in_memory_does(
    s3_laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "ROWS", 2)
    lab = s3_laboratory
    table = orphaned(lab)
    night = look(lab, 0)[0].orphans
    first = lab.contents()[SEEN_PATH]
    again, gone, _ = night["path"]
    lab.write_row(table.table_name, 9, {"path": again, "store": "raw", "shape": [4, 8]})
    lab.remove(gone)
    lab.put(f"_schema/{lab.name}/recording/id=7/data_AbCd1234.npy")

    records = []
    for out in (None, tmp_path / "out"):
        lab.put(SEEN_PATH, data=first)
        look(lab, 1, out=out)
        rows = lab.contents()[SEEN_PATH].partition(b"\n")[2]
        found = pd.read_parquet(io.BytesIO(rows))
        records.append(found.sort_values("path", ignore_index=True))

    assert sorted(records[0]["current"]) == [False, True, True]
    assert again not in set(records[0]["path"])
    pd.testing.assert_frame_equal(*records)
