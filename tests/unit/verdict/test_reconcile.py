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
    reasons,
    recorded,
    statuses,
    world,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from djgc_widgets.model.codes import NoticeCode, Reason
from djgc_widgets.model.messages import trash_records_text
from djgc_widgets.model.store_names import SameFolder, StoreInfo, StoreNames
from djgc_widgets.model.vocabulary import TableInfo
from djgc_widgets.verdict.notices import notices_of_other_stores
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
        assert list(verdict.objects["n_files"]) == [4]
        assert list(verdict.objects["size_bytes"]) == [40]
        assert list(verdict.objects["is_dir"]) == [True]


@pytest.mark.parametrize(
    ("others", "state"),
    [({}, "missing"), ({"is_dir": True, "size_bytes": [0]}, "present")],
)
def test_a_sidecar_alone_is_a_present_object_only_if_it_is_an_empty_folder(
    others: dict[str, object], state: str
) -> None:
    verdict = judge(files(SIDECAR), recorded(ZARR, **others))

    assert statuses(verdict) == {ZARR: "live"}
    assert list(verdict.references["state"]) == [state]


@pytest.mark.parametrize(
    ("stored", "row", "expected"),
    [
        # a sidecar without its object
        ([SIDECAR], None, {SIDECAR: "orphan"}),
        # a live object that is named like a sidecar
        ([SIDECAR, *CHUNKS], SIDECAR, {SIDECAR: "live", ZARR: "unknown"}),
        # a part of a folder
        ([*CHUNKS, SIDECAR], CHUNKS[1], {CHUNKS[1]: "live", ZARR: "unknown"}),
        # a part, and only the sidecar of its object
        ([f"{ZARR}/0", SIDECAR], f"{ZARR}/0", {f"{ZARR}/0": "live", ZARR: "unknown"}),
        # a missing part
        ([*CHUNKS], f"{ZARR}/9/9", {ZARR: "unknown"}),
        # something inside a file
        ([object_path()], f"{object_path()}/group/data", {object_path(): "unknown"}),
    ],
)
def test_a_row_may_refer_to_any_part_of_an_object(
    stored: list[str], row: str | None, expected: dict[str, str]
) -> None:
    verdict = judge(files(*stored), recorded(*filter(None, [row])))

    assert statuses(verdict) == expected
    unknown = verdict.objects[verdict.objects["status"].eq("unknown")]
    assert set(unknown["reason_code"]) <= {Reason.BESIDE_REFERENCED, Reason.COMPANION}


def test_a_referenced_folder_of_objects_has_the_table_of_its_files() -> None:
    folder = object_path().rpartition("/")[0]

    verdict = judge(files(object_path(), f"{folder}/notes.txt"), recorded(folder))

    assert statuses(verdict) == {folder: "live"}
    named = verdict.objects[["section", "schema", "table"]]
    assert named.to_numpy().tolist() == [["schema", "lab", "rec"]]


def test_nested_references_make_one_live_object() -> None:
    verdict = judge(files(*CHUNKS), recorded(ZARR, f"{ZARR}/0", f"{ZARR}/0/1"))

    assert statuses(verdict) == {ZARR: "live"}
    assert list(verdict.objects["n_references"]) == [3]
    assert set(verdict.references["state"]) == {"present"}


@pytest.mark.parametrize(
    ("days", "status"), [(7, "orphan"), (6.99, "young"), (0, "young"), (-3, "young")]
)
def test_only_what_has_the_minimum_age_is_an_orphan(days: float, status: str) -> None:
    stored = files(hash_path(), at=NOW - timedelta(days=days))

    assert statuses(judge(stored, recorded())) == {hash_path(): status}


@pytest.mark.parametrize(
    ("modified", "changed", "reason"),
    [
        (90, 1, Reason.TOO_YOUNG),  # copied here with its old date
        (20_000, 1, Reason.TOO_YOUNG),  # dated 1970
        (20_000, 8, Reason.NO_ROW_HOLDS_HASH),
        (1, 90, Reason.TOO_YOUNG),
        (-0.5, 90, Reason.TOO_YOUNG),  # clocks differ
        (-365, 90, Reason.DATE_IN_FUTURE),
    ],
)
def test_an_object_is_as_young_as_the_later_of_its_dates(
    modified: float, changed: float, reason: Reason
) -> None:
    dates = [NOW - timedelta(days=days) for days in (modified, changed)]
    ns = [int(date.timestamp()) * 10**9 for date in dates]
    stored = files(hash_path(), modified_ns=ns[0], changed_ns=ns[1])

    verdict = judge(stored, recorded())

    assert reasons(verdict) == {hash_path(): reason}
    assert verdict.objects["modified_at"].tolist() == [dates[0]]
    assert verdict.objects["changed_at"].tolist() == [max(dates)]


