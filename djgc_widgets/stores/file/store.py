"""Stores of files: objects move by renames, which happen or do not."""

import errno
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from djgc_widgets.model import Notice, ProgressCallback, StoreInfo, parent_of, trash_of
from djgc_widgets.stores.file.folder import Tree, Way
from djgc_widgets.stores.file.walk import list_folder
from djgc_widgets.stores.listing import Listing, SecondLook
from djgc_widgets.stores.outcomes import (
    FAILED,
    GONE,
    IN_DOUBT,
    MOVED,
    NOT_IN_TRASH,
    PURGED,
    RESTORED,
    SKIPPED,
    TAKEN,
    Outcome,
    changed,
    reason_of,
)
from djgc_widgets.stores.pinned import Identity, Parcel, Place, changed_files, in_place
from djgc_widgets.stores.protocol import Outcomes, Where, torn

_TOO_LONG = "its path in the trash would be too long for the file system"
_PATH_MAX = 4000


class FileStore:
    """A store in a folder of a file system.

    Parameters
    ----------
    info : StoreInfo
        Its address is the real path of the folder.
    others : mapping, optional
        Names of the configured stores, by device and inode.
    inside : mapping of str to str, optional
        Folders that are listed another way, and the store that lists them.
    tree : Tree, optional
        The folder; by default the one at the address.
    """

    def __init__(
        self,
        info: StoreInfo,
        others: Mapping[tuple[object, ...], str] | None = None,
        inside: Mapping[str, str] | None = None,
        tree: Tree | None = None,
    ) -> None:
        self.info = info
        self._others = others or {}
        self._inside = inside or {}
        self._tree = tree = tree or Tree(info.address)
        self.read, self.write, self.rewrite = tree.read, tree.write, tree.rewrite
        self.remove, self.changed_at_ns = tree.remove, tree.changed_at_ns

    def list_files(self, progress: ProgressCallback, below: str = "") -> Listing:
        """List every file below the store's folder, without opening any.

        Parameters
        ----------
        progress : callable
            Called once per 10,000 entries.
        below : str, optional
            A folder of the store to list alone.

        Returns
        -------
        Listing
            Symbolic links are listed, not followed.

        Raises
        ------
        OSError
            If the folder to list alone is a link or cannot be opened.
        """
        if below:  # of the whole store, errors are problems of its listing
            with self._tree.way() as way, suppress(FileNotFoundError):
                way.folder(below)  # it may not exist; the store has to
        return list_folder(self.info, self._others, self._inside, progress, below)

    def stored(self, paths: Sequence[str]) -> SecondLook:
        """Tell which of these paths hold something by now."""
        look = SecondLook(set(), [], [])
        for path in paths:
            try:
                held = self._tree.identities(path)
            except OSError as error:
                barred = error.errno in {errno.ELOOP, errno.ENOTDIR}
                place = look.warnings if barred else look.problems
                place.append(_barred(self.info.name, path, error))
                continue
            if held:
                look.found.add(path)
        return look

    def to_trash(self, parcels: Iterable[Parcel]) -> Iterator[Outcomes]:
        """Move objects to the trash if they still are what was pinned."""
        with self._tree.way() as here, self._tree.way() as there:
            for parcel in parcels:
                yield [(parcel, self._to_trash(parcel, here, there))]

    def to_place(self, parcels: Iterable[Parcel]) -> Iterator[Outcomes]:
        """Move objects back from the trash; never overwrites."""
        with self._tree.way() as here, self._tree.way() as there:
            for parcel in parcels:
                outcome = self._to_place(parcel, here, there)
                yield [(parcel, outcome)]
                if outcome.outcome == RESTORED:
                    self._prune_trash(parcel)

    def purge(self, parcels: Iterable[Parcel]) -> Iterator[Outcomes]:
        """Delete pinned files from the trash for good."""
        for parcel in parcels:
            yield [(parcel, self._purge(parcel))]

    def where(self, parcels: Iterable[Parcel]) -> Iterator[tuple[Parcel, Where]]:
        """Look for the files of objects at their place and in the trash."""
        with self._tree.way() as here, self._tree.way() as there:
            for parcel in parcels:
                yield parcel, self._where(parcel, here, there)

    def prune(self, parcels: Iterable[Parcel]) -> None:
        """Remove the folders that DataJoint made for objects, if they are empty."""
        folders = {parent_of(parcel.path): parcel.below() for parcel in parcels}
        for folder, stop in sorted(folders.items(), reverse=True):
            self._tree.prune(folder, stop)

    def keeps_versions(self) -> bool:
        """Tell whether what is deleted stays as a version: not in a folder."""
        return False

    def retire(self, path: str, held: bytes, to: str) -> bool:
        """Move a record away for good if it still holds that; only one call does."""
        try:
            if self.read(path) != held:
                return False
            with self._tree.way() as here, self._tree.way() as there:
                self._tree.move(path, to, here, there)
        except (FileNotFoundError, FileExistsError):
            return False
        return True

    def _to_trash(self, parcel: Parcel, here: Way, there: Way) -> Outcome:
        longest = max(map(len, map(os.fsencode, map(parcel.trashed, parcel.files))))
        if len(os.fsencode(self.info.address)) + 1 + longest > _PATH_MAX:
            return Outcome(SKIPPED, _TOO_LONG)
        try:
            present = self._present(parcel, in_place, here)
            if not present:
                return Outcome(SKIPPED, GONE)
            differing = changed_files(parcel.files, present)
            if not differing:
                parts = parcel.parts
                self._move_parts(parts, in_place, parcel.trashed, here, there)
                # a writer may have been faster than the move: look at what was moved
                moved = self._present(parcel, parcel.trashed, there)
                differing = changed_files(parcel.files, moved)
                if differing:
                    self._move_parts(parts, parcel.trashed, in_place, there, here)
        except OSError as error:
            return Outcome(FAILED, self._doubting(parcel, reason_of(error), there))
        return changed(differing) if differing else Outcome(MOVED)

    def _doubting(self, parcel: Parcel, why: str, there: Way) -> str:
        """Say so if a move that failed could not be undone either."""
        try:
            moved = self._present(parcel, parcel.trashed, there)
        except OSError:
            return f"{why}; {IN_DOUBT}"
        return f"{why}; {IN_DOUBT}" if moved else why

    def _to_place(self, parcel: Parcel, here: Way, there: Way) -> Outcome:
        try:
            place, trash = self._where(parcel, here, there)
            if not trash:
                return Outcome(SKIPPED, NOT_IN_TRASH)
            back = {path for path, pin in place.items() if pin == parcel.files[path]}
            whole = back | (trash.keys() & parcel.files.keys())
            if len(whole) < len(parcel.files):
                return Outcome(FAILED, torn(len(whole), len(parcel.files)))
            parts = [p for p in parcel.parts if _any_below(trash, p)]
            self._move_parts(parts, parcel.trashed, in_place, there, here)
        except FileExistsError:
            return Outcome(FAILED, TAKEN)
        except OSError as error:
            return Outcome(FAILED, f"{reason_of(error)}; it stays in the trash")
        return Outcome(RESTORED)

    def _purge(self, parcel: Parcel) -> Outcome:
        try:
            with self._tree.way() as way:
                held = self._present(parcel, parcel.trashed, way)
            if not held:
                return Outcome(SKIPPED, NOT_IN_TRASH)
            differing = [
                path for path, now in held.items() if not _as_old(parcel, path, now)
            ]
            if differing:
                return changed(sorted(differing))
            for path in sorted(held):
                self.remove(parcel.trashed(path))
        except OSError as error:
            return Outcome(FAILED, reason_of(error))
        self._prune_trash(parcel)
        return Outcome(PURGED)

    def _where(self, parcel: Parcel, here: Way, there: Way) -> Where:
        place = self._present(parcel, in_place, here)
        ours = {path: pin for path, pin in place.items() if path in parcel.files}
        return Where(ours, self._present(parcel, parcel.trashed, there))

    def _present(self, parcel: Parcel, place: Place, way: Way) -> dict[str, Identity]:
        """Return the files of an object as they are now, by path in the store."""
        present: dict[str, Identity] = {}
        for part in parcel.parts:
            moved = place(part)
            found = self._tree.identities(moved, way)
            present |= {f"{part}{name[len(moved) :]}": f for name, f in found.items()}
        return present

    def _move_parts(
        self, parts: list[str], source: Place, target: Place, here: Way, there: Way
    ) -> None:
        """Move the parts of an object together: all of them, or none."""
        done: list[str] = []
        try:
            for part in parts:
                self._tree.move(source(part), target(part), here, there)
                done.append(part)
        except OSError:
            for part in reversed(done):
                self._tree.move(target(part), source(part), there, here)
            raise

    def _prune_trash(self, parcel: Parcel) -> None:
        folders = {parent_of(parcel.trashed(path)) for path in parcel.files}
        for folder in sorted(folders, reverse=True):
            self._tree.prune(folder, trash_of(parcel.sweep_id))


def _any_below(files: Iterable[str], path: str) -> bool:
    return any(name == path or name.startswith(f"{path}/") for name in files)


def _as_old(parcel: Parcel, path: str, now: Identity) -> bool:
    # a store that was copied with its trash has other inodes
    pin = parcel.files.get(path)
    return pin is not None and pin[:2] == now[:2]


def _barred(store: str, path: str, error: OSError) -> Notice:
    return Notice(
        f"store {store}: {path}",
        f"a row refers to it, but the way is barred ({error.strerror}); it counts "
        "as missing",
        "Links are not followed: put the folder itself in its place or mend its rights",
    )
