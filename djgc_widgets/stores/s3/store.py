"""Stores on S3: listed in pages, their records written on conditions."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property

from datajoint.storage import StorageBackend

from djgc_widgets.model import TRASH_FOLDER, StoreInfo
from djgc_widgets.stores.api_listing import Entry
from djgc_widgets.stores.pinned import Identity, Parcel
from djgc_widgets.stores.protocol import Outcomes, Where
from djgc_widgets.stores.remote import RemoteStore, base_of
from djgc_widgets.stores.s3.moves import Copier
from djgc_widgets.stores.s3.requests import Bucket, ChangedError

_PROBE = f"{TRASH_FOLDER}/probe"


class S3Store(RemoteStore):
    """A store on S3.

    Parameters
    ----------
    info : StoreInfo
        The store.
    backend : datajoint.storage.StorageBackend
        DataJoint's own view of it.
    inside : mapping of str to str
        Folders that belong to another store, and its name; they are listed there.
    bucket : Bucket, optional
        What requests go to; by default the one that the backend writes to.
    conditional : bool, optional
        Whether the server heeds conditions when it deletes; by default that is tried.
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
        self._given, self._heeds = bucket, conditional

    @cached_property
    def _bucket(self) -> Bucket:
        # connects only now: a store that does not answer is a problem of its listing
        backend = self._backend
        return self._given or Bucket(backend.fs, base_of(backend), self.told)

    def to_trash(self, parcels: Iterable[Parcel]) -> Iterator[Outcomes]:
        """Move objects to the trash if they still are what was pinned."""
        return self._copier.to_trash(parcels)

    def to_place(self, parcels: Iterable[Parcel]) -> Iterator[Outcomes]:
        """Move objects back from the trash; never overwrites."""
        return self._copier.to_place(parcels)

    def purge(self, parcels: Iterable[Parcel]) -> Iterator[Outcomes]:
        """Delete pinned files from the trash for good."""
        return self._copier.purge(parcels)

    def where(self, parcels: Iterable[Parcel]) -> Iterator[tuple[Parcel, Where]]:
        """Look for the files of objects at their place and in the trash."""
        return self._copier.where(parcels)

    def prune(self, parcels: Iterable[Parcel]) -> None:
        """Do nothing: S3 has no folders."""

    def read(self, path: str) -> bytes:
        """Return a record; `FileNotFoundError` if there is none."""
        return self._bucket.read(path)

    def write(self, path: str, data: bytes, *, new: bool = False) -> None:
        """Write a record whole or not at all; `FileExistsError` if it must be new."""
        if not new:
            self._bucket.put(path, data)
            return
        held = FileExistsError(f"{path} is there already")
        if self._bucket.head(path) is not None:
            raise held
        with suppress(ChangedError):  # a request that is repeated meets its own writing
            self._bucket.put(path, data, IfNoneMatch="*")
        try:
            ours = self.read(path) == data
        except FileNotFoundError:  # somebody else's, who removed it just now
            ours = False
        if not ours:
            raise held

    def rewrite(self, path: str, held: bytes, data: bytes) -> bool:
        """Replace a record by one of equal length if it still holds that."""
        now = self._holding(path, held)
        if now is None:
            return False
        try:
            self._bucket.put(path, data, IfMatch=now.etag)
        except ChangedError:
            return False
        return True

    def retire(self, path: str, held: bytes, to: str) -> bool:
        """Move a record away for good if it still holds that; only one call does."""
        now = self._holding(path, held)
        if now is None:
            return False
        self._bucket.put(to, held)
        return not self._copier.delete({path: now.etag})

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
        """Tell whether what is deleted stays as a version."""
        return self._bucket.is_versioned()

    def _pages(self, below: str) -> Iterator[list[Entry]]:
        return self._bucket.pages(below)

    @cached_property
    def _copier(self) -> Copier:
        heeds = self._heeds
        if heeds is None:
            with ThreadPoolExecutor(1) as pool:
                heeds = self._bucket.heeds_conditions(_PROBE, pool)
        return Copier(self._bucket, conditional=heeds)

    def _holding(self, path: str, held: bytes) -> Identity | None:
        try:
            now = self._bucket.head(path)
            return now if self.read(path) == held else None
        except FileNotFoundError:
            return None
