"""Rows of a frame as a person filters, orders and ticks them. Pure state."""

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import traitlets

from djgc_widgets.model import InputError, visible
from djgc_widgets.panel.grid.filters import Facet, RowFilter, Rule, bound, chosen

Record = dict[Hashable, Any]


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A column of a grid."""

    title: str
    source: str
    """Column of the frame that it sorts by."""
    show: Callable[[Record], str]
    """Text of a cell, from the row as a mapping."""
    hover: Callable[[Record], str] | None = None
    """Text shown on hover; the cell's own by default."""
    numeric: bool = False
    """Flush right, and the biggest first."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a row's details."""

    label: str
    text: str
    copyable: bool = False
    """Offer to copy the text."""


class GridState(traitlets.HasTraits):
    """Rows, filters, order and ticks of a grid, without a widget.

    Rows are named by their position in the frame. All of it may be used from several
    threads. The text filter searches the `searched` columns; `sort` is the column that
    the rows are ordered by at first, descending.
    """

    revision = traitlets.Int(0)
    """Grows with every change."""
    opened = traitlets.Int(-1)
    """Row whose details are shown; -1 for none."""

    def __init__(
        self,
        columns: Sequence[GridColumn],
        searched: Sequence[str],
        sort: str,
        facets: Sequence[Facet] = (),
    ) -> None:
        super().__init__()
        self.columns, self.facets = tuple(columns), tuple(facets)
        self._searched = tuple(searched)
        self._lock = threading.RLock()
        self.sort, self.descending, self.text = sort, True, ""
        self.rules: tuple[Rule, ...] = ()
        self.generation = self.arrangement = 0
        self.choices: list[list[tuple[str | None, int]]] = [[] for _ in facets]
        self._take(pd.DataFrame(), RowFilter(pd.DataFrame(), ()))

    def replace(self, frame: pd.DataFrame) -> None:
        """Show other rows; nothing is ticked or opened then, the filters stay."""
        row_filter = RowFilter(frame, self._searched)
        choices = [row_filter.choices(facet) for facet in self.facets]
        with self._lock:
            self.generation += 1
            self._take(frame, row_filter)
            self.choices = choices
            self._arrange()

    def _take(self, frame: pd.DataFrame, row_filter: RowFilter) -> None:
        self.frame, self.opened, self._filter = frame, -1, row_filter
        self._ticked: npt.NDArray[np.bool_] = np.zeros(len(frame), dtype=bool)
        self._shown: npt.NDArray[np.intp] = np.zeros(0, dtype=np.intp)

    def filter(self, text: str) -> None:
        """Show only rows that contain every word of the text, in any case."""
        with self._lock:
            self.text = text
            self._arrange()

    def rule(self, facet: int, given: str) -> Rule:
        """Return the rule for the facet at a position.

        What is given is the position of the chosen value, or the bound as typed; if it
        is no size or age, InputError is raised.
        """
        if (wanted := self.facets[facet]).unit:
            return bound(wanted, given)
        return chosen(wanted, self.choices[facet][int(given)][0])

    def rule_of(self, source: str, value: str | None) -> Rule:
        """Return the rule that a column has a value; None stands for NA."""
        facets = (f for f in self.facets if f.source == source and not f.unit)
        return chosen(next(facets), value)

    def filter_by(self, rules: Sequence[Rule]) -> None:
        """Show only rows that fulfil the rules: any of one column, all columns."""
        with self._lock:
            self.rules = tuple(dict.fromkeys(rules))
            self._arrange()

    def sort_by(self, source: str, *, descending: bool) -> None:
        """Order the rows by a column of the frame."""
        if source not in {column.source for column in self.columns}:
            raise InputError(f"Expected one of the grid's columns; got {source!r}.")
        with self._lock:
            self.sort, self.descending = source, descending
            self._arrange()

    def tick(self, rows: Sequence[int], *, on: bool) -> None:
        """Tick or untick rows."""
        with self._lock:
            self._ticked[[int(row) for row in rows]] = on
            self.revision += 1

    def tick_range(self, first: int, last: int, *, on: bool) -> None:
        """Tick or untick every shown row from one to another, in their order."""
        with self._lock:
            ends = np.flatnonzero(np.isin(self._shown, [first, last]))
            if len(ends):
                self._ticked[self._shown[ends[0] : ends[-1] + 1]] = on
            self.revision += 1

    def tick_filtered(self) -> None:
        """Tick every row that the filters show, on this page and all others."""
        with self._lock:
            self._ticked[self._shown] = True
            self.revision += 1

    def invert_filtered(self) -> None:
        """Tick what is not ticked and untick what is, of all that the filters show."""
        with self._lock:
            self._ticked[self._shown] ^= True
            self.revision += 1

    def clear(self) -> None:
        """Untick every row, shown or not."""
        with self._lock:
            self._ticked[:] = False
            self.revision += 1

    @property
    def ticked(self) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
        """The frame, and which of its rows are ticked."""
        with self._lock:
            return self.frame, self._ticked.copy()

    @property
    def selected(self) -> pd.DataFrame:
        """The ticked rows, in the order of the frame."""
        with self._lock:
            return self.frame[self._ticked]

    @property
    def filtered(self) -> pd.DataFrame:
        """The rows that the filters show, in the order that is shown."""
        with self._lock:
            return self.frame.iloc[self._shown]

    def record(self, row: int) -> Record:
        """Return a row as a mapping."""
        return self.frame.iloc[[row]].to_dict("records")[0]

    def page(self, offset: int, limit: int) -> dict[str, Any]:
        """Return what a page shows, as text with visible control characters."""
        with self._lock:
            offset = min(max(offset, 0), max(len(self._shown) - 1, 0)) // limit * limit
            positions = self._shown[offset : offset + limit]
            records = self.frame.iloc[positions].to_dict("records")
            return {
                "rows": [
                    self._row(int(position), record)
                    for position, record in zip(positions, records, strict=True)
                ],
                "generation": self.generation,
                "arrangement": self.arrangement,
                "offset": int(offset),
                "limit": limit,
                "shown": len(self._shown),
                "total": len(self.frame),
                "ticked": int(self._ticked.sum()),
                "sort": self.sort,
                "descending": self.descending,
                "text": self.text,
                "chips": [visible(rule.label) for rule in self.rules],
                "opened": self.opened,
            }

    def _row(self, position: int, record: Record) -> dict[str, Any]:
        cells = [visible(column.show(record)) for column in self.columns]
        hovers = [visible(c.hover(record)) if c.hover else None for c in self.columns]
        ticked = bool(self._ticked[position])
        return {"id": position, "ticked": ticked, "cells": cells, "hovers": hovers}

    def _arrange(self) -> None:
        self._shown = self._filter.shown(
            self.text, self.rules, self.sort, descending=self.descending
        )
        self.arrangement += 1
        self.revision += 1
