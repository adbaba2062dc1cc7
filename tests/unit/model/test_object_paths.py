import pandas as pd
import pytest
from builders import HASH, RAW
from hypothesis import given
from hypothesis import strategies as st

from djgc_widgets.model.object_paths import (
    candidate_prefixes,
    former_prefixes,
    parse_paths,
    section_of,
)
from djgc_widgets.model.store_names import StoreInfo
from djgc_widgets.model.trash_paths import parse_trash


def parse(path: str, store: StoreInfo = RAW) -> dict[str, object]:
    return parse_paths(pd.Series([path], dtype="str"), store).iloc[0].to_dict()


@pytest.mark.parametrize(
    "path", [f"_hash/lab/{HASH}", f"_hash/lab/ab/cd/{HASH}", f"_hash/lab/abc/{HASH}"]
)
def test_a_hash_path_names_its_schema(path: str) -> None:
    parsed = parse(path)

    assert (parsed["section"], parsed["schema"]) == ("hash", "lab")
    assert parsed["object_path"] == path


@pytest.mark.parametrize(
    ("path", "schema", "table", "below"),
    [
        ("_schema/lab/rec/id=1/voltage_AbCd1234.npy", "lab", "rec", ""),
        ("_schema/lab/rec/a=1/b=x y/voltage_AbCd1234", "lab", "rec", ""),
        ("_schema/lab/rec/voltage_AbCd1234", "lab", "rec", ""),
        ("_schema/lab/__rec__part/id=1/v_-_-_.npy", "lab", "__rec__part", ""),
        ("_schema/lab/#rec/id=1/v_abcd", "lab", "#rec", ""),
        ("_schema/lab/Recording/id=1/v_abcd.zarr", "lab", "Recording", "/0/0.0"),
        ("_schema/subject=M1/lab/rec/id=1/v_abcd.npy", "lab", "rec", ""),
        ("_schema/lab/rec/id=a%2Fb/v_abcd.npy", "lab", "rec", ""),
        ("_schema/lab/rec/name=a\nb/v_abcd.npy", "lab", "rec", ""),
        ("_schema/lab/rec/name=é/v_abcd.tar.gz", "lab", "rec", ""),
        ("_schema/lab/rec/id=1/v_abcd.zarr", "lab", "rec", "/.zarray\n/x"),
    ],
)
def test_a_schema_path_names_schema_table_and_object(
    path: str, schema: str, table: str, below: str
) -> None:
    parsed = parse(path + below)

    names = parsed["section"], parsed["schema"], parsed["table"]
    assert names == ("schema", schema, table)
    assert parsed["object_path"] == path


@pytest.mark.parametrize(
    "path",
    [
        f"_hash/lab/xx/{HASH}",  # a fold that does not begin the hash
        f"_hash/lab/ab/{HASH}.saving",
        f"_hash/lab/{HASH[:25]}",
        f"_hash/lab/{HASH[:25]}1",  # base32 has no 1
        f"_hash/{HASH}",
        f"hash/lab/{HASH}",
        f"_hash/lab/{HASH.upper()}",
        f"_hash/lab/{HASH}/more",
        "_schema/lab/rec/id=1/voltage.npy",  # no token
        "_schema/lab/rec/id=1/voltage_abc.npy",  # a token has four characters at least
        "_schema/lab/rec/id=1/v_abcdefghijklmnopq.npy",  # and sixteen at most
        "_schema/lab/rec/notes/voltage_abcd.npy",
        "schema/lab/rec/id=1/v_abcd.npy",
        "_schemas/lab/rec/id=1/v_abcd.npy",
        "README.txt",
        "",
    ],
)
def test_what_no_path_of_datajoint_looks_like_has_no_section(path: str) -> None:
    parsed = parse(path)

    assert pd.isna(parsed["section"])
    assert parsed["object_path"] == path


def test_prefixes_are_those_of_the_store() -> None:
    store = StoreInfo("s", ("s",), "/s", (), ("a.b",), ("x/y",))

    assert parse(f"a.b/lab/{HASH}", store)["section"] == "hash"
    assert pd.isna(parse(f"aXb/lab/{HASH}", store)["section"])
    assert parse("x/y/lab/rec/id=1/v_abcd", store)["section"] == "schema"


