"""Requests to S3, by paths relative to a store."""

import errno
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from djgc_widgets.stores.api_listing import Page, PageOrder, dates_ns
from djgc_widgets.stores.pinned_objects import FileIdentity
from djgc_widgets.stores.protocol import Versioning
from djgc_widgets.stores.s3.api import Api, ChangedError, RefusedError
from djgc_widgets.stores.s3.conditions import Conditions
from djgc_widgets.stores.s3.copies import LARGEST_COPY, Copier
from djgc_widgets.stores.s3.kept import identity_of, lock_of, storage_class_of

PAGE = 1_000
"""Most keys of one request."""

_SECOND_NS = 10**9
_NO_LOCKS = "ObjectLockConfigurationNotFoundError"


class Stored(NamedTuple):
    """An object as the bucket describes it."""

    identity: FileIdentity
    storage_class: str
    """Empty for the standard class."""


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
        largest_copy: int = LARGEST_COPY,
    ) -> None:
        self._api = Api(fs, base, text_of)
        self.conditions = Conditions(self._api)
        self._copier = Copier(self._api, self.conditions, largest_copy)

    def pages(self, below: str = "") -> Iterator[Page]:
        """Yield every object whose path begins like that, 1,000 per request."""
        api, order, token = self._api, PageOrder(), dict[str, str]()
        prefix = api.key(below)
        while True:
            page, next_token, more = api.listed(prefix, PAGE, **token)
            order.check(page.path, prefix, next_token, more=more)
            yield page._replace(path=[key[len(api.prefix) :] for key in page.path])
            if not more:
                return
            token = {"ContinuationToken": next_token}

    def page_after(self, path: str, per_page: int) -> tuple[Page, bool]:
        """Return so many objects that are listed after a path; True if there are more.

        The path itself need not exist.
        """
        api = self._api
        page, token, more = api.listed(api.prefix, per_page, StartAfter=api.key(path))
        PageOrder().check(page.path, api.prefix, token, more=more)
        paths = [key[len(api.prefix) :] for key in page.path]
        return page._replace(path=paths), more

    def stored(self, path: str) -> dict[str, Stored]:
        """Return each object at or below a path, as listed."""
        stored: dict[str, Stored] = {}
        for page in self.pages(path):
            stored |= stored_at(page, path)
        return stored

    def look(self, path: str) -> Stored | None:
        """Look at one object; its date is in full seconds."""
        try:
            answer = self._api.call("head_object", Key=self._api.key(path))
        except FileNotFoundError:
            return None
        return Stored(identity_of(answer), storage_class_of(answer))

    def head(self, path: str) -> FileIdentity | None:
        """Return the identity of one object, with its date in full seconds."""
        found = self.look(path)
        return found and found.identity

    def lock_of(self, path: str) -> str:
        """Say what locks an object; empty if nothing does, or it is gone."""
        if not self._may_lock:
            return ""
        try:
            return lock_of(self._api.call("head_object", Key=self._api.key(path)))
        except FileNotFoundError:
            return ""

    def read(self, path: str) -> bytes:
        """Return the content of an object."""
        return self._api.content(self._api.key(path))

    def put(self, path: str, data: bytes, **condition: str) -> None:
        """Write an object; ``IfMatch`` and ``IfNoneMatch`` are conditions."""
        key = self._api.key(path)
        self._api.call("put_object", Key=key, Body=data, **condition)

    def copy_unseen(
        self, source: str, target: str, pin: FileIdentity, **options: str
    ) -> None:
        """Copy an object if it still has the pinned etag, if the server heeds that.

        ``IfNoneMatch="*"`` never overwrites; ``StorageClass`` is that of the copy.
        """
        self._copier.copy(source, target, pin, options)

    def copy(self, source: str, target: str, pin: FileIdentity, **options: str) -> None:
        """Copy an object if it still has the pinned etag, and check the copy's size."""
        self.copy_unseen(source, target, pin, **options)
        copied = self.head(target)
        if copied is None or copied.size_bytes != pin.size_bytes:
            size = "nothing" if copied is None else f"{copied.size_bytes:,} bytes"
            raise OSError(
                f"expected a copy of {pin.size_bytes:,} bytes at {target}; got {size}"
            )
        if not self.conditions.sources and not self._is_still(source, pin):
            raise ChangedError(errno.EEXIST, "it was changed")

    def delete(self, etags: Mapping[str, str]) -> dict[str, OSError]:
        """Delete up to 1,000 objects that still have these etags, in one request.

        An empty etag is no condition. Return why the others stayed.
        """
        asked = [
            {"Key": self._api.key(path), **({"ETag": etag} if etag else {})}
            for path, etag in etags.items()
        ]
        try:
            stayed = self._api.delete(asked)
        except OSError as error:
            return dict.fromkeys(etags, error)
        return {self._api.path(key): error for key, error in stayed.items()}

    def remove(self, path: str, etag: str = "") -> None:
        """Delete an object, if it still has an etag; by default on no condition.

        One request for one object: some servers refuse to delete several at once.
        """
        key = self._api.key(path)
        try:
            condition = {"IfMatch": etag} if etag else {}
            self._api.call("delete_object", Key=key, **condition)
        except RefusedError as error:
            if not (etag and error.is_unknown_call):
                raise
            self._api.call("delete_object", Key=key)

    def versioning(self) -> Versioning:
        """Return whether the bucket keeps what is deleted as a version."""
        status = str(self._api.call("get_bucket_versioning").get("Status", ""))
        return Versioning(status.lower()) if status else Versioning.OFF

    @cached_property
    def _may_lock(self) -> bool:
        """Whether objects may be locked; if the account may not ask, they may be."""
        try:
            self._api.call("get_object_lock_configuration")
        except FileNotFoundError:
            return False
        except RefusedError as error:
            return not (error.is_unknown_call or error.code == _NO_LOCKS)
        return True

    def _is_still(self, path: str, pin: FileIdentity) -> bool:
        """Return whether an object was not even overwritten by what it was."""
        now = self.head(path)
        if now is None or now.etag != pin.etag:
            return False
        return now.modified_ns // _SECOND_NS == pin.modified_ns // _SECOND_NS


def stored_at(page: Page, path: str) -> dict[str, Stored]:
    """Return each object of a page that is at or below a path."""
    below = f"{path}/"
    found = page.only([p == path or p.startswith(below) for p in page.path])
    dates = dates_ns(found.modified).tolist()
    for p, size in zip(found.path, found.size, strict=True):
        if not isinstance(size, int):
            raise OSError(f"expected a size of {p!r}, got {size!r}")
    return {
        p: Stored(FileIdentity(size, date, 0, etag), storage_class)
        for p, size, date, etag, storage_class in zip(
            *(found.path, found.size, dates, found.etag, found.storage_class),
            strict=True,
        )
    }
