import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from djgc_widgets.references.known_paths import KnownPaths
from djgc_widgets.references.path_spellings import spellings
from djgc_widgets.references.recorded_paths import RecordedPath, recorded_paths

KNOWN = KnownPaths(("/data/raw", "/data/derived"), ("_hash", "_schema"))


def read(value: object) -> list[RecordedPath]:
    return recorded_paths(json.dumps(value), KNOWN)


def paths(value: object) -> list[str]:
    return [path for each in read(value) for path in each.spellings]


def test_the_path_key_comes_with_store_size_and_kind() -> None:
    value = {"path": "a/b", "store": "raw", "size": 7, "is_dir": True}

    assert read(value) == [RecordedPath(("a/b",), "raw", 7, is_dir=True)]


def opaque(data: bytes) -> str:
    """Write bytes as MySQL shows them in JSON."""
    return f"base64:type15:{b64encode(data).decode()}"


@pytest.mark.parametrize("key", ["path", "input"])
def test_a_path_that_a_driver_sent_as_bytes_is_a_path(key: str) -> None:
    path = "_schema/lab/rec/id=1/x_AbCd1234.npy"

    assert paths({key: opaque(path.encode())}) == [path]


@pytest.mark.parametrize("text", [opaque(b"\xff/\x00"), "base64:type15:a/b", "base64:"])
def test_bytes_that_are_no_text_are_no_path(text: str) -> None:
    assert [path for path in paths({"input": text}) if "_schema" in path] == []


@pytest.mark.parametrize("store", [None, "", 3])
def test_a_store_that_is_no_name_is_none(store: object) -> None:
    (recorded,) = read({"path": "a", "store": store})

    assert recorded.store is None


@pytest.mark.parametrize("size", [None, "12", True, 1.5, 2**63, -(2**63), 10**30])
def test_a_size_that_is_no_count_of_64_bits_is_none(size: object) -> None:
    (recorded,) = read({"path": "a", "size": size})

    assert recorded.size_bytes is None


def test_rows_migrated_from_0_14_record_a_url() -> None:
    assert paths({"url": "file:///data/raw/_hash/lab/x"})[0] == "_hash/lab/x"
    assert read({"url": "s3://bucket/lab/x"})[0].declared


def test_every_string_below_a_section_is_a_reference() -> None:
    more = [{"x": "_hash/c"}, "_hash/d"]
    value = {"path": "_schema/a", "mask": "_schema/b", "more": more}

    assert set(paths(value)) == {"_schema/a", "_schema/b", "_hash/c", "_hash/d"}


def test_metadata_may_lie_inside_other_metadata() -> None:
    value = {"parts": [{"path": "user/1"}, {"path": "user/2"}]}

    assert paths(value) == ["user/1", "user/2"]


def test_json_that_was_encoded_twice_is_decoded_twice() -> None:
    assert paths(json.dumps({"path": "a/b"})) == ["a/b"]


@pytest.mark.parametrize(
    "value", [None, 3, [], {}, {"hash": "x"}, {"path": ""}, {"path": 3}, "text"]
)
def test_a_value_without_a_path_yields_nothing(value: object) -> None:
    assert paths(value) == []


def test_what_is_no_json_is_an_error() -> None:
    with pytest.raises(ValueError, match="not JSON"):
        recorded_paths("{", KNOWN)


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ("a/b", ["a/b"]),
        ("/a//b/", ["a/b"]),
        ("./a/./b", ["a/b"]),
        ("/data/raw/a/b", ["a/b", "data/raw/a/b"]),
        ("data/raw/a/b", ["data/raw/a/b"]),
        (
            "/data/derived/../raw/a",
            ["../raw/a", "data/derived/../raw/a", "a", "data/raw/a"],
        ),
        ("file:///data/derived/a", ["a", "data/derived/a"]),
        ("file:/data/raw/k=a#b?c", ["k=a#b?c", "data/raw/k=a#b?c"]),
        ("file:///data/raw/k%3D1", ["k%3D1", "data/raw/k%3D1", "k=1", "data/raw/k=1"]),
        ("s3://bucket/a/b", ["bucket/a/b"]),
        ("see http://[host]/x", ["see http:/[host]/x"]),
        ("/data/rawer/a", ["data/rawer/a"]),
        ("/data/raw", ["data/raw"]),
        ("/", []),
        ("", []),
        ("a/../b", ["a/../b", "b"]),
        ("a=b c/ü\n", ["a=b c/ü\n"]),
    ],
)
def test_a_text_is_taken_in_every_spelling_that_it_may_have(
    recorded: str, expected: list[str]
) -> None:
    assert set(expected) <= set(spellings(recorded, KNOWN))


def test_a_store_counts_for_everything_below_it() -> None:
    files = [{"path": "a"}, {"path": "a", "store": "raw"}]

    recorded = read({"store": "derived", "files": files})

    stores = {(path.spellings, path.store) for path in recorded}
    assert stores == {(("a",), "derived"), (("a",), "raw")}


def test_keys_and_json_inside_texts_are_looked_at() -> None:
    value = {"_schema/key": json.dumps({"deep": "_schema/inner"}), "odd": "{_schema/no"}

    assert set(paths(value)) == {"_schema/key", "_schema/inner"}


def test_beside_a_path_other_texts_protect_without_claiming() -> None:
    recorded = read({"path": "a", "b": "_schema/b"})

    declared = [(path.spellings[0], path.declared) for path in recorded]
    assert declared == [("a", True), ("_schema/b", False)]
    (alone,) = read({"b": "_schema/b"})
    assert alone.declared


def test_an_empty_prefix_makes_a_path_of_every_text_with_a_slash() -> None:
    (recorded,) = recorded_paths('{"note": "a/b"}', KnownPaths((), ("",)))

    assert (recorded.spellings, recorded.declared) == (("a/b",), False)


def test_values_nested_too_deeply_are_an_error() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        recorded_paths("[" * 100_000 + "]" * 100_000, KNOWN)


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
