"""What folders hold, as pages of columns; also a program, to list in parallel.

Python lists on one core, however many there are, so large stores are listed by several
processes. Each runs this file, which imports nothing that takes time.
"""

import os
import pickle
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

Page = tuple[list[str], tuple["array[int]", ...], list[tuple[str, OSError]]]
"""Paths of entries as the file system has them, `COLUMNS` of each, and what could not
be looked at: its path, and why."""


def folder_pages(root: str, folders: Sequence[str]) -> Iterator[Page]:
    """Yield what folders have that lie below a root; nothing is opened or followed."""
    paths: list[str] = []
    seen: list[os.stat_result] = []
    errors: list[tuple[str, OSError]] = []
    # what is done here is done for every file, so it calls little else
    for folder in folders:
        above = f"{folder}/" if folder else ""
        try:
            with os.scandir(f"{root}/{folder}") as entries:
                while some := list(islice(entries, N_ENTRIES)):
                    for entry in some:
                        path = above + entry.name
                        try:
                            seen.append(entry.stat(follow_symlinks=False))
                        except OSError as error:
                            errors.append((path, error))
                        else:
                            paths.append(path)
                    if len(paths) >= N_ENTRIES:
                        yield paths, _columns(seen), errors
                        paths, seen, errors = [], [], []
        except OSError as error:
            errors.append((folder, error))
    yield paths, _columns(seen), errors


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
        open(0, "rb", buffering=0) as asked,
        open(1, "wb", buffering=0) as told,
    ):
        while True:
            root, folders = receive(asked)
            for page in folder_pages(root, folders):
                send(told, page)
            send(told, None)


if __name__ == "__main__":
    main()
