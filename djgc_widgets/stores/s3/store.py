"""Stores on S3: listed in pages, their records written on conditions."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property

from datajoint.storage import StorageBackend

from djgc_widgets.model import TRASH_FOLDER, StoreInfo
from djgc_widgets.stores.api_listing import Entry
from djgc_widgets.stores.pinned_objects import FileIdentity, PinnedObject
from djgc_widgets.stores.protocol import Located, Results
from djgc_widgets.stores.remote import RemoteStore, base_path
from djgc_widgets.stores.s3.moves import Mover
from djgc_widgets.stores.s3.requests import Bucket, ChangedError

_PROBE = f"{TRASH_FOLDER}/probe"


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
        return self._given or Bucket(backend.fs, base_path(backend), self.text_of)

    def to_trash(self, objects: Iterable[PinnedObject]) -> Iterator[Results]:
        """Move objects to the trash if they still are what was pinned."""
        return self._mover.to_trash(objects)

    def from_trash(self, objects: Iterable[PinnedObject]) -> Iterator[Results]:
        """Move objects back from the trash; never overwrites."""
        return self._mover.from_trash(objects)

    def purge(self, objects: Iterable[PinnedObject]) -> Iterator[Results]:
        """Delete pinned files from the trash for good."""
        return self._mover.purge(objects)

    def whereabouts(self, objects: Iterable[PinnedObject]) -> Located:
        """Look for the files of objects in the store and in the trash."""
        return self._mover.whereabouts(objects)

    def prune(self, objects: Iterable[PinnedObject]) -> None:
        """Do nothing: S3 has no folders."""

    def read(self, path: str) -> bytes:
        """Return the content of a record."""
        return self._bucket.read(path)

    def write(self, path: str, data: bytes, *, new: bool = False) -> None:
        """Write a record completely or not at all."""
        if not new:
            self._bucket.put(path, data)
            return
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
        return not self._mover.delete({path: now.etag})

    def remove(self, path: str) -> None:
        """Remove a record."""
        self._bucket.remove(path)

    def changed_at_ns(self, path: str) -> int:
        """Return when a record was written, by the server's clock."""
        now = self._bucket.head(path)
        if now is None:
            raise FileNotFoundError(path)
        return now.modified_ns

    def keeps_versions(self) -> bool:
        """Return whether the bucket keeps what is deleted as a version."""
        return self._bucket.is_versioned()

    def _pages(self, below: str) -> Iterator[list[Entry]]:
        return self._bucket.pages(below)

    @cached_property
    def _mover(self) -> Mover:
        conditional = self._conditional
        if conditional is None:
            conditional = self._bucket.honors_conditions(_PROBE)
        return Mover(self._bucket, conditional=conditional)

    def _identity_of(self, path: str, current: bytes) -> FileIdentity | None:
        """Return the identity of a record; None if it has another content."""
        try:
            now = self._bucket.head(path)
            return now if self.read(path) == current else None
        except FileNotFoundError:
            return None
