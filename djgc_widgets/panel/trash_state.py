"""State of the trash in the panel: what was swept, restored and purged."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import datajoint as dj
import pandas as pd
import traitlets

from djgc_widgets.collector import (
    Clock,
    CompleteScan,
    IncompleteScan,
    Trash,
    purge_sweeps,
    restore_sweeps,
    short_retention_doubt,
)
from djgc_widgets.model import RETENTION, SWEEPS, DoubtCode, Receipt
from djgc_widgets.panel.tables import sweep_table
from djgc_widgets.panel.worker import Activity, Background
from djgc_widgets.verdict import Doubt, missing_objects_doubt


class TrashState(Background):
    """Restores and purges in the background; `finish` is called with each receipt."""

    scan = traitlets.Any(None, allow_none=True)
    """The latest `CompleteScan` or `IncompleteScan`."""
    unread = traitlets.Tuple()
    """Notices about trashes whose sweeps could not be read."""
    oldest_backups = traitlets.Dict()
    """By store the age of the oldest backup of a database that may be restored."""
    purge_wanted = traitlets.Bool(default_value=False)
    """A purge is about to be confirmed."""
    purge_number = traitlets.Int(0)
    """Which question it is, counted from 1."""
    purge_asked = traitlets.Int(0)
    """Which set of sweeps the question is about, counted from 1."""
    purge_older_than = traitlets.Any(RETENTION)
    """Younger sweeps would stay."""
    purgeable = traitlets.Any(SWEEPS.empty())
    """The sweeps that the question is about: a frame of the sweeps schema."""
    purge_acknowledged = traitlets.Any(frozenset())
    """Names of the doubts about that purge which were lifted."""
    receipt = traitlets.Any(None, allow_none=True)
    """What the latest sweep, restore or purge did."""

    def __init__(
        self,
        schemas: Sequence[dj.Schema | dj.Connection],
        clock: Clock,
        finish: Callable[[Receipt], None],
    ) -> None:
        super().__init__()
        self._schemas, self._clock, self._finish = schemas, clock, finish
        self.sweeps = sweep_table()
        self.sweeps.replace(SWEEPS.empty())

    def change(self, activity: Activity, command: Callable[[], Receipt]) -> None:
        """Run in the background what changes a store."""
        self.start(activity, lambda: self._finish(command()))

    def heal(self) -> None:
        """Restore what rows refer to again."""
        if isinstance(scan := self.scan, CompleteScan | IncompleteScan):
            self.change(Activity.RESTORING, lambda: scan.heal(self.report))

    def recover(self) -> None:
        """Finish or undo the sweeps that were interrupted."""
        if self.scan is not None and self.scan.interrupted:
            store = self.scan.interrupted[0][0]
            self.change(Activity.RECOVERING, lambda: self._trash(store).recover())

    def restore(self, sweeps: pd.DataFrame) -> None:
        """Restore what some sweeps moved: a frame of the sweeps schema."""
        if len(sweeps):
            self.change(
                Activity.RESTORING,
                lambda: restore_sweeps(sweeps, self._trash, self.report),
            )

    def ask_purge(self) -> None:
        """Ask whether the ticked sweeps may be deleted for good; each time anew."""
        if len(self.sweeps.selected) and not self.purge_wanted:
            self.purge_acknowledged = frozenset()
            self.purge_number += 1
            self.ask_purge_of(RETENTION)
            self.purge_wanted = True

    def ask_purge_of(self, older_than: timedelta) -> None:
        """Ask about those ticked sweeps that are at least this old by now."""
        ticked = self.sweeps.selected
        older_than = max([older_than, *filter(None, self._backups())])
        self.purgeable = ticked[ticked["swept_at"] <= self._clock() - older_than]
        self.purge_older_than = older_than
        self.purge_asked += 1

    def _backups(self) -> list[timedelta | None]:
        """Return the age of the oldest backup, for each of the ticked stores."""
        stores = self.sweeps.selected["store"].unique()
        return [self.oldest_backups.get(str(name)) for name in stores]

    def purge_confirmation(self) -> str:
        """Return what confirms a purge when typed: the ticked stores."""
        return ", ".join(sorted(self.sweeps.selected["store"].unique()))

    def purge_doubts(self) -> tuple[Doubt, ...]:
        """Return what is in doubt about a purge of the ticked sweeps."""
        ages = list(self._clock() - self.purgeable["swept_at"])
        if not ages or self.scan is None:
            return ()
        missing = missing_objects_doubt(self.scan.missing)
        unsaid = Doubt(DoubtCode.OLDEST_BACKUP) if None in self._backups() else None
        return tuple(filter(None, [short_retention_doubt(ages), unsaid, missing]))

    def acknowledge_purge(self, name: str, *, lifted: bool) -> None:
        """Lift a doubt about the purge, or withdraw the acknowledgment."""
        others = self.purge_acknowledged - {name}
        self.purge_acknowledged = others | {name} if lifted else others

    def purge(self, typed: str) -> None:
        """Delete the sweeps that the question is about, and no others, for good.

        What was typed must be the `purge_confirmation`.
        """
        asked = self.purgeable
        if asked.empty:
            self.message = "Nothing is old enough to be deleted."
        elif self.purge_wanted and self.confirmed(typed, self.purge_confirmation()):
            lifted, older_than = self.purge_acknowledged, self.purge_older_than
            self.change(
                Activity.PURGING,
                lambda: purge_sweeps(
                    *(asked, self._trash, self.report),
                    older_than=older_than,
                    acknowledge=lifted,
                ),
            )

    def confirmed(self, typed: str, expected: str) -> bool:
        """Say whether the expected text was typed; if not, ask for it."""
        typed = typed.strip()
        if typed != expected:
            self.message = f"Type {expected} to confirm; got {typed or 'nothing'}."
            return False
        return True

    def _trash(self, store: str) -> Trash:
        return Trash(self._schemas[0], store, clock=self._clock)
