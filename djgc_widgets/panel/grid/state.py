"""Rows of a frame as a person filters, orders and ticks them. Pure state."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import traitlets

from djgc_widgets.analysis import (
    Choice,
    Chosen,
    Condition,
    Facet,
    RowFilter,
    Wanted,
    condition_of,
    facet_of,
    plain,
)
from djgc_widgets.model import InputError
from djgc_widgets.panel.grid.columns import GridColumn, Record, cells_of, chip_text


class GridState(traitlets.HasTraits):
    """Rows, filters, order and ticks of a grid, without a widget.

    Rows are named by their position in the frame. All of it may be used from several
    threads. The text filter searches the `searched` columns; `sort` is the column that
    the rows are ordered by at first, descending.
    """

    revision = traitlets.Int(0)
    """Grows with every change."""
    ticks = traitlets.Int(0)
    """Grows whenever other rows may be ticked."""
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
        self.conditions: dict[Facet, Condition] = {}
        self.generation = self.arrangement = self.offset = 0
        self.source: Any = None
        self._take(pd.DataFrame(), None)

    def replace(
        self,
        frame: pd.DataFrame,
        source: object = None,
        tickable: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """Show other rows; nothing is ticked or opened then, the filters stay.

        `source` explains them. Only `tickable` rows can be ticked; all by default.
        """
        with self._lock:
            self.generation += 1
            self.source = source
            self._take(frame, tickable)
            self.opened = -1  # observers see other rows already
            self.ticks += 1
            self._arrange()

    def _take(
        self, frame: pd.DataFrame, tickable: npt.NDArray[np.bool_] | None
    ) -> None:
        self.frame, self.row_filter = frame, RowFilter(frame, self._searched)
        self._ticked: npt.NDArray[np.bool_] = np.zeros(len(frame), dtype=bool)
        every = np.ones(len(frame), dtype=bool)
        self.tickable = every if tickable is None else tickable
        self._shown: npt.NDArray[np.intp] = np.zeros(0, dtype=np.intp)

    @contextmanager
    def held(
        self, generation: int | None = None, arrangement: int | None = None
    ) -> Iterator[None]:
        """Let no other thread change anything; InputError if other rows are meant."""
        with self._lock:
            if generation not in {None, self.generation} or arrangement not in {
                None,
                self.arrangement,
            }:
                raise InputError(
                    "The list has changed meanwhile, so nothing was done. Look again."
                )
            yield

    def filter(self, text: str) -> None:
        """Show only rows that contain every word of the text, in any case."""
        with self._lock:
            self.text = text
            self._arrange()

    def facet(self, title: str) -> Facet:
        """Return the facet of a title."""
        return facet_of(self.facets, title)

    def choices(self, title: str, text: str = "") -> list[Choice]:
        """Return values to choose from, counted in what all other filters show."""
        with self._lock:
            facet = self.facet(title)
            others = {f: c for f, c in self.conditions.items() if f != facet}
            return self.row_filter.choices(facet, text, self._find(others))

    def chosen(self, title: str) -> list[int]:
        """Return the numbers of the values that the rows are filtered by."""
        chosen = self.filter_for(title)
        values = self.row_filter.values(self.facet(title)) if chosen else []
        return [at for at, value in enumerate(values) if value in chosen]

    def choose(self, title: str, numbers: Sequence[int]) -> None:
        """Show only rows with any of the values of these numbers; all if none is."""
        with self._lock:
            values = self.row_filter.values(self.facet(title))
            if not set(numbers) <= set(range(len(values))):
                raise InputError(
                    f"Expected values from 0 to {len(values) - 1}; got {list(numbers)}."
                )
            self.filter_by({title: [values[number] for number in numbers]})

    def filter_by(self, conditions: Mapping[str, Wanted]) -> None:
        """Change conditions by their titles; nothing removes one.

        Raises InputError, and changes nothing, if one of them is not understood.
        """
        with self._lock:
            changed = dict(self.conditions)
            for title, wanted in conditions.items():
                facet = self.facet(title)
                changed.pop(facet, None)
                if condition := condition_of(facet, wanted):
                    changed[facet] = condition
            self.conditions = changed
            self._arrange()

    def use(self, text: str, conditions: Mapping[Facet, Condition]) -> None:
        """Show only rows that contain a text and fulfill exactly these conditions."""
        with self._lock:
            self.text, self.conditions = text, dict(conditions)
            self._arrange()

    def in_use(self) -> dict[str, Wanted]:
        """Return the text and the conditions as plain values, by title."""
        with self._lock:
            used: dict[str, Wanted] = {"text": self.text} if self.text else {}
            return used | {f.title: plain(c) for f, c in self.conditions.items()}

    def filter_for(self, title: str) -> tuple[str | None, ...]:
        """Return the values that the rows are filtered by; empty if by none."""
        condition = self.conditions.get(self.facet(title))
        return condition.among if isinstance(condition, Chosen) else ()

    def sort_by(self, source: str, *, descending: bool) -> None:
        """Order the rows by a column of the frame."""
        if source not in {column.source for column in self.columns}:
            raise InputError(f"Expected one of the grid's columns; got {source!r}.")
        with self._lock:
            self.sort, self.descending = source, descending
            self._arrange()

    def turn_to(self, offset: int) -> None:
        """Show the page with the row at this place among those that are shown."""
        with self._lock:
            self.offset = offset
            self.revision += 1

    def open(self, row: int) -> None:
        """Show the details of a row, or close them if they are shown."""
        with self._lock:
            (row,) = self._expect([row])
            self.opened = -1 if self.opened == row else int(row)
            self.revision += 1

    def tick(self, rows: Sequence[int], *, on: bool) -> None:
        """Tick or untick rows."""
        with self._lock:
            self._set_ticks(self._expect(rows), on=on)

    def tick_range(self, first: int, last: int, *, on: bool) -> None:
        """Tick or untick every shown row from one to another, in their order."""
        with self._lock:
            ends = np.flatnonzero(np.isin(self._shown, [first, last]))
            between = self._shown[ends[0] : ends[-1] + 1] if len(ends) else ends
            self._set_ticks(between, on=on)

    def tick_filtered(self) -> None:
        """Tick every row that the filters show, on this page and all others."""
        with self._lock:
            self._set_ticks(self._shown, on=True)

    def invert_filtered(self) -> None:
        """Tick what is not ticked and untick what is, of all that the filters show."""
        with self._lock:
            self._set_ticks(self._shown, on=~self._ticked[self._shown])

    def clear(self) -> None:
        """Untick every row, shown or not."""
        with self._lock:
            self._set_ticks(np.arange(len(self._ticked)), on=False)

    def _expect(self, rows: Sequence[int]) -> npt.NDArray[np.intp]:
        """Return rows as an array, or raise InputError if one does not exist."""
        wanted = np.asarray(rows, dtype=np.intp)
        if ((wanted < 0) | (wanted >= len(self.frame))).any():
            raise InputError(
                f"Expected rows from 0 to {len(self.frame) - 1}; got {list(rows)}."
            )
        return wanted

    def _set_ticks(
        self, rows: npt.NDArray[np.intp], *, on: bool | npt.NDArray[np.bool_]
    ) -> None:
        self._ticked[rows] = on & self.tickable[rows]
        self.ticks += 1
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

    def page(self, limit: int) -> dict[str, Any]:
        """Return what a page shows, as text with visible control characters."""
        with self._lock:
            last = max(len(self._shown) - 1, 0)
            offset = min(max(self.offset, 0), last) // limit * limit
            positions = self._shown[offset : offset + limit]
            records = self.frame.iloc[positions].to_dict("records")
            return {
                "rows": [
                    {
                        "id": int(position),
                        "ticked": bool(self._ticked[position]),
                        "tickable": bool(self.tickable[position]),
                        **cells_of(self.columns, record),
                    }
                    for position, record in zip(positions, records, strict=True)
                ],
                "generation": self.generation,
                "arrangement": self.arrangement,
                "offset": int(offset),
                "limit": limit,
                "shown": len(self._shown),
                "tickable": int(self.tickable[self._shown].sum()),
                "total": len(self.frame),
                "ticked": int(self._ticked.sum()),
                "sort": self.sort,
                "descending": self.descending,
                "text": self.text,
                "chips": [
                    {"title": facet.title, "text": chip_text(facet, condition)}
                    for facet, condition in self.conditions.items()
                ],
                "opened": self.opened,
            }

    def _find(self, conditions: Mapping[Facet, Condition]) -> npt.NDArray[np.intp]:
        return self.row_filter.shown(
            self.text, conditions, self.sort, descending=self.descending
        )

    def _arrange(self) -> None:
        self._shown = self._find(self.conditions)
        if self.opened not in self._shown:
            self.opened = -1
        self.offset = 0
        self.arrangement += 1
        self.revision += 1
