"""Requests to S3, by paths relative to a store."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any

from djgc_widgets.stores.api_listing import Page, PageOrder, dates_ns
from djgc_widgets.stores.bucket.batches import pages_of
from djgc_widgets.stores.bucket.protocol import (
    PAGE,
    Bucket,
    RefusedError,
    Stored,
    at_or_below,
)
from djgc_widgets.stores.hidden import Hidden
from djgc_widgets.stores.pinned_objects import FileIdentity
from djgc_widgets.stores.protocol import Keeps, Versioning
from djgc_widgets.stores.s3.api import Api, is_unknown_call
from djgc_widgets.stores.s3.conditions import Conditions
from djgc_widgets.stores.s3.copies import LARGEST_COPY, Copier
from djgc_widgets.stores.s3.hidden import uploads, versions
from djgc_widgets.stores.s3.kept import (
    identity_of,
    lock_of,
    storage_class_of,
    storage_options,
)

_AT_ONCE = 8
"""Requests that delete, at once."""
_DELETED = PAGE // _AT_ONCE
"""Most objects that one of them deletes."""

_NO_LOCKS = "ObjectLockConfigurationNotFoundError"


class S3Bucket(Bucket):
    """The part of a bucket that is a store: `base` is bucket and prefix.

    `text_of` returns the text of an error without the store's keys. A copy of more than
    `largest_copy` bytes is made in parts.
    """

    seeks = True

    def __init__(
        self,
        fs: Any,  # noqa: ANN401 - s3fs has no types
        base: str,
        text_of: Callable[[Exception], str],
        largest_copy: int = LARGEST_COPY,
    ) -> None:
        self._api = Api(fs, base, text_of)
        self._conditions = Conditions(self._api)
        self._copier = Copier(self._api, self._conditions, largest_copy)

    @property
    def n_unanswered(self) -> int:
        """Requests to delete that had no clear answer."""
        return len(self._api.unanswered)

    @property
    def conditions(self) -> Conditions:
        """Which conditions the server heeds."""
        return self._conditions

    def pages(self, below: str = "", after: str = "") -> Iterator[Page]:
        """Yield every object whose path begins like that, 1,000 per request."""
        api, prefix = self._api, self._api.key(below)
        start = api.key(after) if after else None
        token = {"StartAfter": start} if start else {}
        order = PageOrder(start)
        while True:
            page, next_token, more = api.listed(prefix, PAGE, **token)
            order.check(page.path, prefix, next_token, more=more)
            yield page._replace(path=[key[len(api.prefix) :] for key in page.path])
            if not more:
                return
            token = {"ContinuationToken": next_token}

    def stored_after(
        self, path: str, per_page: int
    ) -> tuple[dict[str, Stored], str | None]:
        """Return so many objects that are listed after a path, and the last of them."""
        api = self._api
        page, token, more = api.listed(api.prefix, per_page, StartAfter=api.key(path))
        PageOrder().check(page.path, api.prefix, token, more=more)
        stored = _stored_of(
            page._replace(path=[key[len(api.prefix) :] for key in page.path])
        )
        return stored, next(reversed(stored), None) if more else None

    def stored(self, path: str) -> dict[str, Stored]:
        """Return each object at or below a path, as listed."""
        stored: dict[str, Stored] = {}
        for page in self.pages(path):
            stored |= at_or_below(_stored_of(page), path)
        return stored

    def look(self, path: str) -> Stored | None:
        """Look at one object; its date is in full seconds."""
        try:
            answer = self._api.call("head_object", Key=self._api.key(path))
        except FileNotFoundError:
            return None
        identity = identity_of(answer)
        return Stored(identity, storage_class_of(answer), content=identity.etag)

    def lock_of(self, path: str, stored: Stored) -> str:  # noqa: ARG002 - no listing tells of locks
        """Say what locks an object; one request where objects may be locked."""
        if not self._may_lock:
            return ""
        try:
            return lock_of(self._api.call("head_object", Key=self._api.key(path)))
        except FileNotFoundError:
            return ""

    def read(self, path: str) -> bytes:
        """Return the content of an object."""
        return self._api.content(self._api.key(path))

    def put(self, path: str, data: bytes, *, new: bool = False, etag: str = "") -> None:
        """Write an object, only if it is `new` or still has an etag."""
        condition = {"IfNoneMatch": "*"} if new else {"IfMatch": etag} if etag else {}
        key = self._api.key(path)
        self._api.call("put_object", Key=key, Body=data, **condition)

    def copy(self, source: str, target: str, found: Stored, *, new: bool) -> None:
        """Copy an object if it still has the etag, if the server heeds that."""
        options = storage_options(found.storage_class)
        if new:
            options["IfNoneMatch"] = "*"
        self._copier.copy(source, target, found.identity, options)

    def delete(self, etags: Mapping[str, str]) -> dict[str, OSError]:
        """Delete up to 1,000 objects that still have these etags, in a few requests.

        An empty etag is no condition. Return why the others stayed. A server takes a
        while for each object of a request, so these are made at once.
        """
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            parts = pool.map(partial(self._delete, etags), pages_of(etags, _DELETED))
            return {path: error for part in parts for path, error in part.items()}

    def _delete(
        self, etags: Mapping[str, str], paths: Sequence[str]
    ) -> dict[str, OSError]:
        """Delete objects in one request."""
        asked = [
            {
                "Key": self._api.key(path),
                **({"ETag": etags[path]} if etags[path] else {}),
            }
            for path in paths
        ]
        try:
            stayed = self._api.delete(asked)
        except OSError as error:
            return dict.fromkeys(paths, error)
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
            if not (etag and is_unknown_call(error)):
                raise
            self._api.call("delete_object", Key=key)

    def keeps(self) -> Keeps:
        """Return whether the bucket keeps what is deleted as a version."""
        status = str(self._api.call("get_bucket_versioning").get("Status", ""))
        return Keeps(Versioning(status.lower()) if status else Versioning.OFF)

    def hidden(self) -> list[Iterator[list[Hidden]]]:
        """Return listings of uploads, and of versions unless there never were any."""
        return [uploads(self._api), self._versions()]

    def _versions(self) -> Iterator[list[Hidden]]:
        if self.keeps().versioning is not Versioning.OFF:
            yield from versions(self._api)

    @cached_property
    def _may_lock(self) -> bool:
        """Whether objects may be locked; if the account may not ask, they may be."""
        try:
            self._api.call("get_object_lock_configuration")
        except FileNotFoundError:
            return False
        except RefusedError as error:
            return not (is_unknown_call(error) or error.code == _NO_LOCKS)
        return True


def _stored_of(page: Page) -> dict[str, Stored]:
    """Return each object of a page."""
    for path, size in zip(page.path, page.size, strict=True):
        if not isinstance(size, int):
            raise OSError(f"expected a size of {path!r}, got {size!r}")
    dates = dates_ns(page.modified).tolist()
    columns = page.path, page.size, dates, page.etag, page.storage_class
    return {
        path: Stored(FileIdentity(size, date, 0, etag), storage_class, content=etag)
        for path, size, date, etag, storage_class in zip(*columns, strict=True)
    }
