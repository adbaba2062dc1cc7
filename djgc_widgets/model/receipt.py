"""What a sweep, a restore or a purge did: one row per object."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from djgc_widgets.model.arguments import names_among
from djgc_widgets.model.codes import Outcome
from djgc_widgets.model.export import csv_text
from djgc_widgets.model.frames import FREED
from djgc_widgets.model.html import Heading, html_list, html_table, safe
from djgc_widgets.model.messages import OUTCOME_LABELS, freed_text
from djgc_widgets.model.notices import Notices
from djgc_widgets.model.progress import ProgressCallback, no_progress
from djgc_widgets.model.text import and_more, plural, readable_bytes

_SHOWN_ROWS = 20


@dataclass(frozen=True, slots=True, repr=False)
class Receipt:
    """What a sweep, a restore or a purge did: one row per object."""

    sweep_id: str
    """Name of the sweep's folder in the trash; empty if there were several."""
    rows: pd.DataFrame
    """A frame of the receipt schema."""
    problems: Notices = field(default_factory=Notices)
    """What could not be written down."""
    freed: pd.DataFrame = field(default_factory=FREED.empty)
    """A frame of the freed schema: a row per store in which something was moved or
    deleted."""

    def count(self, outcome: str) -> int:
        """Return the number of objects with this outcome."""
        names_among([outcome], OUTCOME_LABELS, "outcome")
        return int(self.rows["outcome"].eq(outcome).sum())

    def size_bytes(self, outcome: str) -> int:
        """Return the bytes of the objects with this outcome."""
        names_among([outcome], OUTCOME_LABELS, "outcome")
        return int(self.rows.loc[self.rows["outcome"].eq(outcome), "size_bytes"].sum())

    @property
    def unfinished(self) -> pd.DataFrame:
        """The rows of objects that were skipped, failed, or came back on their own."""
        return self.rows[self.rows["detail_code"].notna() | self.rows["in_doubt"]]

    def to_csv(self, path: str | Path | None = None) -> str:
        """Return the rows as CSV that is safe to open in a spreadsheet.

        Parameters
        ----------
        path : str or Path, optional
            File to write it to as well.
        """
        return csv_text(self.rows, path)

    def headline(self) -> str:
        """Count the objects and bytes of each outcome, in one line."""
        parts = [
            f"{plural(count, 'object')} {OUTCOME_LABELS[outcome]} "
            f"({readable_bytes(self.size_bytes(outcome))})"
            for outcome in Outcome
            if (count := self.count(outcome))
        ]
        return ", ".join(parts) or "nothing to do"

    def __repr__(self) -> str:
        problems = f"; {plural(len(self.problems), 'problem')}" if self.problems else ""
        return f"{type(self).__name__}: {self.headline()}{problems}"

    def _repr_html_(self) -> str:
        title = Markup("<p><b>Receipt</b> {}: {}</p><p>{}</p>").format(
            safe(self.sweep_id), safe(self.headline()), safe(freed_text(self.freed))
        )
        rows = self.unfinished
        more = and_more(len(rows) - _SHOWN_ROWS, "object")
        cells = [
            (row.path, OUTCOME_LABELS[Outcome(str(row.outcome))], row.detail)
            for row in rows.head(_SHOWN_ROWS).itertuples()
        ]
        headings = [Heading("Object"), Heading("Outcome"), Heading("Why")]
        table = html_table(headings, cells) if cells else ""
        return title + table + safe(more) + html_list(self.problems)


@dataclass(frozen=True, slots=True, repr=False)
class SweepReceipt(Receipt):
    """The receipt of a sweep, which can be undone."""

    _restore: Callable[[ProgressCallback], Receipt] = field(kw_only=True, compare=False)

    def restore(self, progress: ProgressCallback = no_progress) -> Receipt:
        """Bring back what this sweep moved; never overwrites.

        Parameters
        ----------
        progress : callable, optional
            Called before each object; may raise `Cancelled` to leave the rest alone.

        Returns
        -------
        Receipt
            One row per object: restored, or failed and why.
        """
        return self._restore(progress)
