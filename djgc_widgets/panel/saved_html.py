"""Scan -> HTML that stays readable without a kernel. Pure."""

import pandas as pd

from djgc_widgets.analysis import AGE_BINS, STATUS_COLORS, STATUS_LABELS, bytes_by_age
from djgc_widgets.collector import Scan
from djgc_widgets.model import absent, escaped, plural, readable_bytes

_CELL = "padding: 2px 8px; text-align: left"
_NUMBER = "padding: 2px 8px; text-align: right"
_TABLES = 12
_Line = tuple[list[str], list[str], int, str]  # names, numbers, bytes, colour
_UNFINISHED = "The scan was not finished when this was saved."


def saved(scan: Scan | None) -> str:
    """Return tables of totals with bars, in plain HTML.

    Only the live panel's style sheet hides it, so a page without a kernel, and one that
    nbconvert made, show it.

    Parameters
    ----------
    scan : Scan or None
        The latest scan.
    """
    if scan is None:
        return f"<div class='djgc-saved'>{_UNFINISHED}</div>"
    state = "complete" if scan.complete else "INCOMPLETE"
    missing = f"{plural(len(scan.missing), 'row')} refer to an object that is gone"
    if not scan.complete:
        missing = "what is missing is not certain"
    return (
        "<div class='djgc-saved'>"
        f"<p><b>{escaped(', '.join(scan.schemas))}</b>: {state} scan of "
        f"{scan.started_at:%Y-%m-%d %H:%M} UTC, {plural(scan.listed_files, 'file')}, "
        f"{readable_bytes(scan.listed_bytes)}; {missing}.</p>"
        f"{_totals(scan)}{_ages(scan)}{_places(scan)}</div>"
    )


def _totals(scan: Scan) -> str:
    summary = scan.summary()
    most = int(summary["size_bytes"].max()) if len(summary) else 0
    rows: list[_Line] = [
        (
            [escaped(row["store"]), STATUS_LABELS[row["status"]]],
            [f"{row['objects']:,}"],
            int(row["size_bytes"]),
            STATUS_COLORS[row["status"]],
        )
        for row in summary.to_dict("records")
    ]
    return _table(["Store", "Status", "Objects", "Size"], rows, most)


def _ages(scan: Scan) -> str:
    sums = bytes_by_age(scan.objects, scan.started_at)
    orphans = sums["orphan"] if "orphan" in sums else pd.Series(0, index=sums.index)
    rows: list[_Line] = [
        ([label], [], int(orphans[label]), STATUS_COLORS["orphan"])
        for label, _ in AGE_BINS
    ]
    return _table(["Age of orphans", "Size"], rows, int(orphans.max()))


def _places(scan: Scan) -> str:
    places = scan.places()
    tables = places.groupby(["schema", "table"], dropna=False)[
        ["objects", "size_bytes", "orphan_bytes"]
    ].sum()
    biggest = tables.sort_values("size_bytes", ascending=False).head(_TABLES)
    most = int(biggest["size_bytes"].max()) if len(biggest) else 0
    rows: list[_Line] = []
    for row in biggest.reset_index().to_dict("records"):
        parts = [row["schema"], row["table"]]
        name = ".".join("(none)" if absent(part) else str(part) for part in parts)
        size, orphans = int(row["size_bytes"]), int(row["orphan_bytes"])
        share = f"{100 * orphans / size:.0f} %" if size else ""
        counted = [f"{int(row['objects']):,}", share]
        rows.append(([escaped(name)], counted, size, STATUS_COLORS["live"]))
    return _table(["Table", "Objects", "Orphaned", "Size"], rows, most)


def _table(titles: list[str], rows: list[_Line], most: int) -> str:
    """Return a table whose last column is a size and a bar of that length."""
    head = "".join(f"<th style='{_CELL}'>{title}</th>" for title in titles)
    lines = []
    for names, numbers, size, color in rows:
        bar = (
            f"<div style='background: {color}; height: 10px; "
            f"width: {100 * size / most if most else 0:.1f}%'></div>"
        )
        cells = "".join(f"<td style='{_CELL}'>{name}</td>" for name in names)
        cells += "".join(f"<td style='{_NUMBER}'>{number}</td>" for number in numbers)
        cells += (
            f"<td style='{_NUMBER}' title='{size:,} bytes'>{readable_bytes(size)}</td>"
        )
        lines.append(f"<tr>{cells}<td style='width: 240px'>{bar}</td></tr>")
    return (
        f"<table><thead><tr>{head}<th></th></tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>"
    )
