"""Buckets of Google Cloud: raw pages and conditions on generations.

A generation is the identity of what was written once, and of nothing else: it plays the
part of an ETag. The listings of gcsfs are not used: they merge keys with empty
segments, and know folders where there are none.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any

from djgc_widgets.stores.api_listing import Page, PageOrder, modified_ns
from djgc_widgets.stores.bucket.protocol import (
    PAGE,
    RefusedError,
    Stored,
    at_or_below,
)
from djgc_widgets.stores.cloud.bucket import CloudBucket
from djgc_widgets.stores.cloud.google_api import GoogleApi, Item
from djgc_widgets.stores.cloud.google_hidden import FIELDS, old, softly_deleted
from djgc_widgets.stores.hidden import Hidden
from djgc_widgets.stores.pinned_objects import FileIdentity
from djgc_widgets.stores.protocol import Keeps, Versioning

_SCANNED = "name,size,updated,generation"
_LOOKED_AT = (
    f"{_SCANNED},md5Hash,crc32c,storageClass,temporaryHold,eventBasedHold,"
    "retentionExpirationTime"
)
_REWRITTEN = (
    *("cacheControl", "contentDisposition", "contentEncoding", "contentLanguage"),
    *("contentType", "customTime", "metadata", "storageClass"),
)
_LISTING = "storage#objects"


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
        self._api = GoogleApi(fs, text_of)
        self._bucket, _, self._root = base.partition("/")

    def pages(
        self, below: str = "", after: str = "", per_page: int = PAGE
    ) -> Iterator[Page]:
        """Yield every object whose path begins like that, 1,000 per request."""
        for items in self._listed(below, _SCANNED, per_page, after):
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
        items, token = self._page(self._root, _LOOKED_AT, per_page, start)
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
        return self._api.ask("GET", *self._at(path), alt="media")

    def put(self, path: str, data: bytes, *, new: bool = False, etag: str = "") -> None:
        """Write an object, only if it is `new` or still has a generation."""
        condition = "0" if new else etag
        written = self._api.item(
            "POST",
            *(f"{self._api.uploads}b/{{}}/o", self._bucket),
            body=data,
            uploadType="media",
            name=f"{self._root}{path}",
            **({"ifGenerationMatch": condition} if condition else {}),
        )
        _generation_of(written)

    def copy(self, source: str, target: str, found: Stored, *, new: bool) -> None:
        """Copy an object if it still has the generation; a big one in several steps."""
        origin, copy = f"{self._root}{source}", f"{self._root}{target}"
        asked = {"ifSourceGenerationMatch": found.identity.etag}
        if new:
            asked["ifGenerationMatch"] = "0"
        # without a body all is kept but the class, which becomes that of new objects
        body: Item | None = None
        if found.storage_class != self._default_class:
            item = self._item(source, ",".join(_REWRITTEN))
            body = {name: item[name] for name in _REWRITTEN if name in item}
        where = (
            "b/{}/o/{}/rewriteTo/b/{}/o/{}",
            self._bucket,
            origin,
            self._bucket,
            copy,
        )
        while True:
            try:
                step = self._api.item("POST", *where, body=body, **asked)
            except FileNotFoundError:
                self._expect_gone(source)
                raise
            if step.get("done"):
                return
            if not step.get("rewriteToken"):
                raise OSError(f"expected a finished copy or a token, got {step}")
            asked["rewriteToken"] = str(step["rewriteToken"])

    def remove(self, path: str, etag: str = "") -> None:
        """Delete an object, if it still has a generation."""
        condition: Item = {"ifGenerationMatch": etag} if etag else {}
        try:
            self._api.ask("DELETE", *self._at(path), **condition)
        except FileNotFoundError:
            self._expect_gone(path)

    def keeps(self) -> Keeps:
        """Return what the bucket keeps of what is deleted."""
        asked = self._policies()
        seconds = asked.get("softDeletePolicy", {}).get("retentionDurationSeconds", 0)
        soft_for = timedelta(seconds=int(seconds)) or None
        if asked.get("versioning", {}).get("enabled"):
            return Keeps(Versioning.ENABLED, soft_for)
        return Keeps(Versioning.SOFT if soft_for else Versioning.OFF, soft_for)

    def hidden(self) -> list[Iterator[list[Hidden]]]:
        """Return listings of what was overwritten, and of what is deleted softly."""
        page = partial(self._page, self._root, FIELDS, PAGE)
        listings = [softly_deleted(page, self._path)]
        if self._may_have_versions:
            listings.append(old(page, self._path))
        return listings

    @property
    def _may_have_versions(self) -> bool:
        """Whether the bucket ever kept versions; if the account may not ask, it did."""
        try:
            return "versioning" in self._policies()
        except RefusedError:
            return True

    def _policies(self) -> Item:
        fields = "versioning,softDeletePolicy"
        return self._api.item("GET", "b/{}", self._bucket, fields=fields)

    @cached_property
    def _default_class(self) -> str | None:
        """The class of new objects; None if the account may not ask."""
        try:
            asked = self._api.item("GET", "b/{}", self._bucket, fields="storageClass")
        except RefusedError:
            return None
        return str(asked.get("storageClass", ""))

    def _listed(
        self, below: str, fields: str, per_page: int, after: str = ""
    ) -> Iterator[list[Item]]:
        token, prefix = "", f"{self._root}{below}"
        start = f"{self._root}{after}" if after else None
        order = PageOrder(start)
        while True:
            options = {"pageToken": token} if token else {}
            if start:
                options["startOffset"] = start
            items, token = self._page(prefix, fields, per_page, options)
            order.check([i["name"] for i in items], prefix, token, more=bool(token))
            yield items
            if not token:
                return

    def _page(
        self, prefix: str, fields: str, per_page: int, options: Mapping[str, Any]
    ) -> tuple[list[Item], str]:
        try:
            answer = self._api.item(
                "GET",
                *("b/{}/o", self._bucket),
                prefix=prefix,
                maxResults=str(per_page),
                fields=f"kind,items({fields}),nextPageToken",
                **options,
            )
        except FileNotFoundError as error:
            raise OSError(f"the bucket {self._bucket} does not exist") from error
        items = answer.get("items", [])
        if answer.get("kind") != _LISTING or not _are_items(items):
            raise OSError(f"expected a listing, got {str(answer)[:100]}")
        return items, str(answer.get("nextPageToken") or "")

    def _expect_gone(self, path: str) -> None:
        """Raise if the server, or one before it, did not tell of this object."""
        key = f"{self._root}{path}"
        items, _ = self._page(key, "name", 1, {})
        if items and items[0]["name"] == key:
            raise OSError(
                f"expected that {path} is gone, as the server said; it is listed"
            )

    def _stored_of(self, items: list[Item]) -> dict[str, Stored]:
        return {self._path(item): _stored(item) for item in items}

    def _path(self, item: Item) -> str:
        return str(item["name"])[len(self._root) :]

    def _at(self, path: str) -> tuple[str, str, str]:
        return "b/{}/o/{}", self._bucket, f"{self._root}{path}"

    def _item(self, path: str, fields: str) -> Item:
        return self._api.item("GET", *self._at(path), fields=fields)


def _stored(item: Mapping[str, Any]) -> Stored:
    size = item.get("size")
    if not _is_number(size):
        raise OSError(f"expected a size of {item.get('name')!r}, got {size!r}")
    modified = modified_ns(item.get("updated"))
    # what was put together from parts has no MD5
    return Stored(
        FileIdentity(int(str(size)), modified, 0, _generation_of(item)),
        str(item.get("storageClass", "")),
        content=str(item.get("md5Hash") or item.get("crc32c") or ""),
        lock=_lock_of(item),
    )


def _generation_of(item: Mapping[str, Any]) -> str:
    generation = str(item.get("generation", ""))
    if not generation:
        raise OSError(f"expected a generation of {item.get('name')!r}, got none")
    return generation


def _are_items(items: object) -> bool:
    if not isinstance(items, list):
        return False
    return all(isinstance(i, dict) and isinstance(i.get("name"), str) for i in items)


def _is_number(size: object) -> bool:
    return str(size).isascii() and str(size).isdecimal()


def _lock_of(item: Mapping[str, Any]) -> str:
    if item.get("temporaryHold") or item.get("eventBasedHold"):
        return "a hold"
    until = item.get("retentionExpirationTime")
    if until is None:
        return ""
    try:
        held = datetime.fromisoformat(until) > datetime.now(UTC)
    except (TypeError, ValueError):
        raise OSError(f"expected a date of a retention, got {until!r}") from None
    return f"its retention until {until[:10]}" if held else ""