@pytest.mark.parametrize(
    ("hours", "text"), [(168, "7 days"), (24, "1 day"), (36, "36 hours"), (1, "1 hour")]
)
def test_the_reason_of_a_young_object_names_the_minimum_age(
    hours: int, text: str
) -> None:
    around = world(minimum_age=timedelta(hours=hours))

    verdict = judge(files(hash_path(), at=NOW), recorded(), around)

    assert reasons(verdict) == {hash_path(): Reason.TOO_YOUNG}
    assert verdict.objects["reason"].tolist() == [f"younger than {text}"]


def test_one_young_file_makes_a_folder_object_young() -> None:
    stored = pd.concat([files(*CHUNKS), files(SIDECAR, at=NOW)], ignore_index=True)

    assert statuses(judge(stored, recorded())) == {ZARR: "young"}


@pytest.mark.parametrize(
    ("folder", "status"), [(ZARR, "young"), (ZARR.rpartition("/")[0], "orphan")]
)
def test_an_object_is_as_young_as_its_own_folder(folder: str, status: str) -> None:
    verdict = judge(files(*CHUNKS), recorded(), dirs=folders(folder, at=NOW))

    assert statuses(verdict) == {ZARR: status}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("README.txt", Reason.NOT_DATAJOINT),
        ("datajoint_store.json", Reason.NOT_DATAJOINT),
        ("lab/ab/cd/0123456789abcdef0123456789abcdef", Reason.DATAJOINT_0_14),
        ("lab/rec/session_0001.bin", Reason.NOT_DATAJOINT),
        (hash_path(schema="gone"), Reason.SCHEMA_NOT_ON_SERVER),
        (hash_path(schema="other"), Reason.SCHEMA_NOT_SCANNED),
        ("_trash/somebody's/file", Reason.NOT_DATAJOINT),
    ],
)
def test_what_is_not_ours_is_unknown_with_a_reason(path: str, reason: Reason) -> None:
    verdict = judge(files(path), recorded())

    assert statuses(verdict) == {path: "unknown"}
    assert reasons(verdict) == {path: reason}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("symlink", Reason.SYMLINK),
        ("special", Reason.SPECIAL_FILE),
        ("unusual key", Reason.UNUSUAL_KEY),
    ],
)
def test_an_object_with_a_file_that_is_not_regular_is_unknown(
    kind: str, reason: Reason
) -> None:
    verdict = judge(files(*CHUNKS, kind=["file", "file", kind]), recorded())

    assert statuses(verdict) == {ZARR: "unknown"}
    assert reasons(verdict) == {ZARR: reason}


def test_a_file_below_the_filepath_prefix_is_unknown_whatever_its_path() -> None:
    store = StoreInfo(
        "raw", ("raw",), "/r", schema_prefixes=("",), filepath_prefixes=("mine",)
    )
    path = "mine/lab/id=1/v_abcd"

    around = world(names(store), schemas={"mine"}, scanned={"mine"})
    verdict = judge(files(path), recorded(), around)

    assert reasons(verdict) == {path: Reason.USER_FILE}


def test_every_orphan_has_a_reason() -> None:
    live = object_path("voltage_new11111.npy")
    expected = {
        live: None,
        object_path("voltage_old11111.npy"): Reason.SUPERSEDED,
        object_path("voltage_gone1111.npy", "id=2"): Reason.ROW_DELETED,
        object_path("spikes_abcd1234.npy"): Reason.COLUMN_DROPPED,
        object_path("voltage_raw_abcd.npy"): Reason.ROW_DELETED,
        object_path("v_abcd1234.npy", table="dropped"): Reason.TABLE_DROPPED,
        object_path("voltage_staged11", "id=3", table="Rec"): Reason.ROW_DELETED,
        hash_path(): Reason.NO_ROW_HOLDS_HASH,
    }

    verdict = judge(files(*expected), recorded(live))

    assert reasons(verdict) == expected
    assert verdict.objects["sibling"].dropna().to_dict() == {1: live}
    words = verdict.objects["reason"]
    assert words[1] == "superseded by voltage_new11111.npy"
    assert words.isna().tolist() == [True] + [False] * 7


