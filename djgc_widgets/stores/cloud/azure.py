"""Containers of Azure: raw pages and conditions on ETags.

The client is that of the file system object that DataJoint writes with. Its own
listings merge keys with empty segments, and know folders where there are none.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from fsspec.asyn import sync

from djgc_widgets.model import TRASH_FOLDER
from djgc_widgets.stores.api_listing import Page, PageOrder, modified_ns
from djgc_widgets.stores.bucket.protocol import (
    PAGE,
    RefusedError,
    Stored,
    at_or_below,
)
from djgc_widgets.stores.cloud.azure_blobs import etag_of, if_match, lock_of
from djgc_widgets.stores.cloud.azure_errors import os_error_of
from djgc_widgets.stores.cloud.azure_hidden import KEPT, hidden_blobs
from djgc_widgets.stores.cloud.bucket import CloudBucket
from djgc_widgets.stores.cloud.repeated import repeat_nothing, until_answered
from djgc_widgets.stores.hidden import Hidden
from djgc_widgets.stores.pinned_objects import FileIdentity
from djgc_widgets.stores.protocol import Keeps, Versioning

_SCANNED = ("metadata",)
_LOOKED_AT = ("metadata", "copy", "immutabilitypolicy", "legalhold")
_PAUSE_SECONDS = 0.2
_GIVEN_UP = {"aborted", "failed"}
_WHOLE = {None, "success"}
_Answer = TypeVar("_Answer")


class AzureBucket(CloudBucket):
    """The part of a container that is a store: `base` is container and prefix.

    `text_of` returns the text of an error without the store's keys.
    """

    no_etag = '"0x0"'
    seeks = False

    def __init__(
        self,
        fs: Any,  # noqa: ANN401 - adlfs has no types
        base: str,
        text_of: Callable[[Exception], str],
    ) -> None:
        self._fs, self._text_of = fs, text_of
        self._name, _, self._root = base.partition("/")
        self._keeps_versions = False

    def pages(
        self, below: str = "", after: str = "", per_page: int = PAGE
    ) -> Iterator[Page]:
        """Yield every object whose path begins like that."""
        if after:
            raise NotImplementedError  # no listing begins in the middle
        for blobs in self._listed(below, _SCANNED, per_page):
            yield Page.of(
                (self._path(b), b.size, b.last_modified, etag_of(b)) for b in blobs
            )

    def stored(self, path: str) -> dict[str, Stored]:
        """Return each object at or below a path, as listed."""
        stored: dict[str, Stored] = {}
        include = (*_LOOKED_AT, *(["tags"] if self._may_see_tags else []))
        for blobs in self._listed(path, include, PAGE):
            page = {self._path(blob): self._stored(blob) for blob in blobs}
            stored |= at_or_below(page, path)
        return stored

    def stored_after(
        self, path: str, per_page: int
    ) -> tuple[dict[str, Stored], str | None]:
        """Raise: no listing begins in the middle."""
        raise NotImplementedError

    def look(self, path: str) -> Stored | None:
        """Look at one object."""
        try:
            return self._stored(self._run(self._properties(path)))
        except FileNotFoundError:
            return None

    def lock_of(self, path: str, stored: Stored) -> str:  # noqa: ARG002 - every listing tells
        """Say what locks an object, as it was found, or its container."""
        return stored.lock or self._lock

    def read(self, path: str) -> bytes:
        """Return the content of an object."""
        return self._run(self._read(path))

    def put(self, path: str, data: bytes, *, new: bool = False, etag: str = "") -> None:
        """Write an object, only if it is `new` or still has an etag."""
        answer = self._run(self._put(path, data, overwrite=not new, **if_match(etag)))
        self._keeps_versions = bool(answer.get("version_id"))

    def copy(self, source: str, target: str, found: Stored, *, new: bool) -> None:
        """Copy an object if it still has the etag; wait for a big one."""
        self._run(self._copy(source, target, found, new=new))

    def remove(self, path: str, etag: str = "") -> None:
        """Delete an object, if it still has an etag."""
        try:
            until_answered(lambda: self._run(self._remove(path, **if_match(etag))))
        except FileNotFoundError:
            return

    def keeps(self) -> Keeps:
        """Return what the account keeps of what is deleted, as the last write told."""
        policy = self._run(self._service())["delete_retention_policy"]
        soft_for = timedelta(days=policy.days) if policy.days else None
        if self._keeps_versions:
            return Keeps(Versioning.ENABLED, soft_for)
        if policy.enabled:
            return Keeps(Versioning.SOFT, soft_for)
        return Keeps(Versioning.OFF)

    def hidden(self) -> list[Iterator[list[Hidden]]]:
        """Return a listing of versions, snapshots and what is deleted softly."""

        def page(token: str) -> tuple[list[Any], str]:
            return self._run(self._page(self._root, token, KEPT, PAGE))

        return [hidden_blobs(page, self._path)]

    @cached_property
    def _may_see_tags(self) -> bool:
        """Whether the account may see the tags of blobs, a right of its own."""
        try:
            self._run(self._page(f"{self._root}{TRASH_FOLDER}/", "", ("tags",), 1))
        except RefusedError:
            return False
        return True

    @cached_property
    def _lock(self) -> str:
        """What locks all objects of the container; empty if nothing does."""
        container = self._run(self._container())
        if container.has_legal_hold:
            return "a legal hold of its container"
        policy = container.has_immutability_policy
        return "the retention policy of its container" if policy else ""

    def _listed(
        self, below: str, include: tuple[str, ...], per_page: int
    ) -> Iterator[list[Any]]:
        order, token, prefix = PageOrder(), "", f"{self._root}{below}"
        while True:
            blobs, token = self._run(self._page(prefix, token, include, per_page))
            order.check([b.name for b in blobs], prefix, token, more=bool(token))
            yield [
                blob
                for blob in blobs
                if (blob.metadata or {}).get("hdi_isfolder") != "true"
            ]
            if not token:
                return

    def _path(self, blob: Any) -> str:  # noqa: ANN401 - as above
        return str(blob.name)[len(self._root) :]

    def _stored(self, blob: Any) -> Stored:  # noqa: ANN401 - as above
        if not isinstance(blob.size, int) or not blob.etag:
            given = blob.size, blob.etag
            raise OSError(f"expected a size and an ETag of {blob.name!r}, got {given}")
        modified = modified_ns(blob.last_modified)
        # what is written otherwise can be changed and yet be called a copy
        whole = blob.blob_type == "BlockBlob" and blob.copy.status == "success"
        of_one_write = blob.blob_type == "BlockBlob" and blob.copy.status in _WHOLE
        md5 = blob.content_settings.content_md5 or b""
        return Stored(
            FileIdentity(blob.size, modified, 0, etag_of(blob)),
            "" if blob.blob_tier_inferred else str(blob.blob_tier or ""),
            content=md5.hex() if of_one_write else "",
            copied_from=self._path_of(blob.copy.source) if whole else "",
            lock=lock_of(blob),
            tags=blob.tags or {},
        )

    def _path_of(self, url: str | None) -> str:
        """Return the path of a blob of this store; empty of any other one."""
        own = urlsplit(self._client("x").url)
        start, given = unquote(own.path)[:-1], urlsplit(url or "")
        inside = given.netloc == own.netloc and unquote(given.path).startswith(start)
        return unquote(given.path)[len(start) :] if inside else ""

    def _client(self, path: str) -> Any:  # noqa: ANN401 - as above
        key = f"{self._root}{path}"
        if {".", ".."}.intersection(key.split("/")):  # no URL leads there
            raise OSError(f"expected a key without the segments . and .., got {key!r}")
        return self._fs.service_client.get_blob_client(self._name, key)

    def _run(self, asked: Coroutine[Any, Any, _Answer]) -> _Answer:
        async def answer() -> tuple[_Answer]:
            return (await asked,)  # what was canceled has no answer

        told: _Answer
        try:
            (told,) = sync(self._fs.loop, answer)
        except Exception as error:  # noqa: BLE001 - each library below has its own errors; all are raised on
            raise os_error_of(error, self._text_of) from None
        return told

    async def _page(
        self, prefix: str, token: str, include: tuple[str, ...], per_page: int
    ) -> tuple[list[Any], str]:
        async with self._fs.service_client.get_container_client(self._name) as client:
            listed = client.list_blobs(
                name_starts_with=prefix or None,
                include=list(include),
                results_per_page=per_page,
            )
            pages = listed.by_page(token or None)
            try:
                page = await anext(pages)
            except StopAsyncIteration:
                return [], ""
            return [blob async for blob in page], str(pages.continuation_token or "")

    async def _properties(self, path: str) -> Any:  # noqa: ANN401 - as above
        async with self._client(path) as blob:
            properties = await blob.get_blob_properties()
            if properties.tag_count:
                properties.tags = await blob.get_blob_tags()
            return properties

    async def _read(self, path: str) -> bytes:
        async with self._client(path) as blob:
            return bytes(await (await blob.download_blob()).readall())

    async def _put(self, path: str, data: bytes, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - of the API
        async with self._client(path) as blob:
            return dict(await blob.upload_blob(data, **options))

    async def _copy(
        self, source: str, target: str, found: Stored, *, new: bool
    ) -> None:
        from azure.core import MatchConditions  # noqa: PLC0415 - adlfs brings it
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - likewise
        from azure.storage.blob import StandardBlobTier  # noqa: PLC0415 - likewise

        options: dict[str, Any] = {
            "source_etag": found.identity.etag,
            "source_match_condition": MatchConditions.IfNotModified,
        }
        if new:
            options["match_condition"] = MatchConditions.IfMissing
        if found.storage_class:
            options["standard_blob_tier"] = StandardBlobTier(found.storage_class)
        if found.tags:
            options["tags"] = dict(found.tags)
        async with self._client(source) as origin, self._client(target) as copy:
            begun = await copy.start_copy_from_url(origin.url, **options)
            status, why = begun["copy_status"], ""
            while status == "pending":
                await asyncio.sleep(_PAUSE_SECONDS)
                now = await copy.get_blob_properties()
                if now.copy.id != begun["copy_id"]:
                    raise OSError(f"somebody else wrote {target} while it was copied")
                status, why = now.copy.status, now.copy.status_description
                if status in _GIVEN_UP:
                    try:
                        await copy.delete_blob(**if_match(now.etag))  # it is empty
                    except AzureError as error:
                        why = f"{why}; what it left stays: {error.message}"
        if status != "success":
            raise OSError(f"expected a finished copy of {source}; got {status} {why}")

    async def _remove(self, path: str, **options: Any) -> None:  # noqa: ANN401 - of the API
        # nothing below repeats the request, as `until_answered` wants it
        transport = self._fs.service_client._pipeline._transport  # noqa: SLF001 - there is no other way to its session
        await transport.open()
        repeat_nothing(transport.session)
        async with self._client(path) as blob:
            await blob.delete_blob(retry_total=0, **options)

    async def _container(self) -> Any:  # noqa: ANN401 - as above
        async with self._fs.service_client.get_container_client(self._name) as client:
            return await client.get_container_properties()

    async def _service(self) -> dict[str, Any]:
        return dict(await self._fs.service_client.get_service_properties())
