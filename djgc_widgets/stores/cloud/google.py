"""Buckets of Google Cloud: raw pages and conditions on generations.

A generation is the identity of what was written once, and of nothing else: it plays the
part of an ETag. Requests go through the file system object that DataJoint writes with,
which repeats those that fail, with growing pauses; its own listings merge keys with
empty segments, and know folders where there are none.
"""

import errno
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from djgc_widgets.stores.api_listing import Page, PageOrder, modified_ns
from djgc_widgets.stores.bucket.protocol import (
    PAGE,
    ChangedError,
    RefusedError,
    Stored,
    at_or_below,
)
from djgc_widgets.stores.cloud.bucket import CloudBucket
from djgc_widgets.stores.pinned_objects import FileIdentity
from djgc_widgets.stores.protocol import Versioning

_SCANNED = "name,size,updated,generation"
_LOOKED_AT = (
    f"{_SCANNED},md5Hash,storageClass,temporaryHold,eventBasedHold,"
    "retentionExpirationTime"
)
_REWRITTEN = (
    *("cacheControl", "contentDisposition", "contentEncoding", "contentLanguage"),
    *("contentType", "customTime", "metadata", "storageClass"),
)
_UNSURE = {408}
_Item = dict[str, Any]


class GoogleBucket(CloudBucket):
    """The part of a bucket that is a store: `base` is bucket and prefix.

    `text_of` returns the text of an error without the store's keys.
    """

    no_etag = "1"
    seeks = True

    def __init__(
        self,
        fs: Any,  # noqa: ANN401 - gcsfs has no types
        base: str,
        text_of: Callable[[Exception], str],
    ) -> None:
        self._fs, self._text_of = fs, text_of
        self._bucket, _, self._root = base.partition("/")
        self._uploads = f"{fs.base.removesuffix('storage/v1/')}upload/storage/v1/"

    def pages(self, below: str = "", per_page: int = PAGE) -> Iterator[Page]:
        """Yield every object whose path begins like that, 1,000 per request."""
        for items in self._listed(below, _SCANNED, per_page):
            yield Page.of(
                (
                    self._path(item),
                    int(item["size"]) if _is_number(item.get("size")) else None,
                    item.get("updated"),
                    str(item.get("generation", "")),
                )
                for item in items
            )

    def stored(self, path: str) -> dict[str, Stored]:
        """Return each object at or below a path, as listed."""
        stored: dict[str, Stored] = {}
        for items in self._listed(path, _LOOKED_AT, PAGE):
            stored |= at_or_below(self._stored_of(items), path)
        return stored

    def stored_after(
        self, path: str, per_page: int
    ) -> tuple[dict[str, Stored], str | None]:
        """Return so many objects that are listed after a path, and the last of them."""
        start = {"startOffset": f"{self._root}{path}"}
        items, token = self._page(self._root, _LOOKED_AT, per_page, **start)
        PageOrder().check([i["name"] for i in items], self._root, token, more=False)
        stored = self._stored_of(items)
        return stored, next(reversed(stored), None) if token else None

    def look(self, path: str) -> Stored | None:
        """Look at one object."""
        try:
            item = self._item(path, _LOOKED_AT)
        except FileNotFoundError:
            return None
        return _stored(item)

    def lock_of(self, path: str, stored: Stored) -> str:  # noqa: ARG002 - every listing tells
        """Say what locks an object, as it was found."""
        return stored.lock

    def read(self, path: str) -> bytes:
        """Return the content of an object."""
        _, data = self._call("GET", *self._at(path), alt="media")
        return bytes(data)

    def put(self, path: str, data: bytes, *, new: bool = False, etag: str = "") -> None:
        """Write an object, only if it is `new` or still has a generation."""
        condition = "0" if new else etag
        self._call(
            *("POST", f"{self._uploads}b/{{}}/o", self._bucket),
            uploadType="media",
            name=f"{self._root}{path}",
            data=data,
            headers={"Content-Type": "application/octet-stream"},
            **({"ifGenerationMatch": condition} if condition else {}),
        )

    def copy(self, source: str, target: str, found: Stored, *, new: bool) -> None:
        """Copy an object if it still has the generation; a big one in several steps."""
        origin, copy = f"{self._root}{source}", f"{self._root}{target}"
        conditions = {"ifSourceGenerationMatch": found.identity.etag}
        if new:
            conditions["ifGenerationMatch"] = "0"
        # without a body all is kept but the class, which becomes that of new objects
        body: _Item = {}
        if found.storage_class != self._default_class:
            item = self._item(source, ",".join(_REWRITTEN))
            body = {"json": {name: item[name] for name in _REWRITTEN if name in item}}
        where = self._bucket, origin, self._bucket, copy
        asked: _Item = {**conditions, **body, "json_out": True}
        while True:
            step = self._call("POST", "b/{}/o/{}/rewriteTo/b/{}/o/{}", *where, **asked)
            if step.get("done"):
                return
            if not step.get("rewriteToken"):
                raise OSError(f"expected a finished copy or a token, got {step}")
            asked["rewriteToken"] = step["rewriteToken"]

    def remove(self, path: str, etag: str = "") -> None:
        """Delete an object, if it still has a generation."""
        condition = {"ifGenerationMatch": etag} if etag else {}
        try:
            self._call("DELETE", *self._at(path), **condition)
        except FileNotFoundError:
            return

    def versioning(self) -> Versioning:
        """Return whether the bucket keeps what is deleted."""
        asked = self._call(
            "GET",
            *("b/{}", self._bucket),
            fields="versioning,softDeletePolicy",
            json_out=True,
        )
        if asked.get("versioning", {}).get("enabled"):
            return Versioning.ENABLED
        kept = asked.get("softDeletePolicy", {}).get("retentionDurationSeconds", 0)
        return Versioning.SOFT if int(kept) else Versioning.OFF

    @cached_property
    def _default_class(self) -> str | None:
        """The class of new objects; None if the account may not ask."""
        try:
            asked = self._call(
                *("GET", "b/{}", self._bucket), fields="storageClass", json_out=True
            )
        except RefusedError:
            return None
        return str(asked.get("storageClass", ""))

    def _listed(self, below: str, fields: str, per_page: int) -> Iterator[list[_Item]]:
        order, token, prefix = PageOrder(), "", f"{self._root}{below}"
        while True:
            options = {"pageToken": token} if token else {}
            items, token = self._page(prefix, fields, per_page, **options)
            order.check([i["name"] for i in items], prefix, token, more=bool(token))
            yield items
            if not token:
                return

    def _page(
        self, prefix: str, fields: str, per_page: int, **options: str
    ) -> tuple[list[_Item], str]:
        try:
            answer = self._call(
                *("GET", "b/{}/o", self._bucket),
                prefix=prefix,
                maxResults=per_page,
                fields=f"items({fields}),nextPageToken",
                json_out=True,
                **options,
            )
        except FileNotFoundError as error:
            raise OSError(f"the bucket {self._bucket} does not exist") from error
        return list(answer.get("items", ())), str(answer.get("nextPageToken") or "")

    def _stored_of(self, items: list[_Item]) -> dict[str, Stored]:
        return {self._path(item): _stored(item) for item in items}

    def _path(self, item: _Item) -> str:
        return str(item["name"])[len(self._root) :]

    def _at(self, path: str) -> tuple[str, str, str]:
        return "b/{}/o/{}", self._bucket, f"{self._root}{path}"

    def _item(self, path: str, fields: str) -> _Item:
        item: _Item = self._call("GET", *self._at(path), fields=fields, json_out=True)
        return item

    def _call(self, method: str, *where: str, **options: Any) -> Any:  # noqa: ANN401 - of the API
        try:
            return self._fs.call(method, *where, **options)
        except Exception as error:  # noqa: BLE001 - gcsfs raises what each library below raises; all are raised on
            raise self._as_os_error(error) from None

    def _as_os_error(self, error: Exception) -> OSError:
        """Return an `OSError` for whatever gcsfs may raise."""
        text = self._text_of(error)
        if isinstance(error, FileNotFoundError):
            return FileNotFoundError(errno.ENOENT, text)
        if isinstance(error, FileExistsError):  # a condition does not hold
            return ChangedError(text)
        status = str(getattr(error, "code", "") or "")
        # a bare OSError without a number is what gcsfs makes of the status 403
        refused = type(error) is OSError and error.errno is None
        if status.isdecimal() and int(status) not in _UNSURE:
            refused = refused or int(status) // 100 == 4  # noqa: PLR2004 - a fault of the request
        if refused:
            return RefusedError(errno.EACCES, text)
        return OSError(errno.EIO, text)


def _stored(item: Mapping[str, Any]) -> Stored:
    size = item.get("size")
    if not _is_number(size):
        raise OSError(f"expected a size of {item.get('name')!r}, got {size!r}")
    generation = str(item.get("generation", ""))
    if not generation:
        raise OSError(f"expected a generation of {item.get('name')!r}, got none")
    return Stored(
        FileIdentity(int(str(size)), modified_ns(item.get("updated")), 0, generation),
        str(item.get("storageClass", "")),
        content=str(item.get("md5Hash", "")),
        lock=_lock_of(item),
    )


def _is_number(size: object) -> bool:
    return str(size).isascii() and str(size).isdecimal()


def _lock_of(item: Mapping[str, Any]) -> str:
    if item.get("temporaryHold") or item.get("eventBasedHold"):
        return "a hold"
    until = item.get("retentionExpirationTime")
    if until and datetime.fromisoformat(until) > datetime.now(UTC):
        return f"its retention until {until[:10]}"
    return ""
