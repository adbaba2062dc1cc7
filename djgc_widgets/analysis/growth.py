"""Objects -> growth, from their dates. Pure."""

import pandas as pd

from djgc_widgets.model import GROWTH, OBJECTS


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
    OBJECTS.expect(objects, "modified_at", "size_bytes", "n_references")
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
