"""History and a price -> what the stores cost a month. Pure."""

import math
from collections.abc import Mapping
from decimal import Decimal
from numbers import Real
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from djgc_widgets.analysis.figure_style import (
    GRID_LINES,
    STATUS_COLORS,
    legend_below,
    transparent_layout,
)
from djgc_widgets.model import InputError, Status, shown

Price = float | Mapping[str, float]
"""Of a terabyte for a month: of every store, or by the name of the store."""

_TERABYTE = 1e12
_CENT = 0.01
_HEIGHT = 320  # px
_LINES = {
    "stored_cost": ("all that is stored", Status.LIVE),
    "orphan_cost": ("orphans", Status.ORPHAN),
}


def checked_price(price: Any) -> Price:  # noqa: ANN401 - what a caller passes
    """Return a price as numbers, or raise InputError if it is none."""
    given = dict(price) if isinstance(price, Mapping) else {"": price}
    try:
        prices = {name: _amount(each) for name, each in given.items()}
    except (OverflowError, TypeError, ValueError):
        raise InputError(
            "Expected the price of a terabyte for a month as a number, or a mapping "
            f'such as {{"raw": 23.0, "derived": 4.0}}; got {shown(price)}.'
        ) from None
    return prices if isinstance(price, Mapping) else prices[""]


def _amount(price: object) -> float:
    """Return an amount of money, or raise OverflowError, TypeError or ValueError."""
    if isinstance(price, bool) or not isinstance(price, Real | Decimal):
        raise TypeError
    amount = float(price)
    if not 0 <= amount < math.inf:
        raise ValueError
    return amount


def costs_by_scan(measured: pd.DataFrame, price: Price) -> pd.DataFrame:
    """Return what is stored, and what is orphaned, costs a month, scan by scan.

    Parameters
    ----------
    measured : DataFrame
        A frame of the history schema.
    price : float or mapping of str to float
        Of 10^12 bytes for a month, in any currency: of every store, or by store.

    Returns
    -------
    DataFrame
        ``stored_cost`` and ``orphan_cost``, with the aware times of scans as its index.

    Raises
    ------
    InputError
        If a store has no price.
    """
    # a store that was renamed has the price of its latest name
    latest = measured.groupby("address")["store"].last()
    stores = sorted(latest.unique())
    prices = price if isinstance(price, Mapping) else dict.fromkeys(stores, price)
    if unknown := [store for store in stores if store not in prices]:
        raise InputError(
            f"Expected a price for each of the stores {', '.join(stores)}; got none "
            f"for {', '.join(unknown)}. Give 0 if it costs nothing."
        )
    by_address = latest.map(dict(prices)).astype(float)
    each = measured["address"].map(by_address).astype(float)
    costs = {
        "stored_cost": measured["stored_bytes"] * each / _TERABYTE,
        "orphan_cost": measured["orphan_bytes"] * each / _TERABYTE,
    }
    return pd.DataFrame(costs).groupby(measured["scanned_at"]).sum()


def cost_figure(costs: pd.DataFrame) -> go.Figure:
    """Draw what is stored, and what is orphaned, costs a month.

    The figure has a line for each of them, with a marker per scan.

    Parameters
    ----------
    costs : DataFrame
        As `costs_by_scan` returns it.
    """
    figure = go.Figure()
    for column, (name, status) in _LINES.items():
        figure.add_scatter(
            name=name,
            x=list(costs.index),
            y=costs[column].tolist(),
            mode="lines+markers",
            line={"color": STATUS_COLORS[status]},
            customdata=[readable_cost(cost) for cost in costs[column]],
            hovertemplate="%{x|%Y-%m-%d}: %{customdata} a month",
        )
    figure.update_layout(
        **transparent_layout(_HEIGHT),
        **legend_below(),
        xaxis={"automargin": True, "showgrid": False},
        yaxis={**GRID_LINES, "automargin": True, "rangemode": "tozero"},
    )
    return figure


def readable_cost(cost: float) -> str:
    """Return a cost as people write it: with two decimals."""
    return "under 0.01" if 0 < cost < _CENT else f"{cost:,.2f}"
