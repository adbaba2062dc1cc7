"""History and a price -> what the stores cost a month. Pure."""

import math
from collections.abc import Mapping

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
_HEIGHT = 320  # px
_LINES = {
    "stored_cost": ("all that is stored", Status.LIVE),
    "orphan_cost": ("orphans", Status.ORPHAN),
}


def checked_price(price: Price | None) -> Price | None:
    """Return a price, or raise InputError if it is none."""
    prices = list(price.values()) if isinstance(price, Mapping) else [price]
    if price is not None and not all(map(_is_amount, prices)):
        raise InputError(
            "Expected the price of a terabyte for a month as a number, or a mapping "
            f'such as {{"raw": 23.0, "derived": 4.0}}; got {shown(price)}.'
        )
    return price


def _is_amount(price: object) -> bool:
    return isinstance(price, int | float) and math.isfinite(price) and price >= 0


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
    stores = sorted(measured["store"].unique())
    prices = price if isinstance(price, Mapping) else dict.fromkeys(stores, price)
    if unknown := [store for store in stores if store not in prices]:
        raise InputError(
            f"Expected a price for each of the stores {', '.join(stores)}; got none "
            f"for {', '.join(unknown)}. Give 0 if it costs nothing."
        )
    each = measured["store"].map({store: float(prices[store]) for store in stores})
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
    """Return a cost with two decimals, or if it is small, with two digits."""
    return f"{cost:,.2f}" if cost >= 1 or cost == 0 else f"{cost:.2g}"
