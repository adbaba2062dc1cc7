"""A grid of a few rows."""

from typing import Any

import pandas as pd

from djgc_widgets.analysis.row_filter import Facet
from djgc_widgets.model.arrow import STR
from djgc_widgets.panel.grid.columns import GridColumn
from djgc_widgets.panel.grid.state import GridState

COLUMNS = [
    GridColumn("Size", "size", lambda row: f"{row['size']} B", kind="number"),
    GridColumn(
        "Path", "path", lambda row: row["path"], lambda row: f"at {row['path']}"
    ),
]
FACETS = [
    Facet("Table", "table", labels={"recording": "recording", "unit": "Unit"}),
    Facet("Size", "size", "size"),
    Facet("Age", "age", "age"),
]
TABLES = ["recording", "unit", None]


def frame(rows: int = 30) -> pd.DataFrame:
    numbers = range(rows)
    paths = [f"{'even' if n % 2 == 0 else 'Odd'}/{n:02d}" for n in numbers]
    return pd.DataFrame(
        {
            "size": [n * 7 % rows for n in numbers],
            "path": pd.array(paths, dtype=STR),
            "table": pd.array([TABLES[n % 3] for n in numbers], dtype=STR),
            "age": [float(n) for n in numbers],
        }
    )


def page(grid: GridState, offset: int, limit: int) -> dict[str, Any]:
    grid.turn_to(offset)
    return grid.page(limit)


def state(rows: int = 30) -> GridState:
    grid = GridState(COLUMNS, ["path"], "size", FACETS)
    grid.replace(frame(rows))
    return grid
