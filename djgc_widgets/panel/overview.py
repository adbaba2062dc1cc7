"""The figures of a scan, and the script that draws them without any network."""

import base64
import gzip
import json
from functools import cache

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from djgc_widgets.analysis import (
    History,
    charts,
    growth_figure,
    readable_cost,
)
from djgc_widgets.collector import Scan
from djgc_widgets.model import InputError, visible
from djgc_widgets.panel.shown import Json

_PIECE = 256 * 1024  # bytes of one message


@cache
def _script_pieces() -> list[str]:
    script = gzip.compress(get_plotlyjs().encode(), mtime=0)
    pieces = range(0, len(script), _PIECE)
    return [base64.b64encode(script[at : at + _PIECE]).decode() for at in pieces]


def script_piece(number: int) -> Json:
    """Return a piece of the gzipped script of plotly in base64, and how many there are.

    It is that of the installed package, sent when a figure is first looked at.
    """
    pieces = _script_pieces()
    if not 0 <= number < len(pieces):
        raise InputError(f"Expected a piece from 0 to {len(pieces) - 1}; got {number}.")
    return {"pieces": len(pieces), "data": pieces[number]}


def figures_shown(scan: Scan, history: History | None) -> list[Json]:
    """Return the biggest tables, the growth and the cost of a scan as Plotly figures.

    Growth is measured where there is a history, and else only reconstructed from the
    dates of what is stored today. There is a cost if the history has a price.
    """
    biggest = _figure_shown("Biggest tables", charts.biggest_tables(scan.places()))
    if history is None:
        grown = growth_figure(scan.growth())
        return [
            biggest,
            _figure_shown("Growth, from the dates of what is stored", grown),
        ]
    figures = [biggest, _figure_shown("Growth, measured", history.figure(scan))]
    if history.price is not None:
        figures.append(_cost_shown(history))
    return figures


def _cost_shown(history: History) -> Json:
    try:
        costs = history.costs()
    except InputError as error:  # it hides no other figure
        return {"title": "Cost a month", "text": visible(str(error))}
    if costs.empty:
        text = "It is known after the first complete scan."
        return {"title": "Cost a month", "text": text}
    latest = costs.iloc[-1]
    title = (
        f"Cost a month, on {costs.index[-1]:%Y-%m-%d}: "
        f"{readable_cost(latest['stored_cost'])}, of it "
        f"{readable_cost(latest['orphan_cost'])} for orphans"
    )
    return _figure_shown(title, history.cost_figure())


def _figure_shown(title: str, figure: go.Figure) -> Json:
    content = json.loads(figure.to_json())
    content["layout"].pop("template", None)  # 7 KB of defaults that nothing needs
    return {"title": title, "data": content["data"], "layout": content["layout"]}
