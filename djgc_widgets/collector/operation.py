"""Objects on their way: what every sweep, restore and purge has in common."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from djgc_widgets.collector.journal import Journal
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.model import (
    RECEIPT,
    RECORD_ENDS,
    Notice,
    Progress,
    ProgressCallback,
    Receipt,
    SweepRefusedError,
)
from djgc_widgets.stores import (
    FAILED,
    IN_DOUBT,
    MOVED,
    PURGED,
    RESTORED,
    SKIPPED,
    Outcome,
    Outcomes,
    Parcel,
    SweepableStore,
    reason_of,
)

CANCELLED = "cancelled before its turn"
LIVE_AGAIN = "live again: a row refers to it"

Told = dict[tuple[str, str], tuple[Parcel, Outcome]]
"""What became of parcels, by sweep and path."""

Verb = Callable[[Iterable[Parcel]], Iterator[Outcomes]]


@dataclass(slots=True)
class Work:
    """Work on one store while it is locked.

    Parameters
    ----------
    store : SweepableStore
        The store.
    lock : StoreLock
        Its lock; when that is lost, nothing more is moved.
    told : Told
        What became of which parcel.
    problems : list of Notice
        Records that could not be written.
    """

    store: SweepableStore
    lock: StoreLock
    told: Told = field(default_factory=dict)
    problems: list[Notice] = field(default_factory=list)

    def tell(self, parcels: Iterable[Parcel], outcome: Outcome) -> None:
        """Note what became of parcels."""
        for parcel in parcels:
            self.told[parcel.sweep_id, parcel.path] = parcel, outcome

    def outcome(self, parcel: Parcel) -> Outcome | None:
        """Return what became of a parcel so far."""
        told = self.told.get((parcel.sweep_id, parcel.path))
        return told[1] if told else None

    def with_outcome(self, outcome: str) -> list[Parcel]:
        """Return the parcels of which that became."""
        return [p for p, told in self.told.values() if told.outcome == outcome]

    def forget(self, which: Callable[[Parcel, Outcome], bool]) -> None:
        """Leave parcels out of the receipt."""
        self.told = {k: told for k, told in self.told.items() if not which(*told)}

    def run(self, verb: Verb, parcels: Sequence[Parcel], steps: "Steps") -> None:
        """Let a verb of the store deal with parcels until it ends or is stopped.

        Raises
        ------
        Cancelled
            If the progress callback raised it; what was done is noted.
        """
        try:
            for outcomes in verb(steps.passing(parcels, self.lock)):
                for parcel, outcome in outcomes:
                    self.tell([parcel], outcome)
        except OSError as error:  # of the store itself, such as a mount that went away
            left = [parcel for parcel in parcels if self.outcome(parcel) is None]
            self.tell(left, Outcome(FAILED, reason_of(error)))

    def bring_back(self, parcels: Sequence[Parcel], why: str) -> None:
        """Return parcels to their places, whatever else happens, and note why."""
        left = {(parcel.sweep_id, parcel.path): parcel for parcel in parcels}
        try:
            for outcomes in self.store.to_place(parcels):
                for parcel, told in outcomes:
                    back = told.outcome == RESTORED
                    outcome = (RESTORED, why) if back else (FAILED, told.detail)
                    self.tell([parcel], Outcome(*outcome))
                    del left[parcel.sweep_id, parcel.path]
        except OSError as error:
            kept = f"{reason_of(error)}; it stays in the trash"
            self.tell(left.values(), Outcome(FAILED, kept))

    def in_trash(self) -> list[Parcel]:
        """Return the parcels that are in the trash, or may be."""
        return [
            parcel
            for parcel, told in self.told.values()
            if told.outcome == MOVED or told.detail.endswith(IN_DOUBT)
        ]

    def rows(self) -> pd.DataFrame:
        """Return what became of every parcel: a frame of the receipt schema."""
        store = self.store.info.name
        rows = [
            (store, p.sweep_id, p.path, len(p.files), p.size_bytes, *outcome)
            for p, outcome in self.told.values()
        ]
        return RECEIPT.conform(pd.DataFrame(rows, columns=RECEIPT.names))

    def note_versions(self) -> None:
        """Say so if a bucket keeps what was deleted, so that no bytes are freed yet."""
        if not self.with_outcome(MOVED) and not self.with_outcome(PURGED):
            return
        place = f"store {self.store.info.name}"
        try:
            kept = self.store.keeps_versions()
        except OSError as error:
            told = (
                f"whether its bucket keeps versions is not known ({reason_of(error)})"
            )
            self.problems.append(Notice(place, told, "Ask who looks after the bucket"))
            return
        if kept:
            told = "its bucket keeps versions, so the bytes are not freed yet"
            remedy = "Let a lifecycle rule of the bucket expire old versions"
            self.problems.append(Notice(place, told, remedy))

    def record(
        self, name: str, now: datetime, sweep_ids: Iterable[str] | None = None
    ) -> None:
        """Write what was done to the journals; it is done even if that fails.

        Parameters
        ----------
        name : str
            Of the record.
        now : datetime
            Aware UTC time.
        sweep_ids : iterable of str, optional
            Sweeps to write it for; by default those that something was done of.
        """
        rows = self.rows()
        for sweep_id in rows["sweep_id"].unique() if sweep_ids is None else sweep_ids:
            own = rows[rows["sweep_id"].eq(sweep_id)]
            try:
                Journal(self.store, str(sweep_id)).write_outcome(name, now, own)
            except OSError as error:
                self.problems.append(_unwritten(self.store.info.name, name, error))


class Steps:
    """Reports progress, once before each parcel.

    Parameters
    ----------
    step : str
        What is being done.
    total : int
        Parcels of all stores.
    progress : callable
        May raise `Cancelled`.
    """

    def __init__(self, step: str, total: int, progress: ProgressCallback) -> None:
        self._step, self._total, self._progress = step, total, progress
        self._done = 0

    def passing(self, parcels: Iterable[Parcel], lock: StoreLock) -> Iterator[Parcel]:
        """Pass parcels on; stop when the lock is lost."""
        for parcel in parcels:
            self._progress(Progress(self._step, self._done, self._total))
            self._done += 1
            if lock.lost():
                return
            yield parcel


def skip_rest(works: Iterable[tuple[Work, Iterable[Parcel]]]) -> None:
    """Note of parcels whose turn never came why it did not."""
    for work, parcels in works:
        left = [parcel for parcel in parcels if work.outcome(parcel) is None]
        work.tell(left, Outcome(SKIPPED, work.lock.lost() or CANCELLED))


def receipt_of(
    sweep_id: str,
    works: Iterable[Work],
    put_back: Callable[[ProgressCallback], Receipt],
    order: pd.DataFrame | None = None,
) -> Receipt:
    """Return what was done in some stores.

    Parameters
    ----------
    sweep_id : str
        Name of the sweep; empty for several.
    works : iterable of Work
        One per store.
    put_back : callable
        Restores it.
    order : DataFrame, optional
        ``store`` and ``path`` in the order that the rows should have.
    """
    works = list(works)
    for work in works:
        work.note_versions()
    frames = [RECEIPT.empty(), *(work.rows() for work in works)]
    rows = pd.concat(frames, ignore_index=True)
    if order is not None:
        rows = order[["store", "path"]].merge(rows, on=["store", "path"])
    problems = tuple(problem for work in works for problem in work.problems)
    return Receipt(sweep_id, RECEIPT.conform(rows), put_back, problems)


def begin(work: Work, what: str, parcels: Sequence[Parcel], now: datetime) -> str:
    """Write down what is about to be done; return the name of the record of its end.

    Raises
    ------
    SweepRefusedError
        If it cannot be written; then nothing may be done.
    """
    name = f"{now:%Y%m%dT%H%M%S%fZ}"
    planned = Work(work.store, work.lock)
    planned.tell(parcels, Outcome(SKIPPED, "not yet"))
    planned.record(f"{what}-{name}", now)
    if planned.problems:
        raise SweepRefusedError(
            f"Nothing was done, since {planned.problems[0].message} in "
            f"{planned.problems[0].place}. Make room or mend the rights."
        )
    return f"{RECORD_ENDS[what]}-{name}"


def _unwritten(store: str, name: str, error: Exception) -> Notice:
    return Notice(
        f"store {store}",
        f"the journal's record {name!r} could not be written ({reason_of(error)})",
        "Make room or mend the rights; what the receipt says was done all the same",
    )
