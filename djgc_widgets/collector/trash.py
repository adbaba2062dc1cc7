"""The trash of a store: what sweeps moved there, and how it comes back or goes."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import datajoint as dj
import pandas as pd

from djgc_widgets.collector.arguments import (
    checked_clock,
    connection_of,
    expect_function,
    further_connections,
    opened_store,
)
from djgc_widgets.collector.clock import Clock, utc_now
from djgc_widgets.collector.complete_scan import CompleteScan, IncompleteScan
from djgc_widgets.collector.journal import Journal, Planned
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.collector.operation import Operation
from djgc_widgets.collector.owners import read_ownership
from djgc_widgets.collector.purge import Purge, expect_liftable, refuse
from djgc_widgets.collector.receipts import receipt_parts
from djgc_widgets.collector.recheck import Rechecker
from djgc_widgets.collector.recover import recover
from djgc_widgets.collector.restore import restore_sweep
from djgc_widgets.collector.scanner import run_scan
from djgc_widgets.collector.sweeps_frame import planned_sweep_ids, sweep_row
from djgc_widgets.model import (
    RETENTION,
    SWEEPS,
    DoubtCode,
    InputError,
    ProgressCallback,
    Receipt,
    SweepRefusedError,
    SweepState,
    error_text,
    expect_age,
    interrupted_sweeps,
    names_among,
    names_of,
    no_progress,
    parse_trash,
)
from djgc_widgets.stores import list_trash


class Trash:
    """The trash of one store.

    `InputError` if the store is unknown, or neither a folder nor a bucket.

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
    """

    def __init__(
        self,
        source: dj.Schema | dj.Connection,
        store: str,
        *,
        also: Sequence[dj.Connection] = (),
        clock: Clock = utc_now,
    ) -> None:
        connection = connection_of(source)
        self._also = tuple(further_connections(also, connection))
        self._source, self._clock = source, checked_clock(clock)
        self._store = opened_store(source, store, self._also)
        self._name = store

    def now(self) -> datetime:
        """Return the current time by the clock that was given, aware, in UTC."""
        return self._clock()

    @property
    def sweeps(self) -> pd.DataFrame:
        """Every sweep of the store, the latest first: a frame of the sweeps schema.

        `SweepRefusedError` if the trash cannot be listed or a journal be trusted.
        """
        listed = self._listed()
        due = self._due(listed)
        left = listed.dropna(subset=["former"])
        rows = [
            sweep_row(
                self._plan_of(sweep_id),
                left[left["sweep_id"].eq(sweep_id)],
                SweepState.INTERRUPTED if sweep_id in due else SweepState.DONE,
            )
            for sweep_id in sorted(planned_sweep_ids(listed), reverse=True)
        ]
        frame = pd.DataFrame(rows, columns=SWEEPS.column_names[1:])
        return SWEEPS.conform(frame.assign(store=self._store.info.name))

    @property
    def oldest_backup(self) -> timedelta | None:
        """Age of the oldest backup that may be restored; None if nobody has said so."""
        return read_ownership(self._store).oldest_backup

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
            If the sweep did not move a path.

        Examples
        --------
        >>> from djgc_widgets import Trash, open_lab, scan
        >>> with open_lab() as lab:
        ...     s = scan(lab.schema)
        ...     one = s.orphans.query("store == 'raw'").head(1)
        ...     reviewed = {"sole-owner", "missing-objects"}
        ...     receipt = s.plan(one, acknowledge=reviewed).sweep()
        ...     restored = Trash(lab.schema, "raw").restore(receipt.sweep_id)
        >>> restored.count("restored")
        1
        """
        names_of([sweep_id], "sweep_id")
        chosen = None if paths is None else names_of(paths, "paths")
        expect_function(progress, "progress")
        return restore_sweep(
            [self._store], sweep_id, chosen, clock=self._clock, progress=progress
        )

    def recover(self, *, break_lock: bool = False) -> Receipt:
        """Finish or undo sweeps that were interrupted, and clear the lock they left.

        What was moved completely stays in the trash unless a row refers to it; the rest
        goes back. If the references cannot be read, everything goes back.

        Parameters
        ----------
        break_lock : bool
            Take the lock even if it is not certain that its process has ended: you have
            checked that nothing is running there.

        Returns
        -------
        Receipt
            One row per object of an interrupted sweep.

        Raises
        ------
        SweepRefusedError
            If the store is locked, or a journal cannot be trusted.
        """
        operation = recover(
            lambda: self._due(self._listed()),
            self._store,
            self._rechecker,
            clock=self._clock,
            break_lock=break_lock,
        )
        rows, problems, _ = receipt_parts([operation])
        return Receipt("", rows, problems)

    def purge(
        self,
        older_than: timedelta = RETENTION,
        acknowledge: Collection[str] = frozenset(),
        progress: ProgressCallback = no_progress,
        sweep_ids: Collection[str] | None = None,
        *,
        oldest_backup: timedelta | None = None,
    ) -> Receipt:
        """Delete for good what has been in the trash for long.

        All stores are scanned first. What a row refers to again goes back, and
        everything stays while objects that rows refer to are missing, in any store,
        unless that is acknowledged.

        Parameters
        ----------
        older_than : timedelta
            Age of a sweep, by our clock and by the store's; 30 days by default.
        acknowledge : collection of str
            ``"unseen-schemas:WHERE"`` if no row that the account cannot see there
            refers to the store, ``"missing-objects"`` if the missing objects are known
            to be lost, ``"oldest-backup"`` if no backup of the database will be
            restored that is older than the sweeps, ``"short-retention"`` if what was
            swept less than a day ago may go already, ``"other-owner:SERVER"`` and
            others that a refusal names if a server is gone, has moved or was restored.
        progress : callable, optional
            Called before each object; may raise `Cancelled` to leave the rest alone.
        sweep_ids : collection of str, optional
            Only what these sweeps moved; all by default.
        oldest_backup : timedelta, optional
            Age of the oldest backup of the database that may be restored; the store
            remembers it. Sweeps that are younger are kept, since rows of that backup
            may need them.

        Returns
        -------
        Receipt
            One row per object that was purged, returned or had to stay.

        Raises
        ------
        InputError
            If the age is no timedelta or negative, a sweep is not in this trash, or
            something else is acknowledged.
        SweepRefusedError
            If the store is locked, a sweep was interrupted, the scan is incomplete, a
            journal cannot be trusted or written, or rows that cannot be seen may need
            what is there; nothing was deleted then.
        """
        expect_age(older_than, "older_than")
        expect_age(oldest_backup or timedelta(0), "oldest_backup")
        lifted = names_of(acknowledge, "acknowledge")
        expect_liftable(lifted, "acknowledge")
        with StoreLock(self._store, "purge", clock=self._clock) as lock:
            operation = Operation(self._store, lock)
            result, rechecker = self._scan()
            if not isinstance(result, CompleteScan):
                problems = " ".join(str(problem) for problem in result.problems[:3])
                raise SweepRefusedError(
                    f"The scan is incomplete, so nothing was deleted. {problems}"
                )
            listed = self._listed()
            due = self._due(listed)
            if due:
                why = DoubtCode.INTERRUPTED_SWEEP
                refuse(why, sweep_id=min(due), store=self._name)
            planned = {each: self._plan_of(each) for each in planned_sweep_ids(listed)}
            chosen = names_among(sweep_ids, planned, "sweep_ids")
            purge = Purge(operation, result, rechecker, planned, self._clock, chosen)
            purge.run(older_than, lifted, progress, oldest_backup)
        return Receipt("", *receipt_parts([operation]))

    def _scan(self) -> tuple[CompleteScan | IncompleteScan, Rechecker]:
        also, clock = self._also, self._clock
        return run_scan(self._source, also=also, clock=clock, hidden=False)

    def _rechecker(self) -> Rechecker | None:
        """Return what reads the references; None if they cannot be read."""
        try:
            result, rechecker = self._scan()
        except InputError:  # the server does not answer
            return None
        return rechecker if isinstance(result, CompleteScan) else None

    def _plan_of(self, sweep_id: str) -> Planned:
        return Journal(self._store, sweep_id).read_plan()

    def _listed(self) -> pd.DataFrame:
        """List the trash: sweep, record or former path, and size of each file."""
        try:
            listing = list_trash(self._store, no_progress)
        except OSError as error:
            raise SweepRefusedError(
                f"The trash of store {self._name} could not be listed "
                f"({error_text(error)}). Mount the store, or repair its folder."
            ) from error
        if listing.problems:
            raise SweepRefusedError(str(listing.problems[0]))
        parsed = parse_trash(listing.files["path"]).rename(columns={"path": "former"})
        return parsed.assign(**listing.files[["store", "path", "size_bytes"]])

    def _due(self, listed: pd.DataFrame) -> dict[str, list[str]]:
        """Name the records that interrupted sweeps still lack."""
        due = interrupted_sweeps(listed)
        return {sweep_id: records for (_, sweep_id), records in due.items()}
