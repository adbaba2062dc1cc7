"""Which conditions of requests a server honors: each is tried before it is relied on.

Some servers ignore a condition that they do not know, and overwrite or delete.
"""

import secrets
from collections.abc import Callable
from enum import Enum
from functools import cached_property
from typing import Any

from djgc_widgets.model import TRASH_FOLDER
from djgc_widgets.stores.bucket.protocol import ChangedError, RefusedError
from djgc_widgets.stores.s3.api import Api, is_unknown_call

_NO_ETAG = f'"{"0" * 32}"'


class CopyWay(Enum):
    """How to copy an object so that nothing is overwritten."""

    COPY = "copy"
    """In one request on a condition."""
    PARTS = "parts"
    """In parts that are put together on a condition."""
    WRITE = "write"
    """Read here, and written on a condition."""


class Conditions:
    """What a server honors; tried in the trash of a store when it is first asked."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._path = f"{TRASH_FOLDER}/probe-{secrets.token_hex(4)}"

    @cached_property
    def writes(self) -> bool:
        """Whether an object is written only if it is new, or still has an etag.

        Raises `OSError` if the account may not write or delete in the trash.
        """
        self._remove()  # raises before anything is written that could not be removed
        try:
            self._put(IfNoneMatch="*")
            return self._refuses(self._put, IfNoneMatch="*") and self._refuses(
                self._put, IfMatch=_NO_ETAG
            )
        finally:
            self._remove()

    @cached_property
    def deletes(self) -> bool:
        """Whether several objects are deleted only if they still have their etags.

        Raises `OSError` if the server deletes no several objects in one request.
        """
        self._put()
        asked = {"Key": self._api.key(self._path), "ETag": _NO_ETAG}
        try:
            refused = self._api.delete([asked])
        finally:
            self._remove()
        return any(isinstance(error, ChangedError) for error in refused.values())

    @cached_property
    def sources(self) -> bool:
        """Whether an object is copied only if it still has an etag."""
        self._put()
        try:
            return self._refuses(self._copy, CopySourceIfMatch=_NO_ETAG)
        finally:
            self._remove()

    @cached_property
    def copies(self) -> CopyWay:
        """How to copy an object so that nothing is overwritten."""
        self._put()
        try:
            if self._refuses(self._copy, IfNoneMatch="*"):
                return CopyWay.COPY
            if self._refuses(self._copy_in_parts, IfNoneMatch="*"):
                return CopyWay.PARTS
        finally:
            self._remove()
        return CopyWay.WRITE

    @property
    def copies_once(self) -> bool:
        """Whether one request copies an object so that nothing is overwritten."""
        return self.copies is CopyWay.COPY

    def _refuses(self, request: Callable[..., None], **condition: str) -> bool:
        """Return whether the condition, which does not hold, stops the request."""
        try:
            request(**condition)
        except ChangedError:
            return True
        except RefusedError as error:
            if not is_unknown_call(error):
                raise
        return False

    def _put(self, **condition: str) -> None:
        key = self._api.key(self._path)
        self._api.call("put_object", Key=key, Body=b"probe", **condition)

    def _copy(self, **condition: str) -> None:
        # other metadata, since a copy onto itself has to change something
        key = self._api.key(self._path)
        options: dict[str, Any] = {"MetadataDirective": "REPLACE", **condition}
        source = {"Bucket": self._api.bucket, "Key": key}
        self._api.call("copy_object", Key=key, CopySource=source, **options)

    def _copy_in_parts(self, **condition: str) -> None:
        key = self._api.key(self._path)
        source = {"Bucket": self._api.bucket, "Key": key}
        self._api.copy_in_parts(key, {}, [{"CopySource": source}], condition)

    def _remove(self) -> None:
        self._api.call("delete_object", Key=self._api.key(self._path))
