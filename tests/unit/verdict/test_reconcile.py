"""Verdicts of the mark phase, case by case, and against a plain implementation."""

from datetime import timedelta

import pandas as pd
import pytest
from builders import (
    NOW,
    OLD,
    RAW,
    files,
    folders,
    hash_path,
    judge,
    names,
    object_path,
    recorded,
    statuses,
    why,
    world,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from djgc_widgets.model.store_names import SamePlace, StoreInfo, StoreNames
from djgc_widgets.model.vocabulary import TableInfo
from djgc_widgets.verdict.resolve import resolve_stores

ZARR = object_path("voltage_AbCd1234.zarr")
CHUNKS = (f"{ZARR}/.zarray", f"{ZARR}/0/0", f"{ZARR}/0/1")
SIDECAR = f"{ZARR}.manifest.json"


def test_a_referenced_object_is_never_an_orphan() -> None:
    verdict = judge(files(hash_path("a"), hash_path("b")), recorded(hash_path("a")))

    assert statuses(verdict) == {hash_path("a"): "live", hash_path("b"): "orphan"}


def test_a_reference_without_an_object_is_missing() -> None:
    verdict = judge(files(hash_path("a")), recorded(hash_path("a"), hash_path("b")))

    assert list(verdict.references["state"]) == ["present", "missing"]


def test_a_folder_object_and_its_sidecar_are_one_object() -> None:
    live = judge(files(*CHUNKS, SIDECAR), recorded(ZARR, is_dir=True))
    orphan = judge(files(*CHUNKS, SIDECAR), recorded())

    for verdict, status in ((live, "live"), (orphan, "orphan")):
        assert statuses(verdict) == {ZARR: status}
        assert list(verdict.objects["files"]) == [4]
        assert list(verdict.objects["size_bytes"]) == [40]
        assert list(verdict.objects["is_dir"]) == [True]


def test_a_sidecar_alone_does_not_make_its_object_present() -> None:
    verdict = judge(files(SIDECAR), recorded(ZARR))

    assert statuses(verdict) == {ZARR: "live"}
    assert list(verdict.references["state"]) == ["missing"]


def test_an_empty_folder_object_is_present_by_its_sidecar() -> None:
    size = pd.array([0], dtype="Int64")

    verdict = judge(files(SIDECAR), recorded(ZARR, is_dir=True, size_bytes=size))

    assert list(verdict.references["state"]) == ["present"]


def test_a_sidecar_without_an_object_is_an_orphan_of_its_own() -> None:
    assert statuses(judge(files(SIDECAR), recorded())) == {SIDECAR: "orphan"}


def test_a_live_object_may_itself_be_named_like_a_sidecar() -> None:
    verdict = judge(files(SIDECAR, *CHUNKS), recorded(SIDECAR))

    assert statuses(verdict) == {SIDECAR: "live", ZARR: "orphan"}


def test_what_lies_beside_a_referenced_part_is_not_ours_to_judge() -> None:
    verdict = judge(files(*CHUNKS, SIDECAR), recorded(f"{ZARR}/0/0"))

    assert statuses(verdict) == {f"{ZARR}/0/0": "live", ZARR: "unknown"}
    assert why(verdict)[ZARR] == "part of an object that a row refers into"


def test_the_sidecar_of_an_object_with_live_parts_is_no_orphan() -> None:
    verdict = judge(files(f"{ZARR}/0", SIDECAR), recorded(f"{ZARR}/0"))

    assert statuses(verdict) == {f"{ZARR}/0": "live", ZARR: "unknown"}


def test_a_missing_part_protects_its_object_too() -> None:
    verdict = judge(files(*CHUNKS), recorded(f"{ZARR}/9/9"))

    assert statuses(verdict) == {ZARR: "unknown"}


def test_nested_references_make_one_live_object() -> None:
    verdict = judge(files(*CHUNKS), recorded(ZARR, f"{ZARR}/0", f"{ZARR}/0/1"))

    assert statuses(verdict) == {ZARR: "live"}
    assert list(verdict.objects["references"]) == [3]
    assert set(verdict.references["state"]) == {"present"}


@pytest.mark.parametrize(
    ("days", "status"), [(7, "orphan"), (6.99, "young"), (0, "young"), (-3, "young")]
)
def test_only_what_has_the_minimum_age_is_an_orphan(days: float, status: str) -> None:
    stored = files(hash_path(), at=NOW - timedelta(days=days))

    assert statuses(judge(stored, recorded())) == {hash_path(): status}


def test_the_reason_of_a_young_object_names_the_minimum_age() -> None:
    stored = files(hash_path(), at=NOW)

    for age, text in (
        (timedelta(days=7), "younger than 7 days"),
        (timedelta(days=1), "younger than 1 day"),
        (timedelta(hours=36), "younger than 36 hours"),
        (timedelta(hours=1), "younger than 1 hour"),
    ):
        assert (
            why(judge(stored, recorded(), world(minimum_age=age)))[hash_path()] == text
        )


def test_one_young_file_makes_a_folder_object_young() -> None:
    stored = pd.concat([files(*CHUNKS), files(SIDECAR, at=NOW)], ignore_index=True)

    assert statuses(judge(stored, recorded())) == {ZARR: "young"}


def test_a_folder_copied_with_old_dates_is_as_young_as_itself() -> None:
    verdict = judge(files(*CHUNKS), recorded(), dirs=folders(ZARR, at=NOW))

    assert statuses(verdict) == {ZARR: "young"}


def test_a_changed_folder_above_an_object_does_not_make_it_young() -> None:
    parent = ZARR.rpartition("/")[0]

    verdict = judge(files(*CHUNKS), recorded(), dirs=folders(parent, at=NOW))

    assert statuses(verdict) == {ZARR: "orphan"}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("README.txt", "not DataJoint's shape"),
        ("datajoint_store.json", "not DataJoint's shape"),
        (
            "lab/ab/cd/0123456789abcdef0123456789abcdef",
            "kept by an external store of DataJoint 0.14",
        ),
        ("lab/rec/session_0001.bin", "not DataJoint's shape"),
        (hash_path(schema="gone"), "schema not on this server"),
        (hash_path(schema="other"), "schema not covered by this scan"),
        ("_trash/somebody's/file", "not DataJoint's shape"),
    ],
)
def test_strangers_are_unknown_with_a_reason(path: str, reason: str) -> None:
    verdict = judge(files(path), recorded())

    assert statuses(verdict) == {path: "unknown"}
    assert why(verdict)[path] == reason


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("symlink", "a symbolic link"),
        ("special", "not a plain file"),
        ("unreadable name", "its name is not UTF-8"),
    ],
)
def test_what_is_no_plain_file_spoils_the_object_that_holds_it(
    kind: str, reason: str
) -> None:
    stored = files(*CHUNKS, kind=["file", "file", kind])

    verdict = judge(stored, recorded())

    assert statuses(verdict) == {ZARR: "unknown"}
    assert why(verdict)[ZARR] == reason


