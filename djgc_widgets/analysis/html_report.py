"""Scan -> one HTML file for a group meeting, which asks nothing of any other host."""

import pandas as pd
from markupsafe import Markup

from djgc_widgets.analysis.arguments import expect_scan
from djgc_widgets.analysis.charts import (
    ages_figure,
    biggest_tables,
    bytes_by_status,
)
from djgc_widgets.analysis.growth_chart import growth
from djgc_widgets.analysis.history import History
from djgc_widgets.analysis.still_figure import bars_html, lines_html
from djgc_widgets.collector import Scan
from djgc_widgets.model import (
    STATUS_LABELS,
    Heading,
    InputError,
    absent,
    and_more,
    hidden_text,
    html_list,
    html_table,
    readable_bytes,
    safe,
    shown,
    trash_records_text,
)

_ROWS = 20
_USAGE = ["table", "attribute", "n_rows", "logical_bytes", "physical_bytes"]
_STYLE = Markup("""
:root { color-scheme: light dark; --line: #d0d7de; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --line: #444c56; --bad: #ff8f87; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 2em auto;
  padding: 0 1em; }
table { border-collapse: collapse; font-size: 13px; width: 100%; }
th, td { padding: 3px 10px; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
th { white-space: nowrap; }
.djgc-number { white-space: nowrap; }
.headline { font-size: 24px; margin: 0; }
.bars td { border: 0; padding: 2px 6px; }
.bars td:last-child { width: 60%; }
.bar { display: flex; height: 14px; }
.part { height: 14px; }
.key { margin-right: 1.5em; white-space: nowrap; }
.key i { display: inline-block; width: 12px; height: 12px; margin-right: 5px; }
.keys, .axis { font-size: 13px; }
.axis { display: flex; justify-content: space-between; margin: 0; }
svg { width: 100%; height: 240px; border-bottom: 1px solid var(--line); }
.bad { color: var(--bad); font-weight: 600; }
""")
_PAGE = Markup(
    "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>"
    "<meta name='viewport' content='width=device-width'>"
    "<style>{style}</style></head>"
    "<body><h1>{title}</h1>{body}</body></html>\n"
)
_SECTION = Markup("<h2>{}</h2>{}")
_TEXT = Markup("<p>{}</p>")
_HEADLINE = Markup("<p class='headline'>{}</p>")
_INCOMPLETE = Markup(
    "<p class='bad'>The scan is incomplete, so no object is called an orphan: a row "
    "that was not read may refer to it.</p>"
)


def report_html(scan: Scan, history: History | None = None) -> str:
    """Return a page about what the stores hold, and how much of it can be freed.

    It has no script, needs no network and is small, so that it can be mailed and
    printed. Names cannot act as HTML.

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
    hidden = hidden_text(scan.hidden)
    measured = None if history is None else history.measured()
    grown = growth(scan.growth(), measured)
    figures = {
        "What the stores hold": bars_html(bytes_by_status(summary)),
        "The biggest tables": bars_html(biggest_tables(places)),
        "Age": bars_html(ages_figure(scan.ages())),
        "Growth": lines_html(grown),
    }
    labels = {status.value: label for status, label in STATUS_LABELS.items()}
    totals = ["store", "status", "n_objects", "size_bytes", "logical_bytes"]
    orphans = ["size_bytes", "store", "path", "reason"]
    notices = html_list([*scan.problems, *scan.unseen, *scan.warnings])
    parts = [
        _HEADLINE.format(safe(_headline(scan))),
        _TEXT.format(safe(f"{'✓' if scan.complete else '✕'} {scan.headline()}")),
        "" if scan.complete else _INCOMPLETE,
        _frame_html(summary[totals].assign(status=summary["status"].map(labels))),
        records and _TEXT.format(safe(f"The trash is counted {records}.")),
        hidden and _TEXT.format(safe(hidden)),
        *(_SECTION.format(title, each) for title, each in figures.items()),
        _SECTION.format("What rows need", _first_rows_html(scan.usage()[_USAGE])),
        _SECTION.format("Trash", _first_rows_html(_sweeps(scan.trash))),
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
        body=Markup("").join(parts),
    )
    return str(page)


def _headline(scan: Scan) -> str:
    if not scan.complete:
        return "What can be freed is not known"
    size = readable_bytes(int(scan.orphans["size_bytes"].sum()))
    trash = readable_bytes(int(scan.trash["size_bytes"].sum()))
    return f"{size} can be freed, and {trash} are in the trash"


def _sweeps(trash: pd.DataFrame) -> pd.DataFrame:
    """Add up the trash by sweep, the latest first."""
    sums = trash.groupby(["store", "sweep_id"]).agg(
        n_objects=("path", "size"),
        size_bytes=("size_bytes", "sum"),
        n_needed_again=("returnable", "sum"),
    )
    return sums.reset_index().sort_values("sweep_id", ascending=False, kind="stable")


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
