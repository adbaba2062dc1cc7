"""Stored files -> the objects that they make up, each matched with its references."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import (
    MANIFEST_SUFFIX,
    STR,
    TEXT,
    FileKind,
    Section,
    are_records,
    arrow_text,
    as_strings,
    former_paths,
    parse_trash,
)
from djgc_widgets.verdict.companions import are_companions, are_named_after_hashes
from djgc_widgets.verdict.coverage import (
    cover,
    path_keys,
    positions,
    stores_and_paths,
)
from djgc_widgets.verdict.guesses import parse_paths_of_files
from djgc_widgets.verdict.match import MatchedFiles

_PARSED = ("section", "schema", "table", "prefix")


@dataclass(frozen=True, slots=True)
class GroupedFiles:
    """Objects and their files."""

    objects: pd.DataFrame
    """The columns of the objects schema but status and reasons, with ``kind`` (NA if
    all files are regular), ``entered`` (a row refers to something below it),
    ``companion`` (it is named after another object) and ``prefix`` (of its section)."""
    code: npt.NDArray[np.int64]
    """Per file the row of its object; -1 in the trash."""


def group_files(marked: MatchedFiles, folders: pd.DataFrame) -> GroupedFiles:
    """Give each file outside the trash to exactly one object.

    An object is what the outermost reference over a file covers, else what the path
    grammar says; a sidecar belongs to the object that it describes.
    """
    parsed = parse_paths_of_files(marked.files, marked.names)
    free = marked.coverage.reference < 0
    listed = marked.files["path"]
    in_trash = (parse_trash(listed)["path"].notna() | are_records(listed)) & free
    owner = _object_keys(marked, parsed)
    code, distinct = pd.factorize(owner.where(~in_trash))
    owners = arrow_text(distinct)
    objects = _aggregate_objects(marked, parsed, code, owners)
    stores = marked.names.known
    objects["store"], objects["path"] = stores_and_paths(owners, stores)
    keys = path_keys(folders["store"], folders["path"], stores)
    own_folder = positions(owners, keys)
    for name in ("modified", "changed"):
        dates = folders[f"{name}_ns"].to_numpy()
        objects[f"{name}_at"] = _latest(objects, f"{name}_ns", dates, own_folder)
    objects["n_references"] = _count_references(marked, owners)
    objects["entered"] = _entered_flags(marked, objects, owners)
    objects["companion"] = _companion_flags(marked, objects, owners)
    return GroupedFiles(objects, np.asarray(code, dtype=np.int64))


def _object_keys(marked: MatchedFiles, parsed: pd.DataFrame) -> pd.Series:
    stores = marked.names.known
    own = path_keys(marked.files["store"], parsed["object_path"], stores)
    base = pc.utf8_slice_codeunits(own, 0, stop=-len(MANIFEST_SUFFIX))
    described = pc.and_(
        pc.ends_with(marked.keys, MANIFEST_SUFFIX), pc.is_in(base, value_set=own)
    )
    own = pc.if_else(described, base, own)
    covering = marked.coverage.reference
    covered = marked.references.take(pa.array(covering, mask=covering < 0))
    owners = pd.array(pc.coalesce(covered, own), dtype=STR)
    return pd.Series(owners, index=marked.files.index)


def _aggregate_objects(
    marked: MatchedFiles,
    parsed: pd.DataFrame,
    code: npt.NDArray[np.intp],
    owners: pa.Array,
) -> pd.DataFrame:
    in_object = code >= 0
    owner_of_file = owners.take(pa.array(code, mask=~in_object))
    owner = pd.Series(owner_of_file, dtype=STR)
    key = pd.Series(pd.array(marked.keys, dtype=STR))
    itself = (key == owner).to_numpy(dtype=bool)
    sidecar = (key == owner + MANIFEST_SUFFIX).to_numpy(dtype=bool)
    kind = marked.files["kind"]
    rows = pd.DataFrame(
        {
            "size_bytes": marked.files["size_bytes"],
            "modified_ns": marked.files["modified_ns"],
            "changed_ns": marked.files[["modified_ns", "changed_ns"]].max(axis=1),
            "below": ~(itself | sidecar),
            "kind": kind.where(kind.ne(FileKind.FILE.value)),
            **{name: parsed[name] for name in _PARSED},
        }
    )[in_object]
    groups = rows.groupby(code[in_object], sort=True)
    objects = groups.agg(
        size_bytes=("size_bytes", "sum"),
        modified_ns=("modified_ns", "max"),
        changed_ns=("changed_ns", "max"),
        is_dir=("below", "any"),
    )
    objects["n_files"] = groups.size()
    for name in ("kind", *_PARSED):
        objects[name] = _first_of_each(rows[name], code[in_object], len(objects))
    return objects.reset_index(drop=True)


def _first_of_each(
    texts: pd.Series, code: npt.NDArray[np.intp], n_groups: int
) -> pd.api.extensions.ExtensionArray:
    """Return the first text of each group that is not NA; NA where there is none."""
    first = np.full(n_groups, -1)
    backwards = np.flatnonzero(texts.notna())[::-1]
    first[code[backwards]] = backwards
    return as_strings(arrow_text(texts).take(pa.array(first, mask=first < 0)))


def _latest(
    objects: pd.DataFrame,
    name: str,
    dates: npt.NDArray[np.int64],
    own_folder: npt.NDArray[np.int64],
) -> pd.Series:
    """Return a date of each object: the latest of its files and of its own folder.

    The files of a folder that DataJoint copied have the dates of their originals; the
    date of the folder itself is that of the copy.
    """
    listed = objects["is_dir"].to_numpy() & (own_folder >= 0)
    newest = objects[name].to_numpy(copy=True)
    newest[listed] = np.maximum(newest[listed], dates[own_folder[listed]])
    return pd.Series(pd.to_datetime(newest // 1000, unit="us", utc=True))


def _count_references(marked: MatchedFiles, owners: pa.Array) -> npt.NDArray[np.int64]:
    """Count the rows that refer to each object or to something below it."""
    numbered = pd.DataFrame(
        {"index": marked.target_index, "reference": marked.targets["reference"]}
    ).drop_duplicates()
    counts = np.bincount(numbered["index"], minlength=len(marked.references))
    outer = np.isin(np.arange(len(counts)), marked.coverage.reference)
    inner = np.flatnonzero(marked.coverage.stored & ~outer)
    if len(inner):
        below = marked.references.take(pa.array(inner))
        above = cover(below, marked.references).reference
        np.add.at(counts, above, counts[inner])
    counts = np.append(counts, 0)  # position -1: no reference
    return np.asarray(counts[positions(owners, marked.references)], dtype=np.int64)


def entered_objects(marked: MatchedFiles, objects: pd.DataFrame) -> pd.DataFrame:
    """Return the objects at or below which a row refers to something, stored or not."""
    stores = marked.names.known
    keys = path_keys(objects["store"], objects["path"], stores)
    return objects[cover(marked.references, keys).stored]


def _companion_flags(
    marked: MatchedFiles, objects: pd.DataFrame, owners: pa.Array
) -> npt.NDArray[np.bool_]:
    """Return which unreferenced objects are named after another one."""
    swept = former_paths(marked.files)
    stores = marked.files.loc[swept.index, "store"]
    swept_keys = path_keys(stores, swept, marked.names.known)
    needed = pa.concat_arrays([marked.references.cast(TEXT), swept_keys.cast(TEXT)])
    hashed = objects["section"].eq(Section.HASH.value).to_numpy(dtype=bool)
    hashes = pa.concat_arrays([needed, owners.filter(pa.array(hashed))])
    named = are_named_after_hashes(owners, hashes)
    flags = np.asarray(named, dtype=np.bool_)
    free = objects["section"].eq(Section.SCHEMA.value) & objects["n_references"].eq(0)
    at = np.flatnonzero(free)
    flags[at] |= are_companions(owners.take(pa.array(at)), needed)
    return flags


def _entered_flags(
    marked: MatchedFiles, objects: pd.DataFrame, owners: pa.Array
) -> npt.NDArray[np.bool_]:
    """Return which unreferenced objects have something referenced below them.

    That may be inside a file, or be the root of another store.
    """
    unreferenced = np.flatnonzero(objects["n_references"].eq(0))
    entered = np.zeros(len(objects), dtype=bool)
    same = pd.DataFrame(marked.names.same, columns=["store", "path"])
    roots = path_keys(same["store"], same["path"], marked.names.known)
    needed = pa.concat_arrays([marked.references.cast(TEXT), roots.cast(TEXT)])
    entered[unreferenced] = cover(needed, owners.take(pa.array(unreferenced))).stored
    return entered
