"""Stores in a bucket: listed in pages, their records written on conditions."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property

from datajoint.storage import StorageBackend

from djgc_widgets.model import Notice, NoticeCode, StoreInfo, in_store
from djgc_widgets.stores.api_listing import Page
from djgc_widgets.stores.bucket.batches import WORKERS
from djgc_widgets.stores.bucket.moves import Mover
from djgc_widgets.stores.bucket.protocol import PAGE, Bucket, ChangedError, Stored
from djgc_widgets.stores.hidden import Hidden
from djgc_widgets.stores.listing import LookUp
from djgc_widgets.stores.pinned_objects import FileIdentity, FolderRights, PinnedObject
from djgc_widgets.stores.protocol import (
    Keeps,
    Located,
    NotExclusiveError,
    Results,
    Stopped,
    never_stopped,
)
from djgc_widgets.stores.remote import RemoteStore

_FEW = 100


class BucketStore(RemoteStore):
    """A store in a bucket; its verbs are those of `Store`.

    Without a `bucket`, requests go to the one that the backend writes to.
    """

    def __init__(
        self,
        info: StoreInfo,
        backend: StorageBackend,
        inside: Mapping[str, str],
        bucket: Bucket | None = None,
    ) -> None:
        super().__init__(info, backend, inside)
        self._given = bucket

    @abstractmethod
    def _connect(self) -> Bucket:
        """Return the bucket that the backend writes to."""

    def look_up(self, paths: Sequence[str]) -> LookUp:
        """Ask for each path, or list the store again if that takes fewer requests."""
        if len(paths) > max(_FEW, self._n_listed // PAGE):
            return super().look_up(paths)
        pool = ThreadPoolExecutor(WORKERS)
        try:
            found = pool.map(self._holds, paths)
            stored = {path for path, held in zip(paths, found, strict=True) if held}
        except Exception as error:  # noqa: BLE001 - each API has its own errors; all are problems
            where, values = in_store(self.info.name), {"error": self.text_of(error)}
            problem = Notice(NoticeCode.STORE_UNREAD, where, values)
            return LookUp(set(), set(paths), [problem], [])
        finally:
            pool.shutdown(cancel_futures=True)
        return LookUp(stored, set(), [], [])

    def _holds(self, path: str) -> bool:
        """Return whether something is stored at or below a path."""
        below = f"{path}/"
        return any(
            (each == path or each.startswith(below)) and not self._is_inside(each)
            for page in self._pages(path)
            for each in page.path
        )

    def to_trash(
        self, objects: Iterable[PinnedObject], stopped: Stopped = never_stopped
    ) -> Iterator[Results]:
        """Move objects to the trash if they still are what was pinned."""
        return self._forgetting(self._mover.to_trash(objects, stopped))

    def from_trash(
        self,
        objects: Iterable[PinnedObject],
        stopped: Stopped = never_stopped,
        settled_ns: int | None = None,
    ) -> Iterator[Results]:
        """Move objects back from the trash; never overwrites."""
        return self._forgetting(self._mover.from_trash(objects, stopped, settled_ns))

    def purge(
        self, objects: Iterable[PinnedObject], stopped: Stopped = never_stopped
    ) -> Iterator[Results]:
        """Delete pinned files from the trash for good."""
        return self._mover.purge(objects, stopped)

    def whereabouts(self, objects: Iterable[PinnedObject]) -> Located:
        """Look for the files of objects in the store and in the trash."""
        return self._mover.whereabouts(objects)

    def stored_files(
        self, objects: Iterable[PinnedObject]
    ) -> Iterator[tuple[PinnedObject, dict[str, FileIdentity]]]:
        """Look for all files of objects, pinned or not, by path in the store."""
        return self._mover.stored_files(objects)

    def prepare(self, objects: Iterable[PinnedObject]) -> dict[str, FolderRights]:  # noqa: ARG002 - a bucket has no folders
        """Return nothing: a bucket has no folders."""
        return {}

    def sync(self) -> None:
        """Do nothing: what a bucket has acknowledged it keeps."""

    def keep_room(self, *, new: bool) -> None:
        """Do nothing: a bucket is never full."""

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
                f"{self._bucket.why_not_exclusive}, so that two sweepers could work on "
                "it at once"
            )
        exists = FileExistsError(f"{path} already exists")
        if self._bucket.look(path) is not None:
            raise exists
        with suppress(ChangedError):  # a request that is repeated meets its own record
            self._bucket.put(path, data, new=True)
        try:
            ours = self.read(path) == data
        except FileNotFoundError:  # somebody else's, who removed it just now
            ours = False
        if not ours:
            raise exists

    def rewrite(self, path: str, current: bytes, data: bytes) -> bool:
        """Replace a record if it still has this content."""
        now = self._record(path, current)
        if now is None:
            return False
        try:
            self._bucket.put(path, data, etag=now.identity.etag)
        except ChangedError:  # a request that is repeated meets its own record
            return self._record(path, data) is not None
        return True

    def retire(self, path: str, current: bytes, to: str) -> bool:
        """Move a record away if it still has this content."""
        now = self._record(path, current)
        if now is None:
            return False
        self._bucket.put(to, current)
        if self._deletes_on_conditions():
            return not self._bucket.delete({path: now.identity.etag})
        same = self._bucket.look(path) == now
        return same and not self._bucket.delete({path: ""})

    def remove(self, path: str) -> None:
        """Remove a record."""
        self._bucket.remove(path)

    def changed_at_ns(self, path: str) -> int:
        """Return when a record was written, by the server's clock."""
        now = self._bucket.look(path)
        if now is None:
            raise FileNotFoundError(path)
        return now.identity.modified_ns

    def keeps(self) -> Keeps:
        """Return what the bucket keeps of what is deleted."""
        return self._bucket.keeps()

    def hidden(self) -> Iterator[list[Hidden]]:
        """Yield what the bucket keeps beside its objects, a page at a time."""
        texts: list[str] = []
        for listed in self._bucket.hidden():
            try:
                for page in listed:
                    yield [each for each in page if not self._is_inside(each.path)]
            except Exception as error:  # noqa: BLE001 - each API has its own errors; what else is kept is told all the same
                texts.append(self.text_of(error))
        if texts:
            raise OSError("; ".join(dict.fromkeys(texts)))

    def _forgetting(self, moved: Iterator[Results]) -> Iterator[Results]:
        """Let DataJoint, which skips the upload of what it thinks is there, look anew.

        Its file system objects, of which there may be several, remember listings.
        """
        kind = type(self._backend.fs)
        while True:
            try:
                results = next(moved, None)
            finally:  # what was moved before an error was moved
                for fs in list(kind._cache.values()):  # noqa: SLF001 - fsspec tells of them nowhere else
                    fs.invalidate_cache()
            if results is None:
                return
            yield results

    def _pages(self, below: str) -> Iterator[Page]:
        return self._bucket.pages(below)

    @cached_property
    def _bucket(self) -> Bucket:
        # connects only now: a store that does not answer is a problem of its listing
        return self._given or self._connect()

    @cached_property
    def _mover(self) -> Mover:
        return Mover(self._bucket, self._deletes_on_conditions)

    def _deletes_on_conditions(self) -> bool:
        return self._bucket.conditions.deletes

    def _record(self, path: str, current: bytes) -> Stored | None:
        """Return how a record is stored; None if it has another content."""
        try:
            now = self._bucket.look(path)
            return now if self.read(path) == current else None
        except FileNotFoundError:
            return None
