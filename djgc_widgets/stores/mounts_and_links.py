"""Physical addresses: which folders of stores are the same folder.

A store may lie inside another one, a folder may be mounted twice, a symbolic link may
lead from one store into another. Volumes and paths on them are compared, never names.
"""

import errno
import os
import re
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

from djgc_widgets.model import SameFolder, StoreInfo, file_path, path_text

_MOUNTS = Path("/proc/self/mountinfo")
_NO_LINK = {errno.EINVAL, errno.ENOENT, errno.ENOTDIR}
_MOST_LINKS = 40
_OCTAL = re.compile(r"\\([0-7]{3})")


class _Mount(NamedTuple):
    """A mount point, the volume that is mounted there, and from which path of it."""

    point: str
    volume: str
    root: str
    kind: str
    """Type of its file system."""


class _Region(NamedTuple):
    """A folder of a store and its address: a volume and a path on it."""

    store: str
    path: str
    volume: str
    address: str


def same_folders(stores: Sequence[StoreInfo]) -> tuple[SameFolder, ...]:
    """Return the folders of distinct stores to which several paths lead.

    A store inside another one is listed as itself, a folder mounted inside a store
    under its own path.
    """
    mounts = _read_mounts()
    regions = [region for store in stores for region in _mounted_regions(store, mounts)]
    same = []
    for (i, outer), (j, inner) in permutations(enumerate(regions), 2):
        rest = _path_below_mount(inner, outer)
        if rest is None or (not rest and not _is_second_path(i, j, outer, inner)):
            continue
        second, listed = (outer.store, _join_paths(outer.path, rest)), inner[:2]
        if inner.path:  # a mounted folder, not the root of a store
            second, listed = listed, second
        names = (path_text(name) for name in (*second, *listed))
        same.append(SameFolder(*names))
    return tuple(dict.fromkeys(same))


def mounts_in(store: StoreInfo) -> list[str]:
    """Return the paths in a store at which something is mounted."""
    regions = _mounted_regions(store, _read_mounts())
    return [path_text(region.path) for region in regions[1:]]


def file_system_of(path: str) -> str:
    """Return the type of the file system that a real path is on; empty if unknown."""
    mount = _mount_of(path, _read_mounts())
    return mount.kind if mount else ""


class LinkFollower:
    """Follows paths through links and mounts to the stores that they lead into.

    Only stores of a file system can be led into; those of other protocols are ignored.
    """

    def __init__(self, stores: Sequence[StoreInfo]) -> None:
        self._mounts = _read_mounts()
        self._regions = [
            region
            for store in stores
            if store.protocol == "file"
            for region in _mounted_regions(store, self._mounts)
        ]
        self._points = {mount.point for mount in self._mounts}
        self._real: dict[str, str] = {"/": "/"}
        self._folders: dict[str, tuple[str, str]] = {}

    def follow(self, path: str) -> list[tuple[str, str]]:
        """Return store and path of every file or folder that an absolute path means.

        A path above a store means all of it; one that leads nowhere means nothing.

        Raises
        ------
        OSError
            If a folder or link on the path cannot be read.
        """
        if "\0" in path:
            return []
        try:
            target = self._follow(file_path(path), 0)
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.ENAMETOOLONG}:
                return []
            raise
        wanted = _Region("", "", *self._address(target))
        matches = []
        for region in self._regions:
            inside = _path_below_mount(wanted, region)
            if inside is not None:
                inside = path_text(_join_paths(region.path, inside))
                matches.append((region.store, inside))
            elif _path_below_mount(region, wanted) is not None:
                matches.append((region.store, path_text(region.path)))
        return matches

    def _address(self, path: str) -> tuple[str, str]:
        """Return the address of a real path; those of folders are remembered."""
        if path in self._points:
            return _volume_address(path, self._mounts)
        head, _, name = path.rpartition("/")
        known = self._folders.get(head)
        if known is None:
            known = self._folders[head] = _volume_address(head or "/", self._mounts)
        return known[0], _join_paths(known[1], name)

    def _follow(self, path: str, links: int) -> str:
        """Return the real path; what was followed is remembered."""
        known = self._real.get(path)
        if known is not None:
            return known
        head, _, name = path.rpartition("/")
        parent = self._follow(head or "/", links)
        if name in {"", "."}:
            real = parent
        elif name == "..":
            real = parent.rpartition("/")[0] or "/"
        else:
            real = self._entry(f"{parent.rstrip('/')}/{name}", links)
        self._real[path] = real
        return real

    def _entry(self, path: str, links: int) -> str:
        try:
            target = os.readlink(path)  # noqa: PTH115 - a text, and fast
        except OSError as error:
            if error.errno in _NO_LINK:
                return path
            raise
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        if not target.startswith("/"):
            target = f"{path.rpartition('/')[0]}/{target}"
        return self._follow(target, links + 1)


def _is_second_path(i: int, j: int, outer: _Region, inner: _Region) -> bool:
    """Of one folder's two paths, which come in both orders, leave one to be listed."""
    return bool(outer.path) != bool(inner.path) or (i < j) == bool(inner.path)


def _mounted_regions(store: StoreInfo, mounts: Sequence[_Mount]) -> list[_Region]:
    if store.protocol != "file":
        return [_Region(store.name, "", store.protocol, store.address)]
    root = store.address.rstrip("/") + "/"
    mounted = [
        _Region(store.name, m.point[len(root) :], m.volume, m.root.strip("/"))
        for m in mounts
        if m.point.startswith(root) and m.point != root
    ]
    return [_Region(store.name, "", *_volume_address(store.address, mounts)), *mounted]


def _volume_address(path: str, mounts: Sequence[_Mount]) -> tuple[str, str]:
    """Return the volume of a real path and the path on that volume."""
    mount = _mount_of(path, mounts)
    if mount is None:
        return "", path.strip("/")
    inside = path[len(mount.point.rstrip("/")) :]
    return mount.volume, _join_paths(mount.root, inside.strip("/"))


def _mount_of(path: str, mounts: Sequence[_Mount]) -> _Mount | None:
    """Return the mount that a real path is on."""
    for mount in reversed(mounts):  # the last to be mounted hides what was there
        point = mount.point.rstrip("/")
        if path == point or path.startswith(f"{point}/"):
            return mount
    return None


def _read_mounts() -> list[_Mount]:
    """Return the mounts of this process, those nearest to the root first."""
    if not _MOUNTS.exists():  # not Linux: real paths have to do
        return []
    text = os.fsdecode(_MOUNTS.read_bytes())
    lines = (line.split(" ") for line in text.split("\n") if line)
    mounts = [
        _Mount(_unescaped(f[4]), f[2], _unescaped(f[3]), f[f.index("-") + 1])
        for f in lines
    ]
    return sorted(mounts, key=lambda mount: len(mount.point))


def _unescaped(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)


def _path_below_mount(inner: _Region, outer: _Region) -> str | None:
    """Return the path of one region in another one; None if it is not in there."""
    if inner.volume != outer.volume:
        return None
    if inner.address == outer.address:
        return ""
    top = f"{outer.address}/" if outer.address else ""
    return inner.address[len(top) :] if inner.address.startswith(top) else None


def _join_paths(folder: str, rest: str) -> str:
    return "/".join(filter(None, (folder.strip("/"), rest)))
