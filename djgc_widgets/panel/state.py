"""State of the panel and every command that it has; touches no widget."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from datetime import timedelta
from os import PathLike
from pathlib import Path

import datajoint as dj
import pandas as pd
import traitlets

from djgc_widgets.analysis import History, SecondOpinion, object_rows, second_opinion
from djgc_widgets.collector import (
    Clock,
    CompleteScan,
    Scan,
    new_folder,
    read_sweeps,
    scan,
    utc_now,
)
from djgc_widgets.model import (
    MINIMUM_AGE,
    OBJECTS,
    Receipt,
    SweepReceipt,
    SweepState,
    encode_frame,
    plural,
    readable_age,
    write_new_file,
)
from djgc_widgets.panel.basket import Basket, BasketCounter
from djgc_widgets.panel.grid.state import GridState
from djgc_widgets.panel.tables import (
    missing_table,
    object_table,
    opinion_rows,
    opinion_table,
    usage_table,
)
from djgc_widgets.panel.trash_state import TrashState
from djgc_widgets.panel.treemap import Treemap
from djgc_widgets.panel.worker import Activity

STALE = timedelta(hours=1)
"""If a scan is older, it has to be repeated before anything is moved."""


class PanelState(TrashState):
    """What the panel shows, and what can be done with it.

    Commands that take long return at once and run in one worker thread; `wait` joins
    it. The parameters are those of `GCPanel`, and a clock.
    """

    stale = traitlets.Bool(default_value=False)
    """The scan is older than an hour."""
    plan = traitlets.Any(None, allow_none=True)
    """The `SweepPlan` that is to be confirmed, refused or not."""
    plan_number = traitlets.Int(0)
    """Which plan it is, counted from 1: what confirms one cannot confirm another."""
    opinion = traitlets.Any(None, allow_none=True)
    """The `SecondOpinion` on the scan, once it was requested."""

    def __init__(  # noqa: PLR0913 - those of a scan, and what it is for
        self,
        *schemas: dj.Schema | dj.Connection,
        stores: Sequence[str] | None = None,
        listing: Mapping[str, str | PathLike[str]] | None = None,
        exact: bool = True,
        out: str | PathLike[str] | None = None,
        executor: Executor | None = None,
        minimum_age: timedelta = MINIMUM_AGE,
        history: History | None = None,
        clock: Clock = utc_now,
    ) -> None:
        super().__init__(schemas, clock, self._show_receipt)
        self.history = history
        self._stores, self._listing, self._exact = stores, listing, exact
        self._minimum_age, self._out, self._executor = minimum_age, out, executor
        self._stale_timer: threading.Timer | None = None
        self.objects, self.missing = object_table(), missing_table()
        self.usage, self.opinions = usage_table(), opinion_table()
        self.treemap = Treemap(self.objects)
        self._counter = BasketCounter(OBJECTS.empty())

    @property
    def ready(self) -> bool:
        """Whether the scan is complete and nothing is running."""
        return self.activity is Activity.IDLE and isinstance(self.scan, CompleteScan)

    @property
    def can_sweep(self) -> bool:
        """Whether it is ready, no plan is open and something is ticked."""
        _, ticked = self.objects.ticked
        return self.ready and self.plan is None and bool(ticked.any())

    @property
    def selected(self) -> pd.DataFrame:
        """The ticked orphans: a frame of the objects schema."""
        if self.scan is None:
            return OBJECTS.empty()
        return self.objects.selected[OBJECTS.column_names]

    def basket(self) -> Basket:
        """Add up what is ticked."""
        objects, ticked = self.objects.ticked
        if not ticked.any():
            return Basket()
        if self._counter.objects is not objects:
            self._counter = BasketCounter(objects)
        return self._counter.count(ticked)

    def start_scan(self) -> None:
        """Scan in the background; nothing is ticked afterwards."""
        self.notice = ""
        self.start(Activity.SCANNING, self._scan)

    def close(self) -> None:
        """Stop what is running; nothing can be started any more."""
        self._stop_timer()
        super().close()

    def make_plan(self) -> None:
        """Plan in the background to move the ticked orphans to the trash."""
        scan = self.scan
        if not isinstance(scan, CompleteScan):
            self.message = "Only a complete scan can make a plan. See Problems."
            return
        age = self._clock() - scan.finished_at
        if age > STALE:
            self.stale = True
            self.message = f"This scan is {readable_age(age)} old. Rescan first."
            return

        selection = self.selected

        def plan() -> None:
            plan = scan.plan(selection)
            self.check_cancelled()
            self.plan_number += 1
            self.plan = plan

        self.start(Activity.PLANNING, plan)

    def ask(self) -> None:
        """Ask DataJoint's own collector, in the background, what it would delete."""
        if (scan := self.scan) is not None:
            self.start(Activity.ASKING, lambda: self._set_opinion(second_opinion(scan)))

    def _set_opinion(self, opinion: SecondOpinion | None) -> None:
        self.opinions.replace(opinion_rows(opinion), opinion)
        self.opinion = opinion

    def acknowledge(self, name: str, *, lifted: bool) -> None:
        """Lift a refusal of the plan, or withdraw the acknowledgment."""
        if (plan := self.plan) is not None:
            others = plan.acknowledged - {name}
            self.plan = plan.acknowledging(others | {name} if lifted else others)

    def drop_plan(self) -> None:
        """Do not sweep after all."""
        self.plan = None

    def confirmation(self) -> str:
        """Return what confirms the plan when typed: the names of its stores."""
        return ", ".join(store for store, *_ in self.plan.totals()) if self.plan else ""

    def sweep(self, typed: str) -> None:
        """Sweep in the background; what was typed must be the `confirmation`."""
        plan = self.plan
        if plan is not None and self.confirmed(typed, self.confirmation()):
            self.change(Activity.SWEEPING, lambda: plan.sweep(self.report))

    def undo(self) -> None:
        """Restore in the background what the latest sweep moved."""
        if isinstance(receipt := self.receipt, SweepReceipt):
            self.change(Activity.RESTORING, lambda: receipt.restore(self.report))

    def export(self, name: str, grid: GridState, what: str, kind: str) -> None:
        """Write rows of a grid to a new file beside the notebook.

        The name of the file begins with `name`; `what` is ``filtered`` or ``ticked``,
        `kind` is ``csv`` or ``parquet``.
        """
        rows = grid.selected if what == "ticked" else grid.filtered
        stem = f"{name}-{self._clock():%Y%m%d-%H%M%S}"

        def write() -> None:
            self.notice = ""
            path = write_new_file(encode_frame(rows, kind), Path.cwd(), stem, kind)
            self.notice = f"{plural(len(rows), 'row')} written to {path}"

        self.start(Activity.EXPORTING, write)

    def _show_receipt(self, receipt: Receipt) -> None:
        self.receipt, self.notice = receipt, ""
        self.plan, self.purge_wanted = None, False
        self.said_at = "header"  # what was asked is done; the scan may still fail
        self.clear_cancel()  # a canceled sweep is over; scan what it did
        self._scan()

    def _scan(self) -> None:
        out = self._out
        if out is not None:
            out = new_folder(out, self._clock())
        new = scan(
            *self._schemas,
            stores=self._stores,
            listing=self._listing,
            exact=self._exact,
            out=out,
            executor=self._executor,
            minimum_age=self._minimum_age,
            progress=self.report,
            clock=self._clock,
        )
        (objects, tickable), sweeps = object_rows(new), read_sweeps(new, self._trash)
        usage, places = new.usage(), new.places()
        unrecorded = self._record(new)
        # what can fail is done; from here on all of it belongs to this scan
        self.plan, self.purge_wanted = None, False
        self.objects.replace(objects, new, tickable)
        self.missing.replace(new.missing, new)
        self.usage.replace(usage, new)
        # what was restored or purged whole is history, and nothing to choose from
        is_there = sweeps.frame["n_left"].gt(0) | sweeps.frame["state"].ne(
            SweepState.DONE.value
        )
        self.sweeps.replace(sweeps.frame[is_there].reset_index(drop=True), new)
        self._set_opinion(None)
        self.unread, self.oldest_backups = sweeps.problems, dict(sweeps.oldest_backups)
        self.treemap.draw(places)
        self.stale = False
        self.scan = new
        self._stop_timer()
        if not self.closed:
            hour = STALE.total_seconds()
            self._stale_timer = threading.Timer(hour, self.set_trait, ("stale", True))
            self._stale_timer.daemon = True
            self._stale_timer.start()
        self.objects.row_filter.prepare()
        if unrecorded is not None:
            raise unrecorded

    def _record(self, new: Scan) -> Exception | None:
        """Record a scan; return why not, which must not hide the scan."""
        try:
            if self.history is not None:
                self.history.record(new)
        except Exception as error:  # noqa: BLE001 - raised once the scan is shown
            return error
        return None

    def _stop_timer(self) -> None:
        if self._stale_timer is not None:
            self._stale_timer.cancel()
