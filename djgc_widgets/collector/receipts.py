"""What operations did, as the parts of a receipt: rows, problems, what was freed."""

from collections.abc import Sequence
from datetime import datetime
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
from djgc_widgets.stores import Keeps, Versioning

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
    moved = operation.size_bytes(Outcome.MOVED)
    purged = operation.size_bytes(Outcome.PURGED)
    swept = {p.sweep_id for p in operation.with_outcome(Outcome.MOVED)}
    is_purge = bool(operation.with_outcome(Outcome.PURGED))
    if not swept and not is_purge:
        return None
    keeps: Keeps | None = None
    try:
        keeps = operation.store.keeps()
    except OSError as error:
        operation.note_problem(NoticeCode.VERSIONS_UNKNOWN, error=error_text(error))
    else:
        size = moved + purged
        _note_versions(operation, keeps.versioning, size, purged=is_purge)
    how = keeps and keeps.versioning
    kept: Any = moved + purged if how in _KEPT else 0
    freed: Any = purged if how is Versioning.OFF else 0
    if how in {None, Versioning.SUSPENDED}:
        # what was written before it was suspended stays, what came later does not
        kept, freed = pd.NA, pd.NA if is_purge else 0
    undo, until = _undo(keeps, operation.lock.since)
    if swept:
        undo, until = Undo.TRASH, min(map(time_of_sweep, swept)) + RETENTION
    return {
        "store": operation.store.info.name,
        "freed_bytes": freed,
        "trash_bytes": moved,
        "kept_bytes": kept,
        "undo": pd.NA if undo is None else undo.value,
        "undo_until": until,
    }


def _undo(keeps: Keeps | None, since: datetime) -> tuple[Undo | None, datetime | None]:
    """Return what brings back what was purged, and until when, if that is known.

    `since` is when the purge began.
    """
    if keeps is None or keeps.versioning is Versioning.SUSPENDED:
        return None, None
    if keeps.versioning is Versioning.ENABLED:
        return Undo.VERSIONS, None
    if keeps.versioning is Versioning.SOFT:
        until = None if keeps.soft_for is None else since + keeps.soft_for
        return Undo.SOFT_DELETION, until
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
