"""History and object dates -> the figure of growth. Pure."""

import pandas as pd
import plotly.graph_objects as go

from djgc_widgets.analysis.figure_style import (
    LOGICAL,
    NEUTRAL,
    STATUS_COLORS,
    Look,
    add_line,
    lay_out,
    most,
)
from djgc_widgets.analysis.growth import Forecast

_HEIGHT_BARS = 10  # it is as high as a figure of ten bars
_RECONSTRUCTED = (
    ("physical_bytes", Look("stored, from object dates", NEUTRAL, "dot")),
    ("logical_bytes", Look("per row that refers, from object dates", LOGICAL, "dot")),
)
_MEASURED = (
    (
        "stored_bytes",
        Look("stored, measured by scans", STATUS_COLORS["live"], "", "lines+markers"),
    ),
    (
        "orphan_bytes",
        Look(
            "orphaned, measured by scans", STATUS_COLORS["orphan"], "", "lines+markers"
        ),
    ),
)


def growth(
    reconstructed: pd.DataFrame,
    measured: pd.DataFrame | None = None,
    forecast: Forecast | None = None,
) -> go.Figure:
    """Draw how the stored bytes grew, and when a quota will be reached.

    Parameters
    ----------
    reconstructed : DataFrame
        A frame of the growth schema: from the dates of what is stored today. What was
        deleted since is not in it.
    measured : DataFrame, optional
        A frame of the history schema: what complete scans found at their time.
    forecast : Forecast, optional
        Drawn with its interval and its quota.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace per line, named for what it is.
    """
    figure, tops = go.Figure(), [0]
    for column, look in _RECONSTRUCTED:
        sizes = reconstructed[column]
        add_line(figure, look, list(reconstructed["week"]), sizes.tolist())
        tops.append(most(sizes))
    if measured is not None:
        scans = measured[measured["complete"]].groupby("scanned_at")
        for column, look in _MEASURED:
            sums = scans[column].sum()
            add_line(figure, look, list(sums.index), sums.tolist())
            tops.append(most(sums))
    if forecast is not None:
        _add_forecast(figure, forecast)
        tops.append(forecast.quota_bytes)
    lay_out(figure, max(tops), _HEIGHT_BARS, "y")
    return figure


def _add_forecast(figure: go.Figure, forecast: Forecast) -> None:
    ends = forecast.ends()
    start, color = (forecast.since, forecast.level_bytes), STATUS_COLORS["trash"]
    dashes = {"slowest": "dot", "likely": "dash", "fastest": "dashdot"}
    for (name, dash), end in zip(dashes.items(), ends, strict=True):
        look = Look(f"forecast, {name}", color, dash)
        (first, level), (last, size) = start, end
        add_line(figure, look, [first, last], [level, size])
    span = [forecast.since, max(time for time, _ in ends)]
    quota = [float(forecast.quota_bytes)] * 2
    add_line(figure, Look("quota", STATUS_COLORS["young"], "longdash"), span, quota)
