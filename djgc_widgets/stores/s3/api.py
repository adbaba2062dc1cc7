"""Calls of the S3 API by keys of a store, and what their errors mean.

They go through a file system object like the one that DataJoint writes with, which
repeats those that fail, with growing pauses.
"""

import errno
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from functools import cached_property
from hashlib import md5
from http import HTTPStatus
from typing import Any

from fsspec.asyn import sync

from djgc_widgets.stores.bucket.protocol import (
    ArchivedError,
    ChangedError,
    RefusedError,
)
from djgc_widgets.stores.s3.answers import Answer, read_answer

_CHANGED = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}
_ABSENT = {"NoSuchKey", "NotFound", "404"}
_UNKNOWN_CALL = {"NotImplemented", "MethodNotAllowed", "501", "405"}
_IS_LISTING = re.compile(rb"\s*(?:<\?[^>]*>\s*)?<(?:\w+:)?ListBucketResult\b")
_UNREAD = ContextVar("_UNREAD", default=False)
"""Whether the answer to a request for a listing is wanted as it comes."""
_LOST = ContextVar[list[object]]("_LOST")
"""Takes why requests to delete several objects had no clear answer."""
_UNSURE = {"InternalError", "InternalServerError", "RequestTimeout", "500"}
"""What may still be carried out."""
_TURNED_AWAY = {*range(400, 500), 501, 503}  # what is too much is not begun


