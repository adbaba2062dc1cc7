"""Which stored paths do the recorded paths cover: by whole segments, vectorised.

A reference covers the object at its path, everything below that path, and the sidecar
``{path}.manifest.json``; ``a/b`` does not cover ``a/bc``. References have few distinct
depths, so each stored path is cut at each of these depths and the cut is looked up
exactly.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import MANIFEST_SUFFIX, TEXT, arrow_text

_SLASH = pa.scalar("/", TEXT)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a set of references covers.

    Parameters
    ----------
    reference : ndarray of int64
        Per stored path, position of the outermost reference that covers it; -1 if none
        does.
    sidecar : ndarray of bool
        Per stored path, it is covered only as the sidecar of a reference.
    stored : ndarray of bool
        Per reference, something other than its sidecar is stored.
    described : ndarray of bool
        Per reference, its sidecar is stored.
    """

    reference: npt.NDArray[np.int64]
    sidecar: npt.NDArray[np.bool_]
    stored: npt.NDArray[np.bool_]
    described: npt.NDArray[np.bool_]


def place_keys(stores: pd.Series, paths: pd.Series, names: list[str]) -> pa.Array:
    """Return one string per path in which the store is the first segment.

    Parameters
    ----------
    stores, paths : Series of str
        Store and path relative to it; an empty path stands for the whole store.
    names : list of str
        Names of all stores; their positions are the first segments.
    """
    number = pc.index_in(arrow_text(stores), value_set=arrow_text(names))
    keys = pc.binary_join_element_wise(pc.cast(number, TEXT), arrow_text(paths), _SLASH)
    return pc.utf8_rtrim(keys, "/")


def cover(stored: pa.Array, references: pa.Array) -> Coverage:
    """Match stored paths with the references that cover them.

    Parameters
    ----------
    stored : Array of string
        Keys of stored paths, from `place_keys`.
    references : Array of string
        Distinct keys of recorded paths.

    Returns
    -------
    Coverage
        Positions refer to the two arguments.
    """
    outermost = np.full(len(stored), -1, dtype=np.int64)
    sidecar = np.zeros(len(stored), dtype=np.bool_)
    seen = np.zeros(len(references), dtype=np.bool_)
    described = np.zeros(len(references), dtype=np.bool_)
    if len(stored) and len(references):
        depth = _depths(references)
        segments = pc.split_pattern(stored, "/")
        for cut_depth in np.unique(depth):
            at_depth = np.flatnonzero(depth == cut_depth)
            cut = pc.binary_join(pc.list_slice(segments, 0, int(cut_depth)), _SLASH)
            hit = _positions(cut, references.take(pa.array(at_depth)))
            matched = hit >= 0
            seen[at_depth[hit[matched]]] = True
            new = matched & (outermost < 0)
            outermost[new] = at_depth[hit[new]]
        is_manifest = pc.ends_with(stored, MANIFEST_SUFFIX).to_numpy(
            zero_copy_only=False
        )
        beside = np.flatnonzero(is_manifest & (outermost < 0))
        owners = pc.utf8_slice_codeunits(
            stored.take(pa.array(beside)), 0, stop=-len(MANIFEST_SUFFIX)
        )
        hit = _positions(owners, references)
        matched = hit >= 0
        described[hit[matched]] = True
        outermost[beside[matched]] = hit[matched]
        sidecar[beside[matched]] = True
    return Coverage(outermost, sidecar, seen, described)


def _depths(keys: pa.Array) -> npt.NDArray[np.int64]:
    return np.asarray(
        pc.count_substring(keys, "/").to_numpy(zero_copy_only=False) + 1, dtype=np.int64
    )


def _positions(values: pa.Array, among: pa.Array) -> npt.NDArray[np.int64]:
    found = pc.fill_null(pc.index_in(values, value_set=among), -1)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)
