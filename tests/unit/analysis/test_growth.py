"""Growth by week."""

import pandas as pd

from djgc_widgets.analysis.growth import growth_by_week
from djgc_widgets.model.frames import GROWTH, OBJECTS


def stored(*rows: tuple[str, int, int]) -> pd.DataFrame:
    """Objects by date, bytes and rows that refer."""
    dates, sizes, references = zip(*rows, strict=True)
    columns: dict[str, object] = {
        name: [None] * len(rows) for name in OBJECTS.column_names
    }
    columns |= {"n_files": 1, "is_dir": False, "n_references": references}
    columns |= {"modified_at": pd.to_datetime(dates, utc=True), "size_bytes": sizes}
    return OBJECTS.conform(columns)


def test_each_week_has_what_it_added_and_all_before_it() -> None:
    objects = stored(
        ("2026-11-01T23:59Z", 1, 1),  # a Sunday
        ("2026-11-02T00:00Z", 2, 3),  # a Monday
        ("2026-11-08T12:00Z", 4, 0),
        ("2026-11-17T00:00Z", 8, 2),
    )

    weeks = growth_by_week(objects)

    days = weeks["week"].dt.strftime("%m-%d").tolist()
    assert days == ["10-26", "11-02", "11-09", "11-16"]
    assert weeks["n_added"].tolist() == [1, 2, 0, 1]
    assert weeks["added_bytes"].tolist() == [1, 6, 0, 8]
    assert weeks["physical_bytes"].tolist() == [1, 7, 7, 15]
    assert weeks["logical_bytes"].tolist() == [1, 7, 7, 23]


def test_an_empty_store_has_not_grown() -> None:
    weeks = growth_by_week(OBJECTS.empty())

    pd.testing.assert_frame_equal(weeks, GROWTH.empty())
