"""Frames -> plotly figures. Pure: a figure takes a frame, never a connection.

Examples
--------
>>> from djgc_widgets import charts, open_lab, scan
>>> with open_lab() as lab:
...     figure = charts.bytes_by_status(scan(lab.schema).summary())
>>> [bar.name for bar in figure.data][:2]
['Referenced', 'Orphaned']
"""

from datetime import datetime

import pandas as pd
import plotly.graph_objects as go

from djgc_widgets.analysis.figure_style import (
    LOGICAL,
    STATUS_COLORS,
    TraceStyle,
    add_bar_trace,
    biggest_size,
    lay_out_figure,
    status_look,
    transparent_layout,
)
from djgc_widgets.model import (
    LISTED_STATUSES,
    OBJECTS,
    PLACES,
    STR,
    SUMMARY,
    USAGE,
    Status,
    absent,
    plural,
    readable_bytes,
    safe,
    table_label,
)
from djgc_widgets.verdict import AGE_BINS, bytes_by_age

_BIGGEST = 12
_LEVELS = ["store", "schema", "table", "attribute"]


def bytes_by_status(summary: pd.DataFrame) -> go.Figure:
    """Draw the physical bytes of each store, as listed, stacked by status.

    The figure has a horizontal bar per store and a trace per status that occurs.

    Parameters
    ----------
    summary : DataFrame
        A frame of the summary schema.
    """
    SUMMARY.expect(summary, "store", "status", "size_bytes")
    summary = summary[summary["status"].isin(LISTED_STATUSES)]
    return _draw_by_status(_sums(summary, "store").sort_index(ascending=False))


def table_of_ages(ages: pd.DataFrame) -> pd.DataFrame:
    """Return bytes with a row per label of a bin, and a column per status that occurs.

    `ages` is a frame of the ages schema.
    """
    labels = [label for label, _ in AGE_BINS]
    return _sums(ages, "age").reindex(labels, fill_value=0)


def ages_figure(ages: pd.DataFrame) -> go.Figure:
    """Draw the figure of `age_histogram` of a frame of the ages schema."""
    return _draw_by_status(table_of_ages(ages)[::-1])


def age_histogram(objects: pd.DataFrame, now: datetime) -> go.Figure:
    """Draw the bytes per age, stacked by status.

    The figure has a horizontal bar per bin and a trace per status that occurs.

    Parameters
    ----------
    objects : DataFrame
        A frame of the objects schema.
    now : datetime
        Aware time that ages are relative to.
    """
    OBJECTS.expect(objects, "modified_at", "status", "size_bytes")
    return ages_figure(bytes_by_age(objects, now))


def biggest_tables(places: pd.DataFrame, limit: int = _BIGGEST) -> go.Figure:
    """Draw the tables with the most bytes, and how much of them is orphaned.

    The figure has a horizontal bar per table, the biggest on top, and the traces
    ``Orphaned`` and ``All else``.

    Parameters
    ----------
    places : DataFrame
        A frame of the places schema.
    limit : int
        How many tables are drawn; the others are one bar.
    """
    PLACES.expect(places, "schema", "table", "size_bytes", "orphan_bytes")
    tables = places.groupby(["schema", "table"], dropna=False, sort=False)
    sums = tables[["size_bytes", "orphan_bytes"]].sum()
    sums = sums.sort_values("size_bytes", ascending=False, kind="stable")
    names = [table_label(*parts) for parts in sums.index]
    sums = sums.set_axis(pd.Index(names, dtype=STR))
    if len(sums) > limit:
        rest, sums = sums[limit:], sums[:limit].copy()
        sums.loc[plural(len(rest), "more table")] = rest.sum()
    sums = sums[::-1]
    figure, labels = go.Figure(), list(sums.index)
    others = sums["size_bytes"] - sums["orphan_bytes"]
    look = TraceStyle("All else", STATUS_COLORS[Status.LIVE])
    add_bar_trace(figure, look, labels, others.tolist())
    add_bar_trace(
        figure, status_look(Status.ORPHAN), labels, sums["orphan_bytes"].tolist()
    )
    lay_out_figure(figure, biggest_size(sums["size_bytes"]), len(sums))
    return figure


def bytes_by_codec(usage: pd.DataFrame) -> go.Figure:
    """Draw logical beside physical bytes of each codec.

    The figure has the traces ``Logical`` and ``Physical``, with a bar per codec.

    Parameters
    ----------
    usage : DataFrame
        A frame of the usage schema.
    """
    USAGE.expect(usage, "codec", "logical_bytes", "physical_bytes")
    sums = usage.groupby("codec")[["logical_bytes", "physical_bytes"]].sum()
    sums = sums.sort_values("physical_bytes", kind="stable")
    return _draw_logical_and_physical(sums.rename("<{}>".format))


