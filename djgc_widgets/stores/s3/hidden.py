"""What a bucket of S3 keeps beside its objects: versions, delete markers, uploads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any

from djgc_widgets.model import Detail, HiddenKind, Outcome
from djgc_widgets.stores.bucket.batches import WORKERS
from djgc_widgets.stores.bucket.protocol import RefusedError
from djgc_widgets.stores.hidden import Hidden, expect_new
from djgc_widgets.stores.results import GONE, PURGED, Result
from djgc_widgets.stores.s3.api import Api

_NO_UPLOAD = "NoSuchUpload"


def versions(api: Api) -> Iterator[list[Hidden]]:
    """Yield old versions and delete markers, up to 1,000 per request."""
    kinds = (
        ("Versions", HiddenKind.VERSION),
        ("DeleteMarkers", HiddenKind.DELETE_MARKER),
    )
    for answer in _pages(api, "list_object_versions", "Key", "VersionId"):
        yield [
            Hidden(
                kind,
                api.path(entry["Key"]),
                int(entry.get("Size", 0)),
                entry.get("LastModified"),
                str(entry["VersionId"]),
            )
            for name, kind in kinds
            for entry in answer.get(name, ())
            if entry["Key"].startswith(api.prefix)
            # the latest version is the object itself; a marker never is one
            and not (entry["IsLatest"] and kind is HiddenKind.VERSION)
        ]


def uploads(api: Api) -> Iterator[list[Hidden]]:
    """Yield uploads that were begun and not finished; one request more for each."""
    with ThreadPoolExecutor(WORKERS) as pool:
        for answer in _pages(api, "list_multipart_uploads", "Key", "UploadId"):
            begun = [
                each
                for each in answer.get("Uploads", ())
                if each["Key"].startswith(api.prefix)
            ]
            found = pool.map(partial(_with_parts, api), begun)
            yield [each for each in found if each is not None]


def upload(api: Api, path: str, upload_id: str) -> Hidden | None:
    """Look at an upload; None if it was finished or aborted since."""
    size, last = 0, None
    options = {"Key": api.key(path), "UploadId": upload_id}
    try:
        for answer in _pages(api, "list_parts", "PartNumber", **options):
            parts = answer.get("Parts", ())
            size += sum(int(part["Size"]) for part in parts)
            last = max(
                filter(None, [last, *(p["LastModified"] for p in parts)]), default=None
            )
    except RefusedError as error:
        if error.code == _NO_UPLOAD:
            return None
        raise
    return Hidden(HiddenKind.UPLOAD, path, size, last, upload_id)


def abort(api: Api, path: str, upload_id: str, before: datetime) -> Result:
    """Abort an upload of which no part is younger, and look whether it is gone.

    A part that was still on its way while it was aborted would stay.
    """
    found = upload(api, path, upload_id)
    if found is None:
        return GONE
    if found.written_at is not None and found.written_at > before:
        return Result(Outcome.SKIPPED, Detail.CHANGED, {"path": path})
    try:
        api.call("abort_multipart_upload", Key=api.key(path), UploadId=upload_id)
    except RefusedError as error:
        if error.code == _NO_UPLOAD:  # it was finished meanwhile
            return GONE
        raise
    if upload(api, path, upload_id) is not None:
        raise OSError("expected that the upload is gone; some of its parts are there")
    return PURGED


def _with_parts(api: Api, begun: dict[str, Any]) -> Hidden | None:
    """Return an upload with the bytes of its parts, and the date of the last."""
    found = upload(api, api.path(begun["Key"]), begun["UploadId"])
    return found and found._replace(
        written_at=_later(found.written_at, begun["Initiated"])
    )


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _pages(
    api: Api, method: str, *markers: str, **options: str
) -> Iterator[dict[str, Any]]:
    """Yield the answers to a request for a listing below the prefix of a store."""
    where = options or {"Prefix": api.prefix}
    seen: set[object] = set()
    while True:
        answer = api.call(method, **where)
        yield answer
        if not answer.get("IsTruncated"):
            return
        told = {
            f"{name}Marker": answer[f"Next{name}Marker"]
            for name in markers
            if answer.get(f"Next{name}Marker")
        }
        expect_new(tuple(told.items()), seen)
        where = {**where, **told}
