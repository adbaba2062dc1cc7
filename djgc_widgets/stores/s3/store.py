"""Stores on S3: listed in pages, their records written on conditions."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

from datajoint.storage import StorageBackend

from djgc_widgets.model import StoreInfo, error_text
from djgc_widgets.stores.api_listing import Page
from djgc_widgets.stores.pinned_objects import FileIdentity, FolderRights, PinnedObject
from djgc_widgets.stores.protocol import (
    Located,
    NotExclusiveError,
    Results,
    Stopped,
    Versioning,
    never_stopped,
)
from djgc_widgets.stores.remote import RemoteStore, base_path
from djgc_widgets.stores.s3.api import Api, ChangedError
from djgc_widgets.stores.s3.batches import WORKERS
from djgc_widgets.stores.s3.moves import Mover
from djgc_widgets.stores.s3.requests import Bucket


class S3Store(RemoteStore):
    """A store on S3; its verbs are those of `SweepableStore`.

    Without a `bucket`, requests go to the one that the backend writes to. `conditional`
    says whether the server honors conditions when it deletes; by default that is tried.
    """

    def __init__(
        self,
        info: StoreInfo,
        backend: StorageBackend,
        inside: Mapping[str, str],
        bucket: Bucket | None = None,
        *,
        conditional: bool | None = None,
    ) -> None:
        super().__init__(info, backend, inside)
        self._given, self._conditional = bucket, conditional

    @cached_property
    def _bucket(self) -> Bucket:
        # connects only now: a store that does not answer is a problem of its listing
        backend = self._backend
        return self._given or Bucket(
            _with_connections(backend.fs), base_path(backend), self.text_of
        )

    def to_trash(
        self, objects: Iterable[PinnedObject], stopped: Stopped = never_stopped
    ) -> Iterator[Results]:
        """Move objects to the trash if they still are what was pinned."""
        return self._mover.to_trash(objects, stopped)

    def from_trash(
        self, objects: Iterable[PinnedObject], stopped: Stopped = never_stopped
    ) -> Iterator[Results]:
        """Move objects back from the trash; never overwrites."""
        return self._mover.from_trash(objects, stopped)

    def purge(
        self, objects: Iterable[PinnedObject], stopped: Stopped = never_stopped
    ) -> Iterator[Results]:
        """Delete pinned files from the trash for good."""
        return self._mover.purge(objects, stopped)

    def whereabouts(self, objects: Iterable[PinnedObject]) -> Located:
        """Look for the files of objects in the store and in the trash."""
        return self._mover.whereabouts(objects)

    def prepare(self, objects: Iterable[PinnedObject]) -> dict[str, FolderRights]:  # noqa: ARG002 - S3 has no folders
        """Return nothing: S3 has no folders."""
        return {}

    def sync(self) -> None:
        """Do nothing: what S3 has acknowledged it keeps."""

    def keep_room(self, *, new: bool) -> None:
        """Do nothing: S3 is never full."""

    def read(self, path: str) -> bytes:
        """Return the content of a record."""
        return self._bucket.read(path)

    def write(self, path: str, data: bytes, *, new: bool = False) -> None:
        """Write a record completely or not at all."""
        if not new:
            self._bucket.put(path, data)
            return
        if not self._bucket.conditions.writes:
            raise NotExclusiveError(
                "its server ignores the conditions If-None-Match and If-Match, without "
                "which two sweepers could work on it at once"
            )
        exists = FileExistsError(f"{path} already exists")
        if self._bucket.head(path) is not None:
            raise exists
        with suppress(ChangedError):  # a request that is repeated meets its own record
            self._bucket.put(path, data, IfNoneMatch="*")
        try:
            ours = self.read(path) == data
        except FileNotFoundError:  # somebody else's, who removed it just now
            ours = False
        if not ours:
            raise exists

    def rewrite(self, path: str, current: bytes, data: bytes) -> bool:
        """Replace a record if it still has this content."""
        now = self._identity_of(path, current)
        if now is None:
            return False
        try:
            self._bucket.put(path, data, IfMatch=now.etag)
        except ChangedError:
            return False
        return True

    def retire(self, path: str, current: bytes, to: str) -> bool:
        """Move a record away if it still has this content."""
        now = self._identity_of(path, current)
        if now is None:
            return False
        self._bucket.put(to, current)
        if self._deletes_on_conditions():
            return not self._bucket.delete({path: now.etag})
        return self._bucket.head(path) == now and not self._bucket.delete({path: ""})

    def remove(self, path: str) -> None:
        """Remove a record."""
        self._bucket.remove(path)

    def changed_at_ns(self, path: str) -> int:
        """Return when a record was written, by the server's clock."""
        now = self._bucket.head(path)
        if now is None:
            raise FileNotFoundError(path)
        return now.modified_ns

    def versioning(self) -> Versioning:
        """Return whether the bucket keeps what is deleted as a version."""
        return self._bucket.versioning()

    @property
    def _asks_by_prefix(self) -> bool:
        return True

    def _pages(self, below: str) -> Iterator[Page]:
        return self._bucket.pages(below)

    @cached_property
    def _mover(self) -> Mover:
        return Mover(self._bucket, self._deletes_on_conditions)

    def _deletes_on_conditions(self) -> bool:
        given = self._conditional
        return self._bucket.conditions.deletes if given is None else given

    def _identity_of(self, path: str, current: bytes) -> FileIdentity | None:
        """Return the identity of a record; None if it has another content."""
        try:
            now = self._bucket.head(path)
            return now if self.read(path) == current else None
        except FileNotFoundError:
            return None


def _with_connections(fs: Any) -> Any:  # noqa: ANN401 - s3fs has no types
    """Return the same file system with a connection for each thread that moves."""
    config = {"max_pool_connections": WORKERS, **fs.config_kwargs}
    options = {**fs.storage_options, "config_kwargs": config}
    return type(fs)(*fs.storage_args, **options)


def lists_alike(*backends: StorageBackend) -> bool:
    """Return whether a server takes differently spelled prefixes for one.

    If both are empty, nothing can be mistaken; if it does not answer, it is not known.
    """
    apis = [Api(backend.fs, base_path(backend), error_text) for backend in backends]
    try:
        one = len({api.prefix for api in apis}) == 1
        return one or not any(api.holds_objects() for api in apis)
    except OSError:
        return False
