"""Sweep, restore and purge on a real S3 server."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from laboratory import (
    HASH,
    Laboratory,
    array,
    complete,
    details,
    filled,
    orphaned,
    planned,
)

from djgc_widgets import Cancelled, CompleteScan, Progress, SweepPlan, Trash
from djgc_widgets.stores.remote import base_of
from djgc_widgets.stores.s3.requests import Bucket
from djgc_widgets.stores.s3.store import S3Store


@pytest.fixture
def lab(s3_laboratory: Laboratory) -> Laboratory:
    return s3_laboratory


def outside_trash(lab: Laboratory) -> dict[str, bytes]:
    return {p: c for p, c in lab.held().items() if not p.startswith("_trash/")}


def in_trash(lab: Laboratory) -> dict[str, bytes]:
    parts = {p: c for p, c in lab.held().items() if "/objects/" in p}
    return {p.partition("/objects/")[2]: c for p, c in parts.items()}


def with_stores(
    plan: SweepPlan, found: CompleteScan, change: Callable[[S3Store], S3Store]
) -> SweepPlan:
    sweeper = found._sweeper  # noqa: SLF001 - to give it other stores
    stores = [change(store) for store in sweeper.stores]
    return replace(plan, carry_out=replace(sweeper, stores=stores).carry_out)


def rebuilt(store: S3Store, **options: Any) -> S3Store:
    return S3Store(store.info, store._backend, {}, **options)  # noqa: SLF001 - as above


def in_small_parts(store: S3Store) -> S3Store:
    backend = store._backend  # noqa: SLF001 - as above
    # no part but the last may be smaller than this
    bucket = Bucket(backend.fs, base_of(backend), store.told, largest_copy=5 * 2**20)
    return rebuilt(store, bucket=bucket)


def heedless(store: S3Store) -> S3Store:
    return rebuilt(store, conditional=False)


def as_it_is(store: S3Store) -> S3Store:
    return store


@pytest.mark.parametrize("server", [as_it_is, heedless, in_small_parts])
def test_what_was_swept_comes_back_byte_for_byte(
    lab: Laboratory, server: Callable[[S3Store], S3Store]
) -> None:
    table = orphaned(lab, HASH)
    table.insert1({"id": 9, "data": array(9).tobytes() * 25_000})  # more than a part
    (table & "id = 9").delete()
    before = outside_trash(lab)
    found = complete(lab)
    paths = set(found.orphans["path"])

    receipt = with_stores(planned(found), found, server).sweep()

    assert details(receipt) == {"moved": 4}
    assert in_trash(lab) == {p: before[p] for p in paths}
    assert outside_trash(lab) == {p: c for p, c in before.items() if p not in paths}
    assert complete(lab).adds_up()
    assert details(receipt.restore()) == {"restored": 4}
    assert outside_trash(lab) == before
    assert in_trash(lab) == {}


def test_a_folder_object_moves_whole_with_its_manifest(lab: Laboratory) -> None:
    table = lab.declare("id : int32\n---\ndata : <object@raw>\n")
    source = lab.folder / "source"
    for chunk in ("0/0", "0/1", "1/0"):
        (source / chunk).parent.mkdir(parents=True, exist_ok=True)
        (source / chunk).write_text(chunk)
    table.insert({"id": key, "data": source} for key in (1, 2))
    (table & "id = 1").delete()
    lab.age()
    before = outside_trash(lab)

    receipt = planned(complete(lab)).sweep()

    assert list(receipt.rows["files"]) == [4]
    assert len(in_trash(lab)) == 4
    receipt.restore()
    assert outside_trash(lab) == before


@pytest.mark.parametrize("server", [as_it_is, heedless])
def test_an_object_that_was_overwritten_stays(
    lab: Laboratory, server: Callable[[S3Store], S3Store]
) -> None:
    orphaned(lab, HASH)
    found = complete(lab)
    plan = with_stores(planned(found), found, server)
    path = plan.objects["path"].iloc[1]
    lab.put(path, data=b"something else")

    receipt = plan.sweep()

    told = receipt.rows.set_index("path").loc[path]
    assert told["detail"] == f"changed since it was scanned: {path}"
    assert outside_trash(lab)[path] == b"something else"
    assert path not in in_trash(lab)
    assert receipt.count("moved") == 2


class _Overwritten(Bucket):
    """A bucket in which somebody writes between the copy and the deletion."""

    act: Callable[[str], None]

    def copy(self, source: str, target: str, *rest: Any, **condition: str) -> None:
        super().copy(source, target, *rest, **condition)
        if not source.startswith("_trash"):
            self.act(source)


@pytest.mark.parametrize("conditional", [True, False])
def test_an_object_that_is_overwritten_while_it_is_copied_stays(
    lab: Laboratory, *, conditional: bool
) -> None:
    table = lab.declare("id : int32\n---\ndata : <object@raw>\n")
    source = lab.folder / "source"
    source.mkdir()
    for chunk in ("a", "b"):
        (source / chunk).write_text(chunk)
    table.insert1({"id": 1, "data": source})
    table.delete()
    lab.age()
    before = outside_trash(lab)
    found = complete(lab)

    def write_into_one(path: str) -> None:
        if path.endswith("/a"):
            lab.put(path, data=b"newer")

    def raced(store: S3Store) -> S3Store:
        backend = store._backend  # noqa: SLF001 - as above
        bucket = _Overwritten(backend.fs, base_of(backend), store.told)
        bucket.act = write_into_one
        return rebuilt(store, bucket=bucket, conditional=conditional)

    receipt = with_stores(planned(found), found, raced).sweep()

    assert receipt.rows["detail"].iloc[0].startswith("changed since it was scanned")
    now = outside_trash(lab)
    changed = {p for p in before if now.get(p) != before[p]}
    assert {p.rpartition("/")[2] for p in changed} == {"a"}
    assert in_trash(lab) == {}


def test_what_became_live_is_left_or_brought_back(lab: Laboratory) -> None:
    table = orphaned(lab, HASH)
    plan = planned(complete(lab))
    table.insert1({"id": 1, "data": array(1).tobytes()})  # the same content: no upload

    receipt = plan.sweep()

    assert details(receipt) == {
        "moved": 2,
        "skipped: live again: a row refers to it": 1,
    }
    table.insert1({"id": 2, "data": array(2).tobytes()})
    assert complete(lab).missing.empty


def test_restore_never_overwrites(lab: Laboratory) -> None:
    orphaned(lab, HASH)
    receipt = planned(complete(lab)).sweep()
    path = receipt.rows["path"].iloc[0]
    lab.put(path, data=b"newer")

    restored = receipt.restore()

    assert details(restored) == {
        "restored": 2,
        "failed: something is at its place already; it stays in the trash": 1,
    }
    assert outside_trash(lab)[path] == b"newer"
    assert set(in_trash(lab)) == {path}


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

    assert details(receipt) == {
        "moved": 1_000,
        "skipped: cancelled before its turn": 100,
    }
    assert len(in_trash(lab)) == 1_000


def _digest(number: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(letters[(number >> (5 * i)) % 32] for i in range(26))


def test_a_purge_deletes_from_the_trash_alone(lab: Laboratory) -> None:
    table = orphaned(lab, HASH)
    planned(complete(lab)).sweep()
    before = outside_trash(lab)

    receipt = Trash(lab.schema, "raw").purge(timedelta(0))

    assert details(receipt) == {"purged": 3}
    assert in_trash(lab) == {}
    assert outside_trash(lab) == before
    assert len(table) == 2


def test_a_versioned_bucket_is_named_in_the_receipt(lab: Laboratory) -> None:
    assert lab.s3 is not None
    bucket = lab.name.replace("_", "-")
    client = lab.s3.client()
    client.create_bucket(Bucket=bucket)
    client.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    lab.config.stores = {"raw": lab.s3.spec(bucket)}
    orphaned(lab, HASH)

    receipt = planned(complete(lab)).sweep()

    assert receipt.count("moved") == 3
    assert "versions" in receipt.problems[0].message


def test_an_account_that_may_not_write_moves_nothing(lab: Laboratory) -> None:
    assert lab.s3 is not None
    orphaned(lab, HASH)
    before = lab.held()
    account = {"access_key": lab.s3.reader, "secret_key": lab.s3.reader_secret}
    for name, spec in lab.config.stores.items():
        lab.config.stores[name] = {**spec, **account}
    plan = planned(complete(lab))

    with pytest.raises(Exception, match="could not be locked") as refused:
        plan.sweep()

    assert lab.s3.reader_secret not in str(refused.value)
    for name, spec in lab.config.stores.items():
        lab.config.stores[name] = {
            **spec,
            **lab.s3.spec(spec["bucket"], spec["location"]),
        }
    assert lab.held() == before
