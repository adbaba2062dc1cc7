"""Scan -> one HTML file for a group meeting, which asks nothing of any other host."""

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from djgc_widgets.analysis.charts import (
    age_histogram,
    biggest_tables,
    bytes_by_status,
    dedup_ratio,
    treemap,
)
from djgc_widgets.analysis.figure_style import STATUS_LABELS
from djgc_widgets.analysis.growth import growth_by_week
from djgc_widgets.analysis.growth_chart import growth
from djgc_widgets.analysis.history import History
from djgc_widgets.collector import Scan
from djgc_widgets.model import absent, escaped, plural, readable_bytes

_ROWS = 20
_ORPHAN = ["size_bytes", "store", "path", "reason"]
_GONE = "Rows whose object is gone"
_STYLE = """
:root { color-scheme: light dark; --line: #d0d7de; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --line: #444c56; --bad: #ff8f87; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 2em auto;
  padding: 0 1em; }
table { border-collapse: collapse; font-size: 13px; width: 100%; }
th, td { text-align: left; padding: 3px 10px; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
td.number, th.number { text-align: right; white-space: nowrap; }
.bad { color: var(--bad); font-weight: 600; }
"""


def report_html(scan: Scan, history: History | None = None) -> str:
    """Return a page that tells what the stores hold, with figures that can be zoomed.

    Everything is in the page, plotly's script as well (about 5 MB): it can be mailed
    and opened without a network.

    Parameters
    ----------
    scan : CompleteScan or IncompleteScan
        What is told.
    history : History, optional
        Earlier scans, for the measured growth.

    Returns
    -------
    str
        HTML in which every name is text.

    Examples
    --------
    >>> from djgc_widgets import open_lab, report_html, scan
    >>> with open_lab() as lab:
    ...     page = report_html(scan(lab.schema))
    >>> page.startswith("<!doctype html>"), "<script src" in page
    (True, False)
    """
    summary = scan.summary()
    measured = None if history is None else history.measured()
    figures = {
        "What the stores hold": bytes_by_status(summary),
        "Where it lies": treemap(scan.places()),
        "The biggest tables": biggest_tables(scan.places()),
        "Age": age_histogram(scan.objects, scan.started_at),
        "Logical and physical bytes": dedup_ratio(scan.usage()),
        "Growth": growth(growth_by_week(scan.objects), measured),
    }
    drawn = [_drawn(title, figure) for title, figure in figures.items()]
    title = f"Object stores of {escaped(', '.join(scan.schemas))}"
    parts = [
        f"<h1>{title}</h1>",
        _verdict(scan),
        _table(_totals(summary)),
        *drawn,
        _listed("Orphans", scan.orphans, _ORPHAN),
        _listed(
            "Rows whose object is gone", scan.missing, ["table", "row_key", "path"]
        ),
    ]
    notices = [*scan.problems, *scan.unseen, *scan.warnings]
    if notices:
        told = "".join(f"<li>{escaped(notice)}</li>" for notice in notices)
        parts.append(f"<h2>Problems and notes</h2><ul>{told}</ul>")
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f"<title>{title}</title><style>{_STYLE}</style>"
        f"<script>{get_plotlyjs()}</script></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _verdict(scan: Scan) -> str:
    read = (
        "<p>Complete scan"
        if scan.complete
        else "<p class='bad'>✕ Incomplete scan: what it calls an orphan is not certain"
    )
    return (
        f"{read} of {scan.started_at:%Y-%m-%d %H:%M} UTC: "
        f"{plural(scan.listed_files, 'file')}, {readable_bytes(scan.listed_bytes)}; "
        f"{plural(len(scan.missing), 'row')} whose object is gone.</p>"
    )


def _totals(summary: pd.DataFrame) -> pd.DataFrame:
    rows = summary[["store", "status", "objects", "size_bytes", "logical_bytes"]]
    return rows.assign(status=rows["status"].map(STATUS_LABELS))


def _drawn(title: str, figure: go.Figure) -> str:
    drawn = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        config={"displayModeBar": False, "responsive": True},
    )
    return f"<h2>{title}</h2>{drawn}"


def _listed(title: str, rows: pd.DataFrame, columns: list[str]) -> str:
    if rows.empty:
        return f"<h2>{title}</h2><p>None.</p>"
    left = len(rows) - _ROWS
    more = f"<p>… and {left:,} more.</p>" if left > 0 else ""
    return f"<h2>{title}</h2>{_table(rows.head(_ROWS)[columns])}{more}"


def _table(rows: pd.DataFrame) -> str:
    numbers = set(rows.select_dtypes("number"))
    names = [str(name) for name in rows]
    styles = [" class='number'" if name in numbers else "" for name in names]
    titles = [name.removesuffix("_bytes").replace("_", " ") for name in names]
    columns = list(zip(names, styles, strict=True))
    head = "".join(
        f"<th{style}>{title}</th>" for title, style in zip(titles, styles, strict=True)
    )
    lines = "".join(
        "<tr>"
        + "".join(f"<td{style}>{_cell(n, row[n])}</td>" for n, style in columns)
        + "</tr>"
        for row in rows.to_dict("records")
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _cell(name: str, value: object) -> str:
    if absent(value):
        return ""
    if isinstance(value, int):
        bytes_ = name.endswith("_bytes")
        return readable_bytes(value) if bytes_ else f"{value:,}"
    return escaped(value)
