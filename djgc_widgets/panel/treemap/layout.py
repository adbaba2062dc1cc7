"""Bytes by place -> tiles of a treemap. Pure.

The layout is that of Bruls, Huizing and van Wijk, "Squarified treemaps" (2000): rows of
tiles are filled as long as the worst ratio of their sides gets better.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from djgc_widgets.model import absent, plural, readable_bytes, visible

LEVELS = ("store", "schema", "table", "attribute")
_WIDTH = 1000.0  # tiles are placed for a panel of this width, in px, and stretch
_HEADER = 18.0
_SMALLEST = 12.0
_NARROW, _LINE = 45.0, 15.0  # less cannot be read
_MOST = 24
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Box:
    """Where a tile is: px from the left, of `_WIDTH`, and from the top."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of the treemap.

    Parameters
    ----------
    place : tuple of str or None
        Store, schema, table and attribute, as many as it stands for; None is NA.
    box : Box
        Where it is.
    name : str
        What a person calls it.
    group : bool
        Other tiles lie on it.
    objects, size_bytes, orphan_bytes : int
        What is stored there, and how much of it is orphaned.
    """

    place: tuple[str | None, ...]
    box: Box
    name: str
    group: bool
    objects: int
    size_bytes: int
    orphan_bytes: int

    @property
    def share(self) -> float:
        """Percentage of the bytes that are orphaned."""
        return 100 * self.orphan_bytes / self.size_bytes

    def drawn(self) -> dict[str, object]:
        """Return what a view draws: percentages across, px down."""
        size = readable_bytes(self.size_bytes)
        path = " / ".join(_names(self.place))
        orphaned = f"{self.share:.0f} % orphaned"
        box = self.box
        lines = [self.name, size, orphaned]
        if self.group:
            lines = [f"{self.name} · {size}, {orphaned}"]
        fitting = int(box.height / _LINE) if box.width > _NARROW else 0
        return {
            "x": box.x / _WIDTH * 100,
            "width": box.width / _WIDTH * 100,
            "y": box.y,
            "height": box.height,
            "group": self.group,
            "share": self.share,
            "lines": lines[:fitting],
            "hover": (
                f"{path}: {size}, {plural(self.objects, 'object')}, {orphaned} "
                f"({readable_bytes(self.orphan_bytes)})"
            ),
        }


def tiles_of(places: pd.DataFrame, height: float) -> list[Tile]:
    """Place a tile for each store, schema, table and attribute that takes bytes.

    Parameters
    ----------
    places : DataFrame
        A frame of the places schema.
    height : float
        Of the whole, in px.

    Returns
    -------
    list of Tile
        Groups come before what lies on them; what is too small to be seen is left to
        its group.
    """
    rows = places[places["size_bytes"].gt(0)]
    found: list[Tile] = []
    _fill(rows, (), Box(0, 0, _WIDTH, height), found)
    schemas = rows["schema"].dropna().unique()
    if len(schemas) == 1:  # then its name would only take room
        prefix = f"{visible(schemas[0])}."
        return [replace(t, name=t.name.removeprefix(prefix)) for t in found]
    return found


def squarify(sizes: Sequence[float], box: Box) -> list[Box]:
    """Divide a box in proportion to sizes, which descend, into near-squares."""
    left, rest = list(sizes), box
    placed: list[Box] = []
    while left:
        scale = rest.width * rest.height / sum(left)
        side = min(rest.width, rest.height)
        count = 1
        while count < len(left) and _worst(left[: count + 1], side, scale) <= _worst(
            left[:count], side, scale
        ):
            count += 1
        row, left = left[:count], left[count:]
        boxes, rest = _row(row, rest, scale)
        placed.extend(boxes)
    return placed


def _worst(row: Sequence[float], side: float, scale: float) -> float:
    area = sum(row) * scale
    ratios = [size * scale * side**2 / area**2 for size in (row[0], row[-1])]
    return max(max(ratio, 1 / ratio) for ratio in ratios)


def _row(row: Sequence[float], box: Box, scale: float) -> tuple[list[Box], Box]:
    """Lay a row along the shorter side; return its boxes and what is left."""
    total = sum(row)
    upright = box.width >= box.height
    depth = total * scale / (box.height if upright else box.width)
    boxes, at = [], 0.0
    for size in row:
        length = (box.height if upright else box.width) * size / total
        boxes.append(
            Box(box.x, box.y + at, depth, length)
            if upright
            else Box(box.x + at, box.y, length, depth)
        )
        at += length
    if upright:
        return boxes, Box(box.x + depth, box.y, box.width - depth, box.height)
    return boxes, Box(box.x, box.y + depth, box.width, box.height - depth)


def _fill(
    rows: pd.DataFrame, above: tuple[str | None, ...], box: Box, found: list[Tile]
) -> None:
    level = LEVELS[len(above)]
    sums = rows.groupby(level, dropna=False)[["objects", "size_bytes", "orphan_bytes"]]
    biggest = sums.sum().sort_values("size_bytes", ascending=False).head(_MOST)
    seen = biggest["size_bytes"] > biggest["size_bytes"].sum() * _LEAST
    biggest = biggest[seen]  # the rest has no area, as far as a float can tell
    boxes = squarify([float(size) for size in biggest["size_bytes"]], box)
    totals = biggest.reset_index().to_dict("records")
    for total, place in zip(totals, boxes, strict=True):
        value = total[level]
        if place.width < _SMALLEST or place.height < _SMALLEST:
            continue
        known = not absent(value)
        own = rows[rows[level].eq(value) if known else rows[level].isna()]
        values = (*above, str(value) if known else None)
        # a hash names no table, and what names no table has no attribute
        inner = known and len(values) < len(LEVELS)
        inside = Box(
            place.x + 1, place.y + _HEADER, place.width - 2, place.height - _HEADER - 1
        )
        roomy = inside.height > _HEADER and inside.width > 2 * _HEADER
        alone = level == "table" and len(own["attribute"].unique()) == 1
        group = inner and roomy and level != "schema" and not alone
        name = _names(values)[-1]
        if level == "table":
            parts = [
                *_names(values)[1:],
                *(own["attribute"] if alone and known else ()),
            ]
            name = ".".join(visible(part) for part in parts if not absent(part))
        total_of = [int(total[column]) for column in biggest.columns]
        if level == "schema" and inner and roomy:
            _fill(own, values, place, found)  # its tables tell the schema
            continue
        found.append(Tile(values, place, name, group, *total_of))
        if group:
            _fill(own, values, inside, found)


def _names(place: tuple[str | None, ...]) -> list[str]:
    named = zip(LEVELS, place, strict=False)
    return [f"no {level}" if v is None else visible(v) for level, v in named]
