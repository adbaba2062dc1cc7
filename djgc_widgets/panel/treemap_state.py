"""The tiles that are shown, and the grid that they filter."""

import pandas as pd
import traitlets

from djgc_widgets.model import PLACES, InputError, absent
from djgc_widgets.panel.grid.state import GridState
from djgc_widgets.panel.treemap import (
    HEIGHT,
    LEVELS,
    Location,
    Tile,
    tile_names,
    tiles_of,
)


class TreemapState(traitlets.HasTraits):
    """The tiles that are shown: pressed, one filters a grid; pressed again, no longer.

    The grid has filters by store, schema, table and attribute.
    """

    revision = traitlets.Int(0)
    """Grows with every change."""

    def __init__(self, grid: GridState) -> None:
        super().__init__()
        self.grid = grid
        self.inside: Location = ()
        self._places, self._tiles = PLACES.empty(), list[Tile]()

    def draw(self, places: pd.DataFrame) -> None:
        """Show a frame of the places schema, all of it."""
        self._places = places
        self._lay_out(())

    def press(self, revision: int, at: int) -> None:
        """Filter the grid by a tile, or remove that filter."""
        location = self._tile(revision, at).location
        now = self.filtered
        wanted = () if now == location else location
        levels = enumerate(LEVELS)
        self.grid.filter_by(
            {
                level.capitalize(): [wanted[depth]] if depth < len(wanted) else None
                for depth, level in levels
            }
        )

    def zoom(self, revision: int, at: int | None) -> None:
        """Show only what lies inside a tile, or without one, around what is shown."""
        if at is not None:
            return self._lay_out(self._tile(revision, at).location)
        depth = len(self.inside) - 1
        if LEVELS[:depth][-1:] == ("schema",):  # it has no tile of its own
            depth -= 1
        return self._lay_out(self.inside[: max(depth, 0)])

    def _tile(self, revision: int, at: int) -> Tile:
        if revision != self.revision or not 0 <= at < len(self._tiles):
            raise InputError("The treemap has changed meanwhile. Look again.")
        return self._tiles[at]

    def _lay_out(self, inside: Location) -> None:
        with self.grid.held():
            self.inside = inside
            self._tiles = tiles_of(self._places, HEIGHT, inside)
            self.revision += 1

    @property
    def filtered(self) -> Location | None:
        """The location that the grid is filtered by; None if it is no location."""
        chosen = [self.grid.filter_for(level.capitalize()) for level in LEVELS]
        depth = next((n for n, values in enumerate(chosen) if not values), len(LEVELS))
        if any(len(values) != 1 for values in chosen[:depth]) or any(chosen[depth:]):
            return None
        return tuple(values[0] for values in chosen[:depth])

    def shown(self) -> dict[str, object]:
        """Return what a page shows: tiles, which is pressed, which has the open row."""
        with self.grid.held():
            return self._shown()

    def _shown(self) -> dict[str, object]:
        here, filtered, opened = None, self.filtered, self.grid.opened
        if opened >= 0:
            row = self.grid.record(opened)
            here = tuple(None if absent(row[each]) else row[each] for each in LEVELS)
        around = [
            at
            for at, tile in enumerate(self._tiles)
            if here and tile.location == here[: len(tile.location)]
        ]
        drawn = [
            {
                **tile.drawn(),
                "pressed": tile.location == filtered,
                "here": at in around[-1:],  # groups come before the tiles on them
            }
            for at, tile in enumerate(self._tiles)
        ]
        return {
            "revision": self.revision,
            "height": HEIGHT,
            "inside": tile_names(self.inside),
            "tiles": drawn,
        }
