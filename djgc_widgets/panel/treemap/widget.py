"""The widget of a treemap: it filters a grid of orphans, and shows its filter."""

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
    """A tile per location: pressed, it filters the grid; pressed again, no longer.

    The grid's frame has the columns store, schema, table and attribute.
    """

    _esm = STATIC / "treemap.js"
    tiles: traitlets.List[Any] = traitlets.List().tag(sync=True)
    generation = traitlets.Int(0).tag(sync=True)
    height = traitlets.Float(_HEIGHT).tag(sync=True)
    pressed: traitlets.List[Any] = traitlets.List().tag(sync=True)
    here: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, grid: GridState) -> None:
        super().__init__()
        self.grid = grid
        self._shown: list[Tile] = []
        grid.observe(lambda _: self._mark(), ["revision", "opened"])
        self.on_msg(lambda _, content, __: self.receive(content))

    def draw(self, places: pd.DataFrame) -> None:
        """Show a frame of the places schema."""
        self._shown = tiles_of(places, _HEIGHT)
        self.generation += 1
        self.tiles = [tile.drawn() for tile in self._shown]
        self._mark()

    def receive(self, content: dict[str, Any]) -> None:
        """Filter the grid by the pressed tile, or remove that filter."""
        match content:
            case {"do": "press", "tile": int(at), "of": self.generation}:
                rules = [r for r in self.grid.rules if r.facet.source not in LEVELS]
                if at not in self.pressed:
                    pairs = zip(LEVELS, self._shown[at].location, strict=False)
                    rules += [self.grid.rule_of(*pair) for pair in pairs]
                self.grid.filter_by(rules)

    def _mark(self) -> None:
        grid = self.grid
        filters = [
            (rule.facet.source, rule.value)
            for rule in grid.rules
            if rule.facet.source in LEVELS
        ]
        self.pressed = [
            at
            for at, tile in enumerate(self._shown)
            if filters == list(zip(LEVELS, tile.location, strict=False))
        ]
        around = []
        if grid.opened >= 0:
            row = grid.record(grid.opened)
            own = tuple(None if absent(row[level]) else row[level] for level in LEVELS)
            around = [
                at
                for at, tile in enumerate(self._shown)
                if own[: len(tile.location)] == tile.location
            ]
        self.here = around[-1:]  # groups come before the tiles on them