def test_a_successor_may_be_in_another_folder() -> None:
    table = TableInfo("lab", "rec", ("day", "name", "voltage"), ("day", "name"))
    key = pd.array(['{"day": "2026-01-02T03:04:05", "name": "a/b"}'], dtype="str")
    old = object_path("voltage_old11111.npy", "day=2026-01-02T03-04-05/name=a%2Fb")
    row = recorded("elsewhere/voltage_new.npy", row_key=key)

    verdict = judge(files(old), row, world(tables=[table]))

    assert reasons(verdict) == {old: Reason.SUPERSEDED}
    assert verdict.objects["sibling"].tolist() == ["elsewhere/voltage_new.npy"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, ["live", "live"]),
        ("alias", ["orphan", "live"]),
        ("lost", ["live", "live"]),
        # it is not known to be stored in a store that is not scanned
        ("cold", ["live", "live"]),
    ],
)
def test_a_reference_counts_in_every_store_that_it_may_mean(
    name: str | None, expected: list[str]
) -> None:
    derived = StoreInfo("derived", ("derived", "alias"), "/d")
    cold = (StoreInfo("cold", ("cold",), "/c"),)
    known = names(RAW, derived, default="derived", elsewhere=cold)
    listed = [files(hash_path(), store=store) for store in ("raw", "derived")]
    stored = pd.concat(listed, ignore_index=True)

    verdict = judge(stored, recorded(hash_path(), store=name), world(known))

    assert list(verdict.objects["status"]) == expected
    assert verdict.references.empty == (name == "cold")


DISK = StoreInfo("disk", ("disk",), "/disk")


@pytest.mark.parametrize(
    ("lost", "kept", "status"),
    [
        # nothing was copied, or less than everything
        (files(), files(object_path(), store="disk"), "live"),
        (files(object_path(), size=9), files(object_path(), store="disk"), "live"),
        (files(*CHUNKS[:2], SIDECAR), files(*CHUNKS, SIDECAR, store="disk"), "live"),
        (files(), files(object_path(table="Rec"), store="disk"), "live"),
        (files(), files(hash_path(), store="disk"), "live"),
        (files(), files(f"old/{hash_path()}", store="disk"), "live"),
        # everything was
        (files(object_path()), files(object_path(), store="disk"), "orphan"),
        (files(*CHUNKS, SIDECAR), files(*CHUNKS, SIDECAR, store="disk"), "orphan"),
    ],
)
def test_what_is_not_complete_in_its_store_is_kept_in_every_other_one(
    lost: pd.DataFrame, kept: pd.DataFrame, status: str
) -> None:
    stored = pd.concat([lost, kept], ignore_index=True)
    rows = recorded(object_path(), ZARR, hash_path(), f"old/{hash_path()}")

    verdict = judge(stored, rows, world(names(RAW, DISK)))

    there = verdict.objects[verdict.objects["store"].eq("disk")]
    assert list(there["status"]) == [status]
    assert verdict.references["store"].eq("raw").all()
    warnings = notices_of_other_stores(verdict.elsewhere, ["raw", "disk"])
    assert [n.code for n in warnings] == [NoticeCode.STORED_ELSEWHERE] * (
        status == "live"
    )


def test_a_copy_in_another_store_is_superseded_by_nothing() -> None:
    stored = pd.concat(
        [files(object_path(), hash_path(), store=store) for store in ("raw", "disk")]
    )

    verdict = judge(
        stored.reset_index(drop=True),
        recorded(object_path(), hash_path()),
        world(names(RAW, DISK)),
    )

    copies = verdict.objects[verdict.objects["store"].eq("disk")]
    assert list(copies["status"]) == ["orphan"] * 2
    assert list(copies["reason_code"]) == [Reason.COPY] * 2
    assert copies["sibling"].isna().all()


def test_what_is_missing_in_its_store_and_in_the_trash_of_another_is_returned() -> None:
    swept = f"_trash/20260601T120000Z-0123abcd/objects/{hash_path()}"

    verdict = judge(
        files(swept, store="disk"), recorded(hash_path()), world(names(RAW, DISK))
    )

    assert list(verdict.trash["returnable"]) == [True]


