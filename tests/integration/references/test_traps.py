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
    details,
    filled,
    look_only,
    orphaned,
    planned,
    reader,
    schema_of,
    with_trees,
)

from djgc_widgets import CompleteScan, IncompleteScan, Progress, Receipt, scan
from djgc_widgets.stores.file.folder import Tree, Way


def write_row(laboratory: Laboratory, value: Any, key: int = 50) -> None:
    """Write a row of the recording table with any metadata."""
    place = laboratory.quote(laboratory.name, "recording")
    text = json.dumps(value).replace("'", "''").replace("%", "%%")
    laboratory.connection.query(
        f"INSERT INTO {place} (id, data) VALUES ({key}, '{text}')"
    )


def store_object(laboratory: Laboratory, path: str, store: str = "raw") -> str:
    target = laboratory.store(store) / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"data")
    return path


def status_of(found: CompleteScan | IncompleteScan, path: str) -> list[str]:
    assert found.complete, found.problems
    return list(found.objects.loc[found.objects["path"].eq(path), "status"])


def voltage(laboratory: Laboratory, key: str) -> str:
    return f"_schema/{laboratory.name}/rec/{key}/voltage_AbCd1234.npy"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a folder twice")
def test_a_folder_mounted_twice_is_one_store(postgresql_laboratory: Laboratory) -> None:
    laboratory = postgresql_laboratory
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
    assert "reached in two ways" in str(nested.warnings[0])


def test_the_root_of_a_store_is_stripped_from_absolute_paths_only(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory)
    prefix = str(laboratory.store("derived")).strip("/")
    laboratory.config.stores["raw"]["schema_prefix"] = f"{prefix}/_schema"
    path = store_object(laboratory, f"{prefix}/{voltage(laboratory, 'id=1')}")
    write_row(laboratory, {"path": path, "store": "raw"})
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
    postgresql_laboratory: Laboratory, spelling: str
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory)
    link = laboratory.folder / "link"
    link.symlink_to(laboratory.store("raw"))
    laboratory.config.stores["raw"]["location"] = str(link)
    path = store_object(laboratory, voltage(laboratory, "name=a#b?c d"))
    write_row(laboratory, {"path": SPELLINGS[spelling](link, path), "store": "raw"})
    laboratory.age()

    found = laboratory.scan()

    assert status_of(found, path) == ["live"]
    assert found.missing.empty


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
    write_row(
        laboratory, json.loads(json.dumps(value).replace('"P"', json.dumps(path)))
    )
    laboratory.age()

    assert status_of(laboratory.scan(), path) == ["live", "live"]


def test_rows_that_a_policy_hides_make_a_scan_incomplete(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory)
    place = laboratory.quote(laboratory.name, "recording")
    laboratory.connection.query(f"ALTER TABLE {place} ENABLE ROW LEVEL SECURITY")

    with reader(laboratory, *look_only(laboratory)) as connection:
        found = scan(schema_of(connection, laboratory.name))

    assert isinstance(found, IncompleteScan)
    assert "row-level security" in found.problems[0].message


