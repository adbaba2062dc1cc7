"""Requests to S3, by paths relative to a store.

They go through the file system object that DataJoint itself writes with, which repeats
those that fail, with growing pauses.
"""

import errno
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from typing import Any

from djgc_widgets.stores.api_listing import Entry, modified_ns
from djgc_widgets.stores.pinned_objects import FileIdentity

_PAGE = 1_000
_LARGEST_COPY = 5 * 2**30
_REFUSED = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}
_ABSENT = {"NoSuchKey", "NotFound", "404"}
_NO_ETAG = f'"{"0" * 32}"'


class ChangedError(OSError):
    """The condition of a request does not hold: the object is another one by now."""


class Bucket:
    """The part of a bucket that is a store: `base` is bucket and prefix.

    `text_of` returns the text of an error without the store's keys. A copy of more than
    `largest_copy` bytes is made in parts.
    """

    def __init__(
        self,
        fs: Any,  # noqa: ANN401 - s3fs has no types
        base: str,
        text_of: Callable[[Exception], str],
        largest_copy: int = _LARGEST_COPY,
    ) -> None:
        self._fs, self._text_of, self._largest_copy = fs, text_of, largest_copy
        self._name, key, _ = fs.split_path(f"{base}x")
        self._prefix = key[:-1]

    def pages(self, below: str = "") -> Iterator[list[Entry]]:
        """Yield every object whose path begins like that, 1,000 per request."""
        prefix, token = self._prefix, dict[str, str]()
        while True:
            answer = self._call(
                "list_objects_v2", Prefix=f"{prefix}{below}", MaxKeys=_PAGE, **token
            )
            entries = answer.get("Contents", ())
            strange = [e["Key"] for e in entries if not e["Key"].startswith(prefix)]
            if strange:
                raise OSError(
                    f"expected keys below {prefix!r}, got {strange[0]!r}; the server "
                    "spells them otherwise: write the location without needless slashes"
                )
            start = len(prefix)
            yield [
                Entry(e["Key"][start:], e["Size"], e["LastModified"], str(e["ETag"]))
                for e in entries
            ]
            if not answer.get("IsTruncated"):
                return
            token = {"ContinuationToken": answer["NextContinuationToken"]}

    def identities(self, path: str) -> dict[str, FileIdentity]:
        """Return the identity of each object at or below a path, as listed."""
        return {
            e.path: FileIdentity(int(e.size), modified_ns(e.modified), 0, e.etag)
            for page in self.pages(path)
            for e in page
            if e.path == path or e.path.startswith(f"{path}/")
        }

    def head(self, path: str) -> FileIdentity | None:
        """Return the identity of one object, with its date in full seconds."""
        try:
            answer = self._call("head_object", Key=self._key(path))
        except FileNotFoundError:
            return None
        modified = modified_ns(answer["LastModified"])
        return FileIdentity(
            int(answer["ContentLength"]), modified, 0, str(answer["ETag"])
        )

    def read(self, path: str) -> bytes:
        """Return the content of an object."""
        try:
            data: bytes = self._fs.cat_file(f"{self._name}/{self._key(path)}")
        except Exception as error:  # noqa: BLE001 - each library below has its own errors; all are raised on
            raise self._as_os_error(error) from None
        return data

    def put(self, path: str, data: bytes, **condition: str) -> None:
        """Write an object; ``IfMatch`` and ``IfNoneMatch`` are conditions."""
        self._call("put_object", Key=self._key(path), Body=data, **condition)

    def copy(
        self, source: str, target: str, pin: FileIdentity, **condition: str
    ) -> None:
        """Copy an object if it still has the pinned etag, and check the copy's size."""
        origin = {"Bucket": self._name, "Key": self._key(source)}
        options = {"CopySource": origin, "CopySourceIfMatch": pin.etag}
        if pin.size_bytes > self._largest_copy:
            self._copy_parts(target, pin.size_bytes, options, condition)
        else:
            self._call("copy_object", Key=self._key(target), **options, **condition)
        copied = self.head(target)
        if copied is None or copied.size_bytes != pin.size_bytes:
            raise OSError(f"the server's copy is not complete: {copied}")

    def delete(
        self,
        etags: Mapping[str, str],
        *,
        conditional: bool,
        pool: Executor | None = None,
    ) -> dict[str, OSError]:
        """Delete objects that still have these etags; return why the others stayed.

        One request per 1,000 objects. Where the server honors no conditions, the etag
        of each is read just before.
        """
        stayed: dict[str, OSError] = {}
        due = dict(etags)
        if not conditional:
            heads = (pool.map if pool else map)(self._head_or_error, due)
            for path, head in zip(due, heads, strict=True):
                if isinstance(head, OSError):
                    stayed[path] = head
                elif head is not None and head.etag != due[path]:
                    stayed[path] = ChangedError(errno.EEXIST, "it was changed")
            due = dict.fromkeys(due.keys() - stayed.keys(), "")
        paths = list(due)
        for start in range(0, len(paths), _PAGE):
            page = paths[start : start + _PAGE]
            stayed |= self._delete_page({path: due[path] for path in page})
        return stayed

    def honors_conditions(self, path: str) -> bool:
        """Return whether the server deletes on conditions, by trying it at a path."""
        self.put(path, b"")
        refused = self.delete({path: _NO_ETAG}, conditional=True)
        if refused:
            self.remove(path)
        return isinstance(refused.get(path), ChangedError)

    def remove(self, path: str) -> None:
        """Delete an object on no condition."""
        self._call("delete_object", Key=self._key(path))

    def is_versioned(self) -> bool:
        """Return whether the bucket keeps what is deleted as a version."""
        return bool(self._call("get_bucket_versioning").get("Status") == "Enabled")

    def _copy_parts(
        self,
        target: str,
        size: int,
        options: Mapping[str, Any],
        condition: Mapping[str, str],
    ) -> None:
        key = self._key(target)
        upload_id = self._call("create_multipart_upload", Key=key)["UploadId"]
        upload = {"Key": key, "UploadId": upload_id}
        try:
            parts = []
            for number, start in enumerate(range(0, size, self._largest_copy), 1):
                end = min(start + self._largest_copy, size) - 1
                part = {"PartNumber": number, "CopySourceRange": f"bytes={start}-{end}"}
                answer = self._call("upload_part_copy", **upload, **part, **options)
                etag = answer["CopyPartResult"]["ETag"]
                parts.append({"PartNumber": number, "ETag": etag})
            done = {"MultipartUpload": {"Parts": parts}}
            self._call("complete_multipart_upload", **upload, **done, **condition)
        except BaseException:
            self._call("abort_multipart_upload", **upload)
            raise

    def _delete_page(self, etags: Mapping[str, str]) -> dict[str, OSError]:
        asked = [
            {"Key": self._key(path), **({"ETag": etag} if etag else {})}
            for path, etag in etags.items()
        ]
        try:
            answer = self._call("delete_objects", Delete={"Objects": asked})
        except OSError as error:
            return dict.fromkeys(etags, error)
        start = len(self._prefix)
        return {
            error["Key"][start:]: self._coded(error["Code"], error.get("Message", ""))
            for error in answer.get("Errors", ())
            if error["Code"] not in _ABSENT  # already gone
        }

    def _head_or_error(self, path: str) -> FileIdentity | OSError | None:
        try:
            return self.head(path)
        except OSError as error:
            return error

    def _key(self, path: str) -> str:
        return f"{self._prefix}{path}"

    def _call(self, method: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - of the API
        try:
            return dict(self._fs.call_s3(method, Bucket=self._name, **options))
        except Exception as error:  # noqa: BLE001 - as above
            raise self._as_os_error(error) from None

    def _as_os_error(self, error: Exception) -> OSError:
        """Return an `OSError` for whatever the libraries below may raise."""
        response = getattr(error.__cause__ or error, "response", {})
        code = response.get("Error", {}).get("Code", "")
        if isinstance(error, FileNotFoundError) and not code:
            code = "NoSuchKey"
        return self._coded(code, self._text_of(error))

    def _coded(self, code: str, text: str) -> OSError:
        if code in _REFUSED:
            return ChangedError(errno.EEXIST, text)
        if code in _ABSENT:
            return FileNotFoundError(errno.ENOENT, text)
        return OSError(errno.EIO, text or code)
