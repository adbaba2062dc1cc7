"""Scan -> one HTML file for a group meeting, which asks nothing of any other host."""

import pandas as pd
import plotly.graph_objects as go
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from djgc_widgets.analysis.arguments import expect_scan
from djgc_widgets.analysis.charts import (
    age_histogram,
    biggest_tables,
    bytes_by_status,
    dedup_ratio,
    treemap,
)
from djgc_widgets.analysis.growth import growth_by_week
from djgc_widgets.analysis.growth_chart import growth
from djgc_widgets.analysis.history import History
from djgc_widgets.collector import Scan
from djgc_widgets.model import (
    STATUS_LABELS,
    Heading,
    InputError,
    absent,
    and_more,
    html_list,
    html_table,
    readable_bytes,
    safe,
    shown,
    trash_records_text,
)

_ROWS = 20
_STYLE = Markup("""
:root { color-scheme: light dark; --line: #d0d7de; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --line: #444c56; --bad: #ff8f87; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 2em auto;
  padding: 0 1em; }
table { border-collapse: collapse; font-size: 13px; width: 100%; }
th, td { padding: 3px 10px; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
.djgc-number { white-space: nowrap; }
.bad { color: var(--bad); font-weight: 600; }
""")
_PAGE = Markup(
    "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>"
    "<style>{style}</style><script>{script}</script></head>"
    "<body><h1>{title}</h1>{body}</body></html>\n"
)
_SECTION = Markup("<h2>{}</h2>{}")
_TEXT = Markup("<p>{}</p>")
_INCOMPLETE = Markup(
    "<p class='bad'>The scan is incomplete, so no object is called an orphan: a row "
    "that was not read may refer to it.</p>"
)


def report_html(scan: Scan, history: History | None = None) -> str:
    """Return a page about what the stores hold, with figures that can be zoomed.

    Everything is in the page, plotly's script as well (about 5 MB): it can be mailed
    and opened without a network. Names cannot act as HTML.

    Parameters
    ----------
    scan : CompleteScan or IncompleteScan
        What the page shows.
    history : History, optional
        Earlier scans, for the measured growth.

    Examples
    --------
    >>> from djgc_widgets import open_lab, report_html, scan
    >>> with open_lab() as lab:
    ...     page = report_html(scan(lab.schema))
    >>> page.startswith("<!doctype html>"), "<script src" in page
    (True, False)
    """
    expect_scan(scan)
    if history is not None and not isinstance(history, History):
        raise InputError(
            f"Expected a History; got {shown(history)}. Pass History(folder)."
        )
    summary, places = scan.summary(), scan.places()
    records = trash_records_text(summary, scan.trash)
    measured = None if history is None else history.measured()
    figures = {
        "What the stores hold": bytes_by_status(summary),
        "Where the bytes are": treemap(places),
        "The biggest tables": biggest_tables(places),
        "Age": age_histogram(scan.objects, scan.started_at),
        "Logical and physical bytes": dedup_ratio(scan.usage()),
        "Growth": growth(growth_by_week(scan.objects), measured),
    }
    labels = {status.value: label for status, label in STATUS_LABELS.items()}
    totals = ["store", "status", "n_objects", "size_bytes", "logical_bytes"]
    orphans = ["size_bytes", "store", "path", "reason"]
    notices = html_list([*scan.problems, *scan.unseen, *scan.warnings])
    parts = [
        _TEXT.format(safe(f"{'✓' if scan.complete else '✕'} {scan.headline()}")),
        "" if scan.complete else _INCOMPLETE,
        _frame_html(summary[totals].assign(status=summary["status"].map(labels))),
        records and _TEXT.format(safe(f"The trash is counted {records}.")),
        *(
            _SECTION.format(title, _figure_html(each))
            for title, each in figures.items()
        ),
        _SECTION.format("Orphans", _first_rows_html(scan.orphans[orphans])),
        _SECTION.format(
            "Missing objects",
            _first_rows_html(scan.missing[["table", "row_key", "path"]]),
        ),
        notices and _SECTION.format("Problems and notes", notices),
    ]
    page = _PAGE.format(
        title=safe(f"Object stores of {', '.join(scan.schemas)}"),
        style=_STYLE,
        script=Markup(get_plotlyjs()),  # noqa: S704 - of the installed package
        body=Markup("").join(parts),
    )
    return str(page)


def _figure_html(figure: go.Figure) -> Markup:
    config = {"displayModeBar": False, "responsive": True}
    return Markup(  # noqa: S704 - plotly escapes its data as JSON, names are `safe`
        figure.to_html(full_html=False, include_plotlyjs=False, config=config)
    )


def _first_rows_html(rows: pd.DataFrame) -> Markup:
    """Return a table of the first rows."""
    if rows.empty:
        return _TEXT.format("None.")
    more = and_more(len(rows) - _ROWS)
    return _frame_html(rows.head(_ROWS)) + (_TEXT.format(f"… {more}.") if more else "")


def _frame_html(rows: pd.DataFrame) -> Markup:
    numbers = set(rows.select_dtypes("number"))
    titles = rows.columns.str.replace(r"^n_|_bytes$", "", regex=True)
    headings = [
        Heading(title.replace("_", " "), number=name in numbers)
        for title, name in zip(titles, rows, strict=True)
    ]
    cells = (
        [_cell_text(str(name), value) for name, value in row.items()]
        for row in rows.to_dict("records")
    )
    return html_table(headings, cells)


def _cell_text(name: str, value: object) -> str:
    if absent(value):
        return ""
    if not isinstance(value, int):
        return str(value)
    return readable_bytes(value) if name.endswith("_bytes") else f"{value:,}"
