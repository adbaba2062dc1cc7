"""Growth by week, and when a quota is reached."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from djgc_widgets import Forecast, InputError
from djgc_widgets.analysis.growth import FEWEST_POINTS, forecast_of, growth_by_week
from djgc_widgets.model.frames import GROWTH, OBJECTS

START = pd.Timestamp("2026-01-01T00:00Z")
DAY = timedelta(days=1)


def stored(*rows: tuple[str, int, int]) -> pd.DataFrame:
    """Objects by date, bytes and rows that refer."""
    dates, sizes, references = zip(*rows, strict=True)
    columns: dict[str, object] = {name: [None] * len(rows) for name in OBJECTS.names}
    columns |= {"files": 1, "is_dir": False, "references": references}
    columns |= {"modified_at": pd.to_datetime(dates, utc=True), "size_bytes": sizes}
    return OBJECTS.conform(columns)


def totals(sizes: list[float], days: float = 7) -> pd.Series:
    times = pd.DatetimeIndex([START + n * days * DAY for n in range(len(sizes))])
    return pd.Series(sizes, times)


def test_each_week_has_what_it_added_and_all_before_it() -> None:
    objects = stored(
        ("2026-11-01T23:59Z", 1, 1),  # a Sunday
        ("2026-11-02T00:00Z", 2, 3),  # a Monday
        ("2026-11-08T12:00Z", 4, 0),
        ("2026-11-17T00:00Z", 8, 2),
    )

    weeks = growth_by_week(objects)

    assert weeks["week"].dt.strftime("%m-%d").tolist() == [
        "10-26",
        "11-02",
        "11-09",
        "11-16",
    ]
    assert weeks["added_objects"].tolist() == [1, 2, 0, 1]
    assert weeks["added_bytes"].tolist() == [1, 6, 0, 8]
    assert weeks["physical_bytes"].tolist() == [1, 7, 7, 15]
    assert weeks["logical_bytes"].tolist() == [1, 7, 7, 23]


def test_an_empty_store_has_not_grown() -> None:
    weeks = growth_by_week(OBJECTS.empty())

    pd.testing.assert_frame_equal(weeks, GROWTH.empty())


def test_steady_growth_is_told_to_the_day() -> None:
    told = forecast_of(totals([100, 107, 114, 121, 128, 135]), quota_bytes=170)

    assert told.bytes_per_day == told.slowest == told.fastest == 1
    assert told.since == START + 35 * DAY
    assert told.level_bytes == 135
    assert told.reached_at == told.earliest == told.latest == START + 70 * DAY
    assert str(told) == (
        "The quota is likely reached on 2026-03-12 (95 %: 2026-03-12 to 2026-03-12), "
        "by 6 scans."
    )


def test_one_odd_scan_does_not_bend_the_line() -> None:
    sizes = [float(n) for n in range(100, 120)]
    plain, odd = totals(sizes), totals([*sizes[:10], 9_000, *sizes[11:]])

    told = forecast_of(odd, 200)

    assert told.bytes_per_day == pytest.approx(forecast_of(plain, 200).bytes_per_day)
    assert told.level_bytes == pytest.approx(119, abs=0.1)


def test_the_interval_is_that_of_sen() -> None:
    times = [1, 2, 3, 4, 10, 12, 18]
    values = [9, 15, 19, 20, 45, 55, 78]
    points = pd.Series(values, pd.DatetimeIndex([START + n * DAY for n in times]))

    told = forecast_of(points, 100)

    assert told.bytes_per_day == pytest.approx(4.0)
    assert told.slowest < 4.0 < told.fastest
    slopes = [
        (values[b] - values[a]) / (times[b] - times[a])
        for a in range(7)
        for b in range(a + 1, 7)
    ]
    # Kendall's S has a variance of 7 * 6 * 19 / 18: the 4th and the 18th of 21 slopes
    assert (told.slowest, told.fastest) == (sorted(slopes)[3], sorted(slopes)[17])


def test_fewer_than_six_points_are_a_guess() -> None:
    with pytest.raises(InputError, match=r"at least 6 complete scans .* got 5"):
        forecast_of(totals([1.0] * (FEWEST_POINTS - 1)), 10)
    twice = pd.concat([totals([1.0] * 5), totals([1.0] * 5)])
    with pytest.raises(InputError, match="got 5"):
        forecast_of(twice.sort_index(), 10)
    with pytest.raises(InputError, match="Expected a quota"):
        forecast_of(totals([1.0] * 6), 0)


def test_what_shrinks_or_rests_reaches_nothing() -> None:
    for sizes in ([5.0] * 6, [9.0, 8, 7, 6, 5, 4]):
        told = forecast_of(totals(sizes), 10)

        assert told.reached_at is told.earliest is told.latest is None
        assert str(told) == "No quota is in sight, by 6 scans."
        last = {time for time, _ in told.ends()}
        assert last == {told.since + 365 * DAY}


def test_a_quota_that_is_exceeded_is_reached_now() -> None:
    told = forecast_of(totals([5.0, 6, 7, 8, 9, 10]), 7)

    assert told.reached_at == told.since
    assert str(told) == "The quota is reached already, by 6 scans."
    purged = forecast_of(totals([*range(1000, 1018), 10]), 900)
    assert purged.level_bytes == 10
    assert purged.reached_at > purged.since


@given(
    st.lists(st.integers(0, 10**15), min_size=6, max_size=30),
    st.integers(1, 10**16),
)
def test_slow_is_never_faster_than_fast(sizes: list[int], quota: int) -> None:
    told = forecast_of(totals([float(size) for size in sizes]), quota)

    assert isinstance(told, Forecast)
    assert told.slowest <= told.bytes_per_day <= told.fastest
    far = told.since + 10**6 * DAY
    reached = [told.latest or far, told.reached_at or far, told.earliest or far]
    assert reached == sorted(reached, reverse=True)
    assert all(np.isfinite(size) and size >= 0 for _, size in told.ends())
