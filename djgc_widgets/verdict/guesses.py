"""Guesses at what a recorded text means: each covers at most one object.

A text with ``#``, ``?``, ``%``, ``::``, blanks or backslashes in it may be a URL or may
just have them in its names, and a text may name what is listed by chance. Only here are
both the path grammar and the listing known, so this is decided here, not where the text
is read.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import (
    TRASH_FOLDER,
    StoreInfo,
    StoreNames,
    parent_of,
    parse_paths,
    section_of,
)
from djgc_widgets.verdict.coverage import cover, path_keys

_SAME = ["reference", "store"]
_PAIR = r"(?s)[A-Za-z_][A-Za-z0-9_]*="


def answered_guesses(
    targets: pd.DataFrame, located: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return the guesses that are needless: the text as it stands names an object."""
    guessed = targets["guessed"].to_numpy(dtype=bool)
    answered = np.zeros(len(targets), dtype=np.bool_)
    if guessed.any():
        guesses = targets.loc[guessed, _SAME]
        answers = targets.loc[located & ~guessed, _SAME]
        answers = answers[answers["reference"].isin(guesses["reference"])]
        met = pd.MultiIndex.from_frame(answers)
        answered[guessed] = pd.MultiIndex.from_frame(guesses).isin(met)
    return answered


def wide_guesses(
    targets: pd.DataFrame, files: pd.DataFrame, names: StoreNames
) -> npt.NDArray[np.bool_]:
    """Return the guesses that name a folder of objects, and no object.

    These are whatever lies above an object: sections, schemas, tables, folders of keys.
    A guess that names a listed file is never one of them.
    """
    wide = targets["guessed"].to_numpy(dtype=bool)
    scanned = targets["store"].isin([store.name for store in names.stores])
    wide = wide & scanned.to_numpy(dtype=bool)
    if not wide.any():
        return wide
    guesses = targets.loc[wide, ["store", "path"]].reset_index(drop=True)
    keys = path_keys(guesses["store"], guesses["path"], names.known)
    stored = path_keys(files["store"], files["path"], names.known)
    parsed = parse_paths_of_files(files, names)
    shaped = parsed["section"].notna()
    folders = parsed.loc[shaped, "object_path"].map(parent_of)
    above = path_keys(files.loc[shaped, "store"], folders, names.known)
    distinct = pc.unique(keys)
    covers_objects = distinct.filter(pa.array(cover(pc.unique(above), distinct).stored))
    too_wide = lie_above_objects(guesses, names)
    too_wide = too_wide | np.asarray(pc.is_in(keys, value_set=covers_objects))
    too_wide = too_wide & ~np.asarray(pc.is_in(keys, value_set=stored))
    wide[wide] = too_wide
    return wide


def lie_above_objects(
    guesses: pd.DataFrame, names: StoreNames
) -> npt.NDArray[np.bool_]:
    """Return which paths cannot name an object, by the path grammar alone."""
    path = guesses["path"].str.strip("/")
    last = path.str.rpartition("/")[2]
    above = path.eq("") | last.str.match(_PAIR)
    above |= path.str.partition("/")[0].eq(TRASH_FOLDER)
    parsed = parse_paths_of_files(guesses.assign(path=path), names)
    for store in names.stores:
        here = guesses["store"].eq(store.name)
        for section in filter(None, (*store.hash_prefixes, *store.schema_prefixes)):
            around = [section[:n] for n, c in enumerate(section) if c == "/"]
            above |= here & path.isin([section, *around])
        inside = section_of(path, store).notna()
        above |= here & inside & parsed["prefix"].fillna("").eq("")
    named = parsed["section"].notna() & parsed["prefix"].ne("")
    return np.asarray(above & ~named, dtype=bool)


def parse_paths_of_files(files: pd.DataFrame, names: StoreNames) -> pd.DataFrame:
    """Parse the paths of files, each by the prefixes of its store."""
    no_store = (StoreInfo("", (), ""),)
    parts = [
        parse_paths(files["path"][files["store"].eq(store.name)], store)
        for store in names.stores or no_store
    ]
    return pd.concat(parts).loc[files.index]
