"""Frames -> CSV and JSON for other programs; names in them are data."""

import csv
import json
import unicodedata
from io import BytesIO
from itertools import chain, count
from pathlib import Path
from typing import Any

import pandas as pd

from djgc_widgets.model.errors import InputError
from djgc_widgets.model.text import visible

_FORMULA = "=+-@\N{MINUS SIGN}"
_IGNORED = " '\"`\N{LEFT SINGLE QUOTATION MARK}\N{LEFT DOUBLE QUOTATION MARK}"
"""What may stand before a formula and is dropped by a program that opens the file."""


def csv_text(frame: pd.DataFrame, path: str | Path | None = None) -> str:
    """Return a frame as CSV in which a name is nothing but text on one line.

    Every field is quoted. Characters that cannot be seen are written as their code
    points, so that no program takes one for the end of a row. A spreadsheet runs what
    begins like a formula, so such text gets an apostrophe in front:
    https://owasp.org/www-community/attacks/CSV_Injection.

    Parameters
    ----------
    frame : DataFrame
        Any frame of this package.
    path : str or Path, optional
        File to write it to as well.
    """
    cells = frame.copy()
    texts = frame.select_dtypes(exclude=["number", "bool", "datetime", "datetimetz"])
    for name in texts.columns:
        cells[name] = frame[name].astype(object).map(_cell, na_action="ignore")
    cells.columns = [_cell(name) for name in frame.columns]
    text = str(cells.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_ALL))
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
    return text


def _cell(value: object) -> object:
    """Return text as it can safely stand in a spreadsheet."""
    if not isinstance(value, str):
        return value
    text = visible(value)
    first = unicodedata.normalize("NFKC", text).lstrip(_IGNORED)[:1]
    return f"'{text}" if first and first in _FORMULA else text


def write_new_file(content: bytes, folder: Path, stem: str, suffix: str) -> Path:
    """Write a new file and return its path; nothing is ever overwritten.

    If the name is taken, a number is added to its stem.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    names = chain([stem], (f"{stem}-{number}" for number in count(2)))
    paths = (folder / f"{name}.{suffix}" for name in names)
    path = next(path for path in paths if not path.exists())
    try:
        with path.open("xb") as file:
            try:
                file.write(content)
            except BaseException:
                path.unlink()
                raise
    except OSError as error:
        raise InputError(
            f"Expected a folder that can be written to; {folder} cannot "
            f"({error.strerror}). Change to another: os.chdir(folder)."
        ) from error
    return path


def encode_frame(frame: pd.DataFrame, kind: str) -> bytes:
    """Return a frame as the bytes of a file.

    Parameters
    ----------
    frame : DataFrame
        Any frame of this package.
    kind : str
        ``csv``, safe to open in a spreadsheet, or ``parquet``, with names as they are.
    """
    if kind == "csv":
        return csv_text(frame).encode()
    if kind != "parquet":
        raise InputError(f"Expected csv or parquet; got {kind!r}.")
    file = BytesIO()
    frame.to_parquet(file, index=False)
    return file.getvalue()


def json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as JSON has them: times in ISO format, NA as null."""
    rows: list[dict[str, Any]] = json.loads(
        frame.to_json(orient="records", date_format="iso", date_unit="us")
    )
    return rows
