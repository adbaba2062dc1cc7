"""What a recorded text may mean as a path of a store: in every spelling of it.

A spelling too many only protects an object, one too few loses it. Where characters of
the text are taken for those of a URL, or only its end is taken, the spelling is a
**guess**: it protects the object that it names, and nothing above one.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from djgc_widgets.model import path_text
from djgc_widgets.references.known_paths import KnownPaths

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST = 8_192
"""Characters of a path, at most; no server allows more."""
_SPECIAL = re.compile(r"[\\?#%]|::|^\s|\s$")


def spellings(text: str, known: KnownPaths) -> dict[str, bool]:
    """Return the paths, relative to a store, that a recorded text may mean.

    The value of each tells whether it is a guess.

    A scheme and the root of a store are stripped, doubled, leading and trailing slashes
    are removed. What may be an escape, a query or a fragment is taken with and without;
    of a text that is not in a section, whatever its end names counts, too. A path that
    is absolute, or has ``..`` in it, is also returned as it is, to be followed.

    Raises
    ------
    ValueError
        If the text cannot be a path because it holds half a character.
    """
    if _SURROGATE.search(text):
        raise ValueError("not text (it holds half a character)")
    paths = dict.fromkeys(_spellings_without_root(text, known), False)
    for variant in _text_variants(text):
        for path in _spellings_without_root(variant, known):
            paths.setdefault(path, True)
    if not any(path.startswith(known.section_starts) for path in paths):
        for path in _path_ends(tuple(paths), known):
            paths.setdefault(path, True)
    for path, guess in tuple(paths.items()):
        paths.setdefault(path_text(path), guess)  # as a listing of a folder has it
    return {path: guess for path, guess in paths.items() if path and path != "/"}


def _spellings_without_root(text: str, known: KnownPaths) -> Iterator[str]:
    """Yield a text without its scheme, surplus slashes and the root of a store."""
    url = _URL.match(text)
    rest = text[url.end() :] if url else text
    absolute = url is not None or text.startswith("/")
    collapsed = "/".join(s for s in rest.split("/") if s not in {"", "."})
    normal = posixpath.normpath(f"/{collapsed}").lstrip("/")
    for path in dict.fromkeys((collapsed, normal)):
        for root in known.roots if absolute else ():
            start = f"{root.strip('/')}/"
            if path.startswith(start):
                yield path.removeprefix(start).lstrip("/")
        yield path
    if absolute:
        yield f"/{collapsed}"


def _text_variants(text: str) -> Iterator[str]:
    """Yield what a text may mean if some of its characters are not its path's."""
    if not _SPECIAL.search(text):
        return
    stripped = text.strip()
    plain = stripped.replace("\\", "/")
    unquoted = unquote(plain)
    cut = re.split(r"[?#]", plain, maxsplit=1)[0]
    last = plain.rpartition("::")[2]  # chained URLs of fsspec
    yield from (stripped, plain, unquoted, cut, unquote(cut), last, unquote(last))


def _path_ends(paths: Iterable[str], known: KnownPaths) -> Iterator[str]:
    """Yield the ends of paths that name something in a section, or a listed object."""
    for path in paths:
        whole = path.strip("/")
        segments, at = whole.split("/"), 0
        for segment in segments[: max(len(segments) - 2, 0)]:
            at += len(segment) + 1
            if len(whole) - at > _LONGEST:  # of a long text, each end would take long
                continue
            end = whole[at:]
            if end.startswith(known.section_starts) or end in known.listed:
                yield end
