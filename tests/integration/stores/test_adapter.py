"""Stores of protocols that a plugin brings, through fsspec, with errors on."""

from collections.abc import Iterator
from typing import Any

import pytest
from datajoint import storage_adapter
from fsspec.implementations.local import LocalFileSystem
from laboratory import NOW, Laboratory, complete, filled
from unprivileged import let_in, ordinary_account

from djgc_widgets import IncompleteScan


class Disk(LocalFileSystem):
    """A lab's own file system: it spells paths oddly and may not know a size."""

    protocol = "labdisk"
    cachable = False

    def __init__(self, odd: str = "", **options: Any) -> None:
        super().__init__(auto_mkdir=True, **options)
        self.odd = odd

    def ls(self, path: str, detail: bool = False, **options: Any) -> Any:  # noqa: FBT001, FBT002 - fsspec's
        found = super().ls(path, detail=True, **options)
        for entry in found:
            if self.odd == "slashes":
                head, _, tail = entry["name"].rpartition("/")
                entry["name"] = f"{head}//{tail}"
            if self.odd == "sizes" and entry["type"] == "file":
                entry["size"] = None
            if self.odd == "dates":
                entry.pop("mtime")
                entry.pop("created")
        return found if detail else [entry["name"] for entry in found]


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
    spell(postgresql_laboratory)
    yield postgresql_laboratory
    del registry["labdisk"]


def spell(lab: Laboratory, **others: str) -> None:
    lab.config.stores = {
        name: {"protocol": "labdisk", "location": str(lab.store(name)), **others}
        for name in ("raw", "derived")
    }


@pytest.mark.parametrize("odd", ["", "slashes"])
def test_a_plugins_store_is_scanned_like_any_other(lab: Laboratory, odd: str) -> None:
    table = filled(lab)
    (table & "id = 1").delete()
    lab.remove(lab.raw("recording", "data")[2]["path"])
    lab.age()
    spell(lab, odd=odd)

    found = complete(lab)

    assert sorted(found.objects["status"]) == ["live", "orphan"]
    assert list(found.missing["row_key"]) == ['{"id": 2}']
    assert found.adds_up()


def test_an_object_without_a_size_is_a_problem(lab: Laboratory) -> None:
    filled(lab, range(1, 2))
    spell(lab, odd="sizes")

    found = lab.scan()

    assert isinstance(found, IncompleteScan)
    assert "expected a size in bytes, got None" in found.problems[0].message


def test_an_object_without_a_date_is_young(lab: Laboratory) -> None:
    filled(lab).delete()
    lab.age()
    spell(lab, odd="dates")

    assert set(complete(lab, minimum_age=NOW).objects["status"]) == {"young"}


def test_a_folder_that_a_plugin_may_not_read_is_a_problem(lab: Laboratory) -> None:
    filled(lab)
    closed = lab.store("raw") / "_hash"
    let_in(lab.folder)
    closed.chmod(0)

    with ordinary_account():
        found = lab.scan()

    closed.chmod(0o755)
    assert isinstance(found, IncompleteScan)
    assert "could not be listed to the end" in found.problems[0].message


def test_a_plugins_store_that_is_gone_is_a_problem(lab: Laboratory) -> None:
    filled(lab)
    lab.store("raw").rename(lab.folder / "elsewhere")

    assert isinstance(lab.scan(), IncompleteScan)


def test_one_path_with_two_settings_is_a_problem(lab: Laboratory) -> None:
    filled(lab)
    spec = lab.config.stores["raw"]
    lab.config.stores["again"] = {**spec, "password": "other"}
    doubtful = lab.scan()
    lab.config.stores["again"] = {**spec, "hash_prefix": "h", "schema_prefix": "s"}
    lab.age()

    assert isinstance(doubtful, IncompleteScan)
    assert "whether both are one place cannot be told" in doubtful.problems[0].message
    assert complete(lab).stores[0].aliases == ("raw", "again")


def test_a_plugins_secret_is_not_told(lab: Laboratory) -> None:
    filled(lab)
    gone = str(lab.folder / "hunter2" / "raw")
    lab.config.stores["raw"] = {
        **lab.config.stores["raw"],
        "location": gone,
        "password": "hunter2",
    }

    found = lab.scan()

    assert isinstance(found, IncompleteScan)
    assert "hunter2" not in found.problems[0].message
