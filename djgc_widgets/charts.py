"""Frames -> plotly figures. Pure: a figure takes a frame, never a connection."""

from datetime import datetime

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from djgc_widgets.display import readable_bytes, visible

STATUS_COLORS = {
    "live": "#4c78a8",
    "orphan": "#e8790c",
    "young": "#b79a20",
    "unknown": "#8c959f",
    "trash": "#8250df",
}
"""Colour of each status; a pattern or label goes with it: colour never stands alone."""

STATUS_LABELS = {
    "live": "Referenced",
    "orphan": "Orphaned",
    "young": "Young",
    "unknown": "Unknown",
    "trash": "In trash",
}
_PATTERNS = {"live": "", "orphan": "/", "young": ".", "unknown": "x", "trash": "-"}
_NEUTRAL = (
    "#808891"  # readable on light and dark, since a figure cannot follow the theme
)
_STEPS = 5

AGE_BINS = (
    ("under 1 day", 0),
    ("1 to 7 days", 1),
    ("7 to 30 days", 7),
    ("30 to 90 days", 30),
    ("90 days to 1 year", 90),
    ("1 to 2 years", 365),
    ("over 2 years", 730),
)
"""Bins of the age histogram: label, and its lower edge in days."""


def bytes_by_status(summary: pd.DataFrame) -> go.Figure:
    """Draw the physical bytes of each store, stacked by status.

    Parameters
    ----------
    summary : DataFrame
        A frame of the summary schema.

    Returns
    -------
    plotly.graph_objects.Figure
        One horizontal bar per store, one trace per status that occurs.
    """
    stores = sorted(summary["store"].unique(), reverse=True)
    figure = go.Figure()
    for status in STATUS_COLORS:
        rows = summary[summary["status"].eq(status)].set_index("store")
        if rows.empty:
            continue
        sizes = [int(rows["size_bytes"].get(store, 0)) for store in stores]
        _add_bars(figure, status, [visible(store) for store in stores], sizes)
    totals = summary.groupby("store")["size_bytes"].sum()
    _lay_out(figure, int(totals.max()) if len(totals) else 0, len(stores))
    return figure


def bytes_by_age(objects: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Add up the bytes of each bin of ages and status.

    Parameters
    ----------
    objects : DataFrame
        A frame of the objects schema.
    now : datetime
        Aware time to which ages are counted.

    Returns
    -------
    DataFrame
        A row per bin, by its label; a column per status that occurs, in bytes.
    """
    labels = [label for label, _ in AGE_BINS]
    days = (pd.Timestamp(now) - objects["modified_at"]).dt.total_seconds() / 86400
    edges = [edge for _, edge in AGE_BINS]
    at = np.searchsorted(edges, days.to_numpy(), side="right") - 1
    at = np.maximum(at, 0)  # a clock that runs ahead
    named = pd.Series(pd.array(labels, dtype="str")).take(at)
    told = objects[["status", "size_bytes"]].assign(bin=named.to_numpy())
    sums = told.pivot_table(
        "size_bytes", "bin", "status", aggfunc="sum", fill_value=0, observed=False
    )
    return sums.reindex(labels, fill_value=0)


def age_histogram(objects: pd.DataFrame, now: datetime) -> go.Figure:
    """Draw the bytes per age, stacked by status.

    Parameters
    ----------
    objects : DataFrame
        A frame of the objects schema.
    now : datetime
        Aware time to which ages are counted.

    Returns
    -------
    plotly.graph_objects.Figure
        One horizontal bar per bin, one trace per status that occurs.
    """
    sums = bytes_by_age(objects, now)[::-1]
    figure = go.Figure()
    for status in filter(sums.columns.__contains__, STATUS_COLORS):
        _add_bars(figure, status, list(sums.index), sums[status].tolist())
    _lay_out(figure, int(sums.sum(axis=1).max()), len(sums))
    return figure


def _add_bars(
    figure: go.Figure, status: str, names: list[str], sizes: list[int]
) -> None:
    figure.add_bar(
        name=STATUS_LABELS[status],
        y=names,
        x=sizes,
        orientation="h",
        marker={
            "color": STATUS_COLORS[status],
            "pattern": {"shape": _PATTERNS[status], "fgopacity": 0.45},
        },
        customdata=[readable_bytes(size) for size in sizes],
        hovertemplate="%{y}: %{customdata} (%{x:,} bytes)",
    )


def _lay_out(figure: go.Figure, longest: int, bars: int) -> None:
    ticks = _ticks(longest)
    figure.update_layout(
        barmode="stack",
        height=max(150, 90 + 36 * bars),
        margin={"l": 8, "r": 8, "t": 8, "b": 66},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": _NEUTRAL, "size": 12},
        showlegend=True,
        legend={
            "orientation": "h",
            "traceorder": "normal",
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
        },
        xaxis={
            "tickvals": ticks,
            "ticktext": [readable_bytes(tick) for tick in ticks],
            "gridcolor": "rgba(128,136,145,0.25)",
            "zeroline": False,
        },
        yaxis={"automargin": True, "type": "category"},
    )


def _ticks(longest: int) -> list[int]:
    """Return at most six round sizes: IEC units are powers of two, so are the steps."""
    step = 1
    while step * _STEPS < longest:
        step *= 2
    return list(range(0, longest + 1, step))
