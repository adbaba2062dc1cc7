"""Traps of sweep, restore and purge that a review found, each sprung."""

import errno
from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import timedelta
from typing import Any

import pytest
from laboratory import (
    HASH,
    NPY,
    Laboratory,
    claim,
    complete,
    details,
    orphaned,
    planned,
    with_trees,
)

from djgc_widgets import SweepRefusedError, Trash, sweeper
from djgc_widgets.stores.file.folder import Tree, Way
from djgc_widgets.stores.remote import base_of
from djgc_widgets.stores.s3.requests import Bucket, ChangedError
from djgc_widgets.stores.s3.store import S3Store

NEVER = timedelta(0)


def test_a_text_that_only_the_listing_told_to_be_a_path_counts_in_the_trash_too(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory, NPY)
    place = laboratory.quote(laboratory.name, "foo")
    laboratory.connection.query(f"CREATE TABLE {place} (id int primary key, data json)")
    laboratory.connection.query(f"COMMENT ON COLUMN {place}.data IS ':<foo>:'")
    path = complete(laboratory).orphans["path"].iloc[0]
    planned(complete(laboratory)).sweep()
    laboratory.connection.query(
        f"INSERT INTO {place} VALUES "
        f'(1, \'{{"where": "{path.removeprefix("_schema/")}"}}\')'
    )

    found = complete(laboratory)
    purged = Trash(laboratory.schema, "raw").purge(NEVER)

    assert found.trash["referenced"].sum() == 1
    assert details(purged) == {
        "purged": 2,
        "restored: live again: a row refers to it": 1,
    }
    assert path in laboratory.held()


def folder_objects(laboratory: Laboratory, keys: int = 2) -> None:
    table = laboratory.declare("id : int32\n---\ndata : <object@raw>\n")
    source = laboratory.folder / "source"
    source.mkdir()
    for chunk in ("c0", "c1"):
        (source / chunk).write_text(chunk)
    table.insert({"id": key, "data": source} for key in range(keys))
    (table & "id = 0").delete()
    laboratory.age()


