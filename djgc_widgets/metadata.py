"""Raw metadata of a row -> the paths that it records.

Extraction is generous, since a reference too many only protects an object, while one
too few loses it.
"""

import json
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

_ENCODINGS = 3  # MariaDB's longtext columns hold JSON that was encoded more than once


@dataclass(frozen=True, slots=True)
class RecordedPath:
    """One path that a row's raw metadata records.

    Parameters
    ----------
    path : str
        Relative to its store, normalised.
    store : str or None
        Store that the metadata names; None if it names none.
    size_bytes : int or None
        Size as recorded.
    is_dir : bool
        The metadata says that it is a folder.
    """

    path: str
    store: str | None = None
    size_bytes: int | None = None
    is_dir: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """What is known of the stores while metadata is read.

    Parameters
    ----------
    roots : tuple of str
        Locations of the stores, stripped from absolute paths and URLs.
    sections : tuple of str
        Prefixes of DataJoint's sections; a string below one of them is a path.
    """

    roots: tuple[str, ...] = ()
    sections: tuple[str, ...] = ("_hash", "_schema")


def normalise_path(path: str, places: Places) -> str:
    """Return a recorded path relative to its store, as the listing spells it.

    Scheme, host or bucket and the store's root are stripped, doubled, leading and
    trailing slashes are removed.
    """
    if "://" in path:
        parts = urlsplit(path)
        path = f"{parts.netloc}{parts.path}" if parts.scheme != "file" else parts.path
    trimmed = path.strip("/")
    for root in places.roots:
        bare = root.strip("/")
        if bare and trimmed.startswith(f"{bare}/"):
            trimmed = trimmed[len(bare) :]
            break
    relative = posixpath.normpath(trimmed.strip("/")) if trimmed.strip("/") else ""
    return "" if relative == "." else relative


def recorded_paths(text: str, places: Places) -> list[RecordedPath]:
    """Return every path that one raw value records; an empty list if it records none.

    Parameters
    ----------
    text : str
        The value as the database holds it: JSON, possibly encoded more than once.
    places : Places
        Roots and sections of the stores.

    Returns
    -------
    list of RecordedPath
        The ``path`` (in rows migrated from DataJoint 0.14: ``url``) of the metadata,
        and every other string in it that lies below a section.

    Raises
    ------
    ValueError
        If the text is not JSON.
    """
    value: object = text
    for _ in range(_ENCODINGS):
        if not isinstance(value, str):
            break
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            if value is text:
                raise ValueError(f"not JSON ({error})") from error
            break
    found: dict[str, RecordedPath] = {}
    for metadata in _objects(value):
        for key in ("path", "url"):
            path = metadata.get(key)
            if isinstance(path, str) and (relative := normalise_path(path, places)):
                found.setdefault(relative, _recorded(relative, metadata))
                break
    store = value.get("store") if isinstance(value, dict) else None
    for leaf in _strings(value):
        relative = normalise_path(leaf, places)
        if relative not in found and _in_section(relative, places):
            found[relative] = RecordedPath(
                relative, store if isinstance(store, str) and store else None
            )
    return list(found.values())


def _recorded(relative: str, metadata: dict[str, object]) -> RecordedPath:
    store, size = metadata.get("store"), metadata.get("size")
    return RecordedPath(
        relative,
        store if isinstance(store, str) and store else None,
        size if isinstance(size, int) and not isinstance(size, bool) else None,
        is_dir=metadata.get("is_dir") is True,
    )


def _in_section(relative: str, places: Places) -> bool:
    return any(
        section and relative.startswith(f"{section}/") for section in places.sections
    )


def _objects(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        yield value
    children = (
        value.values()
        if isinstance(value, dict)
        else value
        if isinstance(value, list)
        else ()
    )
    for child in children:
        yield from _objects(child)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    children = (
        value.values()
        if isinstance(value, dict)
        else value
        if isinstance(value, list)
        else ()
    )
    for child in children:
        yield from _strings(child)
