"""Bytes by location -> tiles of a treemap. Pure.

The layout is that of Bruls, Huizing and van Wijk, "Squarified treemaps" (2000): rows of
tiles are filled as long as the worst ratio of their sides gets better.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from djgc_widgets.model import absent, plural, readable_bytes, visible
from djgc_widgets.panel.shown import percent

HEIGHT = 112.0
"""Of a treemap, in px."""
LEVELS = ("store", "schema", "table", "attribute")
_WIDTH = 1000.0  # the layout is made for a panel of this width, in px, and stretches
_HEADER = 18.0
_SMALLEST = 12.0
_NARROW, _LINE = 45.0, 15.0  # px that a line of text needs
_MOST = 24
_LEAST = 1e-6
_SUMS = ["n_objects", "size_bytes", "orphan_bytes"]
Location = tuple[str | None, ...]
"""Store, schema, table and attribute, or the first of these; None stands for NA."""


@dataclass(frozen=True, slots=True)
class Box:
    """Position of a tile: px from the left, of `_WIDTH`, and from the top."""

    x: float
    y: float
    width: float
    height: float

    @property
    def below_header(self) -> "Box":
        """The part that the tiles of a group fill."""
        height = self.height - _HEADER - 1
        return Box(self.x + 1, self.y + _HEADER, self.width - 2, height)


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of the treemap: what is stored at a location."""

    location: Location
    box: Box
    name: str
    """What a person calls it."""
    group: bool
    """Other tiles lie on it."""
    n_objects: int
    size_bytes: int
    orphan_bytes: int

    @property
    def share(self) -> float:
        """Percentage of the bytes that are orphaned."""
        return 100 * self.orphan_bytes / self.size_bytes

    @property
    def divisible(self) -> bool:
        """Whether there are tiles inside of it, perhaps too small to be seen."""
        return self.location[-1] is not None and len(self.location) < len(LEVELS)

    def drawn(self) -> dict[str, object]:
        """Return what a view draws: percentages across, px down."""
        size = readable_bytes(self.size_bytes)
        orphaned = f"{percent(self.orphan_bytes, self.size_bytes)} orphaned"
        lines = [self.name, size, orphaned]
        if self.group:
            lines = [f"{self.name} · {size}, {orphaned}"]
        box = self.box
        fitting = int(box.height / _LINE) if box.width > _NARROW else 0
        return {
            "x": box.x / _WIDTH * 100,
            "width": box.width / _WIDTH * 100,
            "y": box.y,
            "height": box.height,
            "group": self.group,
            "divisible": self.divisible,
            "share": self.share,
            "lines": lines[:fitting],
            "hover": (
                f"{' / '.join(tile_names(self.location))}: {size}, "
                f"{plural(self.n_objects, 'object')}, {orphaned} "
                f"({readable_bytes(self.orphan_bytes)})"
            ),
        }


def tiles_of(places: pd.DataFrame, height: float, inside: Location = ()) -> list[Tile]:
    """Return a tile for each store, schema, table and attribute that has bytes.

    `places` is a frame of the places schema, `height` that of the treemap in px, and
    only what lies `inside` a location is shown. Groups come before the tiles on them;
    what is too small to be seen is left to its group.
    """
    rows = places[places["size_bytes"].gt(0)]
    for level, name in zip(LEVELS, inside, strict=False):
        rows = rows[rows[level].isna() if name is None else rows[level].eq(name)]
    tiles = list(_place_tiles(Box(0, 0, _WIDTH, height), rows, inside))
    schemas = rows["schema"].dropna().unique()
    if len(schemas) == 1:  # its name is in the panel's title
        prefix = f"{visible(schemas[0])}."
        return [replace(t, name=t.name.removeprefix(prefix)) for t in tiles]
    return tiles


def squarify(sizes: Sequence[float], box: Box) -> list[Box]:
    """Divide a box in proportion to sizes, which descend, into near-squares."""
    left, rest = list(sizes), box
    boxes: list[Box] = []
    while left:
        scale = rest.width * rest.height / sum(left)
        side = min(rest.width, rest.height)
        count = 1
        while count < len(left) and _worst_aspect_ratio(
            left[: count + 1], side, scale
        ) <= _worst_aspect_ratio(left[:count], side, scale):
            count += 1
        row, left = left[:count], left[count:]
        row_boxes, rest = _tile_row(row, rest, scale)
        boxes.extend(row_boxes)
    return boxes


def _worst_aspect_ratio(row: Sequence[float], side: float, scale: float) -> float:
    area = sum(row) * scale
    ratios = [size * scale * side**2 / area**2 for size in (row[0], row[-1])]
    return max(max(ratio, 1 / ratio) for ratio in ratios)


def _tile_row(row: Sequence[float], box: Box, scale: float) -> tuple[list[Box], Box]:
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


def _place_tiles(box: Box, rows: pd.DataFrame, above: Location) -> Iterator[Tile]:
    """Yield the tiles that share a box, each followed by the tiles on it."""
    for location, own, area in _divide_box(box, rows, above):
        level, known = LEVELS[len(above)], location[-1] is not None
        # a hash names no table, and what names no table has no attribute
        divisible = known and level != "attribute" and _has_room(area.below_header)
        if divisible and level == "schema":
            # the names of its tables include it
            yield from _place_tiles(area, own, location)
            continue
        attributes = own["attribute"].unique()
        group = divisible and not (level == "table" and len(attributes) == 1)
        name = tile_names(location)[-1]
        if level == "table":
            only = attributes if known and len(attributes) == 1 else ()
            parts = [*tile_names(location)[1:], *only]
            name = ".".join(visible(part) for part in parts if not absent(part))
        sums = (int(own[column].sum()) for column in _SUMS)
        yield Tile(location, area, name, group, *sums)
        if group:
            yield from _place_tiles(area.below_header, own, location)


def _divide_box(
    box: Box, rows: pd.DataFrame, above: Location
) -> Iterator[tuple[Location, pd.DataFrame, Box]]:
    """Yield each location one level below, its rows, and its share of the box."""
    level = LEVELS[len(above)]
    sums = rows.groupby(level, dropna=False)["size_bytes"].sum()
    sizes = sums.sort_values(ascending=False).head(_MOST)
    sizes = sizes[sizes > sizes.sum() * _LEAST]  # the rest has no area as a float
    for name, area in zip(
        sizes.index, squarify([*map(float, sizes)], box), strict=True
    ):
        if area.width >= _SMALLEST and area.height >= _SMALLEST:
            unnamed = absent(name)
            own = rows[rows[level].isna() if unnamed else rows[level].eq(name)]
            yield (*above, None if unnamed else str(name)), own, area


def _has_room(box: Box) -> bool:
    return box.height > _HEADER and box.width > 2 * _HEADER


def tile_names(location: Location) -> list[str]:
    """Return what a person calls each part of a location."""
    named = zip(LEVELS, location, strict=False)
    return [f"no {level}" if v is None else visible(v) for level, v in named]
