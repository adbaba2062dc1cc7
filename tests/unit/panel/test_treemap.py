"""Tiles for what is stored where, and the list that they filter."""

import pandas as pd
import pytest

from djgc_widgets.analysis.row_filter import Facet
from djgc_widgets.model.errors import InputError
from djgc_widgets.model.frames import PLACES
from djgc_widgets.panel.grid.columns import GridColumn
from djgc_widgets.panel.grid.state import GridState
from djgc_widgets.panel.treemap import LEVELS, Treemap, tiles_of

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


def test_tiles_name_their_location_and_share() -> None:
    tiles = tiles_of(places())

    assert [(tile.name, tile.location, tile.parent) for tile in tiles] == [
        ("raw", ("raw",), -1),
        ("recording", ("raw", "ephys", "recording"), 0),
        ("voltage", ("raw", "ephys", "recording", "voltage"), 1),
        ("lfp", ("raw", "ephys", "recording", "lfp"), 1),
        ("stack.frames", ("raw", "ephys", "stack"), 0),
        ("no table", ("raw", "ephys", None), 0),
        ("cold", ("cold",), -1),
        ("unit.times", ("cold", "ephys", "unit"), 6),
        ("no schema", ("cold", None), 6),
    ]
    assert tiles[0].size_bytes == 9800
    assert tiles[2].shown() == {
        "parent": 1,
        "bytes": 6000,
        "share": 50,
        "lines": ["voltage", "5.86 KiB", "50 % orphaned"],
        "hover": "raw / ephys / recording / voltage: 5.86 KiB, 2 objects, 50 % "
        "orphaned (2.93 KiB)",
    }


def test_tables_of_two_schemas_have_the_schema_in_their_name() -> None:
    rows = [*ROWS, ("raw", "imaging", "scan", "frames", 4000, 0)]

    names = {tile.name for tile in tiles_of(places(rows))}

    assert {"ephys.recording", "imaging.scan.frames", "ephys.no table"} <= names


def test_what_cannot_be_seen_is_left_to_its_group() -> None:
    rows = [("raw", "a", "b", "c", 10**18, 0), ("cold", "a", "b", "c", 1, 0)]
    many = [("raw", "a", f"t{n:03}", "c", 1000 - n, 0) for n in range(100)]

    assert {tile.location[0] for tile in tiles_of(places(rows))} == {"raw"}
    names = [tile.name for tile in tiles_of(places(many))]
    assert names == ["raw", *(f"t{n:03}.c" for n in range(24))]


def test_the_whole_of_each_store_is_in_its_tile_whatever_lies_on_it() -> None:
    rows = [*ROWS, *(("raw", "ephys", f"t{n}", "x", 1, 1) for n in range(500))]

    whole = {tile.name: tile for tile in tiles_of(places(rows)) if tile.parent < 0}

    assert whole["raw"].size_bytes == 9800 + 500
    assert whole["raw"].orphan_bytes == 4100 + 500


def test_nothing_stored_is_no_tile() -> None:
    assert tiles_of(PLACES.empty()) == []
    assert tiles_of(places([("raw", "a", "b", "c", 0, 0)])) == []


@pytest.fixture
def treemap() -> Treemap:
    """A treemap of the rows, linked with a grid of them."""
    grid = GridState(
        [GridColumn("Path", "path", str)],
        ["path"],
        "path",
        [*(Facet(level.capitalize(), level) for level in LEVELS), Facet("Why", "why")],
    )
    frame = pd.DataFrame([row[:4] for row in ROWS], columns=list(LEVELS), dtype="str")
    grid.replace(frame.assign(path="p", why=pd.array(["x"] * len(ROWS), dtype="str")))
    treemap = Treemap(grid)
    treemap.draw(places())
    return treemap


def hovers(treemap: Treemap) -> list[str]:
    return [tile["hover"].split(":")[0] for tile in treemap.shown()["tiles"]]


def marked(treemap: Treemap, mark: str) -> str:
    at = treemap.marks()[mark]
    return hovers(treemap)[at] if at >= 0 else ""


def press(treemap: Treemap, name: str) -> None:
    treemap.press(treemap.revision, at(treemap, name))


def at(treemap: Treemap, name: str) -> int:
    names = hovers(treemap)
    return next(n for n, each in enumerate(names) if each.endswith(name))


def test_a_pressed_tile_filters_the_list_and_releases_it_again(
    treemap: Treemap,
) -> None:
    grid = treemap.grid
    grid.filter_by({"Why": ["x"]})

    press(treemap, "voltage")
    assert list(grid.filtered["attribute"]) == ["voltage"]
    assert marked(treemap, "pressed") == "raw / ephys / recording / voltage"
    press(treemap, "no table")
    assert list(grid.filtered["schema"]) == ["ephys"]
    assert grid.filtered["table"].isna().all()
    press(treemap, "no table")

    assert len(grid.filtered) == len(ROWS)
    assert marked(treemap, "pressed") == ""
    assert [chip["text"] for chip in grid.page(5)["chips"]] == ["x"]


def test_the_tile_of_the_filter_and_that_of_the_open_row_are_marked(
    treemap: Treemap,
) -> None:
    grid = treemap.grid

    grid.filter_by({"Store": ["raw"]})
    grid.open(0)

    assert marked(treemap, "pressed") == "raw"
    assert marked(treemap, "here") == "raw / ephys / recording / voltage"
    grid.filter_by({"Store": ["raw", "cold"]})
    assert marked(treemap, "pressed") == ""


@pytest.mark.parametrize(("revision", "tile"), [(0, 0), (1, 99), (1, -1)])
def test_tiles_that_are_no_longer_shown_do_nothing(
    revision: int, tile: int, treemap: Treemap
) -> None:
    assert treemap.revision == 1

    with pytest.raises(InputError, match="Look again"):
        treemap.press(revision, tile)

    assert treemap.grid.conditions == {}
