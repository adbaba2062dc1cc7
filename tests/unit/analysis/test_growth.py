"""Growth by week, and when a quota is reached."""

from datetime import timedelta
from itertools import combinations

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
    columns: dict[str, object] = {
        name: [None] * len(rows) for name in OBJECTS.column_names
    }
    columns |= {"n_files": 1, "is_dir": False, "n_references": references}
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

    days = weeks["week"].dt.strftime("%m-%d").tolist()
    assert days == ["10-26", "11-02", "11-09", "11-16"]
    assert weeks["n_added"].tolist() == [1, 2, 0, 1]
    assert weeks["added_bytes"].tolist() == [1, 6, 0, 8]
    assert weeks["physical_bytes"].tolist() == [1, 7, 7, 15]
    assert weeks["logical_bytes"].tolist() == [1, 7, 7, 23]


def test_an_empty_store_has_not_grown() -> None:
    weeks = growth_by_week(OBJECTS.empty())

    pd.testing.assert_frame_equal(weeks, GROWTH.empty())


def test_steady_growth_is_forecast_to_the_day() -> None:
    forecast = forecast_of(totals([100, 107, 114, 121, 128, 135]), quota_bytes=170)

    assert forecast.bytes_per_day == forecast.slowest == forecast.fastest == 1
    assert forecast.since == START + 35 * DAY
    assert forecast.level_bytes == 135
    reached = START + 70 * DAY
    assert forecast.reached_at == forecast.earliest == forecast.latest == reached
    assert str(forecast) == (
        "Quota reached: 2026-03-12 (95 % interval: 2026-03-12 to 2026-03-12; 6 scans)."
    )


def test_one_outlier_does_not_change_the_slope() -> None:
    sizes = [float(n) for n in range(100, 120)]
    plain, odd = totals(sizes), totals([*sizes[:10], 9_000, *sizes[11:]])

    forecast, expected = forecast_of(odd, 200), forecast_of(plain, 200)

    assert forecast.bytes_per_day == pytest.approx(expected.bytes_per_day)
    assert forecast.level_bytes == pytest.approx(119, abs=0.1)


def test_the_interval_is_that_of_sen() -> None:
    times = [1, 2, 3, 4, 10, 12, 18]
    values = [9, 15, 19, 20, 45, 55, 78]
    points = pd.Series(values, pd.DatetimeIndex([START + n * DAY for n in times]))

    forecast = forecast_of(points, 100)

    assert forecast.bytes_per_day == pytest.approx(4.0)
    assert forecast.slowest < 4.0 < forecast.fastest
    pairs = combinations(zip(times, values, strict=True), 2)
    slopes = sorted((after - before) / (t2 - t1) for (t1, before), (t2, after) in pairs)
    # Kendall's S has a variance of 7 * 6 * 19 / 18: the 4th and the 18th of 21 slopes
    assert (forecast.slowest, forecast.fastest) == (slopes[3], slopes[17])


def test_fewer_than_six_points_make_no_forecast() -> None:
    with pytest.raises(InputError, match=r"at least 6 complete scans .* got 5"):
        forecast_of(totals([1.0] * (FEWEST_POINTS - 1)), 10)
    twice = pd.concat([totals([1.0] * 5), totals([1.0] * 5)])
    with pytest.raises(InputError, match="got 5"):
        forecast_of(twice.sort_index(), 10)
    with pytest.raises(InputError, match="Expected a quota"):
        forecast_of(totals([1.0] * 6), 0)


def test_without_growth_no_quota_is_reached() -> None:
    for sizes in ([5.0] * 6, [9.0, 8, 7, 6, 5, 4]):
        forecast = forecast_of(totals(sizes), 10)

        assert forecast.reached_at is forecast.earliest is forecast.latest is None
        assert str(forecast) == "Quota reached: not within 100 years (6 scans)."
        assert {time for time, _ in forecast.ends()} == {forecast.since + 365 * DAY}


def test_a_quota_that_is_exceeded_is_reached_now() -> None:
    forecast = forecast_of(totals([5.0, 6, 7, 8, 9, 10]), 7)

    assert forecast.reached_at == forecast.since
    assert str(forecast) == "Quota reached: already (6 scans)."
    purged = forecast_of(totals([*range(1000, 1018), 10]), 900)
    assert purged.level_bytes == 10
    assert purged.reached_at > purged.since


@given(
    st.lists(st.integers(0, 10**15), min_size=6, max_size=30), st.integers(1, 10**16)
)
def test_slow_is_never_faster_than_fast(sizes: list[int], quota: int) -> None:
    forecast = forecast_of(totals([float(size) for size in sizes]), quota)

    assert isinstance(forecast, Forecast)
    assert forecast.slowest <= forecast.bytes_per_day <= forecast.fastest
    far = forecast.since + 10**6 * DAY
    times = (forecast.latest, forecast.reached_at, forecast.earliest)
    reached = [time or far for time in times]
    assert reached == sorted(reached, reverse=True)
    assert all(np.isfinite(size) and size >= 0 for _, size in forecast.ends())
