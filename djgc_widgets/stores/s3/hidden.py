"""What a bucket of S3 keeps beside its objects: versions, delete markers, uploads."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from djgc_widgets.model import Detail, HiddenKind, Outcome
from djgc_widgets.stores.bucket.batches import WORKERS
from djgc_widgets.stores.bucket.protocol import RefusedError
from djgc_widgets.stores.hidden import Hidden, expect_new
from djgc_widgets.stores.results import GONE, PURGED, Result
from djgc_widgets.stores.s3.api import Api

_NO_UPLOAD = "NoSuchUpload"
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""S3 is younger."""


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
                _date(entry.get("LastModified")),
                str(entry["VersionId"]),
            )
            for name, kind in kinds
            for entry in answer.get(name, ())
            if entry["Key"].startswith(api.prefix)
            # the latest version is the object itself; a marker never is one
            and not (entry["IsLatest"] and kind is HiddenKind.VERSION)
        ]


def uploads(api: Api) -> Iterator[list[Hidden]]:
    """Yield uploads that were begun and not finished; one request more for each.

    Of one whose parts cannot be listed the bytes are not known; the error is raised at
    the end.
    """
    errors: list[OSError] = []

    def with_parts(begun: Mapping[str, Any]) -> Hidden | None:
        try:
            return _with_parts(api, begun)
        except OSError as error:
            errors.append(error)
            date = _date(begun["Initiated"])
            path, name = api.path(begun["Key"]), str(begun["UploadId"])
            return Hidden(HiddenKind.UPLOAD, path, None, date, name)

    with ThreadPoolExecutor(WORKERS) as pool:
        for answer in _pages(api, "list_multipart_uploads", "Key", "UploadId"):
            begun = [
                each
                for each in answer.get("Uploads", ())
                if each["Key"].startswith(api.prefix)
            ]
            found = pool.map(with_parts, begun)
            yield [each for each in found if each is not None]
    if errors:
        raise errors[0]


def abort(api: Api, path: str, upload_id: str, before: datetime) -> Result:
    """Abort an upload of which no part is younger, and look whether it is gone.

    A part that was still on its way while it was aborted would stay.
    """
    found = _upload(api, path, upload_id)
    if found is None:
        return GONE
    if found.written_at is None or found.written_at > before:
        return Result(Outcome.SKIPPED, Detail.CHANGED, {"path": path})
    try:
        api.call("abort_multipart_upload", Key=api.key(path), UploadId=upload_id)
    except RefusedError as error:
        if error.code == _NO_UPLOAD:  # it was finished meanwhile
            return GONE
        raise
    except OSError:  # it may have been done all the same
        if _upload(api, path, upload_id) is not None:
            raise
        return PURGED
    try:
        left = _upload(api, path, upload_id)
    except OSError as error:
        raise OSError(f"it was aborted, and could not be looked at: {error}") from error
    if left is not None:
        raise OSError("expected that the upload is gone; some of its parts are there")
    return PURGED


def _upload(api: Api, path: str, upload_id: str) -> Hidden | None:
    """Look at an upload; None if it was finished or aborted."""
    key = api.key(path)
    begun = _pages(api, "list_multipart_uploads", "Key", "UploadId", Prefix=key)
    for each in (each for answer in begun for each in answer.get("Uploads", ())):
        if (each["Key"], each["UploadId"]) == (key, upload_id):
            return _with_parts(api, each)
    # some servers list no upload by its key
    return _with_parts(api, {"Key": key, "UploadId": upload_id})


def _with_parts(api: Api, begun: Mapping[str, Any]) -> Hidden | None:
    """Return an upload with the bytes of its parts, and the date of the last.

    None if it was finished or aborted.
    """
    size, dates = 0, [_date(begun.get("Initiated"))]
    named = {"Key": begun["Key"], "UploadId": begun["UploadId"]}
    try:
        for answer in _pages(api, "list_parts", "PartNumber", **named):
            for part in answer.get("Parts", ()):
                size += int(part["Size"])
                dates.append(_date(part["LastModified"]))
    except RefusedError as error:
        if error.code == _NO_UPLOAD:
            return None
        raise
    last = max(filter(None, dates), default=None)
    path, name = api.path(begun["Key"]), str(begun["UploadId"])
    return Hidden(HiddenKind.UPLOAD, path, size, last, name)


def _date(date: datetime | None) -> datetime | None:
    """Return a date; None for those that stand for none, such as of the year 1."""
    return date if date is not None and date >= _FIRST else None


def _pages(
    api: Api, method: str, *markers: str, **options: str
) -> Iterator[dict[str, Any]]:
    """Yield the answers to a request for a listing, by default below the prefix."""
    asked = options or {"Prefix": api.prefix}
    where, seen = asked, set[object]()
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
        where = {**asked, **told}
