"""What is stored where, as a tree of tiles, and the list that a tile filters."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import traitlets

from djgc_widgets.model import (
    PLACES,
    InputError,
    absent,
    plural,
    readable_bytes,
    visible,
)
from djgc_widgets.panel.grid.state import GridState
from djgc_widgets.panel.shown import Json, percent

LEVELS = ("store", "schema", "table", "attribute")
_TILES = (["store"], ["schema", "table"], ["attribute"])
"""Levels that a tile is one of, from outside in."""
_MOST = 24
"""Tiles on one tile: the biggest."""
_LEAST = 1e-4
"""Part of the tile below that can still be seen."""
Location = tuple[str | None, ...]
"""Store, schema, table and attribute, or the first of these; None stands for NA."""


@dataclass(frozen=True, slots=True)
class Tile:
    """What is stored at a location."""

    location: Location
    parent: int
    """Place of the tile that it lies on; -1 for a store."""
    name: str
    """What a person calls it."""
    n_objects: int
    size_bytes: int
    orphan_bytes: int

    def shown(self) -> Json:
        """Return what a page needs to lay the tile out and to describe it."""
        size = readable_bytes(self.size_bytes)
        orphaned = f"{percent(self.orphan_bytes, self.size_bytes)} orphaned"
        return {
            "parent": self.parent,
            "bytes": self.size_bytes,
            "share": 100 * self.orphan_bytes / self.size_bytes,
            "lines": [self.name, size, orphaned],
            "hover": (
                f"{' / '.join(_names(self.location))}: {size}, "
                f"{plural(self.n_objects, 'object')}, {orphaned} "
                f"({readable_bytes(self.orphan_bytes)})"
            ),
        }


def tiles_of(places: pd.DataFrame) -> list[Tile]:
    """Return a tile for each store, table and attribute that has bytes.

    `places` is a frame of the places schema. Tiles come before those that lie on them,
    and bigger ones before smaller ones; of what is too small or too much to be seen,
    there is none.
    """
    rows = places[places["size_bytes"].gt(0)]
    schemas = rows["schema"].dropna().unique()
    alone = f"{visible(schemas[0])}." if len(schemas) == 1 else ""  # in the title
    tiles = list[Tile]()

    def lay(rows: pd.DataFrame, depth: int, parent: int) -> None:
        groups = [group for _, group in rows.groupby(_TILES[depth], dropna=False)]
        groups.sort(key=lambda group: -int(group["size_bytes"].sum()))
        least = _LEAST * float(rows["size_bytes"].sum())
        above = tiles[parent].location if depth else ()
        for group in groups[:_MOST]:
            columns = ("n_objects", "size_bytes", "orphan_bytes")
            n_objects, size, orphaned = (int(group[name].sum()) for name in columns)
            if size < least:
                return
            own = _location(group, depth)
            names = _names(own, first=len(above))
            # a hash names no table, and what names no table has no attribute
            divisible = depth < len(_TILES) - 1 and own[-1] is not None
            if divisible and depth and len(group) == 1:
                divisible = False
                (attribute,) = _location(group, depth + 1)
                names += [] if attribute is None else [visible(attribute)]
            name = ".".join(names).removeprefix(alone)
            tiles.append(Tile(above + own, parent, name, n_objects, size, orphaned))
            if divisible:
                lay(group, depth + 1, len(tiles) - 1)

    lay(rows, 0, -1)
    return tiles


def _location(rows: pd.DataFrame, depth: int) -> Location:
    """Return what the rows of a tile have in common at its levels."""
    row = rows.iloc[0]
    names = tuple(None if absent(row[n]) else str(row[n]) for n in _TILES[depth])
    return names[: names.index(None) + 1] if None in names else names


def _names(location: Location, first: int = 0) -> list[str]:
    """Return what a person calls each part of a location."""
    named = zip(LEVELS[first:], location, strict=False)
    return [f"no {level}" if v is None else visible(v) for level, v in named]


class Treemap(traitlets.HasTraits):
    """Tiles that filter a grid by store, schema, table and attribute.

    Pressed, a tile filters the grid; pressed again, no longer.
    """

    revision = traitlets.Int(0)
    """Which tiles these are, counted from 1."""

    def __init__(self, grid: GridState) -> None:
        super().__init__()
        self.grid = grid
        self._tiles = list[Tile]()

    def draw(self, places: pd.DataFrame) -> None:
        """Show a frame of the places schema."""
        with self.grid.held():
            self._tiles = tiles_of(PLACES.conform(places))
            self.revision += 1

    def press(self, revision: int, at: int) -> None:
        """Filter the grid by a tile, or remove that filter."""
        if revision != self.revision or not 0 <= at < len(self._tiles):
            raise InputError("The treemap has changed meanwhile. Look again.")
        location = self._tiles[at].location
        wanted = () if self.filtered == location else location
        self.grid.filter_by(
            {
                level.capitalize(): [wanted[depth]] if depth < len(wanted) else None
                for depth, level in enumerate(LEVELS)
            }
        )

    @property
    def filtered(self) -> Location | None:
        """The location that the grid is filtered by; None if it is no location."""
        chosen = [self.grid.filter_for(level.capitalize()) for level in LEVELS]
        depth = next((n for n, values in enumerate(chosen) if not values), len(LEVELS))
        if any(len(values) != 1 for values in chosen[:depth]) or any(chosen[depth:]):
            return None
        return tuple(values[0] for values in chosen[:depth])

    def shown(self) -> Json:
        """Return the tiles as a page lays them out."""
        with self.grid.held():
            tiles = [tile.shown() for tile in self._tiles]
            return {"revision": self.revision, "tiles": tiles}

    def marks(self) -> Json:
        """Return which tile is pressed, and which has the open row; -1 for none."""
        with self.grid.held():
            row: dict[Any, Any] = {}
            if (opened := self.grid.opened) >= 0:
                row = self.grid.record(opened)
            here = tuple(None if absent(row[n]) else row[n] for n in LEVELS if row)
            pressed, around, filtered = -1, -1, self.filtered
            for at, tile in enumerate(self._tiles):
                if tile.location == filtered:
                    pressed = at
                if here and tile.location == here[: len(tile.location)]:
                    around = at  # tiles come before those that lie on them
            return {"pressed": pressed, "here": around}
