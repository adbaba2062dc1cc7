"""Which row has the key that a path spells: in columns where both are plain.

A row's key is JSON, a path's is ``attribute=value`` per folder. Most keys are whole
numbers and texts that need no escapes, so their values are compared as Arrow text; only
the rest is read one by one.
"""

import json
import re
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import TEXT, arrow_text, key_in_path, re2_literal
from djgc_widgets.verdict.coverage import positions

_VALUE = r': (?:"[^"\\]*"|-?[0-9]+)'
_PLAIN_KEY = rf'^\{{"[^"\\]*"{_VALUE}(?:, "[^"\\]*"{_VALUE})*\}}$'
"""A key as JSON without escapes, whose values are texts and whole numbers."""
_NAMED_VALUE = re.compile(rf'"([^"\\]*)"{_VALUE}')
_PAIR = "(?:^|/)[A-Za-z_][A-Za-z0-9_]*="
_BETWEEN = pa.scalar('"', TEXT)
"""Stands between values, of which none in a plain key has it."""

_NOTHING = pa.scalar("", TEXT)
_Pairs = frozenset[tuple[str, str]]


def rows_of_same_key(
    paths: pd.Series, attribute: pd.Series, references: pd.DataFrame
) -> npt.NDArray[np.int64]:
    """Return for each path the reference whose row has its key and attribute.

    Parameters
    ----------
    paths : Series
        Paths in a schema section.
    attribute : Series
        The attribute that each of them names; NA if none.
    references : DataFrame
        A frame of the references schema, of one table.

    Returns
    -------
    array of int
        Position among the references, the last if there are several; -1 if none.
    """
    path, row_key = arrow_text(paths), arrow_text(references["row_key"])
    named, of_row = arrow_text(attribute), arrow_text(references["attribute"])
    is_plain = np.asarray(pc.match_substring_regex(row_key, _PLAIN_KEY), dtype=bool)
    escaped = np.asarray(pc.match_substring(path, "%"), dtype=bool)
    found = np.full(len(path), -1)
    for order, rows in _orders(row_key, np.flatnonzero(is_plain)):
        last = rows[::-1]
        known = _joined(
            of_row.take(pa.array(last)),
            [_value_in_row(row_key.take(pa.array(last)), name) for name in order],
        )
        values = [_value_in_path(path, name) for name in order]
        count = np.asarray(pc.count_substring_regex(_folder(path), _PAIR))
        hit = positions(_joined(named, values), known)
        is_met = (hit >= 0) & (count == len(order)) & ~escaped
        found[is_met] = last[hit[is_met]]
    by_value = np.flatnonzero((found < 0) & (escaped | (not is_plain.all())))
    if len(by_value):
        keys = zip(of_row.to_pylist(), row_key.to_pylist(), strict=True)
        by_pairs = {
            (name, _pairs_in_row_key(key)): at for at, (name, key) in enumerate(keys)
        }
        for at in by_value:
            pairs = _comparable_pairs(key_in_path(path[int(at)].as_py()))
            found[at] = by_pairs.get((named[int(at)].as_py(), pairs), -1)
    return found


def _orders(
    row_key: pa.Array, plain: npt.NDArray[np.int64]
) -> Iterator[tuple[list[str], npt.NDArray[np.int64]]]:
    """Yield the names that plain keys have, in order, and whose they are."""
    left = row_key.take(pa.array(plain))
    while len(left):  # rows of a table have the same names in the same order
        names = _NAMED_VALUE.findall(left[0].as_py())
        spelled = ", ".join(f'"{re2_literal(name)}"{_VALUE}' for name in names)
        alike = pc.match_substring_regex(left, rf"^\{{{spelled}\}}$")
        same = np.asarray(alike, dtype=bool)
        yield names, plain[same]
        left, plain = left.filter(pc.invert(alike)), plain[~same]


def _value_in_row(row_key: pa.Array, name: str) -> pa.Array:
    pattern = f'"{re2_literal(name)}": (?:"(?P<text>[^"]*)"|(?P<number>-?[0-9]+))'
    groups = pc.extract_regex(row_key, pattern)
    return pc.binary_join_element_wise(
        pc.struct_field(groups, "text"), pc.struct_field(groups, "number"), _NOTHING
    )


def _value_in_path(path: pa.Array, name: str) -> pa.Array:
    """Return the value of a folder; null without such a folder."""
    groups = pc.extract_regex(path, f"(?s)(?:^|/){re2_literal(name)}=(?P<value>[^/]*)/")
    return pc.struct_field(groups, "value")


def _folder(path: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(path, "(?s)[^/]*$", "")


def _joined(attribute: pa.Array, values: list[pa.Array]) -> pa.Array:
    """Return a text per attribute and key; null if one of them is."""
    # paths write the times of a key with hyphens, JSON with colons
    comparable = [pc.replace_substring(each, ":", "-") for each in values]
    return pc.binary_join_element_wise(attribute, *comparable, _BETWEEN)


def _pairs_in_row_key(row_key: str) -> _Pairs:
    try:
        pairs: Mapping[str, object] = json.loads(row_key)
    except ValueError:
        return frozenset()  # a key with raw bytes in it has no successor to name
    return _comparable_pairs(pairs)


def _comparable_pairs(pairs: Mapping[str, object]) -> _Pairs:
    return frozenset((k, str(v).replace(":", "-")) for k, v in pairs.items())
