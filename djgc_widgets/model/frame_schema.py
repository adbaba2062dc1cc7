"""What a frame is made of: columns with dtypes and meanings, empty cells, text."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a frame: its name, dtype and meaning (with the unit)."""

    name: str
    dtype: str
    meaning: str


@dataclass(frozen=True, slots=True)
class FrameSchema:
    """The columns of a frame, in order; adapters, docs and grids use it."""

    name: str
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""
        return [column.name for column in self.columns]

    def conform(self, columns: pd.DataFrame | Mapping[str, object]) -> pd.DataFrame:
        """Return a new frame with exactly these columns, dtypes and a fresh index.

        Other columns are dropped; `ValueError` if one is absent or of another type.
        """
        frame = pd.DataFrame(columns)
        absent = [name for name in self.column_names if name not in frame]
        if absent:
            raise ValueError(
                f"A frame of {self.name} needs the columns {absent}; got {list(frame)}."
            )
        dtypes = {column.name: column.dtype for column in self.columns}
        return frame[self.column_names].astype(dtypes).reset_index(drop=True)

    def empty(self) -> pd.DataFrame:
        """Return a frame of this schema without rows."""
        return self.conform({name: [] for name in self.column_names})