def test_the_prefix_of_users_files_is_theirs_even_with_datajoints_shape() -> None:
    store = StoreInfo(
        "raw", ("raw",), "/r", schema_prefixes=("",), filepath_prefixes=("mine",)
    )
    path = "mine/lab/id=1/v_abcd"

    verdict = judge(
        files(path), recorded(), world(names(store), schemas={"mine"}, scanned={"mine"})
    )

    assert why(verdict)[path] == "kept for <filepath@>"


def test_orphans_tell_why() -> None:
    stored = files(
        object_path("voltage_new11111.npy", "id=1"),
        object_path("voltage_old11111.npy", "id=1"),
        object_path("voltage_gone1111.npy", "id=2"),
        object_path("spikes_abcd1234.npy", "id=1"),
        object_path("voltage_raw_abcd.npy", "id=1"),
        object_path("v_abcd1234.npy", "id=1", table="dropped"),
        object_path("voltage_staged11", "id=3", table="Rec"),
        hash_path(),
    )

    reasons = why(judge(stored, recorded(object_path("voltage_new11111.npy", "id=1"))))

    deleted = "row deleted, or its insert never committed"
    assert [
        reasons[path] if reasons[path] == reasons[path] else None
        for path in stored["path"]
    ] == [
        None,
        "superseded by voltage_new11111.npy",
        deleted,
        "column dropped",
        deleted,
        "table dropped",
        deleted,
        "no row holds this hash",
    ]


