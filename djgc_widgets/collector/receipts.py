"""What operations did, as the parts of a receipt: rows, problems, what was freed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from djgc_widgets.collector.operation import Operation
from djgc_widgets.model import (
    FREED,
    RECEIPT,
    RETENTION,
    NoticeCode,
    Notices,
    Outcome,
    Undo,
    error_text,
    readable_bytes,
    stacked,
    time_of_sweep,
)
from djgc_widgets.stores import Keeps, PinnedObject, Versioning

_Parts = tuple[pd.DataFrame, Notices, pd.DataFrame]
_KEPT = {Versioning.ENABLED, Versioning.SOFT}


def receipt_parts(
    operations: Sequence[Operation], order: pd.DataFrame | None = None
) -> _Parts:
    """Return what was done in some stores, what could not be told, and what was freed.

    The first is a frame of the receipt schema, the last one of the freed schema;
    `order` has ``store`` and ``path`` in the order that the rows should have.
    """
    freed = [row for operation in operations if (row := _freed(operation))]
    rows = stacked([RECEIPT.empty(), *(operation.rows() for operation in operations)])
    if order is not None:
        rows = order[["store", "path"]].merge(rows, on=["store", "path"])
    problems = Notices(p for operation in operations for p in operation.problems)
    table = FREED.conform(pd.DataFrame(freed, columns=FREED.column_names))
    return RECEIPT.conform(rows), problems, table


def _freed(operation: Operation) -> dict[str, Any] | None:
    """Return a row of the freed schema if something was moved or deleted.

    If a bucket keeps what was deleted, that is noted as a problem.
    """
    moved = operation.with_outcome(Outcome.MOVED)
    purged = operation.with_outcome(Outcome.PURGED)
    if not moved and not purged:
        return None
    keeps: Keeps | None = None
    try:
        keeps = operation.store.keeps()
    except OSError as error:
        operation.note_problem(NoticeCode.VERSIONS_UNKNOWN, error=error_text(error))
    else:
        size = _size(moved + purged)
        _note_versions(operation, keeps.versioning, size, purged=bool(purged))
    store = operation.store.info.name
    return {"store": store, **freed_bytes(moved, purged, keeps, datetime.now(UTC))}


def freed_bytes(
    moved: Sequence[PinnedObject],
    purged: Sequence[PinnedObject],
    keeps: Keeps | None,
    now: datetime,
) -> dict[str, Any]:
    """Return the rest of a row of the freed schema; `keeps` is None if not known."""
    how = keeps and keeps.versioning
    kept: Any = _size([*moved, *purged]) if how in _KEPT else 0
    freed: Any = _size(purged) if how is Versioning.OFF else 0
    if how in {None, Versioning.SUSPENDED}:
        # what was written before it was suspended stays, what came later does not
        kept, freed = pd.NA, pd.NA if purged else 0
    undo, until = _undo(keeps, now)
    if moved:
        undo, first = Undo.TRASH, min(time_of_sweep(each.sweep_id) for each in moved)
        until = first + RETENTION
    return {
        "freed_bytes": freed,
        "trash_bytes": _size(moved),
        "kept_bytes": kept,
        "undo": pd.NA if undo is None else undo.value,
        "undo_until": until,
    }


def _undo(keeps: Keeps | None, now: datetime) -> tuple[Undo | None, datetime | None]:
    """Return what brings back what was purged, and until when, if that is known."""
    if keeps is None or keeps.versioning is Versioning.SUSPENDED:
        return None, None
    if keeps.versioning is Versioning.ENABLED:
        return Undo.VERSIONS, None
    if keeps.soft_for is not None:
        return Undo.SOFT_DELETION, now + keeps.soft_for
    return Undo.NOTHING, None


def _note_versions(
    operation: Operation, versioning: Versioning, size_bytes: int, *, purged: bool
) -> None:
    size = readable_bytes(size_bytes)
    if versioning is Versioning.ENABLED and purged:
        operation.note_problem(NoticeCode.VERSIONS_PURGED, size=size)
    elif versioning is Versioning.ENABLED:
        operation.note_problem(NoticeCode.VERSIONS_KEPT, size=size)
    elif versioning is Versioning.SOFT:
        operation.note_problem(NoticeCode.SOFT_DELETED, size=size)
    elif versioning is Versioning.SUSPENDED:
        operation.note_problem(NoticeCode.VERSIONS_SUSPENDED)


def _size(objects: Sequence[PinnedObject]) -> int:
    return sum(pinned.size_bytes for pinned in objects)
