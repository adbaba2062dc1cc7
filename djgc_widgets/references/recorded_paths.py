"""Raw metadata of a row -> the paths that it records.

Extraction is generous: a reference too many only protects an object, one too few loses
it. What may be spelt in several ways is taken in all of them.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from djgc_widgets.references.path_spellings import Places, spellings

_INT64 = 2**63
_JSON_STARTS = ("{", "[", '"')
_BLANKS = "\ufeff \t\r\n"


@dataclass(frozen=True, slots=True)
class RecordedPath:
    """One path that a row's raw metadata records.

    Parameters
    ----------
    spellings : tuple of str
        The path relative to its store, normalised; more than one where the text may
        mean several places.
    store : str or None
        Store that the metadata names; None if it names none.
    size_bytes : int or None
        Size as recorded.
    is_dir : bool
        The metadata says that it is a folder.
    declared : bool
        It stands where metadata has its path; otherwise it is any text that looks like
        one, and protects what is there without claiming that something must be.
    sure : bool
        It names a place in a section or something listed; otherwise it has yet to be
        followed, and does not speak for its value.
    """

    spellings: tuple[str, ...]
    store: str | None = None
    size_bytes: int | None = None
    is_dir: bool = False
    declared: bool = True
    sure: bool = True


Told = Callable[[object], Iterable[tuple[str, str | None]]]
"""A codec's own reading of its metadata: pairs of path and store."""


def recorded_paths(
    text: str, places: Places, told: Told | None = None, *, json_only: bool = True
) -> list[RecordedPath]:
    """Return every path that one raw value records; an empty list if it records none.

    Parameters
    ----------
    text : str
        The value as the database holds it: JSON, possibly encoded more than once.
    places : Places
        Roots and sections of the stores, and what they hold.
    told : Told, optional
        What the value's codec says that it refers to; it is asked as well.
    json_only : bool
        That the text is not JSON is an error; otherwise it may itself be a path.

    Returns
    -------
    list of RecordedPath
        The ``path`` of the metadata (``url`` in rows migrated from DataJoint 0.14), and
        every other text in it that lies below a section or names what was listed.

    Raises
    ------
    ValueError
        If the text is not JSON, or nested too deeply to be read.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply to be read") from None
    except json.JSONDecodeError as error:
        if json_only:
            raise ValueError(f"not JSON ({error})") from error
        value = text
    reader = _Reader(places)
    try:
        reader.read(value, None)
        if told is not None:
            reader.declare(told(value))
    except RecursionError:
        raise ValueError("nested too deeply to be read") from None
    return reader.paths()


@dataclass(slots=True)
class _Reader:
    """Walks over a value and notes what may be a path, and its store."""

    places: Places
    _declared: dict[tuple[tuple[str, ...], str | None], RecordedPath] = field(
        default_factory=dict
    )
    _other: dict[tuple[tuple[str, ...], str | None], RecordedPath] = field(
        default_factory=dict
    )

    def read(self, value: object, store: str | None) -> None:
        """Note the paths in a value; a store counts for everything below it."""
        if isinstance(value, dict):
            named = value.get("store")
            store = named if isinstance(named, str) and named else store
            for key in ("path", "url"):
                text = value.get(key)
                if isinstance(text, str) and (spelt := spellings(text, self.places)):
                    recorded = _recorded(spelt, store, value)
                    self._declared.setdefault((spelt, store), recorded)
                    break
        for inner in _inner(value):
            self.read(inner, store)
        if isinstance(value, str):
            self._read_text(value, store)

    def declare(self, pairs: Iterable[tuple[str, str | None]]) -> None:
        """Note the paths that a codec says its value refers to."""
        for text, store in pairs:
            if spelt := spellings(text, self.places):
                named = store or None
                self._declared.setdefault((spelt, named), RecordedPath(spelt, named))

    def paths(self) -> list[RecordedPath]:
        """Return what was noted; a value without a path at all means what it holds."""
        others = [p for key, p in self._other.items() if key not in self._declared]
        if not self._declared:
            named = [self._in_section(p.spellings, named_only=True) for p in others]
            others = [
                replace(p, declared=n) for p, n in zip(others, named, strict=True)
            ]
        return [*self._declared.values(), *others]

    def _read_text(self, text: str, store: str | None) -> None:
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
        spelt = spellings(text, self.places)
        sections, listed = self.places.sections, self.places.listed
        if self._in_section(spelt, named_only=False):
            self._other[spelt, store] = RecordedPath(spelt, store, declared=False)
            return
        held = tuple(
            whole
            for path in spelt
            for whole in (path, *(f"{s}/{path}" for s in sections if s))
            if whole in listed
        )
        ways = tuple(path for path in spelt if listed.leads(path))
        if held or ways:
            key = (*held, *ways)
            self._other[key, store] = RecordedPath(
                key, store, declared=False, sure=bool(held)
            )

    def _in_section(self, spelt: tuple[str, ...], *, named_only: bool) -> bool:
        return any(
            path.startswith(f"{section}/") if section else not named_only
            for path in spelt
            for section in self.places.sections
        )


def _recorded(
    spelt: tuple[str, ...], store: str | None, metadata: dict[str, object]
) -> RecordedPath:
    size = metadata.get("size")
    known = isinstance(size, int) and not isinstance(size, bool)
    return RecordedPath(
        spelt,
        store,
        size if known and isinstance(size, int) and abs(size) < _INT64 else None,
        is_dir=metadata.get("is_dir") is True,
    )


def _inner(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list):
        yield from value
