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

    assert [(tile.name, tile.location) for tile in tiles] == [
        ("raw", ("raw",)),
        ("recording", ("raw", "ephys", "recording")),
        ("voltage", ("raw", "ephys", "recording", "voltage")),
        ("cold", ("cold",)),
        ("unit.times", ("cold", "ephys", "unit")),
        ("lfp", ("raw", "ephys", "recording", "lfp")),
        ("stack.frames", ("raw", "ephys", "stack")),
        ("no table", ("raw", "ephys", None)),
        ("no schema", ("cold", None)),
    ]
    assert tiles[0].size_bytes == 9800
    assert tiles[2].shown() == {
        "bytes": 6000,
        "share": 50,
        "lines": ["voltage", "5.86 KiB", "50 % orphaned"],
        "where": "raw / ephys / recording / voltage",
        "objects": "2 objects",
        "orphan_size": "2.93 KiB",
    }


def test_a_tile_lies_on_that_of_its_store_or_table(treemap: Treemap) -> None:
    shown = treemap.shown()["tiles"]

    above = {
        tile["where"]: shown[tile["parent"]]["where"] if tile["parent"] >= 0 else ""
        for tile in shown
    }

    assert above == {
        "raw": "",
        "cold": "",
        "raw / ephys / recording": "raw",
        "raw / ephys / stack": "raw",
        "raw / ephys / no table": "raw",
        "raw / ephys / recording / voltage": "raw / ephys / recording",
        "raw / ephys / recording / lfp": "raw / ephys / recording",
        "cold / ephys / unit": "cold",
        "cold / no schema": "cold",
    }


def test_the_only_schema_is_left_out_of_names_of_tables_alone() -> None:
    rows = [("ephys.raw", "ephys", "recording", "ephys.v", 9, 0)]

    names = [tile.name for tile in tiles_of(places(rows))]

    assert names == ["ephys.raw", "recording.ephys.v"]


def test_tables_of_two_schemas_have_the_schema_in_their_name() -> None:
    rows = [*ROWS, ("raw", "imaging", "scan", "frames", 4000, 0)]

    names = {tile.name for tile in tiles_of(places(rows))}

    assert {"ephys.recording", "imaging.scan.frames", "ephys.no table"} <= names


def test_the_biggest_tiles_are_shown_with_those_that_they_lie_on() -> None:
    sizes = [2_000 - n for n in range(400)]
    rows = [
        ("raw", "a", f"t{n // 2:03}", f"c{n % 2}", *(s, 0)) for n, s in enumerate(sizes)
    ]

    tiles = tiles_of(places([*rows, ("cold", "a", "b", "c", 1, 1)]))

    assert len(tiles) == 300
    locations = {tile.location for tile in tiles}
    assert {tile.above for tile in tiles} <= {(), *locations}
    assert tiles[0].size_bytes == sum(sizes)
    assert [tile.name for tile in tiles[1:4]] == ["t000", "t001", "t002"]
    assert "cold" not in {tile.name for tile in tiles}


def test_many_tables_take_no_longer_than_their_sums() -> None:
    rows = [
        ("raw", f"s{n % 50}", f"t{n}", f"c{m}", 1 + n, 0)
        for n in range(5000)
        for m in (0, 1)
    ]

    sizes = [tile.size_bytes for tile in tiles_of(places(rows))]

    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 300


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


def wheres(treemap: Treemap) -> list[str]:
    return [tile["where"] for tile in treemap.shown()["tiles"]]


def marked(treemap: Treemap, mark: str) -> str:
    at = treemap.marks()[mark]
    return wheres(treemap)[at] if at >= 0 else ""


def press(treemap: Treemap, name: str) -> None:
    treemap.press(treemap.revision, at(treemap, name))


def at(treemap: Treemap, name: str) -> int:
    names = wheres(treemap)
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


def test_a_released_tile_brings_back_what_a_person_chose(treemap: Treemap) -> None:
    grid = treemap.grid
    chosen = {"Store": ["raw", "cold"], "Table": ["recording"]}
    grid.filter_by(chosen)

    press(treemap, "raw")
    press(treemap, "unit")
    assert list(grid.filtered["table"]) == ["unit"]
    press(treemap, "unit")

    assert {title: [*grid.filter_for(title)] for title in chosen} == chosen
    assert len(grid.filtered) == 2


def test_a_tile_with_an_attribute_in_its_name_has_no_other_inside() -> None:
    rows = [("raw", "a", "rec", "wave", 9, 0), ("raw", "a", "rec", "note", 0, 0)]

    names = [tile.name for tile in tiles_of(places(rows))]

    assert names == ["raw", "rec", "wave"]
    assert tiles_of(places(rows))[1].n_objects == 4


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
