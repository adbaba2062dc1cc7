from datetime import timedelta

import pandas as pd
import plotly.graph_objects as go

from djgc_widgets import charts
from djgc_widgets.analysis.forecast import forecast_of
from djgc_widgets.analysis.growth_chart import growth
from djgc_widgets.model.frames import GROWTH, HISTORY, OBJECTS, PLACES, SUMMARY, USAGE
from djgc_widgets.verdict import bytes_by_age


def lengths(figure: go.Figure) -> dict[str, dict[str, int]]:
    return {bar.name: dict(zip(bar.y, bar.x, strict=True)) for bar in figure.data}


def summary(*rows: tuple[str, str, int]) -> pd.DataFrame:
    stores, statuses, sizes = zip(*rows, strict=True) if rows else ((), (), ())
    columns = {name: [1] * len(rows) for name in SUMMARY.column_names}
    columns |= {"store": stores, "status": statuses, "size_bytes": sizes}
    return SUMMARY.conform(columns)


def test_the_bars_hold_the_bytes_of_the_summary() -> None:
    raw = ("raw", "live", 5), ("raw", "orphan", 7)
    frame = summary(*raw, ("b", "orphan", 1), ("b", "trash", 2))

    figure = charts.bytes_by_status(frame)

    assert lengths(figure) == {
        "Referenced": {"raw": 5, "b": 0},
        "Orphaned": {"raw": 7, "b": 1},
        "In trash": {"raw": 0, "b": 2},
    }


def test_statuses_differ_by_more_than_color() -> None:
    rows = [("raw", status, 1) for status in ("live", "orphan", "young")]

    figure = charts.bytes_by_status(summary(*rows))

    assert len({bar.marker.pattern.shape for bar in figure.data}) == 3


def test_the_callers_frame_is_left_alone() -> None:
    frame = summary(("raw", "live", 5))
    before = frame.copy()

    charts.bytes_by_status(frame)

    pd.testing.assert_frame_equal(frame, before)


NOW = pd.Timestamp("2026-06-01T00:00Z")


def aged(*rows: tuple[float, str, int]) -> pd.DataFrame:
    days, statuses, sizes = zip(*rows, strict=True) if rows else ((), (), ())
    columns: dict[str, object] = {
        name: [None] * len(rows) for name in OBJECTS.column_names
    }
    columns |= dict.fromkeys(("n_files", "n_references"), [1] * len(rows))
    columns["modified_at"] = [NOW - pd.Timedelta(days=day) for day in days]
    columns |= {"status": statuses, "size_bytes": sizes, "is_dir": [False] * len(rows)}
    return OBJECTS.conform(columns)


def test_every_byte_is_in_the_bin_of_its_age() -> None:
    young, orphan = [(-0.5, "young", 1), (0.5, "young", 2)], (29.9, "orphan", 8)
    live = [(7, "live", 4), (365, "live", 16), (4000, "live", 32)]

    objects = aged(*young, orphan, *live)
    sums = charts.table_of_ages(bytes_by_age(objects, NOW))

    assert sums.sum().to_dict() == {"live": 52, "orphan": 8, "young": 3}
    assert sums.loc["under 1 day", "young"] == 3
    assert sums.loc["7 to 30 days"].to_dict() == {"live": 4, "orphan": 8, "young": 0}
    assert sums.loc["1 to 2 years", "live"] == 16
    assert sums.loc["over 2 years", "live"] == 32


def test_the_histogram_draws_these_sums() -> None:
    figure = charts.age_histogram(aged((1, "live", 5), (40, "orphan", 7)), NOW)

    drawn = lengths(figure)
    assert sum(drawn["Referenced"].values()) == drawn["Referenced"]["1 to 7 days"] == 5
    assert sum(drawn["Orphaned"].values()) == drawn["Orphaned"]["30 to 90 days"] == 7


def test_nothing_stored_makes_an_empty_figure() -> None:
    assert len(charts.bytes_by_status(summary()).data) == 0
    assert len(charts.age_histogram(aged(), NOW).data) == 0


def places(*rows: tuple[str, str | None, str | None, str | None, int, int]) -> object:
    names = ["store", "schema", "table", "attribute", "size_bytes", "orphan_bytes"]
    frame = pd.DataFrame(rows, columns=names)
    return PLACES.conform(frame.assign(n_objects=1, n_orphans=0))


HOUSE = (
    ("raw", "lab", "recording", "voltage", 60, 20),
    ("raw", "lab", "recording", "probe", 10, 0),
    ("b", "lab", "unit", "times", 20, 20),
    ("b", "lab", None, None, 5, 5),
    ("raw", None, None, None, 3, 0),
)


