"""The folder of a store: its entries are reached without following a symbolic link."""

import ctypes
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from typing import Any, Self

from djgc_widgets.model import is_plain_path, parent_of
from djgc_widgets.stores.listing import bounded_ns
from djgc_widgets.stores.pinned_objects import FileIdentity

_RENAME_NOREPLACE = 1
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}
_FOLDER = os.O_RDONLY | os.O_DIRECTORY


class OpenPath:
    """The open folders of one path, from the real path `address` downwards.

    A second path opens only the folders in which it differs from the first one, so
    that siblings cost one system call each.
    """

    def __init__(self, address: str) -> None:
        self._steps: list[tuple[str, int]] = [("", os.open(address, _FOLDER))]

    def folder(self, path: str, *, create: bool = False) -> int:
        """Return a handle of a folder, which is open until the next call.

        Raises
        ------
        OSError
            If a step is a link or not a folder, or the path leaves the store.
        """
        if path and not is_plain_path(path):
            raise PermissionError(errno.EPERM, "the path leaves the store", path)
        wanted = path.split("/") if path else []
        n_same = 0
        for (name, _), segment in zip(self._steps[1:], wanted, strict=False):
            if name != segment:
                break
            n_same += 1
        self._close(n_same + 1)
        for segment in wanted[n_same:]:
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

    def __exit__(self, *_: object) -> None:
        self._close(0)

    def _close(self, n_open: int) -> None:
        while len(self._steps) > n_open:
            os.close(self._steps.pop()[1])


class StoreFolder:
    """A store's folder and the verbs that look at and change what is below it.

    Every path is relative to the folder's real path `address` and has to stay below it.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    def open(self) -> OpenPath:
        """Open the folder."""
        return OpenPath(self.address)

    @contextmanager
    def _parent(self, path: str, *, create: bool = False) -> Iterator[int]:
        with self.open() as start:
            yield start.folder(parent_of(path), create=create)

    def identities(
        self, path: str, start: OpenPath | None = None
    ) -> dict[str, FileIdentity]:
        """Return the identity of each file at or below a path, which may not exist."""
        files: dict[str, FileIdentity] = {}
        with self.open() if start is None else nullcontext(start) as opened:
            _identify_files(opened, path, files)
        return files

    def move(
        self, source: str, target: str, source_start: OpenPath, target_start: OpenPath
    ) -> None:
        """Move a file or folder in one step, or raise; never overwrites."""
        old = source_start.folder(parent_of(source))
        new = target_start.folder(parent_of(target), create=True)
        _rename_exclusively(old, _last_segment(source), new, _last_segment(target))

    def read(self, path: str) -> bytes:
        """Return the content of a record."""
        with self._parent(path) as parent:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # of a pipe, no writer
            handle = os.open(_last_segment(path), flags, dir_fd=parent)
            with os.fdopen(handle, "rb") as file:
                return file.read()

    def write(self, path: str, data: bytes, *, new: bool = False) -> None:
        """Write a record so that a crash leaves all of it or none."""
        with self._parent(path, create=True) as parent:
            draft = f"{_last_segment(path)}.{secrets.token_hex(4)}.part"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            handle = os.open(draft, flags, 0o644, dir_fd=parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(handle)
                if new:
                    _rename_exclusively(parent, draft, parent, _last_segment(path))
                else:
                    os.rename(
                        draft, _last_segment(path), src_dir_fd=parent, dst_dir_fd=parent
                    )
            except BaseException:
                with suppress(OSError):  # the first error matters
                    os.unlink(draft, dir_fd=parent)
                raise
            os.fsync(parent)

    def rewrite(self, path: str, current: bytes, data: bytes) -> bool:
        """Replace a record by one of equal length if it still has this content.

        A record that was moved meanwhile is rewritten at its new path, not created.
        """
        try:
            with self._parent(path) as parent:
                handle = os.open(
                    _last_segment(path), os.O_RDWR | os.O_NOFOLLOW, dir_fd=parent
                )
        except FileNotFoundError:
            return False
        with os.fdopen(handle, "r+b", buffering=0) as file:
            if file.read() != current:
                return False
            os.pwrite(handle, data, 0)
        return True

    def remove(self, path: str) -> None:
        """Remove a file."""
        with self._parent(path) as parent:
            os.unlink(_last_segment(path), dir_fd=parent)

    def changed_at_ns(self, path: str) -> int:
        """Return when a file changed, by the file system's clock, ns since 1970."""
        with self._parent(path) as parent:
            entry = os.stat(_last_segment(path), dir_fd=parent, follow_symlinks=False)
        return entry.st_mtime_ns

    def prune(self, folder: str, stop: str) -> None:
        """Remove a folder and those above it up to `stop`, while they are empty."""
        while folder.startswith(f"{stop}/"):
            try:
                with self._parent(folder) as parent:
                    os.rmdir(_last_segment(folder), dir_fd=parent)
            except OSError:
                return  # not empty, or in use: an empty folder that stays does no harm
            folder = parent_of(folder)


def _identify_files(start: OpenPath, path: str, files: dict[str, FileIdentity]) -> None:
    try:
        parent = start.folder(parent_of(path))
        entry = os.stat(_last_segment(path), dir_fd=parent, follow_symlinks=False)
        if stat.S_ISDIR(entry.st_mode):
            for name in os.listdir(start.folder(path)):  # noqa: PTH208 - an open folder
                _identify_files(start, f"{path}/{name}", files)
        else:
            files[path] = FileIdentity(
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


def _last_segment(path: str) -> str:
    name = path.rpartition("/")[2]
    if not is_plain_path(name):
        raise PermissionError(errno.EPERM, "the path leaves the store", path)
    return name
