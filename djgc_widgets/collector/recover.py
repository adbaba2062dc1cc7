"""Finish or undo what a crash interrupted."""

from collections.abc import Callable, Mapping, Sequence

from djgc_widgets.collector.journal import Journal, read_owners
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.collector.operation import LIVE_AGAIN, Work
from djgc_widgets.collector.recheck import LiveReader
from djgc_widgets.collector.restore import Clock
from djgc_widgets.model import SweepRefusedError
from djgc_widgets.stores import (
    GONE,
    MOVED,
    SKIPPED,
    Outcome,
    Parcel,
    SweepableStore,
    Where,
)

_NOT_ITS_TURN = "interrupted before its turn"


_TORN = "interrupted amid its move"


def recover(
    interrupted: Callable[[], Mapping[str, Sequence[str]]],
    store: SweepableStore,
    reader: Callable[[], LiveReader | None],
    *,
    clock: Clock,
    break_lock: bool = False,
) -> Work:
    """Finish or undo what was interrupted: sweeps, restores and purges of a store.

    What was moved whole stays in the trash, unless a row refers to it; what was caught
    in between goes back to its place.

    Parameters
    ----------
    interrupted : callable
        Names the sweeps, and the records that are due of each; asked when the store is
        locked.
    store : SweepableStore
        The store.
    reader : callable
        Returns what reads the references; without it everything goes back.
    clock : callable
        Returns the current time, aware, in UTC.
    break_lock : bool
        Take the lock even from a process of which it is not certain that it has ended.
    """
    lock = StoreLock(
        store, "recovery", take_over=True, break_lock=break_lock, clock=clock
    )
    with lock:
        work = Work(store, lock)
        due = interrupted()
        servers = set(read_owners(store))
        for sweep_id in due:
            planned = Journal(store, sweep_id).read_plan()
            servers.update(planned.servers)
            found = {
                parcel.path: _state(parcel, where)
                for parcel, where in store.where(planned.parcels)
            }
            for parcel in planned.parcels:
                work.tell([parcel], found[parcel.path])
        work.bring_back(
            [p for p in work.with_outcome(SKIPPED) if _is_torn(work, p)], _TORN
        )
        moved = work.with_outcome(MOVED)
        live, why = None, "the references could not be read"
        try:
            again = reader() if moved else None
            unread = servers - again.servers.keys() if again is not None else set()
            if unread:
                why = f"rows of {', '.join(sorted(unread))} were not read"
            elif again is not None:
                here = {store.info.name: moved}
                live, why = again.live_among(here).objects, LIVE_AGAIN
        except SweepRefusedError as error:
            why = str(error)
        work.bring_back(
            [p for p in moved if live is None or (store.info.name, p.path) in live], why
        )
        store.prune(work.with_outcome(MOVED))
        for sweep_id, records in due.items():
            for name in records:
                work.record(name, clock(), [sweep_id])
    return work


def _is_torn(work: Work, parcel: Parcel) -> bool:
    told = work.outcome(parcel)
    return told is not None and told.detail == _TORN


def _state(parcel: Parcel, where: Where) -> Outcome:
    """Say how far the move of an object had come."""
    ours = {
        path
        for path, now in where.place.items()
        if now.is_content_of(parcel.files[path])
    }
    if not where.trash:
        return Outcome(SKIPPED, _NOT_ITS_TURN if where.place else GONE)
    return Outcome(SKIPPED, _TORN) if ours else Outcome(MOVED)
