"""Frames -> CSV and JSON for other programs; names in them are data."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(frame: pd.DataFrame, path: str | Path | None = None) -> str:
    """Return a frame as CSV in which no name is taken for a formula.

    A spreadsheet runs what begins like a formula, so such text gets an apostrophe in
    front: https://owasp.org/www-community/attacks/CSV_Injection.

    Parameters
    ----------
    frame : DataFrame
        Any frame of this package.
    path : str or Path, optional
        File to write it to as well.
    """
    safe = frame.copy()
    for name in frame.columns[frame.dtypes.eq("str")]:
        suspect = frame[name].str.startswith(_FORMULA)
        safe[name] = frame[name].where(suspect.ne(other=True), "'" + frame[name])
    text = str(safe.to_csv(index=False, lineterminator="\n"))
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
    return text


def json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as JSON has them: times in ISO format, NA as null."""
    rows: list[dict[str, Any]] = json.loads(
        frame.to_json(orient="records", date_format="iso", date_unit="us")
    )
    return rows
