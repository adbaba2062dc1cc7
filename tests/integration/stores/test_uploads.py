"""Unfinished uploads are aborted by a plan, if nobody works on them any more."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from dialect import Dialect, refusal
from http_relay import Asked, Said
from laboratory import Laboratory, complete, filled, outcomes

from djgc_widgets import (
    Cancelled,
    CompleteScan,
    InputError,
    Progress,
    SweepRefusedError,
    UploadPlan,
    scan,
)
from djgc_widgets.collector.clock import utc_now

PART = 5 * 2**20
LATER = timedelta(days=30)


@pytest.fixture
def lab(s3_laboratory: Laboratory) -> Laboratory:
    filled(s3_laboratory, range(2))
    return s3_laboratory


class Uploads:
    """Uploads into the store of a laboratory, seen without the code under test."""

    def __init__(self, lab: Laboratory, store: str = "raw") -> None:
        assert lab.s3 is not None
        self._client, spec = lab.s3.client(), lab.config.stores[store]
        self._bucket, self._start = spec["bucket"], f"{spec['location']}/"

    def begin(self, path: str, *parts: bytes) -> str:
        where = {"Bucket": self._bucket, "Key": f"{self._start}{path}"}
        upload = str(self._client.create_multipart_upload(**where)["UploadId"])
        for number, data in enumerate(parts, 1):
            self._client.upload_part(
                **where, UploadId=upload, PartNumber=number, Body=data
            )
        return upload

    def finish(self, path: str, upload: str) -> None:
        where = {"Bucket": self._bucket, "Key": f"{self._start}{path}"}
        named = {**where, "UploadId": upload}
        parts = self._client.list_parts(**named)["Parts"]
        done = [{k: part[k] for k in ("PartNumber", "ETag")} for part in parts]
        self._client.complete_multipart_upload(**named, MultipartUpload={"Parts": done})

    def left(self) -> list[str]:
        answer = self._client.list_multipart_uploads(
            Bucket=self._bucket, Prefix=self._start
        )
        uploads = answer.get("Uploads", ())
        return sorted(each["Key"].removeprefix(self._start) for each in uploads)


@pytest.fixture
def uploads(lab: Laboratory) -> Uploads:
    return Uploads(lab)


def later(lab: Laboratory) -> CompleteScan:
    """Scan as if everything had been written a month ago."""
    result = scan(lab.schema, clock=lambda: utc_now() + LATER)
    assert isinstance(result, CompleteScan)
    return result


def due(plan: UploadPlan) -> UploadPlan:
    """Let the store's clock call a month old what ours does."""
    return replace(plan, minimum_age=plan.minimum_age - LATER)


def test_old_uploads_are_aborted_and_nothing_else(
    lab: Laboratory, uploads: Uploads
) -> None:
    uploads.begin("lab/a", b"x" * PART, b"rest")
    uploads.begin("lab/a", b"another of the same path")
    uploads.begin("lab/b")
    before = lab.contents()

    plan = due(later(lab).plan_uploads())
    receipt = plan.abort()

    assert plan.size_bytes == PART + 4 + 24
    assert "3 unfinished uploads" in repr(plan)
    assert "lab/a" in plan._repr_html_()
    assert outcomes(receipt) == {"purged": 3}
    assert receipt.size_bytes("purged") == plan.size_bytes
    assert receipt.freed["freed_bytes"].tolist() == [plan.size_bytes]
    assert receipt.freed["undo"].tolist() == ["nothing"]
    assert uploads.left() == []
    after = lab.contents()
    assert {p: c for p, c in after.items() if not p.startswith("_trash/")} == before
    assert later(lab).hidden.empty


def test_the_journal_says_what_was_planned_before_anything_is_aborted(
    lab: Laboratory, other: Dialect, uploads: Uploads
) -> None:
    upload = uploads.begin("lab/a", b"123")
    plan = due(later(lab).plan_uploads())
    known = []

    def look(asked: Asked) -> Said | None:
        if asked.method == "DELETE" and "uploadId" in asked.query:
            known.extend(p for p in lab.contents() if "/uploads-" in p)
        return None

    other.instead = look
    plan.abort()

    (planned_path,) = known
    done_path = planned_path.replace(".json", "-aborted.json")
    records = lab.contents()
    (begun,) = json.loads(records[planned_path])["content"]["uploads"]
    (done,) = json.loads(records[done_path])["content"]["uploads"]
    assert (begun["path"], begun["version"], begun["size_bytes"]) == (
        "lab/a",
        upload,
        3,
    )
    assert (done["path"], done["outcome"]) == ("lab/a", "purged")
    scanned = complete(lab)
    assert scanned.adds_up()
    assert set(scanned.files["path"]) >= {planned_path, done_path}
    assert "_trash" not in "".join(scanned.objects["path"])


