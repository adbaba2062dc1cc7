import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from djgc_widgets.metadata import Places, RecordedPath, normalise_path, recorded_paths

PLACES = Places(("/data/raw", "/data/derived"), ("_hash", "_schema"))


def paths(value: object) -> list[str]:
    return [found.path for found in recorded_paths(json.dumps(value), PLACES)]


def test_the_path_key_comes_with_store_size_and_kind() -> None:
    text = json.dumps({"path": "a/b", "store": "raw", "size": 7, "is_dir": True})

    assert recorded_paths(text, PLACES) == [RecordedPath("a/b", "raw", 7, is_dir=True)]


@pytest.mark.parametrize("store", [None, "", 3])
def test_a_store_that_is_no_name_is_none(store: object) -> None:
    assert (
        recorded_paths(json.dumps({"path": "a", "store": store}), PLACES)[0].store
        is None
    )


@pytest.mark.parametrize("size", [None, "12", True, 1.5])
def test_a_size_that_is_no_count_is_none(size: object) -> None:
    assert (
        recorded_paths(json.dumps({"path": "a", "size": size}), PLACES)[0].size_bytes
        is None
    )


def test_rows_migrated_from_0_14_record_a_url() -> None:
    assert paths({"url": "file:///data/raw/_hash/lab/x"}) == ["_hash/lab/x"]


def test_every_string_below_a_section_is_a_reference() -> None:
    value = {
        "path": "_schema/a",
        "mask": "_schema/b",
        "more": [{"x": "_hash/c"}, "_hash/d"],
    }

    assert set(paths(value)) == {"_schema/a", "_schema/b", "_hash/c", "_hash/d"}


def test_metadata_may_lie_inside_other_metadata() -> None:
    assert paths({"parts": [{"path": "user/1"}, {"path": "user/2"}]}) == [
        "user/1",
        "user/2",
    ]


def test_json_that_was_encoded_twice_is_decoded_twice() -> None:
    assert paths(json.dumps({"path": "a/b"})) == ["a/b"]


@pytest.mark.parametrize(
    "value", [None, 3, [], {}, {"hash": "x"}, {"path": ""}, {"path": 3}, "text"]
)
def test_a_value_without_a_path_yields_nothing(value: object) -> None:
    assert paths(value) == []


def test_what_is_no_json_is_an_error() -> None:
    with pytest.raises(ValueError, match="not JSON"):
        recorded_paths("{", PLACES)


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ("a/b", "a/b"),
        ("/a//b/", "a/b"),
        ("./a/./b", "a/b"),
        ("/data/raw/a/b", "a/b"),
        ("file:///data/derived/a", "a"),
        ("s3://bucket/a/b", "bucket/a/b"),
        ("/data/rawer/a", "data/rawer/a"),
        ("/data/raw", "data/raw"),
        ("/", ""),
        ("", ""),
        ("a/../b", "b"),
        ("a=b c/ü\n", "a=b c/ü\n"),
    ],
)
def test_paths_are_spelt_as_the_listing_spells_them(
    recorded: str, expected: str
) -> None:
    assert normalise_path(recorded, PLACES) == expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    ),
    st.lists(st.text("ab=_.", min_size=1), min_size=1, max_size=4),
)
def test_a_path_is_found_wherever_it_stands(
    around: object, segments: list[str]
) -> None:
    path = "_schema/" + "/".join(s if s.strip(".") else f"x{s}" for s in segments)
    value = {"around": around, "deep": [{"unusual key": [path]}]}

    assert path in paths(value)
