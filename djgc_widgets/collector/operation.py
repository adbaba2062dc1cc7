"""What sweeps, restores and purges have in common: an operation on a locked store."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pandas as pd

from djgc_widgets.collector.journal import Journal
from djgc_widgets.collector.lock import LOCK_PATH, StoreLock
from djgc_widgets.collector.steps import Steps
from djgc_widgets.model import (
    RECEIPT,
    RECORD_ENDS,
    Detail,
    Notice,
    NoticeCode,
    Outcome,
    SweepRefusedError,
    error_text,
    in_store,
    remedy_for,
)
from djgc_widgets.stores import (
    PinnedObject,
    Result,
    Results,
    Stopped,
    Store,
    failed_result,
    kept_in_trash_result,
)

SKIPPED_LIVE = Result(Outcome.SKIPPED, Detail.LIVE_AGAIN)
SKIPPED_PINNED = Result(Outcome.SKIPPED, Detail.PINNED)
RETURNED_LIVE = Result(Outcome.RESTORED, Detail.LIVE_AGAIN)

MOST_FAILURES = 20
"""After so many in a row nothing more is tried."""

_SETTLES = timedelta(hours=1)
"""A deletion that a server has not carried out by then never will be.

It waits in a queue, or in a proxy.
"""

Verb = Callable[[Iterable[PinnedObject], Stopped], Iterator[Results]]
Key = tuple[str, str]


def key_of(pinned: PinnedObject) -> Key:
    """Return sweep and path, which identify an object within a store."""
    return pinned.sweep_id, pinned.path


def unread_references(error: Exception | str = "") -> Result:
    """Return the result of objects that come back since nobody knows what is live."""
    text = f": {error}" if str(error) else ""
    return Result(Outcome.RESTORED, Detail.REFERENCES_UNREAD, {"error": text})


@dataclass(slots=True)
class Operation:
    """What is done to one store while it is locked."""

    store: Store
    lock: StoreLock
    """If it is lost, nothing more is moved."""
    results: dict[Key, tuple[PinnedObject, Result]] = field(default_factory=dict)
    problems: list[Notice] = field(default_factory=list)
    """Records that could not be written."""
    _failures: int = 0
    """In a row."""
    _most_failures: int | None = None

    def note(self, objects: Iterable[PinnedObject], result: Result) -> None:
        """Note what became of objects."""
        for pinned in objects:
            self.results[key_of(pinned)] = pinned, result

    def pending(self, objects: Iterable[PinnedObject]) -> list[PinnedObject]:
        """Return the objects without a result."""
        return [pinned for pinned in objects if key_of(pinned) not in self.results]

    def with_outcome(self, outcome: Outcome) -> list[PinnedObject]:
        """Return the objects with an outcome."""
        return [p for p, result in self.results.values() if result.outcome is outcome]

    def size_bytes(self, outcome: Outcome) -> int:
        """Return the bytes of the objects with an outcome."""
        results = self.results.values()
        return sum(
            _size(p, result) for p, result in results if result.outcome is outcome
        )

    def forget(self, which: Callable[[PinnedObject, Result], bool]) -> None:
        """Leave objects out of the receipt."""
        self.results = {k: pair for k, pair in self.results.items() if not which(*pair)}

    def run(
        self,
        verb: Verb,
        objects: Sequence[PinnedObject],
        steps: Steps,
        *,
        most_failures: int | None = None,
    ) -> None:
        """Let a verb of the store process objects until it ends or is stopped.

        If the progress callback raises `Cancelled`, what was done is noted. So it is
        after the most failures in a row: the store may be going away.
        """
        self._most_failures = most_failures
        passing = steps.passing(objects, self.stops)
        try:
            for results in verb(passing, lambda: steps.stopped(self.stops)):
                for pinned, result in results:
                    self.note([pinned], result)
                    failed = result.outcome is Outcome.FAILED
                    self._failures = self._failures + 1 if failed else 0
                    self.problems += result.notices
        except OSError as error:  # of the store itself, such as a mount that went away
            self.note(self.pending(objects), failed_result(error))

    def stops(self) -> Result | None:
        """Return why nothing more may be done, if so."""
        if self._most_failures and self._failures >= self._most_failures:
            values = {"n": self._most_failures}
            return Result(Outcome.SKIPPED, Detail.GAVE_UP, values)
        return self.lock.lost()

    def from_trash(
        self, objects: Iterable[PinnedObject], stopped: Stopped
    ) -> Iterator[Results]:
        """Move objects back from the trash, with the copies that are needed there."""
        try:
            now = self.store.changed_at_ns(LOCK_PATH)
        except OSError:  # then nothing counts as settled
            now = 0
        settled_ns = now - int(_SETTLES.total_seconds() * 1e9)
        yield from self.store.from_trash(objects, stopped, settled_ns)

    def bring_back(self, objects: Sequence[PinnedObject], why: Result) -> None:
        """Move objects back from the trash, whatever else happens, and note why.

        If the lock is lost, they stay for a recovery.
        """
        left = {key_of(pinned): pinned for pinned in objects}
        try:
            locked = self._while_locked(objects)
            for results in self.from_trash(locked, self._has_lost_lock):
                for pinned, result in results:
                    self.problems += result.notices
                    restored = result.outcome is Outcome.RESTORED
                    stays = replace(result, outcome=Outcome.FAILED)
                    self.note([pinned], why if restored else stays)
                    del left[key_of(pinned)]
        except OSError as error:
            self.note(left.values(), kept_in_trash_result(error))

    def in_trash(self) -> list[PinnedObject]:
        """Return the objects that are in the trash, or may be."""
        return [
            pinned
            for pinned, result in self.results.values()
            if result.outcome is Outcome.MOVED or result.in_doubt
        ]

    def rows(self) -> pd.DataFrame:
        """Return what became of every object: a frame of the receipt schema."""
        store = self.store.info.name
        rows = [
            (
                *(store, pinned.sweep_id, pinned.path),
                *(len(pinned.files), _size(pinned, result)),
                *(result.outcome.value, result.detail and result.detail.value),
                *(result.text, result.in_doubt),
            )
            for pinned, result in self.results.values()
        ]
        return RECEIPT.conform(pd.DataFrame(rows, columns=RECEIPT.column_names))

    def record(
        self, name: str, now: datetime, sweep_ids: Iterable[str] | None = None
    ) -> None:
        """Write the results to the journals of sweeps, by default those of the objects.

        What was done survives a power cut before the record does. A record that cannot
        be written is a problem: what was done is done. If the lock is lost, none is
        written, so that a recovery looks at everything again.
        """
        if lost := self.lock.lost():
            self.note_problem(NoticeCode.LOCK_LOST, why=lost.text)
            return
        try:
            self.store.sync()
            write_rows(self.store, name, now, self.rows(), sweep_ids)
        except OSError as error:
            self.note_unwritten(name, error)

    def note_unwritten(self, record: str, error: OSError) -> None:
        """Add a problem: a record of what was done could not be written."""
        why = error_text(error)
        self.note_problem(NoticeCode.RECORD_UNWRITTEN, record=record, error=why)

    def _while_locked(self, objects: Iterable[PinnedObject]) -> Iterator[PinnedObject]:
        for pinned in objects:
            if self._has_lost_lock():
                return
            yield pinned

    def _has_lost_lock(self) -> bool:
        return self.lock.lost() is not None

    def note_problem(self, code: NoticeCode, **values: object) -> None:
        """Add a problem of the store."""
        self.problems.append(Notice(code, in_store(self.store.info.name), values))


def _size(pinned: PinnedObject, result: Result) -> int:
    return pinned.size_bytes if result.size_bytes is None else result.size_bytes


def write_rows(
    store: Store,
    name: str,
    now: datetime,
    rows: pd.DataFrame,
    sweep_ids: Iterable[str] | None = None,
) -> None:
    """Write rows of the receipt schema to the journals of sweeps, by default theirs."""
    for sweep_id in rows["sweep_id"].unique() if sweep_ids is None else sweep_ids:
        own = rows[rows["sweep_id"].eq(sweep_id)]
        Journal(store, str(sweep_id)).write_outcome(name, now, own)


def skip_rest(operations: Iterable[tuple[Operation, Iterable[PinnedObject]]]) -> None:
    """Note why objects were not reached."""
    canceled = Result(Outcome.SKIPPED, Detail.CANCELED)
    for operation, objects in operations:
        left = operation.pending(objects)
        operation.note(left, operation.stops() or canceled)


def begin(
    operation: Operation,
    what: str,
    objects: Sequence[PinnedObject],
    now: datetime,
    acknowledged: Iterable[str] = (),
) -> str:
    """Write down what is about to be done; return the name of the record of its end.

    If it cannot be written, `SweepRefusedError` is raised and nothing may be done.
    """
    name = f"{now:%Y%m%dT%H%M%S%fZ}"
    planned = Operation(operation.store, operation.lock)
    planned.note(objects, Result(Outcome.SKIPPED, Detail.NOT_YET))
    try:
        for sweep_id, rows in planned.rows().groupby("sweep_id", sort=False):
            journal = Journal(operation.store, str(sweep_id))
            journal.write_outcome(f"{what}-{name}", now, rows, acknowledged)
    except OSError as error:
        raise SweepRefusedError(
            f"Nothing was done, because the journal of store "
            f"{operation.store.info.name} could not be written ({error_text(error)}). "
            f"{remedy_for(error)}."
        ) from error
    return f"{RECORD_ENDS[what]}-{name}"
