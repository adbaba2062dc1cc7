"""Of all recorded paths, those that may matter to a few files.

Whatever moves, every row of the servers is read again, but a plan has few objects. So
of the rows that arrive only those stay that may refer to one of them, by whatever way:
all but rows whose one path lies elsewhere and led to a stored object when it was
scanned. Spellings that a file system may take for one are one here.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import (
    MANIFEST_SUFFIX,
    StoreNames,
    arrow_text,
    folders_and_names,
    stacked,
)
from djgc_widgets.verdict.coverage import cover, path_keys
from djgc_widgets.verdict.resolve import resolve_stores
from djgc_widgets.verdict.similar_paths import fold_rooted

_LEAST_BATCH = 100_000


class RelatedRows:
    """Takes frames of the recorded schema, and keeps the rows that may matter.

    Parameters
    ----------
    paths : Series
        Of the files, and of symbolic links, which may lead to them.
    settled : DataFrame
        ``store`` and ``path`` at which an object was met, so that they lead nowhere
        else.
    names : StoreNames
        The scanned stores and how recorded names lead to them.
    """

    def __init__(
        self, paths: pd.Series, settled: pd.DataFrame, names: StoreNames
    ) -> None:
        self._names = names
        self._settled = path_keys(settled["store"], settled["path"], names.known)
        own = arrow_text(paths)
        described = pc.replace_substring_regex(own, f"{MANIFEST_SUFFIX}$", "")
        self._at = pc.unique(fold_rooted(pa.concat_arrays([own, described])))
        self._at_or_above = _with_folders(self._at)
        # each batch is compared with all that is settled
        self._batch = max(_LEAST_BATCH, len(settled) // 4)
        self._kept: list[pd.DataFrame] = []
        self._new: list[pd.DataFrame] = []
        self._n_new = 0

    def add(self, recorded: pd.DataFrame) -> None:
        """Take more rows."""
        self._new.append(recorded)
        self._n_new += len(recorded)
        if self._n_new >= self._batch:
            self._sort_out()

    def all(self) -> list[pd.DataFrame]:
        """Return what was kept."""
        self._sort_out()
        return self._kept

    def _sort_out(self) -> None:
        if self._new:
            new = stacked(self._new)
            self._kept.append(new[self._may_matter(new)])
            self._new, self._n_new = [], 0

    def _may_matter(self, recorded: pd.DataFrame) -> npt.NDArray[np.bool_]:
        if self._names.same:  # what lies elsewhere may be the same content
            return np.ones(len(recorded), dtype=np.bool_)
        several = recorded["reference"].duplicated(keep=False)
        unsure = several | recorded["guessed"] | ~recorded["declared"]
        may = unsure.to_numpy(dtype=bool, copy=True)
        path = fold_rooted(arrow_text(recorded["path"]))
        may |= np.asarray(pc.is_in(path, value_set=self._at_or_above))
        may |= cover(path, self._at).reference >= 0
        targets, _ = resolve_stores(recorded, self._names)
        keys = path_keys(targets["store"], targets["path"], self._names.known)
        settled = np.asarray(pc.is_in(keys, value_set=self._settled))
        may[targets["row"].to_numpy()[~settled]] = True
        return may


def _with_folders(paths: pa.Array) -> pa.Array:
    """Return paths and every folder above them."""
    levels = [paths]
    while len(levels[-1]):
        folder, _ = folders_and_names(levels[-1])
        levels.append(pc.unique(pc.utf8_slice_codeunits(folder, 1)))
        if not pc.any(pc.not_equal(levels[-1], "")).as_py():
            break
    return pa.concat_arrays(levels)
