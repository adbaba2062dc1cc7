"""Cells of frames: those that are empty, and what people read instead."""

import pandas as pd


def absent(value: object) -> bool:
    """Tell whether a cell of a frame is empty: NA or NaN."""
    return value is None or value is pd.NA or value != value  # noqa: PLR0124 - NaN


def table_label(schema: object, table: object) -> str:
    """Return schema and table as people read them; a hash names no table.

    Examples
    --------
    >>> table_label("lab", "rec"), table_label("lab", None), table_label(None, None)
    ('lab.rec', 'lab (hash)', '(no schema)')
    """
    if absent(schema):
        return "(no schema)"
    return f"{schema} (hash)" if absent(table) else f"{schema}.{table}"
