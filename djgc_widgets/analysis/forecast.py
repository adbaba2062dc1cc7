"""Measured totals -> when a quota is reached, with an honest interval or none. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, hypot, sqrt
from statistics import NormalDist

import numpy as np
import pandas as pd

from djgc_widgets.analysis.arguments import expect_quota
from djgc_widgets.model import InputError, plural

FEWEST_POINTS = 6
"""The fewest scans that a forecast is made from."""

FEWEST_INTERVALS = 10
SHORTEST_DAYS = 84
"""With fewer intervals between scans, or over a shorter time, no interval is given: for
simulated labs it would hold the true growth too rarely."""

_DAY = timedelta(days=1)
_BATCHES = 6
"""Pieces of the observed time that are compared with each other. They are long, since
what a lab does on one day depends on the days before."""
_LEVEL = 0.96
"""Nominal; of labs that grow in bursts, 90 to 99 % were held in simulations."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the stored bytes reach a quota if they grow as before and nothing is purged.

    It never looks further ahead than its scans look back.
    """

    quota_bytes: int
    points: int
    """Scans that it is based on."""
    since: datetime
    """Time of the latest scan."""
    level_bytes: float
    """Stored bytes at that time."""
    observed_days: float
    """Time from the first scan to the latest; the forecast looks as far ahead."""
    bytes_per_day: float
    """Growth: the mean, without what was removed."""
    slowest: float | None
    """Lower end of the 95 % interval of the growth, in bytes per day; None if the scans
    are too few, their time is too short, or nothing was added."""
    fastest: float | None
    """Its upper end."""
    chance_bytes: float
    """How many bytes the growth of one day varies by; of n days, sqrt(n) times that."""

    @property
    def reached_at(self) -> datetime | None:
        """When the quota is probably reached; None if that cannot be told."""
        return self._date_reached(1)

    @property
    def earliest(self) -> datetime | None:
        """Begin of the 95 % interval of that date; None if it cannot be told."""
        return self._date_reached(2)

    @property
    def latest(self) -> datetime | None:
        """End of that interval; None if it cannot be told."""
        return self._date_reached(0)

    def stored_after(self, days: float) -> tuple[float, float, float]:
        """Return how many bytes are stored after some days: fewest, probable, most.

        The interval from fewest to most gets wider with time. Without an interval of
        the growth, all three are probable.
        """
        probable = self.level_bytes + self.bytes_per_day * days
        if self.slowest is None or self.fastest is None:
            return probable, probable, probable
        chance = self.chance_bytes * sqrt(days)
        fewer = hypot((self.bytes_per_day - self.slowest) * days, chance)
        more = hypot((self.fastest - self.bytes_per_day) * days, chance)
        return max(self.level_bytes, probable - fewer), probable, probable + more

    def __str__(self) -> str:
        basis = f"{plural(self.points, 'scan')} in {self.observed_days:.0f} days"
        if self.level_bytes >= self.quota_bytes:
            return f"Quota reached: already ({basis})."
        if self.slowest is None:
            return (
                f"Quota reached: not known ({basis}; a date needs growth in at least "
                f"{FEWEST_INTERVALS} intervals between scans, over {SHORTEST_DAYS} "
                "days)."
            )
        never = f"not within {self.observed_days:.0f} days"
        if self.earliest is None:
            return f"Quota reached: {never} ({basis})."
        probable, first, last = (
            never if time is None else f"{time:%Y-%m-%d}"
            for time in (self.reached_at, self.earliest, self.latest)
        )
        return f"Quota reached: {probable} (95 % interval: {first} to {last}; {basis})."

    def _date_reached(self, which: int) -> datetime | None:
        """Return when fewest, probable or most bytes reach the quota."""
        if self.level_bytes >= self.quota_bytes:
            return self.since
        if self.slowest is None:
            return None

        def reached(days: float) -> bool:
            return self.stored_after(days)[which] >= self.quota_bytes

        days = _first(reached, self.observed_days)
        return None if days is None else self.since + days * _DAY


def forecast_of(
    totals: pd.Series, quota_bytes: int, trash: pd.Series | None = None
) -> Forecast:
    """Forecast when stored bytes reach a quota.

    What a purge removes is no negative growth: an interval between two scans in which
    the total fell is left out, and what left the trash is added to the others. The
    growth is the mean over the rest. Its interval comes from the variation between long
    pieces of the time, by Student's distribution on a logarithmic scale, since growth
    in bursts is skewed.

    Parameters
    ----------
    totals : Series
        Stored bytes by ascending, aware time.
    quota_bytes : int
        The quota.
    trash : Series, optional
        Of these, the bytes in the trash, by the same times.
    """
    expect_quota(quota_bytes)
    points = totals.groupby(level=0).last()
    if len(points) < FEWEST_POINTS:
        raise InputError(
            f"Expected at least {FEWEST_POINTS} complete scans to forecast from; got "
            f"{len(points)}. Record more: History(path).record(scan)."
        )
    days = ((points.index - points.index[0]) / _DAY).to_numpy(dtype="float64")
    added = np.diff(points.to_numpy(dtype="float64"))
    if trash is not None:
        kept = trash.groupby(level=0).last().to_numpy(dtype="float64")
        added += np.maximum(-np.diff(kept), 0)
    grew = added >= 0
    growth = _growth(np.diff(days)[grew], added[grew])
    return Forecast(
        quota_bytes,
        len(points),
        points.index[-1].to_pydatetime(),
        float(points.iloc[-1]),
        float(days[-1]),
        *growth,
    )


def _growth(
    lengths: np.ndarray, added: np.ndarray
) -> tuple[float, float | None, float | None, float]:
    """Return mean, lower and upper end of the growth, and the chance of one day.

    `lengths` has the intervals' lengths in days, `added` the bytes that each added.
    """
    observed, total = float(lengths.sum()), float(added.sum())
    mean = total / observed if observed else 0.0
    if len(added) < FEWEST_INTERVALS or observed < SHORTEST_DAYS or not total:
        return mean, None, None, 0.0
    middles = (np.cumsum(lengths) - lengths / 2) / observed
    batch = np.minimum((middles * _BATCHES).astype(int), _BATCHES - 1)
    spans = np.bincount(batch, lengths, _BATCHES)
    sums = np.bincount(batch, added, _BATCHES)
    spans, sums = spans[spans > 0], sums[spans > 0]
    freedom = len(spans) - 1
    variance = float(((sums - mean * spans) ** 2 / spans).sum()) / freedom
    quantile = _student_quantile(0.5 + _LEVEL / 2, freedom)
    factor = exp(quantile * sqrt(variance / observed) / mean)
    return mean, mean / factor, mean * factor, quantile * sqrt(variance)


def _student_quantile(probability: float, freedom: int) -> float:
    """Return a quantile of Student's distribution, by its Cornish-Fisher expansion."""
    z = NormalDist().inv_cdf(probability)
    return float(
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def _first(holds: Callable[[float], bool], limit: float) -> float | None:
    """Return from which value on something holds, up to a limit."""
    if not holds(limit):
        return None
    low, high = 0.0, limit
    while high - low > 1e-6 * limit:
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
