"""What folders hold, as pages of columns; also a program, to list in parallel.

Python lists on one core, however many there are, so large stores are listed by several
processes. Each runs this file, which imports nothing that takes time.
"""

import os
import pickle
import stat
import sys
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, BinaryIO

N_ENTRIES = 10_000
"""Of a page; it may have up to twice as many."""
COLUMNS = ("size_bytes", "modified_ns", "changed_ns", "inode", "device", "mode")
_LENGTH_BYTES = 8
_LAST_NS = 2**63 - 1

Page = tuple[
    list[bytes], tuple["array[int]", ...], list[bytes], list[tuple[bytes, OSError]]
]
"""Paths of entries as the file system has them, `COLUMNS` of each, the folders that are
still to be listed, and what could not be looked at: its path, and why."""


def folder_pages(root: bytes, folders: Sequence[bytes]) -> Iterator[Page]:
    """Yield some folders below a root and what they have; no link is followed.

    A folder is looked at when it is listed, so many that lie in one are looked at by
    several processes.
    """
    found = _Found()
    for folder in folders:
        here = b"%b/%b" % (root, folder)
        try:
            if folder and not found.is_folder(folder, os.lstat(here)):
                continue
            with os.scandir(here) as entries:
                while some := list(islice(entries, N_ENTRIES)):
                    found.look_at(some, folder + b"/" if folder else b"")
                    if len(found.paths) + len(found.folders) >= N_ENTRIES:
                        yield found.page()
                        found = _Found()
        except OSError as error:
            found.errors.append((folder, error))
    yield found.page()


class _Found:
    """What is to become a page."""

    def __init__(self) -> None:
        self.paths: list[bytes] = []
        self.seen: list[os.stat_result] = []
        self.folders: list[bytes] = []
        self.errors: list[tuple[bytes, OSError]] = []

    def is_folder(self, path: bytes, status: os.stat_result) -> bool:
        """Add what was a folder, and return whether it still is."""
        self.paths.append(path)
        self.seen.append(status)
        return stat.S_ISDIR(status.st_mode)

    def look_at(self, entries: Sequence["os.DirEntry[bytes]"], above: bytes) -> None:
        """Look at some entries of a folder; for files, this does little else."""
        for entry in entries:
            path = above + entry.name
            try:
                status = None
                if not entry.is_dir(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
            except OSError as error:
                self.errors.append((path, error))
                continue
            if status is None or stat.S_ISDIR(status.st_mode):  # by now, if not before
                self.folders.append(path)
            else:
                self.paths.append(path)
                self.seen.append(status)

    def page(self) -> Page:
        return self.paths, _columns(self.seen), self.folders, self.errors


def _columns(seen: Sequence[os.stat_result]) -> tuple["array[int]", ...]:
    return (
        array("q", [each.st_size for each in seen]),
        _times([each.st_mtime_ns for each in seen]),
        _times([each.st_ctime_ns for each in seen]),
        array("Q", [each.st_ino for each in seen]),
        array("Q", [each.st_dev for each in seen]),
        array("q", [each.st_mode for each in seen]),
    )


def _times(times_ns: list[int]) -> "array[int]":
    try:
        return array("q", times_ns)
    except OverflowError:  # a date beyond what 64 bits hold
        return array("q", [min(max(each, -_LAST_NS), _LAST_NS) for each in times_ns])


def send(file: BinaryIO, message: object) -> None:
    """Write a message to a pipe."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    for part in (len(data).to_bytes(_LENGTH_BYTES, "little"), data):
        rest = memoryview(part)
        while rest:
            rest = rest[file.write(rest) :]


def receive(file: BinaryIO) -> Any:  # noqa: ANN401 - whatever was sent
    """Read a message from a pipe.

    Raises
    ------
    EOFError
        If the other side ended.
    """
    length = int.from_bytes(_read(file, _LENGTH_BYTES), "little")
    return pickle.loads(_read(file, length))  # noqa: S301 - from a process of our own


def _read(file: BinaryIO, length: int) -> bytearray:
    data = bytearray(length)
    rest = memoryview(data)
    while rest:
        count = file.readinto(rest)  # type: ignore[attr-defined] # of files without a buffer
        if not count:
            raise EOFError
        rest = rest[count:]
    return data


def main() -> None:
    """List the folders that are asked for, until nobody asks any more."""
    with (
        suppress(EOFError, BrokenPipeError),
        os.fdopen(0, "rb", buffering=0) as asked,
        os.fdopen(int(sys.argv[1]), "wb", buffering=0) as told,
    ):
        while True:
            pages = folder_pages(*receive(asked))
            page = next(pages)
            for following in pages:
                send(told, (page, True))
                page = following
            send(told, (page, False))


if __name__ == "__main__":
    main()
