"""Paths in the trash of a store: objects at ``{sweep}/objects/{path}``, and records."""

from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model.arrow import arrow_text, as_strings, extract_groups, keep_where

TRASH_FOLDER = "_trash"
"""Folder at a store's root that holds what was swept."""

_SWEEP_ID = "[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}"  # time of the sweep, eight random digits
_TRASH = rf"(?s)^{TRASH_FOLDER}/(?P<sweep_id>{_SWEEP_ID})/(?P<entry>.+)$"
_OBJECTS = "objects/"
_RECORD = r"^(?P<record>[a-z]+(?:-[0-9TZ]+)?)\.json$"
_DRAFT = r"(?:\.[0-9a-f]{8}\.part)?"
_OF_STORE = (
    r"(?:owner|lock|marker|pins|(?:broken|probe)-[0-9a-f]+(?:-[0-9]+)?)\.json"
    rf"|uploads-{_SWEEP_ID}(?:-aborted)?\.json|seen-orphans|README\.md|marker|probe|reserve"
)
_OWN = (
    rf"^{TRASH_FOLDER}/(?:{_OF_STORE}|"
    rf"{_SWEEP_ID}/[a-z]+(?:-[0-9TZ]+)?\.json){_DRAFT}$"
)

_PARTS = ("sweep_id", "path", "record")

RECORD_ENDS = {"plan": "result", "restoring": "restored", "purging": "purged"}
"""Which record is written before something is done, and which one after it."""


def trash_of(sweep_id: str) -> str:
    """Return the folder of a sweep."""
    return f"{TRASH_FOLDER}/{sweep_id}"


def time_of_sweep(sweep_id: str) -> datetime:
    """Return when a sweep began, to the second: its name says so."""
    return datetime.strptime(sweep_id.partition("-")[0], "%Y%m%dT%H%M%S%z")


def parse_trash(paths: pd.Series) -> pd.DataFrame:
    """Return ``sweep_id``, former ``path`` and ``record`` of each path; NA elsewhere.

    A record of a journal has no former path, an object no record.
    """
    path = _only_in_trash(paths)
    if path.null_count == len(path):
        nothing = as_strings(path)
        return pd.DataFrame(dict.fromkeys(_PARTS, nothing), index=paths.index)
    trash = extract_groups(path, _TRASH)
    entry = trash["entry"]
    is_object = pc.fill_null(pc.starts_with(entry, _OBJECTS), fill_value=False)
    columns = {
        "sweep_id": trash["sweep_id"],
        "path": keep_where(is_object, pc.utf8_slice_codeunits(entry, len(_OBJECTS))),
        "record": extract_groups(pc.fill_null(entry, ""), _RECORD)["record"],
    }
    strings = {name: as_strings(values) for name, values in columns.items()}
    return pd.DataFrame(strings, index=paths.index)


def are_records(paths: pd.Series) -> pd.Series:
    """Return which paths are of journals, locks and other records of ours."""
    own = pc.match_substring_regex(_only_in_trash(paths), _OWN)
    own = pc.fill_null(own, fill_value=False)
    return pd.Series(np.asarray(own), index=paths.index, dtype=bool)


def former_paths(files: pd.DataFrame) -> pd.Series:
    """Return the former path of each file in a trash: rows may refer to it again."""
    return parse_trash(_in_trash(files)["path"])["path"].dropna()


def interrupted_sweeps(files: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    """Return the records that sweeps lack: what was begun and not ended.

    Parameters
    ----------
    files : DataFrame
        With ``store`` and ``path`` of what stores, or their trash, hold.

    Returns
    -------
    dict of (str, str) to list of str
        Store and sweep, and the names of the missing records.
    """
    trash = _in_trash(files)
    parsed = parse_trash(trash["path"]).assign(store=trash["store"])
    records = parsed.dropna(subset=["record"])[["store", "sweep_id", "record"]]
    written = set(records.itertuples(index=False, name=None))
    due: dict[tuple[str, str], list[str]] = {}
    for store, sweep_id, record in sorted(written):
        begun, dash, when = record.partition("-")
        end = f"{RECORD_ENDS.get(begun, '')}{dash}{when}"
        if begun in RECORD_ENDS and (store, sweep_id, end) not in written:
            due.setdefault((store, sweep_id), []).append(end)
    return due


def _only_in_trash(paths: pd.Series) -> pa.Array:
    """Return the paths in a trash, and null elsewhere: most are elsewhere."""
    path = arrow_text(paths)
    return keep_where(pc.starts_with(path, f"{TRASH_FOLDER}/"), path)


def _in_trash(files: pd.DataFrame) -> pd.DataFrame:
    return files[files["path"].str.startswith(f"{TRASH_FOLDER}/")]