@pytest.mark.parametrize(
    "change",
    [
        "TRUNCATE {place}",
        "ALTER TABLE {place} ALTER COLUMN id TYPE bigint",
        "ALTER TABLE {place} ADD COLUMN u uuid DEFAULT gen_random_uuid()",
    ],
)
def test_a_table_rewritten_during_a_scan_makes_it_incomplete(
    postgresql_laboratory: Laboratory, change: str
) -> None:
    laboratory = postgresql_laboratory
    laboratory.declare(HASH, "First").insert1({"id": 1, "data": b"first"})
    filled(laboratory)
    place = laboratory.quote(laboratory.name, "recording")

    def rewrite(progress: Progress) -> None:
        if progress.step.endswith("first.data") and progress.done == 0:
            laboratory.connection.query(change.format(place=place))

    found = laboratory.scan(minimum_age=NOW, progress=rewrite)

    assert isinstance(found, IncompleteScan)
    assert found.problems[0].place == f"{laboratory.name}.recording"
    assert "rewrote, emptied or renamed" in found.problems[0].message
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
            found = laboratory.scan()
        finally:
            laboratory.connection.query("SET GLOBAL sql_select_limit = DEFAULT")

        assert found.complete, found.problems
        assert list(found.objects["status"]) == ["live"] * 3

    def test_a_schema_named_like_the_servers_own_is_read(
        self, laboratory: Laboratory
    ) -> None:
        schema = dj.Schema("SYS", connection=laboratory.connection)
        try:
            laboratory.declare(HASH, "Recording", schema).insert1(
                {"id": 1, "data": b"x"}
            )
            laboratory.age()
            found = scan(schema)
        finally:
            schema.drop(prompt=False)

        assert found.complete, found.problems
        assert list(found.objects["status"]) == ["live"]

    def test_tables_that_differ_in_case_are_read_once_each(
        self, laboratory: Laboratory
    ) -> None:
        for name in ("rec", "Rec"):
            place = laboratory.quote(laboratory.name, name)
            laboratory.connection.query(
                f"CREATE TABLE {place} "
                "(id int PRIMARY KEY, d json COMMENT ':<hash@raw>:')"
            )
            laboratory.connection.query(
                f"""INSERT INTO {place} VALUES (1, '{{"path": "{name}/x"}}')"""
            )

        found = laboratory.scan()

        assert found.complete, found.problems
        assert sorted(found.references["path"]) == ["Rec/x", "rec/x"]
        assert set(found.references["row_key"]) == {'{"id": 1}'}

    def test_a_damaged_table_makes_a_scan_incomplete(
        self, laboratory: Laboratory
    ) -> None:
        filled(laboratory)
        frm = laboratory.server.folder / "data" / laboratory.name / "recording.frm"
        sound = frm.read_bytes()
        frm.write_bytes(b"damaged")
        laboratory.connection.query("FLUSH TABLES")
        try:
            found = laboratory.scan(minimum_age=NOW)
        finally:
            frm.write_bytes(sound)
            laboratory.connection.query("FLUSH TABLES")

        assert isinstance(found, IncompleteScan)
        assert found.problems[0].place == f"{laboratory.name}.recording"

    def test_keys_of_bits_and_bytes_have_a_spelling(
        self, laboratory: Laboratory
    ) -> None:
        filled(laboratory)
        place = laboratory.quote(laboratory.name, "odd")
        laboratory.connection.query(
            f"CREATE TABLE {place} (a bit(8), b blob, d json COMMENT ':<npy@raw>:', "
            "PRIMARY KEY (a, b(8)))"
        )
        laboratory.connection.query(
            f"INSERT INTO {place} VALUES (b'10000001', x'ff00', "
            """'{"path": "x/y"}')"""
        )
        store_object(laboratory, f"_schema/{laboratory.name}/odd/a=1/d_abcd.npy")
        laboratory.age()

        found = laboratory.scan()

        assert found.complete, found.problems
        key = found.references.set_index("path").loc["x/y", "row_key"]
        assert json.loads(key) == {"a": "81", "b": "FF00"}


