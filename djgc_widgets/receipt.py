"""What a sweep or a restore did: one honest row per object."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from djgc_widgets.frames import RECEIPT
from djgc_widgets.model import Notice


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a sweep or a restore did: one honest row per object.

    Parameters
    ----------
    sweep_id : str
        Name of the sweep's folder in the trash.
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


def receipt_rows(
    objects: pd.DataFrame, outcomes: Mapping[tuple[str, str], tuple[str, str]]
) -> pd.DataFrame:
    """Return the rows of a receipt, in the order of the objects.

    Parameters
    ----------
    objects : DataFrame
        A frame with ``store``, ``path``, ``files`` and ``size_bytes``.
    outcomes : mapping
        Outcome and detail for pairs of store and path; the others are left out.
    """
    keys = list(zip(objects["store"], objects["path"], strict=True))
    told = objects[[key in outcomes for key in keys]]
    pairs = [outcomes[key] for key in keys if key in outcomes]
    outcome, detail = [first for first, _ in pairs], [second for _, second in pairs]
    return RECEIPT.conform(told.assign(outcome=outcome, detail=detail))
