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
    contents,
    filled,
    look_only,
    orphaned,
    outcomes,
    planned,
    reader,
    schema_of,
    with_folders,
)

from djgc_widgets import CompleteScan, IncompleteScan, Progress, Receipt, scan
from djgc_widgets.stores.file.folder import OpenPath, StoreFolder

on_both_backends = pytest.mark.parametrize(
    "backend", ["postgresql", pytest.param("mysql", marks=pytest.mark.mariadb)]
)


@pytest.fixture
def backend() -> str:
    return "postgresql"


def store_object(laboratory: Laboratory, path: str, store: str = "raw") -> str:
    laboratory.put(path, store)
    return path


def status_of(result: CompleteScan | IncompleteScan, path: str) -> list[str]:
    assert result.complete, result.problems
    return list(result.objects.loc[result.objects["path"].eq(path), "status"])


def voltage(laboratory: Laboratory, key: str) -> str:
    return f"_schema/{laboratory.name}/rec/{key}/voltage_AbCd1234.npy"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a folder twice")
def test_a_folder_mounted_twice_is_one_store(laboratory: Laboratory) -> None:
    filled(laboratory)
    laboratory.age()
    again, inside = laboratory.folder / "again", laboratory.store("derived") / "inside"
    for target in (again, inside):
        target.mkdir()
        mount = ["mount", "--bind", laboratory.store("raw"), target]
        subprocess.run(mount, check=True)  # noqa: S603
    try:
        laboratory.config.stores["again"] = {"protocol": "file", "location": str(again)}
        twice = laboratory.scan(stores=["raw", "again"])
        nested = laboratory.scan()
    finally:
        for target in (again, inside):
            subprocess.run(["umount", target], check=True)  # noqa: S603, S607

    assert [store.aliases for store in twice.stores] == [("raw", "again")]
    assert list(twice.objects["status"]) == ["live"] * 3
    assert nested.complete, nested.problems
    assert list(nested.objects["status"]) == ["live"] * 3
    assert nested.warnings[0].code == "listed-elsewhere"


def test_the_root_of_a_store_is_stripped_from_absolute_paths_only(
    laboratory: Laboratory,
) -> None:
    filled(laboratory)
    prefix = str(laboratory.store("derived")).strip("/")
    laboratory.config.stores["raw"]["schema_prefix"] = f"{prefix}/_schema"
    path = store_object(laboratory, f"{prefix}/{voltage(laboratory, 'id=1')}")
    laboratory.write_row("recording", 50, {"path": path, "store": "raw"})
    laboratory.age()

    assert status_of(laboratory.scan(), path) == ["live"]


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
    laboratory: Laboratory, spelling: str
) -> None:
    filled(laboratory)
    link = laboratory.folder / "link"
    link.symlink_to(laboratory.store("raw"))
    laboratory.config.stores["raw"]["location"] = str(link)
    path = store_object(laboratory, voltage(laboratory, "name=a#b?c d"))
    laboratory.write_row(
        "recording", 50, {"path": SPELLINGS[spelling](link, path), "store": "raw"}
    )
    laboratory.age()

    result = laboratory.scan()

    assert status_of(result, path) == ["live"]
    assert result.missing.empty


@on_both_backends
@pytest.mark.parametrize(
    "value",
    [
        {"a": {"path": "P", "store": "raw"}, "b": {"path": "P", "store": "derived"}},
        {"store": "derived", "files": [{"path": "P"}, {"path": "P", "store": "raw"}]},
    ],
)
def test_the_same_path_in_two_stores_is_two_references(
    laboratory: Laboratory, value: Any
) -> None:
    filled(laboratory)
    path = voltage(laboratory, "id=1")
    for store in ("raw", "derived"):
        store_object(laboratory, path, store)
    text = json.dumps(value).replace('"P"', json.dumps(path))
    laboratory.write_row("recording", 50, json.loads(text))
    laboratory.age()

    assert status_of(laboratory.scan(), path) == ["live", "live"]


@on_both_backends
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


