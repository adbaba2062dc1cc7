"""The folder of a store: the verbs that look at and change what is below it."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

from djgc_widgets.model import (
    TRASH_FOLDER,
    file_path,
    is_plain_path,
    parent_of,
    path_text,
)
from djgc_widgets.stores.file.open_path import (
    OpenPath,
    sync_file_system,
    sync_folder,
)
from djgc_widgets.stores.file.renames import claim, is_one_file, publish, take
from djgc_widgets.stores.file.rights import give_rights_of_folder
from djgc_widgets.stores.listing import bounded_ns
from djgc_widgets.stores.mounts_and_links import file_system_of
from djgc_widgets.stores.pinned_objects import FileIdentity


class StoreFolder:
    """A store's folder and the verbs that look at and change what is below it.

    Every path is relative to the folder's real path `address` and has to stay below it.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.kind = file_system_of(address)
        """Type of its file system."""

    def open(self) -> OpenPath:
        """Open the folder."""
        return OpenPath(self.address)

    @contextmanager
    def _parent(self, path: str, *, create: bool = False) -> Iterator[int]:
        with self.open() as start:
            if create:
                start.make_folder(parent_of(path))
            yield start.folder(parent_of(path))

    def identities(
        self, path: str, start: OpenPath | None = None
    ) -> dict[str, FileIdentity]:
        """Return the identity of each file at or below a path, which may not exist."""
        files: dict[str, FileIdentity] = {}
        with self.open() if start is None else nullcontext(start) as opened:
            _identify_files(opened, path, files)
        return files

    def is_one_file(self, path: str, other: str) -> bool:
        """Return whether two paths are names of one file."""
        with self._parent(path) as here, self._parent(other) as there:
            return is_one_file(here, _last_segment(path), there, _last_segment(other))

    def move(
        self, source: str, target: str, source_start: OpenPath, target_start: OpenPath
    ) -> None:
        """Move a file or folder to the trash, or from there; never overwrites.

        A crash leaves it at its source or at its target. Where the file system has no
        flag for this, a file that comes from the trash may be at both, as one file, and
        an empty file may be left in the trash.
        """
        old = source_start.folder(parent_of(source))
        target_start.make_folder(parent_of(target))
        new = target_start.folder(parent_of(target))
        move = take if _in_trash(target) and not _in_trash(source) else publish
        move(old, _last_segment(source), new, _last_segment(target))

    def claim(self, path: str, to: str) -> None:
        """Move a record that others may move as well; only one of them succeeds."""
        with self._parent(path) as old, self._parent(to) as new:
            claim(old, _last_segment(path), new, _last_segment(to))

    def sync(self) -> None:
        """Let every change survive a power cut."""
        with self.open() as start:
            sync_file_system(start.folder(""))

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
                    give_rights_of_folder(handle, parent)
                    file.write(data)
                    file.flush()
                    os.fsync(handle)
                if new:
                    publish(parent, draft, parent, _last_segment(path))
                else:
                    os.rename(
                        draft, _last_segment(path), src_dir_fd=parent, dst_dir_fd=parent
                    )
            except BaseException:
                with suppress(OSError):  # the first error matters
                    os.unlink(draft, dir_fd=parent)
                raise
            try:
                sync_folder(parent)
            except OSError:
                if new:  # to the caller it was not written
                    os.unlink(_last_segment(path), dir_fd=parent)
                raise

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
                _identify_files(start, f"{path}/{path_text(name)}", files)
        else:
            files[path] = FileIdentity(
                entry.st_size, bounded_ns(entry.st_mtime_ns), entry.st_ino
            )
    except FileNotFoundError:
        return


def _in_trash(path: str) -> bool:
    return path.startswith(f"{TRASH_FOLDER}/")


def _last_segment(path: str) -> str:
    name = path.rpartition("/")[2]
    if not is_plain_path(name):
        raise PermissionError(errno.EPERM, "the path leaves the store", path)
    return file_path(name)
