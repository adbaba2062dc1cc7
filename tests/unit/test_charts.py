import pandas as pd

from djgc_widgets.charts import bytes_by_status
from djgc_widgets.frames import SUMMARY


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
