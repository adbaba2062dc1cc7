"""The tables of the panel: their columns, filters and rows."""

from datetime import timedelta

import numpy as np
import pandas as pd

from djgc_widgets.analysis import SecondOpinion
from djgc_widgets.collector import Scan
from djgc_widgets.model import (
    OPINIONS,
    REASON_KINDS,
    STR,
    absent,
    key_in_path,
    readable_age,
    readable_bytes,
    table_label,
)
from djgc_widgets.panel.grid.filters import Facet
from djgc_widgets.panel.grid.state import GridColumn, GridState, Record
from djgc_widgets.verdict import attributes_of

_TABLE = GridColumn(
    "Table", "table", lambda row: table_label(row["schema"], row["table"])
)
_DAY = timedelta(days=1)
_KINDS = {code.value: text for code, text in REASON_KINDS.items()}


def _table_facets(*columns: str) -> list[Facet]:
    return [Facet(column, column) for column in columns]


def _text_column(title: str, source: str) -> GridColumn:
    return GridColumn(title, source, lambda row: row[source])


def _count_column(title: str, source: str) -> GridColumn:
    return GridColumn(title, source, lambda row: f"{row[source]:,}", numeric=True)


def _size_column(title: str, source: str) -> GridColumn:
    return GridColumn(
        title,
        source,
        lambda row: readable_bytes(row[source]),
        lambda row: f"{row[source]:,} bytes",
        numeric=True,
    )


_ATTRIBUTE = _text_column("Attribute", "attribute")
_STORE = _text_column("Store", "store")
_PATH = _text_column("Path", "path")


def orphan_table() -> GridState:
    """Return the grid of the orphans, empty."""
    return GridState(
        [
            _size_column("Size", "size_bytes"),
            GridColumn("Table", "table", _table_and_key),
            _text_column("Why", "reason"),
            _count_column("Files", "n_files"),
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
            *_table_facets("store", "schema", "attribute"),
            Facet("larger than", "size_bytes", "at least", "size"),
            Facet("smaller than", "size_bytes", "at most", "size"),
            Facet("older than", "age_days", "at least", "days"),
            Facet("younger than", "age_days", "at most", "days"),
        ],
    )


def orphan_rows(scan: Scan) -> pd.DataFrame:
    """Return the orphans, with the columns that only the grid filters by."""
    orphans = scan.orphans
    age = pd.Timestamp(scan.started_at) - orphans["modified_at"]
    return orphans.assign(
        attribute=attributes_of(orphans),
        why=orphans["reason_code"].map(_KINDS).astype(STR),
        age_days=age.dt.total_seconds() / _DAY.total_seconds(),
    )


def _table_and_key(row: Record) -> str:
    key = {} if absent(row["table"]) else key_in_path(row["path"])
    label = table_label(row["schema"], row["table"])
    return " ".join((label, *(f"{name}={value}" for name, value in key.items())))


def missing_table() -> GridState:
    """Return the grid of the rows whose object is missing, empty."""
    return GridState(
        [_TABLE, _ATTRIBUTE, _text_column("Row", "row_key"), _STORE, _PATH],
        ("path", "schema", "table", "attribute", "row_key", "store"),
        "table",
        _table_facets("table", "attribute", "store"),
    )


def usage_table() -> GridState:
    """Return the grid of the bytes of each store column, empty."""
    return GridState(
        [
            _TABLE,
            _ATTRIBUTE,
            GridColumn("Codec", "codec", lambda row: f"<{row['codec']}>"),
            _count_column("Rows", "n_rows"),
            _count_column("References", "n_references"),
            _count_column("Objects", "n_objects"),
            _count_column("Missing", "n_missing"),
            _size_column("Logical", "logical_bytes"),
            _size_column("Physical", "physical_bytes"),
            GridColumn("Dedup", "dedup_ratio", _dedup_ratio_text, numeric=True),
            _STORE,
        ],
        ("schema", "table", "attribute", "codec", "store"),
        "physical_bytes",
        _table_facets("table", "codec", "store"),
    )


def _dedup_ratio_text(row: Record) -> str:
    ratio = row["dedup_ratio"]
    return "" if absent(ratio) else f"{ratio:.2f} : 1"


def opinion_table() -> GridState:
    """Return the grid of the second opinion, empty."""
    return GridState(
        [
            GridColumn("dj.gc", "rank", lambda row: row["opinion"]),
            GridColumn(
                "This scan",
                "status",
                lambda row: "not listed" if absent(row["status"]) else row["status"],
            ),
            _text_column("Why", "reason"),
            _size_column("Size", "size_bytes"),
            _count_column("Files deleted", "n_deleted_files"),
            _STORE,
            _PATH,
        ],
        ("path", "schema", "table", "reason", "store", "opinion"),
        "rank",
        _table_facets("opinion", "table", "schema", "store"),
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
            _count_column("Objects", "n_objects"),
            _count_column("Still here", "n_left"),
            _size_column("Size", "left_bytes"),
            GridColumn(
                "Purgeable", "purgeable_at", lambda r: f"{r['purgeable_at']:%Y-%m-%d}"
            ),
            _text_column("State", "state"),
            _STORE,
            _text_column("Sweep", "sweep_id"),
        ],
        ("sweep_id", "swept_by", "swept_from", "store", "state"),
        "swept_at",
        _table_facets("store", "state"),
    )
