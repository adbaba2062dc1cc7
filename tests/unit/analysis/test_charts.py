from datetime import timedelta

import pandas as pd
import plotly.graph_objects as go

from djgc_widgets.analysis.charts import (
    age_histogram,
    biggest_tables,
    bytes_by_age,
    bytes_by_codec,
    bytes_by_status,
    dedup_ratio,
    treemap,
)
from djgc_widgets.analysis.growth import forecast_of
from djgc_widgets.analysis.growth_chart import growth
from djgc_widgets.model.frames import GROWTH, HISTORY, OBJECTS, PLACES, SUMMARY, USAGE


def summary(*rows: tuple[str, str, int]) -> pd.DataFrame:
    stores, statuses, sizes = zip(*rows, strict=True) if rows else ((), (), ())
    counts = dict.fromkeys(("objects", "files", "references", "logical_bytes"), 1)
    columns = {"store": stores, "status": statuses, "size_bytes": sizes}
    return SUMMARY.conform({**columns, **{name: [1] * len(rows) for name in counts}})


def test_the_bars_hold_the_bytes_of_the_summary() -> None:
    rows = (
        ("raw", "live", 5),
        ("raw", "orphan", 7),
        ("b", "orphan", 1),
        ("b", "trash", 2),
    )

    figure = bytes_by_status(summary(*rows))

    drawn = {
        (store, bar.name): size
        for bar in figure.data
        for store, size in zip(bar.y, bar.x, strict=True)
        if size
    }
    assert drawn == {
        ("raw", "Referenced"): 5,
        ("raw", "Orphaned"): 7,
        ("b", "Orphaned"): 1,
        ("b", "In trash"): 2,
    }


def test_statuses_differ_by_more_than_colour() -> None:
    figure = bytes_by_status(
        summary(*(("raw", s, 1) for s in ("live", "orphan", "young")))
    )

    assert len({bar.marker.pattern.shape for bar in figure.data}) == 3


def test_an_empty_summary_makes_an_empty_figure() -> None:
    assert len(bytes_by_status(summary()).data) == 0


def test_the_callers_frame_is_left_alone() -> None:
    frame = summary(("raw", "live", 5))
    before = frame.copy()

    bytes_by_status(frame)

    pd.testing.assert_frame_equal(frame, before)


NOW = pd.Timestamp("2026-06-01T00:00Z")


def aged(*rows: tuple[float, str, int]) -> pd.DataFrame:
    days, statuses, sizes = zip(*rows, strict=True) if rows else ((), (), ())
    columns: dict[str, object] = {name: [None] * len(rows) for name in OBJECTS.names}
    columns |= dict.fromkeys(("files", "references"), [1] * len(rows))
    columns["modified_at"] = [NOW - pd.Timedelta(days=day) for day in days]
    columns |= {"status": statuses, "size_bytes": sizes, "is_dir": [False] * len(rows)}
    return OBJECTS.conform(columns)


def test_every_byte_is_in_the_bin_of_its_age() -> None:
    objects = aged(
        (-0.5, "young", 1),
        (0.5, "young", 2),
        (7, "live", 4),
        (29.9, "orphan", 8),
        (365, "live", 16),
        (4000, "live", 32),
    )

    sums = bytes_by_age(objects, NOW)

    assert sums.sum().to_dict() == {"live": 52, "orphan": 8, "young": 3}
    assert sums.loc["under 1 day", "young"] == 3
    assert sums.loc["7 to 30 days"].to_dict() == {"live": 4, "orphan": 8, "young": 0}
    assert sums.loc["1 to 2 years", "live"] == 16
    assert sums.loc["over 2 years", "live"] == 32


def test_the_histogram_draws_these_sums() -> None:
    figure = age_histogram(aged((1, "live", 5), (40, "orphan", 7)), NOW)

    drawn = {
        (label, bar.name): size
        for bar in figure.data
        for label, size in zip(bar.y, bar.x, strict=True)
        if size
    }
    assert drawn == {("1 to 7 days", "Referenced"): 5, ("30 to 90 days", "Orphaned"): 7}


def test_no_objects_make_an_empty_histogram() -> None:
    assert len(age_histogram(aged(), NOW).data) == 0


def places(*rows: tuple[str, str | None, str | None, str | None, int, int]) -> object:
    names = ["store", "schema", "table", "attribute", "size_bytes", "orphan_bytes"]
    frame = pd.DataFrame(rows, columns=names)
    return PLACES.conform(frame.assign(objects=1, orphans=0))


HOUSE = (
    ("raw", "lab", "recording", "voltage", 60, 20),
    ("raw", "lab", "recording", "probe", 10, 0),
    ("b", "lab", "unit", "times", 20, 20),
    ("b", "lab", None, None, 5, 5),
    ("raw", None, None, None, 3, 0),
)


def lengths(figure: go.Figure) -> dict[str, dict[str, int]]:
    return {b.name: dict(zip(b.y, b.x, strict=True)) for b in figure.data}


