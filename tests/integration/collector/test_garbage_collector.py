"""DataJoint's documented collector, by our import: same report, but with a trash."""

from datetime import timedelta
from typing import Any

import datajoint as dj
import pytest
from datajoint import gc
from laboratory import (
    ACKNOWLEDGED,
    HASH,
    Laboratory,
    array,
    complete,
    every_kind_orphaned,
    orphaned,
)

from djgc_widgets import GarbageCollector, InputError, SweepRefusedError, Trash


def collector(laboratory: Laboratory, **options: Any) -> GarbageCollector:
    options = {"store": "raw", "acknowledge": ACKNOWLEDGED, **options}
    age = laboratory.minimum_age
    return GarbageCollector(laboratory.schema, minimum_age=age, **options)


def untouched(laboratory: Laboratory) -> dict[str, bytes]:
    return {p: c for p, c in laboratory.contents().items() if "_trash" not in p}


def test_where_datajoint_is_right_the_report_is_its_own(anywhere: Laboratory) -> None:
    every_kind_orphaned(anywhere)
    before = anywhere.contents()

    ours = collector(anywhere).collect()

    theirs = gc.GarbageCollector(anywhere.schema, store="raw").collect()
    assert theirs["hash_paths_orphaned"]
    assert theirs["schema_paths_orphaned"]
    assert {name: ours[name] for name in theirs} == theirs
    assert anywhere.contents() == before


def test_what_is_collected_is_in_the_trash_and_comes_back(anywhere: Laboratory) -> None:
    every_kind_orphaned(anywhere)
    before = untouched(anywhere)
    report = collector(anywhere).collect()
    garbage = {*report["orphaned_hash_paths"], *report["orphaned_schema_paths"]}

    stats = collector(anywhere).collect(dry_run=False)

    left = untouched(anywhere)
    assert before.keys() - left.keys() == garbage
    assert stats["deleted"] == len(garbage)
    assert stats["hash_paths_deleted"] == report["hash_paths_orphaned"]
    assert stats["schema_paths_deleted"] == report["schema_paths_orphaned"]
    assert stats["bytes_trashed"] == sum(len(before[path]) for path in garbage)
    assert (stats["bytes_freed"], stats["errors"], stats["dry_run"]) == (0, 0, False)
    again = collector(anywhere).collect(dry_run=False)
    assert (again["deleted"], again["sweep_id"]) == (0, "")
    Trash(anywhere.schema, "raw").restore(stats["sweep_id"])
    assert untouched(anywhere) == before


def test_what_rows_need_again_returns_first(postgresql_laboratory: Laboratory) -> None:
    lab = postgresql_laboratory
    table = orphaned(lab, HASH)
    collector(lab).collect(dry_run=False)
    swept = untouched(lab)
    table.insert1({"id": 1, "data": array(1).tobytes()})
    (path,) = untouched(lab).keys() - swept.keys()
    lab.remove(path)

    stats = collector(lab).collect(dry_run=False)

    assert (stats["deleted"], stats["restored"], stats["errors"]) == (0, 1, 0)
    assert complete(lab).missing.empty
    assert path in untouched(lab)


def test_nothing_is_swept_if_what_rows_need_does_not_return(
    postgresql_laboratory: Laboratory,
) -> None:
    lab = postgresql_laboratory
    table = orphaned(lab, HASH)
    before = untouched(lab)
    collector(lab).collect(dry_run=False)
    gone = before.keys() - untouched(lab).keys()
    table.insert1({"id": 1, "data": array(1).tobytes()})
    (path,) = gone & untouched(lab).keys()
    lab.remove(path)
    (table & "id = 5").delete()
    lab.age()
    (lab.store("raw") / path).mkdir()  # is in the way
    left = untouched(lab)

    with pytest.raises(SweepRefusedError, match="not all that rows need came back"):
        collector(lab).collect(dry_run=False)

    assert untouched(lab) == left


def test_after_an_incomplete_scan_nothing_is_restored_either(
    postgresql_laboratory: Laboratory,
) -> None:
    lab = postgresql_laboratory
    table = orphaned(lab, HASH)
    collector(lab).collect(dry_run=False)
    swept = untouched(lab)
    table.insert1({"id": 1, "data": array(1).tobytes()})
    (path,) = untouched(lab).keys() - swept.keys()
    lab.remove(path)
    lab.write_row("recording", 9, {"where": "unknown"})
    before = lab.contents()

    with pytest.raises(SweepRefusedError, match=r"^Nothing was swept, since not every"):
        collector(lab).collect(dry_run=False)

    assert lab.contents() == before
    assert not collector(lab).collect()["complete"]


