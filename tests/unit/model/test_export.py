"""What is exported is safe to open, and whole."""

import json
from pathlib import Path

import pandas as pd
import pytest

from djgc_widgets.model.errors import InputError
from djgc_widgets.model.export import csv_text, encode_frame, json_rows, write_new_file


def test_no_name_is_taken_for_a_formula(tmp_path: Path) -> None:
    names = ["=1+1", "+1", "-1", "@x", "plain", "a=b", None, "\uff1d1"]
    frame = pd.DataFrame({"path": pd.array(names, dtype="str"), "size": range(8)})

    text = csv_text(frame, tmp_path / "out.csv")

    cells = ["'=1+1", "'+1", "'-1", "'@x", "plain", "a=b", "", "'\uff1d1"]
    assert text.splitlines()[1:] == [f"{cell},{n}" for n, cell in enumerate(cells)]
    assert (tmp_path / "out.csv").read_text() == text
    assert frame["path"].iloc[0] == "=1+1"


def test_rows_of_json_have_iso_times_and_nulls() -> None:
    at = pd.Timestamp("2026-01-02T03:04:05.000006Z")
    frame = pd.DataFrame({"at": [at], "name": pd.array([None], dtype="str")})

    assert json.loads(json.dumps(json_rows(frame))) == [
        {"at": "2026-01-02T03:04:05.000006Z", "name": None}
    ]


def test_an_export_never_overwrites_and_is_read_back_whole(tmp_path: Path) -> None:
    names = ["=1+1", 'a\n"b",c', "plain"]
    frame = pd.DataFrame({"path": pd.array(names, dtype="str"), "size": range(3)})

    written = [
        write_new_file(encode_frame(frame, kind), tmp_path, "x", kind).name
        for kind in ("csv", "parquet") * 2
    ]

    assert written == ["x.csv", "x.parquet", "x-2.csv", "x-2.parquet"]
    back = pd.read_parquet(tmp_path / "x.parquet")
    pd.testing.assert_frame_equal(back, frame)
    assert pd.read_csv(tmp_path / "x.csv")["path"].tolist() == ["'=1+1", *names[1:]]


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1]})

    with pytest.raises(InputError, match="No such file or directory"):
        write_new_file(encode_frame(frame, "csv"), tmp_path / "gone", "x", "csv")
    with pytest.raises(InputError, match="Expected csv or parquet; got 'xls'"):
        encode_frame(frame, "xls")
    with pytest.raises(TypeError, match="bytes-like"):
        write_new_file("not bytes", tmp_path, "x", "html")
    assert list(tmp_path.iterdir()) == []
