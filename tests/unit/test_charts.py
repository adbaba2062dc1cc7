import pandas as pd

from djgc_widgets.charts import age_histogram, bytes_by_age, bytes_by_status
from djgc_widgets.frames import OBJECTS, SUMMARY


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