def test_a_store_within_another_and_a_second_name_are_told_apart(
    postgresql_laboratory: Laboratory,
) -> None:
    lab = postgresql_laboratory
    orphaned(lab)
    spec = dict(lab.config.stores["raw"])
    lab.config.stores["second"] = spec
    lab.config.stores["whole"] = {**spec, "location": str(lab.folder)}

    whole = collector(lab, store="whole").collect(dry_run=False)
    second = collector(lab, store="second").collect()

    assert (whole["deleted"], whole["schema_paths_referenced"]) == (0, 0)
    assert second["schema_paths_referenced"] == 2
    assert second["schema_paths_orphaned"] == 3
    assert collector(lab, store="second").collect(dry_run=False)["deleted"] == 3


def test_paths_below_a_former_prefix_are_referred_to(
    postgresql_laboratory: Laboratory,
) -> None:
    lab = postgresql_laboratory
    lab.config.stores["raw"]["schema_prefix"] = "former"
    orphaned(lab)
    lab.config.stores["raw"]["schema_prefix"] = "_schema"

    stats = collector(lab).collect()

    assert stats["schema_paths_referenced"] == 2
    assert stats["schema_paths_stored"] == 5


def test_what_is_moved_is_logged_where_datajoint_logs(
    postgresql_laboratory: Laboratory, caplog: pytest.LogCaptureFixture
) -> None:
    lab = postgresql_laboratory
    orphaned(lab)

    collector(lab).collect(verbose=True)
    assert caplog.text.count("Orphan: _schema/") == 3
    collector(lab).collect(dry_run=False, verbose=True)

    assert caplog.text.count("Moved to the trash: _schema/") == 3


def test_doubts_and_problems_refuse_a_sweep_and_are_named(
    postgresql_laboratory: Laboratory,
) -> None:
    lab = postgresql_laboratory
    orphaned(lab)
    before = lab.contents()

    with pytest.raises(SweepRefusedError, match="sole-owner"):
        collector(lab, acknowledge=()).collect(dry_run=False)
    lab.write_row("recording", 9, {"where": "unknown"})
    stats = collector(lab).collect()
    assert stats["schema_paths_orphaned"] == 0
    assert len(stats["scan_errors"]) == 1
    with pytest.raises(SweepRefusedError, match="not everything could be read"):
        collector(lab).collect(dry_run=False)

    assert lab.contents() == before


def test_young_garbage_stays(postgresql_laboratory: Laboratory) -> None:
    orphaned(postgresql_laboratory)
    old = timedelta(days=3650)

    young = GarbageCollector(
        postgresql_laboratory.schema, store="raw", minimum_age=old
    ).collect()

    assert young["schema_paths_orphaned"] == 0
    assert young["schema_paths_stored"] == 5


def test_the_default_store_is_that_of_the_configuration(
    postgresql_laboratory: Laboratory,
) -> None:
    lab = postgresql_laboratory
    orphaned(lab)
    with pytest.raises(InputError, match="got no default store"):
        GarbageCollector(lab.schema)

    lab.config.stores["default"] = "raw"

    assert GarbageCollector(lab.schema).collect()["schema_paths_orphaned"] == 3
    assert GarbageCollector(lab.schema, config=lab.config).store == "raw"


def test_what_cannot_be_collected_is_said(postgresql_laboratory: Laboratory) -> None:
    schema = postgresql_laboratory.schema

    with pytest.raises(InputError, match=r"name of a store \(derived, raw\); got 'x'"):
        GarbageCollector(schema, store="x")
    with pytest.raises(InputError, match="at least one schema"):
        GarbageCollector(store="raw")
    with pytest.raises(InputError, match="Leave it out"):
        GarbageCollector(schema, store="raw", config=dj.config)
    with pytest.raises(InputError, match="Expected an age"):
        GarbageCollector(schema, store="raw", minimum_age=7)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="in acknowledge"):
        GarbageCollector(schema, store="raw", acknowledge="sole-owner")
    for name in ("sole-ownr", "abandoned-schema:gone", "unseen-schemas"):
        with pytest.raises(InputError, match="in acknowledge"):
            GarbageCollector(schema, store="raw", acknowledge=[name])
    with pytest.raises(InputError, match="Expected schemas"):
        GarbageCollector(postgresql_laboratory.connection, store="raw")
    with pytest.raises(InputError, match="name of a store"):
        GarbageCollector(schema, store=["raw"])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="Leave it out"):
        GarbageCollector(schema, store="raw", config={})
