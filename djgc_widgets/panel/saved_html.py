"""Scan -> HTML that stays readable without a kernel. Pure."""

import pandas as pd
from markupsafe import Markup

from djgc_widgets.analysis import STATUS_COLORS, table_of_ages
from djgc_widgets.collector import Scan
from djgc_widgets.model import (
    STATUS_LABELS,
    Heading,
    Status,
    html_table,
    readable_bytes,
    safe,
    table_label,
)
from djgc_widgets.panel.shown import percent

_TABLES = 12
_SAVED = Markup("<div class='djgc-saved'>{}</div>")
_SIZE = Markup("<span title='{:,} bytes'>{}</span>")
_BAR = Markup(
    "<div style='width: 240px'><div style='background: {}; height: 10px; "
    "width: {:.1f}%'></div></div>"
)
_Line = tuple[list[str], int, str]  # cells, bytes, color of the bar


def saved_html(scan: Scan | None) -> Markup:
    """Return totals of a scan as tables with bars, in plain HTML.

    Only the live panel's style sheet hides it, so a page without a kernel, and one that
    nbconvert made, show it.
    """
    if scan is None:
        return _SAVED.format("The scan was not finished when this was saved.")
    unsure = "" if scan.complete else " Missing objects are not certain."
    title = Markup("<p><b>{}</b>.{}</p>").format(safe(scan.headline()), unsure)
    return _SAVED.format(
        title + _totals_html(scan) + _ages_html(scan) + _biggest_tables_html(scan)
    )


def _totals_html(scan: Scan) -> Markup:
    lines: list[_Line] = []
    for row in scan.summary().to_dict("records"):
        status = Status(row["status"])
        cells = [row["store"], STATUS_LABELS[status], f"{row['n_objects']:,}"]
        lines.append((cells, int(row["size_bytes"]), STATUS_COLORS[status]))
    return _bar_table_html(
        [Heading("Store"), Heading("Status"), Heading("Objects", number=True)], lines
    )


def _ages_html(scan: Scan) -> Markup:
    sums = table_of_ages(scan.ages())
    orphans = sums.get(Status.ORPHAN.value, pd.Series(0, index=sums.index))
    color = STATUS_COLORS[Status.ORPHAN]
    lines = [([str(label)], int(size), color) for label, size in orphans.items()]
    return _bar_table_html([Heading("Age of orphans")], lines)


def _biggest_tables_html(scan: Scan) -> Markup:
    tables = scan.places().groupby(["schema", "table"], dropna=False)
    sums = tables[["n_objects", "size_bytes", "orphan_bytes"]].sum()
    biggest = sums.sort_values("size_bytes", ascending=False).head(_TABLES)
    lines: list[_Line] = []
    for row in biggest.reset_index().to_dict("records"):
        size, orphans = int(row["size_bytes"]), int(row["orphan_bytes"])
        share = percent(orphans, size) if size else ""
        label = table_label(row["schema"], row["table"])
        cells = [label, f"{int(row['n_objects']):,}", share]
        lines.append((cells, size, STATUS_COLORS[Status.LIVE]))
    numbers = (Heading(title, number=True) for title in ("Objects", "Orphaned"))
    return _bar_table_html([Heading("Table"), *numbers], lines)


def _bar_table_html(headings: list[Heading], lines: list[_Line]) -> Markup:
    """Return a table whose last columns are a size and a bar in proportion to it."""
    most = max((size for _, size, _ in lines), default=0) or 1
    rows = (
        (
            *cells,
            _SIZE.format(size, readable_bytes(size)),
            _BAR.format(color, 100 * size / most),
        )
        for cells, size, color in lines
    )
    return html_table([*headings, Heading("Size", number=True), Heading("")], rows)