class Api:
    """The API of the bucket that a store is in.

    `text_of` returns the text of an error without the store's keys.
    """

    def __init__(
        self,
        fs: Any,  # noqa: ANN401 - s3fs has no types
        base: str,
        text_of: Callable[[Exception], str],
    ) -> None:
        self._fs, self._text_of = fs, text_of
        self.unanswered: list[object] = []
        """Why requests to delete several objects had no clear answer."""
        self.bucket, key, _ = fs.split_path(f"{base}x")
        self._written_prefix: str = key[:-1]

    @cached_property
    def prefix(self) -> str:
        """What stands before a path in a key, as the server lists it.

        Some servers take needless slashes out of a key. Whether this one does shows in
        a listed object that can be found under the key that DataJoint would write.
        """
        written = self._written_prefix
        plain = "".join(f"{part}/" for part in written.split("/") if part)
        if plain == written or self._first_key(written).startswith(written):
            return written
        listed = self._first_key(plain)
        if not listed:
            return written
        try:
            seen = self.call("head_object", Key=f"{written}{listed[len(plain) :]}")
        except FileNotFoundError:
            return written
        found = self.call("head_object", Key=listed)
        return plain if seen["ETag"] == found["ETag"] else written

    def key(self, path: str) -> str:
        """Return the key of a path."""
        return f"{self.prefix}{path}"

    def path(self, key: str) -> str:
        """Return the path that a key of the store leads to."""
        return key[len(self.prefix) :]

    def call(self, method: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - of the API
        """Call the API; every error is an `OSError`."""
        try:
            return dict(self._fs.call_s3(method, Bucket=self.bucket, **options))
        except Exception as error:  # noqa: BLE001 - each library below has its own errors; all are raised on
            raise self._as_os_error(error) from None

    def listed(self, prefix: str, per_page: int, **options: str) -> Answer:
        """Return a page of the keys that begin with a prefix."""
        where = {"Bucket": self.bucket, "Prefix": prefix, "MaxKeys": per_page}
        try:
            body = sync(self._fs.loop, self._unread, {**where, **options})
        except Exception as error:  # noqa: BLE001 - as above
            raise self._as_os_error(error) from None
        return read_answer(body)

    def content(self, key: str, **condition: str) -> bytes:
        """Return the content of an object."""
        try:
            data: bytes = sync(self._fs.loop, self._read, key, condition)
        except Exception as error:  # noqa: BLE001 - as above
            raise self._as_os_error(error) from None
        return data

    def delete(self, asked: Sequence[Mapping[str, str]]) -> dict[str, OSError]:
        """Delete up to 1,000 keys in one request; return an error per key that stayed.

        It is asked for again when an answer is lost. No refusal is clear then: what was
        asked for before may still be carried out.
        """
        lost: list[object] = []
        try:
            answer = sync(self._fs.loop, self._delete, asked, lost)
            stayed = {
                error["Key"]: _error_of(
                    error["Code"],
                    error.get("Message", ""),
                    500 if error["Code"] in _UNSURE else 403,
                )
                for error in answer.get("Errors", ())
                if error["Code"] not in _ABSENT  # already gone
            }
        except KeyError as error:
            raise OSError(
                f"expected of each object that stayed its key and why; got no {error}"
            ) from None
        except Exception as error:  # noqa: BLE001 - as above
            raise _unclear(self._as_os_error(error), lost) from None
        finally:
            self.unanswered.extend(lost)  # of several threads
        return {key: _unclear(error, lost) for key, error in stayed.items()}

    def copy_in_parts(
        self,
        key: str,
        attributes: Mapping[str, Any],
        parts: Sequence[Mapping[str, Any]],
        condition: Mapping[str, str],
    ) -> None:
        """Copy parts of objects, and put them together on a condition."""
        begun = self.call("create_multipart_upload", Key=key, **attributes)
        upload = {"Key": key, "UploadId": begun["UploadId"]}
        done = []
        try:
            for number, part in enumerate(parts, 1):
                numbered = {**part, "PartNumber": number}
                answer = self.call("upload_part_copy", **upload, **numbered)
                etag = answer["CopyPartResult"]["ETag"]
                done.append({"PartNumber": number, "ETag": etag})
            whole = {"MultipartUpload": {"Parts": done}}
            self.call("complete_multipart_upload", **upload, **whole, **condition)
        except BaseException:
            with suppress(OSError):  # what went wrong first is what matters
                self.call("abort_multipart_upload", **upload)
            raise

    async def _unread(self, options: Mapping[str, Any]) -> bytes:
        # the client signs and repeats requests; its own parser takes 20 times as long
        await self._fs.set_session()
        client = await self._fs.get_s3(self.bucket)
        # a name with a wildcard is told before one of S3, whose handlers parse as well
        client.meta.events.register_first(
            "before-parse.*.ListObjectsV2", _keep_unread, unique_id="djgc-listing"
        )
        _UNREAD.set(True)  # in this task alone
        answer = await self._fs._call_s3("list_objects_v2", **options)  # noqa: SLF001 - what s3fs has for its subclasses
        if "Unread" not in answer:
            raise OSError(
                "expected a listing as the server sent it, got none: the answer is of "
                "another kind, or aiobotocore is older than 2.19"
            )
        body: bytes = answer["Unread"]
        return body

    async def _delete(
        self, asked: Sequence[Mapping[str, str]], lost: list[object]
    ) -> dict[str, Any]:
        await self._fs.set_session()
        events = (await self._fs.get_s3(self.bucket)).meta.events
        name = "s3.DeleteObjects"
        events.register(f"before-sign.{name}", _add_md5, unique_id="djgc-content-md5")
        events.register(f"response-received.{name}", _note_lost, unique_id="djgc-lost")
        _LOST.set(lost)  # in this task alone
        where = {"Bucket": self.bucket, "Delete": {"Objects": list(asked)}}
        answer = await self._fs._call_s3("delete_objects", **where)  # noqa: SLF001 - what s3fs has for its subclasses
        return dict(answer)

    async def _read(self, key: str, condition: Mapping[str, str]) -> bytes:
        where = {"Bucket": self.bucket, "Key": key}
        answer = await self._fs._call_s3("get_object", **where, **condition)  # noqa: SLF001 - what s3fs has for its subclasses
        async with answer["Body"] as body:
            data: bytes = await body.read()
        return data

    def holds_objects(self) -> bool:
        """Return whether anything is stored under the prefix."""
        return bool(self._first_key(self.prefix))

    def _first_key(self, prefix: str) -> str:
        return next(iter(self.listed(prefix, 1).page.path), "")

    def _as_os_error(self, error: Exception) -> OSError:
        """Return an `OSError` for whatever the libraries below may raise."""
        response = getattr(error.__cause__ or error, "response", None) or {}
        code = response.get("Error", {}).get("Code", "")
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if isinstance(error, FileNotFoundError) and not code:
            code = "NoSuchKey"
        return _error_of(code, self._text_of(error), status)


def is_unknown_call(error: RefusedError) -> bool:
    """Return whether the server does not know the call, or an option of it."""
    return error.code in _UNKNOWN_CALL


def _error_of(code: str, text: str, status: int) -> OSError:
    if code in _ABSENT:
        return FileNotFoundError(errno.ENOENT, text or code)
    if code in _CHANGED:
        refused: RefusedError = ChangedError(text or code)
    elif code == "InvalidObjectState":
        refused = ArchivedError(errno.EACCES, text or code)
    elif status in _TURNED_AWAY:
        refused = RefusedError(errno.EACCES, text or code)
    else:
        return OSError(errno.EIO, text or code)
    refused.code = code
    return refused


def _unclear(error: OSError, lost: Sequence[object]) -> OSError:
    """Return an error; if an answer was lost before, one that is no refusal."""
    if lost and isinstance(error, RefusedError):
        return OSError(errno.EIO, error.strerror)
    return error


def _note_lost(
    response_dict: Mapping[str, Any] | None, exception: object, **_: object
) -> None:
    """Note that a request had no answer, or one after which it may be carried out."""
    status = response_dict["status_code"] if response_dict else exception
    if status != HTTPStatus.OK and status not in _TURNED_AWAY:
        _LOST.get([]).append(status)


def _keep_unread(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object
) -> None:
    """Keep a listing as it came, and give the client an empty one to parse."""
    body = response_dict["body"]
    ok = response_dict["status_code"] == HTTPStatus.OK
    if _UNREAD.get() and ok and _IS_LISTING.match(body):
        customized_response_dict["Unread"] = body
        response_dict["body"] = b"<ListBucketResult/>"


def _add_md5(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore has no types
    digest = md5(request.data or b"", usedforsecurity=False).digest()
    del request.headers["Content-MD5"]  # two threads may have registered this at once
    request.headers["Content-MD5"] = b64encode(digest).decode()