def test_a_successor_may_lie_elsewhere() -> None:
    table = TableInfo("lab", "rec", ("day", "name", "voltage"), ("day", "name"))
    key = pd.array(['{"day": "2026-01-02T03:04:05", "name": "a/b"}'], dtype="str")
    old = object_path("voltage_old11111.npy", "day=2026-01-02T03-04-05/name=a%2Fb")

    verdict = judge(
        files(old),
        recorded("elsewhere/voltage_new.npy", row_key=key),
        world(tables=[table]),
    )

    assert why(verdict)[old] == "superseded by voltage_new.npy"


def test_a_reference_counts_in_every_store_that_it_may_mean() -> None:
    derived = StoreInfo("derived", ("derived", "alias"), "/d")
    both = names(RAW, derived, default="derived")
    stored = pd.concat(
        [files(hash_path()), files(hash_path(), store="derived")], ignore_index=True
    )

    unnamed = judge(stored, recorded(hash_path(), store=None), world(both))
    aliased = judge(stored, recorded(hash_path(), store="alias"), world(both))
    nowhere = judge(stored, recorded(hash_path(), store="lost"), world(both))
    elsewhere = judge(
        stored,
        recorded(hash_path(), store="cold"),
        world(names(RAW, derived, elsewhere=(StoreInfo("cold", ("cold",), "/c"),))),
    )

    assert list(unnamed.objects["status"]) == ["live", "live"]
    assert list(aliased.objects["status"]) == ["orphan", "live"]
    assert list(nowhere.objects["status"]) == ["live", "live"]
    assert list(elsewhere.objects["status"]) == ["orphan", "orphan"]
    assert elsewhere.references.empty


def test_files_of_users_may_mean_their_own_default_store() -> None:
    derived = StoreInfo("derived", ("derived",), "/d")
    both = names(RAW, derived, default="raw", filepath_default="derived")
    stored = files("clip.avi", store="derived")

    verdict = judge(
        stored,
        recorded("clip.avi", store=None, codec="filepath", column_store=""),
        world(both),
    )

    assert statuses(verdict) == {"clip.avi": "live"}


def test_a_store_of_no_name_protects_everywhere_and_says_so() -> None:
    row = recorded(hash_path(), store=None, column_store="")

    assert statuses(judge(files(hash_path()), row)) == {hash_path(): "live"}
    _, warnings = resolve_stores(row, names())
    assert "the default store, which is not configured" in warnings[0].message


def test_trash_is_counted_apart_and_healable_objects_are_marked() -> None:
    sweep = "_trash/20260601T120000Z-0123abcd"
    stored = files(
        hash_path("a"),
        f"{sweep}/plan.json",
        f"{sweep}/objects/{hash_path('b')}",
        *(f"{sweep}/objects/{path}" for path in (*CHUNKS, SIDECAR)),
    )

    verdict = judge(stored, recorded(hash_path("b")))

    assert list(verdict.trash["path"]) == [hash_path("b"), ZARR]
    assert list(verdict.trash["files"]) == [1, 4]
    assert list(verdict.trash["referenced"]) == [True, False]
    assert list(verdict.references["state"]) == ["missing"]
    summary = verdict.summary.set_index("status")
    assert list(summary.loc["trash", ["objects", "files", "size_bytes"]]) == [2, 6, 60]


