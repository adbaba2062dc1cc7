"""Stores of protocols that a plugin brings, through fsspec."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from datajoint import storage_adapter
from fsspec.implementations.local import LocalFileSystem
from laboratory import NOW, Laboratory, complete, filled
from unprivileged import let_in, ordinary_account

from djgc_widgets import IncompleteScan
from djgc_widgets.model import Notice


class Disk(LocalFileSystem):
    """A lab's own file system: odd slashes in paths, no sizes or no dates."""

    protocol = "labdisk"
    cachable = False

    def __init__(self, odd: str = "", **options: Any) -> None:
        super().__init__(auto_mkdir=True, **options)
        self.odd = odd

    def ls(self, path: str, detail: bool = False, **options: Any) -> Any:  # noqa: FBT001, FBT002 - fsspec's
        entries = super().ls(path, detail=True, **options)
        for entry in entries:
            if self.odd == "slashes":
                head, _, tail = entry["name"].rpartition("/")
                entry["name"] = f"{head}//{tail}"
            if self.odd == "sizes" and entry["type"] == "file":
                entry["size"] = None
            if self.odd == "dates":
                entry.pop("mtime")
                entry.pop("created")
        if self.odd == "circles" and "_hash" in path:
            parent = path.rpartition("/")[0]
            entries.append({"name": parent, "size": 0, "type": "directory"})
        return entries if detail else [entry["name"] for entry in entries]


class DiskAdapter(storage_adapter.StorageAdapter):
    protocol = "labdisk"
    required_keys = ("location",)
    allowed_keys = ("location", "odd", "password")

    def create_filesystem(self, spec: dict[str, Any]) -> Disk:
        return Disk(spec.get("odd", ""))


@pytest.fixture
def lab(postgresql_laboratory: Laboratory) -> Iterator[Laboratory]:
    registry = storage_adapter._adapter_registry  # noqa: SLF001 - what an entry point fills
    registry["labdisk"] = DiskAdapter()
    configure(postgresql_laboratory)
    postgresql_laboratory.minimum_age = NOW  # when a file was made cannot be changed
    yield postgresql_laboratory
    del registry["labdisk"]


def configure(lab: Laboratory, **others: str) -> None:
    lab.config.stores = {
        name: {"protocol": "labdisk", "location": str(lab.store(name)), **others}
        for name in ("raw", "derived")
    }


def problem_of(lab: Laboratory) -> Notice:
    """Return the first problem of a scan, which is incomplete."""
    result = lab.scan()
    assert isinstance(result, IncompleteScan)
    return result.problems[0]


def test_a_plugins_store_is_scanned_in_ranges(lab: Laboratory, tmp_path: Path) -> None:
    table = filled(lab)
    (table & "id = 1").delete()
    lab.age()
    whole, found = complete(lab), complete(lab, out=tmp_path / "out")

    pd.testing.assert_frame_equal(found.summary(), whole.summary())
    assert found.orphans["path"].tolist() == whole.orphans["path"].tolist()


@pytest.mark.parametrize("odd", ["", "slashes"])
def test_a_plugins_store_is_scanned_like_any_other(lab: Laboratory, odd: str) -> None:
    table = filled(lab)
    (table & "id = 1").delete()
    lab.remove(lab.raw("recording", "data")[2]["path"])
    lab.age()
    configure(lab, odd=odd)

    result = complete(lab)

    assert sorted(result.objects["status"]) == ["live", "orphan"]
    assert list(result.missing["row_key"]) == ['{"id": 2}']
    assert result.adds_up()


def test_a_plugins_listing_that_goes_in_circles_is_a_problem_and_ends(
    lab: Laboratory,
) -> None:
    filled(lab, range(1, 2))
    configure(lab, odd="circles")

    problem = problem_of(lab)

    assert problem.code == "store-unread"
    assert "does not advance" in problem.message


def test_an_object_without_a_size_is_a_problem(lab: Laboratory) -> None:
    filled(lab, range(1, 2))
    configure(lab, odd="sizes")

    assert problem_of(lab).code == "size-unknown"


def test_an_object_without_a_date_is_young(lab: Laboratory) -> None:
    filled(lab).delete()
    lab.age()
    configure(lab, odd="dates")

    assert set(complete(lab, minimum_age=NOW).objects["status"]) == {"young"}


def test_a_folder_that_a_plugin_may_not_read_is_a_problem(lab: Laboratory) -> None:
    filled(lab)
    closed = lab.store("raw") / "_hash"
    let_in(lab.folder)
    closed.chmod(0)

    with ordinary_account():
        problem = problem_of(lab)

    closed.chmod(0o755)
    assert problem.code == "store-unread"


@pytest.mark.parametrize("protocol", ["file", "share"])
def test_what_could_not_be_looked_up_is_not_called_missing(
    lab: Laboratory, protocol: str
) -> None:
    filled(lab)
    if protocol == "file":
        lab.config.stores["raw"]["protocol"] = protocol
    lab.store("raw").rename(lab.folder / "elsewhere")

    result = lab.scan()

    assert not result.complete
    assert result.missing.empty, result.problems


def test_a_plugins_store_that_is_gone_is_a_problem(lab: Laboratory) -> None:
    filled(lab)
    lab.store("raw").rename(lab.folder / "elsewhere")

    problem_of(lab)


def test_one_path_with_two_settings_is_a_problem(lab: Laboratory) -> None:
    filled(lab)
    spec = lab.config.stores["raw"]
    lab.config.stores["again"] = {**spec, "password": "other"}
    problem = problem_of(lab)
    lab.config.stores["again"] = {**spec, "hash_prefix": "h", "schema_prefix": "s"}
    lab.age()

    assert problem.code == "store-ambiguous"
    assert complete(lab).stores[0].aliases == ("raw", "again")


def test_no_message_shows_a_plugins_secret(lab: Laboratory) -> None:
    filled(lab)
    secret = {"location": str(lab.folder / "hunter2" / "raw"), "password": "hunter2"}
    lab.config.stores["raw"] = {**lab.config.stores["raw"], **secret}

    assert "hunter2" not in str(problem_of(lab))
