"""What is peculiar to sweeps on S3; the collector's tests run there as well."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
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
from s3_contents import describe, description_of, in_trash, outside_trash

from djgc_widgets import (
    Cancelled,
    CompleteScan,
    Progress,
    Receipt,
    SweepPlan,
    SweepRefusedError,
    Trash,
)
from djgc_widgets.collector.lock import LOCK_PATH, StoreLock
from djgc_widgets.collector.operation import Operation, Steps, skip_rest
from djgc_widgets.collector.pinned import pinned_objects_of_plan
from djgc_widgets.model import Step, no_progress
from djgc_widgets.stores import FileIdentity, PinnedObject, open_stores
from djgc_widgets.stores.remote import base_path
from djgc_widgets.stores.results import MOVED, PATH_TAKEN, RESTORED
from djgc_widgets.stores.s3.requests import S3Bucket
from djgc_widgets.stores.s3.store import S3Store


@pytest.fixture
def lab(s3_laboratory: Laboratory) -> Laboratory:
    return s3_laboratory


def rebuilt(
    store: S3Store,
    kind: type[S3Bucket],
    *,
    conditional: bool | None = None,
    **options: Any,
) -> S3Store:
    backend = store._backend  # noqa: SLF001 - to give it another bucket
    bucket = kind(backend.fs, base_path(backend), store.text_of, **options)
    return S3Store(store.info, backend, {}, bucket, conditional=conditional)


def plan_on(
    scanned: CompleteScan, kind: type[S3Bucket] = S3Bucket, **options: Any
) -> SweepPlan:
    """Plan a sweep that a server of some kind carries out."""
    sweeper = scanned._sweeper  # noqa: SLF001 - to give it other stores
    stores = [rebuilt(store, kind, **options) for store in sweeper.stores]
    carry_out = replace(sweeper, stores=stores).carry_out
    return replace(planned(scanned), _carry_out=carry_out)


SERVERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "without conditions": {"conditional": False},
    # no part but the last may be smaller than this
    "in small parts": {"largest_copy": 5 * 2**20},
}


@pytest.mark.parametrize("server", SERVERS)
def test_what_was_swept_comes_back_byte_for_byte(lab: Laboratory, server: str) -> None:
    table = orphaned(lab, HASH)
    table.insert1({"id": 9, "data": array(9).tobytes() * 25_000})  # more than a part
    (table & "id = 9").delete()
    before = outside_trash(lab)
    scanned = complete(lab)
    paths = set(scanned.orphans["path"])

    receipt = plan_on(scanned, **SERVERS[server]).sweep()

    assert receipt.count("moved") == len(receipt.rows) == 4
    assert in_trash(lab) == {p: before[p] for p in paths}
    assert outside_trash(lab) == {p: c for p, c in before.items() if p not in paths}
    assert complete(lab).adds_up()
    restored = receipt.restore()
    assert restored.count("restored") == len(restored.rows) == 4
    assert outside_trash(lab) == before
    assert in_trash(lab) == {}


@pytest.mark.parametrize("server", ["plain", "without conditions"])
def test_an_object_that_was_overwritten_stays(lab: Laboratory, server: str) -> None:
    orphaned(lab, HASH)
    plan = plan_on(complete(lab), **SERVERS[server])
    path = plan.objects["path"].iloc[1]
    lab.put(path, data=b"something else")

    receipt = plan.sweep()

    (skipped,) = receipt.unfinished.itertuples()
    assert (skipped.path, skipped.detail_code) == (path, "changed")
    assert path in skipped.detail
    assert outside_trash(lab)[path] == b"something else"
    assert path not in in_trash(lab)
    assert receipt.count("moved") == 2


def orphaned_folder(lab: Laboratory) -> None:
    table = lab.declare("id : int32\n---\ndata : <object@raw>\n")
    source = lab.folder / "source"
    source.mkdir()
    for chunk in ("a", "b"):
        (source / chunk).write_text(chunk)
    table.insert1({"id": 1, "data": source})
    table.delete()
    lab.age()


@pytest.mark.parametrize("conditional", [True, False])
def test_an_object_that_is_overwritten_while_it_is_copied_stays(
    lab: Laboratory, *, conditional: bool
) -> None:
    orphaned_folder(lab)
    before = outside_trash(lab)
    scanned = complete(lab)

    class Raced(S3Bucket):
        """Somebody writes between the copy and the deletion."""

        def copy(self, source: str, *rest: Any, **condition: str) -> None:
            super().copy(source, *rest, **condition)
            if source.endswith("/a") and not source.startswith("_trash"):
                lab.put(source, data=b"newer")

    receipt = plan_on(scanned, Raced, conditional=conditional).sweep()

    assert list(receipt.rows["detail_code"]) == ["changed"]
    now = outside_trash(lab)
    changed = {p for p in before if now.get(p) != before[p]}
    assert {p.rpartition("/")[2] for p in changed} == {"a"}
    assert in_trash(lab) == {}


def test_a_sweep_can_be_stopped_between_two_batches(lab: Laboratory) -> None:
    filled(lab)
    for number in range(1_100):
        lab.put(f"_hash/{lab.name}/{_digest(number)}", data=b"x")
    lab.age()
    plan = planned(complete(lab))

    def cancel(progress: Progress) -> None:
        if progress.done == 1_050:
            raise Cancelled

    receipt = plan.sweep(cancel)

    assert receipt.count("moved") == 1_000
    assert list(receipt.unfinished["detail_code"]) == ["canceled"] * 100
    assert receipt.count("skipped") == 100
    assert len(in_trash(lab)) == 1_000


def _digest(number: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(letters[(number >> (5 * i)) % 32] for i in range(26))


@pytest.mark.parametrize(
    ("status", "swept", "purged"),
    [
        ("Enabled", "versions-kept", "versions-purged"),
        ("Suspended", "versions-suspended", "versions-suspended"),
    ],
)
def test_what_a_versioned_bucket_keeps_is_told(
    lab: Laboratory, status: str, swept: str, purged: str
) -> None:
    bucket, client = own_bucket(lab)
    for each in ("Enabled", status):
        client.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": each}
        )
    orphaned(lab, HASH)

    receipt = planned(complete(lab)).sweep()
    gone = Trash(lab.schema, "raw").purge(NOW, {"short-retention", "oldest-backup"})

    assert outcomes(receipt) == {"moved": 3}
    assert [problem.code for problem in receipt.problems] == [swept]
    assert outcomes(gone) == {"purged": 3}
    assert [problem.code for problem in gone.problems] == [purged]
    (swept_row,), (purged_row,) = map(freed_rows, (receipt, gone))
    kept = 768 if status == "Enabled" else None
    assert swept_row[:4] == ("raw", 0, 768, kept)
    assert swept_row[4] == "trash"
    assert receipt.rows["outcome"].eq("moved").all()
    freed = 0 if status == "Enabled" else None
    undo = "versions" if status == "Enabled" else None
    assert purged_row[:5] == ("raw", freed, 0, kept, undo)
    if status == "Enabled":
        assert "nothing was freed: 768 B are in the trash" in str(receipt.problems)
        assert "the 768 B that were purged stay" in str(gone.problems)


def freed_rows(receipt: Receipt) -> list[tuple[Any, ...]]:
    rows = receipt.freed.itertuples(index=False, name=None)
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in rows]


def own_bucket(lab: Laboratory, **options: Any) -> tuple[str, Any]:
    """Let a new bucket be the only store; return its name and a client."""
    assert lab.s3 is not None
    bucket, client = lab.name.replace("_", "-"), lab.s3.client()
    client.create_bucket(Bucket=bucket, **options)
    lab.config.stores = {"raw": lab.s3.spec(bucket)}
    return bucket, client


@pytest.mark.parametrize("lock", ["hold", "retention"])
def test_a_locked_object_stays(lab: Laboratory, lock: str) -> None:
    bucket, client = own_bucket(lab, ObjectLockEnabledForBucket=True)
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))
    path = str(plan.objects["path"].iloc[1])
    where = {"Bucket": bucket, "Key": path}
    if lock == "hold":
        client.put_object_legal_hold(**where, LegalHold={"Status": "ON"})
    else:
        until = datetime.now(UTC) + timedelta(days=1)
        retention = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
        client.put_object_retention(**where, Retention=retention)

    receipt = plan.sweep()

    assert outcomes(receipt) == {"skipped: locked": 1, "moved": 2}
    assert outside_trash(lab)[path] == before[path]
    assert path not in in_trash(lab)


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_object_with_an_archived_file_stays_whole(
    lab: Laboratory, storage_class: str
) -> None:
    orphaned_folder(lab)
    before = outside_trash(lab)
    path = next(path for path in before if path.endswith("/b"))
    assert lab.s3 is not None
    spec = lab.config.stores["raw"]
    where = {"Bucket": spec["bucket"], "Key": f"{spec['location']}/{path}"}
    body = {"Body": before[path], "StorageClass": storage_class}
    lab.s3.client().put_object(**where, **body)

    receipt = planned(complete(lab)).sweep()

    assert outcomes(receipt) == {"skipped: archived": 1}
    assert storage_class in receipt.rows["detail"].iloc[0]
    assert (outside_trash(lab), in_trash(lab)) == (before, {})


@pytest.mark.parametrize("torn", ["gone", "short"])
def test_what_is_not_whole_in_the_trash_is_never_restored(
    lab: Laboratory, torn: str
) -> None:
    orphaned_folder(lab)
    receipt = planned(complete(lab)).sweep()
    copy = next(p for p in lab.contents() if p.endswith("/b"))
    if torn == "gone":
        lab.remove(copy)
    else:
        lab.put(copy, data=b"")
    left = in_trash(lab)

    restored = receipt.restore()

    assert outcomes(restored) == {"failed: torn": 1}
    assert (outside_trash(lab), in_trash(lab)) == ({}, left)


def test_what_vanished_from_the_trash_is_never_called_restored(
    lab: Laboratory,
) -> None:
    orphaned(lab, HASH)
    plan = planned(complete(lab))
    receipt = plan.sweep()
    (store,) = open_stores([lab.connection], ["raw"]).stores
    assert isinstance(store, S3Store)
    pinned = pinned_objects_of_plan(plan, receipt.sweep_id)
    lost = pinned["raw"][1]

    class Emptied(S3Bucket):
        """Something else empties the trash after it was looked at."""

        def copy(self, source: str, *rest: Any, **options: Any) -> None:
            if source == lost.trashed(lost.path):
                self.remove(source)
            super().copy(source, *rest, **options)

    moved = rebuilt(store, Emptied).from_trash(pinned["raw"])
    results = {each.path: result for page in moved for each, result in page}

    assert results.pop(lost.path) is not RESTORED
    assert set(results.values()) == {RESTORED}


def test_what_two_sweeps_took_from_one_path_is_never_mixed(lab: Laboratory) -> None:
    content = [{"1": b"a"}, {"0": b"b", "1": b"b"}]  # the other file comes first
    (store,) = open_stores([lab.connection], ["raw"]).stores
    assert isinstance(store, S3Store)
    taken = []
    for number, files in enumerate(content):
        for name, data in files.items():
            lab.put(f"a.zarr/{name}", data=data)
        listed = store.list_files(no_progress, "a.zarr").files
        pins = {
            row.path: FileIdentity(row.size_bytes, row.modified_ns, 0, row.etag)
            for row in listed.itertuples()
        }
        sweep_id = f"20260101T000000Z-0000000{number}"
        taken.append(PinnedObject("a.zarr", pins, sweep_id, "lab"))
        moved = [result for page in store.to_trash(taken[-1:]) for _, result in page]
        assert moved == [MOVED]

    back = [result for page in store.from_trash(taken) for _, result in page]

    assert back == [RESTORED, PATH_TAKEN]
    assert outside_trash(lab) == {"a.zarr/1": b"a"}
    assert sorted(in_trash(lab).values()) == [b"b", b"b"]


def test_a_copy_in_parts_is_of_one_object_only(lab: Laboratory) -> None:
    table = lab.declare(HASH)
    old, new = (digit * (6 * 2**20) for digit in (b"a", b"b"))
    path = lab.insert_by_sql(table.table_name, "data", 1, old)
    table.delete()
    lab.age()
    scanned = complete(lab)

    class Raced(S3Bucket):
        """Somebody overwrites the object while a part is copied, and undoes it."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            call = self._api.call

            def raced(method: str, **options: Any) -> dict[str, Any]:
                if method != "upload_part_copy" or options["PartNumber"] != 2:
                    return call(method, **options)
                lab.put(path, data=new)
                try:
                    return call(method, **options)
                finally:
                    lab.put(path, data=old)

            self._api.call = raced  # type: ignore[method-assign]

    receipt = plan_on(scanned, Raced, largest_copy=5 * 2**20).sweep()

    assert outcomes(receipt) == {"skipped: changed": 1}
    assert outside_trash(lab) == {path: old}
    assert in_trash(lab) == {}


