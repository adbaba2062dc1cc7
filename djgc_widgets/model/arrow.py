"""Text in Arrow arrays."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

TEXT = pa.large_string()
"""Arrow type of paths: like pandas' ``str``, without a limit of 2 GB per column."""


STR = pd.StringDtype("pyarrow", na_value=np.nan)
"""Dtype of text in frames: pandas' ``str`` whatever the session's options are."""


def arrow_text(values: object) -> pa.Array:
    """Return text as one Arrow array."""
    array = pa.array(values, TEXT)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def extract_groups(path: pa.Array, pattern: str) -> dict[str, pa.Array]:
    """Return the named groups of a pattern; null where it does not match."""
    groups = pc.extract_regex(path, pattern)
    valid = pc.is_valid(groups)
    null = pa.scalar(None, TEXT)
    return {
        field.name: pc.if_else(valid, groups.field(index), null)
        for index, field in enumerate(groups.type)
    }


def keep_where(condition: pa.Array, value: pa.Array | str) -> pa.Array:
    """Return values where a condition holds; null elsewhere."""
    return pc.if_else(condition, value, pa.scalar(None, TEXT))


def as_strings(array: pa.Array) -> pd.api.extensions.ExtensionArray:
    """Return Arrow text as a column of a frame."""
    strings: pd.api.extensions.ExtensionArray = pd.array(array, dtype=STR)
    return strings


def is_among(texts: pd.Series, others: pd.Series) -> pd.Series:
    """Return which texts are among others; quick, unlike pandas' own for text."""
    same = pc.is_in(arrow_text(texts), value_set=arrow_text(others))
    return pd.Series(np.asarray(same, dtype=bool), index=texts.index)


def texts(column: pd.Series) -> list[Any]:
    """Return a column of text as a list; a loop over the column itself is slow."""
    values: list[Any] = arrow_text(column).to_pylist()
    return values
