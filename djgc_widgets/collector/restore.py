"""Bring back: what a sweep moved, and what a crash left in between."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime

from djgc_widgets.collector.journal import Journal
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.collector.operation import (
    Steps,
    Work,
    begin,
    receipt_of,
    skip_rest,
)
from djgc_widgets.model import (
    Cancelled,
    InputError,
    ProgressCallback,
    Receipt,
    no_progress,
)
from djgc_widgets.stores import NOT_IN_TRASH, Parcel, SweepableStore

Clock = Callable[[], datetime]
Wanted = Mapping[str, Collection[str] | None]
"""Paths by sweep; None for all that it moved."""


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