def test_an_upload_that_somebody_works_on_is_left_alone(
    lab: Laboratory, uploads: Uploads
) -> None:
    """By the store's clock its part is of today, whatever ours says."""
    uploads.begin("lab/a", b"123")

    receipt = later(lab).plan_uploads().abort()

    assert outcomes(receipt) == {"skipped: changed": 1}
    assert receipt.freed.empty
    assert uploads.left() == ["lab/a"]


def test_an_upload_without_parts_has_the_age_that_the_store_tells(
    lab: Laboratory, uploads: Uploads
) -> None:
    uploads.begin("lab/a")

    receipt = later(lab).plan_uploads().abort()

    assert outcomes(receipt) == {"skipped: changed": 1}
    assert uploads.left() == ["lab/a"]


def test_an_upload_that_is_not_dated_is_no_candidate(
    lab: Laboratory, uploads: Uploads, other: Dialect
) -> None:
    uploads.begin("lab/a")

    def undated(asked: Asked, said: Said) -> Said:
        none = b"<Initiated>0001-01-01T00:00:00.000Z</Initiated>"
        body = re.sub(b"<Initiated>.*?</Initiated>", none, said.body)
        return (
            Said(said.status, body, said.headers) if "uploads" in asked.query else said
        )

    other.changed = undated
    scanned = later(lab)

    assert len(scanned.hidden) == 1
    assert scanned.hidden["written_at"].isna().all()
    assert scanned.plan_uploads().uploads.empty


def test_stop_and_refusals_are_of_all_stores(
    lab: Laboratory, uploads: Uploads, other: Dialect
) -> None:
    uploads.begin("lab/a")
    beside = Uploads(lab, "derived")
    beside.begin("lab/b")
    plan = due(later(lab).plan_uploads())
    assert len(plan.uploads) == 2

    def stop(_: Progress) -> None:
        raise Cancelled

    assert outcomes(plan.abort(stop)) == {"skipped: canceled": 2}
    for store in ("raw", "derived"):
        refused = f"{lab.config.stores[store]['location']}/_trash/lock.json"
        other.instead = lambda asked, key=refused: (
            refusal(403, "AccessDenied")
            if asked.method == "PUT" and asked.key.endswith(key)
            else None
        )
        with pytest.raises(SweepRefusedError, match="could not be locked"):
            plan.abort()
        assert (uploads.left(), beside.left()) == (["lab/a"], ["lab/b"])


@pytest.mark.parametrize("done", [True, False])
def test_what_the_server_did_without_an_answer_is_looked_at(
    lab: Laboratory, uploads: Uploads, other: Dialect, *, done: bool
) -> None:
    uploads.begin("lab/a", b"123")
    plan = due(later(lab).plan_uploads())

    def lose(asked: Asked) -> Said | None:
        if asked.method != "DELETE" or "uploadId" not in asked.query:
            return None
        if done:
            other.pass_on(asked)
        return refusal(500, "InternalError")

    other.instead = lose

    assert outcomes(plan.abort()) == {"purged" if done else "failed: error": 1}
    assert uploads.left() == ([] if done else ["lab/a"])


def test_young_uploads_are_no_candidates_whatever_the_minimum_age(
    lab: Laboratory, uploads: Uploads
) -> None:
    uploads.begin("lab/a", b"123")
    scanned = scan(lab.schema, minimum_age=timedelta(0))
    assert isinstance(scanned, CompleteScan)

    assert scanned.plan_uploads().uploads.empty
    with pytest.raises(InputError, match="older than 1 day; got 1 others"):
        scanned.plan_uploads(scanned.hidden)


def test_a_selection_is_rows_of_what_is_hidden(
    lab: Laboratory, uploads: Uploads
) -> None:
    uploads.begin("lab/a", b"123")
    uploads.begin("lab/b", b"123")
    scanned = later(lab)

    plan = due(scanned.plan_uploads(scanned.hidden.query("path == 'lab/b'")))

    assert outcomes(plan.abort()) == {"purged": 1}
    assert uploads.left() == ["lab/a"]
    with pytest.raises(InputError, match="frame of the hidden schema"):
        scanned.plan_uploads(scanned.objects)
    unknown = scanned.hidden.assign(version="another")
    with pytest.raises(InputError, match="Take them out of the selection"):
        scanned.plan_uploads(unknown)