def test_a_copy_in_parts_keeps_what_belongs_to_an_object(lab: Laboratory) -> None:
    table = lab.declare(HASH)
    path = lab.insert_by_sql(table.table_name, "data", 1, b"a" * (6 * 2**20))
    table.delete()
    described = describe(lab, path)
    lab.age()

    receipt = plan_on(complete(lab), largest_copy=5 * 2**20).sweep()

    copy = f"_trash/{receipt.sweep_id}/objects/{path}"
    assert description_of(lab, copy) == described
    receipt.restore()
    assert description_of(lab, path) == described


@pytest.mark.parametrize("moment", ["copying", "deleting"])
def test_nothing_more_moves_once_the_lock_is_lost(lab: Laboratory, moment: str) -> None:
    n_objects = 300
    for number in range(n_objects):
        lab.put(f"_hash/{lab.name}/{_digest(number)}", data=b"x")
    filled(lab, range(1, 2))
    lab.age()
    before = outside_trash(lab)
    plan = planned(complete(lab))
    sweep_id = "20260101T000000Z-00000000"
    pinned = pinned_objects_of_plan(plan, sweep_id)["raw"]
    copied: list[str] = []
    (store,) = open_stores([lab.connection], ["raw"]).stores
    assert isinstance(store, S3Store)

    with StoreLock(store, "sweep", beat_seconds=0.01) as lock:

        def lose() -> None:
            store.write(LOCK_PATH, b"of somebody else")
            while not lock.lost():
                pass

        class Watched(S3Bucket):
            """It loses its lock in the middle of a copy."""

            def copy(self, source: str, *rest: Any, **options: str) -> None:
                copied.append(source)
                if source == pinned[10].path and moment == "copying":
                    lose()
                super().copy(source, *rest, **options)
                if source == pinned[-1].path and moment == "deleting":
                    lose()

        watched = rebuilt(store, Watched)
        operation = Operation(watched, lock)
        steps = Steps(Step.MOVING, len(pinned), no_progress)
        operation.run(watched.to_trash, pinned, steps)
        skip_rest([(operation, pinned)])

    assert set(operation.rows()["detail_code"]) == {"lock-taken"}
    assert len(copied) < n_objects or moment == "deleting"
    assert (outside_trash(lab), in_trash(lab)) == (before, {})


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


def test_an_account_that_may_not_write_moves_nothing(lab: Laboratory) -> None:
    assert lab.s3 is not None
    orphaned(lab, HASH)
    before = lab.contents()
    configured = dict(lab.config.stores)
    account = {"access_key": lab.s3.reader, "secret_key": lab.s3.reader_secret}
    for name, spec in configured.items():
        lab.config.stores[name] = {**spec, **account}
    plan = planned(complete(lab))

    with pytest.raises(SweepRefusedError, match="could not be locked") as refused:
        plan.sweep()

    assert lab.s3.reader_secret not in str(refused.value)
    lab.config.stores.update(configured)
    assert lab.contents() == before