def dedup_ratio(usage: pd.DataFrame, limit: int = _BIGGEST) -> go.Figure:
    """Draw logical beside physical bytes of each store column, and their ratio.

    The figure has the traces ``Logical`` and ``Physical``, with a bar per column; the
    label has the ratio.

    Parameters
    ----------
    usage : DataFrame
        A frame of the usage schema.
    limit : int
        How many columns are drawn, those with the most physical bytes.
    """
    USAGE.expect(usage, "physical_bytes", "dedup_ratio", "schema", "table")
    top = usage.nlargest(limit, "physical_bytes", keep="first")[::-1]
    ratios = ["no bytes" if absent(r) else f"{r:.2f} : 1" for r in top["dedup_ratio"]]
    labels = [
        f"{row.schema}.{row.table}.{row.attribute} ({ratio}, {row.store})"
        for row, ratio in zip(top.itertuples(), ratios, strict=True)
    ]
    return _draw_logical_and_physical(top.set_axis(labels))


def treemap(places: pd.DataFrame) -> go.Figure:
    """Draw store, schema, table and attribute as nested tiles of their bytes.

    Color and text are the share of orphans; a click opens a tile.

    Parameters
    ----------
    places : DataFrame
        A frame of the places schema.
    """
    PLACES.expect(places, *_LEVELS, "size_bytes", "orphan_bytes")
    rows = places[places["size_bytes"].gt(0)].fillna(dict.fromkeys(_LEVELS[1:], ""))
    nodes: list[tuple[str, str, str, int, int]] = []
    for depth in range(1, len(_LEVELS) + 1):
        sums = rows.groupby(_LEVELS[:depth])[["size_bytes", "orphan_bytes"]].sum()
        for key, size, orphaned in sums.itertuples(name=None):
            parts = [str(part) for part in (key if depth > 1 else (key,))]
            parent = "\n".join(parts[:-1])
            name = parts[-1] or "(none)"
            nodes.append(("\n".join(parts), parent, name, size, orphaned))
    ids, parents, names, sizes, orphans = (
        map(list, zip(*nodes, strict=True)) if nodes else ([], [], [], [], [])
    )
    shares = [100 * part / size for part, size in zip(orphans, sizes, strict=True)]
    figure = go.Figure()
    figure.add_treemap(
        ids=ids,
        parents=parents,
        labels=[str(safe(name)) for name in names],
        values=sizes,
        branchvalues="total",
        text=[
            f"{readable_bytes(size)}, {share:.0f} % orphaned"
            for size, share in zip(sizes, shares, strict=True)
        ],
        textinfo="label+text",
        hovertemplate="%{label}<br>%{text} (%{value:,} bytes)<extra></extra>",
        marker={
            "colors": shares,
            "colorscale": [STATUS_COLORS[s] for s in (Status.LIVE, Status.ORPHAN)],
            "cmin": 0,
            "cmax": 100,
            "showscale": True,
            "line": {"color": "rgba(255,255,255,0.6)", "width": 1},
            "colorbar": {"title": {"text": "orphaned, %"}},
        },
        root={"color": "rgba(128,136,145,0.15)"},
    )
    figure.update_layout(
        **transparent_layout(420),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        uniformtext={"minsize": 10, "mode": "hide"},
    )
    return figure


def _sums(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    """Add up bytes: a row per value of a column, a column per status."""
    return frame.pivot_table(
        "size_bytes", by, "status", aggfunc="sum", fill_value=0, observed=False
    )


def _draw_by_status(sums: pd.DataFrame) -> go.Figure:
    """Draw a bar per row and a trace per column, which is a status."""
    figure, labels = go.Figure(), [str(label) for label in sums.index]
    for status in filter(sums.columns.__contains__, STATUS_COLORS):
        add_bar_trace(figure, status_look(status), labels, sums[status].tolist())
    lay_out_figure(figure, biggest_size(sums.sum(axis=1)), len(sums))
    return figure


def _draw_logical_and_physical(sums: pd.DataFrame) -> go.Figure:
    figure, labels = go.Figure(), [str(label) for label in sums.index]
    physical = TraceStyle("Physical", STATUS_COLORS[Status.LIVE])
    for look in (physical, TraceStyle("Logical", LOGICAL, ".")):
        sizes = sums[f"{look.name.lower()}_bytes"]
        add_bar_trace(figure, look, labels, sizes.tolist())
    lay_out_figure(figure, biggest_size(sums["logical_bytes"]), len(sums))
    figure.update_layout(barmode="group")
    return figure
