"""Frames -> plotly figures. Pure: a figure takes a frame, never a connection."""

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
    for status, color in STATUS_COLORS.items():
        rows = summary[summary["status"].eq(status)].set_index("store")
        if rows.empty:
            continue
        sizes = [int(rows["size_bytes"].get(store, 0)) for store in stores]
        figure.add_bar(
            name=STATUS_LABELS[status],
            y=[visible(store) for store in stores],
            x=sizes,
            orientation="h",
            marker={
                "color": color,
                "pattern": {"shape": _PATTERNS[status], "fgopacity": 0.45},
            },
            customdata=[readable_bytes(size) for size in sizes],
            hovertemplate="%{y}: %{customdata} (%{x:,} bytes)",
        )
    totals = summary.groupby("store")["size_bytes"].sum()
    ticks = _ticks(int(totals.max()) if len(totals) else 0)
    figure.update_layout(
        barmode="stack",
        height=max(150, 90 + 36 * len(stores)),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": _NEUTRAL, "size": 12},
        legend={"orientation": "h", "y": -0.25, "traceorder": "normal"},
        xaxis={
            "tickvals": ticks,
            "ticktext": [readable_bytes(tick) for tick in ticks],
            "gridcolor": "rgba(128,136,145,0.25)",
            "zeroline": False,
        },
        yaxis={"automargin": True, "type": "category"},
    )
    return figure


def _ticks(longest: int) -> list[int]:
    """Return at most six round sizes: IEC units are powers of two, so are the steps."""
    step = 1
    while step * _STEPS < longest:
        step *= 2
    return list(range(0, longest + 1, step))
