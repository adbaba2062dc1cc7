"""Traps in which a collector loses live data, each on real servers and files."""

import errno
import json
import os
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import datajoint as dj
import pytest
from laboratory import (
    HASH,
    NOW,
    Laboratory,
    complete,
    connect,
    filled,
    look_only,
    orphaned,
    planned,
    reader,
    schema_of,
    with_folders,
)
from services import EVERY_SERVER, MYSQL_FAMILY

from djgc_widgets import CompleteScan, IncompleteScan, Progress, Receipt, scan
from djgc_widgets.stores.file.folder import OpenPath, StoreFolder

on_every_server = pytest.mark.parametrize("backend", EVERY_SERVER)


@pytest.fixture
def backend() -> str:
    return "postgresql"


@pytest.fixture
def lab(laboratory: Laboratory) -> Laboratory:
    """With three live objects, a month old."""
    filled(laboratory)
    laboratory.age()
    return laboratory


def store_object(lab: Laboratory, path: str, store: str = "raw") -> str:
    lab.put(path, store)
    return path


def refer(lab: Laboratory, path: str) -> None:
    lab.write_row("recording", 50, {"path": path, "store": "raw"})


def status_of(result: CompleteScan | IncompleteScan, path: str) -> list[str]:
    assert result.complete, result.problems
    return list(result.objects.loc[result.objects["path"].eq(path), "status"])


def voltage(lab: Laboratory, key: str) -> str:
    return f"_schema/{lab.name}/rec/{key}/voltage_AbCd1234.npy"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a folder twice")
def test_a_folder_mounted_twice_is_one_store(lab: Laboratory) -> None:
    again, inside = lab.folder / "again", lab.store("derived") / "inside"
    for target in (again, inside):
        target.mkdir()
        mount = ["mount", "--bind", lab.store("raw"), target]
        subprocess.run(mount, check=True)  # noqa: S603
    try:
        lab.config.stores["again"] = {"protocol": "file", "location": str(again)}
        twice = lab.scan(stores=["raw", "again"])
        nested = lab.scan()
    finally:
        for target in (again, inside):
            subprocess.run(["umount", target], check=True)  # noqa: S603, S607

    assert [store.aliases for store in twice.stores] == [("raw", "again")]
    assert list(twice.objects["status"]) == ["live"] * 3
    assert nested.complete, nested.problems
    assert list(nested.objects["status"]) == ["live"] * 3
    assert nested.warnings[0].code == "listed-elsewhere"


def test_a_stores_root_is_stripped_from_absolute_paths_only(lab: Laboratory) -> None:
    prefix = str(lab.store("derived")).strip("/")
    lab.config.stores["raw"]["schema_prefix"] = f"{prefix}/_schema"
    path = store_object(lab, f"{prefix}/{voltage(lab, 'id=1')}")
    refer(lab, path)
    lab.age()

    assert status_of(lab.scan(), path) == ["live"]


