"""Stores on Azure and Google Cloud; DataJoint itself writes what is listed."""

from pathlib import Path

import pytest
from clouds import Azure, Cloud, new_bucket
from laboratory import (
    HASH,
    Laboratory,
    array,
    complete,
    every_kind_orphaned,
    filled,
)

from djgc_widgets import IncompleteScan
from djgc_widgets.model import Notice
from djgc_widgets.stores import open_stores
from djgc_widgets.stores.cloud.store import AzureStore, GoogleStore

NOWHERE = "no-such-bucket"


@pytest.fixture
def lab(cloud_laboratory: Laboratory) -> Laboratory:
    return cloud_laboratory


def problem_of(lab: Laboratory) -> Notice:
    """Return the only problem of a scan, which is incomplete."""
    result = lab.scan()
    assert isinstance(result, IncompleteScan)
    (problem,) = result.problems
    return problem


@pytest.mark.parametrize(
    "location",
    ["", "q/b/", "/q/c", "q//d", "//e//", "/", " a b ", "50%25 ü#?&+", "x/_hash"],
)
def test_what_datajoint_writes_is_listed_wherever_a_store_is(
    lab: Laboratory, cloud: Cloud, bucket: str, location: str
) -> None:
    lab.config.stores = {"raw": cloud.spec(bucket, location)}
    table = filled(lab, range(1, 5))
    written = [array(key).tobytes() for key in range(1, 5)]
    assert list(table.to_arrays("data")) == written

    (table & "id = 1").delete()
    result = complete(lab)

    stored = cloud.contents(bucket)
    assert sorted(stored.values()) == sorted(written)
    assert sorted(result.objects["status"]) == ["live"] * 3 + ["orphan"]
    assert result.missing.empty
    root = f"{location}/" if location else ""
    listed = result.files.set_index("path")["size_bytes"]
    assert {f"{root}{path}": size for path, size in listed.items()} == {
        key: len(data) for key, data in stored.items()
    }


def test_files_arrays_and_folders_are_objects_of_one_row_each(
    lab: Laboratory, cloud: Cloud, bucket: str
) -> None:
    every_kind_orphaned(lab)

    result = complete(lab)

    assert sorted(result.objects["status"]) == ["live"] * 3 + ["orphan"] * 3
    assert result.missing.empty
    stored = sum(map(len, cloud.contents(bucket).values()))
    assert result.objects["size_bytes"].sum() == stored


def test_a_scan_in_ranges_says_the_same(lab: Laboratory, tmp_path: Path) -> None:
    every_kind_orphaned(lab)
    whole, found = complete(lab), complete(lab, out=tmp_path / "out")

    assert found.summary().equals(whole.summary())
    assert set(found.orphans["path"]) == set(whole.orphans["path"])


def test_a_listing_has_all_of_its_pages(lab: Laboratory) -> None:
    filled(lab, range(1, 6))
    (store,) = open_stores([lab.connection], ["raw"]).stores
    assert isinstance(store, GoogleStore | AzureStore)

    pages = list(store._connect().pages(per_page=2))  # noqa: SLF001 - to ask for small pages

    assert [len(page.path) for page in pages] == [2, 2, 1]
    listed = [path for page in pages for path in page.path]
    assert listed == sorted(complete(lab).objects["path"])


@pytest.mark.parametrize("location", ["elsewhere", "q/", "Q"])
def test_a_location_that_does_not_exist_is_a_problem(
    lab: Laboratory, cloud: Cloud, bucket: str, location: str
) -> None:
    filled(lab)
    lab.config.stores = {"raw": cloud.spec(bucket, location)}

    assert problem_of(lab).code == "nothing-listed"


def test_a_bucket_that_does_not_exist_is_a_problem(
    lab: Laboratory, cloud: Cloud
) -> None:
    filled(lab)
    lab.config.stores = {"raw": cloud.spec(NOWHERE, "q")}

    problem = problem_of(lab)

    assert problem.code == "store-unread"
    assert "not exist" in str(problem.values["error"])


def test_a_bucket_that_does_not_exist_is_a_problem_before_anything_is_stored(
    lab: Laboratory, cloud: Cloud
) -> None:
    lab.declare(HASH)
    lab.config.stores = {"raw": cloud.spec(NOWHERE, "q")}

    assert problem_of(lab).code == "store-unread"


@pytest.mark.azure
def test_a_wrong_key_is_a_problem_that_shows_no_key(
    postgresql_laboratory: Laboratory, azure: Azure
) -> None:
    lab, key = postgresql_laboratory, azure.server.password
    wrong = key.swapcase()
    spec = azure.spec(new_bucket(azure, lab.name), "q")
    spec["connection_string"] = spec["connection_string"].replace(key, wrong)
    lab.declare(HASH)
    lab.config.stores = {"raw": spec}

    problem = problem_of(lab)

    assert problem.code == "store-unread"
    assert wrong not in str(problem)
