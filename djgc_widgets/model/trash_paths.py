"""Paths in the trash of a store."""

import re

import pandas as pd
import pyarrow.compute as pc

from djgc_widgets.model.arrow import arrow_text, as_strings, extract_groups, keep_where

TRASH_FOLDER = "_trash"
"""Folder at a store's root that holds what was swept."""


def is_plain_path(path: str) -> bool:
    """Tell whether a path stays below the folder it is relative to.

    True for a non-empty relative POSIX path without empty, ``.`` or ``..`` segments.
    """
    return (
        bool(path)
        and "\0" not in path
        and not any(s in {"", ".", ".."} for s in path.split("/"))
    )


def parent_of(path: str) -> str:
    """Return the folder of a relative path; the empty string at the root."""
    return path.rpartition("/")[0]


_SWEEP_ID = "[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}"


_TRASH = rf"(?s)^{TRASH_FOLDER}/(?P<sweep_id>{_SWEEP_ID})/(?P<entry>.+)$"


_TRASHED = "objects/"


_RECORD = r"(?P<record>[a-z]+(?:-[0-9TZ]+)?)\.json"


RECORD_ENDS = {"plan": "result", "restoring": "restored", "purging": "purged"}
"""What is written down before something is done, and what when it is done."""


SWEEP_ID = re.compile(_SWEEP_ID)
"""Names of the folders in a trash: the time of the sweep and eight random digits."""


def parse_trash(paths: pd.Series) -> pd.DataFrame:
    """Return ``sweep_id`` and former ``path`` of each path in a trash; NA elsewhere.

    A journal has no former ``path`` but the name of its ``record``.
    """
    trash = extract_groups(arrow_text(paths), _TRASH)
    is_object = pc.fill_null(pc.starts_with(trash["entry"], _TRASHED), fill_value=False)
    former = keep_where(
        is_object, pc.utf8_slice_codeunits(trash["entry"], len(_TRASHED))
    )
    record = extract_groups(pc.fill_null(trash["entry"], ""), rf"^{_RECORD}$")["record"]
    columns = {"sweep_id": trash["sweep_id"], "path": former, "record": record}
    return pd.DataFrame(
        {name: as_strings(values) for name, values in columns.items()},
        index=paths.index,
    )


def former_places(files: pd.DataFrame) -> pd.Series:
    """Return where everything was that is in a trash: rows may refer to it again.

    Parameters
    ----------
    files : DataFrame
        A frame of the files schema.
    """
    swept = files["path"][files["path"].str.startswith(f"{TRASH_FOLDER}/")]
    return parse_trash(swept)["path"].dropna()


def interrupted_sweeps(files: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    """Return which records of sweeps are due: what was begun and did not end.

    Parameters
    ----------
    files : DataFrame
        A frame with ``store`` and ``path`` of what stores, or their trash, hold.

    Returns
    -------
    dict of (str, str) to list of str
        Store and sweep, and the names of the records that are not there.
    """
    swept = files[files["path"].str.startswith(f"{TRASH_FOLDER}/")]
    told = parse_trash(swept["path"]).assign(store=swept["store"])
    told = told.dropna(subset=["record"])[["store", "sweep_id", "record"]]
    there = set(told.itertuples(index=False, name=None))
    due: dict[tuple[str, str], list[str]] = {}
    for store, sweep_id, record in sorted(there):
        begun, dash, when = record.partition("-")
        end = f"{RECORD_ENDS.get(begun, '')}{dash}{when}"
        if begun in RECORD_ENDS and (store, sweep_id, end) not in there:
            due.setdefault((store, sweep_id), []).append(end)
    return due


def trash_of(sweep_id: str) -> str:
    """Return the folder of a sweep."""
    return f"{TRASH_FOLDER}/{sweep_id}"