def test_empty_prefixes_put_both_sections_at_the_root() -> None:
    store = StoreInfo("s", ("s",), "/s", hash_prefixes=("",), schema_prefixes=("",))

    assert parse(f"lab/{HASH}", store)["section"] == "hash"
    assert parse("lab/rec/id=1/v_abcd", store)["section"] == "schema"


def test_the_root_is_tried_last_for_what_had_no_prefix_once() -> None:
    parsed = parse("lab/rec/id=1/v_abcd.npy")

    assert (parsed["section"], parsed["schema"]) == ("schema", "lab")
    assert parsed["prefix"] == ""
    assert parse("_schema/lab/rec/id=1/v_abcd.npy")["prefix"] == "_schema"


def test_names_of_one_location_may_differ_in_their_prefixes() -> None:
    store = StoreInfo("s", ("s",), "/s", (), ("_hash", "h"), ("_schema", "old/_schema"))

    assert parse(f"h/lab/{HASH}", store)["prefix"] == "h"
    assert parse("old/_schema/lab/rec/id=1/v_abcd", store)["schema"] == "lab"
    assert candidate_prefixes([store]) == ("_hash", "h", "_schema", "old/_schema")


@pytest.mark.parametrize(
    ("path", "hashes", "schemas"),
    [
        ("lab/rec/id=1/v_abcd.npy", set(), {""}),
        ("old/lab/rec/id=1/v_abcd.npy", set(), {"old"}),
        ("a/b c/lab/rec/v_abcd", set(), {"a/b c"}),
        ("subject=1/lab/rec/id=1/v_abcd", set(), {""}),
        ("old/subject=1/lab/rec/id=1/v_abcd", set(), {"old"}),
        (f"lab/{HASH}", {""}, set()),
        (f"old/lab/ab/cd/{HASH}", {"old"}, set()),
        ("old/lab/rec/id=1/w_abcd.npy", set(), set()),  # of another attribute
        ("old/lab/other/id=1/v_abcd.npy", set(), set()),  # of another table
        (f"old/other/{HASH}", set(), set()),  # of another schema
        ("_trash/20260601T120000Z-0123abcd/objects/lab/rec/v_abcd", set(), set()),
    ],
)
def test_recorded_paths_reveal_former_prefixes(
    path: str, hashes: set[str], schemas: set[str]
) -> None:
    prefixes = former_prefixes(pd.Series([path], dtype="str"), "lab", "rec", "v")

    assert prefixes == (hashes, schemas)


def test_names_in_a_pattern_are_literal() -> None:
    paths = pd.Series(["x/l.b/r+c/id=1/v_abcd", "y/lab/rrc/id=1/v_abcd"], dtype="str")

    assert former_prefixes(paths, "l.b", "r+c", "v") == (set(), {"x"})


def test_a_path_in_the_trash_holds_the_former_path() -> None:
    sweep = "20260601T120000Z-0123abcd"
    swept = [f"_trash/{sweep}/objects/_hash/lab/x", f"_trash/{sweep}/plan.json"]
    others = ["_trash/mine/objects/x", f"other/_trash/{sweep}/objects/x"]

    parsed = parse_trash(pd.Series([*swept, *others], dtype="str"))

    assert list(parsed["sweep_id"].fillna("-")) == [sweep, sweep, "-", "-"]
    assert list(parsed["path"].fillna("-")) == ["_hash/lab/x", "-", "-", "-"]


def test_a_section_is_a_folder_not_a_beginning() -> None:
    paths = pd.Series(["_hash/x", "_hashes/x", "_schema/x", "x"], dtype="str")

    assert list(section_of(paths, RAW).fillna("-")) == ["hash", "-", "schema", "-"]


SEGMENTS = st.sampled_from(
    [
        *("lab", "rec", "#rec", "_schema", "_hash", HASH, "ab", "a b"),
        *("id=1", "a.b=1", "x_AbCd.a=b", "v_a=1"),
        *("v_AbCd1234.npy", "v_abcd", "v_ab cd", "v_abcd\n", "v_-_-_"),
    ]
)


@given(st.lists(SEGMENTS, min_size=1, max_size=7).map("/".join))
def test_an_object_is_the_same_with_and_without_a_part_below(path: str) -> None:
    alone, below = parse(path), parse(f"{path}/0")

    for one, other in ((alone, below), (below, alone)):
        if one["section"] == "schema" and one["object_path"] == path:
            assert one == other