def test_a_row_that_refers_into_the_trash_keeps_it_live() -> None:
    path = f"_trash/20260601T120000Z-0123abcd/objects/{hash_path()}"

    verdict = judge(files(path), recorded(path))

    assert statuses(verdict) == {path: "live"}
    assert verdict.trash.empty


def test_logical_bytes_count_each_reference() -> None:
    verdict = judge(
        files(hash_path(), size=100), recorded(hash_path(), hash_path(), hash_path())
    )

    row = verdict.summary.iloc[0]
    assert (row["size_bytes"], row["references"], row["logical_bytes"]) == (100, 3, 300)


def test_nothing_at_all_is_no_error() -> None:
    verdict = judge(files(), recorded())

    assert verdict.objects.empty
    assert verdict.references.empty
    assert verdict.summary.empty
    assert judge(files(), recorded(), world(StoreNames((), ()))).objects.empty


segment = st.sampled_from(
    ["a", "b", "id=1", "_schema", "_hash", "lab", "rec", "v_abcd", "v_abcd.zarr"]
)
anything = st.lists(segment, min_size=1, max_size=5).map("/".join)
shaped = st.builds(
    lambda key, token, below: f"_schema/lab/rec/id={key}/voltage_{token}{below}",
    st.sampled_from("12"),
    st.sampled_from(["abcd", "efgh", "abcd.zarr"]),
    st.sampled_from(["", "/0", "/0/1", ".manifest.json"]),
)
paths = st.lists(anything | shaped, unique=True, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    paths,
    st.lists(anything | shaped, max_size=6),
    st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_every_file_has_one_object_and_nothing_referenced_is_an_orphan(
    stored: list[str], references: list[str], young: list[bool]
) -> None:
    # a path cannot be a file and a folder at once
    stored = [p for p in stored if not any(q.startswith(f"{p}/") for q in stored)]
    listing = files(*stored)
    fresh = pd.Series(young[: len(stored)], dtype=bool)
    listing.loc[fresh.to_numpy(), "modified_ns"] = int(NOW.timestamp()) * 10**9

    verdict = judge(listing, recorded(*references))

    assert (verdict.object_of_file >= 0).all()
    assert verdict.objects["files"].sum() == len(stored)
    assert verdict.summary["size_bytes"].sum() == 10 * len(stored)
    assert len(verdict.references) == len(references)
    status = verdict.objects["status"].reindex(verdict.object_of_file).to_numpy()
    for path, fresh_file, found in zip(stored, fresh, status, strict=True):
        owner = path.removesuffix(".manifest.json")
        needed = any(
            path == r or path.startswith(f"{r}/") or owner == r for r in references
        )
        assert (found == "live") == needed, path
        assert not (found == "orphan" and fresh_file), path
        if found == "orphan":
            assert path.startswith(("_schema/lab/", "_hash/lab/")), path
    for reference, state in zip(references, verdict.references["state"], strict=True):
        there = any(p == reference or p.startswith(f"{reference}/") for p in stored)
        assert (state == "present") == there, reference
    assert OLD < NOW


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("lab/rec/id=1/voltage_AbCd1234.npy", "orphan"),
        ("lab/Rec/id=1/voltage_AbCd1234.npy", "orphan"),  # spelt as its class
        ("id=1/lab/rec/voltage_AbCd1234", "orphan"),
        ("lab/rec/id=1/voltage_AbCd1234/0/0", "orphan"),
        ("lab/rec/session_0001.bin", "unknown"),  # no key of the table
        ("lab/rec/voltage_0001.bin", "unknown"),
        ("lab/rec/id=1/trial=2/voltage_0001.bin", "unknown"),  # another key
        ("lab/rec/id=1/notes_2024.txt", "unknown"),  # no such attribute
        ("lab/gone/id=1/voltage_AbCd1234.npy", "unknown"),  # no such table
        ("other/rec/id=1/voltage_AbCd1234.npy", "unknown"),
    ],
)
def test_at_the_root_a_table_has_to_vouch_for_an_object(path: str, status: str) -> None:
    assert list(judge(files(path), recorded()).objects["status"]) == [status]


