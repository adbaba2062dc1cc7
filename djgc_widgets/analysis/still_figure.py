"""Figures without a script, for what is mailed: bars of HTML, and lines of SVG."""

from collections.abc import Iterator, Sequence

import pandas as pd
import plotly.graph_objects as go
from markupsafe import Markup

from djgc_widgets.model import Heading, html_table, readable_bytes, safe

_WIDTH, _HEIGHT = 900, 240
_DASHES = {"solid": "", "dot": "2 4", "dash": "8 5", "dashdot": "8 4 2 4"}
_BAR = Markup(
    "<span class='part' style='width: {:.2f}%; background: {}' title='{}'></span>"
)
_KEY = Markup("<span class='key'><i style='background: {}'></i>{}</span>")
_LINE = Markup(
    "<polyline points='{}' fill='none' stroke='{}' stroke-width='2' "
    "stroke-dasharray='{}'><title>{}</title></polyline>"
)
_CHART = Markup(
    "<svg viewBox='0 0 {} {}' role='img' aria-label='{}' preserveAspectRatio='none'>"
    "{}</svg><p class='axis'><span>{}</span><span>{}</span><span>{}</span></p>"
)


def bars_html(figure: go.Figure) -> Markup:
    """Return a figure of horizontal bars as a table with a bar in each row.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        One of `charts`, in bytes: its bars are stacked.
    """
    traces = list(figure.data)
    labels = list(dict.fromkeys(label for t in traces for label in t.y))[::-1]
    sizes = {t.name: dict(zip(t.y, map(int, t.x), strict=True)) for t in traces}
    totals = {at: sum(own.get(at, 0) for own in sizes.values()) for at in labels}
    longest = max(totals.values(), default=0) or 1
    rows = [
        (
            Markup(label),  # noqa: S704 - the figure has escaped it
            readable_bytes(totals[label]),
            Markup("<div class='bar'>{}</div>").format(
                Markup("").join(
                    _BAR.format(
                        100 * sizes[t.name][label] / longest,
                        t.marker.color,
                        safe(f"{t.name}: {readable_bytes(sizes[t.name][label])}"),
                    )
                    for t in traces
                    if sizes[t.name].get(label)
                )
            ),
        )
        for label in labels
    ]
    headings = [Heading(""), Heading("Size", number=True), Heading("")]
    return html_table(headings, rows, "bars") + _keys(traces)


def lines_html(figure: go.Figure) -> Markup:
    """Return a figure of lines over time as an image.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Like that of `History.figure`, in bytes.
    """
    traces = [trace for trace in figure.data if len(trace.x)]
    if not traces:
        return Markup("<p>Nothing is known yet.</p>")
    times = [pd.to_datetime(list(trace.x), utc=True) for trace in traces]
    first, last = min(t.min() for t in times), max(t.max() for t in times)
    top = max(max(map(float, trace.y)) for trace in traces) or 1.0
    span = (last - first).total_seconds() or 1.0
    lines = Markup("").join(
        _LINE.format(
            " ".join(_points(own, trace.y, first, span, top)),
            trace.line.color,
            _DASHES.get(trace.line.dash, ""),
            safe(trace.name),
        )
        for own, trace in zip(times, traces, strict=True)
    )
    said = safe(f"Bytes over time, up to {readable_bytes(int(top))}")
    ends = (
        f"{first:%Y-%m-%d}",
        f"at most {readable_bytes(int(top))}",
        f"{last:%Y-%m-%d}",
    )
    return _CHART.format(_WIDTH, _HEIGHT, said, lines, *ends) + _keys(traces)


def _points(
    times: pd.DatetimeIndex,
    sizes: Sequence[float],
    first: pd.Timestamp,
    span: float,
    top: float,
) -> Iterator[str]:
    pairs = list(zip(times, sizes, strict=True))
    if len(pairs) == 1:  # a line needs two ends
        pairs.append((pairs[0][0] + pd.Timedelta(seconds=span), pairs[0][1]))
    for time, size in pairs:
        across = _WIDTH * (time - first).total_seconds() / span
        up = (_HEIGHT - 4) * float(size) / top
        yield f"{across:.1f},{_HEIGHT - 2 - up:.1f}"


def _keys(traces: Sequence[go.Bar | go.Scatter]) -> Markup:
    keys = Markup("").join(_KEY.format(_color(t), safe(t.name)) for t in traces)
    return Markup("<p class='keys'>{}</p>").format(keys)


def _color(trace: go.Bar | go.Scatter) -> str:
    bar = trace.type == "bar"
    return str(trace.marker.color if bar else trace.line.color)
