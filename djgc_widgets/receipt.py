"""What a sweep or a restore did: one honest row per object."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from djgc_widgets.exports import csv_text
from djgc_widgets.model import Notice


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
    """

    sweep_id: str
    rows: pd.DataFrame
    put_back: Callable[[], "Receipt"] = field(repr=False, compare=False)
    problems: tuple[Notice, ...] = ()

    def restore(self) -> "Receipt":
        """Bring back what this sweep moved; never overwrites.

        Returns
        -------
        Receipt
            One row per object: restored, or failed and why.
        """
        return self.put_back()

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
