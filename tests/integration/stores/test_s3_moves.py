"""What is peculiar to sweeps on S3; the collector's tests run there as well."""

from dataclasses import replace
from typing import Any

import pytest
from laboratory import HASH, Laboratory, array, complete, filled, orphaned, planned

from djgc_widgets import Cancelled, CompleteScan, Progress, SweepPlan, SweepRefusedError
from djgc_widgets.stores.remote import base_path
from djgc_widgets.stores.s3.requests import Bucket
from djgc_widgets.stores.s3.store import S3Store


@pytest.fixture
def lab(s3_laboratory: Laboratory) -> Laboratory:
    return s3_laboratory


def outside_trash(lab: Laboratory) -> dict[str, bytes]:
    return {p: c for p, c in lab.contents().items() if not p.startswith("_trash/")}


def in_trash(lab: Laboratory) -> dict[str, bytes]:
    parts = {p: c for p, c in lab.contents().items() if "/objects/" in p}
    return {p.partition("/objects/")[2]: c for p, c in parts.items()}


def rebuilt(
    store: S3Store,
    kind: type[Bucket],
    *,
    conditional: bool | None = None,
    **options: Any,
) -> S3Store:
    backend = store._backend  # noqa: SLF001 - to give it another bucket
    bucket = kind(backend.fs, base_path(backend), store.text_of, **options)
    return S3Store(store.info, backend, {}, bucket, conditional=conditional)


def plan_on(
    scanned: CompleteScan, kind: type[Bucket] = Bucket, **options: Any
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
    scanned = complete(lab)

    class Raced(Bucket):
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


def test_a_versioned_bucket_is_named_in_the_receipt(lab: Laboratory) -> None:
    assert lab.s3 is not None
    bucket = lab.name.replace("_", "-")
    client = lab.s3.client()
    client.create_bucket(Bucket=bucket)
    enabled = {"Status": "Enabled"}
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
    lab.config.stores = {"raw": lab.s3.spec(bucket)}
    orphaned(lab, HASH)

    receipt = planned(complete(lab)).sweep()

    assert receipt.count("moved") == 3
    assert receipt.problems[0].code == "versions-kept"


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
