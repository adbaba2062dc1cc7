"""Traps of sweep, restore and purge that a review result, each sprung."""

import errno
from collections.abc import Mapping
from datetime import timedelta

import pytest
from laboratory import (
    AT_ONCE,
    HASH,
    NPY,
    Laboratory,
    claim,
    complete,
    orphaned,
    outcomes,
    planned,
    with_folders,
)

from djgc_widgets import SweepRefusedError, Trash
from djgc_widgets.collector.pinned import pinned_objects_of_plan
from djgc_widgets.stores.bucket.protocol import ChangedError
from djgc_widgets.stores.file.folder import OpenPath, StoreFolder
from djgc_widgets.stores.remote import base_path
from djgc_widgets.stores.s3.requests import S3Bucket
from djgc_widgets.stores.s3.store import S3Store

NEVER = timedelta(0)


def test_a_text_that_is_a_path_by_the_listing_alone_counts_in_the_trash_too(
    lab: Laboratory,
) -> None:
    orphaned(lab, NPY)
    sql_table = lab.quote(lab.name, "foo")
    lab.connection.query(f"CREATE TABLE {sql_table} (id int primary key, data json)")
    lab.connection.query(f"COMMENT ON COLUMN {sql_table}.data IS ':<foo>:'")
    path = complete(lab).orphans["path"].iloc[0]
    planned(complete(lab)).sweep()
    lab.connection.query(
        f"INSERT INTO {sql_table} VALUES "
        f'(1, \'{{"where": "{path.removeprefix("_schema/")}"}}\')'
    )

    result = complete(lab)
    purged = Trash(lab.schema, "raw").purge(NEVER, AT_ONCE)

    assert result.trash["referenced"].sum() == 1
    assert outcomes(purged) == {"purged": 2, "restored: live-again": 1}
    assert path in lab.contents()


def folder_objects(laboratory: Laboratory, keys: int = 2) -> None:
    table = laboratory.declare("id : int32\n---\ndata : <object@raw>\n")
    source = laboratory.folder / "source"
    source.mkdir()
    for chunk in ("c0", "c1"):
        (source / chunk).write_text(chunk)
    table.insert({"id": key, "data": source} for key in range(keys))
    (table & "id = 0").delete()
    laboratory.age()


def test_an_interrupted_cell_leaves_a_sweep_to_recover(lab: Laboratory) -> None:
    folder_objects(lab)
    before = lab.contents()
    result = complete(lab)
    moves: list[str] = []

    class Interrupted(StoreFolder):
        def move(self, source: str, target: str, *starts: OpenPath) -> None:
            super().move(source, target, *starts)
            moves.append(source)
            if len(moves) == 1:  # the folder is moved, its manifest is not
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with_folders(planned(result), result, Interrupted).sweep()

    trash = Trash(lab.schema, "raw")
    assert list(trash.sweeps["state"]) == ["interrupted"]
    assert outcomes(trash.recover()) == {"restored: interrupted": 1}
    now = {p: c for p, c in lab.contents().items() if not p.startswith("_trash/")}
    assert now == before


def test_what_was_swept_is_never_mixed_with_what_is_stored_there_by_now(
    s3_laboratory: Laboratory,
) -> None:
    laboratory = s3_laboratory
    laboratory.declare(NPY)
    own = f"_schema/{laboratory.name}/recording/id=2/data_zarr01.zarr"
    for chunk in ("c0", "c1"):
        laboratory.put(f"{own}/{chunk}", data=b"old")
    laboratory.age()
    receipt = planned(complete(laboratory), [own]).sweep()
    laboratory.put(f"{own}/zarr.json", data=b"new")
    metadata = {"path": own, "store": "raw", "is_dir": True, "shape": [], "dtype": "u1"}
    laboratory.write_row("recording", 2, metadata)

    assert complete(laboratory).heal().rows.empty
    restored = receipt.restore()
    purged = Trash(laboratory.schema, "raw").purge(NEVER, AT_ONCE)

    assert outcomes(restored) == {"failed: path-taken": 1}
    assert list(purged.rows["outcome"]) == ["skipped"]
    now = {p for p in laboratory.contents() if p.startswith(own)}
    assert now == {f"{own}/zarr.json"}


class _LateBucket(S3Bucket):
    """A bucket in which one deletion is refused and one happens after an error."""

    def delete(self, etags: Mapping[str, str]) -> dict[str, OSError]:
        originals = [path for path in etags if not path.startswith("_trash")]
        if not originals:
            return super().delete(etags)
        errors: dict[str, OSError] = {}
        for path in originals:
            if path.endswith("/c0"):
                errors[path] = OSError(errno.EIO, "no answer")
            elif path.endswith("/c1"):
                errors[path] = ChangedError("refused")
        return errors