def test_an_upload_that_is_finished_meanwhile_is_an_object(
    lab: Laboratory, uploads: Uploads, other: Dialect
) -> None:
    upload = uploads.begin("lab/a", b"123")
    plan = due(later(lab).plan_uploads())

    def finish(asked: Asked) -> Said | None:
        if asked.method == "DELETE" and "uploadId" in asked.query:
            uploads.finish("lab/a", upload)
            return refusal(404, "NoSuchUpload")
        return None

    other.instead = finish
    receipt = plan.abort()

    assert outcomes(receipt) == {"skipped: gone": 1}
    assert lab.contents()["lab/a"] == b"123"


def test_refusals_and_what_stays_are_told_of_each_upload(
    lab: Laboratory, uploads: Uploads, other: Dialect
) -> None:
    uploads.begin("lab/a", b"123")
    uploads.begin("lab/b", b"123")
    uploads.begin("lab/c", b"123")
    plan = due(later(lab).plan_uploads())

    def refuse(asked: Asked) -> Said | None:
        if asked.method != "DELETE" or "uploadId" not in asked.query:
            return None
        if asked.key.endswith("/a"):
            return refusal(403, "AccessDenied")
        return Said(204) if asked.key.endswith("/b") else None

    other.instead = refuse
    rows = plan.abort().rows.set_index("path")

    assert rows["outcome"].to_dict() == {
        "lab/a": "failed",
        "lab/b": "failed",
        "lab/c": "purged",
    }
    assert "AccessDenied of the relay" in rows["detail"]["lab/a"]
    assert "some of its parts are there" in rows["detail"]["lab/b"]
    assert uploads.left() == ["lab/a", "lab/b"]


def test_stop_leaves_the_rest_alone(lab: Laboratory, uploads: Uploads) -> None:
    for number in range(40):
        uploads.begin(f"lab/{number}")
    steps = []

    def stop(progress: Progress) -> None:
        steps.append(progress.done)
        if progress.done:
            raise Cancelled

    receipt = due(later(lab).plan_uploads()).abort(stop)

    assert outcomes(receipt) == {"purged": 32, "skipped: canceled": 8}
    assert steps == [0, 32]
    assert len(uploads.left()) == 8


def test_a_plan_that_is_old_is_refused(lab: Laboratory, uploads: Uploads) -> None:
    uploads.begin("lab/a", b"123")
    now = [utc_now() + LATER]
    scanned = scan(lab.schema, clock=lambda: now[0])
    assert isinstance(scanned, CompleteScan)
    plan = scanned.plan_uploads()
    now[0] += timedelta(hours=2)

    with pytest.raises(SweepRefusedError, match="expired"):
        plan.abort()

    assert uploads.left() == ["lab/a"]


@pytest.mark.parametrize(
    ("denied", "match"),
    [
        (lambda asked: "/lock.json" in asked.key, "could not be locked"),
        (lambda asked: "/uploads-" in asked.key, "the journal could not be written"),
    ],
)
def test_without_lock_or_journal_nothing_is_aborted(
    lab: Laboratory,
    uploads: Uploads,
    other: Dialect,
    denied: Callable[[Asked], bool],
    match: str,
) -> None:
    uploads.begin("lab/a", b"123")
    plan = due(later(lab).plan_uploads())
    other.instead = lambda asked: (
        refusal(403, "AccessDenied")
        if asked.method == "PUT" and denied(asked)
        else None
    )

    with pytest.raises(SweepRefusedError, match=match):
        plan.abort()

    assert uploads.left() == ["lab/a"]


def test_a_result_that_cannot_be_written_is_a_problem(
    lab: Laboratory, uploads: Uploads, other: Dialect
) -> None:
    uploads.begin("lab/a", b"123")
    plan = due(later(lab).plan_uploads())
    other.instead = lambda asked: (
        refusal(403, "AccessDenied")
        if asked.method == "PUT" and "-aborted.json" in asked.key
        else None
    )

    receipt = plan.abort()

    assert outcomes(receipt) == {"purged": 1}
    assert [problem.code for problem in receipt.problems] == ["record-unwritten"]