def test_rows_that_a_policy_hides_make_a_scan_incomplete(
    laboratory: Laboratory,
) -> None:
    filled(laboratory)
    table = laboratory.quote(laboratory.name, "recording")
    laboratory.connection.query(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")

    with reader(laboratory, *look_only(laboratory)) as connection:
        result = scan(schema_of(connection, laboratory.name))

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


@pytest.mark.mariadb
class TestMariaDB:
    @pytest.fixture
    def backend(self) -> str:
        return "mysql"

    def test_a_limit_of_the_server_cuts_nothing_short(
        self, laboratory: Laboratory
    ) -> None:
        filled(laboratory)
        laboratory.age()
        laboratory.connection.query("SET GLOBAL sql_select_limit = 2")
        try:
            result = complete(laboratory)
        finally:
            laboratory.connection.query("SET GLOBAL sql_select_limit = DEFAULT")

        assert list(result.objects["status"]) == ["live"] * 3

    def test_a_schema_named_like_the_servers_own_is_read(
        self, laboratory: Laboratory
    ) -> None:
        schema = dj.Schema("SYS", connection=laboratory.connection)
        try:
            table = laboratory.declare(HASH, "Recording", schema)
            table.insert1({"id": 1, "data": b"x"})
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

        result = complete(laboratory)

        assert sorted(result.references["path"]) == ["Rec/x", "rec/x"]
        assert set(result.references["row_key"]) == {'{"id": 1}'}

    def test_a_damaged_table_makes_a_scan_incomplete(
        self, laboratory: Laboratory
    ) -> None:
        filled(laboratory)
        frm = laboratory.server.folder / "data" / laboratory.name / "recording.frm"
        sound = frm.read_bytes()
        frm.write_bytes(b"damaged")
        laboratory.connection.query("FLUSH TABLES")
        try:
            result = laboratory.scan(minimum_age=NOW)
        finally:
            frm.write_bytes(sound)
            laboratory.connection.query("FLUSH TABLES")

        assert isinstance(result, IncompleteScan)
        assert result.problems[0].where == f"{laboratory.name}.recording"

    def test_keys_of_bits_and_bytes_have_a_spelling(
        self, laboratory: Laboratory
    ) -> None:
        filled(laboratory)
        run, table = (
            laboratory.connection.query,
            laboratory.quote(laboratory.name, "odd"),
        )
        data = "d json COMMENT ':<npy@raw>:'"
        run(f"CREATE TABLE {table} (a bit(8), b blob, {data}, PRIMARY KEY (a, b(8)))")
        values = """b'10000001', x'ff00', '{"path": "x/y"}'"""
        run(f"INSERT INTO {table} VALUES ({values})")
        store_object(laboratory, f"_schema/{laboratory.name}/odd/a=1/d_abcd.npy")
        laboratory.age()

        result = complete(laboratory)

        key = result.references.set_index("path").loc["x/y", "row_key"]
        assert json.loads(key) == {"a": "81", "b": "FF00"}


def test_a_database_that_cannot_be_entered_has_to_be_acknowledged(
    laboratory: Laboratory,
) -> None:
    filled(laboratory)
    name = f"{laboratory.name}_shut"
    run = laboratory.connection.query
    run(f'CREATE DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
    try:
        result = laboratory.scan()
    finally:
        run(f'DROP DATABASE "{name}"')

    assert isinstance(result, CompleteScan), result.problems
    assert name in result.unseen[0].where
    assert "unseen-schemas" in str(planned(result, []))


def test_values_that_no_reader_can_follow_make_a_scan_incomplete(
    laboratory: Laboratory,
) -> None:
    filled(laboratory)
    table = laboratory.quote(laboratory.name, "recording")
    text = "[" * 3000 + '{"path": "a/b"}' + "]" * 3000
    laboratory.connection.query(f"INSERT INTO {table} (id, data) VALUES (50, '{text}')")

    result = laboratory.scan()

    assert isinstance(result, IncompleteScan)
    assert "nested too deeply" in result.problems[0].message


@pytest.mark.parametrize(
    ("year_seconds", "status"), [(-(10**9), "orphan"), (2**34, "young")]
)
def test_dates_of_any_century_are_no_error(
    laboratory: Laboratory, year_seconds: int, status: str
) -> None:
    filled(laboratory)
    path = store_object(laboratory, voltage(laboratory, "id=1"))
    os.utime(laboratory.store("raw") / path, (year_seconds, year_seconds))

    result = laboratory.scan(minimum_age=timedelta(days=1))

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


def _sweep_against(laboratory: Laboratory, act: Callable[[str], None]) -> Receipt:
    result = complete(laboratory)
    return with_folders(
        planned(result), result, lambda path: _Racing(path, act)
    ).sweep()


def test_a_file_that_is_replaced_just_before_its_move_stays(
    laboratory: Laboratory,
) -> None:
    orphaned(laboratory)
    raw = laboratory.store("raw")

    def replace_it(path: str) -> None:
        (raw / "new").write_bytes(b"new bytes")
        (raw / "new").rename(raw / path)

    receipt = _sweep_against(laboratory, replace_it)

    assert receipt.count("skipped") == 3
    for path in receipt.rows["path"]:
        assert (raw / path).read_bytes() == b"new bytes"


def test_a_live_file_written_into_a_folder_while_it_moves_comes_back(
    laboratory: Laboratory,
) -> None:
    table = laboratory.declare("id : int32\n---\ndata : <object@raw>\n")
    source = laboratory.folder / "source"
    source.mkdir()
    (source / "chunk").touch()
    table.insert1({"id": 1, "data": source})
    table.insert1({"id": 2, "data": source})
    (table & "id = 1").delete()
    laboratory.age()

    def write_into_it(path: str) -> None:
        if not path.endswith(".json"):
            store_object(laboratory, f"{path}/late")
            laboratory.write_row(
                "recording", 50, {"path": f"{path}/late", "store": "raw"}
            )

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


def test_a_sweep_whose_result_cannot_be_written_still_has_a_receipt(
    laboratory: Laboratory,
) -> None:
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


def test_an_orphan_beside_a_live_object_named_like_its_sidecar_goes_alone(
    laboratory: Laboratory,
) -> None:
    filled(laboratory)
    path = store_object(laboratory, voltage(laboratory, "id=1"))
    live = store_object(laboratory, f"{path}.manifest.json")
    laboratory.write_row("recording", 50, {"path": live, "store": "raw"})
    laboratory.age()

    receipt = planned(complete(laboratory)).sweep()

    assert outcomes(receipt) == {"moved": 1}
    assert live in contents(laboratory.store("raw"))
    assert status_of(laboratory.scan(), live) == ["live"]


def test_a_store_at_a_relative_location_has_the_same_address(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(laboratory)
    laboratory.age()
    monkeypatch.chdir(laboratory.folder)
    laboratory.config.stores["raw"]["location"] = "raw"

    result = laboratory.scan()

    assert result.stores[0].address == os.path.realpath(laboratory.store("raw"))
    assert list(result.objects["status"]) == ["live"] * 3


@on_both_backends
def test_only_connections_of_one_account_are_taken_together(
    laboratory: Laboratory,
) -> None:
    filled(laboratory)
    server = laboratory.server
    again = connect(
        server, laboratory.backend, server.user, server.password, laboratory.folder
    )

    result = scan(laboratory.schema, schema_of(again, laboratory.name))

    again.close()
    assert result.schemas == (laboratory.name,)


@pytest.mark.parametrize(
    "swap",
    [
        (
            "ALTER TABLE {t} RENAME TO second_2023; "
            "CREATE TABLE {t} (LIKE {s}.second_2023 INCLUDING ALL)"
        ),
        (
            "ALTER TABLE {t} RENAME COLUMN data TO before; "
            "ALTER TABLE {t} ADD COLUMN data jsonb"
        ),
        (
            "ALTER TABLE {t} RENAME TO second_2023; "
            "CREATE VIEW {t} AS SELECT * FROM {s}.second_2023 WHERE false"
        ),
    ],
)
def test_a_table_that_takes_anothers_name_makes_a_scan_incomplete(
    laboratory: Laboratory, swap: str
) -> None:
    filled(laboratory)
    second = laboratory.declare(HASH, "Second")
    second.insert1({"id": 1, "data": b"of the second"})
    laboratory.age()
    done: list[str] = []

    def rename(progress: Progress) -> None:
        if "recording" in progress.subject and not done:
            names = {"t": laboratory.quote(laboratory.name, "second")}
            done.append(swap.format(**names, s=laboratory.quote(laboratory.name)))
            laboratory.connection.query(done[0])

    result = laboratory.scan(progress=rename)

    assert done
    assert isinstance(result, IncompleteScan), result.orphans["path"]
    assert result.problems.with_code("table-rewritten")


def test_a_schema_named_almost_like_the_servers_own_is_read(
    laboratory: Laboratory,
) -> None:
    run, database = laboratory.connection.query, "postgres"
    table = filled(laboratory)
    run(f"ALTER DATABASE {database} SET standard_conforming_strings = off")
    other = dj.Schema(f"pg{laboratory.name}", connection=laboratory.connection)
    try:
        laboratory.declare(HASH, "Copy", other)
        run(
            f'INSERT INTO "{other.database}".copy (id, data) SELECT id, data FROM '
            f'"{laboratory.name}".recording'
        )
        table.delete()
        laboratory.age()

        result = laboratory.scan()
    finally:
        run(f"ALTER DATABASE {database} RESET standard_conforming_strings")
        other.drop(prompt=False)

    assert list(result.objects["status"]) == ["live"] * 3
