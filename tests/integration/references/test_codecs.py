"""Each built-in codec on each backend: exact paths of live, orphan and missing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datajoint as dj
import pytest
from laboratory import Laboratory, array

Value = Callable[[Laboratory, int], Any]


@pytest.fixture
def lab(anywhere: Laboratory) -> Laboratory:
    return anywhere


def _file(lab: Laboratory, seed: int) -> Path:
    path = lab.folder / f"file_{seed}.dat"
    path.write_bytes(array(seed).tobytes())
    return path


def _folder(lab: Laboratory, seed: int) -> Path:
    path = lab.folder / f"folder_{seed}.zarr"
    (path / "0").mkdir(parents=True)
    (path / ".zarray").write_text("{}")
    for chunk in range(3):
        (path / "0" / str(chunk)).write_bytes(array(seed + chunk).tobytes())
    return path


MANAGED: dict[str, tuple[str, Value]] = {
    "blob": ("blob", lambda _, seed: array(seed)),
    "attach": ("attach", _file),
    "hash": ("hash", lambda _, seed: array(seed).tobytes()),
    "npy": ("npy", lambda _, seed: array(seed)),
    "object-file": ("object", _file),
    "object-folder": ("object", _folder),
}
BY_SQL = {("mariadb", "blob"), ("mariadb", "attach")}
"""What DataJoint cannot insert on MariaDB; those rows are written by SQL."""


def _insert(lab: Laboratory, codec: str, value: Value, keys: range) -> Any:
    table = lab.declare(f"id : int32\n---\ndata : <{codec}@raw>\n")
    for key in keys:
        if (lab.kind, codec) in BY_SQL:
            data = array(key).tobytes()
            lab.insert_by_sql(table.table_name, "data", key, data)
        else:
            table.insert1({"id": key, "data": value(lab, key)})
    return table


@pytest.mark.parametrize("case", MANAGED)
def test_live_orphan_and_missing_are_exact(lab: Laboratory, case: str) -> None:
    codec, value = MANAGED[case]
    table = _insert(lab, codec, value, range(1, 6))
    paths = {key: raw["path"] for key, raw in lab.raw(table.table_name, "data").items()}
    (table & "id in (1, 2)").delete()
    lab.remove(paths[3])
    lab.age()

    result = lab.scan()

    assert result.complete, result.problems
    objects = result.objects.set_index("path")
    assert set(objects.index[objects["status"].eq("live")]) == {paths[4], paths[5]} | (
        {paths[3]} & set(objects.index)  # the sidecar of a lost folder
    )
    assert set(result.orphans["path"]) == {paths[1], paths[2]}
    assert set(result.missing["path"]) == {paths[3]}
    assert set(objects["status"]) == {"live", "orphan"}
    references = result.references.set_index("path")
    assert set(references.index) == {paths[3], paths[4], paths[5]}
    assert json.loads(references.loc[paths[3], "row_key"]) == {"id": 3}
    assert result.adds_up()


@pytest.mark.parametrize("case", MANAGED)
def test_the_frames_name_the_row_of_an_object(lab: Laboratory, case: str) -> None:
    codec, value = MANAGED[case]
    table = _insert(lab, codec, value, range(1, 2))
    raw = lab.raw(table.table_name, "data")[1]
    lab.age()

    result = lab.scan()

    reference = result.references.iloc[0]
    assert reference["store"] == "raw"
    assert (reference["schema"], reference["table"]) == (lab.name, table.table_name)
    assert (reference["attribute"], reference["codec"]) == ("data", codec)
    assert reference["is_dir"] == (case == "object-folder")
    live = result.objects.iloc[0]
    stored = lab.contents()
    assert live["n_files"] == len(stored)
    assert live["size_bytes"] == sum(map(len, stored.values()))
    assert live["is_dir"] == (case == "object-folder")
    assert live["schema"] == lab.name
    assert live["section"] == ("hash" if "hash" in raw else "schema")
    if raw.get("size") is not None and case != "object-folder":
        assert reference["size_bytes"] == live["size_bytes"]


def test_files_of_users_are_live_or_unknown_but_never_orphans(lab: Laboratory) -> None:
    table = lab.declare("id : int32\n---\ndata : <filepath@raw>\n")
    for key in (1, 2, 3):
        lab.put(f"camera/clip_{key}.avi", data=array(key).tobytes())
        table.insert1({"id": key, "data": f"camera/clip_{key}.avi"})
    (table & "id = 1").delete()
    lab.remove("camera/clip_3.avi")
    lab.age()

    result = lab.scan()

    assert result.complete, result.problems
    status = dict(zip(result.objects["path"], result.objects["status"], strict=True))
    assert status == {"camera/clip_1.avi": "unknown", "camera/clip_2.avi": "live"}
    assert list(result.missing["path"]) == ["camera/clip_3.avi"]
    assert result.references["section"].isna().all()


def test_shared_content_is_one_object_until_its_last_row_goes(lab: Laboratory) -> None:
    table = lab.declare("id : int32\n---\ndata : <hash@raw>\n")
    table.insert({"id": key, "data": b"the same"} for key in range(3))
    lab.age()
    (table & "id = 0").delete()

    shared = lab.scan()
    table.delete()
    orphaned = lab.scan()

    assert list(shared.objects["n_references"]) == [2]
    assert list(shared.objects["status"]) == ["live"]
    assert list(orphaned.objects["status"]) == ["orphan"]
    assert list(orphaned.objects["reason_code"]) == ["no-row-holds-hash"]


@pytest.mark.parametrize("codec", ["blob", "attach"])
@pytest.mark.mariadb
def test_datajoint_inserts_every_codec_on_mariadb(
    request: pytest.FixtureRequest, tmp_path: Path, codec: str
) -> None:
    request.applymarker(
        pytest.mark.xfail(
            raises=TypeError, strict=True, reason="DataJoint 2.3.5: dict as parameter"
        )
    )
    server = request.getfixturevalue("mariadb")
    with Laboratory.on(server, "mariadb", tmp_path) as lab:
        table = lab.declare(f"id : int32\n---\ndata : <{codec}@raw>\n")
        table.insert1({"id": 1, "data": MANAGED[codec][1](lab, 1)})


class Table(dj.SchemaCodec):  # type: ignore[misc]
    """A codec as a lab would write it: one file per value, in the schema section."""

    name = "test_table"

    def encode(
        self, value: Any, *, key: Any = None, context: Any = None, store_name: Any
    ) -> Any:
        config = self._codec_config(key, context)
        context_names = self._extract_context(key, context)
        path, _ = self._build_path(
            *context_names, ext=".csv", store_name=store_name, config=config
        )
        self._get_backend(store_name, config=config).put_buffer(value.encode(), path)
        return {"path": path, "store": store_name, "columns": ["a", "b/c"]}

    def decode(self, stored: Any, *, key: Any = None) -> Any:
        raise AssertionError(stored, key)  # a scan decodes nothing


class Chained(dj.Codec):  # type: ignore[misc]
    """A codec on top of another one, which its column's comment does not name."""

    name = "test_chained"

    def get_dtype(self, is_store: bool) -> str:  # noqa: FBT001 - DataJoint's
        return "<hash@raw>" if is_store else "bytes"

    def encode(self, value: Any, *, key: Any = None, store_name: Any = None) -> bytes:
        del key, store_name
        return bytes(value.encode())

    def decode(self, stored: Any, *, key: Any = None) -> Any:
        raise AssertionError(stored, key)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("codec", ["test_table", "test_chained"])
def test_codecs_of_a_lab_are_read_whether_known_or_not(
    lab: Laboratory, codec: str, *, known: bool
) -> None:
    if lab.kind == "mariadb" and codec == "test_chained":
        # DataJoint 2.3.5 hands MariaDB's driver a dictionary: write the record by SQL
        converters = lab.connection._conn.encoders  # noqa: SLF001 - not public
        converters[dict] = lambda value, _: f"'{json.dumps(value)}'"
    table = lab.declare(f"id : int32\n---\ndata : <{codec}@raw>\n")
    table.insert({"id": key, "data": f"value {key}"} for key in (1, 2, 3))
    raw = lab.raw(table.table_name, "data")
    (table & "id = 3").delete_quick()
    lab.age()
    instance = dj.codecs.get_codec(codec)
    if not known:
        dj.codecs.unregister_codec(codec)
    try:
        result = lab.scan()
    finally:
        dj.codecs._codec_registry[codec] = instance  # noqa: SLF001 - as it was

    assert result.complete, result.problems
    status = dict(zip(result.objects["path"], result.objects["status"], strict=True))
    expected = {1: "live", 2: "live", 3: "orphan"}
    assert status == {raw[key]["path"]: expected[key] for key in expected}
