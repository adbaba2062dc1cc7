"""What is exported is safe to open, and whole."""

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from djgc_widgets.model.arrow import STR
from djgc_widgets.model.errors import InputError
from djgc_widgets.model.export import csv_text, encode_frame, json_rows, write_new_file


def test_no_name_is_taken_for_a_formula(tmp_path: Path) -> None:
    names = ["=1+1", "+1", "-1", "@x", "plain", "a=b", None, "\uff1d1"]
    frame = pd.DataFrame({"path": pd.array(names, dtype=STR), "size": range(8)})

    text = csv_text(frame, tmp_path / "out.csv")

    cells = ["'=1+1", "'+1", "'-1", "'@x", "plain", "a=b", "", "'\uff1d1"]
    expected = [f'"{cell}","{n}"' for n, cell in enumerate(cells)]
    assert text.splitlines() == ['"path","size"', *expected]
    assert (tmp_path / "out.csv").read_text() == text
    assert frame["path"].iloc[0] == "=1+1"


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("id=1\r=cmd|' /C calc'!A1", "id=1\\u000d=cmd|' /C calc'!A1"),
        ("a\r\nb\tc\0d\x1b[31m", "a\\u000d\\u000ab\\u0009c\\u0000d\\u001b[31m"),
        ("a\u2028b\u2029c\x85d\u202ee", "a\\u2028b\\u2029c\\u0085d\\u202ee"),
        (" =1", "' =1"),
        ("\xa0\u3000+1", "'\xa0\u3000+1"),
        ("'=1", "''=1"),
        ('"-1', "'\"-1"),
        ("\u22121", "'\u22121"),
        ("\ufe66A1", "'\ufe66A1"),
        ("\t=1", "\\u0009=1"),
    ],
)
@pytest.mark.parametrize("kind", ["str", "object", "category"])
def test_a_name_is_never_more_than_text_on_one_line(
    name: str, cell: str, kind: str
) -> None:
    frame = pd.DataFrame({"path": pd.Series([name], dtype=kind), "size": [1]})

    assert list(csv.reader(StringIO(csv_text(frame)))) == [
        ["path", "size"],
        [cell, "1"],
    ]
    assert pd.read_parquet(BytesIO(encode_frame(frame, "parquet")))["path"][0] == name


@given(st.lists(st.tuples(st.text(), st.none() | st.text(), st.integers(0, 9))))
def test_a_csv_never_has_more_rows_or_columns_than_its_frame(
    rows: list[tuple[str, str | None, int]],
) -> None:
    frame = pd.DataFrame(rows, columns=["path", "reason", "size"])
    frame = frame.astype({"path": "str", "reason": "str"})

    text = csv_text(frame)

    cells = list(csv.reader(StringIO(text)))
    assert len(text.splitlines()) == len(cells) == len(rows) + 1
    assert all(len(row) == 3 for row in cells)
    assert not [c for row in cells for c in row if c.lstrip()[:1] in tuple("=+-@")]


def test_rows_of_json_have_iso_times_and_nulls() -> None:
    at = pd.Timestamp("2026-01-02T03:04:05.000006Z")
    frame = pd.DataFrame({"at": [at], "name": pd.array([None], dtype=STR)})

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
    cells = ["'=1+1", 'a\\u000a"b",c', "plain"]
    assert pd.read_csv(tmp_path / "x.csv")["path"].tolist() == cells


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1]})

    with pytest.raises(InputError, match="No such file or directory"):
        write_new_file(encode_frame(frame, "csv"), tmp_path / "gone", "x", "csv")
    with pytest.raises(InputError, match="Expected csv or parquet; got 'xls'"):
        encode_frame(frame, "xls")
    with pytest.raises(TypeError, match="bytes-like"):
        write_new_file("not bytes", tmp_path, "x", "html")
    assert list(tmp_path.iterdir()) == []
