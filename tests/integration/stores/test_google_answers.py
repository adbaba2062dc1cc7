"""Sweeps on Google Cloud when it answers otherwise than its emulator does."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from clouds import Google, new_bucket
from generations import Generations, copied, deleted, refusal
from http_relay import Asked, Said
from laboratory import (
    HASH,
    NOW,
    Laboratory,
    complete,
    filled,
    orphaned,
    outcomes,
    planned,
)
from s3_contents import in_trash, outside_trash

from djgc_widgets import IncompleteScan, SweepRefusedError, Trash
from djgc_widgets.stores import open_stores
from djgc_widgets.stores.cloud.store import GoogleStore

pytestmark = pytest.mark.gcs


@pytest.fixture
def lab(postgresql_laboratory: Laboratory, gcs: Google) -> Laboratory:
    lab = postgresql_laboratory
    lab.cloud, lab.minimum_age = gcs, NOW
    lab.config.stores = {"raw": gcs.spec(new_bucket(gcs, lab.name), "q")}
    return lab


@pytest.fixture
def relay(gcs: Google) -> Iterator[Generations]:
    gcs.relay.reset()
    yield gcs.relay
    gcs.relay.reset()


def where(lab: Laboratory, path: str) -> tuple[str, str]:
    """Return bucket and key of a path."""
    return lab.config.stores["raw"]["bucket"], f"q/{path}"


def is_of_store(key: str) -> bool:
    return key.startswith("q/_hash")


def test_a_server_that_ignores_conditions_is_never_swept(
    lab: Laboratory, relay: Generations
) -> None:
    orphaned(lab, HASH)
    before = lab.contents()
    plan = planned(complete(lab))
    relay.heeds = False

    with pytest.raises(SweepRefusedError, match="ignores the conditions of requests"):
        plan.sweep()

    assert lab.contents() == before


def test_an_account_that_may_not_delete_writes_nothing(
    lab: Laboratory, relay: Generations
) -> None:
    orphaned(lab, HASH)
    before = lab.contents()
    plan = planned(complete(lab))
    relay.instead = lambda asked: refusal(403, "no") if deleted(asked) else None

    with pytest.raises(SweepRefusedError, match="could not be locked"):
        plan.sweep()

    assert lab.contents() == before


def test_a_refused_deletion_is_told_and_leaves_no_copies(
    lab: Laboratory, relay: Generations
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))
    kept = str(plan.objects["path"].iloc[1])

    def refuse(asked: Asked) -> Said | None:
        return refusal(403, "held") if deleted(asked) == f"q/{kept}" else None

    relay.instead = refuse
    receipt = plan.sweep()

    assert outcomes(receipt) == {"moved": 2, "failed: error": 1}
    assert outside_trash(lab)[kept] == before[kept]
    assert kept not in in_trash(lab)


def test_a_deletion_without_an_answer_is_left_to_a_recovery(
    lab: Laboratory, relay: Generations
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))
    path = str(plan.objects["path"].iloc[1])

    def lose(asked: Asked, said: Said) -> Said:
        # one of the errors after which nothing is asked again
        return refusal(505, "lost") if deleted(asked) == f"q/{path}" else said

    relay.changed = lose
    receipt = plan.sweep()

    assert outcomes(receipt) == {"moved": 2, "failed: error": 1}
    assert receipt.rows.set_index("path")["in_doubt"][path]
    assert in_trash(lab)[path] == before[path]
    relay.reset()
    trash = Trash(lab.schema, "raw")
    trash.recover()
    trash.restore(receipt.sweep_id)
    # the deletion may still be carried out, so the copies stay
    assert outside_trash(lab) == before
    assert in_trash(lab) == {path: before[path] for path in receipt.rows["path"]}


@pytest.mark.parametrize("first", ["busy", "cut"])
@pytest.mark.parametrize("then", [403, 505])
def test_a_copy_stays_while_a_deletion_may_still_happen(
    lab: Laboratory, relay: Generations, then: int, first: str
) -> None:
    """Its first answer is lost, and the second one says nothing about the first."""
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))
    path = str(plan.objects["path"].iloc[1])
    late: list[Asked] = []

    def lose(asked: Asked) -> Said | None:
        if deleted(asked) != f"q/{path}":
            return None
        late.append(asked)
        if len(late) == 1 and first == "cut":
            raise ConnectionError  # no answer, and the end of the connection
        return refusal(503 if len(late) == 1 else then, "lost")

    relay.instead = lose
    receipt = plan.sweep()

    assert outcomes(receipt) == {"moved": 2, "failed: error": 1}
    assert receipt.rows.set_index("path")["in_doubt"][path]
    relay.reset()
    assert outcomes(receipt.restore()) == {"restored": 3}
    relay.pass_on(late[0])
    stored = outside_trash(lab) | in_trash(lab)
    assert stored == before


@pytest.mark.parametrize("status", [200, 302, 404, 499])
def test_only_what_the_server_did_is_believed(
    lab: Laboratory, relay: Generations, status: int
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    receipt = planned(complete(lab)).sweep()
    trashed = in_trash(lab)

    def answer(asked: Asked) -> Said | None:
        """Answer as a proxy does that wants a login."""
        if asked.path.startswith("/portal"):
            return Said(200, b"<html>")
        if "/objects/" not in deleted(asked):
            return None
        return Said(status, b"<html>", {"location": f"{relay.url}/portal"})

    relay.instead = answer

    purged = Trash(lab.schema, "raw").purge(NOW, {"short-retention", "oldest-backup"})

    assert outcomes(purged) == {"failed: error": 3}
    assert in_trash(lab) == trashed
    relay.reset()
    assert outcomes(receipt.restore()) == {"restored": 3}
    assert outside_trash(lab) == before


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[]", b"{}", b"null", b'{"kind": "storage#objects", "items": [1]}'],
)
def test_an_answer_that_is_no_listing_is_a_problem(
    lab: Laboratory, relay: Generations, body: bytes
) -> None:
    orphaned(lab, HASH)
    relay.instead = lambda asked: Said(200, body) if "prefix" in asked.query else None

    result = lab.scan()

    assert isinstance(result, IncompleteScan)
    assert {problem.code for problem in result.problems} == {"store-unread"}


def test_a_copy_whose_answer_was_lost_is_not_made_again(
    lab: Laboratory, relay: Generations
) -> None:
    orphaned(lab, HASH)
    lost: list[str] = []

    def lose(asked: Asked, said: Said) -> Said:
        key = copied(asked)
        if not is_of_store(key) or lost:
            return said
        lost.append(key)
        return refusal(503, "lost")

    relay.changed = lose
    receipt = planned(complete(lab)).sweep()

    assert outcomes(receipt) == {"moved": 3}
    assert len(lost) == 1


def test_a_record_whose_answer_was_lost_was_written(
    lab: Laboratory, relay: Generations
) -> None:
    filled(lab)
    (store,) = open_stores([lab.connection], ["raw"]).stores
    assert isinstance(store, GoogleStore)
    store.write("_trash/record", b"one", new=True)
    lost: list[Asked] = []

    def lose(asked: Asked, said: Said) -> Said:
        if asked.method != "POST" or lost:
            return said
        lost.append(asked)
        return refusal(503, "lost")

    relay.changed = lose

    assert store.rewrite("_trash/record", b"one", b"two")
    assert lost
    assert store.read("_trash/record") == b"two"
    assert not store.rewrite("_trash/record", b"one", b"six")


def test_what_has_no_md5_comes_back_after_an_interruption(
    lab: Laboratory, relay: Generations
) -> None:
    """An object that was put together from parts has a CRC32C only."""
    orphaned(lab, HASH)
    before = outside_trash(lab)
    receipt = planned(complete(lab)).sweep()
    path = next(iter(in_trash(lab)))
    lab.put(path, data=before[path])  # as an interrupted restore leaves it

    def without_md5(_: Asked, said: Said) -> Said:
        body = said.body.replace(b'"md5Hash"', b'"md5"')
        return Said(said.status, body, said.headers)

    relay.changed = without_md5

    assert outcomes(receipt.restore()) == {"restored": 3}
    assert (outside_trash(lab), in_trash(lab)) == (before, {})


def test_a_copy_that_is_not_whole_is_never_relied_on(
    lab: Laboratory, relay: Generations
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))

    def cut(asked: Asked, said: Said) -> Said:
        if is_of_store(copied(asked)):
            key = str(json.loads(said.body)["resource"]["name"])
            lab.put(key.removeprefix("q/"), data=b"half")
        return said

    relay.changed = cut
    receipt = plan.sweep()

    assert outcomes(receipt) == {"failed: error": 3}
    assert "expected a copy of 256 bytes" in receipt.rows["detail"].iloc[0]
    assert (outside_trash(lab), in_trash(lab)) == (before, {})


def test_a_big_object_is_copied_in_several_steps(
    lab: Laboratory, relay: Generations
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    steps: list[int] = []

    def go_on(asked: Asked) -> Said | None:
        """Answer as if only a part had been copied."""
        if not is_of_store(copied(asked)):
            return None
        step = int(asked.query.get("rewriteToken", ["0"])[0])
        steps.append(step)
        if step == 2:
            return None
        part = {"done": False, "rewriteToken": str(step + 1)}
        return Said(200, json.dumps(part).encode())

    relay.instead = go_on
    receipt = planned(complete(lab)).sweep()

    assert outcomes(receipt) == {"moved": 3}
    assert sorted(steps) == [0] * 3 + [1] * 3 + [2] * 3
    relay.reset()
    receipt.restore()
    assert (outside_trash(lab), in_trash(lab)) == (before, {})


def test_a_sweep_makes_two_requests_for_each_object(
    lab: Laboratory, relay: Generations
) -> None:
    """One copies, one deletes, for there is no deletion of several on conditions."""
    n_objects = 60
    table = filled(lab, range(n_objects + 5))
    (table & "id >= 5").delete()
    plan = planned(complete(lab))
    relay.requests.clear()

    receipt = plan.sweep()

    assert outcomes(receipt) == {"moved": n_objects}
    assert len(list(filter(is_of_store, map(copied, relay.requests)))) == n_objects
    assert len(list(filter(is_of_store, map(deleted, relay.requests)))) == n_objects
    assert len(relay.requests) < 2 * n_objects + 50
    relay.requests.clear()
    assert outcomes(receipt.restore()) == {"restored": n_objects}
    assert len(relay.requests) < 3 * n_objects + 50


@pytest.mark.parametrize("date", ["soon", 5, "2027-01-01T00:00:00"])
def test_a_retention_that_cannot_be_read_is_an_error_of_its_object(
    lab: Laboratory, relay: Generations, date: object
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))

    def odd(items: list[dict[str, Any]]) -> None:
        for item in items:
            item["retentionExpirationTime"] = date

    relay.changed = listing(odd)
    receipt = plan.sweep()

    assert outcomes(receipt) == {"failed: error": 3}
    assert (outside_trash(lab), in_trash(lab)) == (before, {})


@pytest.mark.parametrize("lock", ["temporaryHold", "eventBasedHold", "retention"])
def test_a_locked_object_stays(lab: Laboratory, relay: Generations, lock: str) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))
    path = str(plan.objects["path"].iloc[1])
    told = (
        {"retentionExpirationTime": "2099-01-01T00:00:00Z"}
        if lock == "retention"
        else {lock: True}
    )

    def locked(items: list[dict[str, Any]]) -> None:
        for item in items:
            item.update(told if item["name"] == f"q/{path}" else {})

    relay.changed = listing(locked)
    receipt = plan.sweep()

    assert outcomes(receipt) == {"skipped: locked": 1, "moved": 2}
    assert outside_trash(lab)[path] == before[path]
    assert path not in in_trash(lab)


def listing(
    change: Callable[[list[dict[str, Any]]], None],
) -> Callable[[Asked, Said], Said]:
    """Change what every listing tells."""

    def changed(asked: Asked, said: Said) -> Said:
        if asked.method != "GET" or "prefix" not in asked.query:
            return said
        answer = json.loads(said.body)
        change(answer.get("items", []))
        return Said(said.status, json.dumps(answer).encode(), said.headers)

    return changed


def test_copies_keep_what_belongs_to_an_object(
    lab: Laboratory, gcs: Google, relay: Generations
) -> None:
    orphaned(lab, HASH)
    path = str(complete(lab).orphans["path"].iloc[0])
    blob = gcs.blob(*where(lab, path))
    blob.reload()
    data = blob.download_as_bytes()
    blob.storage_class, blob.metadata = "NEARLINE", {"rig": "two"}
    blob.content_type, blob.cache_control = "application/x-lab", "max-age=5"
    blob.upload_from_string(data, content_type="application/x-lab")
    described = describe(gcs, lab, path)

    receipt = planned(complete(lab)).sweep()

    copy = f"_trash/{receipt.sweep_id}/objects/{path}"
    assert describe(gcs, lab, copy) == described
    receipt.restore()
    assert describe(gcs, lab, path) == described
    # the others, whose class is that of new objects, are copied without a body
    bodies = [asked.body for asked in relay.requests if is_of_store(copied(asked))]
    (body,) = filter(None, bodies)
    assert len(bodies) == 3
    assert json.loads(body)["storageClass"] == "NEARLINE"


def describe(gcs: Google, lab: Laboratory, path: str) -> dict[str, Any]:
    blob = gcs.blob(*where(lab, path))
    blob.reload()
    # the emulator gives every copy the standard class
    names = ("metadata", "contentType", "cacheControl", "md5Hash")
    return {name: blob._properties.get(name) for name in names}  # noqa: SLF001 - as the API names them


@pytest.mark.parametrize(
    ("told", "swept", "purged"),
    [
        ({"versioning": {"enabled": True}}, "versions-kept", "versions-purged"),
        (
            {"softDeletePolicy": {"retentionDurationSeconds": "604800"}},
            "soft-deleted",
            "soft-deleted",
        ),
    ],
)
def test_what_a_bucket_keeps_is_told(
    lab: Laboratory,
    relay: Generations,
    told: dict[str, Any],
    swept: str,
    purged: str,
) -> None:
    orphaned(lab, HASH)

    def keep(asked: Asked) -> Said | None:
        if "versioning" not in asked.query.get("fields", [""])[0]:
            return None
        return Said(200, json.dumps(told).encode())

    relay.instead = keep
    receipt = planned(complete(lab)).sweep()
    gone = Trash(lab.schema, "raw").purge(NOW, {"short-retention", "oldest-backup"})

    assert outcomes(receipt) == {"moved": 3}
    assert [problem.code for problem in receipt.problems] == [swept]
    assert outcomes(gone) == {"purged": 3}
    assert [problem.code for problem in gone.problems] == [purged]
    assert "768 B" in str(gone.problems)
    kept = gone.freed.iloc[0]
    assert (kept["freed_bytes"], kept["kept_bytes"], kept["trash_bytes"]) == (0, 768, 0)
    if swept == "soft-deleted":
        assert kept["undo"] == "soft-deletion"
        left = kept["undo_until"] - datetime.now(UTC)
        assert timedelta(days=6.9) < left <= timedelta(days=7)
    else:
        assert kept["undo"] == "versions"
        assert pd.isna(kept["undo_until"])


def test_a_server_that_is_asked_too_much_is_asked_again(
    lab: Laboratory, relay: Generations
) -> None:
    orphaned(lab, HASH)
    refused: list[str] = []

    def busy(asked: Asked) -> Said | None:
        key = copied(asked) or deleted(asked)
        if not is_of_store(key) or len(refused) > 1:
            return None
        refused.append(key)
        return refusal(429, "slow down")

    relay.instead = busy
    receipt = planned(complete(lab)).sweep()

    assert outcomes(receipt) == {"moved": 3}
    assert len(refused) == 2


def test_what_has_no_size_is_a_problem(lab: Laboratory, relay: Generations) -> None:
    orphaned(lab, HASH)

    def without_sizes(items: list[dict[str, Any]]) -> None:
        for item in items:
            del item["size"]

    relay.changed = listing(without_sizes)
    result = lab.scan()

    assert isinstance(result, IncompleteScan)
    assert {problem.code for problem in result.problems} >= {"size-unknown"}


def test_what_has_no_generation_is_never_moved(
    lab: Laboratory, relay: Generations
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))

    def without_generations(items: list[dict[str, Any]]) -> None:
        for item in items:
            item.pop("generation", None)

    relay.changed = listing(without_generations)
    receipt = plan.sweep()

    assert outcomes(receipt) == {"failed: error": 3}
    assert "expected a generation" in receipt.rows["detail"].iloc[0]
    assert outside_trash(lab) == before


def test_a_bucket_that_is_gone_holds_nothing_and_says_so(
    lab: Laboratory, relay: Generations
) -> None:
    orphaned(lab, HASH)
    plan = planned(complete(lab))
    path = str(plan.objects["path"].iloc[0])
    (store,) = open_stores([lab.connection], ["raw"]).stores
    assert isinstance(store, GoogleStore)
    relay.instead = lambda _: refusal(404, "no such bucket")

    assert store.look_up([path]).problems
    with pytest.raises(SweepRefusedError):
        plan.sweep()
