"""Objects and references -> how much each table and attribute takes."""

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from djgc_widgets.model import (
    PLACES,
    STR,
    TOKEN,
    USAGE,
    Section,
    State,
    Status,
    arrow_text,
)

_PLACE = ["store", "schema", "table", "attribute"]
_NAME = r"(?s)^(?:.*/)?(?P<attribute>[A-Za-z_][A-Za-z0-9_]*)_"
_TOKENS = ("[A-Za-z0-9_-]{8}", TOKEN)  # DataJoint's own length first


def usage_by_attribute(objects: pd.DataFrame, references: pd.DataFrame) -> pd.DataFrame:
    """Add up what the rows of each store column refer to: a frame of the usage schema.

    An object that several columns refer to counts in each of them.
    """
    stored = objects.set_index(["store", "path"])["size_bytes"]
    paths = pd.MultiIndex.from_frame(references[["store", "path"]])
    known = stored.astype("Int64").reindex(paths).set_axis(references.index)
    sizes = known.fillna(references["size_bytes"])
    present = references["state"].eq(State.PRESENT.value)
    size = sizes.fillna(0).where(present, 0).astype("int64")
    rows = references.assign(size=size, missing=~present)
    columns = [*_PLACE, "codec"]
    groups = rows.groupby(columns, dropna=False)
    sums = groups.agg(
        n_rows=("row_key", "nunique"),
        n_references=("path", "size"),
        n_missing=("missing", "sum"),
        logical_bytes=("size", "sum"),
    )
    distinct = rows.drop_duplicates([*columns, "path"]).assign(present=present)
    stored_once = distinct.groupby(columns, dropna=False)
    sums["n_objects"] = stored_once["present"].sum()
    sums["physical_bytes"] = stored_once["size"].sum()
    physical = sums["physical_bytes"].replace(0, np.nan)
    sums["dedup_ratio"] = sums["logical_bytes"] / physical
    biggest = sums.sort_values("physical_bytes", ascending=False, kind="stable")
    return USAGE.conform(biggest.reset_index())


def attributes_of(objects: pd.DataFrame) -> pd.Series:
    """Return the attribute that is part of the name of each object; NA without one."""
    attributes = pd.Series(pd.NA, index=objects.index, dtype=STR)
    shaped = objects.loc[objects["section"].eq(Section.SCHEMA.value), "path"]
    for token in _TOKENS:
        path = arrow_text(shaped)
        groups = pc.extract_regex(path, rf"{_NAME}{token}(?:\.[^/]*)?$")
        names = pc.struct_field(groups, "attribute")
        attributes[shaped.index] = pd.array(names, dtype=STR)
        shaped = shaped[attributes[shaped.index].isna()]
    return attributes


def bytes_by_place(objects: pd.DataFrame, references: pd.DataFrame) -> pd.DataFrame:
    """Add up what is stored per store, schema, table and attribute, each object once.

    The result is a frame of the places schema. A hash names neither table nor
    attribute: they are those of the first row of its schema that refers to it.
    """
    rows = objects.assign(attribute=attributes_of(objects))
    hashed = rows.index[rows["section"].eq(Section.HASH.value)]
    columns = ["store", "path", "schema"]  # other schemas may record a copied path
    first = references.drop_duplicates(columns).set_index(columns)
    paths = pd.MultiIndex.from_frame(rows.loc[hashed, columns])
    for name in ("table", "attribute"):
        rows.loc[hashed, name] = first[name].reindex(paths).to_numpy()
    orphan = rows["status"].eq(Status.ORPHAN.value)
    rows["orphan_bytes"] = rows["size_bytes"].where(orphan, 0)
    sums = (
        rows.assign(n_orphans=orphan)
        .groupby(_PLACE, dropna=False)
        .agg(
            n_objects=("path", "size"),
            size_bytes=("size_bytes", "sum"),
            n_orphans=("n_orphans", "sum"),
            orphan_bytes=("orphan_bytes", "sum"),
        )
    )
    biggest = sums.sort_values("size_bytes", ascending=False, kind="stable")
    return PLACES.conform(biggest.reset_index())
