"""State of the panel and every command that it has; touches no widget."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import datajoint as dj
import pandas as pd
import traitlets

from djgc_widgets.analysis import SecondOpinion, second_opinion
from djgc_widgets.collector import (
    MINIMUM_AGE,
    CompleteScan,
    IncompleteScan,
    read_sweeps,
    scan,
    utc_now,
)
from djgc_widgets.model import (
    OBJECTS,
    Receipt,
    encoded,
    plural,
    readable_age,
    write_new,
)
from djgc_widgets.panel import details as facts
from djgc_widgets.panel import tables
from djgc_widgets.panel.basket import Basket, BasketScale
from djgc_widgets.panel.grid.state import Fact, GridState, Record
from djgc_widgets.panel.trash_state import RECOVERING, RESTORING, TrashState
from djgc_widgets.panel.worker import IDLE

SCANNING, PLANNING, SWEEPING = "scanning", "planning", "sweeping"
EXPORTING, ASKING = "exporting", "asking DataJoint's own collector"
UNSTOPPABLE = frozenset({RECOVERING, EXPORTING, ASKING})
"""What goes on to its end."""
STALE = timedelta(hours=1)
"""A scan older than this has to be made again before anything is moved."""


class PanelState(TrashState):
    """What the panel shows, and what can be done with it.

    Commands that take long return at once and run in one worker thread; `wait` joins
    it.

    Parameters
    ----------
    *schemas : datajoint.Schema or datajoint.Connection
        What to scan.
    stores : sequence of str, optional
        Names of the stores; all by default.
    minimum_age : timedelta
        Younger objects are never orphans.
    clock : callable, optional
        Returns the current time, aware, in UTC.

    Attributes
    ----------
    places : DataFrame or None
        Bytes by place of that scan: a frame of the places schema.
    stale : bool
        The scan is older than an hour.
    plan : SweepPlan or None
        What is about to be confirmed, refused or not.
    opinion : SecondOpinion or None
        What DataJoint's own collector says of that scan, once it was asked.
    notice : str
        What the latest command did, if it has no receipt.
    """

    places = traitlets.Any(None, allow_none=True)
    stale = traitlets.Bool(default_value=False)
    plan = traitlets.Any(None, allow_none=True)
    opinion = traitlets.Any(None, allow_none=True)
    notice = traitlets.Unicode("")

    def __init__(
        self,
        *schemas: dj.Schema | dj.Connection,
        stores: Sequence[str] | None = None,
        minimum_age: timedelta = MINIMUM_AGE,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(schemas, clock)
        self._stores, self._minimum_age = stores, minimum_age
        self._ageing: threading.Timer | None = None
        self.orphans, self.missing = tables.orphan_table(), tables.missing_table()
        self.usage, self.opinions = tables.usage_table(), tables.opinion_table()
        self.opinions.replace(tables.opinion_rows(None))
        self.orphans.replace(OBJECTS.empty())
        self._scale = BasketScale(self.orphans.frame)

    @property
    def ready(self) -> bool:
        """Whether the scan is complete and nothing is running."""
        return self.activity == IDLE and isinstance(self.scan, CompleteScan)

    @property
    def can_sweep(self) -> bool:
        """Whether it is ready, no plan is open and something is ticked."""
        _, ticked = self.orphans.ticked
        return self.ready and self.plan is None and bool(ticked.any())

    @property
    def selected(self) -> pd.DataFrame:
        """The ticked orphans: a frame of the objects schema."""
        if self.scan is None:
            return OBJECTS.empty()
        return self.orphans.selected[OBJECTS.names]

    def basket(self) -> Basket:
        """Weigh what is ticked."""
        orphans, ticked = self.orphans.ticked
        if self._scale.orphans is not orphans:
            self._scale = BasketScale(orphans)
        return self._scale.weigh(ticked)

    def start_scan(self) -> None:
        """Scan in the background; what is ticked is forgotten."""
        self.notice = ""
        self.start(SCANNING, self._scan)

    def close(self) -> None:
        """Stop what is running; nothing can be started any more."""
        self._stop_ageing()
        super().close()

    def make_plan(self) -> None:
        """Plan in the background to move the ticked orphans to the trash."""
        found = self.scan
        if not isinstance(found, CompleteScan):
            self.message = "Only a complete scan can make a plan. Mend what is missing."
            return
        age = self._clock() - found.started_at
        if age > STALE:
            self.stale = True
            self.message = f"This scan is {readable_age(age)} old. Rescan first."
            return
        self.start(PLANNING, lambda: self._plan(found))

    def _plan(self, found: CompleteScan) -> None:
        plan = found.plan(self.selected)
        self.expect_no_stop()
        self.plan = plan

    def ask(self) -> None:
        """Ask DataJoint's own collector, in the background, what it would delete."""
        if isinstance(found := self.scan, CompleteScan | IncompleteScan):
            self.start(ASKING, lambda: self._hear(second_opinion(found)))

    def _hear(self, opinion: SecondOpinion | None) -> None:
        self.opinions.replace(tables.opinion_rows(opinion))
        self.opinion = opinion

    def acknowledge(self, name: str, *, lifted: bool) -> None:
        """Lift a refusal of the plan, or let it stand after all."""
        plan = self.plan
        if plan is not None:
            other = plan.acknowledged - {name}
            self.plan = plan.acknowledging(other | {name} if lifted else other)

    def drop_plan(self) -> None:
        """Do not sweep after all."""
        self.plan = None

    def confirmation(self) -> str:
        """Return what confirms the plan when typed: the names of its stores."""
        return ", ".join(store for store, *_ in self.plan.totals()) if self.plan else ""

    def sweep(self, typed: str) -> None:
        """Carry out the plan in the background.

        Parameters
        ----------
        typed : str
            What the person typed; must be the `confirmation`.
        """
        plan = self.plan
        if plan is None or not self._typed(typed, self.confirmation()):
            return
        self.start(SWEEPING, lambda: self._keep(plan.sweep(self.report)))

    def undo(self) -> None:
        """Bring back in the background what the latest sweep moved."""
        if isinstance(receipt := self.receipt, Receipt):
            self.start(RESTORING, lambda: self._keep(receipt.restore(self.report)))

    def export(self, name: str, grid: GridState, what: str, kind: str) -> None:
        """Write rows of a grid to a new file beside the notebook.

        Parameters
        ----------
        name : str
            How the file's name begins.
        grid : GridState
            Whose rows.
        what, kind : str
            ``filtered`` or ``ticked``; ``csv`` or ``parquet``.
        """
        rows = grid.selected if what == "ticked" else grid.filtered
        stem = f"{name}-{self._clock():%Y%m%d-%H%M%S}"
        self.start(EXPORTING, lambda: self._export(rows, stem, kind))

    def _export(self, rows: pd.DataFrame, stem: str, kind: str) -> None:
        self.notice = ""
        written = write_new(encoded(rows, kind), Path.cwd(), stem, kind)
        self.notice = f"{plural(len(rows), 'row')} written to {written}"

    def explain_orphan(self, row: Record) -> list[Fact]:
        """Say why an object is an orphan."""
        files = self.scan.files_of(row["store"], row["path"])
        return facts.orphan_facts(row, files, self.scan.references)

    def explain_missing(self, row: Record) -> list[Fact]:
        """Name the rows whose object is gone."""
        complete = isinstance(self.scan, CompleteScan)
        return facts.missing_facts(row, self.missing.frame, complete=complete)

    def explain_opinion(self, row: Record) -> list[Fact]:
        """Say what the collector would do to an object, and what we say."""
        return facts.opinion_facts(row, self.opinion.collector)

    def explain_sweep(self, row: Record) -> list[Fact]:
        """Say what a sweep moved."""
        return facts.sweep_facts(row, self.scan.trash)

    def _keep(self, receipt: Receipt) -> None:
        self.receipt, self.notice = receipt, ""
        self.plan, self.purge_wanted = None, False
        self.go_on()  # a stopped sweep is over; what it did is scanned
        self._scan()

    def _scan(self) -> None:
        found: CompleteScan | IncompleteScan = scan(
            *self._schemas,
            stores=self._stores,
            minimum_age=self._minimum_age,
            progress=self.report,
            clock=self._clock,
        )
        orphans, swept = tables.orphan_rows(found), read_sweeps(found, self._trash)
        scale, usage, places = (
            BasketScale(orphans),
            found.usage(),
            found.places(),
        )
        # what can fail is done; from here on all of it belongs to this scan
        self.plan, self.purge_wanted = None, False
        self.orphans.replace(orphans)
        self._scale = scale
        self.missing.replace(found.missing)
        self.usage.replace(usage)
        self.sweeps.replace(swept.frame)
        self._hear(None)
        self.unread = swept.problems
        self.places, self.stale = places, False
        self.scan = found
        self._stop_ageing()
        if not self.closed:
            hour = STALE.total_seconds()
            self._ageing = threading.Timer(hour, self.set_trait, ("stale", True))
            self._ageing.daemon = True
            self._ageing.start()

    def _stop_ageing(self) -> None:
        if self._ageing is not None:
            self._ageing.cancel()