def test_an_interrupted_cell_leaves_a_sweep_to_recover(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    folder_objects(laboratory)
    before = laboratory.held()
    found = complete(laboratory)
    moves: list[str] = []

    class Interrupted(Tree):
        def move(self, source: str, target: str, here: Way, there: Way) -> None:
            super().move(source, target, here, there)
            moves.append(source)
            if len(moves) == 1:  # the folder is moved, its manifest is not
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with_trees(planned(found), found, Interrupted).sweep()

    trash = Trash(laboratory.schema, "raw")
    assert list(trash.sweeps["state"]) == ["interrupted"]
    assert details(trash.recover()) == {"restored: interrupted amid its move": 1}
    now = {p: c for p, c in laboratory.held().items() if not p.startswith("_trash/")}
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
    purged = Trash(laboratory.schema, "raw").purge(NEVER)

    assert restored.rows["detail"].iloc[0].startswith("something is at its place")
    assert list(purged.rows["outcome"]) == ["skipped"]
    kept = {p for p in laboratory.held() if p.startswith(own)}
    assert kept == {f"{own}/zarr.json"}


class _LateBucket(Bucket):
    """A bucket in which one deletion is refused and one happens after an error."""

    def delete(
        self, etags: Mapping[str, str], *, conditional: bool, pool: Executor
    ) -> dict[str, Exception]:
        originals = [path for path in etags if not path.startswith("_trash")]
        if not originals:
            return super().delete(etags, conditional=conditional, pool=pool)
        told: dict[str, Exception] = {}
        for path in originals:
            if path.endswith("/c0"):
                told[path] = OSError(errno.EIO, "no answer")
            elif path.endswith("/c1"):
                told[path] = ChangedError(errno.EEXIST, "refused")
        return told


def test_a_copy_is_kept_while_a_deletion_may_still_happen(
    s3_laboratory: Laboratory,
) -> None:
    laboratory = s3_laboratory
    folder_objects(laboratory)
    found = complete(laboratory)
    raw, *_ = found._sweeper.stores  # noqa: SLF001 - to give it another bucket
    assert isinstance(raw, S3Store)
    backend = raw._backend  # noqa: SLF001 - as above
    late = _LateBucket(backend.fs, base_of(backend), raw.told)
    copier = S3Store(raw.info, backend, {}, late, conditional=True)
    (parcel,) = _parcels(planned(found))

    ((_, outcome),) = next(iter(copier.to_trash([parcel])))

    assert "may be in the trash" in outcome.detail
    copies = [p for p in laboratory.held() if "/objects/" in p]
    assert len(copies) == len(parcel.files)


def _parcels(plan: Any) -> Any:
    return sweeper._parcels(plan, "20260101T000000Z-00000000")["raw"]  # noqa: SLF001 - an inner part


def test_rows_of_a_server_that_was_not_named_send_everything_back(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    receipt = planned(complete(laboratory)).sweep()
    folder = laboratory.store("raw") / "_trash"
    (folder / receipt.sweep_id / "result.json").unlink()
    claim(laboratory, "postgresql:another")

    recovered = Trash(laboratory.schema, "raw").recover()

    assert recovered.count("restored") == 3
    assert "postgresql:another were not read" in recovered.rows["detail"].iloc[0]


def test_an_unreadable_lock_can_be_broken_again_and_again(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    for _ in range(3):
        laboratory.put("_trash/lock.json", data=b"")
        Trash(laboratory.schema, "raw").recover(break_lock=True)

    assert "_trash/lock.json" not in laboratory.held()


def test_a_name_that_is_no_text_can_be_told(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    folder_objects(laboratory)
    plan = planned(complete(laboratory))
    path = plan.objects["path"].iloc[0]
    strange = bytes(laboratory.store("raw") / path) + b"/\xff"
    with open(strange, "wb"):  # noqa: PTH123 - bytes
        pass

    receipt = plan.sweep()

    assert receipt.rows["detail"].iloc[0].endswith("/\\udcff")


def test_one_journal_that_is_not_trusted_does_not_keep_the_others(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    table = orphaned(laboratory, HASH)
    first = planned(complete(laboratory)).sweep()
    (table & "id = 4").delete()
    laboratory.age()
    second = planned(complete(laboratory)).sweep()
    for key, receipt in ((7, first), (8, second)):
        path = str(receipt.rows["path"].iloc[0])
        metadata = {"path": path, "hash": path[-26:], "store": "raw"}
        laboratory.write_row(table.table_name, key, metadata)
    journal = laboratory.store("raw") / "_trash" / first.sweep_id / "plan.json"
    journal.write_text(journal.read_text()[:-9])

    healed = complete(laboratory).heal()

    assert details(healed) == {"restored": 1}
    assert "Expected a record of this program" in str(healed.problems)
    with pytest.raises(SweepRefusedError, match="Expected a record of this program"):
        complete(laboratory).heal()


def test_a_copy_in_parts_does_not_overwrite_either(s3_laboratory: Laboratory) -> None:
    laboratory = s3_laboratory
    laboratory.declare(HASH).insert1({"id": 1, "data": b"row"})
    laboratory.put("big", data=b"x" * (6 * 2**20))
    laboratory.put("taken", data=b"somebody else's")
    raw, *_ = complete(laboratory)._sweeper.stores  # noqa: SLF001 - to ask its bucket
    assert isinstance(raw, S3Store)
    backend = raw._backend  # noqa: SLF001 - as above
    bucket = Bucket(backend.fs, base_of(backend), raw.told, largest_copy=5 * 2**20)
    pin = bucket.head("big")
    assert pin is not None

    with pytest.raises(ChangedError):
        bucket.copy("big", "taken", pin, IfNoneMatch="*")

    assert laboratory.held()["taken"] == b"somebody else's"


def test_a_link_that_leads_elsewhere_by_now_is_followed_again(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    table = orphaned(laboratory, HASH)
    found = complete(laboratory)
    path = str(found.orphans["path"].iloc[0])
    raw, digest = laboratory.store("raw"), path[-26:]
    other = raw / "elsewhere"
    other.mkdir()
    (other / digest).write_bytes(b"another")
    (raw / "current").symlink_to("elsewhere")
    metadata = {"path": f"current/{digest}", "hash": digest, "store": "raw"}
    laboratory.write_row(table.table_name, 9, metadata)
    laboratory.age()
    plan = planned(complete(laboratory), [path])
    (raw / "current").unlink()
    (raw / "current").symlink_to(f"_hash/{laboratory.name}")

    receipt = plan.sweep()

    assert details(receipt) == {"skipped: live again: a row refers to it": 1}
