"""The open folders of one path: its entries are reached without following a link."""

import ctypes
import errno
import os
from collections.abc import Mapping
from typing import Self

from djgc_widgets.model import file_path, is_plain_path
from djgc_widgets.stores.file.rights import give_rights, rights_of
from djgc_widgets.stores.pinned_objects import FolderRights

_FOLDER = os.O_RDONLY | os.O_DIRECTORY
_CANNOT_SYNC = {errno.EINVAL, errno.ENOTSUP}
NO_RIGHTS: Mapping[str, FolderRights] = {}


class OpenPath:
    """The open folders of one path, from the real path `address` downwards.

    A second path opens only the folders in which it differs from the first one, so
    that siblings cost one system call each.
    """

    def __init__(self, address: str) -> None:
        self._steps: list[tuple[str, int]] = [("", os.open(address, _FOLDER))]
        self._rights: list[FolderRights] = []
        self._entered: str | None = ""

    def folder(self, path: str) -> int:
        """Return a handle of a folder, which is open until the next call.

        Raises
        ------
        OSError
            If a step is a link or not a folder, or the path leaves the store.
        """
        for segment in self._enter(path):
            self._open(segment)
        self._entered = path
        return self._steps[-1][1]

    def make_folder(
        self,
        path: str,
        rights: Mapping[str, FolderRights] = NO_RIGHTS,
        *,
        synced: bool = True,
    ) -> list[str]:
        """Make a folder and those above it, unless they exist, and keep it open.

        Each has the `rights` that are known of its path, else those of the folder that
        it is in. Return the paths of new folders that could not be given their rights.
        """
        lacking = []
        for segment in self._enter(path):
            try:
                self._open(segment)
            except FileNotFoundError:
                if not self._make(segment, rights):
                    lacking.append(self._path)
                if synced:
                    sync_folder(self._steps[-2][1])
        self._entered = path
        return lacking

    def special_rights(self) -> dict[str, FolderRights]:
        """Return the rights of those open folders that differ from the one above."""
        known, special, path = self._rights, {}, ""
        known += [rights_of(handle) for _, handle in self._steps[len(known) :]]
        for (name, _), above, rights in zip(
            self._steps[1:], known, known[1:], strict=False
        ):
            path = f"{path}/{name}"
            if rights != above:
                special[path[1:]] = rights
        return special

    def _make(self, segment: str, rights: Mapping[str, FolderRights]) -> bool:
        """Make and open a folder; return False if it lacks known rights."""
        above = self._steps[-1][1]
        try:
            os.mkdir(file_path(segment), dir_fd=above)
        except FileExistsError:  # somebody was faster: it is theirs
            self._open(segment)
            return True
        self._open(segment)
        known = rights.get(self._path)
        made = give_rights(self._steps[-1][1], known or rights_of(above))
        return made or known is None

    @property
    def _path(self) -> str:
        return "/".join(name for name, _ in self._steps[1:])

    def _enter(self, path: str) -> list[str]:
        """Close what is not on a path; return the segments that are still to open."""
        if path == self._entered:
            return []
        self._entered = None
        if path and not is_plain_path(path):
            raise PermissionError(errno.EPERM, "the path leaves the store", path)
        wanted = path.split("/") if path else []
        n_same = 0
        for (name, _), segment in zip(self._steps[1:], wanted, strict=False):
            if name != segment:
                break
            n_same += 1
        self._close(n_same + 1)
        return wanted[n_same:]

    def _open(self, segment: str) -> None:
        flags = _FOLDER | os.O_NOFOLLOW
        handle = os.open(file_path(segment), flags, dir_fd=self._steps[-1][1])
        self._steps.append((segment, handle))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close(0)

    def _close(self, n_open: int) -> None:
        while len(self._steps) > n_open:
            os.close(self._steps.pop()[1])
        del self._rights[n_open:]


def sync_folder(handle: int) -> None:
    """Let the entries of an open folder survive a power cut."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:  # a file system without this offers no more
            raise


def sync_file_system(handle: int) -> None:
    """Let every change of the file system of an open folder survive a power cut."""
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        os.sync()
    elif syncfs(handle) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
