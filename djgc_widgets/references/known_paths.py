"""What is known of the stores while metadata is read."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class KnownPaths:
    """What is known of the stores while metadata is read."""

    roots: tuple[str, ...] = ()
    """Locations of the stores in every spelling, stripped from absolute paths."""
    sections: tuple[str, ...] = ("_hash", "_schema")
    """Prefixes of DataJoint's sections; a text below one of them is a path. The empty
    prefix makes a path of every text with a slash."""
    listed: "Listed" = field(default_factory=lambda: Listed(()))
    """What the stores hold; a text that names something of it is a path."""
    section_starts: tuple[str, ...] = field(init=False)
    """The sections that have a name, with a slash at the end."""

    def __post_init__(self) -> None:
        starts = tuple(f"{section}/" for section in self.sections if section)
        object.__setattr__(self, "section_starts", starts)


class Listed:
    """Which paths, and folders of paths, were listed in any store.

    Only hashes are in memory; that two are equal by chance protects an object too many.
    Case and the composition of accents do not count. Whatever lies below one of the
    links, which are symbolic links and folders with several paths, may be an object.
    """

    def __init__(self, paths: Iterable[str], links: Iterable[str] = ()) -> None:
        self._paths = paths
        self._links = frozenset(links)

    def __contains__(self, path: str) -> bool:
        number = hash(_folded_path(path))
        position = int(np.searchsorted(self._hashes, number))
        return position < len(self._hashes) and bool(self._hashes[position] == number)

    def may_lead_elsewhere(self, path: str) -> bool:
        """Return whether a path is absolute, has ``..`` in it, or crosses a link."""
        if path.startswith(("/", "../")) or "/../" in path:
            return True
        parts = path.split("/") if self._links else ()
        return any("/".join(parts[: n + 1]) in self._links for n in range(len(parts)))

    def names_file(self, path: str) -> bool:
        """Return whether a file was listed at the path, not only files below it."""
        return hash(_folded_path(path)) in self._hashes_of_files

    @cached_property
    def _hashes_of_files(self) -> frozenset[int]:
        return frozenset(hash(_folded_path(path)) for path in self._paths)

    @cached_property
    def _hashes(self) -> npt.NDArray[np.int64]:
        paths = map(_folded_path, _paths_and_folders(self._paths))
        return np.unique(np.fromiter(map(hash, paths), np.int64))


def _folded_path(path: str) -> str:
    return (path if path.isascii() else unicodedata.normalize("NFC", path)).lower()


def _paths_and_folders(paths: Iterable[str]) -> Iterator[str]:
    folder = ""
    for path in paths:
        yield path
        above = path.rpartition("/")[0]
        if above != folder:  # listed files come folder by folder
            folder = above
            while above:
                yield above
                above = above.rpartition("/")[0]
