"""History and object dates -> the figure of growth. Pure."""

import pandas as pd
import plotly.graph_objects as go

from djgc_widgets.analysis.figure_style import (
    LOGICAL,
    NEUTRAL,
    STATUS_COLORS,
    TraceStyle,
    add_line_trace,
    biggest_size,
    lay_out_figure,
)
from djgc_widgets.analysis.growth import Forecast
from djgc_widgets.model import Status

_RECONSTRUCTED = {
    "physical_bytes": TraceStyle("stored, from object dates", NEUTRAL, "dot"),
    "logical_bytes": TraceStyle(
        "per row that refers, from object dates", LOGICAL, "dot"
    ),
}
_MEASURED = {
    "stored_bytes": ("stored, measured by scans", Status.LIVE),
    "orphan_bytes": ("orphaned, measured by scans", Status.ORPHAN),
}


def growth(
    reconstructed: pd.DataFrame,
    measured: pd.DataFrame | None = None,
    forecast: Forecast | None = None,
) -> go.Figure:
    """Draw how the stored bytes grew, and a forecast for a quota.

    Parameters
    ----------
    reconstructed : DataFrame
        A frame of the growth schema: from the dates of what is stored today, without
        what was deleted since.
    measured : DataFrame, optional
        A frame of the history schema; only complete scans are drawn.
    forecast : Forecast, optional
        Drawn with its interval and its quota.
    """
    figure, tops = go.Figure(), [0]
    for column, look in _RECONSTRUCTED.items():
        sizes = reconstructed[column]
        add_line_trace(figure, look, list(reconstructed["week"]), sizes.tolist())
        tops.append(biggest_size(sizes))
    if measured is not None:
        scans = measured[measured["complete"]].groupby("scanned_at")
        for column, (name, status) in _MEASURED.items():
            look = TraceStyle(name, STATUS_COLORS[status], "", "lines+markers")
            sums = scans[column].sum()
            add_line_trace(figure, look, list(sums.index), sums.tolist())
            tops.append(biggest_size(sums))
    if forecast is not None:
        _add_forecast(figure, forecast)
        tops.append(forecast.quota_bytes)
    lay_out_figure(figure, max(tops), bars=10, sized="y")
    return figure


def _add_forecast(figure: go.Figure, forecast: Forecast) -> None:
    ends = forecast.ends()
    start, color = (forecast.since, forecast.level_bytes), STATUS_COLORS[Status.TRASH]
    dashes = {"slowest": "dot", "probable": "dash", "fastest": "dashdot"}
    for (name, dash), end in zip(dashes.items(), ends, strict=True):
        look = TraceStyle(f"forecast, {name}", color, dash)
        (first, level), (last, size) = start, end
        add_line_trace(figure, look, [first, last], [level, size])
    look = TraceStyle("quota", STATUS_COLORS[Status.YOUNG], "longdash")
    span = [forecast.since, max(time for time, _ in ends)]
    add_line_trace(figure, look, span, [float(forecast.quota_bytes)] * 2)
