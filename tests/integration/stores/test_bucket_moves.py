"""Sweeps, restores and purges in all that DataJoint writes to."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clouds import S3, Cloud
from datajoint.storage import StorageBackend
from laboratory import (
    HASH,
    NOW,
    NPY,
    Laboratory,
    array,
    complete,
    every_kind_orphaned,
    filled,
    orphaned,
    outcomes,
    planned,
)
from s3_contents import both_sides, in_trash, outside_trash
from webdav import Folder, WebDav

from djgc_widgets import Cancelled, CompleteScan, Progress, SweepPlan, Trash
from djgc_widgets.collector import operation
from djgc_widgets.stores import open_stores
from djgc_widgets.stores.bucket.protocol import ChangedError
from djgc_widgets.stores.bucket.store import BucketStore
from djgc_widgets.stores.remote import base_path

PURGE_AT_ONCE = {"short-retention", "oldest-backup"}
FOLDER = "id : int32\n---\ndata : <object@raw>\n"
CHANGES = ("copy", "delete", "remove", "put")


MARKED = [
    pytest.param(kind, marks=getattr(pytest.mark, kind))
    for kind in ("s3", "azure", "gcs")
]
KINDS = [*MARKED, "moto", "webdav"]

CLOUDS = KINDS[1:]
"""Those whose crashes the random histories of a store do not try."""


ALL = pytest.mark.parametrize("cloud", [*KINDS, "file"], indirect=True)


@pytest.fixture(params=KINDS)
def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> Cloud:
    """A server of each kind."""
    if request.param == "file":
        return Folder(tmp_path)
    if request.param == "s3":
        return S3(request.getfixturevalue("s3"))
    server: Cloud = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def lab(cloud_laboratory: Laboratory) -> Laboratory:
    return cloud_laboratory


def store_of(lab: Laboratory) -> Any:
    (store,) = open_stores([lab.connection], ["raw"]).stores
    return store


def changed(lab: Laboratory, **verbs: Callable[..., Any]) -> BucketStore:
    """Return the store of a laboratory, of whose bucket some verbs are others."""
    store = store_of(lab)
    kind = type(store._connect())  # noqa: SLF001 - to make another one of this kind
    other = type(f"Changed{kind.__name__}", (kind,), verbs)
    backend = store._backend  # noqa: SLF001 - as above
    bucket = other(backend.fs, base_path(backend), store.text_of)
    return type(store)(store.info, backend, {}, bucket)


def plan_on(scanned: CompleteScan, store: BucketStore) -> SweepPlan:
    sweeper = replace(scanned._sweeper, stores=[store])  # noqa: SLF001 - as above
    return replace(planned(scanned), _carry_out=sweeper.carry_out)


def orphaned_folder(lab: Laboratory) -> None:
    table = lab.declare(FOLDER, "Folder")
    source = lab.folder / "source"
    source.mkdir()
    for chunk in ("a", "b"):
        (source / chunk).write_text(chunk)
    table.insert1({"id": 1, "data": source})
    table.delete()
    filled(lab, range(1, 2))


@ALL
@pytest.mark.parametrize("location", ["q", "", "q//d", " a b ", "50%25 ü#?&+"])
def test_what_was_swept_comes_back_byte_for_byte(
    lab: Laboratory, cloud: Cloud, bucket: str, location: str
) -> None:
    if isinstance(cloud, S3):  # SeaweedFS takes needless slashes out of keys
        location = location.replace("//", "/")
    if isinstance(cloud, WebDav):  # what its client cannot ask for
        location = "".join(each for each in location if each not in "%#?").strip()
    lab.config.stores = {"raw": cloud.spec(bucket, location)}
    every_kind_orphaned(lab)
    before = outside_trash(lab)

    receipt = planned(complete(lab)).sweep()

    assert outcomes(receipt) == {"moved": 3}
    moved = in_trash(lab)
    assert len(moved) == len(["file", "array", "chunk", "chunk", "manifest"])
    assert moved.keys().isdisjoint(outside_trash(lab))
    assert moved | outside_trash(lab) == before
    assert complete(lab).adds_up()
    assert outcomes(receipt.restore()) == {"restored": 3}
    assert outside_trash(lab) == before
    assert in_trash(lab) == {}


@ALL
def test_what_was_swept_can_be_purged(lab: Laboratory) -> None:
    every_kind_orphaned(lab)
    planned(complete(lab)).sweep()
    live = outside_trash(lab)

    purged = Trash(lab.schema, "raw").purge(NOW, PURGE_AT_ONCE)

    assert outcomes(purged) == {"purged": 3}
    assert (outside_trash(lab), in_trash(lab)) == (live, {})


@ALL
@pytest.mark.parametrize("definition", [HASH, NPY], ids=["hash", "npy"])
def test_datajoint_stores_again_what_was_swept(
    lab: Laboratory, definition: str
) -> None:
    """It skips the upload of a hash that it thinks is there."""
    table = orphaned(lab, definition)
    backend = StorageBackend(lab.config.get_store_spec("raw"))
    assert backend.fs.find(base_path(backend))  # it remembers what it listed
    with ThreadPoolExecutor(1) as pool:  # as the panel does
        assert outcomes(pool.submit(planned(complete(lab)).sweep).result()) == {
            "moved": 3
        }

    hashed = definition == HASH
    for key in range(1, 4):
        value = array(key).tobytes() if hashed else array(key)
        table.insert1({"id": key, "data": value})

    assert complete(lab).missing.empty
    for key in range(1, 4):
        fetched = (table & {"id": key}).fetch1("data")
        if hashed:
            assert fetched == array(key).tobytes()
        else:
            np.testing.assert_array_equal(np.asarray(fetched), array(key))


def test_datajoint_looks_anew_after_an_interruption(lab: Laboratory) -> None:
    orphaned(lab, HASH)
    backend = StorageBackend(lab.config.get_store_spec("raw"))
    assert backend.fs.find(base_path(backend))  # it remembers what it listed

    def interrupted(bucket: Any, etags: Any) -> None:
        super(type(bucket), bucket).delete(etags)
        raise KeyboardInterrupt

    plan = plan_on(complete(lab), changed(lab, delete=interrupted))
    with pytest.raises(KeyboardInterrupt):
        plan.sweep()

    moved = in_trash(lab).keys() - outside_trash(lab).keys()
    assert moved
    assert not any(backend.exists(path) for path in moved)


@ALL
def test_an_object_that_was_overwritten_stays(lab: Laboratory) -> None:
    orphaned(lab, HASH)
    plan = planned(complete(lab))
    path = plan.objects["path"].iloc[1]
    newer = outside_trash(lab)[path][::-1]
    lab.put(path, data=newer)

    receipt = plan.sweep()

    (skipped,) = receipt.unfinished.itertuples()
    assert (skipped.path, skipped.detail_code) == (path, "changed")
    assert outside_trash(lab)[path] == newer
    assert path not in in_trash(lab)
    assert receipt.count("moved") == 2


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_object_that_is_overwritten_while_it_is_copied_stays(
    lab: Laboratory, moment: str
) -> None:
    orphaned_folder(lab)
    before = outside_trash(lab)

    def raced(bucket: Any, source: str, *rest: Any, **options: Any) -> None:
        """Somebody writes around the copy."""
        raced = source.endswith("/a") and not source.startswith("_trash")
        if raced and moment == "before":
            lab.put(source, data=b"newer")
        super(type(bucket), bucket).copy(source, *rest, **options)
        if raced and moment == "after":
            lab.put(source, data=b"newer")

    receipt = plan_on(complete(lab), changed(lab, copy=raced)).sweep()

    assert list(receipt.rows["detail_code"]) == ["changed"]
    now = outside_trash(lab)
    other = {path for path in before if now.get(path) != before[path]}
    assert {path.rpartition("/")[2] for path in other} == {"a"}
    assert in_trash(lab) == {}


def test_a_restore_never_overwrites_what_is_written_meanwhile(lab: Laboratory) -> None:
    orphaned_folder(lab)
    before = outside_trash(lab)
    receipt = planned(complete(lab)).sweep()
    trashed = in_trash(lab)
    store = store_of(lab)
    (path,) = (p for p in before if p.endswith("/b"))
    found = store._bucket.look(f"_trash/{receipt.sweep_id}/objects/{path}")  # noqa: SLF001 - to copy as a restore does
    assert found is not None
    lab.put(path, data=b"another")

    with pytest.raises(ChangedError):
        store._bucket.copy(  # noqa: SLF001 - as above
            f"_trash/{receipt.sweep_id}/objects/{path}", path, found, new=True
        )
    restored = receipt.restore()

    assert outcomes(restored) == {"failed: path-taken": 1}
    assert outside_trash(lab)[path] == b"another"
    assert in_trash(lab) == trashed


class Crash(BaseException):
    """The process ends here."""


def crashing(lab: Laboratory, n_calls: int) -> BucketStore:
    """Return a store of which no request arrives after so many changes."""
    left = [n_calls]

    def dying(name: str) -> Callable[..., Any]:
        def verb(bucket: Any, *arguments: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Crash
            return getattr(super(type(bucket), bucket), name)(*arguments, **options)

        return verb

    return changed(lab, **{name: dying(name) for name in CHANGES})


@pytest.mark.no_cover
@pytest.mark.parametrize("cloud", CLOUDS, indirect=True)
def test_a_sweep_that_ends_anywhere_loses_nothing(lab: Laboratory) -> None:
    orphaned_folder(lab)
    before = outside_trash(lab)
    trash = Trash(lab.schema, "raw")
    known: set[str] = set()

    for n_calls in count():
        plan = plan_on(complete(lab), crashing(lab, n_calls))
        try:
            plan.sweep()
        except Crash:
            crashed = True
        else:
            crashed = False
        outside, inside = both_sides(lab)
        assert outside.items() | inside.items() >= before.items()
        trash.recover(break_lock=True)
        for sweep_id in set(trash.sweeps["sweep_id"]) - known:
            trash.restore(sweep_id)
            known.add(sweep_id)
        assert outside_trash(lab) == before
        if not crashed:
            break

    assert n_calls >= 8


def test_an_interrupted_deletion_may_still_be_carried_out(lab: Laboratory) -> None:
    orphaned_folder(lab)
    before = outside_trash(lab)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    plan = plan_on(complete(lab), changed(lab, delete=interrupt))
    with pytest.raises(KeyboardInterrupt):
        plan.sweep()
    trash = Trash(lab.schema, "raw")
    assert trash.recover().count("restored") == 1
    assert outside_trash(lab) == before
    trashed = in_trash(lab)
    assert len(trashed) == len(["a", "b", "manifest"])
    for path in trashed:  # only now
        lab.remove(path)

    assert outside_trash(lab) | trashed == before
    assert in_trash(lab) == trashed
    (sweep_id,) = trash.sweeps["sweep_id"]
    assert trash.restore(sweep_id).count("restored") == 1
    assert outside_trash(lab) == before


def test_copies_go_when_no_deletion_can_be_carried_out_any_more(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphaned_folder(lab)
    before = outside_trash(lab)

    def crash(*_: object) -> None:
        raise Crash

    plan = plan_on(complete(lab), changed(lab, delete=crash))
    with pytest.raises(Crash):
        plan.sweep()
    trash = Trash(lab.schema, "raw")
    trash.recover(break_lock=True)
    assert len(in_trash(lab)) == len(["a", "b", "manifest"])
    monkeypatch.setattr(operation, "_SETTLES", timedelta(days=-1))
    (sweep_id,) = trash.sweeps["sweep_id"]

    assert trash.restore(sweep_id).count("restored") == 1

    assert (outside_trash(lab), in_trash(lab)) == (before, {})


@pytest.mark.no_cover
@pytest.mark.parametrize("cloud", CLOUDS, indirect=True)
def test_a_restore_that_ends_anywhere_loses_nothing(lab: Laboratory) -> None:
    orphaned_folder(lab)
    before = outside_trash(lab)

    for n_calls in count():
        receipt = planned(complete(lab)).sweep()
        assert outcomes(receipt) == {"moved": 1}
        trashed = in_trash(lab)
        trash = Trash(lab.schema, "raw")
        trash._store = crashing(lab, n_calls)  # noqa: SLF001 - to give it a store that crashes
        try:
            trash.restore(receipt.sweep_id)
        except Crash:
            crashed = True
        else:
            crashed = False
        outside, inside = both_sides(lab)
        assert outside.items() | inside.items() >= before.items()
        began = not trashed.keys().isdisjoint(outside)
        trash = Trash(lab.schema, "raw")
        trash.recover(break_lock=True)
        assert outside_trash(lab) == before or not began
        trash.restore(receipt.sweep_id)
        assert both_sides(lab) == (before, {})
        if not crashed:
            break

    assert n_calls >= 8


def test_a_sweep_can_be_stopped_within_a_batch(lab: Laboratory) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))

    def cancel(_: Progress) -> None:
        if in_trash(lab):
            raise Cancelled

    receipt = plan.sweep(cancel)

    assert outcomes(receipt) == {"skipped: canceled": 3}
    assert (outside_trash(lab), in_trash(lab)) == (before, {})


@ALL
def test_only_one_of_two_locks_a_store(lab: Laboratory) -> None:
    filled(lab)
    one, other = store_of(lab), store_of(lab)
    one.write("_trash/record", b"one", new=True)

    with pytest.raises(FileExistsError):
        other.write("_trash/record", b"two", new=True)
    assert not other.rewrite("_trash/record", b"two", b"six")
    assert other.rewrite("_trash/record", b"one", b"two")
    assert not one.retire("_trash/record", b"one", "_trash/old")
    assert one.retire("_trash/record", b"two", "_trash/old")
    assert one.read("_trash/old") == b"two"
    assert other.changed_at_ns("_trash/old") > 0
    with pytest.raises(FileNotFoundError):
        other.read("_trash/record")


def test_each_condition_is_tried_and_heeded(lab: Laboratory) -> None:
    filled(lab)
    heeded = store_of(lab)._bucket.conditions  # noqa: SLF001 - an inner part

    assert heeded.writes
    if isinstance(lab.cloud, WebDav):  # its client sends none
        assert heeded.deletes  # it looks right before
        assert not heeded.sources
        assert not heeded.copies_once
    elif not isinstance(lab.cloud, S3):  # those are of many kinds
        assert heeded.deletes
        assert heeded.sources
        assert heeded.copies_once
    assert all("probe" not in path for path in lab.contents())
