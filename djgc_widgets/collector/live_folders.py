"""Live folders that a listing may jump past, because rows tell how much they hold.

Which folders these are is read before the stores are listed. Whether they are still
live shows in the references that are read afterwards, as of any other object; those
whose files matter all the same are then listed, and the references read again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import datajoint as dj
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
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
from djgc_widgets.references import KnownPaths, ReferenceReading, read_references
from djgc_widgets.stores import (
    FolderSize,
    JumpingStore,
    LinkFollower,
    Listing,
    OpenStores,
    Store,
)
from djgc_widgets.verdict import (
    Located,
    cover,
    enclose,
    locate,
    path_keys,
    positions,
    resolve_stores,
)

_LEAST = 1_000
"""Files that one page of a listing has: a smaller folder is not worth a jump."""
_MOST = 2**50
"""Files or bytes that one folder may have: sums of such folders are numbers as well."""

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
        big = recorded["n_files"].between(_LEAST, _MOST, inclusive="right")
        big &= recorded["size_bytes"].between(0, _MOST)
        self._kept.append(recorded[sure & big.fillna(value=False)])

    def all(self) -> list[pd.DataFrame]:
        """Return what was kept."""
        return self._kept


def read_rows(
    listed: Listing,
    jumped: Folders,
    connections: Sequence[dj.Connection],
    opened: OpenStores,
    report: ProgressCallback,
) -> tuple[Listing, KnownPaths, ReferenceReading, Located]:
    """Read the references, and locate them among what was listed.

    If these show that files matter which were jumped past, the files are listed, and
    the references are read again: they are always read last.
    """
    names, follow = opened.names, LinkFollower(opened.names.all_stores).follow
    while True:
        known = known_paths(listed.files, names)
        reading = read_references(connections, known, report)
        located = locate(listed.files, reading.recorded, names, follow)
        further = _folders_to_list(
            listed.files, jumped, reading.recorded, located.targets, names
        )
        if further.empty:
            return listed, known, reading, located
        listed = _list_folders(listed, further, opened.stores, names, report)


def _folders_to_list(
    files: pd.DataFrame,
    jumped: Folders,
    recorded: pd.DataFrame,
    targets: pd.DataFrame,
    names: StoreNames,
) -> pd.DataFrame:
    """Return folders that were jumped past, but whose files matter: store and path.

    That is so if no row refers to one any more, if rows refer to something in it or
    record another size of it by now, or if something is stored where its outermost
    reference leads, but in another store or a trash: which of the two is whole shows in
    the files.
    """
    rests = files[files["kind"].eq(FileKind.UNLISTED.value)]
    if rests.empty:
        return rests
    keys = path_keys(rests["store"], rests["path"], names.known)
    targets = targets[~targets["guessed"]]
    referring = path_keys(targets["store"], targets["path"], names.known)
    referred = pc.unique(referring)
    outermost = cover(keys, referred).reference
    matter = (outermost < 0) | enclose(keys, referred)
    believed = [jumped[s][p] for s, p in rests[["store", "path"]].to_numpy()]
    told = recorded.iloc[targets["row"]]
    at = positions(referring, keys)
    at[~told["declared"].to_numpy(dtype=bool)] = -1
    sizes = told.loc[at >= 0, list(FolderSize._fields)].astype("float64").to_numpy()
    now = at[at >= 0]
    expected = np.array(believed, dtype=np.float64)
    matter[now[(sizes != expected[now]).any(axis=1)]] = True
    matter |= _are_stored_elsewhere(rests["store"], referred, outermost, files)
    return rests.loc[matter, ["store", "path"]]


def _list_folders(
    listed: Listing,
    folders: pd.DataFrame,
    stores: Sequence[Store],
    names: StoreNames,
    progress: ProgressCallback,
) -> Listing:
    """List folders in full that were jumped past."""
    by_name = {store.info.name: store for store in stores}
    again = [
        by_name[store].list_files(progress, path)
        for store, path in folders.itertuples(index=False)
    ]
    files = listed.files
    wanted = path_keys(folders["store"], folders["path"], names.known)
    keys = path_keys(files["store"], files["path"], names.known)
    covered = cover(keys, wanted)
    replaced = (covered.reference >= 0) & ~covered.sidecar
    # a key that is named like a folder is none of its files
    replaced &= (positions(keys, wanted) < 0) | files["kind"].eq(
        FileKind.UNLISTED.value
    )
    return replace(
        listed,
        files=stacked([files[~replaced], *(each.files for each in again)]),
        problems=(*listed.problems, *(p for each in again for p in each.problems)),
    )


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
    stores: pd.Series,
    referred: pa.Array,
    outermost: npt.NDArray[np.int64],
    files: pd.DataFrame,
) -> npt.NDArray[np.bool_]:
    """Return at or below which references something is in another store or a trash."""
    found = np.zeros(len(stores), dtype=np.bool_)
    swept = former_paths(files)
    for store in stores.unique():
        here = np.flatnonzero(stores.eq(store).to_numpy() & (outermost >= 0))
        keys = referred.take(pa.array(outermost[here]))
        paths = pc.list_element(pc.split_pattern(keys, "/", max_splits=1), 1)
        distinct = pc.unique(paths)
        others = files.loc[files["store"].ne(store), "path"]
        stored = cover(arrow_text(pd.concat([others, swept])), distinct).stored
        found[here] = stored[positions(paths, distinct)]
    return found
