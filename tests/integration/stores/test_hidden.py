"""What buckets keep beside their objects is listed with its bytes, and never moved."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from clouds import Azure, AzureRelay, Google, new_bucket
from dialect import Dialect, refusal
from http_relay import Asked, HttpRelay, Said, answering
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

from djgc_widgets import (
    Cancelled,
    CompleteScan,
    History,
    Progress,
    charts,
    report_html,
    scan,
)
from djgc_widgets.model import Notice, Step
from djgc_widgets.panel.shown import scan_shown

PART = 5 * 2**20
"""The smallest part of an upload but the last."""
OF_VERSION = "<VersionId>2026-01-01T00:00:00.0000000Z</VersionId>"
DAYS_LEFT = "<RemainingRetentionDays>3</RemainingRetentionDays>"
TOLD = ["kind", "path", "size_bytes"]


def told(scanned: CompleteScan) -> list[tuple[Any, ...]]:
    rows = scanned.hidden[TOLD].sort_values(TOLD)
    return list(rows.itertuples(index=False, name=None))


def unread(scanned: CompleteScan) -> list[Notice]:
    """Return what is told of uploads and versions that could not be listed."""
    return [
        each
        for each in scanned.warnings
        if each.code == "hidden-unread" and each.where == "store raw"
    ]


def begin_upload(lab: Laboratory, path: str, *sizes: int) -> str:
    """Begin an upload and never finish it; return what the server calls it.

    A path that begins with a dash is beside the store.
    """
    assert lab.s3 is not None
    client, spec = lab.s3.client(), lab.config.stores["raw"]
    key = f"{spec['location']}{'' if path.startswith('-') else '/'}{path}"
    where = {"Bucket": spec["bucket"], "Key": key}
    upload = client.create_multipart_upload(**where)["UploadId"]
    for number, size in enumerate(sizes, 1):
        client.upload_part(
            **where, UploadId=upload, PartNumber=number, Body=b"x" * size
        )
    return str(upload)


def versioned(lab: Laboratory, *statuses: str) -> Any:
    """Let a new bucket that keeps versions be the only store; return a client."""
    assert lab.s3 is not None
    bucket, client = lab.name.replace("_", "-"), lab.s3.client()
    client.create_bucket(Bucket=bucket)
    for status in statuses:
        client.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": status}
        )
    lab.config.stores = {"raw": lab.s3.spec(bucket, "q")}
    return client


class TestS3:
    pytestmark = pytest.mark.s3

    @pytest.fixture
    def lab(self, s3_laboratory: Laboratory) -> Laboratory:
        return s3_laboratory

    def test_a_bucket_that_keeps_nothing_says_so(self, lab: Laboratory) -> None:
        filled(lab, range(2))

        scanned = complete(lab)

        assert told(scanned) == []
        assert "hidden" not in set(scanned.summary()["status"])
        assert unread(scanned) == []

    def test_unfinished_uploads_are_listed_with_the_bytes_of_their_parts(
        self, lab: Laboratory
    ) -> None:
        filled(lab, range(2))
        before = datetime.now(UTC) - timedelta(seconds=2)
        upload = begin_upload(lab, "lab/a ü%25+#", PART, 7)
        begin_upload(lab, "lab/empty")
        begin_upload(lab, "-beside/x", 9)
        listed = complete(lab).listed_bytes

        scanned = complete(lab)

        assert told(scanned) == [
            ("upload", "lab/a ü%25+#", PART + 7),
            ("upload", "lab/empty", 0),
        ]
        first = scanned.hidden.set_index("path").loc["lab/a ü%25+#"]
        assert first["version"] == upload
        assert first["store"] == "raw"
        assert pd.isna(first["gone_at"])
        assert before <= first["written_at"] <= datetime.now(UTC)
        hidden = scanned.summary().set_index("status").loc["hidden"]
        assert (hidden["n_objects"], hidden["size_bytes"]) == (2, PART + 7)
        assert scanned.adds_up()
        assert scanned.listed_bytes == listed
        assert "keep 2 unfinished uploads (" in report_html(scanned)

    def test_old_versions_and_delete_markers_are_listed(self, lab: Laboratory) -> None:
        client = versioned(lab, "Enabled")
        bucket = lab.config.stores["raw"]["bucket"]
        for key, data in (
            ("q/a", b"1"),
            ("q/a", b"22"),
            ("q/a", b"333"),
            ("q/b", b"4444"),
            ("o/x", b"5"),
            ("o/x", b"6"),
        ):
            client.put_object(Bucket=bucket, Key=key, Body=data)
        client.delete_object(Bucket=bucket, Key="q/b")
        filled(lab, range(2))

        scanned = complete(lab)

        assert told(scanned) == [
            ("delete-marker", "b", 0),
            ("version", "a", 1),
            ("version", "a", 2),
            ("version", "b", 4),
        ]
        assert scanned.hidden["version"].is_unique
        assert scanned.hidden["written_at"].notna().all()
        assert set(scanned.objects["path"]) >= {"a"}
        assert scanned.adds_up()

    def test_versions_from_before_a_suspension_are_listed(
        self, lab: Laboratory
    ) -> None:
        client = versioned(lab, "Enabled")
        bucket = lab.config.stores["raw"]["bucket"]
        for data in (b"1", b"22"):
            client.put_object(Bucket=bucket, Key="q/a", Body=data)
        client.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}
        )
        client.put_object(Bucket=bucket, Key="q/a", Body=b"333")
        filled(lab, range(2))

        assert told(complete(lab)) == [("version", "a", 1), ("version", "a", 2)]

    def test_a_sweep_of_a_bucket_with_versions_shows_what_it_left(
        self, lab: Laboratory
    ) -> None:
        versioned(lab, "Enabled")
        lab.minimum_age = NOW
        orphaned(lab, HASH)

        receipt = planned(complete(lab)).sweep()
        scanned = complete(lab)

        assert outcomes(receipt) == {"moved": 3}
        hidden = scanned.hidden[~scanned.hidden["path"].str.startswith("_trash/")]
        sizes = hidden.groupby("kind")["size_bytes"].sum()
        assert sizes["version"] == receipt.size_bytes("moved")
        assert outcomes(receipt.restore()) == {"restored": 3}

    def test_pages_lead_to_the_next(self, lab: Laboratory, other: Dialect) -> None:
        """The server is asked for two at a time, which it heeds."""
        paths = [f"lab/{n}" for n in range(5)]
        filled(lab, range(2))
        for path in paths:
            begin_upload(lab, path, *[PART] * 2, 3)

        def few(asked: Asked) -> Said | None:
            if asked.method == "GET" and asked.query.keys() & {"uploads", "uploadId"}:
                most = "max-uploads" if "uploads" in asked.query else "max-parts"
                path = re.sub(r"\?", f"?{most}=2&", asked.path, count=1)
                return other.pass_on(
                    Asked(asked.method, path, asked.headers, asked.body)
                )
            return None

        other.instead = few

        assert told(complete(lab)) == [("upload", path, 2 * PART + 3) for path in paths]

    def test_a_listing_that_repeats_itself_is_told(
        self, lab: Laboratory, other: Dialect
    ) -> None:
        filled(lab, range(2))
        begin_upload(lab, "lab/a", 3)

        page = (
            b"<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
            b"<NextKeyMarker>a</NextKeyMarker></ListMultipartUploadsResult>"
        )
        other.instead = lambda asked: (
            Said(200, page, {"content-type": "application/xml"})
            if "uploads" in asked.query
            else None
        )
        scanned = complete(lab)

        (warning,) = unread(scanned)
        assert "does not advance" in str(warning)
        assert scanned.complete

    def test_an_upload_that_cannot_be_looked_at_hides_no_other(
        self, lab: Laboratory, other: Dialect
    ) -> None:
        filled(lab, range(2))
        for path in ("lab/a", "lab/b"):
            begin_upload(lab, path, 3)
        other.instead = lambda asked: (
            refusal(403, "AccessDenied")
            if "uploadId" in asked.query and asked.key.endswith("/b")
            else None
        )

        scanned = complete(lab)

        unknown = scanned.hidden.set_index("path")["size_bytes"].isna()
        assert unknown.to_dict() == {"lab/a": False, "lab/b": True}
        assert len(unread(scanned)) == 1
        assert "2 unfinished uploads (at least 3 B)" in report_html(scanned)
        assert scanned.summary().set_index("status")["size_bytes"]["hidden"] == 3

    def test_what_is_hidden_is_never_counted_as_listed(
        self, lab: Laboratory, tmp_path: Path
    ) -> None:
        filled(lab, range(2))
        begin_upload(lab, "lab/a", PART)

        scanned = complete(lab)

        stores = scan_shown(scanned)["overview"]["stores"]
        assert "5.00 MiB" not in json.dumps(stores)
        assert scan_shown(scanned)["hidden"].endswith("(5.00 MiB).")
        History(tmp_path).record(scanned)
        recorded = History(tmp_path).frame["stored_bytes"]
        assert int(recorded.sum()) == scanned.listed_bytes
        drawn = charts.bytes_by_status(scanned.summary())
        assert "Hidden" not in {trace.name for trace in drawn.data}

    @pytest.mark.parametrize("asked_for", ["uploads", "uploadId", "versioning"])
    def test_an_account_that_may_not_ask_is_told_so(
        self, lab: Laboratory, other: Dialect, asked_for: str
    ) -> None:
        filled(lab, range(2))
        begin_upload(lab, "lab/a", 3)

        def refuse(asked: Asked) -> Said | None:
            denied = asked.method == "GET" and asked_for in asked.query
            return refusal(403, "AccessDenied") if denied else None

        other.instead = refuse
        scanned = complete(lab)

        (warning,) = unread(scanned)
        assert "AccessDenied of the relay" in str(warning)
        kept = scanned.hidden["path"].tolist()
        assert kept == ([] if asked_for == "uploads" else ["lab/a"])

    def test_an_upload_that_ends_meanwhile_is_none(
        self, lab: Laboratory, other: Dialect
    ) -> None:
        filled(lab, range(2))
        begin_upload(lab, "lab/a", 3)
        other.instead = lambda asked: (
            refusal(404, "NoSuchUpload") if "uploadId" in asked.query else None
        )

        scanned = complete(lab)

        assert told(scanned) == []
        assert unread(scanned) == []

    def test_what_is_of_a_store_inside_is_counted_there(self, lab: Laboratory) -> None:
        spec = lab.config.stores["raw"]
        inner = f"{spec['location']}/inner"
        lab.config.stores = {"raw": spec, "inner": {**spec, "location": inner}}
        filled(lab, range(2))
        begin_upload(lab, "inner/a", 3)
        begin_upload(lab, "outer/b", 4)

        hidden = scan(lab.schema, minimum_age=NOW).hidden

        assert sorted(hidden[["store", "path"]].itertuples(index=False, name=None)) == [
            ("inner", "a"),
            ("raw", "outer/b"),
        ]

    def test_a_scan_can_be_stopped_meanwhile(self, lab: Laboratory) -> None:
        filled(lab, range(2))
        steps = []

        def stop(progress: Progress) -> None:
            steps.append((progress.step, progress.subject))
            if progress.step is Step.LISTING_HIDDEN:
                raise Cancelled

        with pytest.raises(Cancelled):
            scan(lab.schema, progress=stop)

        assert steps[-1] == (Step.LISTING_HIDDEN, "raw")


class TestGoogle:
    pytestmark = pytest.mark.gcs

    @pytest.fixture
    def lab(
        self, postgresql_laboratory: Laboratory, gcs: Google
    ) -> Iterator[Laboratory]:
        lab = postgresql_laboratory
        lab.cloud, lab.minimum_age = gcs, NOW
        name = lab.name.replace("_", "-")
        bucket = gcs.client().bucket(name)
        bucket.versioning_enabled = True
        gcs.client().create_bucket(bucket)
        lab.config.stores = {"raw": gcs.spec(name, "q")}
        gcs.relay.reset()
        yield lab
        gcs.relay.reset()

    def test_old_generations_are_listed(self, lab: Laboratory, gcs: Google) -> None:
        bucket = lab.config.stores["raw"]["bucket"]
        for key, data in (
            ("q/a", b"1"),
            ("q/a", b"22"),
            ("q/b", b"333"),
            ("o/x", b"4"),
            ("o/x", b"5"),
        ):
            gcs.put(bucket, key, data)
        gcs.remove(bucket, "q/b")
        filled(lab, range(2))

        scanned = complete(lab)

        assert told(scanned) == [("version", "a", 1), ("version", "b", 3)]
        assert scanned.hidden["version"].str.fullmatch("[0-9]+").all()
        assert scanned.hidden["written_at"].notna().all()
        assert scanned.adds_up()

    @pytest.mark.parametrize("policies", [{}, None])
    def test_buckets_are_asked_for_versions_if_they_may_have_some(
        self, lab: Laboratory, gcs: Google, policies: dict[str, Any] | None
    ) -> None:
        filled(lab, range(2))

        def say(asked: Asked) -> Said | None:
            if "versioning" not in asked.query.get("fields", [""])[0]:
                return None
            body = json.dumps(policies).encode()
            return Said(200, body) if policies is not None else Said(403, b"{}")

        gcs.relay.instead = say
        gcs.relay.requests.clear()
        complete(lab)

        asked = ["versions" in asked.query for asked in gcs.relay.requests]
        assert any(asked) is (policies is None)

    def test_what_is_deleted_softly_is_listed_until_it_is_gone(
        self, lab: Laboratory, gcs: Google
    ) -> None:
        filled(lab, range(2))
        until = "2026-12-24T00:00:00+00:00"
        pages = {
            "": (
                [
                    {
                        "name": "q/a",
                        "size": "5",
                        "updated": "2026-11-01T00:00:00Z",
                        "generation": "7",
                        "softDeleteTime": "2026-11-02T00:00:00Z",
                        "hardDeleteTime": until,
                    }
                ],
                "2",
            ),
            "2": (
                [
                    {
                        "name": "q/a",
                        "size": "6",
                        "generation": "8",
                        "softDeleteTime": "2026-11-02T00:00:00Z",
                    },
                    {"name": "q/live", "size": "6", "generation": "9"},
                ],
                "",
            ),
        }

        def say(asked: Asked) -> Said | None:
            if "softDeleted" not in asked.query:
                return None
            items, token = pages[asked.query.get("pageToken", [""])[0]]
            answer = {"kind": "storage#objects", "items": items}
            more = {"nextPageToken": token} if token else {}
            return Said(200, json.dumps({**answer, **more}).encode())

        gcs.relay.instead = say
        hidden = complete(lab).hidden

        assert hidden["kind"].tolist() == ["soft-deleted"] * 2
        assert hidden["size_bytes"].tolist() == [5, 6]
        assert hidden["gone_at"].iloc[0] == pd.Timestamp(until)
        assert pd.isna(hidden["gone_at"].iloc[1])

    def test_a_date_that_cannot_be_read_is_told(
        self, lab: Laboratory, gcs: Google
    ) -> None:
        filled(lab, range(2))
        item = {"name": "q/a", "size": "5", "softDeleteTime": "x", "updated": "soon"}
        answer = {"kind": "storage#objects", "items": [item]}
        gcs.relay.instead = lambda asked: (
            Said(200, json.dumps(answer).encode())
            if "softDeleted" in asked.query
            else None
        )

        scanned = complete(lab)

        (warning,) = unread(scanned)
        assert "expected a date, got 'soon'" in str(warning)


class TestAzure:
    pytestmark = pytest.mark.azure

    @pytest.fixture
    def lab(self, postgresql_laboratory: Laboratory, azure: Azure) -> Laboratory:
        lab = postgresql_laboratory
        lab.cloud, lab.minimum_age = azure, NOW
        lab.config.stores = {"raw": azure.spec(new_bucket(azure, lab.name), "q")}
        return lab

    @pytest.fixture
    def relay(self, lab: Laboratory, azure: Azure) -> Iterator[HttpRelay]:
        relay = AzureRelay(azure.server)
        with answering(relay.ask) as relay.port:
            signed = {"connection_string": azure.signed("rwdlactf", relay)}
            lab.config.stores = {"raw": {**lab.config.stores["raw"], **signed}}
            yield relay

    def test_snapshots_are_listed(self, lab: Laboratory, azure: Azure) -> None:
        container = lab.config.stores["raw"]["container"]
        for key, data in (("q/a", b"1"), ("q/b", b"22"), ("o/x", b"333")):
            azure.put(container, key, data)
            with azure.client() as client:
                client.get_blob_client(container, key).create_snapshot()
        azure.put(container, "q/b", b"now longer")
        filled(lab, range(2))

        scanned = complete(lab)

        assert told(scanned) == [("snapshot", "a", 1), ("snapshot", "b", 2)]
        assert scanned.hidden["version"].str.startswith("20").all()
        assert scanned.adds_up()

    @pytest.mark.parametrize(
        ("marks", "kind"),
        [
            (("<Deleted>true</Deleted>", DAYS_LEFT), "soft-deleted"),
            ((OF_VERSION, ""), "version"),
            ((f"{OF_VERSION}<IsCurrentVersion>true</IsCurrentVersion>", ""), None),
        ],
    )
    def test_versions_and_what_is_deleted_softly_are_listed(
        self,
        lab: Laboratory,
        relay: HttpRelay,
        marks: tuple[str, str],
        kind: str | None,
    ) -> None:
        filled(lab, range(2))
        lab.put("kept", data=b"12345")
        mark, more = (each.encode() for each in marks)

        def keep(asked: Asked, said: Said) -> Said:
            if "versions" not in asked.query.get("include", [""])[0]:
                return said
            name = b"<Name>q/kept</Name>"
            start, _, rest = said.body.partition(name)
            end = b"</Properties>"
            rest = rest.replace(end, more + end, 1)
            return Said(said.status, start + name + mark + rest, said.headers)

        relay.changed = keep
        scanned = complete(lab)

        assert told(scanned) == ([(kind, "kept", 5)] if kind else [])
        if kind == "soft-deleted":
            left = scanned.hidden["gone_at"].iloc[0] - datetime.now(UTC)
            assert timedelta(days=2.9) < left <= timedelta(days=3)
        assert scanned.adds_up()