def test_a_path_of_a_store_that_is_not_scanned_is_kept_with_a_warning() -> None:
    known = names(RAW, elsewhere=(DISK,))

    verdict = judge(
        files(hash_path()), recorded(hash_path(), store="disk"), world(known)
    )

    assert statuses(verdict) == {hash_path(): "live"}
    assert verdict.references.empty
    (warning,) = notices_of_other_stores(verdict.elsewhere, ["raw"])
    assert (warning.code, warning.where) == (NoticeCode.KEPT_FOR_STORE, "store raw")


def test_files_of_users_may_mean_their_own_default_store() -> None:
    derived = StoreInfo("derived", ("derived",), "/d")
    both = names(RAW, derived, default="raw", filepath_default="derived")
    row = recorded("clip.avi", store=None, codec="filepath", column_store="")

    verdict = judge(files("clip.avi", store="derived"), row, world(both))

    assert statuses(verdict) == {"clip.avi": "live"}


def test_a_row_without_a_known_store_protects_its_path_in_every_store() -> None:
    row = recorded(hash_path(), store=None, column_store="")

    assert statuses(judge(files(hash_path()), row)) == {hash_path(): "live"}
    _, (warning,) = resolve_stores(row, names())
    assert warning.code == NoticeCode.STORE_UNKNOWN
    assert "the default store" in warning.message


def test_trash_is_counted_apart_and_healable_objects_are_marked() -> None:
    sweep = "_trash/20260601T120000Z-0123abcd"
    swept = [f"{sweep}/objects/{path}" for path in (hash_path("b"), *CHUNKS, SIDECAR)]
    stored = files(hash_path("a"), f"{sweep}/plan.json", *swept)

    verdict = judge(stored, recorded(hash_path("b")))

    assert list(verdict.trash["path"]) == [hash_path("b"), ZARR]
    assert list(verdict.trash["n_files"]) == [1, 4]
    assert list(verdict.trash["referenced"]) == [True, False]
    assert list(verdict.references["state"]) == ["missing"]
    summary = verdict.summary.set_index("status")
    counts = summary.loc["trash", ["n_objects", "n_files", "size_bytes"]]
    assert counts.tolist() == [2, 6, 60]


def test_an_object_in_the_trash_that_a_row_refers_to_is_live() -> None:
    path = f"_trash/20260601T120000Z-0123abcd/objects/{hash_path()}"

    verdict = judge(files(path), recorded(path))

    assert statuses(verdict) == {path: "live"}
    assert verdict.trash.empty


def test_logical_bytes_count_each_reference() -> None:
    verdict = judge(files(hash_path(), size=100), recorded(*[hash_path()] * 3))

    counts = verdict.summary[["size_bytes", "n_references", "logical_bytes"]]
    assert counts.to_numpy().tolist() == [[100, 3, 300]]


def test_nothing_at_all_is_no_error() -> None:
    verdict = judge(files(), recorded())

    for frame in (verdict.objects, verdict.references, verdict.summary):
        assert frame.empty
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
    assert verdict.objects["n_files"].sum() == len(stored)
    assert verdict.summary["size_bytes"].sum() == 10 * len(stored)
    assert len(verdict.references) == len(references)
    status = verdict.objects["status"].reindex(verdict.object_of_file).to_numpy()
    for path, fresh_file, decided in zip(stored, fresh, status, strict=True):
        owner = path.removesuffix(".manifest.json")
        needed = any(r == owner or f"{path}/".startswith(f"{r}/") for r in references)
        assert (decided == "live") == needed, path
        assert not (decided == "orphan" and fresh_file), path
        if decided == "orphan":
            assert path.startswith(("_schema/lab/", "_hash/lab/")), path
    for reference, state in zip(references, verdict.references["state"], strict=True):
        there = any(f"{p}/".startswith(f"{reference}/") for p in stored)
        assert (state == "present") == there, reference


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("lab/rec/id=1/voltage_AbCd1234.npy", "orphan"),
        ("lab/Rec/id=1/voltage_AbCd1234.npy", "orphan"),  # named as its class
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
def test_at_the_root_an_object_has_to_match_a_table(path: str, status: str) -> None:
    assert list(judge(files(path), recorded()).objects["status"]) == [status]


def test_rows_show_former_prefixes_of_datajoint() -> None:
    live = "old/lab/rec/id=1/voltage_AbCd1234.npy"
    orphan = "old/lab/rec/id=2/voltage_EfGh5678.npy"
    stored = files(live, orphan, "older/lab/rec/id=2/voltage_EfGh5678.npy")

    with_row, without = judge(stored, recorded(live)), judge(stored, recorded())

    assert list(with_row.objects["status"]) == ["live", "orphan", "unknown"]
    assert list(without.objects["status"]) == ["unknown"] * 3


