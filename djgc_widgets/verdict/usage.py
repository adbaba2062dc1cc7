"""Objects and references -> how much each table and attribute takes."""

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from djgc_widgets.model import PLACES, USAGE, Section, State, Status, arrow_text

_PLACE = ["store", "schema", "table", "attribute"]
_NAME = r"(?s)^(?:.*/)?(?P<attribute>[A-Za-z_][A-Za-z0-9_]*)_"
_TOKENS = ("[A-Za-z0-9_-]{8}", "[A-Za-z0-9_-]{4,16}")  # DataJoint's own length first


def usage_by_attribute(objects: pd.DataFrame, references: pd.DataFrame) -> pd.DataFrame:
    """Add up what the rows of each store column refer to.

    Parameters
    ----------
    objects, references : DataFrame
        Frames of these schemas.

    Returns
    -------
    DataFrame
        A frame of the usage schema, the most physical bytes first. An object that
        several columns refer to counts in each of them.
    """
    stored = objects.set_index(["store", "path"])["size_bytes"]
    places = pd.MultiIndex.from_frame(references[["store", "path"]])
    known = stored.astype("Int64").reindex(places).set_axis(references.index)
    sizes = known.fillna(references["size_bytes"])
    present = references["state"].eq(State.PRESENT.value)
    size = sizes.fillna(0).where(present, 0).astype("int64")
    told = references.assign(size=size, gone=~present)
    columns = [*_PLACE, "codec"]
    groups = told.groupby(columns, dropna=False)
    sums = groups.agg(
        rows=("row_key", "nunique"),
        references=("path", "size"),
        missing=("gone", "sum"),
        logical_bytes=("size", "sum"),
    )
    distinct = told.drop_duplicates([*columns, "path"]).assign(there=present)
    stored_once = distinct.groupby(columns, dropna=False)
    sums["objects"] = stored_once["there"].sum()
    sums["physical_bytes"] = stored_once["size"].sum()
    physical = sums["physical_bytes"].replace(0, np.nan)
    sums["dedup_ratio"] = sums["logical_bytes"] / physical
    biggest = sums.sort_values("physical_bytes", ascending=False, kind="stable")
    return USAGE.conform(biggest.reset_index())


def attributes_of(objects: pd.DataFrame) -> pd.Series:
    """Return the attribute that the name of each object tells; NA where none does.

    Parameters
    ----------
    objects : DataFrame
        A frame of the objects schema.
    """
    found = pd.Series(pd.NA, index=objects.index, dtype="str")
    shaped = objects.loc[objects["section"].eq(Section.SCHEMA.value), "path"]
    for token in _TOKENS:
        path = arrow_text(shaped)
        told = pc.extract_regex(path, rf"{_NAME}{token}(?:\.[^/]*)?$")
        names = pc.struct_field(told, "attribute")
        found[shaped.index] = pd.array(names, dtype="str")
        shaped = shaped[found[shaped.index].isna()]
    return found


def bytes_by_place(objects: pd.DataFrame, references: pd.DataFrame) -> pd.DataFrame:
    """Add up what is stored per store, schema, table and attribute.

    Parameters
    ----------
    objects, references : DataFrame
        Frames of these schemas.

    Returns
    -------
    DataFrame
        A frame of the places schema, biggest first; each object counts once. A hash
        names neither table nor attribute: they are those of the first row of its schema
        that refers to it.
    """
    told = objects.assign(attribute=attributes_of(objects))
    hashed = told.index[told["section"].eq(Section.HASH.value)]
    place = ["store", "path", "schema"]  # rows of other schemas may hold a copied path
    first = references.drop_duplicates(place).set_index(place)
    wanted = pd.MultiIndex.from_frame(told.loc[hashed, place])
    for name in ("table", "attribute"):
        told.loc[hashed, name] = first[name].reindex(wanted).to_numpy()
    orphan = told["status"].eq(Status.ORPHAN.value)
    told["orphans"], told["orphan_bytes"] = orphan, told["size_bytes"].where(orphan, 0)
    sums = told.groupby(_PLACE, dropna=False).agg(
        objects=("path", "size"),
        size_bytes=("size_bytes", "sum"),
        orphans=("orphans", "sum"),
        orphan_bytes=("orphan_bytes", "sum"),
    )
    biggest = sums.sort_values("size_bytes", ascending=False, kind="stable")
    return PLACES.conform(biggest.reset_index())
