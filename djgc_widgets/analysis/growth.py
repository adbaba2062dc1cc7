"""Objects and measured totals -> growth, and when a quota is reached. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import NormalDist

import numpy as np
import pandas as pd

from djgc_widgets.model import GROWTH, InputError

FEWEST_POINTS = 6
"""A forecast from fewer scans would be a guess."""

_CONFIDENCE = 0.95
_DAY = timedelta(days=1)
_FAR_DAYS = 100 * 365.25


def growth_by_week(objects: pd.DataFrame) -> pd.DataFrame:
    """Reconstruct how the stores grew, from the dates of what they hold today.

    What was deleted since left no date, so the past was fuller than this shows; a date
    is that of the latest change.

    Parameters
    ----------
    objects : DataFrame
        A frame of the objects schema.

    Returns
    -------
    DataFrame
        A frame of the growth schema: a row per week from the first to the last object.

    Examples
    --------
    >>> from djgc_widgets import growth_by_week, open_lab, scan
    >>> with open_lab() as lab:
    ...     s = scan(lab.schema)
    >>> weeks = growth_by_week(s.objects)
    >>> int(weeks["physical_bytes"].iloc[-1]) == s.listed_bytes
    True
    """
    if objects.empty:
        return GROWTH.empty()
    days = objects["modified_at"].dt.floor("D")
    monday = days - pd.to_timedelta(days.dt.day_of_week, unit="D")
    told = pd.DataFrame(
        {
            "week": monday,
            "added_objects": 1,
            "added_bytes": objects["size_bytes"],
            "logical_bytes": objects["size_bytes"] * objects["references"],
        }
    )
    sums = told.groupby("week").sum()
    weeks = pd.date_range(sums.index.min(), sums.index.max(), freq="7D", unit="us")
    sums = sums.reindex(weeks, fill_value=0)
    return GROWTH.conform(
        {
            "week": sums.index,
            "added_objects": sums["added_objects"].to_numpy(),
            "added_bytes": sums["added_bytes"].to_numpy(),
            "physical_bytes": sums["added_bytes"].cumsum().to_numpy(),
            "logical_bytes": sums["logical_bytes"].cumsum().to_numpy(),
        }
    )


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the stored bytes reach a quota, if they go on as they did.

    Parameters
    ----------
    quota_bytes : int
        What is to be reached.
    points : int
        Scans that it rests on.
    since : datetime
        Time of the latest scan.
    level_bytes : float
        Stored bytes at that time.
    bytes_per_day : float
        Growth: the median of the slopes between all pairs of scans.
    slowest, fastest : float
        Interval of the growth, 95 %, in bytes per day.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from djgc_widgets import Forecast
    >>> since = datetime(2026, 1, 1, tzinfo=UTC)
    >>> told = Forecast(200, 6, since, 100.0, 10.0, 5.0, 20.0)
    >>> f"{told.earliest:%d}, {told.reached_at:%d}, {told.latest:%d} January"
    '06, 11, 21 January'
    """

    quota_bytes: int
    points: int
    since: datetime
    level_bytes: float
    bytes_per_day: float
    slowest: float
    fastest: float

    @property
    def reached_at(self) -> datetime | None:
        """When the quota is likely reached; None if that is not in sight."""
        return self._reached(self.bytes_per_day)

    @property
    def earliest(self) -> datetime | None:
        """When it is reached by the fastest growth; None if that is not in sight."""
        return self._reached(self.fastest)

    @property
    def latest(self) -> datetime | None:
        """When it is reached by the slowest growth; None if that is not in sight."""
        return self._reached(self.slowest)

    def ends(self) -> list[tuple[datetime, float]]:
        """Return where lines of slowest, likely and fastest growth end.

        They end at the quota, or at the same time as the last one that reaches it.
        """
        slopes = (self.slowest, self.bytes_per_day, self.fastest)
        reached = [self._reached(slope) for slope in slopes]
        last = max(filter(None, reached), default=self.since + 365 * _DAY)
        return [
            (time, float(self.quota_bytes))
            if time is not None
            else (
                last,
                max(0.0, self.level_bytes + slope * ((last - self.since) / _DAY)),
            )
            for slope, time in zip(slopes, reached, strict=True)
        ]

    def __str__(self) -> str:
        day = "{:%Y-%m-%d}".format
        if self.level_bytes >= self.quota_bytes:
            return f"The quota is reached already, by {self.points} scans."
        if self.reached_at is None and self.earliest is None:
            return f"No quota is in sight, by {self.points} scans."
        likely, first, final = (
            "not in sight" if time is None else day(time)
            for time in (self.reached_at, self.earliest, self.latest)
        )
        return (
            f"The quota is likely reached on {likely} (95 %: {first} to {final}), by "
            f"{self.points} scans."
        )

    def _reached(self, slope: float) -> datetime | None:
        left = self.quota_bytes - self.level_bytes
        if left <= 0:
            return self.since
        if slope <= 0 or left / slope > _FAR_DAYS:
            return None
        return self.since + left / slope * _DAY


def forecast_of(totals: pd.Series, quota_bytes: int) -> Forecast:
    """Say when a growing total reaches a quota.

    The slope is the median of those of all pairs of points, which single odd scans do
    not bend; its interval is that of P. K. Sen, "Estimates of the regression
    coefficient based on Kendall's tau" (1968).

    Parameters
    ----------
    totals : Series of int
        Stored bytes by time, ascending.
    quota_bytes : int
        What is to be reached.

    Raises
    ------
    InputError
        If there are fewer than six points, or the quota is not positive.
    """
    if quota_bytes <= 0:
        raise InputError(f"Expected a quota of some bytes; got {quota_bytes:,}.")
    points = totals.groupby(level=0).last()
    if len(points) < FEWEST_POINTS:
        raise InputError(
            f"Expected at least {FEWEST_POINTS} complete scans to forecast from; got "
            f"{len(points)}. Record more: History(path).record(scan)."
        )
    since = points.index[-1]
    days = ((points.index - since) / _DAY).to_numpy(dtype="float64")
    sizes = points.to_numpy(dtype="float64")
    first, second = np.triu_indices(len(points), 1)
    slopes = np.sort((sizes[second] - sizes[first]) / (days[second] - days[first]))
    count = len(points)
    spread = NormalDist().inv_cdf(0.5 + _CONFIDENCE / 2) * np.sqrt(
        count * (count - 1) * (2 * count + 5) / 18
    )
    low = max(round((len(slopes) - spread) / 2) - 1, 0)
    high = min(round((len(slopes) + spread) / 2), len(slopes) - 1)
    slope = float(np.median(slopes))
    return Forecast(
        quota_bytes=quota_bytes,
        points=count,
        since=since.to_pydatetime(),
        level_bytes=float(sizes[-1]),
        bytes_per_day=slope,
        slowest=float(slopes[low]),
        fastest=float(slopes[high]),
    )
