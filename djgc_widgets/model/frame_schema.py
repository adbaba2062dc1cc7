"""What a frame is made of: columns with dtypes and meanings, empty cells, text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from djgc_widgets.model.arguments import shown
from djgc_widgets.model.arrow import STR
from djgc_widgets.model.errors import InputError


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

    def expect(self, frame: Any, *columns: str) -> None:  # noqa: ANN401 - what a caller passes
        """Raise `InputError` unless a frame was passed that has these columns."""
        given = list(frame) if isinstance(frame, pd.DataFrame) else []
        absent = [name for name in columns if name not in given]
        if absent or not isinstance(frame, pd.DataFrame):
            what = f"one without {', '.join(absent)}" if given else shown(frame)
            raise InputError(
                f"Expected a frame of the {self.name} schema; got {what}. Pass the "
                f"{self.name} of a scan."
            )

    def conform(self, columns: pd.DataFrame | Mapping[str, object]) -> pd.DataFrame:
        """Return a new frame with exactly these columns, dtypes and a fresh index.

        Other columns are dropped; `ValueError` if one is absent or of another type.
        """
        frame = columns if isinstance(columns, pd.DataFrame) else pd.DataFrame(columns)
        absent = [name for name in self.column_names if name not in frame]
        if absent:
            raise ValueError(
                f"A frame of {self.name} needs the columns {absent}; got {list(frame)}."
            )
        frame = frame[self.column_names]
        given = zip(frame.dtypes, _dtypes(self).items(), strict=True)
        other = {name: dtype for was, (name, dtype) in given if was != dtype}
        return frame.astype(other).reset_index(drop=True)

    def empty(self) -> pd.DataFrame:
        """Return a frame of this schema without rows."""
        return _empty(self).copy()


def stacked(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of frames with the same columns, at least one, in a fresh index.

    Those without rows have no say in the dtypes, unless all are.
    """
    every = [*frames]
    return pd.concat([each for each in every if len(each)] or every, ignore_index=True)


@cache
def _dtypes(schema: FrameSchema) -> dict[str, Any]:
    return {
        column.name: STR
        if column.dtype == "str"
        else pd.api.types.pandas_dtype(column.dtype)
        for column in schema.columns
    }


@cache
def _empty(schema: FrameSchema) -> pd.DataFrame:
    return schema.conform({name: [] for name in schema.column_names})
