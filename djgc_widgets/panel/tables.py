"""The tables of the panel: their columns, filters and rows."""

from datetime import timedelta

import numpy as np
import pandas as pd

from djgc_widgets.analysis import SecondOpinion
from djgc_widgets.collector import Scan
from djgc_widgets.model import OPINIONS, absent, readable_age, readable_bytes
from djgc_widgets.panel.details import keys_of, kind_of_reason
from djgc_widgets.panel.grid.filters import Facet
from djgc_widgets.panel.grid.state import GridColumn, GridState, Record
from djgc_widgets.verdict import attributes_of

_STORE = GridColumn("Store", "store", lambda row: row["store"])
_PATH = GridColumn("Path", "path", lambda row: row["path"])
_DAY = timedelta(days=1)


def _count(title: str, source: str) -> GridColumn:
    return GridColumn(title, source, lambda row: f"{row[source]:,}", numeric=True)


def _size(title: str, source: str) -> GridColumn:
    return GridColumn(
        title,
        source,
        lambda row: readable_bytes(row[source]),
        lambda row: f"{row[source]:,} bytes",
        numeric=True,
    )


def orphan_table() -> GridState:
    """Return the grid of the orphans, empty."""
    return GridState(
        [
            _size("Size", "size_bytes"),
            GridColumn("Whose", "table", _whose),
            GridColumn("Why", "reason", lambda row: row["reason"]),
            _count("Files", "files"),
            GridColumn(
                "Age",
                "age_days",
                lambda row: readable_age(row["age_days"] * _DAY),
                lambda row: f"{row['modified_at']:%Y-%m-%d %H:%M} UTC",
                numeric=True,
            ),
            _STORE,
            _PATH,
        ],
        ("path", "schema", "table", "reason", "store"),
        "size_bytes",
        [
            Facet("table", "table"),
            Facet("reason", "why"),
            Facet("store", "store"),
            Facet("schema", "schema"),
            Facet("attribute", "attribute"),
            Facet("larger than", "size_bytes", "at least", "size"),
            Facet("smaller than", "size_bytes", "at most", "size"),
            Facet("older than", "age_days", "at least", "days"),
            Facet("younger than", "age_days", "at most", "days"),
        ],
    )


def orphan_rows(scan: Scan) -> pd.DataFrame:
    """Return the orphans, with what they are filtered by besides."""
    orphans = scan.orphans
    age = pd.Timestamp(scan.started_at) - orphans["modified_at"]
    return orphans.assign(
        attribute=attributes_of(orphans),
        why=kind_of_reason(orphans["reason"]),
        age_days=age.dt.total_seconds() / _DAY.total_seconds(),
    )


def _whose(row: Record) -> str:
    if absent(row["table"]):
        return f"{row['schema']} (hash: only the schema is known)"
    keys = " ".join(f"{name}={value}" for name, value in keys_of(row["path"]).items())
    return f"{row['schema']}.{row['table']} {keys}".rstrip()


def missing_table() -> GridState:
    """Return the grid of the rows whose object is gone, empty."""
    return GridState(
        [
            GridColumn("Table", "table", lambda row: f"{row['schema']}.{row['table']}"),
            GridColumn("Attribute", "attribute", lambda row: row["attribute"]),
            GridColumn("Row", "row_key", lambda row: row["row_key"]),
            _STORE,
            _PATH,
        ],
        ("path", "schema", "table", "attribute", "row_key", "store"),
        "table",
        [
            Facet("table", "table"),
            Facet("attribute", "attribute"),
            Facet("store", "store"),
        ],
    )


def usage_table() -> GridState:
    """Return the grid of what each store column takes, empty."""
    return GridState(
        [
            GridColumn("Table", "table", lambda row: f"{row['schema']}.{row['table']}"),
            GridColumn("Attribute", "attribute", lambda row: row["attribute"]),
            GridColumn("Codec", "codec", lambda row: f"<{row['codec']}>"),
            _count("Rows", "rows"),
            _count("References", "references"),
            _count("Objects", "objects"),
            _count("Missing", "missing"),
            _size("Logical", "logical_bytes"),
            _size("Physical", "physical_bytes"),
            GridColumn("Dedup", "dedup_ratio", _ratio, numeric=True),
            _STORE,
        ],
        ("schema", "table", "attribute", "codec", "store"),
        "physical_bytes",
        [Facet("table", "table"), Facet("codec", "codec"), Facet("store", "store")],
    )


def _ratio(row: Record) -> str:
    ratio = row["dedup_ratio"]
    return "" if absent(ratio) else f"{ratio:.2f} : 1"


def opinion_table() -> GridState:
    """Return the grid of the second opinion, empty."""
    return GridState(
        [
            GridColumn("dj.gc", "rank", lambda row: row["verdict"]),
            GridColumn(
                "We say",
                "status",
                lambda row: "not listed" if absent(row["status"]) else row["status"],
            ),
            GridColumn("Why", "reason", lambda row: row["reason"]),
            _size("Size", "size_bytes"),
            _count("Files that go", "deleted_files"),
            _STORE,
            _PATH,
        ],
        ("path", "schema", "table", "reason", "store", "verdict"),
        "rank",
        [
            Facet("verdict", "verdict"),
            Facet("table", "table"),
            Facet("schema", "schema"),
            Facet("store", "store"),
        ],
    )


def opinion_rows(opinion: SecondOpinion | None) -> pd.DataFrame:
    """Return the rows of a second opinion, ranked as they come: losses first."""
    rows = OPINIONS.empty() if opinion is None else opinion.objects
    return rows.assign(rank=np.arange(len(rows), 0, -1))


def sweep_table() -> GridState:
    """Return the grid of the sweeps in the trash, empty."""
    return GridState(
        [
            GridColumn(
                "Swept", "swept_at", lambda r: f"{r['swept_at']:%Y-%m-%d %H:%M}"
            ),
            GridColumn(
                "By", "swept_by", lambda r: f"{r['swept_by']}@{r['swept_from']}"
            ),
            _count("Objects", "objects"),
            _count("Still here", "left_objects"),
            _size("Size", "left_bytes"),
            GridColumn(
                "Purgeable", "purgeable_at", lambda r: f"{r['purgeable_at']:%Y-%m-%d}"
            ),
            GridColumn("State", "state", lambda row: row["state"]),
            _STORE,
            GridColumn("Sweep", "sweep_id", lambda row: row["sweep_id"]),
        ],
        ("sweep_id", "swept_by", "swept_from", "store", "state"),
        "swept_at",
        [Facet("store", "store"), Facet("state", "state")],
    )
