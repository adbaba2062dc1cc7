"""Finish or undo what a crash interrupted."""

from collections.abc import Callable, Mapping, Sequence

from djgc_widgets.collector.clock import Clock
from djgc_widgets.collector.journal import Journal
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.collector.operation import RETURNED_LIVE, Operation, unread_references
from djgc_widgets.collector.owners import read_ownership, with_journals
from djgc_widgets.collector.recheck import Rechecker
from djgc_widgets.model import Detail, DoubtCode, Outcome, Sighting, SweepRefusedError
from djgc_widgets.stores import (
    GONE,
    MOVED,
    PinnedObject,
    Result,
    Store,
    Whereabouts,
)
from djgc_widgets.verdict import Ownership, server_doubts

_NOT_STARTED = Result(Outcome.SKIPPED, Detail.NOT_STARTED)
_INTERRUPTED = Result(Outcome.SKIPPED, Detail.INTERRUPTED)
_UNDONE = Result(Outcome.RESTORED, Detail.INTERRUPTED)


def recover(
    interrupted: Callable[[], Mapping[str, Sequence[str]]],
    store: Store,
    make_rechecker: Callable[[], Rechecker | None],
    *,
    clock: Clock,
    break_lock: bool = False,
) -> Operation:
    """Finish or undo what was interrupted: sweeps, restores and purges of a store.

    What was moved completely stays in the trash, unless a row refers to it; what was
    caught in between goes back. `interrupted` names the sweeps and the records that
    each still lacks; it is called when the store is locked. If `make_rechecker` returns
    None, everything goes back. `break_lock` takes the lock even from a process that may
    still run.
    """
    lock = StoreLock(
        store, "recovery", take_over=True, break_lock=break_lock, clock=clock
    )
    with lock:
        operation = Operation(store, lock)
        due = interrupted()
        owner = read_ownership(store)
        sightings: list[Sighting] = []
        for sweep_id in due:
            planned = Journal(store, sweep_id).read_plan()
            sightings += planned.sightings
            for pinned, whereabouts in store.whereabouts(planned.objects):
                operation.note(
                    [pinned], _state_of_interrupted_move(pinned, whereabouts)
                )
        torn = [p for p, result in operation.results.values() if result is _INTERRUPTED]
        operation.bring_back(torn, _UNDONE)
        moved = operation.with_outcome(Outcome.MOVED)
        owner = with_journals(owner, sightings)
        live, why = _live_of_moved(moved, store, make_rechecker, owner)
        name = store.info.name
        operation.bring_back(
            [p for p in moved if live is None or (name, p.path) in live], why
        )
        for sweep_id, records in due.items():
            for record in records:
                operation.record(record, clock(), [sweep_id])
    return operation


def _live_of_moved(
    moved: Sequence[PinnedObject],
    store: Store,
    make_rechecker: Callable[[], Rechecker | None],
    owner: Ownership,
) -> tuple[frozenset[tuple[str, str]] | None, Result]:
    """Return what is live of what was moved, or None, and why that goes back."""
    try:
        rechecker = make_rechecker() if moved else None
        if rechecker is None:
            return None, unread_references()
        for doubt in server_doubts(owner, rechecker.servers):
            if doubt.code is not DoubtCode.SOLE_OWNER:
                values = {"doubt": str(doubt)}
                return None, Result(Outcome.RESTORED, Detail.SERVERS_UNREAD, values)
        here = {store.info.name: moved}
        return rechecker.live_among(here).objects, RETURNED_LIVE
    except SweepRefusedError as error:
        return None, unread_references(error)


def _state_of_interrupted_move(pinned: PinnedObject, files: Whereabouts) -> Result:
    """Say how far the move of an object got."""
    if not files.in_trash:
        return _NOT_STARTED if files.in_store else GONE
    original = any(
        now.is_content_of(pinned.files[path]) for path, now in files.in_store.items()
    )
    return _INTERRUPTED if original else MOVED
