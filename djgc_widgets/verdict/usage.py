"""Objects and references -> how much each table and attribute takes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import (
    PLACES,
    STR,
    SUMMARY,
    TEXT,
    TOKEN,
    USAGE,
    Section,
    State,
    Status,
    arrow_text,
    as_strings,
    extract_groups,
    folders_and_names,
    group_numbers,
    stacked,
)
from djgc_widgets.verdict.coverage import match_exactly, path_keys, positions

_PLACE = ["store", "schema", "table", "attribute"]
_COLUMN = [*_PLACE, "codec"]
_NAME = r"^(?P<attribute>[A-Za-z_][A-Za-z0-9_]*)_"
_END = r"(?:\.|$)"
_OWN_LENGTH = 8
"""Of the tokens that DataJoint gives by itself."""
_NUL = pa.scalar("\0", TEXT)


def with_hidden(summary: pd.DataFrame, hidden: pd.DataFrame) -> pd.DataFrame:
    """Add what buckets keep beside their objects to a frame of the summary schema."""
    kept = hidden.groupby("store")["size_bytes"].agg(["size", "sum"])
    rows = pd.DataFrame(
        {
            "store": kept.index,
            "status": Status.HIDDEN.value,
            "n_objects": kept["size"].to_numpy(),
            "n_files": 0,
            "size_bytes": kept["sum"].to_numpy(dtype=np.int64),
            "n_references": 0,
            "logical_bytes": 0,
        }
    )
    both = stacked([summary, SUMMARY.conform(rows)])
    return SUMMARY.conform(both.sort_values(["store", "status"], kind="stable"))


def table_totals(objects: pd.DataFrame) -> pd.DataFrame:
    """Add up the objects of each table of each store: ``n_objects``, ``size_bytes``."""
    groups = objects.groupby(["store", "schema", "table"], dropna=False)
    return groups["size_bytes"].agg(n_objects="size", size_bytes="sum").reset_index()


def usage_by_attribute(objects: pd.DataFrame, references: pd.DataFrame) -> pd.DataFrame:
    """Add up what the rows of each store column refer to: a frame of the usage schema.

    An object that several columns refer to counts in each of them.
    """
    stores = _stores(objects, references)
    referred = path_keys(references["store"], references["path"], stores)
    kept = path_keys(objects["store"], objects["path"], stores)
    number, _, referring = match_exactly(referred, kept)
    at = np.full(len(referred), -1)
    at[referring[referring >= 0]] = np.flatnonzero(referring >= 0)
    at = at[number]
    sizes = references["size_bytes"].fillna(0).to_numpy(dtype=np.int64)
    sizes = np.where(at >= 0, np.append(objects["size_bytes"], 0)[at], sizes)
    present = references["state"].eq(State.PRESENT.value).to_numpy()
    group, sums = group_numbers(references, _COLUMN)
    rows = pd.DataFrame(
        {
            "group": group,
            "path": number,
            "row": pd.factorize(references["row_key"])[0],
            "size": np.where(present, sizes, 0),
            "present": present,
            "missing": references["state"].eq(State.MISSING.value).to_numpy(),
        }
    )
    every, once = rows.groupby("group"), rows.drop_duplicates(["group", "path"])
    stored_once = once.groupby("group")
    sums["n_rows"] = rows.drop_duplicates(["group", "row"]).groupby("group").size()
    sums["n_references"] = every.size()
    sums["n_missing"] = every["missing"].sum()
    sums["logical_bytes"] = every["size"].sum()
    sums["n_objects"] = stored_once["present"].sum()
    sums["physical_bytes"] = stored_once["size"].sum()
    return _usage(sums)


def add_usage(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Add up the usage of ranges; a row that refers into several counts in each."""
    sums = [part.drop(columns="dedup_ratio") for part in parts]
    return _usage(add_up(sums, _COLUMN))


def add_places(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Add up the places of ranges."""
    sums = add_up(parts, _PLACE)
    return PLACES.conform(_biggest_first(sums, _PLACE, "size_bytes"))


def add_up(parts: Sequence[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Add up frames by the values of some columns; NA is one of them."""
    groups = pd.concat(parts, ignore_index=True).groupby(columns, dropna=False)
    return groups.sum().reset_index()


def _usage(sums: pd.DataFrame) -> pd.DataFrame:
    physical = sums["physical_bytes"].replace(0, np.nan)
    sums = sums.assign(dedup_ratio=sums["logical_bytes"] / physical)
    return USAGE.conform(_biggest_first(sums, _COLUMN, "physical_bytes"))


def attributes_of(objects: pd.DataFrame) -> pd.Series:
    """Return the attribute that is part of the name of each object; NA without one."""
    attributes = pd.Series(pd.NA, index=objects.index, dtype=STR)
    shaped = objects["section"].eq(Section.SCHEMA.value).to_numpy(dtype=bool)
    _, name = folders_and_names(arrow_text(objects["path"][shaped]))
    # DataJoint's own length first: a shorter name with a longer token fits as well
    token = f"[A-Za-z0-9_-]{{{_OWN_LENGTH}}}"
    own = pc.match_substring_regex(name, f"{_NAME}{token}{_END}")
    stem = pc.list_element(pc.split_pattern(name, ".", max_splits=1), 0)
    cut = pc.utf8_slice_codeunits(stem, 0, stop=-_OWN_LENGTH - 1)
    if not pc.all(own).as_py():
        others = extract_groups(name, rf"{_NAME}{TOKEN}{_END}")["attribute"]
        cut = pc.if_else(own, cut, others)
    attributes[shaped] = as_strings(cut)
    return attributes


def with_places(objects: pd.DataFrame, references: pd.DataFrame) -> pd.DataFrame:
    """Return objects with the attribute, and hashes with the table, that they are of.

    A hash names neither: they are those of the first row of its schema that refers.
    """
    rows = objects.assign(attribute=attributes_of(objects))
    hashed = rows.index[rows["section"].eq(Section.HASH.value)]
    if len(hashed):
        stores = _stores(objects, references)
        # other schemas may record a copied path
        keys = [
            pc.binary_join_element_wise(
                path_keys(each["store"], each["path"], stores),
                arrow_text(each["schema"]),
                _NUL,
            )
            for each in (rows.loc[hashed], references)
        ]
        first = positions(*keys)
        for name in ("table", "attribute"):
            column = references[name].reset_index(drop=True)
            rows.loc[hashed, name] = column.reindex(first).array
    return rows


def bytes_by_place(objects: pd.DataFrame, references: pd.DataFrame) -> pd.DataFrame:
    """Add up what is stored per store, schema, table and attribute, each object once.

    The result is a frame of the places schema.
    """
    rows = with_places(objects, references)
    orphan = rows["status"].eq(Status.ORPHAN.value)
    group, sums = group_numbers(rows, _PLACE)
    sizes = rows["size_bytes"]
    added = pd.DataFrame(
        {
            "n_objects": 1,
            "size_bytes": sizes,
            "n_orphans": orphan,
            "orphan_bytes": sizes.where(orphan, 0),
        }
    )
    sums = sums.join(added.groupby(group).sum())
    return PLACES.conform(_biggest_first(sums, _PLACE, "size_bytes"))


def _stores(*frames: pd.DataFrame) -> list[str]:
    return sorted({store for each in frames for store in each["store"].unique()})


def _biggest_first(sums: pd.DataFrame, columns: list[str], size: str) -> pd.DataFrame:
    return sums.sort_values(columns).sort_values(size, ascending=False, kind="stable")
