"""Stores, whatever they are, and stores of files: how objects move and come back."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from djgc_widgets.model import TRASH_FOLDER, ProgressCallback, StoreInfo
from djgc_widgets.stores.listing import Listing, SecondLook
from djgc_widgets.stores.outcomes import Outcome
from djgc_widgets.stores.pinned import Identity, Parcel

Outcomes = list[tuple[Parcel, Outcome]]
"""What became of objects that were dealt with in one go."""


class Where(NamedTuple):
    """The files of an object at its place and in the trash, by path in the store."""

    place: dict[str, Identity]
    trash: dict[str, Identity]


class Store(Protocol):
    """What a scan asks of a store, wherever it is."""

    info: StoreInfo

    def list_files(self, progress: ProgressCallback, below: str = "") -> Listing:
        """List everything that it holds, or that one of its folders does."""

    def stored(self, paths: Sequence[str]) -> SecondLook:
        """Tell which paths hold something by now."""


@runtime_checkable
class SweepableStore(Store, Protocol):
    """What a sweep asks of a store; every verb raises `OSError` when it fails.

    Those that take parcels yield as often as they can what became of them, so that a
    caller who stops between two of them knows of everything that was done.
    """

    def to_trash(self, parcels: Iterable[Parcel]) -> Iterator[Outcomes]:
        """Move objects to the trash if they still are what was pinned."""

    def to_place(self, parcels: Iterable[Parcel]) -> Iterator[Outcomes]:
        """Move objects back from the trash; never overwrites."""

    def purge(self, parcels: Iterable[Parcel]) -> Iterator[Outcomes]:
        """Delete pinned files from the trash for good."""

    def where(self, parcels: Iterable[Parcel]) -> Iterator[tuple[Parcel, Where]]:
        """Look for the files of objects at their place and in the trash."""

    def prune(self, parcels: Iterable[Parcel]) -> None:
        """Remove the folders that DataJoint made for objects, if they are empty."""

    def read(self, path: str) -> bytes:
        """Return a record; `FileNotFoundError` if there is none."""

    def write(self, path: str, data: bytes, *, new: bool = False) -> None:
        """Write a record whole or not at all; `FileExistsError` if it must be new."""

    def rewrite(self, path: str, held: bytes, data: bytes) -> bool:
        """Replace a record by one of equal length if it still holds that."""

    def retire(self, path: str, held: bytes, to: str) -> bool:
        """Move a record away for good if it still holds that; only one call does."""

    def remove(self, path: str) -> None:
        """Remove a record."""

    def keeps_versions(self) -> bool:
        """Tell whether what is deleted stays as a version."""

    def changed_at_ns(self, path: str) -> int:
        """Return when a record was written, by the store's clock, ns since 1970."""


def sweepable(stores: Iterable[Store]) -> list[SweepableStore]:
    """Return the stores in which objects can be moved."""
    return [store for store in stores if isinstance(store, SweepableStore)]


def list_trash(store: Store, progress: ProgressCallback) -> Listing:
    """List what the trash of a store holds."""
    return store.list_files(progress, TRASH_FOLDER)


def torn(found: int, planned: int) -> str:
    """Say that an object in the trash is no longer whole."""
    return f"only {found} of its {planned} files are left; they stay in the trash"
