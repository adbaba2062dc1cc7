"""The widget of a grid. Rows stay in the kernel; the page asks for what it shows."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from djgc_widgets.model import InputError, visible
from djgc_widgets.panel.grid.state import Fact, GridState, Record

STATIC = Path(__file__).parents[2] / "static"
PAGE_ROWS = 12
_LABEL = 80
_UNKNOWN = "Not known: the scan is incomplete. See Problems."


@dataclass(frozen=True, slots=True)
class GridTexts:
    """What a grid says."""

    name: str
    """Of the table, for screen readers."""
    noun: str
    """Of one row."""
    none: str
    """If there are no rows."""
    hint: str
    """In the empty text filter."""


class Grid(anywidget.AnyWidget):
    """View of a `GridState`: a page of rows, filters, details and boxes to tick.

    `explain` returns the details of a row; `export` is called with ``filtered`` or
    ``ticked`` and ``csv`` or ``parquet``.
    """

    _esm = STATIC / "grid.js"
    columns: traitlets.List[Any] = traitlets.List().tag(sync=True)
    facets: traitlets.List[Any] = traitlets.List().tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)
    tickable = traitlets.Bool(default_value=False).tag(sync=True)
    locked = traitlets.Bool(default_value=False).tag(sync=True)
    page = traitlets.Dict().tag(sync=True)
    details: traitlets.List[Any] = traitlets.List().tag(sync=True)
    none = traitlets.Unicode("").tag(sync=True)
    failure = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        state: GridState,
        texts: GridTexts,
        *,
        tickable: bool,
        explain: Callable[[Record], Sequence[Fact]],
        export: Callable[[str, str], None],
    ) -> None:
        self.state = state
        self._explain, self._export = explain, export
        self._offset, self._handled, self._facets_of = 0, 0, -1
        super().__init__(
            columns=[
                {"title": c.title, "source": c.source, "numeric": c.numeric}
                for c in state.columns
            ],
            texts=asdict(texts),
            none=texts.none,
            tickable=tickable,
        )
        self._draw()
        state.observe(lambda _: self._draw(), "revision")
        state.observe(lambda _: self._draw_details(), "opened")
        self.on_msg(lambda _, content, __: self.receive(content))

    def trust(self, *, complete: bool) -> None:
        """Say of an empty table that there are no rows, or that it is not known."""
        self.none = self.texts["none"] if complete else _UNKNOWN

    def receive(self, content: dict[str, Any]) -> None:
        """Carry out a message of the page; show what is wrong with it."""
        self.failure = ""
        try:
            if "click" in content:
                self._tick(content)
            else:
                self._show(content)
        except InputError as error:
            self.failure = str(error)
        except Exception as error:  # noqa: BLE001 - shown in the grid; the kernel would only log it
            self.failure = f"Unexpected {type(error).__name__}: {error}."

    def _show(self, content: dict[str, Any]) -> None:
        state = self.state
        match content:
            case {"do": "page", "offset": int(offset)}:
                self._offset = offset
                self._draw()
            case {"do": "open", "row": int(row), "of": state.generation}:
                state.opened = -1 if state.opened == row else row
                self._draw()
            case {"do": "export", "what": str(what), "format": str(kind)}:
                self._export(what, kind)
            case _:
                self._offset = 0
                self._filter(content)

    def _filter(self, content: dict[str, Any]) -> None:
        state = self.state
        match content:
            case {"do": "filter", "text": str(text)}:
                state.filter(text)
            case {"do": "add", "facet": facet, "value": value, "of": state.generation}:
                state.filter_by([*state.rules, state.rule(facet, value)])
            case {"do": "remove", "chips": list(chips), "as": state.arrangement}:
                rules = [r for at, r in enumerate(state.rules) if at not in chips]
                state.filter_by(rules)
            case {"do": "sort", "source": str(source), "descending": bool(descending)}:
                state.sort_by(source, descending=descending)

    def _tick(self, content: dict[str, Any]) -> None:
        self._handled = content["click"]
        # a click must not tick other rows than those that were shown
        state, by_name = self.state, content["do"] in {"tick", "clear"}
        current = content["of"] == state.generation
        current &= by_name or content["as"] == state.arrangement
        if not self.tickable or self.locked or not current:
            self._draw()
            return
        match content:
            case {"do": "tick", "rows": list(rows), "on": bool(on)}:
                self.state.tick(rows, on=on)
            case {"do": "range", "rows": [int(first), int(last)], "on": bool(on)}:
                self.state.tick_range(first, last, on=on)
            case {"do": "tick_filtered"}:
                self.state.tick_filtered()
            case {"do": "invert"}:
                self.state.invert_filtered()
            case {"do": "clear"}:
                self.state.clear()

    def _draw(self) -> None:
        state = self.state
        if self._facets_of != state.generation:
            self._facets_of = state.generation
            self.facets = [
                {
                    "title": facet.title,
                    "unit": facet.unit,
                    "choices": [f"{_short(v)} ({n:,})" for v, n in choices],
                }
                for facet, choices in zip(state.facets, state.choices, strict=True)
            ]
        self.page = {**state.page(self._offset, PAGE_ROWS), "handled": self._handled}

    def _draw_details(self) -> None:
        opened = self.state.opened
        self.details = []  # if this fails, those of another row must not remain
        facts = [] if opened < 0 else self._explain(self.state.record(opened))
        self.details = [
            {"label": f.label, "text": visible(f.text), "copyable": f.copyable}
            for f in facts
        ]


def _short(value: str | None) -> str:
    shown = "none" if value is None else visible(value)
    half = _LABEL // 2
    return shown if len(shown) <= _LABEL else f"{shown[:half]} … {shown[-half:]}"
