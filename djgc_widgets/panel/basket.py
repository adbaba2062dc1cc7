"""The ticked objects, added up."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from djgc_widgets.model import table_label


@dataclass(frozen=True, slots=True)
class Basket:
    """What is ticked: objects, files and bytes, and objects per table, most first."""

    n_objects: int = 0
    n_files: int = 0
    size_bytes: int = 0
    tables: tuple[tuple[str, int], ...] = ()


class BasketCounter:
    """Adds up what is ticked of the grid's rows; quick at a million rows."""

    def __init__(self, objects: pd.DataFrame) -> None:
        self.objects = objects
        self._files = objects["n_files"].to_numpy()
        self._sizes = objects["size_bytes"].to_numpy()
        groups = objects.groupby(["schema", "table"], dropna=False, sort=False)
        self._codes = groups.ngroup().to_numpy()
        _, first = np.unique(self._codes, return_index=True)
        keys = objects[["schema", "table"]].iloc[first].itertuples(index=False)
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
