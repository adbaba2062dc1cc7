"""What is exported is safe to open, and whole."""

import json
from pathlib import Path

import pandas as pd

from djgc_widgets.exports import csv_text, json_rows


def test_no_name_is_taken_for_a_formula(tmp_path: Path) -> None:
    names = ["=1+1", "+1", "-1", "@x", "plain", "a=b", None]
    frame = pd.DataFrame({"path": pd.array(names, dtype="str"), "size": range(7)})

    text = csv_text(frame, tmp_path / "out.csv")

    assert text.splitlines()[1:] == [
        "'=1+1,0",
        "'+1,1",
        "'-1,2",
        "'@x,3",
        "plain,4",
        "a=b,5",
        ",6",
    ]
    assert (tmp_path / "out.csv").read_text() == text
    assert frame["path"].iloc[0] == "=1+1"


def test_rows_of_json_have_iso_times_and_nulls() -> None:
    at = pd.Timestamp("2026-01-02T03:04:05.000006Z")
    frame = pd.DataFrame({"at": [at], "name": pd.array([None], dtype="str")})

    assert json.loads(json.dumps(json_rows(frame))) == [
        {"at": "2026-01-02T03:04:05.000006Z", "name": None}
    ]
