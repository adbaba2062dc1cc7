"""State of the trash in the panel: what was swept, brought back and purged."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import datajoint as dj
import pandas as pd
import traitlets

from djgc_widgets.collector import (
    RETENTION,
    CompleteScan,
    IncompleteScan,
    Trash,
    purge_sweeps,
    restore_sweeps,
)
from djgc_widgets.model import SWEEPS, Receipt
from djgc_widgets.panel import tables
from djgc_widgets.panel.worker import Background

RESTORING, RECOVERING, PURGING = "restoring", "recovering", "purging"


class TrashState(Background):
    """Brings back and purges what sweeps moved, in the background.

    Parameters
    ----------
    schemas : sequence of datajoint.Schema or datajoint.Connection
        Whose stores have the trash.
    clock : callable
        Returns the current time, aware, in UTC.

    Attributes
    ----------
    scan : CompleteScan, IncompleteScan or None
        The latest scan.
    unread : tuple of Notice
        Why sweeps of some trash could not be told.
    purge_wanted : bool
        A purge is about to be confirmed.
    receipt : Receipt or None
        What the latest sweep, restore or purge did.
    """

    scan = traitlets.Any(None, allow_none=True)
    unread = traitlets.Tuple()
    purge_wanted = traitlets.Bool(default_value=False)
    receipt = traitlets.Any(None, allow_none=True)

    def __init__(
        self,
        schemas: Sequence[dj.Schema | dj.Connection],
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__()
        self._schemas, self._clock = schemas, clock
        self.sweeps = tables.sweep_table()
        self.sweeps.replace(SWEEPS.empty())

    @abstractmethod
    def _keep(self, receipt: Receipt) -> None:
        """Show what was done, and scan again."""

    def _trash(self, store: str) -> Trash:
        return Trash(self._schemas[0], store, clock=self._clock)

    def heal(self) -> None:
        """Bring back in the background what rows refer to again."""
        if isinstance(found := self.scan, CompleteScan | IncompleteScan):
            self.start(RESTORING, lambda: self._keep(found.heal(self.report)))

    def recover(self) -> None:
        """Finish or undo in the background the sweeps that were interrupted."""
        found = self.scan
        if isinstance(found, CompleteScan | IncompleteScan) and found.interrupted:
            store = found.interrupted[0][0]
            self.start(RECOVERING, lambda: self._keep(self._trash(store).recover()))

    def restore(self) -> None:
        """Bring back in the background what the ticked sweeps moved."""
        wanted = self.sweeps.selected
        if len(wanted):
            self.start(
                RESTORING,
                lambda: self._keep(restore_sweeps(wanted, self._trash, self.report)),
            )

    def purge_confirmation(self) -> str:
        """Return what confirms a purge when typed: the ticked stores."""
        return ", ".join(sorted(self.sweeps.selected["store"].unique()))

    def purgeable(self, older_than: timedelta) -> pd.DataFrame:
        """Return those ticked sweeps that are old enough: a frame of their schema."""
        ticked = self.sweeps.selected
        return ticked[ticked["swept_at"] <= self._clock() - older_than]

    def purge(self, typed: str, older_than: timedelta = RETENTION) -> None:
        """Delete the ticked sweeps for good, in the background.

        Parameters
        ----------
        typed : str
            What the person typed; must be the `purge_confirmation`.
        older_than : timedelta
            Ticked sweeps that are younger stay.
        """
        wanted = self.sweeps.selected
        if wanted.empty or not self._typed(typed, self.purge_confirmation()):
            return
        purge = partial(purge_sweeps, wanted, self._trash, self.report)
        self.start(PURGING, lambda: self._keep(purge(older_than=older_than)))

    def _typed(self, typed: str, expected: str) -> bool:
        came = typed.strip()
        if came != expected:
            came = came or "nothing"
            self.message = f"Type {expected} to confirm; got {came}."
            return False
        return True
