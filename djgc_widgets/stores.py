"""Stores of files: the few verbs that look at and move what they hold."""

import ctypes
import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple, Protocol

from djgc_widgets.grammar import MANIFEST_SUFFIX
from djgc_widgets.listing import Listing, SecondLook, bounded_ns, list_folder
from djgc_widgets.model import (
    Notice,
    ProgressCallback,
    StoreInfo,
    is_plain_path,
    parent_of,
)

_RENAME_NOREPLACE = 1
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}


class FileIdentity(NamedTuple):
    """What tells that a file is still the one that was judged."""

    size_bytes: int
    modified_ns: int
    inode: int


class Store(Protocol):
    """What a scan asks of a store, wherever it is."""

    info: StoreInfo

    def list_files(self, progress: ProgressCallback) -> Listing:
        """List everything that it holds."""

    def stored(self, paths: Sequence[str]) -> SecondLook:
        """Tell which paths hold something by now."""


class FileStore:
    """A store in a folder of a file system.

    Every path is relative to the folder, is checked to stay below it, and is reached
    without following a symbolic link.

    Parameters
    ----------
    info : StoreInfo
        Its address is the real path of the folder.
    others : mapping, optional
        Names of the configured stores, by device and inode.
    inside : mapping of str to str, optional
        Folders that are listed another way, and the store that lists them.
    """

    def __init__(
        self,
        info: StoreInfo,
        others: Mapping[tuple[object, ...], str] | None = None,
        inside: Mapping[str, str] | None = None,
    ) -> None:
        self.info = info
        self._others = others or {}
        self._inside = inside or {}

    def locate(self, path: str) -> str:
        """Return the absolute path of something in the store."""
        return f"{self.info.address}/{path}"

    def list_files(self, progress: ProgressCallback) -> Listing:
        """List every file below the store's folder, without opening any.

        Parameters
        ----------
        progress : callable
            Called once per 10,000 entries.

        Returns
        -------
        Listing
            Symbolic links are listed, not followed.
        """
        return list_folder(self.info, self._others, self._inside, progress)

    def stored(self, paths: Sequence[str]) -> SecondLook:
        """Tell which of these paths hold something by now."""
        look = SecondLook(set(), [], [])
        for path in paths:
            try:
                held = self.identities(path)
            except OSError as error:
                barred = error.errno in {errno.ELOOP, errno.ENOTDIR}
                place = look.warnings if barred else look.problems
                place.append(_barred(self.info.name, path, error))
                continue
            if any(not name.startswith(f"{path}{MANIFEST_SUFFIX}") for name in held):
                look.found.add(path)
        return look

    def identities(self, path: str) -> dict[str, FileIdentity]:
        """Return the identity of each file of an object as it is now, and its sidecar.

        Raises
        ------
        OSError
            If something cannot be looked at; that an entry does not exist is no error.
        """
        found: dict[str, FileIdentity] = {}
        for start in (path, f"{path}{MANIFEST_SUFFIX}"):
            self._identify(start, found)
        return found

    def move(self, source: str, target: str) -> None:
        """Move a file or folder within the store; never overwrites.

        Raises
        ------
        FileExistsError
            If something is at the target.
        OSError
            If the move fails; the source is then still in its place.
        """
        with (
            self._folder(parent_of(source)) as old,
            self._folder(parent_of(target), create=True) as new,
        ):
            _rename_exclusively(old, _name(source), new, _name(target))

    def write(self, path: str, data: bytes) -> None:
        """Write a new file so that after a crash it is there whole or not at all."""
        with self._folder(parent_of(path), create=True) as parent:
            draft = f"{_name(path)}.part"
            handle = os.open(
                draft,
                os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW,
                0o644,
                dir_fd=parent,
            )
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(handle)
            os.rename(draft, _name(path), src_dir_fd=parent, dst_dir_fd=parent)
            os.fsync(parent)

    def _identify(self, path: str, found: dict[str, FileIdentity]) -> None:
        try:
            with self._folder(parent_of(path)) as parent:
                entry = os.stat(_name(path), dir_fd=parent, follow_symlinks=False)
            if stat.S_ISDIR(entry.st_mode):
                with self._folder(path) as folder:
                    names = os.listdir(folder)  # noqa: PTH208 - an open folder
                for name in names:
                    self._identify(f"{path}/{name}", found)
            else:
                found[path] = FileIdentity(
                    entry.st_size, bounded_ns(entry.st_mtime_ns), entry.st_ino
                )
        except FileNotFoundError:
            return

    @contextmanager
    def _folder(self, path: str, *, create: bool = False) -> Iterator[int]:
        """Open a folder step by step, so that no symbolic link is followed."""
        if path and not is_plain_path(path):
            raise PermissionError(errno.EPERM, "the path leaves the store", path)
        flags = os.O_RDONLY | os.O_DIRECTORY
        handle = os.open(self.info.address, flags)
        try:
            for segment in path.split("/") if path else ():
                if create:
                    with suppress(FileExistsError):  # then it is opened below
                        os.mkdir(segment, dir_fd=handle)
                inner = os.open(segment, flags | os.O_NOFOLLOW, dir_fd=handle)
                os.close(handle)
                handle = inner
            yield handle
        finally:
            os.close(handle)


def _barred(store: str, path: str, error: OSError) -> Notice:
    return Notice(
        f"store {store}: {path}",
        f"a row refers to it, but the way is barred ({error.strerror}); it counts "
        "as missing",
        "Links are not followed: put the folder itself in its place or mend its rights",
    )


def changed_files(
    pinned: Mapping[str, FileIdentity], present: Mapping[str, FileIdentity]
) -> list[str]:
    """Return the paths whose identity differs, was added or is gone; sorted."""
    return sorted(
        path
        for path in pinned.keys() | present.keys()
        if pinned.get(path) != present.get(path)
    )


def _rename_exclusively(old: int, source: str, new: int, target: str) -> None:
    """Rename between open folders in one step, unless something is at the target."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is not None:
        names = os.fsencode(source), os.fsencode(target)
        if rename(old, names[0], new, names[1], _RENAME_NOREPLACE) == 0:
            return
        error = ctypes.get_errno()
        if error not in _UNSUPPORTED:
            raise OSError(error, os.strerror(error), target)
    try:
        os.stat(target, dir_fd=new, follow_symlinks=False)
    except FileNotFoundError:
        os.rename(source, target, src_dir_fd=old, dst_dir_fd=new)
    else:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)


def _name(path: str) -> str:
    name = path.rpartition("/")[2]
    if not is_plain_path(name):
        raise PermissionError(errno.EPERM, "the path leaves the store", path)
    return name
