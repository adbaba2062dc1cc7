"""When a quota is reached: honest intervals, or none."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_growth import KINDS, labs

from djgc_widgets import Forecast, InputError
from djgc_widgets.analysis.forecast import FEWEST_POINTS, forecast_of

START = pd.Timestamp("2026-01-01T00:00Z")
DAY = timedelta(days=1)


def totals(sizes: list[float], days: float = 7) -> pd.Series:
    times = pd.DatetimeIndex([START + n * days * DAY for n in range(len(sizes))])
    return pd.Series(sizes, times)


def held(forecast: Forecast, growth: float) -> bool:
    assert forecast.slowest is not None
    assert forecast.fastest is not None
    return forecast.slowest <= growth <= forecast.fastest


@pytest.mark.parametrize("purged", [False, True], ids=["kept", "purged"])
@pytest.mark.parametrize(
    ("kind", "rhythm", "n_days"),
    [
        *((kind, "weekly", 364) for kind in KINDS),
        *(("campaigns", rhythm, 540) for rhythm in ("irregular", "monthly")),
        *(("sessions", rhythm, 120) for rhythm in ("daily", "weekly")),
    ],
)
def test_the_interval_holds_the_true_growth_of_nearly_every_simulated_lab(
    kind: str, rhythm: str, n_days: int, *, purged: bool
) -> None:
    simulated = labs(kind, rhythm, n_days, purged=purged, seed=n_days)

    forecasts = [(forecast_of(stored, 10**15), growth) for stored, growth in simulated]

    share = np.mean([held(*pair) for pair in forecasts])
    assert 0.90 <= share <= 0.99
    ratios = [forecast.bytes_per_day / growth for forecast, growth in forecasts]
    assert np.mean(ratios) == pytest.approx(1, abs=0.1)  # neither too low nor too high


def test_a_forecast_is_not_further_ahead_than_its_scans_look_back() -> None:
    sizes = [float(n) for n in range(100, 120)]

    near, far = forecast_of(totals(sizes), 137), forecast_of(totals(sizes), 139)

    assert near.reached_at is not None
    assert abs(near.reached_at - near.since - 126 * DAY) < DAY
    assert far.reached_at is far.earliest is far.latest is None
    assert str(far) == "Quota reached: not within 133 days (20 scans in 133 days)."
    assert str(near).startswith("Quota reached: 2026-09-1")
    assert "(95 % interval: 2026-09-1" in str(near)


def test_the_interval_gets_wider_with_time() -> None:
    stored, _ = next(labs("sessions", "weekly", 364, purged=False, seed=1))
    forecast = forecast_of(stored, 10**15)

    few, probable, most = zip(
        *map(forecast.stored_after, range(0, 364, 7)), strict=True
    )

    assert few[0] == probable[0] == most[0] == forecast.level_bytes
    assert (np.diff(np.subtract(most, few)) > 0).all()
    assert (np.diff(few) >= 0).all()
    assert few[-1] < probable[-1] < most[-1]


def test_a_date_lies_between_the_earliest_and_the_latest() -> None:
    stored, growth = next(labs("sessions", "weekly", 364, purged=False, seed=1))
    forecast = forecast_of(stored, int(stored.iloc[-1] + 150 * growth))

    assert forecast.earliest is not None
    assert forecast.reached_at is not None
    assert forecast.latest is not None
    assert forecast.earliest < forecast.reached_at < forecast.latest
    assert forecast.latest - forecast.since < 364 * DAY


def test_a_purge_is_no_negative_growth() -> None:
    sizes, late = np.arange(100.0, 140.0), np.arange(40) >= 20
    large, small = totals(list(sizes - 90 * late)), totals(list(sizes - 0.5 * late))

    forecasts = [
        forecast_of(totals(list(sizes)), 200),
        forecast_of(large, 200),
        forecast_of(large, 200, totals(list(91.0 - 90 * late))),
        forecast_of(small, 200, totals(list(1.0 - 0.5 * late))),
    ]

    growth = [forecast.bytes_per_day for forecast in forecasts]
    assert growth == pytest.approx([1 / 7] * 4)


@pytest.mark.parametrize(
    "points",
    [
        totals([100, 107, 114, 121, 128, 135]),
        totals([float(n) for n in range(10)]),
        totals([float(n) for n in range(60)], days=1),
        totals([5.0] * 60),
        totals([float(-n) for n in range(60)]),
    ],
    ids=["six scans", "ten scans", "two months", "no growth", "only purges"],
)
def test_without_an_honest_interval_there_is_none_and_no_date(
    points: pd.Series,
) -> None:
    forecast = forecast_of(points, 170)

    assert forecast.slowest is forecast.fastest is None
    assert forecast.reached_at is forecast.earliest is forecast.latest is None
    assert str(forecast).startswith("Quota reached: not known (")
    assert "needs growth in at least 10 intervals" in str(forecast)


def test_fewer_than_six_points_make_no_forecast() -> None:
    with pytest.raises(InputError, match=r"at least 6 complete scans .* got 5"):
        forecast_of(totals([1.0] * (FEWEST_POINTS - 1)), 10)
    twice = pd.concat([totals([1.0] * 5), totals([1.0] * 5)])
    with pytest.raises(InputError, match="got 5"):
        forecast_of(twice.sort_index(), 10)
    with pytest.raises(InputError, match="Expected a quota"):
        forecast_of(totals([1.0] * 6), 0)


def test_a_quota_that_is_exceeded_is_reached_now() -> None:
    forecast = forecast_of(totals([5.0, 6, 7, 8, 9, 10]), 7)

    assert forecast.reached_at == forecast.since
    assert str(forecast) == "Quota reached: already (6 scans in 35 days)."


@given(
    st.lists(st.integers(0, 10**15), min_size=6, max_size=30), st.integers(1, 10**16)
)
def test_slow_is_never_faster_than_fast(sizes: list[int], quota: int) -> None:
    forecast = forecast_of(totals([float(size) for size in sizes]), quota)

    if forecast.slowest is not None and forecast.fastest is not None:
        assert forecast.slowest <= forecast.bytes_per_day <= forecast.fastest
    far = forecast.since + 10**6 * DAY
    times = (forecast.latest, forecast.reached_at, forecast.earliest)
    reached = [time or far for time in times]
    assert reached == sorted(reached, reverse=True)
    assert all(np.isfinite(forecast.stored_after(forecast.observed_days)))
