"""Which stored paths do the recorded paths cover: by complete segments, vectorized.

A reference covers the object at its path, everything below that path, and the sidecar
``{path}.manifest.json``; ``a/b`` does not cover ``a/bc``. References have few distinct
depths, so each stored path is cut at each of these depths and the cut is looked up
exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import MANIFEST_SUFFIX, TEXT, arrow_text, as_strings

_SLASH = pa.scalar("/", TEXT)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a set of references covers."""

    reference: npt.NDArray[np.int64]
    """Per stored path, position of the outermost reference that covers it, or -1."""
    sidecar: npt.NDArray[np.bool_]
    """Per stored path, it is covered only as the sidecar of a reference."""
    stored: npt.NDArray[np.bool_]
    """Per reference, something other than its sidecar is stored."""
    described: npt.NDArray[np.bool_]
    """Per reference, its sidecar is stored."""


def path_keys(stores: pd.Series, paths: pd.Series, names: list[str]) -> pa.Array:
    """Return a key per path: the position of its store among `names`, then the path.

    An empty path stands for the entire store.
    """
    number = pc.index_in(arrow_text(stores), value_set=arrow_text(names))
    keys = pc.binary_join_element_wise(pc.cast(number, TEXT), arrow_text(paths), _SLASH)
    is_open = pc.any(pc.ends_with(keys, "/")).as_py()
    return pc.utf8_rtrim(keys, "/") if is_open else keys


def stores_and_paths(
    keys: pa.Array, names: list[str]
) -> tuple[pd.api.extensions.ExtensionArray, pd.api.extensions.ExtensionArray]:
    """Return the stores and the paths whose keys these are."""
    store, path = pa.nulls(len(keys), TEXT), keys
    for number, name in enumerate(names):
        own = pc.or_(pc.starts_with(keys, f"{number}/"), pc.equal(keys, f"{number}"))
        below = pc.utf8_slice_codeunits(keys, len(f"{number}/"))
        if pc.all(own).as_py():
            store = pa.repeat(pa.scalar(name, TEXT), len(keys))
            return as_strings(store), as_strings(below)
        store = pc.if_else(own, name, store)
        path = pc.if_else(own, below, path)
    return as_strings(store), as_strings(path)


def cover(
    stored: pa.Array,
    references: pa.Array,
    exact: npt.NDArray[np.int64] | None = None,
) -> Coverage:
    """Match keys of stored paths with the distinct keys of references.

    Positions in the result are those in the two arguments; where stored paths stand
    exactly among the references may be known.
    """
    outermost = np.full(len(stored), -1, dtype=np.int64)
    sidecar = np.zeros(len(stored), dtype=np.bool_)
    is_stored = np.zeros(len(references), dtype=np.bool_)
    described = np.zeros(len(references), dtype=np.bool_)
    if len(stored) and len(references):
        depth = _depths(references)
        exact = positions(stored, references) if exact is None else exact
        is_met = exact >= 0
        is_stored[exact[is_met]] = True
        # what is met exactly needs no cut, unless another reference covers that one;
        # all that is left can only be below
        is_inner = np.zeros(len(references), dtype=np.bool_)
        for covered, _ in _cuts(references, depth, references, depth):
            is_inner[covered] = True
        is_met[is_met] = ~is_inner[exact[is_met]]
        outermost[is_met] = exact[is_met]
        rest = np.flatnonzero(~is_met)
        left = stored.take(pa.array(rest))
        for covered, covering in _cuts(left, _depths(left), references, depth):
            is_stored[covering] = True
            new = outermost[rest[covered]] < 0
            outermost[rest[covered[new]]] = covering[new]
        is_manifest = pc.ends_with(stored, MANIFEST_SUFFIX).to_numpy(
            zero_copy_only=False
        )
        beside = np.flatnonzero(is_manifest & (outermost < 0))
        owners = pc.utf8_slice_codeunits(
            stored.take(pa.array(beside)), 0, stop=-len(MANIFEST_SUFFIX)
        )
        hit = positions(owners, references)
        matched = hit >= 0
        described[hit[matched]] = True
        outermost[beside[matched]] = hit[matched]
        sidecar[beside[matched]] = True
    return Coverage(outermost, sidecar, is_stored, described)


def enclose(outer: pa.Array, inner: pa.Array) -> npt.NDArray[np.bool_]:
    """Return which of some distinct keys have one of others strictly below them."""
    encloses = np.zeros(len(outer), dtype=np.bool_)
    for _, covering in _cuts(inner, _depths(inner), outer, _depths(outer)):
        encloses[covering] = True
    return encloses


def _cuts(
    stored: pa.Array,
    stored_depth: npt.NDArray[np.int64],
    references: pa.Array,
    depth: npt.NDArray[np.int64],
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Yield per depth of references, the least first, what is below them.

    These are positions in both arguments, in pairs.
    """
    for cut_depth in np.unique(depth):
        deep = np.flatnonzero(stored_depth > cut_depth)
        if not len(deep):
            break
        at_depth = np.flatnonzero(depth == cut_depth)
        segments = pc.split_pattern(stored.take(pa.array(deep)), "/")
        cut = pc.binary_join(pc.list_slice(segments, 0, int(cut_depth)), _SLASH)
        hit = positions(cut, references.take(pa.array(at_depth)))
        yield deep[hit >= 0], at_depth[hit[hit >= 0]]


def _depths(keys: pa.Array) -> npt.NDArray[np.int64]:
    return np.asarray(pc.count_substring(keys, "/"), dtype=np.int64) + 1


def match_exactly(
    keys: pa.Array, others: pa.Array
) -> tuple[npt.NDArray[np.int64], pa.Array, npt.NDArray[np.int64]]:
    """Look keys up by each other, all at once.

    Returns
    -------
    array of int, Array, array of int
        Per key its position among the distinct keys, these in the order in which they
        first come, and where each of the others stands among them; -1 if it does not.
    """
    encoded = pc.dictionary_encode(pa.concat_arrays([keys, others]))
    number = np.asarray(encoded.indices, dtype=np.int64)
    of_key, of_other = number[: len(keys)], number[len(keys) :]
    n_distinct = int(of_key.max(initial=-1)) + 1
    distinct = encoded.dictionary[:n_distinct]
    return of_key, distinct, np.where(of_other < n_distinct, of_other, -1)


def positions(values: pa.Array, among: pa.Array) -> npt.NDArray[np.int64]:
    """Return where each value first stands among others; -1 where it does not."""
    found = pc.fill_null(pc.index_in(values, value_set=among), -1)
    return np.asarray(found, dtype=np.int64)
