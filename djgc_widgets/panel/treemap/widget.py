"""The widget of a treemap, linked both ways with a grid of orphans."""

from typing import Any

import anywidget
import pandas as pd
import traitlets

from djgc_widgets.model import absent
from djgc_widgets.panel.grid.state import GridState
from djgc_widgets.panel.grid.widget import STATIC
from djgc_widgets.panel.treemap.layout import LEVELS, Tile, tiles_of

_HEIGHT = 260.0


class Treemap(anywidget.AnyWidget):
    """A tile per place: pressed, the grid keeps to it; pressed again, to no place.

    Parameters
    ----------
    grid : GridState
        Its frame has the columns store, schema, table and attribute.
    """

    _esm = STATIC / "treemap.js"
    tiles: traitlets.List[Any] = traitlets.List().tag(sync=True)
    generation = traitlets.Int(0).tag(sync=True)
    height = traitlets.Float(_HEIGHT).tag(sync=True)
    pressed: traitlets.List[Any] = traitlets.List().tag(sync=True)
    here: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, grid: GridState) -> None:
        super().__init__()
        self._grid = grid
        self._shown: list[Tile] = []
        grid.observe(lambda _: self._mark(), ["revision", "opened"])
        self.on_msg(lambda _, content, __: self.receive(content))

    def draw(self, places: pd.DataFrame) -> None:
        """Show other places: a frame of the places schema."""
        self._shown = tiles_of(places, _HEIGHT)
        self.generation += 1
        self.tiles = [tile.drawn() for tile in self._shown]
        self._mark()

    def receive(self, content: dict[str, Any]) -> None:
        """Let the grid keep to the place of the pressed tile, or release it."""
        match content:
            case {"do": "press", "tile": int(at), "of": self.generation}:
                rules = [r for r in self._grid.rules if not _is_place(r.facet.source)]
                if at not in self.pressed:
                    named = zip(LEVELS, self._shown[at].place, strict=False)
                    rules += [self._grid.rule_of(*pair) for pair in named]
                self._grid.keep_to(rules)

    def _mark(self) -> None:
        places = [
            (r.facet.source, r.value)
            for r in self._grid.rules
            if _is_place(r.facet.source)
        ]
        opened = self._grid.opened
        row = self._grid.record(opened) if opened >= 0 else None
        self.pressed = [
            at
            for at, tile in enumerate(self._shown)
            if places == list(zip(LEVELS, tile.place, strict=False))
        ]
        around = [
            at
            for at, tile in enumerate(self._shown)
            if row is not None and _lies_in(row, tile)
        ]
        self.here = around[-1:]  # groups come before what lies on them


def _is_place(source: str) -> bool:
    return source in LEVELS


def _lies_in(row: dict[Any, Any], tile: Tile) -> bool:
    own = tuple(None if absent(row[level]) else row[level] for level in LEVELS)
    return own[: len(tile.place)] == tile.place
