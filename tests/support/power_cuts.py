"""What a disk may hold after a power cut: every order of what was not yet synced.

The calls of a real process are recorded (`record_to` of the shim). At each of them the
power may go: what was synced is there, and of the rest any part, as whole calls.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

_ALL_SUBSETS_OF = 6
_MOST_DROPPED = 2


class Call(NamedTuple):
    """One call that changed something, or synced it; paths are relative."""

    name: str
    path: str
    target: str = ""
    data: bytes = b""
    number: int = 0


@dataclass
class Disk:
    """Folders, and files by path: the path that a file had at first, or its content."""

    folders: set[str] = field(default_factory=set)
    files: dict[str, str | bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> "Disk":
        paths = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*")}
        folders = {path for path, found in paths.items() if found.is_dir()}
        return cls(folders | {""}, {p: p for p in paths.keys() - folders})

    def copy(self) -> "Disk":
        return Disk(set(self.folders), dict(self.files))

    def digest(self) -> bytes:
        parts = [repr(sorted(self.folders)), repr(sorted(self.files.items(), key=str))]
        return hashlib.sha256("".join(parts).encode()).digest()

    def apply(self, call: Call) -> None:
        """Apply a call that reached the disk; what it needs may be missing there."""
        {
            "mkdir": self._mkdir,
            "create": self._create,
            "append": self._append,
            "write": self._append,
            "unlink": self._unlink,
            "link": self._link,
            "rename": self._rename,
        }[call.name](call.path, call.target, call.data)

    def _mkdir(self, path: str, *_: object) -> None:
        if _parent(path) in self.folders:
            self.folders.add(path)

    def _create(self, path: str, *_: object) -> None:
        if _parent(path) in self.folders:
            self.files.setdefault(path, b"")

    def _append(self, path: str, _: str, data: bytes) -> None:
        content = self.files.get(path)
        if isinstance(content, bytes):
            self.files[path] = content + data

    def _unlink(self, path: str, *_: object) -> None:
        self.files.pop(path, None)
        if not any(p.startswith(f"{path}/") for p in [*self.files, *self.folders]):
            self.folders.discard(path)

    def _link(self, path: str, target: str, *_: object) -> None:
        if path in self.files and _parent(target) in self.folders:
            self.files.setdefault(target, self.files[path])

    def _rename(self, path: str, target: str, *_: object) -> None:
        there = _parent(target) in self.folders  # else what moved is lost
        for name in [p for p in self.files if f"{p}/".startswith(f"{path}/")]:
            content = self.files.pop(name)
            if there:
                self.files[target + name[len(path) :]] = content
        for name in [p for p in self.folders if f"{p}/".startswith(f"{path}/")]:
            self.folders.discard(name)
            if there:
                self.folders.add(target + name[len(path) :])

    def write(self, folder: Path, originals: Path) -> None:
        """Make this state; files that were there at first keep date and inode."""
        for path in sorted(self.folders):
            (folder / path).mkdir()
        for path, content in self.files.items():
            if isinstance(content, bytes):
                (folder / path).write_bytes(content)
            else:
                os.link(originals / content, folder / path)


def read_calls(log: Path, folder: Path) -> list[Call]:
    """Read what the shim recorded."""
    calls = []
    for number, line in enumerate(log.read_text().splitlines()):
        name, path, target = line.split("\t")
        path = os.path.relpath(path, folder).removeprefix(".")
        data = b""
        if name in {"append", "write"}:
            data, target = bytes.fromhex(target.partition(":")[2]), ""
        elif target:
            target = os.path.relpath(target, folder)
        calls.append(Call(name, path, target, data, number))
    return calls


def states_after_a_power_cut(before: Disk, calls: list[Call]) -> Iterator[Disk]:
    """Return each distinct state that the disk may have, whenever the power goes.

    Of up to six calls that were not synced any part may have reached the disk; of more,
    all but two, or no more than two.
    """
    seen: set[bytes] = set()
    for end in range(len(calls) + 1):
        lasting, volatile = _split(calls[:end])
        for kept in _subsets(volatile):
            disk = before.copy()
            for call in sorted([*lasting, *kept], key=lambda call: call.number):
                disk.apply(call)
            if disk.digest() not in seen:
                seen.add(disk.digest())
                yield disk


def _subsets(calls: list[Call]) -> Iterator[list[Call]]:
    sizes = range(len(calls) + 1)
    for size in sizes:
        few = min(size, len(calls) - size) <= _MOST_DROPPED
        if few or len(calls) <= _ALL_SUBSETS_OF:
            yield from map(list, combinations(calls, size))


def _split(calls: list[Call]) -> tuple[list[Call], list[Call]]:
    """Split calls into those that a power cut cannot undo and the others."""
    lasting: list[Call] = []
    waiting: dict[Call, set[str]] = {}
    for call in calls:
        if call.name == "syncfs":
            lasting += waiting
            waiting = {}
        elif call.name == "fsync":
            for earlier, needed in list(waiting.items()):
                needed.discard(call.path)
                if not needed:
                    lasting.append(earlier)
                    del waiting[earlier]
        elif call.name in {"append", "write"}:
            waiting[call] = {call.path}
        else:
            paths = filter(None, [call.path, call.target])
            waiting[call] = {_parent(path) for path in paths}
    return lasting, list(waiting)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]
