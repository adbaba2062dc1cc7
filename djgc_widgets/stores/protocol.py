"""What a scan and a sweep ask of a store; each verb is documented here, once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple, Protocol, runtime_checkable

from djgc_widgets.model import TRASH_FOLDER, ProgressCallback, StoreInfo
from djgc_widgets.stores.inventory import Inventory
from djgc_widgets.stores.listing import FolderSize, Listing, LookUp, Take
from djgc_widgets.stores.pinned_objects import FileIdentity, FolderRights, PinnedObject
from djgc_widgets.stores.results import Result

Stopped = Callable[[], bool]
"""Whether nothing more may be moved; asked within a batch, on the caller's thread."""

Results = list[tuple[PinnedObject, Result]]
"""What became of objects that were dealt with together."""


class Whereabouts(NamedTuple):
    """The files of an object in the store and in its trash, by path in the store."""

    in_store: dict[str, FileIdentity]
    in_trash: dict[str, FileIdentity]


Located = Iterator[tuple[PinnedObject, Whereabouts]]


class Versioning(Enum):
    """Whether a bucket keeps what is overwritten or deleted."""

    OFF = "off"
    ENABLED = "enabled"
    """As a version."""
    SOFT = "soft"
    """It keeps what is deleted for some days, and then deletes it for good."""
    SUSPENDED = "suspended"
    """It keeps the versions that it has, and makes no more."""


class Keeps(NamedTuple):
    """What a store keeps of what is deleted."""

    versioning: Versioning
    soft_for: timedelta | None = None
    """How long, if it deletes softly and tells."""


class NotExclusiveError(OSError):
    """The store ignores conditions, so two sweepers could lock it at once."""


def never_stopped() -> bool:
    """Return False: whatever was begun is finished."""
    return False


class Store(Protocol):
    """What scans and sweeps ask of a store.

    The verbs of sweeps raise `OSError` when they fail. Those that take objects yield
    results as often as they can, so that a caller who stops between two of them knows
    of everything that was done. Once `stopped` says so, nothing more is moved, what was
    only copied is taken back, and objects that stay as they were have no result.
    """

    info: StoreInfo

    def list_files(self, progress: ProgressCallback, below: str = "") -> Listing:
        """List everything that the store holds, without opening anything.

        Progress is reported once per page. Of a folder `below`, which may not exist,
        only the content is listed.
        """

    def look_up(self, paths: Sequence[str]) -> LookUp:
        """Look which of these paths hold something by now."""

    def prepare(self, objects: Iterable[PinnedObject]) -> Mapping[str, FolderRights]:
        """Make what objects need in the trash, before the first of them moves.

        Return the rights of the folders that they are in, as far as those differ from
        the rights of the folder above.
        """

    def to_trash(
        self, objects: Iterable[PinnedObject], stopped: Stopped = never_stopped
    ) -> Iterator[Results]:
        """Move objects to the trash if they still are what was pinned."""

    def from_trash(
        self,
        objects: Iterable[PinnedObject],
        stopped: Stopped = never_stopped,
        settled_ns: int | None = None,
    ) -> Iterator[Results]:
        """Move objects back from the trash; never overwrites.

        Whatever was asked to be deleted before `settled_ns`, ns since 1970 by the
        store's clock, by default until now, is gone or stays. Where objects move by
        copies, these stay if deletions that were asked for later may be pending.
        """

    def purge(
        self, objects: Iterable[PinnedObject], stopped: Stopped = never_stopped
    ) -> Iterator[Results]:
        """Delete pinned files from the trash for good."""

    def whereabouts(self, objects: Iterable[PinnedObject]) -> Located:
        """Look for the files of objects in the store and in the trash."""

    def read(self, path: str) -> bytes:
        """Return the content of a record; `FileNotFoundError` if there is none."""

    def write(self, path: str, data: bytes, *, new: bool = False) -> None:
        """Write a record completely or not at all.

        If it has to be `new` and exists, raise `FileExistsError`; if that cannot be
        told for sure, `NotExclusiveError`.
        """

    def rewrite(self, path: str, current: bytes, data: bytes) -> bool:
        """Replace a record by one of equal length if it still has this content."""

    def retire(self, path: str, current: bytes, to: str) -> bool:
        """Move a record away if it still has this content; only one caller succeeds."""

    def remove(self, path: str) -> None:
        """Remove a record."""

    def sync(self) -> None:
        """Let everything that was moved or deleted survive a power cut."""

    def keep_room(self, *, new: bool) -> None:
        """Keep room for the next journal in the trash, as far as there is any.

        If it may not be `new`, only what was kept before is kept again.
        """

    def keeps(self) -> Keeps:
        """Return what stays of what is deleted."""

    def changed_at_ns(self, path: str) -> int:
        """Return when a record was written, by the store's clock, ns since 1970."""


@runtime_checkable
class ReadsInventories(Store, Protocol):
    """A store that an inventory can tell of."""

    def open_inventory(self, where: str) -> Inventory:
        """Open an inventory at a path or URL; `InputError` if there is none."""

    def list_inventory(
        self, inventory: Inventory, progress: ProgressCallback
    ) -> Listing:
        """List what an inventory tells; `InputError` if it is none of this store."""


@runtime_checkable
class ListsInParts(Store, Protocol):
    """A store of which a listing need not be in memory."""

    def list_in_parts(self, progress: ProgressCallback, take: Take) -> Listing:
        """List every object, and let the files be taken part by part.

        What is returned lacks them.
        """


@runtime_checkable
class JumpingStore(Store, Protocol):
    """A store whose listing can begin in the middle."""

    def list_past(
        self, folders: Mapping[str, FolderSize], progress: ProgressCallback
    ) -> Listing:
        """List everything but the rest of live folders, of which rows tell the size.

        What is jumped past is one row of the kind `FileKind.UNLISTED`; folders are only
        jumped where that saves requests.
        """


@runtime_checkable
class LookedAtStore(Store, Protocol):
    """A store whose objects can be looked at without a listing of it all."""

    def stored_files(
        self, objects: Iterable[PinnedObject]
    ) -> Iterator[tuple[PinnedObject, dict[str, FileIdentity]]]:
        """Look for all files of objects, pinned or not, by path in the store."""


@runtime_checkable
class UploadStore(Store, Protocol):
    """A store whose bucket lists the uploads that nobody finished."""

    def abort_upload(self, path: str, upload_id: str, before: datetime) -> Result:
        """Abort an upload of which no part is younger; its parts are deleted for good.

        Raises `OSError` if the server does not say that it was done.
        """


def list_trash(store: Store, progress: ProgressCallback) -> Listing:
    """List what the trash of a store holds."""
    return store.list_files(progress, TRASH_FOLDER)