def test_every_table_has_its_bytes_and_the_rest_is_one_bar() -> None:
    frame = places(*HOUSE)

    labels = ("lab.recording", "lab.unit", "lab (hash)", "(no schema)")
    assert lengths(charts.biggest_tables(frame)) == {
        "All else": dict(zip(labels, (50, 0, 0, 3), strict=True)),
        "Orphaned": dict(zip(labels, (20, 20, 5, 0), strict=True)),
    }
    few = lengths(charts.biggest_tables(frame, limit=2))
    assert few["Orphaned"] == {"lab.recording": 20, "lab.unit": 20, "2 more tables": 5}
    assert few["All else"]["2 more tables"] == 3
    assert len(charts.biggest_tables(PLACES.empty()).data[0].y) == 0


def test_a_tile_has_the_bytes_of_the_tiles_inside_it() -> None:
    (tiles,) = charts.treemap(places(*HOUSE)).data
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
    assert len(charts.treemap(PLACES.empty()).data[0].ids) == 0


def used(*rows: tuple[str, str, int, int, float]) -> pd.DataFrame:
    names = ["table", "codec", "logical_bytes", "physical_bytes", "dedup_ratio"]
    frame = pd.DataFrame(rows, columns=names)
    counts = dict.fromkeys(("n_rows", "n_references", "n_missing", "n_objects"), 1)
    names = {"store": "raw", "schema": "lab", "attribute": "data"}
    return USAGE.conform(frame.assign(**names, **counts))


def test_logical_and_physical_bytes_are_drawn_by_codec_and_by_column() -> None:
    usage = used(
        ("a", "blob", 30, 10, 3.0), ("b", "blob", 5, 5, 1.0), ("c", "npy", 0, 0, None)
    )

    assert lengths(charts.bytes_by_codec(usage)) == {
        "Physical": {"&lt;npy&gt;": 0, "&lt;blob&gt;": 15},
        "Logical": {"&lt;npy&gt;": 0, "&lt;blob&gt;": 35},
    }
    assert lengths(charts.dedup_ratio(usage, limit=2))["Logical"] == {
        "lab.b.data (1.00 : 1, raw)": 5,
        "lab.a.data (3.00 : 1, raw)": 30,
    }
    physical = lengths(charts.dedup_ratio(usage))["Physical"]
    assert "lab.c.data (no bytes, raw)" in physical


def test_names_are_text_in_every_figure() -> None:
    evil = "<b>x</b>\u202e"
    shown = "&lt;b&gt;x&lt;/b&gt;\\u202e"
    frame = places((evil, evil, evil, evil, 1, 0))

    assert list(charts.biggest_tables(frame).data[0].y) == [f"{shown}.{shown}"]
    assert set(charts.treemap(frame).data[0].labels) == {shown}
    (bar,) = charts.bytes_by_status(summary((evil, "live", 1))).data
    assert list(bar.y) == [shown]


def test_growth_says_which_line_was_measured_and_which_reconstructed() -> None:
    week = pd.Timestamp("2026-01-05T00:00Z")
    weeks = [week + timedelta(days=7 * n) for n in range(2)]
    sizes = {"physical_bytes": [5, 9], "logical_bytes": [6, 12]}
    dated = GROWTH.conform({"week": weeks, "n_added": 1, "added_bytes": 1, **sizes})
    rows = [(weeks[0], True, 7, 1), (weeks[0], True, 3, 2), (weeks[1], False, 1, 1)]
    columns = ["scanned_at", "complete", "stored_bytes", "orphan_bytes"]
    measured = pd.DataFrame(rows, columns=columns)
    rest = {n: 0 for n in HISTORY.column_names if n not in columns} | {"store": "raw"}
    measured = HISTORY.conform(measured.assign(**rest))
    days = range(7 * 12, -1, -7)
    points = pd.Series(range(13), [week - timedelta(days=n) for n in days])

    figure = growth(dated, measured, forecast_of(points, 20))

    drawn = {line.name: list(line.y) for line in figure.data}
    assert drawn["stored, from object dates"] == [5, 9]
    assert drawn["per row that refers, from object dates"] == [6, 12]
    assert drawn["stored, measured by scans"] == [10]  # an incomplete scan is not
    assert drawn["orphaned, measured by scans"] == [3]
    assert drawn["forecast, probable"][::24] == [12, 24]
    assert drawn["quota"] == [20, 20]
    few = growth(dated, None, forecast_of(points[:8], 20))  # too few to draw more
    assert [line.name for line in few.data][2:] == ["quota"]
    assert [line.name for line in growth(dated).data] == list(drawn)[:2]
    assert len(growth(GROWTH.empty()).data) == 2
