"""How many bytes each column and each table has."""

import pandas as pd
import pytest
from builders import files, hash_path, judge, object_path, recorded

from djgc_widgets.verdict.usage import attributes_of, bytes_by_place, usage_by_attribute


def test_a_hash_that_many_rows_refer_to_counts_once_in_physical_bytes() -> None:
    rows = recorded(*map(hash_path, "aac"), row_key=["1", "2", "3"])
    verdict = judge(files(hash_path("a"), hash_path("b"), size=10), rows)

    usage = usage_by_attribute(verdict.objects, verdict.references)

    counts = usage[["n_rows", "n_references", "n_missing", "n_objects"]]
    assert counts.to_numpy().tolist() == [[3, 3, 1, 1]]
    sums = usage[["logical_bytes", "physical_bytes", "dedup_ratio"]]
    assert sums.to_numpy().tolist() == [[20, 10, 2.0]]


def test_a_column_without_bytes_has_no_ratio() -> None:
    verdict = judge(files(), recorded(hash_path("a")))

    usage = usage_by_attribute(verdict.objects, verdict.references)

    assert usage["dedup_ratio"].isna().all()
    assert usage["physical_bytes"].tolist() == [0]


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("voltage_AbCd1234.npy", "voltage"),
        ("voltage_lW_t-D97.npy", "voltage"),
        ("spike_times_AbCd1234", "spike_times"),
        ("movie_abcdefghijkl.zarr", "movie"),
    ],
)
def test_a_name_contains_its_attribute(name: str, attribute: str) -> None:
    objects = judge(files(object_path(name)), recorded()).objects

    assert attributes_of(objects).tolist() == [attribute]


def test_places_add_up_to_all_stored_bytes() -> None:
    stored = [object_path(), object_path(key="id=2"), hash_path("a"), hash_path("b")]
    rows = recorded(object_path(), hash_path("a"), table="rec", attribute="data")
    verdict = judge(files(*stored), rows)

    places = bytes_by_place(verdict.objects, verdict.references)

    counts = places[["table", "attribute", "n_objects", "n_orphans"]].fillna("none")
    assert set(counts.itertuples(index=False, name=None)) == {
        ("rec", "voltage", 2, 1),
        ("rec", "data", 1, 0),
        ("none", "none", 1, 1),
    }
    assert places["size_bytes"].sum() == verdict.objects["size_bytes"].sum()
    orphaned = verdict.objects["status"].eq("orphan")
    assert places["orphan_bytes"].sum() == verdict.objects["size_bytes"][orphaned].sum()
    assert bytes_by_place(verdict.objects.head(0), verdict.references).empty


def test_a_hash_never_counts_for_a_table_of_another_schema() -> None:
    path = hash_path("a", schema="lab")
    verdict = judge(files(path), recorded(path, schema="other", table="copies"))

    places = bytes_by_place(verdict.objects, verdict.references)

    assert places["table"].isna().all()


def test_a_size_beyond_a_floats_precision_is_exact() -> None:
    verdict = judge(files(object_path()), recorded(object_path()))
    huge = verdict.references.assign(path="elsewhere", size_bytes=2**63 - 1)

    usage = usage_by_attribute(verdict.objects, huge.astype({"size_bytes": "Int64"}))

    assert usage["logical_bytes"].tolist() == [2**63 - 1]


def test_the_given_frames_are_not_altered() -> None:
    verdict = judge(files(object_path()), recorded(object_path()))
    before = verdict.objects.copy()

    usage_by_attribute(verdict.objects, verdict.references)
    bytes_by_place(verdict.objects, verdict.references)

    pd.testing.assert_frame_equal(verdict.objects, before)