@pytest.mark.parametrize("codec", ["filepath", "json"])
def test_paths_of_users_show_no_prefix(codec: str) -> None:
    live, other = (f"mine/lab/rec/id={n}/voltage_AbCd1234.npy" for n in (1, 2))

    verdict = judge(files(live, other), recorded(live, codec=codec))

    assert statuses(verdict) == {live: "live", other: "unknown"}


def test_a_missing_object_has_its_last_known_size() -> None:
    swept = "_trash/20260601T120000Z-0123abcd/objects/" + hash_path()

    verdict = judge(files(swept, size=70), recorded(hash_path(), hash_path("b")))

    sizes = verdict.references["size_bytes"]
    assert (sizes[0], sizes.isna()[1]) == (70, True)


def test_an_orphan_newer_than_the_value_of_its_row_was_never_committed() -> None:
    older, newer = (object_path(f"voltage_{n}123.npy") for n in ("older", "newer"))
    listed = [files(older, at=OLD - timedelta(days=1)), files(newer)]

    verdict = judge(pd.concat(listed, ignore_index=True), recorded(older))

    assert reasons(verdict) == {older: None, newer: Reason.NEVER_COMMITTED}
    assert verdict.objects["sibling"].tolist()[1] == older
    assert verdict.objects["reason"].tolist()[1] == (
        "never committed: the row still refers to the older voltage_older123.npy"
    )


@pytest.mark.parametrize(
    ("folder", "other"),
    [
        # a backup of a store, a value of which was put to use again
        ("backup/_schema/lab", "rec/id=2"),
        # an export, beside which a user keeps other files
        ("mine/lab", "notes"),
        ("mine/lab", "rec/day=1"),
    ],
)
def test_one_row_does_not_make_a_users_folder_a_prefix(folder: str, other: str) -> None:
    row = f"{folder}/rec/id=1/voltage_AbCd1234.npy"
    users = f"{folder}/{other}/voltage_EfGh5678.npy"

    verdict = judge(files(row, users), recorded(row))

    assert statuses(verdict) == {row: "live", users: "unknown"}


def test_an_object_around_the_root_of_another_store_is_unknown() -> None:
    inner = StoreInfo("inner", ("inner",), "/in")
    same = SameFolder("raw", f"{ZARR}/in", "inner", "")

    verdict = judge(files(*CHUNKS), recorded(), world(names(RAW, inner, same=(same,))))

    assert statuses(verdict) == {ZARR: "unknown"}


def test_a_missing_object_or_unknown_store_shows_no_prefix() -> None:
    missing = "old/lab/rec/id=1/voltage_AbCd1234.npy"
    orphan = "old/lab/rec/id=2/voltage_EfGh5678.npy"

    for store in ("raw", "lost"):
        rows = recorded(missing, store=store)
        assert statuses(judge(files(orphan), rows)) == {orphan: "unknown"}


SWEEP = "_trash/20260601T120000Z-0123abcd"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("_trash/owner.json", "trash"),
        ("_trash/lock.json", "trash"),
        ("_trash/lock.json.0123abcd.part", "trash"),
        ("_trash/broken-0123abcd.json", "trash"),
        ("_trash/probe", "trash"),
        ("_trash/probe-0123abcd.json", "trash"),
        ("_trash/reserve", "trash"),
        (f"{SWEEP}/plan.json", "trash"),
        (f"{SWEEP}/purging-20260601T120000Z.json", "trash"),
        (f"{SWEEP}/objects/{hash_path()}", "trash"),
        # another tool may use the folder, or somebody keep notes there
        ("_trash/info/file.trashinfo", "unknown"),
        ("_trash/owner.json.bak", "unknown"),
        (f"{SWEEP}/notes.txt", "unknown"),
        (f"mine/{SWEEP}/plan.json", "unknown"),
    ],
)
def test_only_our_own_files_count_with_the_trash(path: str, status: str) -> None:
    verdict = judge(files(path), recorded())

    assert list(verdict.summary["status"]) == [status]
    n_objects = status == "unknown" or "/objects/" in path
    assert list(verdict.summary["n_objects"]) == [n_objects]
    text = trash_records_text(verdict.summary, verdict.trash)
    assert text == ("" if n_objects else "with 1 file of journals and locks")
