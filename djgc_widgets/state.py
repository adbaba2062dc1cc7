"""State of the panel and every command that it has; touches no widget."""

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import datajoint as dj
import pandas as pd
import traitlets

from djgc_widgets.display import readable_age, readable_bytes
from djgc_widgets.grid import GridColumn, GridState
from djgc_widgets.model import Cancelled, InputError, Progress, SweepRefusedError
from djgc_widgets.receipt import Receipt
from djgc_widgets.scanner import MINIMUM_AGE, scan
from djgc_widgets.scans import CompleteScan, IncompleteScan
from djgc_widgets.trash import Trash

IDLE, SCANNING, SWEEPING, RESTORING = "idle", "scanning", "sweeping", "restoring"
RECOVERING, PURGING = "recovering", "purging"
_REDRAW_SECONDS = 0.1


class PanelState(traitlets.HasTraits):
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

    Attributes
    ----------
    activity : str
        idle, scanning, sweeping, restoring, recovering or purging.
    progress : Progress or None
        Of the activity; changes at most ten times a second.
    scan : CompleteScan, IncompleteScan or None
        The latest scan.
    plan : SweepPlan or None
        What is about to be confirmed, refused or not.
    acknowledged : frozenset of str
        Names of refusals that were lifted.
    receipt : Receipt or None
        What the latest sweep or restore did.
    message : str
        Why the latest command failed; empty if it did not.
    """

    activity = traitlets.Unicode(IDLE)
    progress = traitlets.Any(None, allow_none=True)
    scan = traitlets.Any(None, allow_none=True)
    plan = traitlets.Any(None, allow_none=True)
    receipt = traitlets.Any(None, allow_none=True)
    acknowledged = traitlets.Any(frozenset())
    message = traitlets.Unicode("")

    def __init__(
        self,
        *schemas: dj.Schema | dj.Connection,
        stores: Sequence[str] | None = None,
        minimum_age: timedelta = MINIMUM_AGE,
    ) -> None:
        super().__init__()
        self._schemas, self._stores, self._minimum_age = schemas, stores, minimum_age
        self.orphans = GridState(
            _columns(), ("path", "schema", "table", "reason", "store"), "size_bytes"
        )
        self._worker: threading.Thread | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()

    @property
    def can_sweep(self) -> bool:
        """Whether the scan is complete, something is ticked and nothing is running."""
        ready = self.activity == IDLE and isinstance(self.scan, CompleteScan)
        return ready and self.plan is None and bool(len(self.orphans.selected))

    def start_scan(self) -> None:
        """Scan in the background; what is ticked is forgotten."""
        self._start(SCANNING, self._scan)

    def cancel(self) -> None:
        """Stop what is running at its next page; what was there before stays."""
        self._stop.set()

    def wait(self) -> None:
        """Wait until nothing is running."""
        worker = self._worker
        if worker is not None:
            worker.join()

    def make_plan(self) -> None:
        """Plan to move the ticked orphans to the trash."""
        self.acknowledged = frozenset()
        self._plan()

    def acknowledge(self, name: str, *, lifted: bool) -> None:
        """Lift a refusal of the plan, or let it stand after all."""
        other = self.acknowledged - {name}
        self.acknowledged = other | {name} if lifted else other
        self._plan()

    def drop_plan(self) -> None:
        """Do not sweep after all."""
        self.plan = None
        self.acknowledged = frozenset()

    def _plan(self) -> None:
        self.message = ""
        if not isinstance(self.scan, CompleteScan):
            self.message = "Only a complete scan can make a plan. Mend what is missing."
            return
        try:
            self.plan = self.scan.plan(self.orphans.selected, self.acknowledged)
        except (InputError, SweepRefusedError) as error:
            self.message = str(error)

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
        if plan is None:
            return
        if typed.strip() != self.confirmation():
            came = typed.strip() or "nothing"
            self.message = f"Type {self.confirmation()} to confirm; got {came}."
            return
        self._start(SWEEPING, lambda: self._keep(plan.sweep(self._report)))

    def heal(self) -> None:
        """Bring back in the background what rows refer to again."""
        found: CompleteScan | IncompleteScan | None = self.scan
        if found is not None:
            self._start(RESTORING, lambda: self._keep(found.heal()))

    def recover(self) -> None:
        """Finish or undo in the background the sweeps that were interrupted."""
        found: CompleteScan | IncompleteScan | None = self.scan
        if found is not None and found.interrupted:
            store = found.interrupted[0][0]
            self._start(RECOVERING, lambda: self._keep(self._trash(store).recover()))

    def purge(self, typed: str) -> None:
        """Delete for good, in the background, what has been in a trash for long.

        Parameters
        ----------
        typed : str
            What the person typed; must be the name of a store with a trash.
        """
        found: CompleteScan | IncompleteScan | None = self.scan
        trash = [] if found is None else sorted(found.trash["store"].unique())
        store = typed.strip()
        if store not in trash:
            names = " or ".join(trash) or "a store with a trash"
            self.message = f"Type {names} to confirm; got {store or 'nothing'}."
            return
        self._start(
            PURGING,
            lambda: self._keep(self._trash(store).purge(progress=self._report)),
        )

    def undo(self) -> None:
        """Bring back in the background what the latest sweep moved."""
        receipt: Receipt | None = self.receipt
        if receipt is not None:
            self._start(RESTORING, lambda: self._keep(receipt.restore()))

    def _trash(self, store: str) -> Trash:
        return Trash(self._schemas[0], store)

    def _keep(self, receipt: Receipt) -> None:
        self.drop_plan()
        self.receipt = receipt
        self._stop.clear()  # a stopped sweep is over; what it did is scanned
        self._scan()

    def _scan(self) -> None:
        found: CompleteScan | IncompleteScan = scan(
            *self._schemas,
            stores=self._stores,
            minimum_age=self._minimum_age,
            progress=self._report,
        )
        self.drop_plan()
        self.orphans.replace(found.orphans)
        self.scan = found

    def _start(self, activity: str, work: Callable[[], None]) -> None:
        with self._lock:
            if self.activity != IDLE:
                self.message = (
                    f"Still {self.activity}; cancel it or wait until it is done."
                )
                return
            self._stop.clear()
            self.activity = activity
        self.message = ""
        self._worker = threading.Thread(
            target=self._run, args=(work,), daemon=True, name=f"djgc {activity}"
        )
        self._worker.start()

    def _run(self, work: Callable[[], None]) -> None:
        self._reported = 0.0
        message = ""
        try:
            work()
        except Cancelled:
            message = "Cancelled; what is shown is of before."
        except (InputError, SweepRefusedError) as error:
            message = str(error)
        except Exception as error:  # noqa: BLE001 - a thread has nobody else to tell; the panel shows it
            message = f"Unexpected {type(error).__name__}: {error}. Please report it."
        finally:
            self.progress = None
            self.activity = IDLE
            self.message = message

    def _report(self, progress: Progress) -> None:
        if self._stop.is_set():
            raise Cancelled
        now = time.monotonic()
        if now - self._reported >= _REDRAW_SECONDS:
            self._reported = now
            self.progress = progress


def _columns() -> list[GridColumn]:
    return [
        GridColumn(
            "Size",
            "size_bytes",
            lambda row: readable_bytes(row["size_bytes"]),
            lambda row: f"{row['size_bytes']:,} bytes",
            numeric=True,
        ),
        GridColumn("Whose", "table", _whose),
        GridColumn("Why", "reason", lambda row: row["reason"]),
        GridColumn("Files", "files", lambda row: f"{row['files']:,}", numeric=True),
        GridColumn(
            "Age",
            "modified_at",
            lambda row: readable_age(datetime.now(UTC) - row["modified_at"]),
            lambda row: f"{row['modified_at']:%Y-%m-%d %H:%M} UTC",
            numeric=True,
        ),
        GridColumn("Store", "store", lambda row: row["store"]),
        GridColumn("Path", "path", lambda row: row["path"]),
    ]


def _whose(row: dict[Hashable, Any]) -> str:
    if pd.isna(row["table"]):
        return f"{row['schema']} (hash: only the schema is known)"
    keys = " ".join(part for part in row["path"].split("/")[:-1] if "=" in part)
    return f"{row['schema']}.{row['table']} {keys}".rstrip()
