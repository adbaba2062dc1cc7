"""The ticked objects, added up."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True, slots=True)
class Basket:
    """What is ticked: objects, files and bytes, and objects per table, most first."""

    objects: int
    files: int
    size_bytes: int
    tables: tuple[tuple[str, int], ...]


class BasketScale:
    """Weighs what is ticked; quick at a million orphans.

    Parameters
    ----------
    orphans : DataFrame
        The rows of the grid.
    """

    def __init__(self, orphans: pd.DataFrame) -> None:
        self.orphans = orphans
        self._files = orphans["files"].to_numpy()
        self._sizes = orphans["size_bytes"].to_numpy()
        tables = orphans["schema"].str.cat(orphans["table"].fillna("(hash)"), sep=".")
        self._codes, self._tables = pd.factorize(tables)

    def weigh(self, ticked: npt.NDArray[np.bool_]) -> Basket:
        """Return what the ticked rows add up to."""
        counts = np.bincount(self._codes[ticked], minlength=len(self._tables))
        order = np.argsort(-counts, kind="stable")
        tables = [(str(self._tables[at]), int(counts[at])) for at in order]
        return Basket(
            int(ticked.sum()),
            int(self._files[ticked].sum()),
            int(self._sizes[ticked].sum()),
            tuple((name, count) for name, count in tables if count),
        )
