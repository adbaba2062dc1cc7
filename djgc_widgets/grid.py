"""Frame -> tick grid. Rows stay in the kernel; the page asks for what it shows."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import numpy.typing as npt
import pandas as pd
import traitlets

from djgc_widgets.display import visible

PAGE_ROWS = 12
_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A column of a grid.

    Parameters
    ----------
    title : str
        What stands above it.
    source : str
        Column of the frame that it sorts by.
    show : callable
        Text of a cell, from the row as a mapping.
    hover : callable, optional
        Text shown on hover; the cell's own by default.
    numeric : bool
        Flush right.
    """

    title: str
    source: str
    show: Callable[[dict[Hashable, Any]], str]
    hover: Callable[[dict[Hashable, Any]], str] | None = None
    numeric: bool = False


class GridState(traitlets.HasTraits):
    """Rows, filter, order and ticks of a grid, without a widget.

    Parameters
    ----------
    columns : sequence of GridColumn
        What is shown.
    searched : sequence of str
        Columns of the frame that the text filter looks into.
    sort : str
        Column of the frame that it is sorted by at first, descending.

    Attributes
    ----------
    revision : int
        Grows with every change.
    """

    revision = traitlets.Int(0)

    def __init__(
        self, columns: Sequence[GridColumn], searched: Sequence[str], sort: str
    ) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self._searched = tuple(searched)
        self.sort, self.descending, self.text = sort, True, ""
        self.frame, self.generation = pd.DataFrame(), 0
        self._ticked: npt.NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self._shown: npt.NDArray[np.intp] = np.zeros(0, dtype=np.intp)

    def replace(self, frame: pd.DataFrame) -> None:
        """Show other rows; nothing is ticked then."""
        self.frame, self.generation = frame.reset_index(drop=True), self.generation + 1
        self._ticked = np.zeros(len(frame), dtype=bool)
        self._arrange()

    def filter(self, text: str) -> None:
        """Show only rows that hold every word of the text, in any case of letters."""
        self.text = text
        self._arrange()

    def sort_by(self, source: str, *, descending: bool) -> None:
        """Order the rows by a column of the frame."""
        if source not in {column.source for column in self.columns}:
            raise ValueError(f"Expected one of the grid's columns; got {source!r}.")
        self.sort, self.descending = source, descending
        self._arrange()

    def tick(self, rows: Sequence[int], *, on: bool) -> None:
        """Tick or untick rows, given by their position in the frame."""
        self._ticked[[int(row) for row in rows]] = on
        self.revision += 1

    def tick_filtered(self) -> None:
        """Tick every row that the filter shows, on this page and all others."""
        self._ticked[self._shown] = True
        self.revision += 1

    def clear(self) -> None:
        """Untick every row."""
        self._ticked[:] = False
        self.revision += 1

    @property
    def selected(self) -> pd.DataFrame:
        """The ticked rows."""
        return self.frame[self._ticked]

    def page(self, offset: int, limit: int) -> dict[str, Any]:
        """Return what a page shows: texts only, control characters made visible."""
        offset = min(max(offset, 0), max(len(self._shown) - 1, 0)) // limit * limit
        positions = self._shown[offset : offset + limit]
        records = (
            self.frame.iloc[positions].to_dict("records") if len(positions) else []
        )
        rows = [
            {
                "id": int(position),
                "ticked": bool(self._ticked[position]),
                "cells": [visible(column.show(record)) for column in self.columns],
                "hovers": [visible((c.hover or c.show)(record)) for c in self.columns],
            }
            for position, record in zip(positions, records, strict=True)
        ]
        return {
            "rows": rows,
            "generation": self.generation,
            "offset": int(offset),
            "limit": limit,
            "shown": len(self._shown),
            "total": len(self.frame),
            "ticked": int(self._ticked.sum()),
            "sort": self.sort,
            "descending": self.descending,
            "text": self.text,
        }

    def _arrange(self) -> None:
        keep = np.ones(len(self.frame), dtype=bool)
        for word in self.text.lower().split():
            hit = np.zeros(len(self.frame), dtype=bool)
            for name in self._searched:
                found = self.frame[name].str.lower().str.contains(word, regex=False)
                hit |= found.fillna(value=False).to_numpy(dtype=bool)
            keep &= hit
        if len(self.frame):
            order = np.asarray(self.frame[self.sort].argsort(kind="stable"), np.intp)
            order = order[::-1] if self.descending else order
            self._shown = np.asarray(order[keep[order]], dtype=np.intp)
        else:
            self._shown = np.zeros(0, dtype=np.intp)
        self.revision += 1


class TickGrid(anywidget.AnyWidget):
    """View of a `GridState`: a page of rows with a box to tick in each."""

    _esm = _STATIC / "grid.js"
    _css = _STATIC / "djgc.css"
    columns: traitlets.List[Any] = traitlets.List().tag(sync=True)
    page = traitlets.Dict().tag(sync=True)
    locked = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(self, state: GridState) -> None:
        self.state = state
        self._offset, self._heard = 0, 0
        super().__init__(
            columns=[
                {"title": c.title, "source": c.source, "numeric": c.numeric}
                for c in state.columns
            ],
            page={**state.page(0, PAGE_ROWS), "heard": 0},
        )
        state.observe(lambda _: self._draw(), "revision")
        self.on_msg(lambda _, content, __: self.receive(content))

    def receive(self, content: dict[str, Any]) -> None:
        """Carry out what the page asks for."""
        match content:
            case {"do": "page", "offset": int(offset)}:
                self._offset = offset
                self._draw()
            case {"do": "filter", "text": str(text)}:
                self._offset = 0
                self.state.filter(text)
            case {"do": "sort", "source": str(source), "descending": bool(descending)}:
                self._offset = 0
                self.state.sort_by(source, descending=descending)
            case {"do": "tick", "rows": list(rows), "on": bool(on), "of": int(of)}:
                self._heard = content["said"]
                # a click on rows that are no longer shown must not tick others
                if not self.locked and of == self.state.generation:
                    self.state.tick(rows, on=on)
                else:
                    self._draw()
            case {"do": "tick_filtered"} if not self.locked:
                self.state.tick_filtered()
            case {"do": "clear"} if not self.locked:
                self.state.clear()

    def _draw(self) -> None:
        self.page = self._page()

    def _page(self) -> dict[str, Any]:
        """Return the page, and which click it is the answer to."""
        return {**self.state.page(self._offset, PAGE_ROWS), "heard": self._heard}
