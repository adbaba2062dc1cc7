"""Folders that have two paths: what one path refers to, the other one does."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import STR, StoreNames, arrow_text, stacked
from djgc_widgets.verdict.coverage import cover, path_keys


def through_same_folders(targets: pd.DataFrame, names: StoreNames) -> pd.DataFrame:
    """Add the paths by which the listing shows the same content as these paths."""
    if not names.same:
        return targets
    same = pd.DataFrame(names.same, dtype=STR)
    same["key"] = path_keys(same["store"], same["path"], names.known).to_pylist()
    every, new = targets, targets
    while len(new):
        keys = path_keys(new["store"], new["path"], names.known)
        others = stacked(
            [_targets_inside(new, keys, same), _targets_around(new, keys, same)]
        )
        others = others.merge(every, how="left", indicator="seen")
        others = others[others["seen"].eq("left_only")]
        new = others[list(targets)].drop_duplicates()
        every = stacked([every, new])
    return every


def leads_out_of_scan(targets: pd.DataFrame, names: StoreNames) -> pd.Series:
    """Return which targets lie in a store that is left out, inside a scanned one.

    What is there was not looked at.
    """
    scanned = {store.name for store in names.stores}
    out = pd.Series(data=False, index=targets.index)
    for folder in names.same:
        if folder.to_store not in scanned:
            inside = f"{folder.path}/" if folder.path else ""
            here = targets["store"].eq(folder.store)
            out |= here & targets["path"].str.startswith(inside)
    return out


def _targets_inside(
    targets: pd.DataFrame, keys: pa.Array, same: pd.DataFrame
) -> pd.DataFrame:
    """Return the listed paths of targets at or below a folder that has several paths.

    Such folders may be nested, so each depth of them is matched on its own.
    """
    listed = [targets.iloc[:0]]
    for _, folders in same.groupby(same["key"].str.count("/")):
        distinct = arrow_text(folders["key"].unique())
        coverage = cover(keys, distinct)
        below = np.flatnonzero((coverage.reference >= 0) & ~coverage.sidecar)
        folder_keys = distinct.take(pa.array(coverage.reference[below]))
        inside = targets.iloc[below].assign(key=folder_keys.to_pylist())
        both = inside.merge(folders, on="key", suffixes=("", "_folder"))
        paths = [
            "/".join(filter(None, (to_path, path[len(folder) :].strip("/"))))
            for path, folder, to_path in zip(
                both["path"], both["path_folder"], both["to_path"], strict=True
            )
        ]
        both["path"] = pd.array(paths, dtype=STR)
        listed.append(both.assign(store=both["to_store"])[list(targets)])
    return stacked(listed)


def _targets_around(
    targets: pd.DataFrame, keys: pa.Array, same: pd.DataFrame
) -> pd.DataFrame:
    """Return the listed paths of folders below targets that have several paths."""
    distinct = pc.unique(keys)
    coverage = cover(arrow_text(same["key"]), distinct)
    inside = np.flatnonzero((coverage.reference >= 0) & ~coverage.sidecar)
    target_keys = distinct.take(pa.array(coverage.reference[inside]))
    folders = same.iloc[inside].assign(key=target_keys.to_pylist())
    rows = targets[["row", "reference", "guessed"]].assign(key=keys.to_pylist())
    both = rows.merge(folders, on="key")
    return both.assign(store=both["to_store"], path=both["to_path"])[list(targets)]
