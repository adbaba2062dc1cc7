"""A look at tables without snapshots, before the snapshots of all others begin.

A row that leaves such a table for another one meanwhile would be seen in neither.
"""

from collections.abc import Iterable

from djgc_widgets.references.catalog import read_catalog
from djgc_widgets.references.known_paths import KnownPaths
from djgc_widgets.references.raw_text import Page, value_text
from djgc_widgets.references.recorded_paths import RecordedPath, recorded_paths
from djgc_widgets.references.snapshot import Snapshot
from djgc_widgets.references.store_column import PLAIN_CODEC, ColumnName, StoreColumn


def referring_columns(snapshot: Snapshot, known: KnownPaths) -> set[ColumnName]:
    """Return plain JSON columns, of tables without snapshots, that refer just now.

    Tables without snapshots are rare: usually one small query says that there is none.
    """
    unsafe = {row[:2] for row in snapshot.rows(snapshot.dialect.WITHOUT_SNAPSHOTS)}
    if not unsafe:
        return set()
    return {
        column.name
        for column in read_catalog(snapshot).columns
        if column.name[:2] in unsafe
        and column.codec == PLAIN_CODEC
        and _refers(snapshot, column, known)
    }


def names_any(paths: Iterable[str], known: KnownPaths) -> bool:
    """Return whether any of some paths names something in a section, or listed."""
    return any(
        path.startswith(known.section_starts) or path in known.listed for path in paths
    )


def _refers(snapshot: Snapshot, column: StoreColumn, known: KnownPaths) -> bool:
    pages: list[bool] = []
    snapshot.read_values(column, lambda page: pages.append(_any_refers(known, page)))
    return any(pages)  # all were read: the connection is needed further


def _any_refers(known: KnownPaths, page: Page) -> bool:
    return any(
        names_any(recorded.spellings, known)
        for value in page.values
        for recorded in _readable_paths(value_text(value), known)
    )


def _readable_paths(value: str, known: KnownPaths) -> list[RecordedPath]:
    try:
        return recorded_paths(value, known, json_only=False)
    except ValueError:  # a problem once the column is read
        return []
