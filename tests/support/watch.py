"""Count at the file system what is done to the files of a folder (Linux inotify)."""

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ACCESS, _MODIFY, _ATTRIB, _OPEN = 0x1, 0x2, 0x4, 0x20
_MOVED, _CREATED, _DELETED = 0xC0, 0x100, 0x200
_IS_FOLDER = 0x4000_0000
_OVERFLOW = 0x4000
_WRITES = _MODIFY | _ATTRIB | _MOVED | _CREATED | _DELETED
_HEADER = struct.Struct("iIII")


class FileEvents:
    """Names of files that were read, and of entries that were changed."""

    def __init__(self) -> None:
        self.read: set[str] = set()
        self.changed: set[str] = set()


@contextmanager
def watch(*roots: Path) -> Iterator[FileEvents]:
    """Watch every folder below some roots; complete when the block has ended."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.inotify_init1(os.O_NONBLOCK)
    assert handle >= 0
    events = FileEvents()
    try:
        for root in roots:
            for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
                mask = _ACCESS | _OPEN | _WRITES
                assert libc.inotify_add_watch(handle, bytes(folder), mask) >= 0
        _drain(handle)
        yield events
        for mask, name in _drain(handle):
            assert not mask & _OVERFLOW
            if mask & _WRITES:
                events.changed.add(name)
            elif not mask & _IS_FOLDER:
                events.read.add(name)
    finally:
        os.close(handle)


def _drain(handle: int) -> list[tuple[int, str]]:
    found = []
    while True:
        try:
            data = os.read(handle, 1 << 20)
        except BlockingIOError:
            return found
        offset = 0
        while offset < len(data):
            _, mask, _, length = _HEADER.unpack_from(data, offset)
            offset += _HEADER.size
            found.append((mask, data[offset : offset + length].rstrip(b"\0").decode()))
            offset += length
