"""Sweeps on Azure of blobs that have more than their bytes."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from clouds import Azure, AzureRelay, new_bucket
from http_relay import Asked, HttpRelay, Said, answering
from laboratory import (
    HASH,
    NOW,
    Laboratory,
    complete,
    every_kind_orphaned,
    orphaned,
    outcomes,
    planned,
)
from s3_contents import in_trash, outside_trash

from djgc_widgets import SweepRefusedError, Trash
from djgc_widgets.stores import open_stores
from djgc_widgets.stores.cloud.store import AzureStore

pytestmark = pytest.mark.azure


@pytest.fixture
def lab(postgresql_laboratory: Laboratory, azure: Azure) -> Laboratory:
    lab = postgresql_laboratory
    lab.cloud, lab.minimum_age = azure, NOW
    lab.config.stores = {"raw": azure.spec(new_bucket(azure, lab.name), "q")}
    return lab


def blob_of(lab: Laboratory, azure: Azure, path: str) -> Any:
    container = lab.config.stores["raw"]["container"]
    return azure.client().get_blob_client(container, f"q/{path}")


def test_copies_keep_what_belongs_to_a_blob(lab: Laboratory, azure: Azure) -> None:
    orphaned(lab, HASH)
    path = str(complete(lab).orphans["path"].iloc[0])
    blob = blob_of(lab, azure, path)
    blob.set_blob_metadata({"rig": "two"})
    blob.set_standard_blob_tier("Cool")
    blob.set_blob_tags({"subject": "7", "note": "a b"})
    described = describe(lab, azure, path)
    assert described["tier"] == "Cool"
    assert described["tags"] == {"subject": "7", "note": "a b"}

    receipt = planned(complete(lab)).sweep()
    assert outcomes(receipt) == {"moved": 3}, list(receipt.rows["detail"])

    copy = f"_trash/{receipt.sweep_id}/objects/{path}"
    assert describe(lab, azure, copy) == described
    receipt.restore()
    assert describe(lab, azure, path) == described


def describe(lab: Laboratory, azure: Azure, path: str) -> dict[str, Any]:
    blob = blob_of(lab, azure, path)
    properties = blob.get_blob_properties()
    return {
        "metadata": properties.metadata,
        "type": properties.content_settings.content_type,
        "tier": str(properties.blob_tier),
        "tags": blob.get_blob_tags(),
    }


def test_a_leased_blob_stays(lab: Laboratory, azure: Azure) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))
    path = str(plan.objects["path"].iloc[1])
    blob_of(lab, azure, path).acquire_lease()

    receipt = plan.sweep()

    assert outcomes(receipt) == {"skipped: locked": 1, "moved": 2}
    assert outside_trash(lab)[path] == before[path]
    assert path not in in_trash(lab)


def test_a_blob_with_snapshots_stays_and_leaves_no_copy(
    lab: Laboratory, azure: Azure
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))
    path = str(plan.objects["path"].iloc[1])
    blob_of(lab, azure, path).create_snapshot()

    receipt = plan.sweep()

    assert outcomes(receipt) == {"failed: error": 1, "moved": 2}
    assert "snapshots" in receipt.unfinished["detail"].iloc[0]
    assert outside_trash(lab)[path] == before[path]
    assert path not in in_trash(lab)


def test_an_archived_blob_stays(lab: Laboratory, azure: Azure) -> None:
    orphaned(lab, HASH)
    plan = planned(complete(lab))
    path = str(plan.objects["path"].iloc[1])
    blob_of(lab, azure, path).set_standard_blob_tier("Archive")

    receipt = plan.sweep()

    assert outcomes(receipt) == {"skipped: archived": 1, "moved": 2}


@pytest.mark.parametrize("permissions", ["rwdlactf", "rwdlac"])
def test_a_signature_is_enough_to_sweep(
    lab: Laboratory, azure: Azure, permissions: str
) -> None:
    """Without the letter t it may not see tags."""
    every_kind_orphaned(lab)
    before = outside_trash(lab)
    signed = {"connection_string": azure.signed(permissions)}
    lab.config.stores = {"raw": {**lab.config.stores["raw"], **signed}}

    receipt = planned(complete(lab)).sweep()

    assert outcomes(receipt) == {"moved": 3}
    assert outcomes(receipt.restore()) == {"restored": 3}
    assert (outside_trash(lab), in_trash(lab)) == (before, {})


def test_a_signature_that_may_not_delete_writes_nothing(
    lab: Laboratory, azure: Azure
) -> None:
    orphaned(lab, HASH)
    before = lab.contents()
    signature = azure.signed("rwlac")
    signed = {"connection_string": signature}
    lab.config.stores = {"raw": {**lab.config.stores["raw"], **signed}}
    plan = planned(complete(lab))

    with pytest.raises(SweepRefusedError, match="could not be locked") as refused:
        plan.sweep()

    assert signature.partition("sig=")[2] not in str(refused.value)
    assert lab.contents() == before


def test_a_key_that_no_url_leads_to_is_never_asked_for(lab: Laboratory) -> None:
    """A client takes the segments out, and would ask for another blob."""
    orphaned(lab, HASH)
    (store,) = open_stores([lab.connection], ["raw"]).stores
    assert isinstance(store, AzureStore)
    before = lab.contents()
    (path, *_) = before

    with pytest.raises(OSError, match="without the segments"):
        store.remove(f"x/../{path}")

    assert lab.contents() == before


@pytest.fixture
def relay(lab: Laboratory, azure: Azure) -> Iterator[HttpRelay]:
    """What the store of the laboratory is behind."""
    relay = AzureRelay(azure.server)
    with answering(relay.ask) as relay.port:
        signed = {"connection_string": azure.signed("rwdlactf", relay)}
        lab.config.stores = {"raw": {**lab.config.stores["raw"], **signed}}
        yield relay


def is_of_store(asked: Asked) -> bool:
    return "/q/_hash" in asked.key


def refusal(status: int, code: str) -> Said:
    error = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"
    headers = {"content-type": "application/xml", "x-ms-error-code": code}
    return Said(status, error.encode(), headers)


@pytest.mark.parametrize(
    "header", ["if-match", "if-none-match", "x-ms-source-if-match"]
)
def test_a_server_that_ignores_conditions_is_never_swept(
    lab: Laboratory, relay: HttpRelay, header: str
) -> None:
    orphaned(lab, HASH)
    before = lab.contents()
    plan = planned(complete(lab))
    relay.ignored = lambda _: {header}

    with pytest.raises(SweepRefusedError, match="ignores the conditions of requests"):
        plan.sweep()

    assert lab.contents() == before


def test_tags_that_an_account_may_not_see_hinder_nothing(
    lab: Laboratory, relay: HttpRelay
) -> None:
    orphaned(lab, HASH)
    refused: list[Asked] = []

    def refuse(asked: Asked) -> Said | None:
        if "tags" not in "".join(asked.query.get("include", [])):
            return None
        refused.append(asked)
        return refusal(403, "AuthorizationPermissionMismatch")

    relay.instead = refuse
    receipt = planned(complete(lab)).sweep()

    assert outcomes(receipt) == {"moved": 3}
    assert len(refused) == 1


def test_a_refused_deletion_is_told_and_leaves_no_copies(
    lab: Laboratory, relay: HttpRelay
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))

    def refuse(asked: Asked) -> Said | None:
        if asked.method == "DELETE" and is_of_store(asked):
            return refusal(409, "BlobImmutableDueToPolicy")
        return None

    relay.instead = refuse
    receipt = plan.sweep()

    assert outcomes(receipt) == {"failed: error": 3}
    assert "BlobImmutable" in receipt.rows["detail"].iloc[0]
    assert (outside_trash(lab), in_trash(lab)) == (before, {})


def test_a_deletion_without_an_answer_is_left_to_a_recovery(
    lab: Laboratory, relay: HttpRelay
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))

    def lose(asked: Asked, said: Said) -> Said:
        if asked.method == "DELETE" and is_of_store(asked):
            return refusal(505, "Lost")  # an error that the client does not repeat
        return said

    relay.changed = lose
    receipt = plan.sweep()

    assert outcomes(receipt) == {"failed: error": 3}
    assert receipt.rows["in_doubt"].all()
    assert in_trash(lab).items() <= before.items()
    assert len(in_trash(lab)) == 3
    relay.reset()
    trash = Trash(lab.schema, "raw")
    trash.recover()
    trash.restore(receipt.sweep_id)
    # the deletions may still be carried out, so the copies stay
    assert outside_trash(lab) == before
    assert len(in_trash(lab)) == 3


def test_a_copy_stays_while_a_deletion_may_still_happen(
    lab: Laboratory, relay: HttpRelay
) -> None:
    """Its connection ends without an answer, and the second request is refused."""
    orphaned(lab, HASH)
    plan = planned(complete(lab))
    path = str(plan.objects["path"].iloc[1])
    late: list[Asked] = []

    def cut(asked: Asked) -> Said | None:
        if asked.method != "DELETE" or not asked.key.endswith(f"/q/{path}"):
            return None
        late.append(asked)
        if len(late) == 1:
            raise ConnectionError
        return refusal(403, "AuthorizationFailure")

    relay.instead = cut
    receipt = plan.sweep()

    assert outcomes(receipt) == {"moved": 2, "failed: error": 1}
    assert len(late) == 2
    assert receipt.rows.set_index("path")["in_doubt"][path]
    assert path in in_trash(lab)


def test_what_is_written_while_a_copy_takes_long_stays(
    lab: Laboratory, relay: HttpRelay
) -> None:
    orphaned(lab, HASH)
    receipt = planned(complete(lab)).sweep()
    trashed = in_trash(lab)

    def overwrite(asked: Asked, said: Said) -> Said:
        if "x-ms-copy-source" in asked.headers and is_of_store(asked):
            lab.put(asked.key.partition("/q/")[2], data=b"of somebody else")
            return Said(202, b"", {**said.headers, "x-ms-copy-status": "pending"})
        return said

    relay.changed = overwrite
    restored = receipt.restore()

    assert outcomes(restored) == {"failed: stays-in-trash": 3}
    assert set(outside_trash(lab).values()) >= {b"of somebody else"}
    assert in_trash(lab) == trashed


@pytest.mark.parametrize("status", [302, 404])
def test_only_what_the_server_did_is_believed(
    lab: Laboratory, relay: HttpRelay, status: int
) -> None:
    orphaned(lab, HASH)
    receipt = planned(complete(lab)).sweep()
    trashed = in_trash(lab)

    def answer(asked: Asked) -> Said | None:
        """Answer as a proxy does that does not reach the server."""
        ours = asked.method == "DELETE" and "/objects/" in asked.key
        return Said(status, b"<html>", {"content-type": "text/html"}) if ours else None

    relay.instead = answer
    purged = Trash(lab.schema, "raw").purge(NOW, {"short-retention", "oldest-backup"})

    assert outcomes(purged) == {"failed: error": 3}
    assert in_trash(lab) == trashed
    relay.reset()
    assert outcomes(receipt.restore()) == {"restored": 3}


def test_a_restore_that_the_server_gives_up_can_be_repeated(
    lab: Laboratory, relay: HttpRelay
) -> None:
    """A copy that fails halfway leaves an empty blob."""
    orphaned(lab, HASH)
    before = outside_trash(lab)
    receipt = planned(complete(lab)).sweep()
    trashed = in_trash(lab)
    begun: dict[str, str] = {}

    def fail(asked: Asked, said: Said) -> Said:
        looked = asked.method == "HEAD" and is_of_store(asked)
        if "x-ms-copy-source" in asked.headers and is_of_store(asked):
            path = asked.key.partition("/q/")[2]
            lab.put(path, data=b"")
            begun[asked.key] = said.headers["x-ms-copy-id"]
            return Said(202, b"", {**said.headers, "x-ms-copy-status": "pending"})
        told = {"x-ms-copy-status": "failed"} if looked and said.status == 200 else {}
        if told and asked.key in begun:
            told["x-ms-copy-id"] = begun[asked.key]
        return Said(said.status, said.body, {**said.headers, **told})

    relay.changed = fail
    assert outcomes(receipt.restore()) == {"failed: stays-in-trash": 3}
    assert in_trash(lab) == trashed
    relay.reset()

    assert outcomes(receipt.restore()) == {"restored": 3}
    assert (outside_trash(lab), in_trash(lab)) == (before, {})


@pytest.mark.parametrize(
    ("ends", "outcome"), [("success", "moved"), ("failed", "failed: error")]
)
def test_a_copy_that_takes_long_is_waited_for(
    lab: Laboratory, relay: HttpRelay, ends: str, outcome: str
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))
    looked: Counter[str] = Counter()

    def delay(asked: Asked, said: Said) -> Said:
        copies = "x-ms-copy-source" in asked.headers and "/objects/" in asked.key
        looks = asked.method == "HEAD" and "/objects/" in asked.key
        looked[asked.key] += looks
        status = "pending" if copies or looked[asked.key] < 3 else ends
        told = {"x-ms-copy-status": status} if copies or looks else {}
        return Said(said.status, said.body, {**said.headers, **told})

    relay.changed = delay
    receipt = plan.sweep()

    assert outcomes(receipt) == {outcome: 3}
    assert all(n >= 3 for key, n in looked.items() if "/objects/" in key)
    relay.reset()
    if ends == "success":
        receipt.restore()
    assert (outside_trash(lab), in_trash(lab)) == (before, {})


def test_versions_that_an_account_keeps_are_told(
    lab: Laboratory, relay: HttpRelay
) -> None:
    orphaned(lab, HASH)

    def version(_: Asked, said: Said) -> Said:
        told = {"x-ms-version-id": "2026-01-01T00:00:00.0000000Z"}
        return Said(said.status, said.body, {**said.headers, **told})

    relay.changed = version
    receipt = planned(complete(lab)).sweep()

    assert outcomes(receipt) == {"moved": 3}
    assert [problem.code for problem in receipt.problems] == ["versions-kept"]


def test_what_is_deleted_softly_is_told(lab: Laboratory, azure: Azure) -> None:
    orphaned(lab, HASH)
    with azure.retention(days=3):
        receipt = planned(complete(lab)).sweep()

    assert outcomes(receipt) == {"moved": 3}
    assert [problem.code for problem in receipt.problems] == ["soft-deleted"]
