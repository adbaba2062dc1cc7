"""The ticked objects, added up."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from djgc_widgets.model import table_label


@dataclass(frozen=True, slots=True)
class Basket:
    """What is ticked: objects, files and bytes, and objects per table, most first."""

    n_objects: int
    n_files: int
    size_bytes: int
    tables: tuple[tuple[str, int], ...]


class BasketCounter:
    """Adds up what is ticked of the grid's rows; quick at a million orphans."""

    def __init__(self, orphans: pd.DataFrame) -> None:
        self.orphans = orphans
        self._files = orphans["n_files"].to_numpy()
        self._sizes = orphans["size_bytes"].to_numpy()
        groups = orphans.groupby(["schema", "table"], dropna=False, sort=False)
        self._codes = groups.ngroup().to_numpy()
        _, first = np.unique(self._codes, return_index=True)
        keys = orphans[["schema", "table"]].iloc[first].itertuples(index=False)
        self._tables = [table_label(*key) for key in keys]

    def count(self, ticked: npt.NDArray[np.bool_]) -> Basket:
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
