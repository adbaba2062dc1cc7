"""What is asked of S3, by paths relative to a store.

Requests go through the file system object that DataJoint itself writes with, which
retries them with growing pauses.
"""

import errno
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from typing import Any

from djgc_widgets.stores.api_listing import Entry, modified_ns
from djgc_widgets.stores.pinned import Identity

_PAGE = 1_000
_LARGEST_COPY = 5 * 2**30
_REFUSED = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}
_ABSENT = {"NoSuchKey", "NotFound", "404"}
_NO_ETAG = f'"{"0" * 32}"'


class ChangedError(OSError):
    """The condition of a request does not hold: the object is another one by now."""


class Bucket:
    """The part of a bucket that is a store.

    Parameters
    ----------
    fs : s3fs.S3FileSystem
        DataJoint's own file system object.
    base : str
        Bucket and prefix, as they stand before a path.
    told : callable
        Returns what an error says, without the store's keys.
    largest_copy : int
        Bytes above which a copy is made in parts.
    """

    def __init__(
        self,
        fs: Any,  # noqa: ANN401 - s3fs has no types
        base: str,
        told: Callable[[Exception], str],
        largest_copy: int = _LARGEST_COPY,
    ) -> None:
        self._fs, self._told, self._largest_copy = fs, told, largest_copy
        self._name, key, _ = fs.split_path(f"{base}x")
        self._prefix = key[:-1]

    def pages(self, below: str = "") -> Iterator[list[Entry]]:
        """Yield every object whose path begins like that, 1,000 per request."""
        prefix, token = self._prefix, dict[str, str]()
        while True:
            answer = self._call(
                "list_objects_v2", Prefix=f"{prefix}{below}", MaxKeys=_PAGE, **token
            )
            found = answer.get("Contents", ())
            strange = [e["Key"] for e in found if not e["Key"].startswith(prefix)]
            if strange:
                raise OSError(
                    f"expected keys below {prefix!r}, got {strange[0]!r}; the server "
                    "spells them otherwise: write the location without needless slashes"
                )
            yield [
                Entry(
                    entry["Key"][len(prefix) :],
                    entry["Size"],
                    entry["LastModified"],
                    str(entry["ETag"]),
                )
                for entry in found
            ]
            if not answer.get("IsTruncated"):
                return
            token = {"ContinuationToken": answer["NextContinuationToken"]}

    def identities(self, path: str) -> dict[str, Identity]:
        """Return the identity of each object at or below a path, as listed."""
        return {
            entry.path: Identity(
                int(entry.size), modified_ns(entry.modified), 0, entry.etag
            )
            for page in self.pages(path)
            for entry in page
            if entry.path == path or entry.path.startswith(f"{path}/")
        }

    def head(self, path: str) -> Identity | None:
        """Return the identity of one object, with its date in full seconds."""
        try:
            told = self._call("head_object", Key=self._key(path))
        except FileNotFoundError:
            return None
        modified = modified_ns(told["LastModified"])
        return Identity(int(told["ContentLength"]), modified, 0, str(told["ETag"]))

    def read(self, path: str) -> bytes:
        """Return what an object holds."""
        try:
            data: bytes = self._fs.cat_file(f"{self._name}/{self._key(path)}")
        except Exception as error:  # noqa: BLE001 - each library below has its own errors; all are raised on
            raise self._plain(error) from None
        return data

    def put(self, path: str, data: bytes, **condition: str) -> None:
        """Write an object; ``IfMatch`` and ``IfNoneMatch`` are conditions."""
        self._call("put_object", Key=self._key(path), Body=data, **condition)

    def copy(self, source: str, target: str, pin: Identity, **condition: str) -> None:
        """Copy an object if it still has this etag, and look at the copy."""
        origin = {"Bucket": self._name, "Key": self._key(source)}
        options = {"CopySource": origin, "CopySourceIfMatch": pin.etag}
        if pin.size_bytes > self._largest_copy:
            self._copy_parts(target, pin.size_bytes, options, condition)
        else:
            self._call("copy_object", Key=self._key(target), **options, **condition)
        copied = self.head(target)
        if copied is None or copied.size_bytes != pin.size_bytes:
            raise OSError(f"the server's copy is not whole: {copied}")

    def delete(
        self, etags: Mapping[str, str], *, conditional: bool, pool: Executor
    ) -> dict[str, Exception]:
        """Delete objects that still have these etags; return why the others stayed.

        One request per 1,000 objects. Where the server heeds no conditions, each is
        looked at just before.
        """
        stayed: dict[str, Exception] = {}
        due = dict(etags)
        if not conditional:
            now = zip(due, pool.map(self._head_or_error, due), strict=True)
            for path, found in now:
                if isinstance(found, Exception):
                    stayed[path] = found
                elif found is not None and found.etag != due[path]:
                    stayed[path] = ChangedError(errno.EEXIST, "it was changed")
            due = dict.fromkeys(due.keys() - stayed.keys(), "")
        for page in _pages(due, _PAGE):
            stayed |= self._delete_page({path: due[path] for path in page})
        return stayed

    def heeds_conditions(self, path: str, pool: Executor) -> bool:
        """Tell whether the server deletes on conditions, by trying it at a path."""
        self.put(path, b"")
        refused = self.delete({path: _NO_ETAG}, conditional=True, pool=pool)
        if refused:
            self._call("delete_object", Key=self._key(path))
        return isinstance(refused.get(path), ChangedError)

    def remove(self, path: str) -> None:
        """Delete an object whatever it is."""
        self._call("delete_object", Key=self._key(path))

    def is_versioned(self) -> bool:
        """Tell whether the bucket keeps what is deleted as a version."""
        return bool(self._call("get_bucket_versioning").get("Status") == "Enabled")

    def _copy_parts(
        self,
        target: str,
        size: int,
        options: Mapping[str, Any],
        condition: Mapping[str, str],
    ) -> None:
        key = self._key(target)
        upload = self._call("create_multipart_upload", Key=key)["UploadId"]
        try:
            parts = []
            for number, start in enumerate(range(0, size, self._largest_copy), 1):
                end = min(start + self._largest_copy, size) - 1
                told = self._call(
                    "upload_part_copy",
                    Key=key,
                    UploadId=upload,
                    PartNumber=number,
                    CopySourceRange=f"bytes={start}-{end}",
                    **options,
                )
                etag = told["CopyPartResult"]["ETag"]
                parts.append({"PartNumber": number, "ETag": etag})
            self._call(
                "complete_multipart_upload",
                Key=key,
                UploadId=upload,
                MultipartUpload={"Parts": parts},
                **condition,
            )
        except BaseException:
            self._call("abort_multipart_upload", Key=key, UploadId=upload)
            raise

    def _delete_page(self, etags: Mapping[str, str]) -> dict[str, Exception]:
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
            told["Key"][start:]: self._coded(told["Code"], told.get("Message", ""))
            for told in answer.get("Errors", ())
            if told["Code"] not in _ABSENT  # it is gone, as was wished
        }

    def _head_or_error(self, path: str) -> Identity | Exception | None:
        try:
            return self.head(path)
        except OSError as error:
            return error

    def _key(self, path: str) -> str:
        return f"{self._prefix}{path}"

    def _call(self, method: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - of the API
        try:
            answer: dict[str, Any] = self._fs.call_s3(
                method, Bucket=self._name, **options
            )
        except Exception as error:  # noqa: BLE001 - as above
            raise self._plain(error) from None
        return answer

    def _plain(self, error: Exception) -> OSError:
        """Return an error of one kind for all that the libraries below may raise."""
        response = getattr(error.__cause__ or error, "response", {})
        code = response.get("Error", {}).get("Code", "")
        if isinstance(error, FileNotFoundError) and not code:
            code = "NoSuchKey"
        return self._coded(code, self._told(error))

    def _coded(self, code: str, told: str) -> OSError:
        if code in _REFUSED:
            return ChangedError(errno.EEXIST, told)
        if code in _ABSENT:
            return FileNotFoundError(errno.ENOENT, told)
        return OSError(errno.EIO, told or code)


def _pages(paths: Iterable[str], size: int) -> Iterator[list[str]]:
    listed = list(paths)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]
