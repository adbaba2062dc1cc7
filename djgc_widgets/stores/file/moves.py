"""How one object moves within a folder: by renames, which happen or do not."""

import errno
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace

from djgc_widgets.model import (
    Detail,
    Notice,
    NoticeCode,
    Outcome,
    StoreInfo,
    file_path,
    in_store,
    parent_of,
    trash_of,
)
from djgc_widgets.stores.file.folder import StoreFolder
from djgc_widgets.stores.file.open_path import OpenPath
from djgc_widgets.stores.file.reserve import Reserve
from djgc_widgets.stores.pinned_objects import (
    FileIdentity,
    PathOf,
    PinnedObject,
    changed_files,
    same_path,
)
from djgc_widgets.stores.protocol import Whereabouts
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
_NUMBERS_ANEW = {"9p", "afs", "cifs", "fuse", "prl_fs", "smb3", "smbfs", "vboxsf"}


class FolderMover:
    """Moves objects of a store's folder to its trash, back, or for good."""

    def __init__(self, info: StoreInfo, folder: StoreFolder, reserve: Reserve) -> None:
        self._info, self._folder, self._reserve = info, folder, reserve

    def to_trash(
        self, pinned: PinnedObject, store: OpenPath, trash: OpenPath
    ) -> Result:
        """Move an object to the trash if it still is what was pinned."""
        paths = [file_path(pinned.trashed(path)) for path in pinned.files]
        longest = max(map(len, map(os.fsencode, paths)))
        if len(os.fsencode(self._info.address)) + 1 + longest > _PATH_MAX:
            return Result(Outcome.SKIPPED, Detail.PATH_TOO_LONG)
        try:
            present = self._present(pinned, same_path, store)
            if not present:
                return GONE
            differing = self._changed(pinned, present)
            if not differing:
                moves = [(part, pinned.trashed(part)) for part in pinned.parts]
                self._reserve.use(lambda: self._move_all(moves, store, trash))
                # a writer may have been faster than the move: look at what was moved
                moved = self._present(pinned, pinned.trashed, trash)
                present, differing = moved, self._changed(pinned, moved)
                if differing:
                    back = [(target, source) for source, target in moves]
                    self._move_all(back, trash, store)
        except OSError as error:
            result = failed_result(error)
            if error.errno == errno.EXDEV:
                result = Result(Outcome.SKIPPED, Detail.OTHER_DEVICE)
            return result.doubted() if self._may_hold(pinned, trash) else result
        if not differing:
            return MOVED
        if all(p in present and _same_file(pinned, p, present[p]) for p in differing):
            values = {"path": differing[0]}
            return Result(Outcome.SKIPPED, Detail.RENUMBERED, values)
        return changed_result(differing)

    def _changed(
        self, pinned: PinnedObject, present: Mapping[str, FileIdentity]
    ) -> list[str]:
        """Return the paths of files that are not what was pinned.

        File systems of the network that number their files anew have no other identity
        than size and date.
        """
        differing = changed_files(pinned.files, present)
        if self._folder.kind in _NUMBERS_ANEW or self._folder.kind.startswith("fuse."):
            differing = [
                path
                for path in differing
                if path not in present or not _same_file(pinned, path, present[path])
            ]
        return differing

    def _may_hold(self, pinned: PinnedObject, trash: OpenPath) -> bool:
        """Return whether a move that failed may have left something in the trash."""
        try:
            return bool(self._present(pinned, pinned.trashed, trash))
        except OSError:
            return True

    def from_trash(
        self, pinned: PinnedObject, store: OpenPath, trash: OpenPath
    ) -> Result:
        """Move an object back from the trash; never overwrites."""
        try:
            stored, trashed = self.whereabouts(pinned, store, trash)
            if not trashed:
                return NOT_IN_TRASH
            self._clear_halves(pinned, stored, trashed)
            back = {p for p, now in stored.items() if _same_file(pinned, p, now)}
            known = back | (trashed.keys() & pinned.files.keys())
            if len(known) < len(pinned.files):
                return torn_result(len(known), len(pinned.files))
            parts = [part for part in pinned.parts if _any_file_below(trashed, part)]
            lacking = self._reserve.use(
                lambda: store.make_folder(parent_of(pinned.path), pinned.folders)
            )
            moves = [(pinned.trashed(part), part) for part in parts]
            self._reserve.use(lambda: self._move_all(moves, trash, store))
        except FileExistsError:
            return PATH_TAKEN
        except OSError as error:
            return kept_in_trash_result(error)
        return replace(RESTORED, notices=self._lacking_rights(pinned, lacking))

    def _clear_halves(
        self,
        pinned: PinnedObject,
        stored: Mapping[str, FileIdentity],
        trashed: dict[str, FileIdentity],
    ) -> None:
        """Remove from the trash what a crash left there of a move in two steps.

        That is the empty file that reserved a name, or a second name of the file that
        is back in the store.
        """
        for path in [p for p, now in stored.items() if _same_file(pinned, p, now)]:
            half = pinned.trashed(path)
            if path in trashed and (
                (not trashed[path].size_bytes and trashed[path][:2] != stored[path][:2])
                or self._folder.is_one_file(path, half)
            ):
                self._folder.remove(half)
                del trashed[path]

    def _lacking_rights(
        self, pinned: PinnedObject, folders: Iterable[str]
    ) -> tuple[Notice, ...]:
        notices = []
        for path in folders:
            mode, uid, gid = pinned.folders[path]
            values = {"mode": f"{mode:04o}", "uid": uid, "gid": gid}
            where = in_store(self._info.name, path)
            notices.append(Notice(NoticeCode.FOLDER_RIGHTS, where, values))
        return tuple(notices)

    def purge(self, pinned: PinnedObject) -> Result:
        """Delete an object's pinned files from the trash for good."""
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
                self._folder.remove(pinned.trashed(path))
        except OSError as error:
            return failed_result(error)
        self.prune(pinned)
        size = sum(now.size_bytes for now in trashed.values())
        return replace(PURGED, size_bytes=size)

    def whereabouts(
        self, pinned: PinnedObject, store: OpenPath, trash: OpenPath
    ) -> Whereabouts:
        """Look for an object's files in the store and in the trash."""
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

    def prune(self, pinned: PinnedObject) -> None:
        """Remove the folders of the trash that an object was in, if they are empty."""
        folders = {parent_of(pinned.trashed(path)) for path in pinned.files}
        for folder in sorted(folders, reverse=True):
            self._folder.prune(folder, trash_of(pinned.sweep_id))


def _any_file_below(files: Iterable[str], path: str) -> bool:
    return any(name == path or name.startswith(f"{path}/") for name in files)


def _same_file(pinned: PinnedObject, path: str, now: FileIdentity) -> bool:
    # a store that was copied with its trash has other inodes
    pin = pinned.files.get(path)
    return pin is not None and pin[:2] == now[:2]
