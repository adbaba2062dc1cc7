"""What a sweep asks of a plugin's file system, of which nothing is known before."""

import errno
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from traceback import format_exception
from typing import Any

import numpy as np
import pytest
from clouds import Cloud
from datajoint import storage_adapter
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from laboratory import (
    HASH,
    NOW,
    Laboratory,
    array,
    complete,
    filled,
    orphaned,
    outcomes,
    planned,
)
from s3_contents import in_trash, outside_trash
from webdav import WebDav

from djgc_widgets import SweepRefusedError, Trash
from djgc_widgets.stores import open_stores
from djgc_widgets.stores.bucket.store import BucketStore

Change = Callable[[pytest.MonkeyPatch], None]


class Share(LocalFileSystem):
    """A lab's own file system, which tells no ETags."""

    protocol = "labshare"
    cachable = False

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        described: dict[str, Any] = super().info(path, **options)
        return {**described, "uid": 1000}  # as of any account but root


class ShareAdapter(storage_adapter.StorageAdapter):
    protocol = "labshare"
    required_keys = ("location",)
    allowed_keys = ("location",)

    def create_filesystem(self, spec: dict[str, Any]) -> Share:  # noqa: ARG002 - it has no settings
        return Share(auto_mkdir=True)


@pytest.fixture
def share(
    postgresql_laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> Laboratory:
    """A laboratory whose store a plugin's file system has."""
    registry = storage_adapter._adapter_registry  # noqa: SLF001 - what an entry point fills
    monkeypatch.setitem(registry, "labshare", ShareAdapter())
    lab = postgresql_laboratory
    location = str(lab.store("raw"))
    lab.config.stores = {"raw": {"protocol": "labshare", "location": location}}
    lab.minimum_age = NOW  # when a file was made cannot be changed
    return lab


@pytest.fixture
def cloud(webdav: WebDav) -> Cloud:
    return webdav


@pytest.fixture
def lab(cloud_laboratory: Laboratory) -> Laboratory:
    """A laboratory whose store is on a WebDAV server."""
    return cloud_laboratory


def store_of(lab: Laboratory) -> BucketStore:
    (store,) = open_stores([lab.connection], ["raw"]).stores
    assert isinstance(store, BucketStore)
    return store


def test_a_share_without_etags_is_swept_and_restored(share: Laboratory) -> None:
    orphaned(share)
    before = outside_trash(share)

    receipt = planned(complete(share)).sweep()

    assert outcomes(receipt) == {"moved": 3}
    assert in_trash(share) | outside_trash(share) == before
    assert outcomes(receipt.restore()) == {"restored": 3}
    assert outside_trash(share) == before
    assert in_trash(share) == {}


def has_no(*_: Any, **__: Any) -> None:
    raise NotImplementedError


def test_what_cannot_be_copied_is_read_and_written(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on SFTP and SMB."""
    orphaned(share)
    before = outside_trash(share)
    monkeypatch.setattr(Share, "cp_file", has_no)

    receipt = planned(complete(share)).sweep()

    assert in_trash(share) | outside_trash(share) == before
    assert outcomes(receipt.restore()) == {"restored": 3}
    assert outside_trash(share) == before


def test_what_was_overwritten_while_others_were_deleted_stays(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file is looked at right before its deletion, not with its batch."""
    orphaned(share, HASH)
    plan = planned(complete(share))
    paths = list(plan.objects["path"])
    deleted = Share.rm_file

    def rm_file(fs: Any, path: str) -> None:
        deleted(fs, path)
        for other in paths:
            if path.endswith(paths[0]) and other != paths[0]:
                share.put(other, data=b"newer")

    monkeypatch.setattr(Share, "rm_file", rm_file)
    receipt = plan.sweep()

    assert outcomes(receipt) == {"moved": 1, "skipped: changed": 2}
    assert [outside_trash(share)[path] for path in paths[1:]] == [b"newer"] * 2


@pytest.mark.parametrize("record", ["plan.json", "owner.json", "marker.json"])
def test_half_a_record_is_none(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch, record: str
) -> None:
    orphaned(share, HASH)
    before = outside_trash(share)
    written = Share.pipe_file

    def pipe_file(fs: Any, path: str, value: bytes, **options: Any) -> None:
        if record in path:
            written(fs, path, value[: len(value) // 2], **options)
            raise KeyboardInterrupt
        written(fs, path, value, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Share, "pipe_file", pipe_file)
        with pytest.raises(KeyboardInterrupt):
            planned(complete(share)).sweep()

    assert outside_trash(share) == before
    Trash(share.schema, "raw").recover()
    assert outcomes(planned(complete(share)).sweep()) == {"moved": 3}


@pytest.mark.parametrize("record", ["owner.json", "lock.json", "pins.json"])
def test_a_record_is_replaced_whole(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch, record: str
) -> None:
    filled(share)
    store = store_of(share)
    store.write(f"_trash/{record}", b"the former one")

    def half(fs: Any, path: str, value: bytes, **options: Any) -> None:
        written(fs, path, value[: len(value) // 2], **options)
        raise OSError(errno.ENOSPC, "full")

    written = Share.pipe_file
    monkeypatch.setattr(Share, "pipe_file", half)

    with pytest.raises(OSError, match="full"):
        store.write(f"_trash/{record}", b"the latter one")
    assert store.read(f"_trash/{record}") == b"the former one"
    monkeypatch.undo()


def test_a_record_is_written_where_nothing_is_moved(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system without a way to move takes names for patterns besides."""
    location = share.store("raw[1]*")
    location.mkdir()
    share.config.stores = {
        "raw": {**share.config.stores["raw"], "location": str(location)}
    }
    monkeypatch.setattr(Share, "mv", AbstractFileSystem.mv)
    monkeypatch.setattr(Share, "cp_file", has_no)
    orphaned(share, HASH)

    assert outcomes(planned(complete(share)).sweep()) == {"moved": 3}
    store = store_of(share)
    for data in (b"one", b"two"):
        store.write("_trash/record", data)
        assert store.read("_trash/record") == data


def test_a_file_that_cannot_be_seen_is_not_written_over(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(share)
    store = store_of(share)
    store.write("_trash/record", b"one")
    described = Share.info

    def info(fs: Any, path: str, **options: Any) -> dict[str, Any]:
        if os.fspath(path).endswith("_trash/record"):
            raise ConnectionError
        return described(fs, path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Share, "mv", AbstractFileSystem.mv)
        patch.setattr(Share, "exists", AbstractFileSystem.exists)
        patch.setattr(Share, "info", info)
        with pytest.raises(OSError, match="ConnectionError"):
            store.write("_trash/record", b"two")

    assert store.read("_trash/record") == b"one"


@pytest.mark.parametrize("location", ["lab[1]", "lab*"])
def test_a_location_is_no_pattern(
    lab: Laboratory, webdav: WebDav, location: str
) -> None:
    bucket = lab.config.stores["raw"]["bucket"]
    lab.config.stores = {"raw": webdav.spec(bucket, location)}
    orphaned(lab, HASH)
    before = outside_trash(lab)

    receipt = planned(complete(lab)).sweep()

    assert outcomes(receipt) == {"moved": 3}
    assert outcomes(receipt.restore()) == {"restored": 3}
    assert outside_trash(lab) == before


def test_equal_sizes_and_dates_are_no_equal_bytes(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on SFTP, of what was copied with its date."""
    described = Share.info

    def info(fs: Any, path: str, **options: Any) -> dict[str, Any]:
        entry = described(fs, path, **options)
        return {**entry, "created": None, "mtime": 1_700_000_000}

    monkeypatch.setattr(Share, "info", info)
    orphaned(share, HASH)
    receipt = planned(complete(share)).sweep()
    moved = in_trash(share)
    for path, data in moved.items():
        share.put(path, data=data[::-1])

    assert outcomes(receipt.restore()) == {"failed: path-taken": 3}
    assert in_trash(share) == moved


def test_a_copy_that_cannot_be_made_is_no_object_that_is_gone(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphaned(share, HASH)
    before = outside_trash(share)
    plan = planned(complete(share))
    copied = Share.cp_file

    def cp_file(fs: Any, source: str, target: str, **options: Any) -> None:
        if "/objects/" in target:
            raise FileNotFoundError(target)
        copied(fs, source, target, **options)

    monkeypatch.setattr(Share, "cp_file", cp_file)

    assert outcomes(plan.sweep()) == {"failed: error": 3}
    assert outside_trash(share) == before


def test_bytes_that_cannot_be_read_are_not_alike(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphaned(share, HASH)
    receipt = planned(complete(share)).sweep()
    moved = in_trash(share)
    for path, data in moved.items():
        share.put(path, data=data[::-1])
    read = Share.cat_file

    def cat_file(fs: Any, path: str, start: Any = None, **options: Any) -> Any:
        return read(fs, path, **options) if start is None else b""

    monkeypatch.setattr(Share, "cat_file", cat_file)

    assert outcomes(receipt.restore()) == {"failed: stays-in-trash": 3}
    assert in_trash(share) == moved


def test_a_release_that_is_not_answered_ends_no_sweep(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(share)
    store = store_of(share)
    store.write("_trash/record", b"one", new=True)
    removed = Share.rmdir

    def rmdir(fs: Any, path: str) -> None:
        removed(fs, path)
        raise TimeoutError

    monkeypatch.setattr(Share, "rmdir", rmdir)

    assert store.rewrite("_trash/record", b"one", b"two")
    assert store.read("_trash/record") == b"two"


@pytest.mark.parametrize(
    ("verb", "error"),
    [
        ("mkdir", FileNotFoundError),
        ("mkdir", ConnectionError),
        ("pipe_file", PermissionError),
    ],
)
def test_no_error_shows_a_password(
    lab: Laboratory,
    webdav: WebDav,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    error: type[Exception],
) -> None:
    orphaned(lab, HASH)
    plan = planned(complete(lab))
    password = webdav.server.password
    from webdav4.fsspec import WebdavFileSystem  # noqa: PLC0415 - takes a while

    def failing(*_: Any, **__: Any) -> None:
        raise error(f"asked with {password}")

    monkeypatch.setattr(WebdavFileSystem, verb, failing)

    with pytest.raises(SweepRefusedError) as refused:
        plan.sweep()

    shown = "".join(format_exception(refused.value))
    assert "asked with" in shown
    assert password not in shown


def test_a_client_that_answers_for_another_name_is_not_believed(
    lab: Laboratory,
) -> None:
    filled(lab)
    for name in ("a%41", "aA"):
        lab.put(f"other/{name}")

    with pytest.raises(OSError, match="expected what is at other/a%41; got"):
        store_of(lab).remove("other/a%41")

    assert {"other/a%41", "other/aA"} <= lab.contents().keys()


def test_when_a_file_was_made_does_not_tell_when_it_was_written(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphaned(share, HASH)
    described = Share.info

    def info(fs: Any, path: str, **options: Any) -> dict[str, Any]:
        entry = described(fs, path, **options)
        del entry["mtime"]
        return entry

    monkeypatch.setattr(Share, "info", info)

    assert set(complete(share).objects["status"]) == {"live", "young"}


def test_a_folder_that_is_there_may_be_any_error(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on FTP."""
    orphaned(share)
    made = Share.mkdir

    def mkdir(fs: Any, path: str, **options: Any) -> None:
        try:
            made(fs, path, **options)
        except FileExistsError:
            raise RuntimeError("550 create directory operation failed") from None

    monkeypatch.setattr(Share, "mkdir", mkdir)

    assert outcomes(planned(complete(share)).sweep()) == {"moved": 3}


def test_another_file_of_the_same_size_is_not_what_was_swept(
    share: Laboratory,
) -> None:
    """Without ETags the dates differ, and then the bytes are compared."""
    orphaned(share, HASH)
    receipt = planned(complete(share)).sweep()
    (path, *_), moved = in_trash(share), in_trash(share)
    share.put(path, data=moved[path][::-1])

    restored = receipt.restore()

    assert outcomes(restored) == {"restored": 2, "failed: path-taken": 1}
    assert outside_trash(share)[path] == moved[path][::-1]
    assert in_trash(share) == {path: moved[path]}


def test_what_came_back_halfway_is_known_by_its_bytes(share: Laboratory) -> None:
    orphaned(share, HASH)
    before = outside_trash(share)
    receipt = planned(complete(share)).sweep()
    (path, *_), moved = in_trash(share), in_trash(share)
    share.put(path, data=moved[path])  # as by a restore that was killed then

    assert outcomes(receipt.restore()) == {"restored": 3}
    assert outside_trash(share) == before
    assert in_trash(share) == {}


def test_a_folder_where_an_orphan_was_is_never_deleted(lab: Laboratory) -> None:
    """The client of WebDAV deletes a folder with all that is in it."""
    filled(lab)
    lab.put("_trash/record/inside")

    store_of(lab).remove("_trash/record")

    assert "_trash/record/inside" in lab.contents()


def test_what_was_copied_just_now_is_young(share: Laboratory) -> None:
    """It has the date of what was copied; that it was made just now is told as well."""
    orphaned(share, HASH)

    result = complete(share, minimum_age=timedelta(hours=1))

    assert set(result.objects["status"]) == {"live", "young"}


def test_a_file_system_is_asked_by_one_thread_at_a_time(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphaned(share, HASH)
    plan = planned(complete(share))
    copied = Share.cp_file
    within, most = [0], [0]

    def cp_file(fs: Any, source: str, target: str, **options: Any) -> None:
        within[0] += 1
        most[0] = max(most[0], within[0])
        time.sleep(0.01)  # so that others would come in
        try:
            copied(fs, source, target, **options)
        finally:
            within[0] -= 1

    monkeypatch.setattr(Share, "cp_file", cp_file)

    assert outcomes(plan.sweep()) == {"moved": 3}
    assert most == [1]


def makes_no_folders(patch: pytest.MonkeyPatch) -> None:
    """As in buckets, which have none."""
    patch.setattr(Share, "mkdir", lambda *_, **__: None)
    patch.setattr(Share, "rmdir", lambda *_: None)


def reads_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Share, "cat_file", has_no)


def copies_something_else(patch: pytest.MonkeyPatch) -> None:
    def cp_file(fs: Any, _: str, target: str, **__: Any) -> None:
        fs.pipe_file(target, b"other")

    patch.setattr(Share, "cp_file", cp_file)


def deletes_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Share, "rm_file", lambda *_: None)


def writes_half(patch: pytest.MonkeyPatch) -> None:
    whole = Share.pipe_file

    def pipe_file(fs: Any, path: str, value: bytes, **options: Any) -> None:
        whole(fs, path, value[: len(value) // 2], **options)

    patch.setattr(Share, "pipe_file", pipe_file)


def may_not_delete(patch: pytest.MonkeyPatch) -> None:
    def rm_file(*_: Any) -> None:
        raise PermissionError(errno.EACCES, "not yours")

    patch.setattr(Share, "rm_file", rm_file)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (makes_no_folders, "lets two callers make one folder"),
        (reads_nothing, "the plugin's file system has no cat_file"),
        (copies_something_else, "is not what is at _trash/probe"),
        (deletes_nothing, "expected that what was deleted is gone"),
        (writes_half, "expected 5 bytes at _trash/probe"),
        (may_not_delete, "not yours"),
    ],
)
def test_a_file_system_that_cannot_be_swept_is_refused_in_words(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch, change: Change, why: str
) -> None:
    orphaned(share, HASH)
    before = outside_trash(share)
    plan = planned(complete(share))
    change(monkeypatch)

    with pytest.raises(SweepRefusedError, match=why) as refused:
        plan.sweep()

    assert "nothing was moved" in str(refused.value)
    monkeypatch.undo()
    assert outside_trash(share) == before


def test_what_was_overwritten_just_before_its_deletion_stays(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked at once more when all copies are made."""
    orphaned(share, HASH)
    plan = planned(complete(share))
    path = str(plan.objects["path"].iloc[0])
    copied = Share.cp_file

    def cp_file(fs: Any, source: str, target: str, **options: Any) -> None:
        copied(fs, source, target, **options)
        if source.endswith(path):
            share.put(path, data=b"newer")

    monkeypatch.setattr(Share, "cp_file", cp_file)
    receipt = plan.sweep()

    assert outcomes(receipt) == {"moved": 2, "skipped: changed": 1}
    assert outside_trash(share)[path] == b"newer"
    assert path not in in_trash(share)


def test_one_of_many_writes_what_is_written_once(lab: Laboratory) -> None:
    filled(lab)
    stores = [store_of(lab) for _ in range(6)]
    for store in stores:
        assert store._bucket.conditions.writes  # noqa: SLF001 - an inner part
    for turn in range(10):
        start = Barrier(len(stores))

        def write(store: BucketStore, turn: int = turn, start: Barrier = start) -> bool:
            start.wait()
            try:
                store.write(f"_trash/{turn}", os.urandom(8), new=True)
            except FileExistsError:
                return False
            return True

        with ThreadPoolExecutor(len(stores)) as pool:
            assert sum(pool.map(write, stores)) <= 1
        assert write_alone(stores[0], turn)


def write_alone(store: BucketStore, turn: int) -> bool:
    """Return whether a record is there, or can be written by the only process."""
    try:
        store.write(f"_trash/{turn}", b"alone", new=True)
    except FileExistsError:
        return len(store.read(f"_trash/{turn}")) == 8
    return True


def claimed(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch, **described: float
) -> None:
    """Let a folder beside the lock be described like this."""
    share.put("_trash/lock.json.claim/inside")
    share.remove("_trash/lock.json.claim/inside")
    truly = Share.info

    def info(fs: Any, path: str, **options: Any) -> dict[str, Any]:
        entry: dict[str, Any] = truly(fs, path, **options)
        if os.fspath(path).endswith("lock.json.claim"):
            named = {name: entry[name] for name in ("name", "size", "type")}
            return {**named, **described}
        return entry

    monkeypatch.setattr(Share, "info", info)


@pytest.mark.parametrize(("minutes", "is_left"), [(5, False), (15, True)])
def test_what_a_killed_process_claimed_is_free_after_some_time(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch, minutes: int, *, is_left: bool
) -> None:
    orphaned(share, HASH)
    claimed(share, monkeypatch, mtime=time.time() - 60 * minutes)
    plan = planned(complete(share))

    if is_left:
        assert outcomes(plan.sweep()) == {"moved": 3}
    else:
        with pytest.raises(SweepRefusedError, match="locked by another process"):
            plan.sweep()
    assert (share.store("raw") / "_trash/lock.json.claim").exists() != is_left


def test_a_claim_of_unknown_age_is_told(
    share: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphaned(share, HASH)
    claimed(share, monkeypatch)

    with pytest.raises(SweepRefusedError, match="Remove it if no process works"):
        planned(complete(share)).sweep()


@pytest.mark.parametrize("name", ["mouse 1", "a/b", "a%b", "ü", "x+y", "100%25"])
def test_a_live_object_is_live_however_its_client_spells_it(
    lab: Laboratory, name: str
) -> None:
    """DataJoint puts ``%`` into paths, and the client of WebDAV takes it out."""
    table = lab.declare("name : varchar(30)\n---\ndata : <npy@raw>\n")
    table.insert1({"name": name, "data": array(1)})

    result = complete(lab)

    assert result.objects["status"].tolist() == ["live"]
    assert result.missing.empty


def test_datajoint_fetches_what_was_restored(lab: Laboratory) -> None:
    table = filled(lab)
    row = (table & "id = 1").fetch1()
    raw = lab.raw("recording", "data")[1]
    (table & "id = 1").delete()
    receipt = planned(complete(lab)).sweep()
    receipt.restore()

    lab.write_row("recording", 1, raw)

    fetched = np.asarray((table & "id = 1").fetch1("data"))
    np.testing.assert_array_equal(fetched, np.asarray(row["data"]))


def test_what_was_swept_is_purged(share: Laboratory) -> None:
    orphaned(share)
    planned(complete(share)).sweep()
    live = outside_trash(share)

    purged = Trash(share.schema, "raw").purge(NOW, {"short-retention", "oldest-backup"})

    assert outcomes(purged) == {"purged": 3}
    assert (outside_trash(share), in_trash(share)) == (live, {})


def test_a_server_that_is_gone_is_told(
    lab: Laboratory, webdav: WebDav, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphaned(lab, HASH)
    plan = planned(complete(lab))
    from webdav4.fsspec import WebdavFileSystem  # noqa: PLC0415 - takes a while

    def info(*_: Any) -> None:
        raise ConnectionError(f"no answer for {webdav.server.password}")

    monkeypatch.setattr(WebdavFileSystem, "info", info)

    with pytest.raises(SweepRefusedError, match="no answer for") as refused:
        plan.sweep()

    assert webdav.server.password not in str(refused.value)
