"""What a recorded text may mean as a path of a store: in every spelling of it.

A spelling too many only protects an object, one too few loses it.
"""

import posixpath
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPECIAL = re.compile(r"[\\?#%]|::|^\s|\s$")


@dataclass(frozen=True, slots=True)
class Places:
    """What is known of the stores while metadata is read.

    Parameters
    ----------
    roots : tuple of str
        Locations of the stores in every known spelling, stripped from absolute paths.
    sections : tuple of str
        Prefixes of DataJoint's sections; a text below one of them is a path. The empty
        prefix makes a path of every text with a slash.
    listed : Listed
        What the stores hold; a text that names something of it is a path.
    """

    roots: tuple[str, ...] = ()
    sections: tuple[str, ...] = ("_hash", "_schema")
    listed: "Listed" = field(default_factory=lambda: Listed(()))
    named: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        named = tuple(f"{section}/" for section in self.sections if section)
        object.__setattr__(self, "named", named)


class Listed:
    """Which paths, and folders of paths, were listed in any store.

    Only hashes are kept; that two are equal by chance protects an object too many. Case
    and the composition of accents do not count.

    Parameters
    ----------
    paths : iterable of str
        Listed paths; gone through when the first question is asked.
    ways : iterable of str
        Links and folders that lead elsewhere: whatever lies below may be an object.
    """

    def __init__(self, paths: Iterable[str], ways: Iterable[str] = ()) -> None:
        self._paths = paths
        self._ways = frozenset(ways)

    def __contains__(self, path: str) -> bool:
        number = hash(_folded(path))
        place = int(np.searchsorted(self._hashes, number))
        return place < len(self._hashes) and bool(self._hashes[place] == number)

    def leads(self, path: str) -> bool:
        """Tell whether something that leads elsewhere stands on a path."""
        if path.startswith(("/", "../")) or "/../" in path:
            return True
        parts = path.split("/") if self._ways else ()
        return any("/".join(parts[: n + 1]) in self._ways for n in range(len(parts)))

    @cached_property
    def _hashes(self) -> npt.NDArray[np.int64]:
        paths = map(_folded, _with_folders(self._paths))
        return np.unique(np.fromiter(map(hash, paths), np.int64))


def spellings(text: str, places: Places) -> tuple[str, ...]:
    """Return the paths, relative to a store, that a recorded text may mean.

    A scheme and the root of a store are stripped, doubled, leading and trailing slashes
    are removed. What may be an escape, a query or a fragment is taken with and without;
    of a text that is not in a section, whatever its end names counts, too. A path that
    is absolute, or has ``..`` in it, is also kept as it is, to be followed.

    Raises
    ------
    ValueError
        If the text cannot be a path because it holds half a character.
    """
    if _SURROGATE.search(text):
        raise ValueError("not text (it holds half a character)")
    found: dict[str, None] = {}
    for variant in _variants(text):
        url = _URL.match(variant)
        rest = variant[url.end() :] if url else variant
        absolute = url is not None or variant.startswith("/")
        collapsed = "/".join(s for s in rest.split("/") if s not in {"", "."})
        normal = posixpath.normpath(f"/{collapsed}").lstrip("/")
        for spelt in dict.fromkeys((collapsed, normal)):
            for root in places.roots if absolute else ():
                bare = root.strip("/")
                if spelt.startswith(f"{bare}/" if bare else "/"):
                    found[spelt[len(bare) :].lstrip("/")] = None
            found[spelt] = None
        if absolute:
            found[f"/{collapsed}"] = None
    if not any(path.startswith(places.named) for path in found):
        found |= dict.fromkeys(_ends(tuple(found), places))
    return tuple(path for path in found if path and path != "/")


def _variants(text: str) -> Iterator[str]:
    """Yield what a text may mean if some of its characters are not its path's."""
    yield text
    if not _SPECIAL.search(text):
        return
    stripped = text.strip()
    plain = stripped.replace("\\", "/")
    unquoted = unquote(plain)
    cut = re.split(r"[?#]", plain, maxsplit=1)[0]
    last = plain.rpartition("::")[2]  # chained URLs of fsspec
    yield from (stripped, plain, unquoted, cut, unquote(cut), last, unquote(last))


def _ends(paths: Iterable[str], places: Places) -> Iterator[str]:
    """Yield the ends of paths that name something in a section, or a listed object."""
    for path in paths:
        segments = path.strip("/").split("/")
        for start in range(1, len(segments) - 1):
            end = "/".join(segments[start:])
            if end.startswith(places.named) or end in places.listed:
                yield end


def _folded(path: str) -> str:
    return (path if path.isascii() else unicodedata.normalize("NFC", path)).lower()


def _with_folders(paths: Iterable[str]) -> Iterator[str]:
    folder = ""
    for path in paths:
        yield path
        above = path.rpartition("/")[0]
        if above != folder:  # listed files come folder by folder
            folder = above
            while above:
                yield above
                above = above.rpartition("/")[0]
