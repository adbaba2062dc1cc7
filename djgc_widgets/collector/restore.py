"""Bring back: what a sweep moved, and what a crash left in between."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from djgc_widgets.collector.journal import Journal, read_owners
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.collector.operation import (
    LIVE_AGAIN,
    Steps,
    Work,
    begin,
    receipt_of,
    skip_rest,
)
from djgc_widgets.collector.recheck import LiveReader
from djgc_widgets.model.receipt import Receipt
from djgc_widgets.model.vocabulary import (
    Cancelled,
    InputError,
    ProgressCallback,
    SweepRefusedError,
    no_progress,
)
from djgc_widgets.stores.pinned import (
    GONE,
    MOVED,
    NOT_IN_TRASH,
    SKIPPED,
    Outcome,
    Parcel,
)
from djgc_widgets.stores.protocol import SweepableStore, Where

Clock = Callable[[], datetime]
Wanted = Mapping[str, Collection[str] | None]
"""Paths by sweep; None for all that it moved."""

_NOT_ITS_TURN = "interrupted before its turn"
_TORN = "interrupted amid its move"


def restore_sweep(
    stores: Iterable[SweepableStore],
    sweep_id: str,
    paths: Collection[str] | None = None,
    *,
    clock: Clock,
    progress: ProgressCallback = no_progress,
) -> Receipt:
    """Bring back what a sweep moved; never overwrites.

    Parameters
    ----------
    stores : iterable of SweepableStore
        The stores that it swept.
    sweep_id : str
        Name of the sweep's folder in the trash.
    paths : collection of str, optional
        Objects to bring back; all by default.
    clock : callable
        Returns the current time, aware, in UTC.
    progress : callable, optional
        Called before each object; may raise `Cancelled` to leave the rest alone.

    Returns
    -------
    Receipt
        One row per object that was in the trash.

    Raises
    ------
    SweepRefusedError
        If a store is locked or the journal cannot be trusted.
    InputError
        If a path is none of the sweep's.
    """
    works = [
        restore({sweep_id: paths}, store, clock=clock, progress=progress)
        for store in stores
    ]
    return receipt_of(
        sweep_id,
        works,
        lambda progress: restore_sweep(
            [work.store for work in works],
            sweep_id,
            paths,
            clock=clock,
            progress=progress,
        ),
    )


def restore(
    wanted: Wanted,
    store: SweepableStore,
    *,
    clock: Clock,
    progress: ProgressCallback = no_progress,
) -> Work:
    """Bring back objects of several sweeps of one store."""
    with StoreLock(store, "restore", clock=clock) as lock:
        work = Work(store, lock)
        parcels = [
            parcel
            for sweep_id, paths in wanted.items()
            for parcel in _chosen(store, sweep_id, paths)
        ]
        end = begin(work, "restoring", parcels, clock())
        steps = Steps("bringing back", len(parcels), progress)
        with suppress(Cancelled):  # the rows of the receipt say what was left alone
            work.run(store.to_place, parcels, steps)
        skip_rest([(work, parcels)])
        asked = {key for key, paths in wanted.items() if paths is not None}
        work.forget(
            lambda parcel, told: (
                told.detail == NOT_IN_TRASH and parcel.sweep_id not in asked
            )
        )
        work.record(end, clock(), wanted)
    return work


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


def _chosen(
    store: SweepableStore, sweep_id: str, paths: Collection[str] | None
) -> list[Parcel]:
    planned = Journal(store, sweep_id).read_plan()
    if paths is None:
        return list(planned.parcels)
    owners = planned.owners
    unknown = sorted(set(paths) - owners.keys())
    if unknown:
        raise InputError(
            f"Expected objects of sweep {sweep_id} in store {store.info.name}; got "
            f"{unknown[0]!r}, which it did not move. scan(...).trash lists them."
        )
    wanted = {owners[path].path: owners[path] for path in paths}
    return list(wanted.values())