def test_every_table_has_its_bytes_and_the_rest_is_one_bar() -> None:
    frame = places(*HOUSE)

    assert lengths(biggest_tables(frame)) == {
        "All else": {
            "lab.recording": 50,
            "lab.unit": 0,
            "lab.(hash)": 0,
            "(of no schema)": 3,
        },
        "Orphaned": {
            "lab.recording": 20,
            "lab.unit": 20,
            "lab.(hash)": 5,
            "(of no schema)": 0,
        },
    }
    few = lengths(biggest_tables(frame, limit=2))
    assert few["Orphaned"] == {"lab.recording": 20, "lab.unit": 20, "2 more tables": 5}
    assert few["All else"]["2 more tables"] == 3
    assert len(biggest_tables(PLACES.empty()).data[0].y) == 0


def test_the_tiles_add_up_to_what_lies_on_them() -> None:
    (tiles,) = treemap(places(*HOUSE)).data
    sizes = dict(zip(tiles.ids, tiles.values, strict=True))
    parents = dict(zip(tiles.ids, tiles.parents, strict=True))

    assert sum(s for i, s in sizes.items() if not parents[i]) == 98
    for tile in set(parents.values()) - {""}:
        assert sizes[tile] == sum(s for i, s in sizes.items() if parents[i] == tile)
    shares = dict(zip(tiles.ids, tiles.marker.colors, strict=True))
    assert shares["b"] == 100
    assert round(shares["raw\nlab\nrecording"]) == 29
    texts = dict(zip(tiles.ids, tiles.text, strict=True))
    assert texts["raw"] == "73 B, 27 % orphaned"
    assert len(treemap(PLACES.empty()).data[0].ids) == 0


def used(*rows: tuple[str, str, int, int, float]) -> pd.DataFrame:
    names = ["table", "codec", "logical_bytes", "physical_bytes", "dedup_ratio"]
    frame = pd.DataFrame(rows, columns=names)
    counts = dict.fromkeys(("rows", "references", "missing", "objects"), 1)
    own = {"store": "raw", "schema": "lab", "attribute": "data"}
    return USAGE.conform(frame.assign(**own, **counts))


def test_logical_stands_beside_physical_by_codec_and_column() -> None:
    usage = used(
        ("a", "blob", 30, 10, 3.0), ("b", "blob", 5, 5, 1.0), ("c", "npy", 0, 0, None)
    )

    assert lengths(bytes_by_codec(usage)) == {
        "Physical": {"&lt;npy&gt;": 0, "&lt;blob&gt;": 15},
        "Logical": {"&lt;npy&gt;": 0, "&lt;blob&gt;": 35},
    }
    assert lengths(dedup_ratio(usage, limit=2))["Logical"] == {
        "lab.b.data (1.00 : 1, raw)": 5,
        "lab.a.data (3.00 : 1, raw)": 30,
    }
    assert "lab.c.data (no bytes, raw)" in lengths(dedup_ratio(usage))["Physical"]


def test_names_are_text_in_every_figure() -> None:
    evil = "<b>x</b>\u202e"
    shown = "&lt;b&gt;x&lt;/b&gt;\\u202e"
    frame = places((evil, evil, evil, evil, 1, 0))

    assert list(biggest_tables(frame).data[0].y) == [f"{shown}.{shown}"]
    assert set(treemap(frame).data[0].labels) == {shown}
    (bar,) = bytes_by_status(summary((evil, "live", 1))).data
    assert list(bar.y) == [shown]


def test_growth_says_which_line_was_measured_and_which_reconstructed() -> None:
    week = pd.Timestamp("2026-01-05T00:00Z")
    weeks = [week + timedelta(days=7 * n) for n in range(2)]
    sizes = {"physical_bytes": [5, 9], "logical_bytes": [6, 12]}
    told = GROWTH.conform(
        {"week": weeks, "added_objects": 1, "added_bytes": 1, **sizes}
    )
    rows = [(weeks[0], True, 7, 1), (weeks[0], True, 3, 2), (weeks[1], False, 1, 1)]
    columns = ["scanned_at", "complete", "stored_bytes", "orphan_bytes"]
    measured = pd.DataFrame(rows, columns=columns)
    rest = {n: 0 for n in HISTORY.names if n not in columns} | {"store": "raw"}
    measured = HISTORY.conform(measured.assign(**rest))
    points = pd.Series(range(6), [week - timedelta(days=n) for n in range(6, 0, -1)])

    figure = growth(told, measured, forecast_of(points, 10))

    drawn = {line.name: list(line.y) for line in figure.data}
    assert drawn["stored, from object dates"] == [5, 9]
    assert drawn["per row that refers, from object dates"] == [6, 12]
    assert drawn["stored, measured by scans"] == [10]  # an incomplete scan is not
    assert drawn["orphaned, measured by scans"] == [3]
    assert drawn["forecast, likely"] == [5, 10]
    assert drawn["quota"] == [10, 10]
    assert [line.name for line in growth(told).data] == list(drawn)[:2]
    assert len(growth(GROWTH.empty()).data) == 2
