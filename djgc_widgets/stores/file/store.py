"""Stores in folders: objects move by renames, which happen or do not."""

import errno
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from djgc_widgets.model import (
    Detail,
    Notice,
    NoticeCode,
    Outcome,
    ProgressCallback,
    StoreInfo,
    in_store,
    parent_of,
    trash_of,
)
from djgc_widgets.stores.file.folder import OpenPath, StoreFolder
from djgc_widgets.stores.file.walk import FolderWalk
from djgc_widgets.stores.listing import Listing, LookUp
from djgc_widgets.stores.pinned_objects import (
    FileIdentity,
    PathOf,
    PinnedObject,
    changed_files,
    same_path,
)
from djgc_widgets.stores.protocol import (
    Located,
    Results,
    Stopped,
    Versioning,
    Whereabouts,
    never_stopped,
)
from djgc_widgets.stores.results import (
    GONE,
    MOVED,
    NOT_IN_TRASH,
    PATH_TAKEN,
    PURGED,
    RESTORED,
    Result,
    changed_result,
    failed_result,
    kept_in_trash_result,
    torn_result,
)

_PATH_MAX = 4000


class FileStore:
    """A store in a folder of a file system; its verbs are those of `SweepableStore`.

    `others`, `inside` and `made_up` are those of a `FolderWalk`; without a `folder`,
    the one at the store's address is used.
    """

    def __init__(
        self,
        info: StoreInfo,
        others: Mapping[tuple[object, ...], str] | None = None,
        inside: Mapping[str, str] | None = None,
        folder: StoreFolder | None = None,
        *,
        made_up: bool = False,
    ) -> None:
        self._made_up = made_up
        self.info, self._others, self._inside = info, others or {}, inside or {}
        self._folder = folder = folder or StoreFolder(info.address)
        self.read, self.write, self.rewrite = folder.read, folder.write, folder.rewrite
        self.remove, self.changed_at_ns = folder.remove, folder.changed_at_ns

    def list_files(self, progress: ProgressCallback, below: str = "") -> Listing:
        """List every file; errors are problems, unless `below` cannot be opened."""
        if below:
            with self._folder.open() as path, suppress(FileNotFoundError):
                path.folder(below)
        walk = FolderWalk(
            self.info, self._others, self._inside, progress, made_up=self._made_up
        )
        return walk.run(below)

    def look_up(self, paths: Sequence[str]) -> LookUp:
        """Look which of these paths hold something by now."""
        result = LookUp(set(), [], [])
        for path in paths:
            try:
                present = self._folder.identities(path)
            except OSError as error:
                where = in_store(self.info.name, path)
                values = {"error": error.strerror}
                notice = Notice(NoticeCode.PATH_BARRED, where, values)
                barred = error.errno in {errno.ELOOP, errno.ENOTDIR}
                (result.warnings if barred else result.problems).append(notice)
                continue
            if present:
                result.stored.add(path)
        return result

    def to_trash(
        self,
        objects: Iterable[PinnedObject],
        stopped: Stopped = never_stopped,  # noqa: ARG002 - they come one by one
    ) -> Iterator[Results]:
        """Move objects to the trash if they still are what was pinned."""
        with self._folder.open() as store, self._folder.open() as trash:
            for pinned in objects:
                yield [(pinned, self._to_trash(pinned, store, trash))]

    def from_trash(
        self,
        objects: Iterable[PinnedObject],
        stopped: Stopped = never_stopped,  # noqa: ARG002 - they come one by one
    ) -> Iterator[Results]:
        """Move objects back from the trash; never overwrites."""
        with self._folder.open() as store, self._folder.open() as trash:
            for pinned in objects:
                result = self._from_trash(pinned, store, trash)
                yield [(pinned, result)]
                if result.outcome is Outcome.RESTORED:
                    self._prune_trash(pinned)

    def purge(
        self,
        objects: Iterable[PinnedObject],
        stopped: Stopped = never_stopped,  # noqa: ARG002 - they come one by one
    ) -> Iterator[Results]:
        """Delete pinned files from the trash for good."""
        for pinned in objects:
            yield [(pinned, self._purge(pinned))]

    def whereabouts(self, objects: Iterable[PinnedObject]) -> Located:
        """Look for the files of objects in the store and in the trash."""
        with self._folder.open() as store, self._folder.open() as trash:
            for pinned in objects:
                yield pinned, self._whereabouts(pinned, store, trash)

    def prune(self, objects: Iterable[PinnedObject]) -> None:
        """Remove the folders that DataJoint made for objects, if they are empty."""
        folders = {parent_of(pinned.path): pinned.below() for pinned in objects}
        for folder, stop in sorted(folders.items(), reverse=True):
            self._folder.prune(folder, stop)

    def versioning(self) -> Versioning:
        """Return that file systems keep no versions."""
        return Versioning.OFF

    def retire(self, path: str, current: bytes, to: str) -> bool:
        """Move a record away if it still has this content; only one caller succeeds."""
        try:
            if self.read(path) != current:
                return False
            with self._folder.open() as source, self._folder.open() as target:
                self._folder.move(path, to, source, target)
        except (FileNotFoundError, FileExistsError):
            return False
        return True

    def _to_trash(
        self, pinned: PinnedObject, store: OpenPath, trash: OpenPath
    ) -> Result:
        longest = max(map(len, map(os.fsencode, map(pinned.trashed, pinned.files))))
        if len(os.fsencode(self.info.address)) + 1 + longest > _PATH_MAX:
            return Result(Outcome.SKIPPED, Detail.PATH_TOO_LONG)
        try:
            present = self._present(pinned, same_path, store)
            if not present:
                return GONE
            differing = changed_files(pinned.files, present)
            if not differing:
                moves = [(part, pinned.trashed(part)) for part in pinned.parts]
                self._move_all(moves, store, trash)
                # a writer may have been faster than the move: look at what was moved
                moved = self._present(pinned, pinned.trashed, trash)
                differing = changed_files(pinned.files, moved)
                if differing:
                    back = [(target, source) for source, target in moves]
                    self._move_all(back, trash, store)
        except OSError as error:
            result = failed_result(error)
            return result.doubted() if self._may_hold(pinned, trash) else result
        return changed_result(differing) if differing else MOVED

    def _may_hold(self, pinned: PinnedObject, trash: OpenPath) -> bool:
        """Return whether a move that failed may have left something in the trash."""
        try:
            return bool(self._present(pinned, pinned.trashed, trash))
        except OSError:
            return True

    def _from_trash(
        self, pinned: PinnedObject, store: OpenPath, trash: OpenPath
    ) -> Result:
        try:
            stored, trashed = self._whereabouts(pinned, store, trash)
            if not trashed:
                return NOT_IN_TRASH
            back = {path for path, pin in stored.items() if pin == pinned.files[path]}
            known = back | (trashed.keys() & pinned.files.keys())
            if len(known) < len(pinned.files):
                return torn_result(len(known), len(pinned.files))
            parts = [part for part in pinned.parts if _any_file_below(trashed, part)]
            moves = [(pinned.trashed(part), part) for part in parts]
            self._move_all(moves, trash, store)
        except FileExistsError:
            return PATH_TAKEN
        except OSError as error:
            return kept_in_trash_result(error)
        return RESTORED

    def _purge(self, pinned: PinnedObject) -> Result:
        try:
            with self._folder.open() as trash:
                trashed = self._present(pinned, pinned.trashed, trash)
            if not trashed:
                return NOT_IN_TRASH
            differing = [
                p for p, now in trashed.items() if not _same_file(pinned, p, now)
            ]
            if differing:
                return changed_result(sorted(differing))
            for path in sorted(trashed):
                self.remove(pinned.trashed(path))
        except OSError as error:
            return failed_result(error)
        self._prune_trash(pinned)
        return PURGED

    def _whereabouts(
        self, pinned: PinnedObject, store: OpenPath, trash: OpenPath
    ) -> Whereabouts:
        stored = self._present(pinned, same_path, store)
        ours = {path: pin for path, pin in stored.items() if path in pinned.files}
        return Whereabouts(ours, self._present(pinned, pinned.trashed, trash))

    def _present(
        self, pinned: PinnedObject, path_of: PathOf, start: OpenPath
    ) -> dict[str, FileIdentity]:
        """Return the files of an object as they are now, by path in the store."""
        present: dict[str, FileIdentity] = {}
        for part in pinned.parts:
            path = path_of(part)
            files = self._folder.identities(path, start)
            present |= {f"{part}{f[len(path) :]}": pin for f, pin in files.items()}
        return present

    def _move_all(
        self, moves: list[tuple[str, str]], source: OpenPath, target: OpenPath
    ) -> None:
        """Move the parts of an object together: all of them, or none."""
        done: list[tuple[str, str]] = []
        try:
            for old, new in moves:
                self._folder.move(old, new, source, target)
                done.append((old, new))
        except OSError:
            for old, new in reversed(done):
                self._folder.move(new, old, target, source)
            raise

    def _prune_trash(self, pinned: PinnedObject) -> None:
        folders = {parent_of(pinned.trashed(path)) for path in pinned.files}
        for folder in sorted(folders, reverse=True):
            self._folder.prune(folder, trash_of(pinned.sweep_id))


def _any_file_below(files: Iterable[str], path: str) -> bool:
    return any(name == path or name.startswith(f"{path}/") for name in files)


def _same_file(pinned: PinnedObject, path: str, now: FileIdentity) -> bool:
    # a store that was copied with its trash has other inodes
    pin = pinned.files.get(path)
    return pin is not None and pin[:2] == now[:2]
