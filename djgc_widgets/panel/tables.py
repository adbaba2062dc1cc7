"""The tables of the panel: their columns, filters and rows."""

from datetime import timedelta

import numpy as np
import pandas as pd

from djgc_widgets.analysis import (
    OBJECT_FACETS,
    OBJECT_TEXTS,
    Facet,
    SecondOpinion,
)
from djgc_widgets.model import (
    OPINIONS,
    Status,
    absent,
    key_in_path,
    readable_age,
    readable_bytes,
    table_label,
)
from djgc_widgets.panel.grid.columns import GridColumn, Record
from djgc_widgets.panel.grid.state import GridState

_TABLE = GridColumn(
    "Table", "table", lambda row: table_label(row["schema"], row["table"])
)
_DAY = timedelta(days=1)


def _text_column(title: str, source: str, kind: str = "text") -> GridColumn:
    def show(row: Record) -> str:
        return "" if absent(row[source]) else str(row[source])

    return GridColumn(title, source, show, kind=kind)


def _count_column(title: str, source: str) -> GridColumn:
    return GridColumn(title, source, lambda row: f"{row[source]:,}", kind="number")


def _size_column(title: str, source: str) -> GridColumn:
    return GridColumn(
        title,
        source,
        lambda row: readable_bytes(row[source]),
        lambda row: f"{row[source]:,} bytes",
        kind="number",
    )


def _time_column(title: str, source: str) -> GridColumn:
    return GridColumn(title, source, lambda row: _iso(row[source]), kind="time")


def _iso(time: pd.Timestamp) -> str:
    return "" if pd.isna(time) else time.isoformat(timespec="seconds")


_ATTRIBUTE = _text_column("Attribute", "attribute")
_STORE = _text_column("Store", "store", "short")
_PATH = GridColumn("Path", "path", lambda row: row["path"], kind="path")
_FACETS = {facet.source: facet for facet in OBJECT_FACETS}
_BY_TABLE, _BY_STORE = _FACETS["table"], _FACETS["store"]


def object_table() -> GridState:
    """Return the grid of every object, empty; at first it shows the orphans."""
    grid = GridState(
        [
            _size_column("Size", "size_bytes"),
            GridColumn("Status", "status", _status_text, kind="short"),
            GridColumn("Table", "table", _table_and_key, _named_key, kind="keyed"),
            _text_column("Why", "reason"),
            _count_column("Files", "n_files"),
            GridColumn("Age", "age_days", _age_text, _changed_at_text, kind="age"),
            _STORE,
            _PATH,
        ],
        OBJECT_TEXTS,
        "size_bytes",
        OBJECT_FACETS,
    )
    grid.filter_by({"Status": [Status.ORPHAN.value]})
    return grid


def _status_text(row: Record) -> str:
    return _FACETS["status"].label(row["status"])


def _age_text(row: Record) -> str:
    return "" if absent(row["age_days"]) else readable_age(row["age_days"] * _DAY)


def _changed_at_text(row: Record) -> str:
    return _iso(row["modified_at"])


def _table_and_key(row: Record) -> str:
    """Return the table and the values of the key: their names are the same in rows."""
    key = _key_of(row)
    label = table_label(row["schema"], row["table"])
    if not absent(row["table"]) and row["alone"]:  # its name is in the panel's title
        label = str(row["table"])
    return " ".join(filter(None, (label, " · ".join(key.values()))))


def _named_key(row: Record) -> str:
    named = (f"{name}={value}" for name, value in _key_of(row).items())
    return " ".join((table_label(row["schema"], row["table"]), *named))


def _key_of(row: Record) -> dict[str, str]:
    return {} if absent(row["table"]) else key_in_path(row["path"])


def missing_table() -> GridState:
    """Return the grid of the rows whose object is missing, empty."""
    return GridState(
        [_TABLE, _ATTRIBUTE, _text_column("Row", "row_key"), _STORE, _PATH],
        ("path", "schema", "table", "attribute", "row_key", "store"),
        "table",
        [_BY_TABLE, _FACETS["attribute"], _BY_STORE],
    )


def usage_table() -> GridState:
    """Return the grid of the bytes of each store column, empty."""
    return GridState(
        [
            _TABLE,
            _ATTRIBUTE,
            GridColumn("Codec", "codec", lambda r: f"<{r['codec']}>", kind="short"),
            _count_column("Rows", "n_rows"),
            _count_column("References", "n_references"),
            _count_column("Objects", "n_objects"),
            _count_column("Missing", "n_missing"),
            _size_column("Logical", "logical_bytes"),
            _size_column("Physical", "physical_bytes"),
            GridColumn("Dedup", "dedup_ratio", _dedup_ratio_text, kind="number"),
            _STORE,
        ],
        ("schema", "table", "attribute", "codec", "store"),
        "physical_bytes",
        [_BY_TABLE, Facet("Codec", "codec"), _BY_STORE],
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
        [Facet("dj.gc", "opinion"), _BY_TABLE, _FACETS["schema"], _BY_STORE],
    )


def opinion_rows(opinion: SecondOpinion | None) -> pd.DataFrame:
    """Return the rows of a second opinion, ranked as they come: losses first."""
    rows = OPINIONS.empty() if opinion is None else opinion.objects
    return rows.assign(rank=np.arange(len(rows), 0, -1))


def sweep_table() -> GridState:
    """Return the grid of the sweeps in the trash, empty."""
    return GridState(
        [
            _time_column("Swept", "swept_at"),
            GridColumn(
                "By", "swept_by", lambda r: f"{r['swept_by']}@{r['swept_from']}"
            ),
            _count_column("Objects", "n_objects"),
            _count_column("In trash", "n_left"),
            _size_column("Size", "left_bytes"),
            _time_column("Purgeable", "purgeable_at"),
            _text_column("State", "state", "short"),
            _STORE,
            _text_column("Sweep", "sweep_id"),
        ],
        ("sweep_id", "swept_by", "swept_from", "store", "state"),
        "swept_at",
        [_BY_STORE, Facet("State", "state")],
    )
