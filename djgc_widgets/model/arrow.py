"""Text in Arrow arrays."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

TEXT = pa.large_string()
"""Arrow type of paths: like pandas' ``str``, without a limit of 2 GB per column."""


_SLASH, _NOTHING = pa.scalar("/", TEXT), pa.scalar("", TEXT)

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


def folders_and_names(paths: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return the folder, with a leading slash, and the last segment of each path."""
    rooted = pc.binary_join_element_wise(_SLASH, paths, _NOTHING)
    parts = pc.split_pattern(rooted, "/", max_splits=1, reverse=True)
    return pc.list_element(parts, 0), pc.list_element(parts, 1)


def group_numbers(
    frame: pd.DataFrame, columns: list[str]
) -> tuple[npt.NDArray[np.intp], pd.DataFrame]:
    """Return numbers of the distinct values of columns of text; NA is one of them.

    Returns
    -------
    array of int, DataFrame
        Per row the number of its values, and the values by number, in the order in
        which they first come.
    """
    number = np.zeros(len(frame), dtype=np.intp)
    for name in columns:
        if _is_constant(frame[name]):
            continue
        encoded = pc.dictionary_encode(arrow_text(frame[name]), null_encoding="encode")
        codes = np.asarray(encoded.indices, dtype=np.intp)
        number, _ = pd.factorize(number * max(len(encoded.dictionary), 1) + codes)
    _, first = np.unique(number, return_index=True)
    return number, frame[columns].iloc[first].reset_index(drop=True)


def _is_constant(column: pd.Series) -> bool:
    """Return whether a column of text, as most are that are grouped by, has one."""
    text = arrow_text(column)
    return len(text) > 0 and bool(
        pc.all(pc.equal(text, text[0]), skip_nulls=False).as_py()
    )


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