def test_rows_tell_where_garbage_of_former_prefixes_lies() -> None:
    live = "old/lab/rec/id=1/voltage_AbCd1234.npy"
    garbage = "old/lab/rec/id=2/voltage_EfGh5678.npy"
    stored = files(live, garbage, "older/lab/rec/id=2/voltage_EfGh5678.npy")

    told, untold = judge(stored, recorded(live)), judge(stored, recorded())

    assert list(told.objects["status"]) == ["live", "orphan", "unknown"]
    assert list(untold.objects["status"]) == ["unknown"] * 3


def test_files_of_users_tell_no_prefix() -> None:
    live = "mine/lab/rec/id=1/voltage_AbCd1234.npy"
    other = "mine/lab/rec/id=2/voltage_EfGh5678.npy"

    verdict = judge(files(live, other), recorded(live, codec="filepath"))

    assert statuses(verdict) == {live: "live", other: "unknown"}


def test_what_is_missing_has_its_last_known_size() -> None:
    swept = "_trash/20260601T120000Z-0123abcd/objects/" + hash_path()

    verdict = judge(
        files(swept, size=70), recorded(hash_path(), hash_path("b"), store="raw")
    )

    missing = verdict.references.set_index("path")["size_bytes"]
    assert missing[hash_path()] == 70
    assert pd.isna(missing[hash_path("b")])


def test_what_is_newer_than_the_rows_own_value_was_never_committed() -> None:
    kept, tried = (
        object_path(f"voltage_{name}.npy") for name in ("kept1234", "new12345")
    )
    stored = pd.concat(
        [files(kept, at=OLD - timedelta(days=1)), files(tried)], ignore_index=True
    )

    told = why(judge(stored, recorded(kept)))[tried]

    expected = "never committed: the row still refers to the older voltage_kept1234.npy"
    assert told == expected


@pytest.mark.parametrize(
    ("row", "other"),
    [
        # a backup of a store, a value of which was put to use again
        (
            "backup/_schema/lab/rec/id=1/voltage_AbCd1234.npy",
            "backup/_schema/lab/rec/id=2/",
        ),
        # an export, beside which a user keeps other files
        ("mine/lab/rec/id=1/voltage_AbCd1234.npy", "mine/lab/notes/"),
        ("mine/lab/rec/id=1/voltage_AbCd1234.npy", "mine/lab/rec/day=1/"),
    ],
)
def test_one_row_gives_no_users_folder_away(row: str, other: str) -> None:
    users = f"{other}voltage_EfGh5678.npy"

    verdict = judge(files(row, users), recorded(row))

    assert statuses(verdict) == {row: "live", users: "unknown"}


def test_a_plain_json_column_tells_no_prefix() -> None:
    row, other = (f"old/lab/rec/id={n}/voltage_AbCd1234.npy" for n in (1, 2))

    verdict = judge(files(row, other), recorded(row, codec="json"))

    assert statuses(verdict) == {row: "live", other: "unknown"}


def test_a_row_may_refer_into_a_file() -> None:
    verdict = judge(files(object_path()), recorded(f"{object_path()}/group/data"))

    assert statuses(verdict) == {object_path(): "unknown"}


def test_an_object_that_holds_another_stores_root_stays() -> None:
    inner = StoreInfo("inner", ("inner",), "/in")
    same = SamePlace("raw", f"{ZARR}/in", "inner", "")

    verdict = judge(files(*CHUNKS), recorded(), world(names(RAW, inner, same=(same,))))

    assert statuses(verdict) == {ZARR: "unknown"}


def test_what_is_missing_or_of_no_known_store_tells_no_prefix() -> None:
    gone = "old/lab/rec/id=1/voltage_AbCd1234.npy"
    garbage = "old/lab/rec/id=2/voltage_EfGh5678.npy"

    for store in ("raw", "lost"):
        verdict = judge(files(garbage), recorded(gone, store=store))

        assert statuses(verdict) == {garbage: "unknown"}
