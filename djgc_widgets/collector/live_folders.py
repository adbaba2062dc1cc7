"""Live folders that a listing may jump past, because rows tell how much they hold.

Which folders these are is read before the stores are listed; that they are still live
shows in the references that are read afterwards, as of any other object.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import datajoint as dj
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from djgc_widgets.collector.listings import known_paths
from djgc_widgets.model import (
    FILES,
    TRASH_FOLDER,
    FileKind,
    Notice,
    NoticeCode,
    ProgressCallback,
    StoreNames,
    arrow_text,
    former_paths,
    in_store,
    stacked,
)
from djgc_widgets.references import read_references
from djgc_widgets.stores import FolderSize, JumpingStore, Listing, Store
from djgc_widgets.verdict import cover, enclose, path_keys, resolve_stores

_LEAST = 1_000
"""Files that one page of a listing has: a smaller folder is not worth a jump."""

Folders = Mapping[str, Mapping[str, FolderSize]]
"""Folders by store and path."""


def find_live_folders(
    connections: Sequence[dj.Connection],
    stores: Sequence[Store],
    names: StoreNames,
    progress: ProgressCallback,
) -> Folders:
    """Return the folders of which a row records the number of files and bytes.

    Only those that are in one store, which can be listed from the middle, and that all
    rows tell the same of. A folder with another store in it is in both. What could not
    be read is told when it is read again.
    """
    able = {store.info.name for store in stores if isinstance(store, JumpingStore)}
    if not able:
        return {}
    known, rows = known_paths(FILES.empty(), names), _BigFolders()
    recorded = read_references(connections, known, progress, rows=rows).recorded
    targets, _ = resolve_stores(recorded, names)
    sizes = recorded.iloc[targets["row"]].set_index(targets.index)
    targets = targets.assign(**sizes[["n_files", "size_bytes"]])
    sure = ~targets["row"].duplicated(keep=False) & targets["store"].isin(able)
    sure &= ~targets["path"].str.startswith(f"{TRASH_FOLDER}/")
    told = targets.loc[sure, ["store", "path", "n_files", "size_bytes"]]
    told = told.drop_duplicates()
    told = told[~told.duplicated(["store", "path"], keep=False)]
    found: dict[str, dict[str, FolderSize]] = {}
    for store, path, n_files, size_bytes in told.itertuples(index=False):
        folder = FolderSize(int(n_files), int(size_bytes))
        found.setdefault(store, {})[path] = folder
    return found


class _BigFolders:
    """Takes frames of the recorded schema, and keeps big folders of known size."""

    def __init__(self) -> None:
        self._kept: list[pd.DataFrame] = []

    def add(self, recorded: pd.DataFrame) -> None:
        """Take more rows."""
        sure = recorded["declared"] & recorded["is_dir"] & ~recorded["guessed"]
        big = recorded["n_files"].gt(_LEAST) & recorded["size_bytes"].notna()
        self._kept.append(recorded[sure & big.fillna(value=False)])

    def all(self) -> list[pd.DataFrame]:
        """Return what was kept."""
        return self._kept


def list_doubtful_folders(
    listed: Listing,
    targets: pd.DataFrame,
    stores: Sequence[Store],
    names: StoreNames,
    progress: ProgressCallback,
) -> Listing:
    """List folders that were jumped past, but whose files may matter.

    That is so if rows refer to something in them as well, or if something is stored at
    the same path elsewhere, or was swept from there: which of the two is whole shows in
    the files. Only folders that rows still refer to are listed now, after the
    references were read: whatever is in them is live.
    """
    files = listed.files
    rests = files[files["kind"].eq(FileKind.UNLISTED.value)]
    keys = path_keys(rests["store"], rests["path"], names.known)
    referred = pc.unique(path_keys(targets["store"], targets["path"], names.known))
    doubtful = enclose(keys, referred) | _are_stored_elsewhere(rests, files)
    doubtful &= cover(keys, referred).reference >= 0
    by_name = {store.info.name: store for store in stores}
    for store, path in rests.loc[doubtful, ["store", "path"]].itertuples(index=False):
        again = by_name[store].list_files(progress, path)
        inside = listed.files["path"].str.startswith(f"{path}/")
        inside |= listed.files["path"].eq(path)
        others = listed.files[~(inside & listed.files["store"].eq(store))]
        listed = replace(
            listed,
            files=stacked([others, again.files]),
            problems=(*listed.problems, *again.problems),
        )
    return listed


def notices_of_jumps(files: pd.DataFrame) -> list[Notice]:
    """Return a notice per store of which rows tell a part of the sizes."""
    rests = files[files["kind"].eq(FileKind.UNLISTED.value)]
    return [
        Notice(
            NoticeCode.SIZES_RECORDED,
            in_store(str(store)),
            {"n_folders": len(own), "n_files": int(own["n_files"].sum())},
        )
        for store, own in rests.groupby("store")
    ]


def _are_stored_elsewhere(
    rests: pd.DataFrame, files: pd.DataFrame
) -> npt.NDArray[np.bool_]:
    """Return at or below which paths something is in another store or in a trash."""
    found = np.zeros(len(rests), dtype=np.bool_)
    swept = former_paths(files)
    for store in rests["store"].unique():
        here = rests["store"].eq(store).to_numpy()
        others = files.loc[files["store"].ne(store), "path"]
        paths = arrow_text(rests.loc[here, "path"])
        found[here] = cover(arrow_text(pd.concat([others, swept])), paths).stored
    return found
