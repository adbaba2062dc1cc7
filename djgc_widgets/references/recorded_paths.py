"""Raw metadata of a row -> the paths that it records.

Extraction is generous: a reference too many only protects an object, one too few loses
it. A text with several spellings is taken in all of them.
"""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from djgc_widgets.references.known_paths import KnownPaths
from djgc_widgets.references.path_spellings import spellings

_INT64 = 2**63
_JSON_STARTS = ("{", "[", '"')
_BLANKS = "\ufeff \t\r\n"
_OPAQUE = re.compile("base64:type[0-9]+:([A-Za-z0-9+/=]+)")
"""How MySQL shows a binary string in JSON, as drivers send bytes."""


@dataclass(frozen=True, slots=True)
class RecordedPath:
    """One path that a row's raw metadata records."""

    spellings: tuple[str, ...]
    """The path relative to its store, normalized; several if the text is ambiguous."""
    store: str | None = None
    """Store that the metadata names."""
    size_bytes: int | None = None
    is_dir: bool = False
    n_files: int | None = None
    """Files of a folder, as the metadata says."""
    declared: bool = True
    """It stands where metadata has its path; otherwise it is any text that looks like
    one, and protects what is there without claiming that something must be."""
    guessed: frozenset[str] = frozenset()
    """The spellings that are guesses: each protects only the object that it names."""
    sure: bool = True
    """It is declared, in a section or listed; otherwise it has yet to be followed, and
    its value may record no path at all."""

    def as_note(self) -> "RecordedPath":
        """Let it protect the objects that it names, and claim nothing."""
        return replace(self, declared=False, guessed=frozenset(self.spellings))


_Key = tuple[tuple[str, ...], str | None]
"""Spellings and store of a path."""


OwnReading = Callable[[object], Iterable[tuple[str, str | None]]]
"""A codec's own reading of its metadata: pairs of path and store."""


def recorded_paths(
    text: str,
    known: KnownPaths,
    own: OwnReading | None = None,
    *,
    json_only: bool = True,
) -> list[RecordedPath]:
    """Return every path that one raw value records; an empty list if it records none.

    These are the ``path`` of the metadata (``url`` in rows migrated from DataJoint
    0.14), every other text in it that lies below a section or names what was listed,
    and what its codec adds. The text is JSON, possibly encoded more than once; unless
    `json_only`, it may itself be a path.

    Raises
    ------
    ValueError
        If the text is not JSON but must be, or is nested too deeply to be read.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply to be read") from None
    except json.JSONDecodeError as error:
        if json_only:
            raise ValueError(f"not JSON ({error})") from error
        value = text
    finder = _PathFinder(known, must_refer=json_only)
    try:
        finder.read(value, None)
        if own is not None:
            finder.declare(own(value))
    except RecursionError:
        raise ValueError("nested too deeply to be read") from None
    return finder.paths()


@dataclass(slots=True)
class _PathFinder:
    """Walks over a value and notes what may be a path, and its store."""

    known: KnownPaths
    must_refer: bool
    _declared: dict[_Key, RecordedPath] = field(default_factory=dict)
    _other: dict[_Key, RecordedPath] = field(default_factory=dict)
    _only_listed: set[_Key] = field(default_factory=set)
    """Texts outside of the sections that name something listed."""

    def read(self, value: object, store: str | None) -> None:
        """Note the paths in a value; a store counts for everything below it."""
        if isinstance(value, dict):
            named = value.get("store")
            store = named if isinstance(named, str) and named else store
            for key in ("path", "url"):
                text = value.get(key)
                if not isinstance(text, str):
                    continue
                if paths := spellings(_plain_text(text), self.known):
                    self._declare(paths, store, value)
                    break
            value = [*value, *value.values()]
        if isinstance(value, list):
            for inner in value:
                self.read(inner, store)
        if isinstance(value, str):
            self._read_text(value, store)

    def declare(self, pairs: Iterable[tuple[str, str | None]]) -> None:
        """Note the paths that a codec says its value refers to."""
        for text, store in pairs:
            if paths := spellings(text, self.known):
                self._declare(paths, store or None)

    def paths(self) -> list[RecordedPath]:
        """Return the declared paths, or those in sections instead, and all others."""
        others = [p for key, p in self._other.items() if key not in self._declared]
        if not self._declared:
            others = [
                replace(path, declared=self._in_section(path.spellings))
                for path in others
            ]
        if self._declared or not self.must_refer:
            others = [self._as_guess(path) for path in others]
        return [*self._declared.values(), *others]

    def _as_guess(self, path: RecordedPath) -> RecordedPath:
        """Make a guess of a text that only the listing makes a path."""
        if (path.spellings, path.store) in self._only_listed:
            return replace(path, guessed=frozenset(path.spellings))
        return path

    def _declare(
        self,
        paths: Mapping[str, bool],
        store: str | None,
        metadata: Mapping[str, object] = {},
    ) -> None:
        key, is_dir = (tuple(paths), store), metadata.get("is_dir") is True
        recorded = RecordedPath(
            *key,
            _integer(metadata.get("size")),
            is_dir,
            _integer(metadata.get("item_count")) if is_dir else None,
            guessed=_guesses(paths),
        )
        self._declared.setdefault(key, recorded)

    def _read_text(self, text: str, store: str | None) -> None:
        text = _plain_text(text)
        bare = text.strip(_BLANKS)
        if bare.startswith(_JSON_STARTS):
            try:
                self.read(json.loads(bare), store)
            except json.JSONDecodeError:
                pass  # a text that only begins like JSON is a text
            else:
                return
        if "/" not in text and "\\" not in text:
            return
        paths, sure = spellings(text, self.known), True
        if "" not in self.known.sections and not self._in_section(paths):
            starts, listed = ("", *self.known.section_starts), self.known.listed
            candidates = {
                f"{s}{p}": guess for p, guess in paths.items() for s in starts
            }
            named = {p: guess for p, guess in candidates.items() if p in listed}
            sure = any(not guess or listed.names_file(p) for p, guess in named.items())
            followed = {p: g for p, g in paths.items() if listed.may_lead_elsewhere(p)}
            paths = named | followed
            self._only_listed.add((tuple(paths), store))
        if paths:
            key = tuple(paths), store
            guessed = _guesses(paths)
            self._other[key] = RecordedPath(
                *key, declared=False, guessed=guessed, sure=sure
            )

    def _in_section(self, paths: Iterable[str]) -> bool:
        return any(path.startswith(self.known.section_starts) for path in paths)


def _plain_text(text: str) -> str:
    """Return the text that a binary string in JSON is, if it is one."""
    if opaque := _OPAQUE.fullmatch(text):
        with suppress(ValueError):  # not base64, or not text: it is no path
            return b64decode(opaque[1], validate=True).decode()
    return text


def _integer(value: object) -> int | None:
    return value if type(value) is int and abs(value) < _INT64 else None


def _guesses(paths: Mapping[str, bool]) -> frozenset[str]:
    return frozenset(path for path, guess in paths.items() if guess)
