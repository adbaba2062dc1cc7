"""Objects and measured totals -> growth, and a forecast for a quota. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import NormalDist

import numpy as np
import pandas as pd

from djgc_widgets.model import GROWTH, InputError, plural

FEWEST_POINTS = 6
"""The fewest scans that a forecast is made from."""

_DAY = timedelta(days=1)
_FAR_DAYS = 100 * 365.25


def growth_by_week(objects: pd.DataFrame) -> pd.DataFrame:
    """Reconstruct how the stores grew, from the dates of what they hold today.

    The result, a frame of the growth schema, has a row per week from the first to the
    last object. Deleted objects left no date, so the stores held more than it shows; a
    date is that of the latest change.

    Parameters
    ----------
    objects : DataFrame
        A frame of the objects schema.

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
    rows = pd.DataFrame(
        {
            "week": days - pd.to_timedelta(days.dt.day_of_week, unit="D"),
            "n_added": 1,
            "added_bytes": objects["size_bytes"],
            "logical_bytes": objects["size_bytes"] * objects["n_references"],
        }
    )
    sums = rows.groupby("week").sum()
    weeks = pd.date_range(sums.index.min(), sums.index.max(), freq="7D", unit="us")
    sums = sums.reindex(weeks, fill_value=0).rename_axis("week")
    totals = sums.cumsum()
    sums["physical_bytes"] = totals["added_bytes"]
    sums["logical_bytes"] = totals["logical_bytes"]
    return GROWTH.conform(sums.reset_index())


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the stored bytes reach a quota if they grow as before."""

    quota_bytes: int
    points: int
    """Scans that it is based on."""
    since: datetime
    """Time of the latest scan."""
    level_bytes: float
    """Stored bytes at that time."""
    bytes_per_day: float
    """Growth: the median of the slopes between all pairs of scans."""
    slowest: float
    """Lower end of the 95 % interval of the growth, in bytes per day."""
    fastest: float
    """Its upper end."""

    @property
    def reached_at(self) -> datetime | None:
        """When the quota is probably reached; None if not within 100 years."""
        return self._date_reached(self.bytes_per_day)

    @property
    def earliest(self) -> datetime | None:
        """When the fastest growth reaches it; None if not within 100 years."""
        return self._date_reached(self.fastest)

    @property
    def latest(self) -> datetime | None:
        """When the slowest growth reaches it; None if not within 100 years."""
        return self._date_reached(self.slowest)

    def ends(self) -> list[tuple[datetime, float]]:
        """Return where lines of slowest, probable and fastest growth end.

        They end at the quota, or at the time at which the last of them reaches it.
        """
        slopes = (self.slowest, self.bytes_per_day, self.fastest)
        reached = [self._date_reached(slope) for slope in slopes]
        last = max(filter(None, reached), default=self.since + 365 * _DAY)
        days = (last - self.since) / _DAY
        return [
            (last, max(0.0, self.level_bytes + slope * days))
            if time is None
            else (time, float(self.quota_bytes))
            for slope, time in zip(slopes, reached, strict=True)
        ]

    def __str__(self) -> str:
        never, scans = "not within 100 years", plural(self.points, "scan")
        if self.level_bytes >= self.quota_bytes:
            return f"Quota reached: already ({scans})."
        if self.reached_at is None and self.earliest is None:
            return f"Quota reached: {never} ({scans})."
        probable, first, last = (
            never if time is None else f"{time:%Y-%m-%d}"
            for time in (self.reached_at, self.earliest, self.latest)
        )
        return f"Quota reached: {probable} (95 % interval: {first} to {last}; {scans})."

    def _date_reached(self, slope: float) -> datetime | None:
        left = self.quota_bytes - self.level_bytes
        if left <= 0:
            return self.since
        if slope <= 0 or left / slope > _FAR_DAYS:
            return None
        return self.since + left / slope * _DAY


def forecast_of(totals: pd.Series, quota_bytes: int) -> Forecast:
    """Forecast when stored bytes, a series by ascending time, reach a quota.

    The slope is the median of those of all pairs of points, which resists outliers; its
    interval is that of P. K. Sen, "Estimates of the regression coefficient based on
    Kendall's tau" (1968).
    """
    if quota_bytes <= 0:
        raise InputError(f"Expected a quota above 0 bytes; got {quota_bytes:,}.")
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
    spread = NormalDist().inv_cdf(0.975) * np.sqrt(
        count * (count - 1) * (2 * count + 5) / 18
    )
    low = max(round((len(slopes) - spread) / 2) - 1, 0)
    high = min(round((len(slopes) + spread) / 2), len(slopes) - 1)
    return Forecast(
        quota_bytes=quota_bytes,
        points=count,
        since=since.to_pydatetime(),
        level_bytes=float(sizes[-1]),
        bytes_per_day=float(np.median(slopes)),
        slowest=float(slopes[low]),
        fastest=float(slopes[high]),
    )
