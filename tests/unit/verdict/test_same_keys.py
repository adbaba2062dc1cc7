"""A row is matched with what lay at its key, however a server writes the key."""

import json
from urllib.parse import quote

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from djgc_widgets.model import REFERENCES, STR, key_in_path
from djgc_widgets.verdict.same_keys import rows_of_same_key

NAMES = st.sampled_from(["id", "day", "session_id"])
VALUES = st.one_of(
    st.integers(-9, 9),
    st.floats(-2, 2),
    st.none(),
    st.text(st.sampled_from('ab:-, "\\{}é%=\n'), max_size=3),
)
KEYS = st.dictionaries(NAMES, VALUES, max_size=3)
ATTRIBUTES = st.sampled_from(["data", "image"])
ROWS = st.tuples(
    ATTRIBUTES,
    st.builds(
        lambda key, order, plain: json.dumps(
            {name: key[name] for name in sorted(key, key=order)}, ensure_ascii=plain
        ),
        KEYS,
        st.sampled_from([str, len]),
        st.booleans(),
    ),
)


def path_of(key: dict[str, object], safe: str, before: int) -> str:
    pairs = [
        f"{name}={quote(str(value).replace(':', '-'), safe=safe)}/"
        for name, value in key.items()
    ]
    lead, rest = "".join(pairs[:before]), "".join(pairs[before:])
    return f"_schema/{lead}lab/recording/{rest}data_AbCd1234.npy"


SAFE = st.sampled_from(["", '": ,é\n\\{}='])
PATHS = st.builds(path_of, KEYS, SAFE, st.integers(0, 1))


def references(rows: list[tuple[str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["attribute", "row_key"], dtype=STR)
    return frame.reindex(columns=REFERENCES.column_names)


def key_of_row(row_key: str) -> frozenset[tuple[str, str]]:
    key = json.loads(row_key)
    return frozenset((name, str(key[name]).replace(":", "-")) for name in key)


@given(
    st.lists(ROWS, max_size=6, unique_by=lambda row: key_of_row(row[1])),
    st.lists(st.tuples(ATTRIBUTES, PATHS), max_size=6),
)
def test_each_path_meets_the_last_row_of_its_key_and_attribute(
    rows: list[tuple[str, str]], orphans: list[tuple[str, str]]
) -> None:
    rows += rows[:1]  # the value of a row may have several paths
    orphans += [
        (attribute, path_of(json.loads(row_key), "", 0)) for attribute, row_key in rows
    ]
    frame = pd.DataFrame(orphans, columns=["attribute", "path"], dtype=STR)

    found = rows_of_same_key(frame["path"], frame["attribute"], references(rows))

    for (attribute, path), position in zip(orphans, found, strict=True):
        key = frozenset(key_in_path(path).items())
        alike = [
            at
            for at, (name, row_key) in enumerate(rows)
            if name == attribute and key_of_row(row_key) == key
        ]
        assert position == (alike[-1] if alike else -1)


@pytest.mark.parametrize(
    "row_key",
    ['{"id": 007}', '{"year": 0000, "id": 7}', '{"id": "007"}', '{"a: 5": 1, "id": 7}'],
)
def test_a_key_that_is_no_strict_json_ends_no_scan(row_key: str) -> None:
    rows = [("data", row_key), ("data", '{"id": 1}')]
    paths = pd.Series(["_schema/lab/rec/id=1/data_AbCd1234.npy"], dtype=STR)

    found = rows_of_same_key(paths, pd.Series(["data"], dtype=STR), references(rows))

    assert found.tolist() == [1]
