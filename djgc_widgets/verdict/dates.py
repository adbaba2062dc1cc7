"""Objects -> bytes by their age and by the week of their date."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from djgc_widgets.model import AGES, GROWTH, STR

AGE_BINS = (
    ("under 1 day", 0),
    ("1 to 7 days", 1),
    ("7 to 30 days", 7),
    ("30 to 90 days", 30),
    ("90 days to 1 year", 90),
    ("1 to 2 years", 365),
    ("over 2 years", 730),
)
"""Bins of ages: label, and its lower edge in days."""
WEEKS = ["week", "n_added", "added_bytes", "logical_bytes"]


def bytes_by_age(objects: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Add up bytes per age and status: a frame of the ages schema.

    Ages are relative to `now`, an aware time.
    """
    labels = pd.Series(pd.array([label for label, _ in AGE_BINS], dtype=STR))
    days = (pd.Timestamp(now) - objects["modified_at"]).dt.total_seconds() / 86400
    edges = [edge for _, edge in AGE_BINS]
    at = np.searchsorted(edges, days.to_numpy(), side="right") - 1
    at = np.maximum(at, 0)  # a clock that runs ahead
    keys = [objects["status"].to_numpy(), labels.take(at).to_numpy()]
    sums = objects["size_bytes"].groupby(keys).sum()
    return AGES.conform(sums.rename_axis(["status", "age"]).reset_index())


def added_by_week(objects: pd.DataFrame) -> pd.DataFrame:
    """Add up what each week added: ``week``, its Monday, and `WEEKS`."""
    days = objects["modified_at"].dt.floor("D")
    rows = pd.DataFrame(
        {
            "week": days - pd.to_timedelta(days.dt.day_of_week, unit="D"),
            "n_added": 1,
            "added_bytes": objects["size_bytes"],
            "logical_bytes": objects["size_bytes"] * objects["n_references"],
        }
    )
    return rows.groupby("week").sum().reset_index()


def growth_of(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the growth that weeks add up to: a frame of the growth schema."""
    sums = pd.concat(parts).groupby("week").sum()
    if sums.empty:
        return GROWTH.empty()
    weeks = pd.date_range(sums.index.min(), sums.index.max(), freq="7D", unit="us")
    sums = sums.reindex(weeks, fill_value=0).rename_axis("week")
    totals = sums.cumsum()
    sums["physical_bytes"] = totals["added_bytes"]
    sums["logical_bytes"] = totals["logical_bytes"]
    return GROWTH.conform(sums.reset_index())