def test_a_copy_is_kept_while_a_deletion_may_still_happen(
    s3_laboratory: Laboratory,
) -> None:
    laboratory = s3_laboratory
    folder_objects(laboratory)
    result = complete(laboratory)
    raw, *_ = result._sweeper.stores  # noqa: SLF001 - to give it another bucket
    assert isinstance(raw, S3Store)
    backend = raw._backend  # noqa: SLF001 - as above
    late = _LateBucket(backend.fs, base_path(backend), raw.text_of)
    store = S3Store(raw.info, backend, {}, late, conditional=True)
    plan, sweep_id = planned(result), "20260101T000000Z-00000000"
    (pinned,) = pinned_objects_of_plan(plan, sweep_id)["raw"]

    ((_, moved),) = next(iter(store.to_trash([pinned])))

    assert moved.in_doubt
    copies = [p for p in laboratory.contents() if "/objects/" in p]
    assert len(copies) == len(pinned.files)


def test_rows_of_a_server_that_was_not_named_send_everything_back(
    lab: Laboratory,
) -> None:
    orphaned(lab)
    receipt = planned(complete(lab)).sweep()
    folder = lab.store("raw") / "_trash"
    (folder / receipt.sweep_id / "result.json").unlink()
    claim(lab, "postgresql:another")

    recovered = Trash(lab.schema, "raw").recover()

    assert outcomes(recovered) == {"restored: servers-unread": 3}
    assert "postgresql:another" in recovered.rows["detail"].iloc[0]


def test_an_unreadable_lock_can_be_broken_again_and_again(lab: Laboratory) -> None:
    orphaned(lab)
    for _ in range(3):
        lab.put("_trash/lock.json", data=b"")
        Trash(lab.schema, "raw").recover(break_lock=True)

    assert "_trash/lock.json" not in lab.contents()


def test_one_journal_that_is_not_trusted_stops_no_other(lab: Laboratory) -> None:
    table = orphaned(lab, HASH)
    first = planned(complete(lab)).sweep()
    (table & "id = 4").delete()
    lab.age()
    second = planned(complete(lab)).sweep()
    for key, receipt in ((7, first), (8, second)):
        path = str(receipt.rows["path"].iloc[0])
        metadata = {"path": path, "hash": path[-26:], "store": "raw"}
        lab.write_row(table.table_name, key, metadata)
    journal = lab.store("raw") / "_trash" / first.sweep_id / "plan.json"
    journal.write_text(journal.read_text()[:-9])

    healed = complete(lab).heal()

    assert outcomes(healed) == {"restored": 1}
    assert "Expected a record of this program" in str(healed.problems)
    with pytest.raises(SweepRefusedError, match="Expected a record of this program"):
        complete(lab).heal()


def test_a_copy_in_parts_does_not_overwrite_either(s3_laboratory: Laboratory) -> None:
    laboratory = s3_laboratory
    laboratory.declare(HASH).insert1({"id": 1, "data": b"row"})
    laboratory.put("big", data=b"x" * (6 * 2**20))
    laboratory.put("taken", data=b"somebody else's")
    raw, *_ = complete(laboratory)._sweeper.stores  # noqa: SLF001 - to ask its bucket
    assert isinstance(raw, S3Store)
    backend = raw._backend  # noqa: SLF001 - as above
    bucket = S3Bucket(
        backend.fs, base_path(backend), raw.text_of, largest_copy=5 * 2**20
    )
    found = bucket.look("big")
    assert found is not None

    with pytest.raises(ChangedError):
        bucket.copy("big", "taken", found, new=True)

    assert laboratory.contents()["taken"] == b"somebody else's"


def test_a_link_that_leads_elsewhere_by_now_is_followed_again(lab: Laboratory) -> None:
    table = orphaned(lab, HASH)
    result = complete(lab)
    path = str(result.orphans["path"].iloc[0])
    raw, digest = lab.store("raw"), path[-26:]
    other = raw / "elsewhere"
    other.mkdir()
    (other / digest).write_bytes(b"another")
    (raw / "current").symlink_to("elsewhere")
    metadata = {"path": f"current/{digest}", "hash": digest, "store": "raw"}
    lab.write_row(table.table_name, 9, metadata)
    lab.age()
    plan = planned(complete(lab), [path])
    (raw / "current").unlink()
    (raw / "current").symlink_to(f"_hash/{lab.name}")

    receipt = plan.sweep()

    assert outcomes(receipt) == {"skipped: live-again": 1}
