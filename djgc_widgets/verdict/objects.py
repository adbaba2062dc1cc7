"""Stored files -> the objects that they make up, each matched with its references."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import (
    MANIFEST_SUFFIX,
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
    enclose,
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
    stores = marked.names.known
    covering = marked.coverage.reference
    listed = marked.files["path"]
    in_trash = (parse_trash(listed)["path"].notna() | are_records(listed)).to_numpy()
    is_free = (covering < 0) & ~in_trash
    parsed = _parse_uncovered(marked, is_free)
    own = pc.dictionary_encode(_own_keys(marked, parsed, is_free))
    is_used = np.zeros(len(marked.references), dtype=np.bool_)
    is_used[covering[covering >= 0]] = True
    used = np.flatnonzero(is_used)
    number = np.full(len(listed), -1)
    number[covering >= 0] = (np.cumsum(is_used) - 1)[covering[covering >= 0]]
    number[is_free] = len(used) + np.asarray(own.indices, dtype=np.int64)
    code = np.full(len(listed), -1)
    code[number >= 0], distinct = pd.factorize(number[number >= 0])
    referred = marked.references.take(pa.array(used)).cast(TEXT)
    every = pa.concat_arrays([referred, own.dictionary.cast(TEXT)])
    owners = every.take(pa.array(distinct))
    objects = _aggregate_objects(marked, code, owners)
    objects["store"], objects["path"] = stores_and_paths(owners, stores)
    objects[list(_PARSED)] = _parsed_objects(marked, parsed, code, objects)
    keys = path_keys(folders["store"], folders["path"], stores)
    own_folder = positions(owners, keys)
    for name in ("modified", "changed"):
        dates = folders[f"{name}_ns"].to_numpy()
        objects[f"{name}_at"] = _latest(objects, f"{name}_ns", dates, own_folder)
    references = np.append(used, np.full(len(own.dictionary), -1))[distinct]
    objects["n_references"] = _count_references(marked)[references]
    objects["entered"] = _entered_flags(marked, objects, owners)
    objects["companion"] = _companion_flags(marked, objects, owners)
    return GroupedFiles(objects, code)


def _parse_uncovered(
    marked: MatchedFiles, is_free: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    """Parse the paths of files that no reference covers, and of what they describe."""
    wanted = is_free
    beside = pc.ends_with(marked.keys, MANIFEST_SUFFIX)
    sidecars = marked.keys.filter(pc.and_(beside, pa.array(is_free)))
    if len(sidecars):
        described = pc.unique(_without_suffix(sidecars))
        wanted = wanted | (cover(marked.keys, described).reference >= 0)
    return parse_paths_of_files(marked.files[wanted], marked.names)


def _own_keys(
    marked: MatchedFiles, parsed: pd.DataFrame, is_free: npt.NDArray[np.bool_]
) -> pa.Array:
    """Return the keys of the objects to which the path grammar gives free files."""
    known = marked.names.known
    stores = marked.files["store"]
    every = path_keys(stores[parsed.index], parsed["object_path"], known)
    free = parsed.index.isin(marked.files.index[is_free])
    own = every.filter(pa.array(free))
    beside = pc.ends_with(marked.keys.filter(pa.array(is_free)), MANIFEST_SUFFIX)
    if not pc.any(beside).as_py():
        return own
    base = _without_suffix(own)
    described = pc.and_(beside, pc.is_in(base, value_set=every))
    return pc.if_else(described, base, own)


def _without_suffix(keys: pa.Array) -> pa.Array:
    return pc.utf8_slice_codeunits(keys, 0, stop=-len(MANIFEST_SUFFIX))


def _parsed_objects(
    marked: MatchedFiles,
    parsed: pd.DataFrame,
    code: npt.NDArray[np.int64],
    objects: pd.DataFrame,
) -> pd.DataFrame:
    """Return what the path grammar says of each object.

    It says the same of a path and of what is below it, so only where it says nothing of
    the path of a referenced object, as of a folder of keys, its files are asked.
    """
    covered = marked.coverage.reference >= 0
    is_referred = np.zeros(len(objects), dtype=np.bool_)
    is_referred[code[covered]] = True
    referred = np.flatnonzero(is_referred)
    known = parse_paths_of_files(objects.iloc[referred], marked.names)[[*_PARSED]]
    silent = referred[known["section"].isna()]
    files = marked.files[covered & np.isin(code, silent)]
    rows = pd.concat([parsed, parse_paths_of_files(files, marked.names)])
    rows = rows[~rows.index.duplicated()].sort_index()
    of_row = pd.Series(code, index=marked.files.index)[rows.index].to_numpy()
    rows, of_row = rows[of_row >= 0], of_row[of_row >= 0]
    first = pd.DataFrame(
        {name: _first_of_each(rows[name], of_row, len(objects)) for name in _PARSED}
    )
    for name in _PARSED:
        of_object, of_file = arrow_text(known[name]), arrow_text(first[name][referred])
        first.loc[referred, name] = as_strings(pc.coalesce(of_object, of_file))
    return first


def _aggregate_objects(
    marked: MatchedFiles, code: npt.NDArray[np.int64], owners: pa.Array
) -> pd.DataFrame:
    in_object = code >= 0
    # a file is at the path of its object, below it, or its sidecar
    beyond = np.array(pc.binary_length(marked.keys), dtype=np.int64)
    beyond[in_object] -= np.asarray(pc.binary_length(owners))[code[in_object]]
    is_sidecar = np.asarray(pc.ends_with(marked.keys, MANIFEST_SUFFIX), dtype=bool)
    is_sidecar &= beyond == len(MANIFEST_SUFFIX)
    kind = marked.files["kind"]
    rows = pd.DataFrame(
        {
            "n_files": marked.files["n_files"],
            "size_bytes": marked.files["size_bytes"],
            "modified_ns": marked.files["modified_ns"],
            "changed_ns": np.maximum(
                marked.files["changed_ns"], marked.files["modified_ns"]
            ),
            "below": (beyond > 0) & ~is_sidecar,
            "kind": kind.where(kind.ne(FileKind.FILE.value)),
        }
    )[in_object]
    groups = rows.groupby(code[in_object], sort=True)
    objects = groups.agg(
        n_files=("n_files", "sum"),
        size_bytes=("size_bytes", "sum"),
        modified_ns=("modified_ns", "max"),
        changed_ns=("changed_ns", "max"),
        is_dir=("below", "any"),
    )
    objects["kind"] = _first_of_each(rows["kind"], code[in_object], len(objects))
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


def _count_references(marked: MatchedFiles) -> npt.NDArray[np.int64]:
    """Count the rows that refer to each reference's path or to something below it.

    The last count, at position -1, is that of no reference.
    """
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
    return np.append(counts, 0)


def entered_objects(marked: MatchedFiles, objects: pd.DataFrame) -> pd.DataFrame:
    """Return the objects at or below which a row refers to something, stored or not."""
    stores = marked.names.known
    keys = path_keys(objects["store"], objects["path"], stores)
    return objects[cover(marked.references, keys).stored]


def _companion_flags(
    marked: MatchedFiles, objects: pd.DataFrame, owners: pa.Array
) -> npt.NDArray[np.bool_]:
    """Return which unreferenced objects are named after another one."""
    references = marked.references.cast(TEXT)
    needed = pa.concat_arrays([references, _swept_keys(marked)])
    hashed = objects["section"].eq(Section.HASH.value).to_numpy(dtype=bool)
    hashes = pa.concat_arrays([needed, owners.filter(pa.array(hashed))])
    flags = np.zeros(len(objects), dtype=np.bool_)
    free = objects["n_references"].eq(0)
    at = np.flatnonzero(free)
    flags[at] = are_named_after_hashes(owners.take(pa.array(at)), hashes)
    at = np.flatnonzero(free & objects["section"].eq(Section.SCHEMA.value))
    flags[at] |= are_companions(owners.take(pa.array(at)), needed)
    return flags


def _swept_keys(marked: MatchedFiles) -> pa.Array:
    """Return the keys that the objects in trashes had, each once."""
    former = former_paths(marked.files)
    files = marked.files.loc[former.index, ["store"]].assign(path=former)
    parsed = parse_paths_of_files(files, marked.names)
    keys = path_keys(files["store"], parsed["object_path"], marked.names.known)
    beside = pc.ends_with(keys, MANIFEST_SUFFIX)
    return pc.unique(pc.if_else(beside, _without_suffix(keys), keys).cast(TEXT))


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
    keys = owners.take(pa.array(unreferenced))
    # what is referenced itself is none of them
    entered[unreferenced] = enclose(keys, marked.references)
    entered[unreferenced] |= cover(roots, keys).stored
    return entered
