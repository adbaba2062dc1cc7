"""Tiles lie in their groups, in proportion."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from djgc_widgets.analysis.row_filter import Facet
from djgc_widgets.model.errors import InputError
from djgc_widgets.model.frames import PLACES
from djgc_widgets.panel.grid.columns import GridColumn
from djgc_widgets.panel.grid.state import GridState
from djgc_widgets.panel.treemap import (
    HEIGHT,
    LEVELS,
    Box,
    squarify,
    tiles_of,
)
from djgc_widgets.panel.treemap_state import TreemapState

ROWS = [
    ("raw", "ephys", "recording", "voltage", 6000, 3000),
    ("raw", "ephys", "recording", "lfp", 2000, 0),
    ("raw", "ephys", "stack", "frames", 1000, 1000),
    ("raw", "ephys", None, None, 800, 100),
    ("cold", "ephys", "unit", "times", 3000, 0),
    ("cold", None, None, None, 500, 0),
]


def places(rows: list[tuple[object, ...]] = ROWS) -> pd.DataFrame:
    names = [*LEVELS, "size_bytes", "orphan_bytes"]
    frame = pd.DataFrame(rows, columns=names)
    return PLACES.conform(frame.assign(n_objects=2, n_orphans=1))


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=40), st.floats(1, 2000))
def test_boxes_fill_the_outer_box_in_proportion(
    sizes: list[float], height: float
) -> None:
    outer = Box(3, 5, 1000, height)
    sizes.sort(reverse=True)

    boxes = squarify(sizes, outer)

    areas = [box.width * box.height for box in boxes]
    share = outer.width * outer.height / sum(sizes)
    assert areas == pytest.approx([size * share for size in sizes], abs=1e-3)
    for box in boxes:
        assert box.x >= 3 - 1e-6
        assert box.y >= 5 - 1e-6
        assert box.x + box.width <= 1003 + 1e-6
        assert box.y + box.height <= 5 + height * (1 + 1e-9)


def test_equal_sizes_make_squares() -> None:
    boxes = squarify([1, 1, 1, 1], Box(0, 0, 100, 100))

    assert {(box.width, box.height) for box in boxes} == {(50, 50)}


def test_tiles_name_their_location_and_share() -> None:
    tiles = {tile.name: tile for tile in tiles_of(places(), 400)}

    assert tiles["raw"].group
    assert tiles["raw"].size_bytes == 9800
    assert tiles["recording"].location == ("raw", "ephys", "recording")
    assert tiles["voltage"].share == 50
    assert tiles["stack.frames"].location == ("raw", "ephys", "stack")
    assert tiles["no table"].location == ("raw", "ephys", None)
    assert tiles["no schema"].location == ("cold", None)
    drawn = tiles["voltage"].drawn()
    assert drawn["lines"] == ["voltage", "5.86 KiB", "50 % orphaned"]
    assert drawn["hover"] == (
        "raw / ephys / recording / voltage: 5.86 KiB, 2 objects, 50 % orphaned "
        "(2.93 KiB)"
    )


def test_tables_of_two_schemas_have_the_schema_in_their_name() -> None:
    rows = [*ROWS, ("raw", "imaging", "scan", "frames", 4000, 0)]

    names = {tile.name for tile in tiles_of(places(rows), 400)}

    assert {"ephys.recording", "imaging.scan.frames"} <= names


def test_what_has_no_area_is_left_to_its_group() -> None:
    rows = [("raw", "a", "b", "c", 10**18, 0), ("cold", "a", "b", "c", 1, 0)]

    assert {tile.location[0] for tile in tiles_of(places(rows), 200)} == {"raw"}


def test_nothing_stored_is_no_tile() -> None:
    assert tiles_of(PLACES.empty(), 200) == []
    assert tiles_of(places([("raw", "a", "b", "c", 0, 0)]), 200) == []


@pytest.fixture
def treemap() -> TreemapState:
    """A treemap of the rows, linked with a grid of them."""
    grid = GridState(
        [GridColumn("Path", "path", str)],
        ["path"],
        "path",
        [*(Facet(level.capitalize(), level) for level in LEVELS), Facet("Why", "why")],
    )
    frame = pd.DataFrame([row[:4] for row in ROWS], columns=list(LEVELS), dtype="str")
    grid.replace(frame.assign(path="p", why=pd.array(["x"] * len(ROWS), dtype="str")))
    treemap = TreemapState(grid)
    treemap.draw(places())
    return treemap


def tiles(treemap: TreemapState) -> list[dict[str, Any]]:
    return list(treemap.shown()["tiles"])


def named(treemap: TreemapState, mark: str) -> list[str]:
    return [tile["hover"].split(":")[0] for tile in tiles(treemap) if tile[mark]]


def press(treemap: TreemapState, name: str) -> None:
    treemap.press(treemap.revision, at(treemap, name))


def at(treemap: TreemapState, name: str) -> int:
    names = [tile["hover"].split(":")[0] for tile in tiles(treemap)]
    return next(n for n, each in enumerate(names) if each.endswith(name))


def test_a_pressed_tile_filters_the_list_and_releases_it_again(
    treemap: TreemapState,
) -> None:
    grid = treemap.grid
    grid.filter_by({"Why": ["x"]})

    press(treemap, "voltage")
    assert list(grid.filtered["attribute"]) == ["voltage"]
    assert named(treemap, "pressed") == ["raw / ephys / recording / voltage"]
    press(treemap, "no table")
    assert list(grid.filtered["schema"]) == ["ephys"]
    assert grid.filtered["table"].isna().all()
    press(treemap, "no table")

    assert len(grid.filtered) == len(ROWS)
    assert named(treemap, "pressed") == []
    assert [chip["text"] for chip in grid.page(5)["chips"]] == ["x"]


def test_the_tile_of_the_filter_and_that_of_the_open_row_are_marked(
    treemap: TreemapState,
) -> None:
    grid = treemap.grid

    grid.filter_by({"Store": ["raw"]})
    grid.open(0)

    assert named(treemap, "pressed") == ["raw"]
    assert named(treemap, "here") == ["raw / ephys / recording / voltage"]
    grid.filter_by({"Store": ["raw", "cold"]})
    assert named(treemap, "pressed") == []


def test_a_tile_is_zoomed_into_and_out_of(treemap: TreemapState) -> None:
    treemap.zoom(treemap.revision, at(treemap, "recording"))

    assert treemap.shown()["inside"] == ["raw", "ephys", "recording"]
    names = [tile["lines"][0] for tile in tiles(treemap)]
    assert names == ["voltage", "lfp"]
    assert sum(tile["width"] * tile["height"] for tile in tiles(treemap)) == (
        pytest.approx(100 * HEIGHT)
    )
    press(treemap, "lfp")
    assert list(treemap.grid.filtered["attribute"]) == ["lfp"]
    treemap.zoom(treemap.revision, None)
    assert treemap.shown()["inside"] == ["raw"]
    for _ in range(2):
        treemap.zoom(treemap.revision, None)
        assert treemap.shown()["inside"] == []

    treemap.zoom(treemap.revision, at(treemap, "raw"))
    treemap.draw(places())

    assert treemap.shown()["inside"] == []


@pytest.mark.parametrize(("revision", "tile"), [(0, 0), (1, 99), (1, -1)])
def test_tiles_that_are_no_longer_shown_do_nothing(
    revision: int, tile: int, treemap: TreemapState
) -> None:
    assert treemap.revision == 1

    with pytest.raises(InputError, match="Look again"):
        treemap.press(revision, tile)
    with pytest.raises(InputError, match="Look again"):
        treemap.zoom(revision, tile)

    assert treemap.grid.conditions == {}
