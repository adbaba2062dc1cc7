"""What a sweep or a restore did: one honest row per object."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from djgc_widgets.model.export import csv_text
from djgc_widgets.model.notices import Notice, ProgressCallback, no_progress


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a sweep or a restore did: one honest row per object.

    Parameters
    ----------
    sweep_id : str
        Name of the sweep's folder in the trash; empty if there were several.
    rows : DataFrame
        A frame of the receipt schema.
    put_back : callable
        Restores the sweep; bound by whoever made the receipt.
    problems : tuple of Notice
        What of it could not be written to the journal.

    Examples
    --------
    >>> from djgc_widgets import open_lab, scan
    >>> with open_lab() as lab:
    ...     s = scan(lab.schema)
    ...     one = s.orphans.query("store == 'raw'").head(1)
    ...     receipt = s.plan(one, acknowledge={"sole-owner"}).sweep()
    ...     receipt.count("moved"), receipt.restore().count("restored")
    (1, 1)
    """

    sweep_id: str
    rows: pd.DataFrame
    put_back: Callable[[ProgressCallback], "Receipt"] = field(repr=False, compare=False)
    problems: tuple[Notice, ...] = ()

    def restore(self, progress: ProgressCallback = no_progress) -> "Receipt":
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
        return self.put_back(progress)

    def count(self, outcome: str) -> int:
        """Return the number of objects with this outcome."""
        return int(self.rows["outcome"].eq(outcome).sum())

    def size_bytes(self, outcome: str) -> int:
        """Return the bytes of the objects with this outcome."""
        return int(self.rows.loc[self.rows["outcome"].eq(outcome), "size_bytes"].sum())

    def to_csv(self, path: str | Path | None = None) -> str:
        """Return the rows as CSV that is safe to open in a spreadsheet.

        Parameters
        ----------
        path : str or Path, optional
            File to write it to as well.
        """
        return csv_text(self.rows, path)
