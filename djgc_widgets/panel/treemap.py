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
_STORE, _TABLE, _ATTRIBUTE = 1, 3, 4
"""How many levels the location of such a tile has."""
_MOST = 300
"""Tiles that are shown: the biggest."""
Location = tuple[str | None, ...]
"""Store, schema, table and attribute, or the first of these; None stands for NA."""


@dataclass(frozen=True, slots=True)
class Tile:
    """What is stored at a location."""

    location: Location
    name: str
    """What a person calls it."""
    n_objects: int
    size_bytes: int
    orphan_bytes: int

    @property
    def above(self) -> Location:
        """Location of the tile that it lies on; empty for a store."""
        if len(self.location) == _ATTRIBUTE:
            return self.location[:_TABLE]
        return self.location[: _STORE if len(self.location) > _STORE else 0]

    def shown(self) -> Json:
        """Return what a page needs to lay the tile out and to describe it."""
        size = readable_bytes(self.size_bytes)
        orphaned = f"{percent(self.orphan_bytes, self.size_bytes)} orphaned"
        return {
            "bytes": self.size_bytes,
            "share": 100 * self.orphan_bytes / self.size_bytes,
            "lines": [self.name, size, orphaned],
            "where": " / ".join(_names(self.location)),
            "objects": plural(self.n_objects, "object"),
            "orphan_size": readable_bytes(self.orphan_bytes),
        }


def tiles_of(places: pd.DataFrame) -> list[Tile]:
    """Return the biggest tiles: of stores, of tables and of attributes that have bytes.

    `places` is a frame of the places schema. Bigger tiles come first, so each comes
    after the one that it lies on.
    """
    rows = places.assign(only=places["attribute"])
    schemas = rows["schema"].dropna().unique()
    alone = f"{visible(schemas[0])}." if len(schemas) == 1 else ""  # in the title
    tiles = list[Tile]()
    for depth in (_STORE, _TABLE, _ATTRIBUTE):
        if rows.empty:
            break
        groups = rows.groupby([*LEVELS[:depth]], dropna=False, sort=False)
        sums = groups.agg(
            n_objects=("n_objects", "sum"),
            size_bytes=("size_bytes", "sum"),
            orphan_bytes=("orphan_bytes", "sum"),
            n_places=("size_bytes", "size"),
            only=("only", "first"),
        )
        sums = sums[sums["size_bytes"].gt(0)]
        biggest = sums.nlargest(_MOST, "size_bytes").reset_index()
        tiles += (_tile(row, depth, alone) for row in biggest.to_dict("records"))
        if depth == _TABLE:
            # a hash names no table, and what names no table has no attribute
            several = groups["size_bytes"].transform("size").gt(1)
            rows = rows[several & rows["schema"].notna() & rows["table"].notna()]
    tiles.sort(key=lambda tile: -tile.size_bytes)  # stable, for equal ones
    return tiles[:_MOST]


def _tile(row: dict[Any, Any], depth: int, alone: str) -> Tile:
    values = [
        None if absent(row[level]) else str(row[level]) for level in LEVELS[:depth]
    ]
    known = values.index(None) + 1 if None in values else depth
    location = tuple(values[:known])
    names = _names(location)
    if depth == _TABLE:
        del names[:_STORE]
        if None not in values and row["n_places"] == 1 and not absent(row["only"]):
            names.append(visible(str(row["only"])))
        name = ".".join(names).removeprefix(alone)
    else:
        name = names[-1]
    sums = (int(row[column]) for column in ("n_objects", "size_bytes", "orphan_bytes"))
    return Tile(location, name, *sums)


def _names(location: Location) -> list[str]:
    """Return what a person calls each part of a location."""
    named = zip(LEVELS, location, strict=False)
    return [f"no {level}" if v is None else visible(v) for level, v in named]


class Treemap(traitlets.HasTraits):
    """Tiles that filter a grid by store, schema, table and attribute.

    Pressed, a tile filters the grid; pressed again, the filters are as before.
    """

    revision = traitlets.Int(0)
    """Which tiles these are, counted from 1."""

    def __init__(self, grid: GridState) -> None:
        super().__init__()
        self.grid = grid
        self._tiles = list[Tile]()
        self._before: dict[str, list[str | None]] = {}

    def draw(self, places: pd.DataFrame) -> None:
        """Show a frame of the places schema."""
        tiles = tiles_of(PLACES.conform(places))
        with self.grid.held():
            self._tiles = tiles
            self.revision += 1

    def press(self, revision: int, at: int) -> None:
        """Filter the grid by a tile, or remove that filter."""
        with self.grid.held():
            if revision != self.revision or not 0 <= at < len(self._tiles):
                raise InputError("The treemap has changed meanwhile. Look again.")
            location, filtered = self._tiles[at].location, self.filtered
            if not filtered:  # what a person chose, which a release brings back
                titles = [level.capitalize() for level in LEVELS]
                self._before = {t: [*self.grid.filter_for(t)] for t in titles}
            wanted = dict(self._before)
            if filtered != location:
                wanted = {
                    level.capitalize(): [location[n]] if n < len(location) else []
                    for n, level in enumerate(LEVELS)
                }
            self.grid.filter_by(wanted)

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
            tiles, revision = self._tiles, self.revision
        at = {tile.location: n for n, tile in enumerate(tiles)}
        shown = [{"parent": at.get(tile.above, -1), **tile.shown()} for tile in tiles]
        return {"revision": revision, "tiles": shown}

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
                    around = at  # each comes after the one that it lies on
            return {"pressed": pressed, "here": around}
