"""Recorded paths, as they arrive from the servers, into parts that ranges can read."""

from bisect import bisect_left

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.collector.ranges.dataset import LISTED, Dataset, Parts
from djgc_widgets.model import (
    RECORDED,
    STR,
    TEXT,
    StoreNames,
    arrow_text,
    as_strings,
    section_of,
    stacked,
)
from djgc_widgets.verdict import (
    NO_LAYOUT,
    beginnings,
    cover,
    lie_above_objects,
    name_former_prefixes,
    path_keys,
    range_keys,
    resolve_stores,
    targets_in_scanned_stores,
)

_ROW = ["schema", "table", "attribute", "row_key"]


class RecordedParts:
    """Takes frames of the recorded schema; few of their rows stay in memory."""

    def __init__(self, dataset: Dataset, names: StoreNames) -> None:
        self._dataset, self._names = dataset, names
        self._parts = Parts(dataset, "recorded")
        self._spread: list[pd.DataFrame] = [RECORDED.empty()]
        self._outside: list[pd.DataFrame] = [RECORDED.empty()]
        self._several: list[pd.DataFrame] = [RECORDED.empty()[_ROW]]

    def add(self, recorded: pd.DataFrame) -> None:
        """Take more rows."""
        spread = recorded["reference"].duplicated(keep=False)
        keyed = recorded.assign(
            key=as_strings(range_keys(recorded["path"])),
            spread=spread,
            wide=self._are_wide(recorded),
        )
        self._parts.add(keyed[~spread])
        self._spread.append(keyed[spread])
        self._outside.append(recorded[self._are_outside(recorded)])
        references = recorded.drop_duplicates("reference")[_ROW]
        self._several.append(references[references.duplicated()])

    @property
    def n_written(self) -> int:
        """How many rows are for ranges."""
        return self._parts.n_rows

    def all(self) -> list[pd.DataFrame]:
        """Return nothing: all rows are written."""
        return []

    def close(self) -> StoreNames:
        """Write what waits for the whole; return the names with former prefixes.

        That are references that are spelled in several ways. All spellings go to the
        range of the one that matters to something stored. If that are several, what
        their keys have in common is the key of all: no range begins within that.
        """
        names = self._with_former_prefixes()
        spread = stacked(self._spread)
        if len(spread):
            begun = beginnings(spread["path"], names.stores)
            spread["begun"] = as_strings(begun)
            matters = self._matter_to_files(spread)
            key = spread["key"].groupby(spread["reference"]).first()
            key.update(_common_keys(spread[matters]))
            spread["key"] = spread["reference"].map(key).astype(STR)
            self._parts.add(spread.drop(columns="begun"))
        self._parts.close()
        return names

    @property
    def several(self) -> pd.DataFrame:
        """The rows that record several paths, each once."""
        return stacked(self._several).drop_duplicates()

    def _with_former_prefixes(self) -> StoreNames:
        outside = stacked(self._outside)
        if outside.empty:
            return self._names
        targets, _ = resolve_stores(outside, self._names)
        targets = targets_in_scanned_stores(targets, self._names)
        known = self._names.known
        keys = path_keys(targets["store"], targets["path"], known)
        distinct = pc.unique(keys)
        stored = np.zeros(len(distinct), dtype=np.bool_)
        for files in self._dataset.columns(LISTED, "store", "path"):
            own = path_keys(files["store"], files["path"], known)
            stored |= cover(own, distinct).stored
        met = pc.is_in(keys, value_set=distinct.filter(pa.array(stored)))
        return name_former_prefixes(
            outside, targets[np.asarray(met, dtype=bool)], self._names
        )

    def _are_outside(self, recorded: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Return which paths may lie below a prefix of former times."""
        may = recorded["declared"] & ~recorded["guessed"]
        may &= ~recorded["codec"].isin(NO_LAYOUT)
        of_any = np.zeros(len(recorded), dtype=np.bool_)
        for store in self._names.stores:
            of_any |= section_of(recorded["path"], store).isna().to_numpy()
        candidates = np.flatnonzero(may.to_numpy(dtype=bool) & of_any)
        outside = np.zeros(len(recorded), dtype=np.bool_)
        if len(candidates):
            targets, _ = resolve_stores(recorded.iloc[candidates], self._names)
            for store in self._names.stores:
                own = targets[targets["store"].eq(store.name)]
                own = own[section_of(own["path"], store).isna()]
                outside[candidates[own["row"].to_numpy()]] = True
        return outside

    def _are_wide(self, recorded: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Return which guesses lie above objects in every store: few cover a file."""
        wide = recorded["guessed"].to_numpy(dtype=bool, copy=True)
        if wide.any():
            guesses = recorded.loc[wide, ["path"]].reset_index(drop=True)
            above = [
                lie_above_objects(guesses.assign(store=store.name), self._names)
                for store in self._names.stores
            ]
            wide[wide] = np.all(above, axis=0)
        return wide

    def _matter_to_files(self, spread: pd.DataFrame) -> pd.Series:
        """Return which spellings are at or below a file, or some file begins with them.

        One that lies above objects has to be the key of a file.
        """
        keys, wide = spread["key"], spread["wide"].astype(bool)
        distinct = spread["begun"][~wide].unique().tolist()
        above = pa.array({f for key in keys.unique() for f in _at_or_above(key)}, TEXT)
        met: set[str] = set()
        around: set[str] = set()
        for files in self._dataset.columns(LISTED, "key"):
            listed = arrow_text(files["key"])
            around.update(listed.filter(pc.is_in(listed, value_set=above)).to_pylist())
            in_order = listed.to_pylist()
            for each in distinct:
                at = bisect_left(in_order, each)
                if at < len(in_order) and in_order[at].startswith(each):
                    met.add(each)
        inside = keys.map(lambda key: not around.isdisjoint(_at_or_above(key)))
        matter = spread["begun"].isin(met) | inside.astype(bool)
        return matter.where(~wide, keys.isin(around))


def _at_or_above(key: str) -> list[str]:
    """Return a key and those of all folders above it."""
    cuts = (at for at, character in enumerate(key) if character == "/" and at)
    return [*(key[:at] for at in cuts), key]


def _common_keys(met: pd.DataFrame) -> pd.Series:
    """Return per reference with what all keys begin that matter to its spellings."""
    groups = met.groupby("reference")
    common = groups["key"].first()
    several = groups["key"].nunique().gt(1)
    for reference in several.index[several]:
        begun = groups.get_group(reference)["begun"].to_list()
        first, last = min(begun), max(begun)
        pairs = enumerate(zip(first, last, strict=False))
        end = next((at for at, (a, b) in pairs if a != b), len(first))
        common[reference] = first[:end]
    return common
