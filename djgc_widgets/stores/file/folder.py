"""The folder of a store: its entries are reached without following a symbolic link."""

import ctypes
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from types import TracebackType
from typing import Any, Self

from djgc_widgets.model import is_plain_path, parent_of
from djgc_widgets.stores.listing import bounded_ns
from djgc_widgets.stores.pinned import Identity

_RENAME_NOREPLACE = 1
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}
_FOLDER = os.O_RDONLY | os.O_DIRECTORY


class Way(AbstractContextManager["Way"]):
    """An open way down from a folder, step by step.

    What follows on a way that was gone before opens only the steps in which they
    differ, so that siblings cost one look each.

    Parameters
    ----------
    address : str
        Real path of the folder.
    """

    def __init__(self, address: str) -> None:
        self._steps: list[tuple[str, int]] = [("", os.open(address, _FOLDER))]

    def folder(self, path: str, *, create: bool = False) -> int:
        """Return a handle of a folder; it is open until another one is asked for.

        Raises
        ------
        OSError
            If a step is no folder or a link, or the path leads out.
        """
        if path and not is_plain_path(path):
            raise PermissionError(errno.EPERM, "the path leaves the store", path)
        wanted = path.split("/") if path else []
        same = 0
        for (name, _), segment in zip(self._steps[1:], wanted, strict=False):
            if name != segment:
                break
            same += 1
        while len(self._steps) > same + 1:
            os.close(self._steps.pop()[1])
        for segment in wanted[same:]:
            self._steps.append((segment, self._step(segment, create=create)))
        return self._steps[-1][1]

    def _step(self, segment: str, *, create: bool) -> int:
        above = self._steps[-1][1]
        flags = _FOLDER | os.O_NOFOLLOW
        try:
            return os.open(segment, flags, dir_fd=above)
        except FileNotFoundError:
            if not create:
                raise
        with suppress(FileExistsError):  # then it is opened below
            os.mkdir(segment, dir_fd=above)
        return os.open(segment, flags, dir_fd=above)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self._steps:
            os.close(self._steps.pop()[1])


class Tree:
    """A store's folder and the verbs that look at and change what is below it.

    Every path is relative to the folder and is checked to stay below it.

    Parameters
    ----------
    address : str
        Real path of the folder.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    def way(self) -> Way:
        """Open the folder."""
        return Way(self.address)

    @contextmanager
    def _parent(self, path: str, *, create: bool = False) -> Iterator[int]:
        with self.way() as way:
            yield way.folder(parent_of(path), create=create)

    def identities(self, path: str, way: Way | None = None) -> dict[str, Identity]:
        """Return the identity of each file at or below a path as it is now.

        Raises
        ------
        OSError
            If something cannot be looked at; that an entry does not exist is no error.
        """
        found: dict[str, Identity] = {}
        if way is not None:
            _identify(way, path, found)
        else:
            with self.way() as own:
                _identify(own, path, found)
        return found

    def move(self, source: str, target: str, here: Way, there: Way) -> None:
        """Move a file or folder in one step; never overwrites.

        Raises
        ------
        FileExistsError
            If something is at the target.
        OSError
            If the move fails; the source is then still in its place.
        """
        old = here.folder(parent_of(source))
        new = there.folder(parent_of(target), create=True)
        _rename_exclusively(old, _name(source), new, _name(target))

    def read(self, path: str) -> bytes:
        """Return what a file of a journal holds."""
        with self._parent(path) as parent:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # of a pipe, no writer
            handle = os.open(_name(path), flags, dir_fd=parent)
            with os.fdopen(handle, "rb") as file:
                return file.read()

    def write(self, path: str, data: bytes, *, new: bool = False) -> None:
        """Write a file so that after a crash it is there whole or not at all.

        Raises
        ------
        FileExistsError
            If it has to be new and is there.
        """
        with self._parent(path, create=True) as parent:
            draft = f"{_name(path)}.{secrets.token_hex(4)}.part"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            handle = os.open(draft, flags, 0o644, dir_fd=parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(handle)
                if new:
                    _rename_exclusively(parent, draft, parent, _name(path))
                else:
                    os.rename(draft, _name(path), src_dir_fd=parent, dst_dir_fd=parent)
            except BaseException:
                with suppress(OSError):  # the first error tells more
                    os.unlink(draft, dir_fd=parent)
                raise
            os.fsync(parent)

    def rewrite(self, path: str, held: bytes, data: bytes) -> bool:
        """Replace what a file holds by as many bytes; tell whether it held that.

        A file that was moved away meanwhile is written where it is, not created anew.
        """
        try:
            with self._parent(path) as parent:
                handle = os.open(_name(path), os.O_RDWR | os.O_NOFOLLOW, dir_fd=parent)
        except FileNotFoundError:
            return False
        with os.fdopen(handle, "r+b", buffering=0) as file:
            if file.read() != held:
                return False
            os.pwrite(handle, data, 0)
        return True

    def remove(self, path: str) -> None:
        """Remove one file."""
        with self._parent(path) as parent:
            os.unlink(_name(path), dir_fd=parent)

    def changed_at_ns(self, path: str) -> int:
        """Return when a file changed, by the clock of the file system."""
        with self._parent(path) as parent:
            entry = os.stat(_name(path), dir_fd=parent, follow_symlinks=False)
        return entry.st_mtime_ns

    def prune(self, folder: str, stop: str) -> None:
        """Remove a folder and those above it, below another one, if they are empty."""
        while folder.startswith(f"{stop}/"):
            try:
                with self._parent(folder) as parent:
                    os.rmdir(_name(folder), dir_fd=parent)
            except OSError:
                return  # not empty, or in use: an empty folder that stays does no harm
            folder = parent_of(folder)


def _identify(way: Way, path: str, found: dict[str, Identity]) -> None:
    try:
        parent = way.folder(parent_of(path))
        entry = os.stat(_name(path), dir_fd=parent, follow_symlinks=False)
        if stat.S_ISDIR(entry.st_mode):
            for name in os.listdir(way.folder(path)):  # noqa: PTH208 - an open folder
                _identify(way, f"{path}/{name}", found)
        else:
            found[path] = Identity(
                entry.st_size, bounded_ns(entry.st_mtime_ns), entry.st_ino
            )
    except FileNotFoundError:
        return


@cache
def _renameat2() -> Any:  # noqa: ANN401 - a function of the C library, or None
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


def _rename_exclusively(old: int, source: str, new: int, target: str) -> None:
    """Rename between open folders in one step, unless something is at the target."""
    rename = _renameat2()
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
