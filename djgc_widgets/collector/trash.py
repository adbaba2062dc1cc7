"""The trash of a store: what sweeps moved there, and how it comes back or goes."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import datajoint as dj
import pandas as pd

from djgc_widgets.collector.arguments import connection_of
from djgc_widgets.collector.journal import Journal, Planned
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.collector.operation import Work, receipt_of
from djgc_widgets.collector.purge import Purge, read_plans
from djgc_widgets.collector.recheck import LiveReader
from djgc_widgets.collector.recover import recover
from djgc_widgets.collector.restore import restore_sweep
from djgc_widgets.collector.scan_result import CompleteScan, IncompleteScan
from djgc_widgets.collector.scanner import scan
from djgc_widgets.collector.sweeper import utc_now
from djgc_widgets.model import (
    SWEEPS,
    InputError,
    ProgressCallback,
    Receipt,
    SweepRefusedError,
    interrupted_sweeps,
    no_progress,
    parse_trash,
)
from djgc_widgets.stores import (
    SweepableStore,
    list_trash,
    open_stores,
    reason_of,
    sweepable,
)
from djgc_widgets.verdict import INTERRUPTED

RETENTION = timedelta(days=30)
"""How long what was swept stays in the trash, unless a purge is told otherwise."""


class Trash:
    """The trash of one store.

    Parameters
    ----------
    source : datajoint.Schema or datajoint.Connection
        Whose configuration names the store, and whose server's rows refer into it.
    store : str
        Name of the store.
    also : sequence of datajoint.Connection
        Further database servers whose rows refer into the store.
    clock : callable, optional
        Returns the current time, aware, in UTC.

    Raises
    ------
    InputError
        If the store is unknown, or neither a folder nor on S3.
    SweepRefusedError
        If it cannot be opened.

    Examples
    --------
    >>> from djgc_widgets import Trash, open_lab
    >>> with open_lab() as lab:
    ...     list(Trash(lab.schema, "derived").sweeps["sweep_id"])  # nothing was swept
    []
    """

    def __init__(
        self,
        source: dj.Schema | dj.Connection,
        store: str,
        *,
        also: Sequence[dj.Connection] = (),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._source, self._name, self._also = source, store, tuple(also)
        self._clock = clock
        opened = open_stores((connection_of(source), *also), [store])
        if opened.problems:
            raise SweepRefusedError(str(opened.problems[0]))
        able = sweepable(opened.stores)
        if not able:
            raise InputError(
                f"Expected a store in a folder or on S3; got {store!r}, in which "
                "nothing can be moved."
            )
        self._store: SweepableStore = able[0]

    def now(self) -> datetime:
        """Return the current time by the clock that was given, aware, in UTC."""
        return self._clock()

    @property
    def sweeps(self) -> pd.DataFrame:
        """Every sweep of the store, the latest first: a frame of the sweeps schema.

        Raises
        ------
        SweepRefusedError
            If the trash cannot be listed, or a journal cannot be trusted.
        """
        listed = self._listed()
        ids, due = sorted(_planned(listed), reverse=True), self._due(listed)
        left = listed.dropna(subset=["former"])
        rows = [
            _sweep_row(
                Journal(self._store, sweep_id).read_plan(),
                left[left["sweep_id"].eq(sweep_id)],
                done=sweep_id not in due,
            )
            for sweep_id in ids
        ]
        frame = pd.DataFrame(rows, columns=SWEEPS.names[1:])
        return SWEEPS.conform(frame.assign(store=self._store.info.name))

    def restore(
        self,
        sweep_id: str,
        paths: Collection[str] | None = None,
        progress: ProgressCallback = no_progress,
    ) -> Receipt:
        """Bring back what a sweep moved; never overwrites.

        Parameters
        ----------
        sweep_id : str
            Name of the sweep.
        paths : collection of str, optional
            Objects to bring back; all by default.
        progress : callable, optional
            Called before each object; may raise `Cancelled` to leave the rest alone.

        Returns
        -------
        Receipt
            One row per object: restored, or failed and why.

        Raises
        ------
        SweepRefusedError
            If the store is locked, or the journal is absent or cannot be trusted.
        InputError
            If a path is none of the sweep's.
        """
        return restore_sweep(
            [self._store], sweep_id, paths, clock=self._clock, progress=progress
        )

    def recover(self, *, break_lock: bool = False) -> Receipt:
        """Finish or undo sweeps that were interrupted, and clear the lock they left.

        What was moved whole stays in the trash unless a row refers to it; what was
        caught in between goes back to its place. If the references cannot be read,
        everything goes back.

        Parameters
        ----------
        break_lock : bool
            Take the lock even if it is not certain that its holder has ended: you have
            seen that nothing is running there.

        Returns
        -------
        Receipt
            One row per object of an interrupted sweep.

        Raises
        ------
        SweepRefusedError
            If the store is locked, or a journal cannot be trusted.
        """
        work = recover(
            lambda: self._due(self._listed()),
            self._store,
            self._reader,
            clock=self._clock,
            break_lock=break_lock,
        )
        return self._receipt(work)

    def purge(
        self,
        older_than: timedelta = RETENTION,
        acknowledge: Collection[str] = frozenset(),
        progress: ProgressCallback = no_progress,
        sweep_ids: Collection[str] | None = None,
    ) -> Receipt:
        """Delete for good what has been in the trash for long.

        The store is scanned first. What a row refers to again goes back to its place,
        and everything stays while objects that rows refer to are missing.

        Parameters
        ----------
        older_than : timedelta
            Age of a sweep, by our clock and by the store's; 30 days by default.
        acknowledge : collection of str
            ``"unseen-schemas"`` if no row of a schema that the account cannot see
            refers to the store.
        progress : callable, optional
            Called before each object; may raise `Cancelled` to leave the rest alone.
        sweep_ids : collection of str, optional
            Only what these sweeps moved; all by default.

        Returns
        -------
        Receipt
            One row per object that was purged, returned or had to stay.

        Raises
        ------
        InputError
            If the age is negative, or a sweep is none of this trash's.
        SweepRefusedError
            If the store is locked, a sweep was interrupted, the scan is incomplete, a
            journal cannot be trusted or written, or rows that cannot be seen may need
            what is there; nothing was deleted then.
        """
        if older_than < timedelta(0):
            raise InputError(f"Expected an age of zero or more; got {older_than}.")
        with StoreLock(self._store, "purge", clock=self._clock) as lock:
            work = Work(self._store, lock)
            found = self._scan()
            if not isinstance(found, CompleteScan):
                told = " ".join(str(problem) for problem in found.problems[:3])
                raise SweepRefusedError(
                    f"The scan is incomplete, so nothing was deleted. {told}"
                )
            listed = self._listed()
            due = self._due(listed)
            if due:
                raise SweepRefusedError(
                    f"{INTERRUPTED}: sweep {min(due)} was interrupted, so nothing was "
                    f"deleted. Call Trash(schema, {self._name!r}).recover() first."
                )
            planned = read_plans(work, _planned(listed))
            chosen = planned.keys() if sweep_ids is None else set(sweep_ids)
            if chosen - planned.keys():
                raise InputError(
                    f"Expected sweeps of store {self._name}; got "
                    f"{', '.join(sorted(chosen - planned.keys()))}."
                )
            purge = Purge(work, found, planned, self._clock, frozenset(chosen))
            purge.run(older_than, acknowledge, progress)
        return self._receipt(work)

    def _receipt(self, work: Work) -> Receipt:
        def put_back(_: ProgressCallback) -> Receipt:
            raise InputError(
                "Expected the receipt of a sweep; this one is of a recovery or purge. "
                "Call Trash(...).restore(sweep_id)."
            )

        return receipt_of("", [work], put_back)

    def _scan(self) -> CompleteScan | IncompleteScan:
        return scan(
            self._source, also=self._also, stores=[self._name], clock=self._clock
        )

    def _reader(self) -> LiveReader | None:
        """Return what reads the references; nothing if they cannot be read."""
        try:
            found = self._scan()
        except InputError:  # the server does not answer
            return None
        return found.reader if isinstance(found, CompleteScan) else None

    def _listed(self) -> pd.DataFrame:
        """List the trash: sweep, record or former path, and size of each file."""
        try:
            listing = list_trash(self._store, no_progress)
        except OSError as error:
            raise SweepRefusedError(
                f"The trash of store {self._name} could not be listed "
                f"({reason_of(error)}). Mount the store, or mend its folder."
            ) from error
        if listing.problems:
            raise SweepRefusedError(str(listing.problems[0]))
        told = parse_trash(listing.files["path"]).rename(columns={"path": "former"})
        return told.assign(**listing.files[["store", "path", "size_bytes"]])

    def _due(self, listed: pd.DataFrame) -> dict[str, list[str]]:
        """Name the records that are due of sweeps that were interrupted."""
        due = interrupted_sweeps(listed)
        return {sweep_id: records for (_, sweep_id), records in due.items()}


def _sweep_row(planned: Planned, left: pd.DataFrame, *, done: bool) -> list[Any]:
    files = [path for parcel in planned.parcels for path in parcel.files]
    own = left[left["former"].isin(files)]
    kept = set(own["former"])
    return [
        planned.sweep_id,
        planned.created_at,
        planned.account,
        planned.host,
        ", ".join(sorted(planned.servers.values())),
        len(planned.parcels),
        sum(parcel.size_bytes for parcel in planned.parcels),
        sum(not kept.isdisjoint(parcel.files) for parcel in planned.parcels),
        int(own["size_bytes"].sum()),
        planned.created_at + RETENTION,
        "done" if done else "interrupted",
    ]


def _planned(listed: pd.DataFrame) -> set[str]:
    return set(listed.loc[listed["record"].eq("plan"), "sweep_id"])