SPELLINGS: dict[str, Callable[[Path, str], str]] = {
    "absolute": lambda store, path: str(store / path),
    "url": lambda store, path: f"file://{store / path}",
    "one slash": lambda store, path: f"file:{store / path}",
    "quoted": lambda store, path: (store / path).as_uri(),
    "roundabout": lambda store, path: f"{store}/../{store.name}/{path}",
    "doubled slashes": lambda store, path: f"{store}//./{path}/",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_absolute_paths_and_urls_lead_to_their_object(
    lab: Laboratory, spelling: str
) -> None:
    link = lab.folder / "link"
    link.symlink_to(lab.store("raw"))
    lab.config.stores["raw"]["location"] = str(link)
    path = store_object(lab, voltage(lab, "name=a#b?c d"))
    refer(lab, SPELLINGS[spelling](link, path))
    lab.age()

    result = lab.scan()

    assert status_of(result, path) == ["live"]
    assert result.missing.empty


@on_every_server
@pytest.mark.parametrize(
    "value",
    [
        {"a": {"path": "P", "store": "raw"}, "b": {"path": "P", "store": "derived"}},
        {"store": "derived", "files": [{"path": "P"}, {"path": "P", "store": "raw"}]},
    ],
)
def test_one_path_in_two_stores_is_two_references(lab: Laboratory, value: Any) -> None:
    path = voltage(lab, "id=1")
    for store in ("raw", "derived"):
        store_object(lab, path, store)
    text = json.dumps(value).replace('"P"', json.dumps(path))
    lab.write_row("recording", 50, json.loads(text))
    lab.age()

    assert status_of(lab.scan(), path) == ["live", "live"]


@on_every_server
def test_names_with_quotes_backslashes_and_braces_are_read(
    laboratory: Laboratory,
) -> None:
    mark = {"postgresql": '"', "mysql": "`"}[laboratory.backend]
    name = "it's a \"key\" of `x` {y} \\' é"
    key, table = (
        mark + text.replace(mark, mark * 2) + mark for text in (name, f"a {name}")
    )
    run = laboratory.connection.query
    table = f"{laboratory.quote(laboratory.name)}.{table}"
    run(f"CREATE TABLE {table} ({key} int PRIMARY KEY, data json)")
    run(f"""INSERT INTO {table} VALUES (7, '{{"path": "_schema/x"}}')""")

    result = laboratory.scan()

    assert result.complete, result.problems
    assert json.loads(result.references.loc[0, "row_key"]) == {name: 7}


def test_rows_that_a_policy_hides_make_a_scan_incomplete(lab: Laboratory) -> None:
    table = lab.quote(lab.name, "recording")
    lab.connection.query(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")

    with reader(lab, *look_only(lab)) as connection:
        result = scan(schema_of(connection, lab.name))

    assert isinstance(result, IncompleteScan)
    assert "row-level security" in result.problems[0].message


@pytest.mark.parametrize(
    "change",
    [
        "TRUNCATE {table}",
        "ALTER TABLE {table} ALTER COLUMN id TYPE bigint",
        "ALTER TABLE {table} ADD COLUMN u uuid DEFAULT gen_random_uuid()",
    ],
)
def test_a_table_rewritten_during_a_scan_makes_it_incomplete(
    laboratory: Laboratory, change: str
) -> None:
    laboratory.declare(HASH, "First").insert1({"id": 1, "data": b"first"})
    filled(laboratory)
    table = laboratory.quote(laboratory.name, "recording")

    def rewrite(progress: Progress) -> None:
        if progress.subject.endswith("first.data") and progress.done == 0:
            laboratory.connection.query(change.format(table=table))

    result = laboratory.scan(minimum_age=NOW, progress=rewrite)

    assert isinstance(result, IncompleteScan)
    assert result.problems[0].where == f"{laboratory.name}.recording"
    assert result.problems[0].code == "table-rewritten"
    assert laboratory.scan().complete


class TestOfTheMySQLFamily:
    @pytest.fixture(params=MYSQL_FAMILY)
    def backend(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    def test_a_limit_of_the_server_cuts_nothing_short(self, lab: Laboratory) -> None:
        lab.connection.query("SET GLOBAL sql_select_limit = 2")
        try:
            result = complete(lab)
        finally:
            lab.connection.query("SET GLOBAL sql_select_limit = DEFAULT")

        assert list(result.objects["status"]) == ["live"] * 3

    def test_a_schema_named_like_the_servers_own_is_read(
        self, laboratory: Laboratory
    ) -> None:
        schema = dj.Schema("SYS", connection=laboratory.connection)
        try:
            laboratory.declare(HASH, schema=schema).insert1({"id": 1, "data": b"x"})
            laboratory.age()
            result = scan(schema)
        finally:
            schema.drop(prompt=False)

        assert result.complete, result.problems
        assert list(result.objects["status"]) == ["live"]

    def test_tables_that_differ_in_case_are_read_once_each(
        self, laboratory: Laboratory
    ) -> None:
        for name in ("rec", "Rec"):
            columns = "id int PRIMARY KEY, data json COMMENT ':<hash@raw>:'"
            table = laboratory.quote(laboratory.name, name)
            laboratory.connection.query(f"CREATE TABLE {table} ({columns})")
            laboratory.write_row(name, 1, {"path": f"{name}/x"})
            laboratory.put(f"{name}/x")

        result = complete(laboratory)

        assert sorted(result.references["path"]) == ["Rec/x", "rec/x"]
        assert set(result.references["row_key"]) == {'{"id": 1}'}

    def test_a_damaged_table_makes_a_scan_incomplete(self, lab: Laboratory) -> None:
        folder = lab.server.folder / "data" / lab.name
        if lab.kind == "mariadb":  # what describes the table
            (folder / "recording.frm").write_bytes(b"damaged")
            lab.connection.query("FLUSH TABLES")
        else:  # what holds its rows
            table = lab.quote(lab.name, "recording")
            lab.connection.query(f"ALTER TABLE {table} DISCARD TABLESPACE")

        result = lab.scan(minimum_age=NOW)

        assert isinstance(result, IncompleteScan)
        assert result.problems[0].where.startswith(f"{lab.name}.recording")

    def test_keys_of_bits_and_bytes_have_a_spelling(self, lab: Laboratory) -> None:
        run, table = lab.connection.query, lab.quote(lab.name, "odd")
        data = "d json COMMENT ':<npy@raw>:'"
        run(f"CREATE TABLE {table} (a bit(8), b blob, {data}, PRIMARY KEY (a, b(8)))")
        values = """b'10000001', x'ff00', '{"path": "x/y"}'"""
        run(f"INSERT INTO {table} VALUES ({values})")
        store_object(lab, f"_schema/{lab.name}/odd/a=1/d_abcd.npy")
        lab.age()

        result = complete(lab)

        key = result.references.set_index("path").loc["x/y", "row_key"]
        assert json.loads(key) == {"a": "81", "b": "FF00"}


def test_an_inaccessible_database_has_to_be_acknowledged(lab: Laboratory) -> None:
    name = f"{lab.name}_shut"
    run = lab.connection.query
    run(f'CREATE DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
    try:
        result = lab.scan()
    finally:
        run(f'DROP DATABASE "{name}"')

    assert isinstance(result, CompleteScan), result.problems
    assert name in result.unseen[0].where
    assert "unseen-schemas" in str(planned(result, []))


def test_values_nested_too_deeply_make_a_scan_incomplete(lab: Laboratory) -> None:
    table = lab.quote(lab.name, "recording")
    text = "[" * 3000 + '{"path": "a/b"}' + "]" * 3000
    lab.connection.query(f"INSERT INTO {table} (id, data) VALUES (50, '{text}')")

    result = lab.scan()

    assert isinstance(result, IncompleteScan)
    assert "nested too deeply" in result.problems[0].message


@pytest.mark.parametrize(
    ("year_seconds", "status"), [(-(10**9), "orphan"), (2**34, "young")]
)
def test_dates_of_any_century_are_no_error(
    lab: Laboratory, year_seconds: int, status: str
) -> None:
    path = store_object(lab, voltage(lab, "id=1"))
    os.utime(lab.store("raw") / path, (year_seconds, year_seconds))

    result = lab.scan(minimum_age=timedelta(days=1))

    assert status_of(result, path) == [status]


class _Racing(StoreFolder):
    """A folder in which a writer is at work while something is moved."""

    def __init__(self, address: str, act: Callable[[str], None]) -> None:
        super().__init__(address)
        self._act = act

    def move(self, source: str, target: str, here: OpenPath, there: OpenPath) -> None:
        if source.startswith(("_hash", "_schema")):
            self._act(source)
        super().move(source, target, here, there)


def _sweep_against(lab: Laboratory, act: Callable[[str], None]) -> Receipt:
    result = complete(lab)
    plan = with_folders(planned(result), result, lambda path: _Racing(path, act))
    return plan.sweep()


def test_a_file_replaced_just_before_its_move_stays(laboratory: Laboratory) -> None:
    orphaned(laboratory)
    raw = laboratory.store("raw")

    def replace_it(path: str) -> None:
        (raw / "new").write_bytes(b"new bytes")
        (raw / "new").rename(raw / path)

    receipt = _sweep_against(laboratory, replace_it)

    assert receipt.count("skipped") == 3
    for path in receipt.rows["path"]:
        assert (raw / path).read_bytes() == b"new bytes"


def test_a_live_file_put_in_a_moving_folder_comes_back(laboratory: Laboratory) -> None:
    table = laboratory.declare("id : int32\n---\ndata : <object@raw>\n")
    source = laboratory.folder / "source"
    source.mkdir()
    (source / "chunk").touch()
    table.insert({"id": key, "data": source} for key in (1, 2))
    (table & "id = 1").delete()
    laboratory.age()

    def write_into_it(path: str) -> None:
        if not path.endswith(".json"):
            store_object(laboratory, f"{path}/late")
            refer(laboratory, f"{path}/late")

    receipt = _sweep_against(laboratory, write_into_it)

    assert receipt.count("moved") == 0
    path = receipt.rows["path"].iloc[0]
    assert (laboratory.store("raw") / path / "late").read_bytes() == b"content"


class _Full(StoreFolder):
    """A folder whose disk is full when the result is to be written."""

    def write(self, path: str, data: bytes, *, new: bool = False) -> None:
        if path.endswith("result.json"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write(path, data, new=new)


def test_a_sweep_on_a_full_disk_still_has_a_receipt(laboratory: Laboratory) -> None:
    orphaned(laboratory)
    result = complete(laboratory)

    receipt = with_folders(planned(result), result, _Full).sweep()

    assert receipt.count("moved") == 3
    assert "No space left" in receipt.problems[0].message
    assert receipt.restore().count("restored") == 3


def test_a_path_too_long_for_the_trash_stays(laboratory: Laboratory) -> None:
    orphaned(laboratory)
    bare = len(str(laboratory.store("raw") / voltage(laboratory, "k=/")))
    many, rest = divmod(4050 - bare, 200)
    keys = "/".join([f"k={'x' * 197}"] * many) + f"/k={'x' * rest}"
    path = store_object(laboratory, voltage(laboratory, keys))
    laboratory.age()

    receipt = planned(complete(laboratory)).sweep()

    row = receipt.rows.set_index("path").loc[path]
    assert (row["outcome"], row["detail_code"]) == ("skipped", "path-too-long")
    assert complete(laboratory).adds_up()


def test_what_a_live_object_is_named_after_is_never_an_orphan(lab: Laboratory) -> None:
    path = store_object(lab, voltage(lab, "id=1"))
    live = store_object(lab, f"{path}.manifest.json")
    refer(lab, live)
    lab.age()

    result = complete(lab)

    assert status_of(result, live) == ["live"]
    assert status_of(result, path) == ["unknown"]


def test_a_store_at_a_relative_location_has_the_same_address(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab.folder)
    lab.config.stores["raw"]["location"] = "raw"

    result = lab.scan()

    assert result.stores[0].address == os.path.realpath(lab.store("raw"))
    assert list(result.objects["status"]) == ["live"] * 3


@on_every_server
def test_only_connections_of_one_account_are_taken_together(lab: Laboratory) -> None:
    server = lab.server
    again = connect(server, lab.backend, server.user, server.password, lab.folder)

    result = scan(lab.schema, schema_of(again, lab.name))

    again.close()
    assert result.schemas == (lab.name,)


@pytest.mark.parametrize(
    "swap",
    [
        "ALTER TABLE {t} RENAME TO old; CREATE TABLE {t} (LIKE {s}.old INCLUDING ALL)",
        "ALTER TABLE {t} RENAME data TO old; ALTER TABLE {t} ADD data jsonb",
        "ALTER TABLE {t} RENAME TO old; CREATE VIEW {t} AS TABLE {s}.old LIMIT 0",
    ],
)
def test_a_table_that_takes_anothers_name_makes_a_scan_incomplete(
    lab: Laboratory, swap: str
) -> None:
    lab.declare(HASH, "Second").insert1({"id": 1, "data": b"of the second"})
    lab.age()
    done: list[str] = []

    def rename(progress: Progress) -> None:
        if "recording" in progress.subject and not done:
            schema, table = lab.quote(lab.name), lab.quote(lab.name, "second")
            done.append(swap.format(s=schema, t=table))
            lab.connection.query(done[0])

    result = lab.scan(progress=rename)

    assert done
    assert isinstance(result, IncompleteScan), result.orphans["path"]
    assert result.problems.with_code("table-rewritten")


def test_a_schema_named_almost_like_the_servers_own_is_read(lab: Laboratory) -> None:
    run = lab.connection.query
    run("ALTER DATABASE postgres SET standard_conforming_strings = off")
    other = dj.Schema(f"pg{lab.name}", connection=lab.connection)
    try:
        lab.declare(HASH, "Copy", other)
        run(
            f'INSERT INTO "{other.database}".copy (id, data) SELECT id, data FROM '
            f'"{lab.name}".recording'
        )
        run(f'DELETE FROM "{lab.name}".recording')

        result = lab.scan()
    finally:
        run("ALTER DATABASE postgres RESET standard_conforming_strings")
        other.drop(prompt=False)

    assert list(result.objects["status"]) == ["live"] * 3
