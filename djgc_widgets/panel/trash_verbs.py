"""What a page may ask about the trash, and what all of that rests on."""

from collections.abc import Iterable
from datetime import timedelta

import pandas as pd
from pydantic import ConfigDict, validate_call

from djgc_widgets.model import InputError, visible
from djgc_widgets.panel.grid.state import GridState
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.worker import ACTIVITY_LABELS
from djgc_widgets.verdict import Doubt

_LONGEST_DAYS = 36_500
checked = validate_call(config=ConfigDict(strict=True))
"""Makes a method check its arguments."""


class TrashVerbs:
    """Restores and purges; each names the sweeps or the question that it is about."""

    def __init__(self, state: PanelState) -> None:
        self.state = state

    def _expect_rest(self) -> None:
        """Raise InputError if something is running."""
        if self.state.running:
            label = ACTIVITY_LABELS[self.state.activity]
            raise InputError(f"Still {label}. Cancel it or wait.")

    def begin(self, place: str) -> None:
        """Begin a command from a control, unless something else is running."""
        self._expect_rest()
        self.state.listen_at(place)

    def expect_ticked(self, table: str, ticked: int) -> pd.DataFrame:
        """Return the ticked rows, if there are as many as the page shows."""
        rows = self.grid(table).selected
        if len(rows) != ticked:
            raise InputError(
                f"Expected {ticked:,} ticked rows, as shown; {len(rows):,} are ticked. "
                "Nothing was done. Look again."
            )
        return rows

    def grid(self, table: str) -> GridState:
        """Return the grid of a table."""
        grid: GridState = getattr(self.state, table)
        return grid

    @checked
    def restore(self, *, of: int, ticked: int) -> None:
        """Restore what the ticked sweeps moved."""
        with self.state.sweeps.held(of):
            sweeps = self.expect_ticked("sweeps", ticked)
        # not while the grid is held: what runs may have to draw it before it ends
        self.begin("sweeps")
        self.state.restore(sweeps)

    @checked
    def ask_purge(self, *, ticked: int) -> None:
        """Ask whether the ticked sweeps may be deleted for good."""
        self.expect_ticked("sweeps", ticked)
        self.begin("sweeps")
        self.state.ask_purge()

    def _expect_purge(self, purge: int) -> None:
        if not self.state.purge_wanted or purge != self.state.purge_number:
            raise InputError("This question is no longer open. Nothing was deleted.")
        self._expect_rest()

    @checked
    def purge_age(self, *, purge: int, days: int) -> None:
        """Say how old a sweep has to be."""
        self._expect_purge(purge)
        if not 0 <= days <= _LONGEST_DAYS:
            raise InputError(
                f"Expected an age from 0 to {_LONGEST_DAYS:,} days; got {days:,}."
            )
        self.state.ask_purge_of(timedelta(days=days))

    @checked
    def lift_purge(self, *, purge: int, name: str, on: bool) -> None:
        """Lift a doubt about the purge, or withdraw that."""
        self._expect_purge(purge)
        name = named_doubt(self.state.purge_doubts(), name)
        self.state.acknowledge_purge(name, lifted=on)

    @checked
    def keep(self, *, purge: int) -> None:
        """Delete nothing."""
        self._expect_purge(purge)
        self.state.purge_wanted = False

    @checked
    def purge(self, *, purge: int, asked: int, typed: str) -> None:
        """Delete the sweeps that the question is about for good."""
        self._expect_purge(purge)
        if asked != self.state.purge_asked:
            raise InputError(
                "The question is about other sweeps by now. Nothing was deleted. Look "
                "again."
            )
        self.begin("purge")
        self.state.purge(typed)


def named_doubt(doubts: Iterable[Doubt], shown: str) -> str:
    """Return the name of the doubt that a page shows by this name."""
    names = {doubt.name for doubt in doubts if visible(doubt.name) == shown}
    if len(names) != 1:
        raise InputError("This question is no longer asked. Look again.")
    return names.pop()
