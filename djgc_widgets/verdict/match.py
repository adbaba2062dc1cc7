"""Recorded paths x stored files -> which file is covered by which path.

A path that is missing where its name leads may be stored somewhere else: spelled
another way, or in another store, if a store's name leads to a new disk by now. So it
also covers what has the same path there.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import (
    STR,
    StoreNames,
    arrow_text,
    former_paths,
    is_among,
    stacked,
)
from djgc_widgets.verdict.coverage import Coverage, cover, match_exactly, path_keys
from djgc_widgets.verdict.guesses import wide_guesses
from djgc_widgets.verdict.resolve import targets_in_scanned_stores
from djgc_widgets.verdict.same_folders import through_same_folders
from djgc_widgets.verdict.similar_paths import similar_paths

_TARGET = ["row", "reference", "guessed", "store", "path"]


@dataclass(frozen=True, slots=True)
class MatchedFiles:
    """Files and references, matched."""

    names: StoreNames
    files: pd.DataFrame
    """A frame of the files schema."""
    keys: pa.Array
    """Key of each file, from `path_keys`."""
    targets: pd.DataFrame
    """Where recorded paths may be in scanned stores: ``row``, ``reference``,
    ``guessed``, ``store``, ``path``, ``exact`` (not only if the path is missing where
    its name leads)."""
    target_keys: pa.Array
    target_index: npt.NDArray[np.int64]
    """Position of each target among the distinct references."""
    references: pa.Array
    """The distinct target keys."""
    coverage: Coverage
    """Of the files by the references."""
    named: pd.DataFrame
    """Where names lead: ``reference``, and ``named_store``, which need not be among the
    scanned stores."""

    @property
    def stored_targets(self) -> npt.NDArray[np.bool_]:
        """Return which targets have something stored at their path."""
        return self.coverage.stored[self.target_index]

    @property
    def free_keys(self) -> pa.Array:
        """Keys of the files that no reference covers."""
        return self.keys.filter(pa.array(self.coverage.reference < 0))

    def with_targets(self, more: pd.DataFrame) -> "MatchedFiles":
        """Return the files matched with further targets that are not exact."""
        more = more[~wide_guesses(more, self.files, self.names)]
        if more.empty:
            return self
        more = more[_TARGET].drop_duplicates().assign(exact=False)
        both = stacked([self.targets, more])
        return _match(self.files, both, self.names, self.named)

    def elsewhere(self) -> pd.DataFrame:
        """Return the paths that are kept in a store other than the one they name.

        The columns are ``row``, ``named_store``, ``store`` and ``path``.
        """
        kept = self.targets[~self.targets["exact"].to_numpy() & self.stored_targets]
        kept = kept.merge(self.named.drop_duplicates("reference"), on="reference")
        columns = ["row", "named_store", "store", "path"]
        return kept.loc[kept["store"].ne(kept["named_store"]), columns]


def mark(
    files: pd.DataFrame,
    targets: pd.DataFrame,
    names: StoreNames,
    settled: pd.DataFrame | None = None,
) -> MatchedFiles:
    """Match stored files with the references that cover them.

    If nothing is stored at a reference, it also covers what differs from it only in
    case, in the composition of accents or in doubled slashes. If nothing is stored
    wherever its name leads, or less than elsewhere, it covers the same path in every
    scanned store; nothing is known to be stored in a store that is not scanned. A guess
    that names more than an object covers nothing.

    Parameters
    ----------
    files : DataFrame
        A frame of the files schema.
    targets : DataFrame
        ``row``, ``reference``, ``guessed``, ``store`` and ``path`` of recorded paths,
        in any store.
    names : StoreNames
        The scanned stores, and the others.
    settled : DataFrame, optional
        ``store`` and ``path`` at which something is stored although `files` lacks it.
    """
    targets = targets[~wide_guesses(targets, files, names)]
    inside = targets_in_scanned_stores(targets, names)
    named = targets[["reference", "store"]].rename(columns={"store": "named_store"})
    first = _match(files, inside.assign(exact=True), names, named)
    lost = inside[~first.stored_targets]
    if len(names.all_stores) == 1:
        return first.with_targets(_stored_alike(lost, first.free_keys, names))
    known = first.stored_targets | _are_settled(first, settled)
    met = inside.loc[known & ~inside["guessed"].to_numpy(dtype=bool), "reference"]
    unmet = targets[~targets["reference"].isin(met)]
    missing = _in_every_store(targets_in_scanned_stores(unmet, names), names)
    wanted = stacked([lost, _in_every_store(unmet, names)])
    swept = former_paths(files)
    swept_keys = path_keys(files.loc[swept.index, "store"], swept, names.known)
    more = [
        _stored_alike(wanted, first.free_keys, names),
        _stored_alike(missing, swept_keys, names),
        _held_in_full_elsewhere(first),
    ]
    return first.with_targets(stacked(more))


def _match(
    files: pd.DataFrame, targets: pd.DataFrame, names: StoreNames, named: pd.DataFrame
) -> MatchedFiles:
    target_keys = path_keys(targets["store"], targets["path"], names.known)
    keys = path_keys(files["store"], files["path"], names.known)
    index, references, exact = match_exactly(target_keys, keys)
    return MatchedFiles(
        names,
        files,
        keys,
        targets,
        target_keys,
        index,
        references,
        cover(keys, references, exact),
        named,
    )


def _are_settled(
    matched: MatchedFiles, settled: pd.DataFrame | None
) -> npt.NDArray[np.bool_]:
    if settled is None:
        return np.zeros(len(matched.targets), dtype=np.bool_)
    known = path_keys(settled["store"], settled["path"], matched.names.known)
    return np.asarray(pc.is_in(matched.target_keys, value_set=known), dtype=np.bool_)


def _in_every_store(targets: pd.DataFrame, names: StoreNames) -> pd.DataFrame:
    every = [targets[_TARGET].assign(store=store.name) for store in names.stores]
    moved = stacked([targets.iloc[:0][_TARGET], *every])
    moved = moved.drop_duplicates(ignore_index=True)
    return targets_in_scanned_stores(through_same_folders(moved, names), names)


def _stored_alike(
    targets: pd.DataFrame, stored: pa.Array, names: StoreNames
) -> pd.DataFrame:
    """Return the stored paths that targets may mean, at which nothing is stored."""
    keys = path_keys(targets["store"], targets["path"], names.known)
    pairs = similar_paths(stored, pc.unique(keys))
    alike = pd.DataFrame(pairs, columns=["key", "similar"], dtype=STR)
    both = targets.assign(key=pd.array(keys, dtype=STR)).merge(alike, on="key")
    paths = [key.partition("/")[2] for key in both["similar"]]
    return both.assign(path=pd.array(paths, dtype=STR))[_TARGET]


def _held_in_full_elsewhere(matched: MatchedFiles) -> pd.DataFrame:
    """Return targets in stores that hold more at a path than the store it names.

    A copy that was broken off leaves short files, and folders with some of their files.
    """
    free = matched.files[matched.coverage.reference < 0]
    holders = pd.unique(free["store"])
    present = matched.targets[matched.stored_targets]
    if len(holders) == 1:  # then what is elsewhere is not in that store
        present = present[present["store"].ne(holders[0])]
    there = _content_at(free, free["path"], present["path"]).reset_index()
    suspects = present[is_among(present["path"], there["path"])]
    if suspects.empty:
        return suspects[_TARGET]
    keys = path_keys(suspects["store"], suspects["path"], matched.names.known)
    suspects = suspects.assign(key=pd.array(keys, dtype=STR))
    here = _content_at(matched.files, matched.keys, suspects["key"])
    here = here.groupby("path").sum()
    own = suspects.join(here, on="key").fillna({"n_files": 0, "size_bytes": 0})
    most = own.groupby("reference")[["n_files", "size_bytes"]].max()
    own = own[["row", "reference", "guessed", "path"]].join(most, on="reference")
    both = own.merge(there, on="path", suffixes=("", "_there"))
    fuller = both["n_files_there"].gt(both["n_files"])
    fuller |= both["size_bytes_there"].gt(both["size_bytes"])
    return both.loc[fuller, _TARGET]


def _content_at(
    files: pd.DataFrame, paths: pd.Series | pa.Array, at: pd.Series
) -> pd.DataFrame:
    """Count the files at or below each of some paths, by ``store`` and ``path``."""
    distinct = pc.unique(arrow_text(at))
    covering = cover(arrow_text(paths), distinct).reference
    covered = covering >= 0
    found = distinct.take(pa.array(covering[covered]))
    rows = files.loc[covered, ["store", "size_bytes"]]
    groups = rows.assign(path=pd.array(found, dtype=STR)).groupby(["store", "path"])
    return groups.agg(n_files=("size_bytes", "size"), size_bytes=("size_bytes", "sum"))