def test_a_database_that_cannot_be_entered_has_to_be_acknowledged(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory)
    name = f"{laboratory.name}_shut"
    run = laboratory.connection.query
    run(f'CREATE DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
    try:
        found = laboratory.scan()
    finally:
        run(f'DROP DATABASE "{name}"')

    assert isinstance(found, CompleteScan), found.problems
    assert name in found.unseen[0].place
    assert "unseen-schemas" in str(planned(found, []))


def test_values_that_no_reader_can_follow_make_a_scan_incomplete(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory)
    place = laboratory.quote(laboratory.name, "recording")
    text = "[" * 3000 + '{"path": "a/b"}' + "]" * 3000
    laboratory.connection.query(f"INSERT INTO {place} (id, data) VALUES (50, '{text}')")

    found = laboratory.scan()

    assert isinstance(found, IncompleteScan)
    assert "nested too deeply" in found.problems[0].message


@pytest.mark.parametrize(
    ("year_seconds", "status"), [(-(10**9), "orphan"), (2**34, "young")]
)
def test_dates_of_any_century_are_no_error(
    postgresql_laboratory: Laboratory, year_seconds: int, status: str
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory)
    path = store_object(laboratory, voltage(laboratory, "id=1"))
    os.utime(laboratory.store("raw") / path, (year_seconds, year_seconds))

    found = laboratory.scan(minimum_age=timedelta(days=1))

    assert status_of(found, path) == [status]


class _Racing(Tree):
    """A folder in which a writer is at work while something is moved."""

    def __init__(self, address: str, act: Callable[[str], None]) -> None:
        super().__init__(address)
        self._act = act

    def move(self, source: str, target: str, here: Way, there: Way) -> None:
        if source.startswith(("_hash", "_schema")):
            self._act(source)
        super().move(source, target, here, there)


def _sweep_against(found: CompleteScan, act: Callable[[str], None]) -> Receipt:
    return with_trees(planned(found), found, lambda path: _Racing(path, act)).sweep()


def test_a_file_that_is_replaced_just_before_its_move_stays(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    raw = laboratory.store("raw")

    def replace_it(path: str) -> None:
        (raw / "new").write_bytes(b"new bytes")
        (raw / "new").rename(raw / path)

    receipt = _sweep_against(complete(laboratory), replace_it)

    assert receipt.count("skipped") == 3
    for path in receipt.rows["path"]:
        assert (raw / path).read_bytes() == b"new bytes"


def test_a_live_file_written_into_a_folder_while_it_moves_comes_back(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
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
            write_row(laboratory, {"path": f"{path}/late", "store": "raw"})

    receipt = _sweep_against(complete(laboratory), write_into_it)

    assert receipt.count("moved") == 0
    path = receipt.rows["path"].iloc[0]
    assert (laboratory.store("raw") / path / "late").read_bytes() == b"data"


class _Full(Tree):
    """A folder whose disk is full when the result is to be written."""

    def write(self, path: str, data: bytes, *, new: bool = False) -> None:
        if path.endswith("result.json"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write(path, data, new=new)


def test_a_sweep_whose_result_cannot_be_written_still_has_a_receipt(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    found = complete(laboratory)

    receipt = with_trees(planned(found), found, _Full).sweep()

    assert receipt.count("moved") == 3
    assert "No space left" in receipt.problems[0].message
    assert receipt.restore().count("restored") == 3


def test_a_path_too_long_for_the_trash_stays(postgresql_laboratory: Laboratory) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    bare = len(str(laboratory.store("raw") / voltage(laboratory, "k=/")))
    many, rest = divmod(4050 - bare, 200)
    keys = "/".join([f"k={'x' * 197}"] * many) + f"/k={'x' * rest}"
    path = store_object(laboratory, voltage(laboratory, keys))
    laboratory.age()

    receipt = planned(complete(laboratory)).sweep()

    kept = receipt.rows.set_index("path").loc[path]
    assert kept["outcome"] == "skipped"
    assert "too long" in kept["detail"]
    assert complete(laboratory).adds_up()


def test_an_orphan_beside_a_live_object_named_like_its_sidecar_goes_alone(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory)
    path = store_object(laboratory, voltage(laboratory, "id=1"))
    live = store_object(laboratory, f"{path}.manifest.json")
    write_row(laboratory, {"path": live, "store": "raw"})
    laboratory.age()

    receipt = planned(complete(laboratory)).sweep()

    assert details(receipt) == {"moved": 1}
    assert live in contents(laboratory.store("raw"))
    assert status_of(laboratory.scan(), live) == ["live"]


def test_a_store_at_a_relative_location_is_the_same_place(
    postgresql_laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory)
    laboratory.age()
    monkeypatch.chdir(laboratory.folder)
    laboratory.config.stores["raw"]["location"] = "raw"

    found = laboratory.scan()

    assert found.stores[0].address == os.path.realpath(laboratory.store("raw"))
    assert list(found.objects["status"]) == ["live"] * 3


def test_only_connections_of_one_account_are_taken_together(
    laboratory: Laboratory,
) -> None:
    filled(laboratory)
    server = laboratory.server
    again = connect(
        server, laboratory.backend, server.user, server.password, laboratory.folder
    )

    found = scan(laboratory.schema, schema_of(again, laboratory.name))

    again.close()
    assert found.schemas == (laboratory.name,)


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
    postgresql_laboratory: Laboratory, swap: str
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory)
    second = laboratory.declare(HASH, "Second")
    second.insert1({"id": 1, "data": b"of the second"})
    laboratory.age()
    done: list[str] = []

    def rename(progress: Progress) -> None:
        if "recording" in progress.step and not done:
            names = {"t": laboratory.quote(laboratory.name, "second")}
            done.append(swap.format(**names, s=laboratory.quote(laboratory.name)))
            laboratory.connection.query(done[0])

    found = laboratory.scan(progress=rename)

    assert done
    assert isinstance(found, IncompleteScan), found.orphans["path"]
    assert "renamed it while it was being read" in str(found.problems)


def test_a_schema_named_almost_like_the_servers_own_is_read(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
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

        found = laboratory.scan()
    finally:
        run(f"ALTER DATABASE {database} RESET standard_conforming_strings")
        other.drop(prompt=False)

    assert list(found.objects["status"]) == ["live"] * 3
