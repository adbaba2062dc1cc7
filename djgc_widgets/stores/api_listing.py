"""Stored objects as an API describes them -> the columns of a listing."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from djgc_widgets.model import FileKind, NoticeCode, is_plain_path
from djgc_widgets.stores.listing import FileRow, ListingBuilder, bounded_ns

_UNKNOWN_TIME = 2**63 - 1  # unknown age = young


class Entry(NamedTuple):
    """One stored object, as an API describes it."""

    path: str
    size: Any
    modified: Any
    etag: str


def add_entries(builder: ListingBuilder, page: Iterable[Entry]) -> None:
    """Add a page to a listing; an object without a size is a problem, never 0 bytes."""
    rows: list[FileRow] = []
    for entry in page:
        if not _is_size(entry.size):
            builder.add_problem(NoticeCode.SIZE_UNKNOWN, entry.path, size=entry.size)
            continue
        # a key may be one that no file can have, such as folder/ or a//b
        plain = is_plain_path(entry.path)
        kind = FileKind.FILE if plain else FileKind.UNUSUAL_KEY
        modified = modified_ns(entry.modified)
        rows.append((entry.path, entry.size, modified, 0, entry.etag, kind.value))
    builder.add_page(rows)


def _is_size(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and size >= 0


def modified_ns(modified: object) -> int:
    """Return a date in ns since 1970; the last one there is if it is not known."""
    if isinstance(modified, str):
        try:
            modified = datetime.fromisoformat(modified)
        except ValueError:
            return _UNKNOWN_TIME
    if isinstance(modified, datetime):
        modified = modified.timestamp()
    if isinstance(modified, int | float) and not isinstance(modified, bool):
        return bounded_ns(int(modified * 1_000) * 1_000_000)
    return _UNKNOWN_TIME
