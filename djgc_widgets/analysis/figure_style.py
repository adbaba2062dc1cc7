"""How every figure looks: bars, lines, axes. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go

from djgc_widgets.model import STATUS_LABELS, Status, readable_bytes, safe

STATUS_COLORS = {
    Status.LIVE: "#4c78a8",
    Status.ORPHAN: "#e8790c",
    Status.YOUNG: "#b79a20",
    Status.UNKNOWN: "#8c959f",
    Status.TRASH: "#8250df",
    Status.HIDDEN: "#57606a",
}
"""Color of each status; a pattern or label goes with it."""

_PATTERNS = dict(zip(Status, ("", "/", ".", "x", "-", "+"), strict=True))
NEUTRAL = "#757b83"  # as readable on light as on dark: a figure cannot follow the theme
GRID_LINES = {"gridcolor": "rgba(128,136,145,0.25)", "zeroline": False}
"""Part of the layout of an axis."""
LOGICAL = "#72b7b2"
"""Color of bytes that are counted once per row that refers."""


class TraceStyle(NamedTuple):
    """How a trace looks."""

    name: str
    color: str
    pattern: str = ""
    """Of bars, or the dash of lines."""
    mode: str = "lines"


def status_look(status: Status) -> TraceStyle:
    """Return how a status looks in every figure."""
    return TraceStyle(STATUS_LABELS[status], STATUS_COLORS[status], _PATTERNS[status])


def add_bar_trace(
    figure: go.Figure, look: TraceStyle, labels: Sequence[str], sizes: Sequence[int]
) -> None:
    """Add a trace of horizontal bars, in bytes."""
    figure.add_bar(
        name=look.name,
        y=[str(safe(label)) for label in labels],
        x=sizes,
        orientation="h",
        marker={
            "color": look.color,
            "line": {"width": 0},
            "pattern": {
                "shape": look.pattern,
                "fillmode": "overlay",
                "fgcolor": "#fff",
                "fgopacity": 0.45,
            },
        },
        customdata=[readable_bytes(size) for size in sizes],
        hovertemplate="%{y}: %{customdata} (%{x:,} bytes)",
    )


def add_line_trace(
    figure: go.Figure,
    look: TraceStyle,
    times: Sequence[datetime],
    sizes: Sequence[float],
) -> None:
    """Add a line over time, in bytes."""
    figure.add_scatter(
        name=look.name,
        x=times,
        y=sizes,
        mode=look.mode,
        line={"color": look.color, "dash": look.pattern or "solid"},
        customdata=[readable_bytes(int(size)) for size in sizes],
        hovertemplate="%{x|%Y-%m-%d}: %{customdata} (%{y:,.0f} bytes)",
    )


def lay_out_figure(
    figure: go.Figure, longest: int, bars: int, sized: str = "x"
) -> None:
    """Give a figure its axes, and a height for some bars.

    The axis of the bytes, `sized`, is ``x`` or ``y`` and ends at `longest`.
    """
    ticks = _ticks(longest)
    sizes = {
        "tickvals": ticks,
        "ticktext": [readable_bytes(tick) for tick in ticks],
        **GRID_LINES,
        "range": [0, 1.05 * longest or 1],
    }
    others: dict[str, object] = {"automargin": True, "showgrid": False}
    if sized == "x":
        others["type"] = "category"
    figure.update_layout(
        **transparent_layout(max(150, 90 + 36 * bars)),
        **legend_below(),
        barmode="stack",
        xaxis=sizes if sized == "x" else others,
        yaxis=others if sized == "x" else {**sizes, "automargin": True},
    )


def legend_below() -> dict[str, object]:
    """Return the layout of a legend below the figure, and of the margins around."""
    return {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 66},
        "showlegend": True,
        "legend": {
            "orientation": "h",
            "traceorder": "normal",
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
        },
    }


def transparent_layout(height: int) -> dict[str, object]:
    """Return the layout of every figure; its background is that of the page."""
    return {
        "height": height,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": NEUTRAL, "size": 12},
    }


def biggest_size(sizes: pd.Series) -> int:
    """Return the largest size; 0 if there is none."""
    return int(sizes.max()) if len(sizes) else 0


def _ticks(longest: int) -> list[int]:
    """Return at most six ticks, a power of two apart, as IEC units are."""
    step = 1
    while step * 5 < longest:
        step *= 2
    return list(range(0, longest + 1, step))
