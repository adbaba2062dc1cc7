"""Physical addresses: which folders of stores are one place, whatever leads there.

A store may lie inside another one, a folder may be mounted twice, a symbolic link may
lead from one store into another. Compared are volumes and paths on them, never names.
"""

import errno
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from djgc_widgets.model import SamePlace, StoreInfo

_MOUNTS = Path("/proc/self/mountinfo")
_NO_LINK = {errno.EINVAL, errno.ENOENT, errno.ENOTDIR}
_MOST_LINKS = 40
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class _Mount:
    """A mount point, the volume that is mounted there, and from which path of it."""

    point: str
    volume: str
    root: str


@dataclass(frozen=True, slots=True)
class _Region:
    """A folder of a store and its address: a volume and a path on it."""

    store: str
    path: str
    volume: str
    address: str


def same_places(stores: Sequence[StoreInfo]) -> tuple[SamePlace, ...]:
    """Find the folders of stores that are reached in more than one way.

    Parameters
    ----------
    stores : sequence of StoreInfo
        Distinct places; those of a file system with a real path as address.

    Returns
    -------
    tuple of SamePlace
        A store inside another one is listed as itself, a folder mounted inside a store
        as the folder that it is.
    """
    mounts = _mounts()
    regions = [region for store in stores for region in _regions(store, mounts)]
    found = []
    for number, outer in enumerate(regions):
        for other, inner in enumerate(regions):
            rest = _below(inner, outer) if number != other else None
            if rest is None:
                continue
            if not rest and not _is_other_way(number, other, outer, inner):
                continue
            way, listed = (outer, _join(outer.path, rest)), (inner, inner.path)
            if (
                inner.path
            ):  # not a store's own root: the mounted folder is the other way
                way, listed = listed, way
            found.append(SamePlace(way[0].store, way[1], listed[0].store, listed[1]))
    return tuple(dict.fromkeys(found))


class Follower:
    """Follows paths through links and mounts to the stores that they lead into.

    Parameters
    ----------
    stores : sequence of StoreInfo
        The known stores; those of a file system can be led into.
    """

    def __init__(self, stores: Sequence[StoreInfo]) -> None:
        self._mounts = _mounts()
        self._regions = [
            region
            for store in stores
            if store.protocol == "file"
            for region in _regions(store, self._mounts)
        ]
        self._points = {mount.point for mount in self._mounts}
        self._real: dict[str, str] = {"/": "/"}
        self._folders: dict[str, tuple[str, str]] = {}

    def places(self, path: str) -> list[tuple[str, str]]:
        """Return store and path of every place that an absolute path stands for.

        A path above a store stands for all of it; one that leads nowhere for nothing.

        Raises
        ------
        OSError
            If the way could not be looked at.
        """
        if "\0" in path:
            return []
        try:
            target = self._follow(path, 0)
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.ENAMETOOLONG}:
                return []
            raise
        way = _Region("", "", *self._address(target))
        found = []
        for region in self._regions:
            inside = _below(way, region)
            if inside is not None:
                found.append((region.store, _join(region.path, inside)))
            elif _below(region, way) is not None:
                found.append((region.store, region.path))
        return found

    def _address(self, path: str) -> tuple[str, str]:
        """Return the address of a real path; that of its folder once is known."""
        if path in self._points:
            return _address(path, self._mounts)
        head, _, name = path.rpartition("/")
        known = self._folders.get(head)
        if known is None:
            known = self._folders[head] = _address(head or "/", self._mounts)
        return known[0], _join(known[1], name)

    def _follow(self, path: str, links: int) -> str:
        """Return the real path; what was followed once is known."""
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
        there = (
            target if target.startswith("/") else f"{path.rpartition('/')[0]}/{target}"
        )
        return self._follow(there, links + 1)


def _is_other_way(number: int, other: int, outer: _Region, inner: _Region) -> bool:
    """Of one folder's two ways, each met twice, keep one to be listed."""
    if bool(outer.path) != bool(inner.path):
        return True
    return (number < other) == bool(inner.path)


def _regions(store: StoreInfo, mounts: Sequence[_Mount]) -> list[_Region]:
    if store.protocol != "file":
        return [_Region(store.name, "", store.protocol, store.address)]
    found = [_Region(store.name, "", *_address(store.address, mounts))]
    root = store.address.rstrip("/") + "/"
    found.extend(
        _Region(
            store.name, mount.point[len(root) :], mount.volume, mount.root.strip("/")
        )
        for mount in mounts
        if mount.point.startswith(root) and mount.point != root
    )
    return found


def _address(path: str, mounts: Sequence[_Mount]) -> tuple[str, str]:
    """Return the volume of a real path and the path on that volume."""
    for mount in reversed(mounts):  # the last to be mounted hides what was there
        point = mount.point.rstrip("/")
        if path == point or path.startswith(f"{point}/"):
            return mount.volume, _join(mount.root, path[len(point) :].strip("/"))
    return "", path.strip("/")


def _mounts() -> list[_Mount]:
    """Return the mounts of this process, those nearest to the root first."""
    if not _MOUNTS.exists():  # not Linux: real paths have to do
        return []
    lines = (line.split(" ") for line in _MOUNTS.read_text().splitlines())
    found = [_Mount(_plain(f[4]), f[2], _plain(f[3])) for f in lines]
    return sorted(found, key=lambda mount: len(mount.point))


def _plain(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)


def _below(inner: _Region, outer: _Region) -> str | None:
    """Return the path of one region in another one; None if it is not in there."""
    if inner.volume != outer.volume:
        return None
    if inner.address == outer.address:
        return ""
    top = f"{outer.address}/" if outer.address else ""
    return inner.address[len(top) :] if inner.address.startswith(top) else None


def _join(folder: str, rest: str) -> str:
    return "/".join(filter(None, (folder.strip("/"), rest)))
