"""History and object dates -> the figure of growth. Pure."""

from datetime import timedelta

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
from djgc_widgets.analysis.forecast import Forecast
from djgc_widgets.model import Status

_STEPS_AHEAD = 24
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
        Drawn with its interval, if it has one, and its quota.
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
    step = forecast.observed_days / _STEPS_AHEAD
    ahead = [step * n for n in range(_STEPS_AHEAD + 1)]
    times = [forecast.since + timedelta(days=days) for days in ahead]
    if forecast.slowest is not None:
        lines = zip(*map(forecast.stored_after, ahead), strict=True)
        color = STATUS_COLORS[Status.TRASH]
        dashes = {"fewest": "dot", "probable": "dash", "most": "dashdot"}
        for (name, dash), sizes in zip(dashes.items(), lines, strict=True):
            look = TraceStyle(f"forecast, {name}", color, dash)
            add_line_trace(figure, look, times, list(sizes))
    look = TraceStyle("quota", STATUS_COLORS[Status.YOUNG], "longdash")
    span = [times[0], times[-1]]
    add_line_trace(figure, look, span, [float(forecast.quota_bytes)] * 2)
