"""The whole scan on real servers: what it reads, refuses and leaves alone."""

import os
import time
from datetime import timedelta
from pathlib import Path

import datajoint as dj
import psycopg2
import pytest
from laboratory import HASH, NOW, Laboratory, filled, look_only, reader, schema_of
from unprivileged import let_in, ordinary_account
from watch import watch

from djgc_widgets import (
    CompleteScan,
    IncompleteScan,
    InputError,
    Progress,
    open_lab,
    scan,
)
from djgc_widgets.lab.server import EmbeddedServer


def test_a_scan_works_on_a_select_only_account(laboratory: Laboratory) -> None:
    filled(laboratory)
    laboratory.age()

    with reader(laboratory, *look_only(laboratory)) as connection:
        found = scan(schema_of(connection, laboratory.name))

    assert isinstance(found, CompleteScan), found.problems
    assert list(found.objects["status"]) == ["live"] * 3
    assert [(c.counted, c.read, c.referring) for c in found.counts] == [(3, 3, 3)]


def test_a_scan_reads_no_object_and_writes_nothing(tmp_path: Path) -> None:
    with open_lab() as lab:
        stores = list(lab.stores.values())
        with watch(*stores) as control:
            next(path for path in stores[0].rglob("*.npy")).read_bytes()
            (stores[0] / "README.txt").touch()
        with watch(*stores) as events:
            found = scan(lab.schema)

        assert len(control.read) == 1
        assert control.changed == {"README.txt"}
        assert found.complete
        assert events.read == set()
        assert events.changed == set()
    assert tmp_path.exists()


def test_a_scan_of_a_read_only_session_is_complete(
    postgresql_laboratory: Laboratory,
) -> None:
    filled(postgresql_laboratory)
    user = postgresql_laboratory.server.user
    postgresql_laboratory.connection.query(
        f"ALTER ROLE {user} SET default_transaction_read_only = on"
    )
    try:
        found = postgresql_laboratory.scan(minimum_age=NOW)
    finally:
        postgresql_laboratory.connection.query(
            f"ALTER ROLE {user} RESET default_transaction_read_only"
        )

    assert found.complete, found.problems


def test_objects_are_listed_before_references_are_read(anywhere: Laboratory) -> None:
    laboratory = anywhere
    table = filled(laboratory)

    def insert_while_reading(progress: Progress) -> None:
        if progress.step.startswith("reading") and not (table & "id = 100"):
            table.insert1({"id": 100, "data": b"written while references are read"})

    found = laboratory.scan(minimum_age=NOW, progress=insert_while_reading)

    assert len(table) == 4
    assert found.orphans.empty
    assert list(found.objects["status"]) == ["live"] * 3


def test_a_row_committed_after_the_listing_is_not_missing(
    anywhere: Laboratory,
) -> None:
    laboratory = anywhere
    table = filled(laboratory)

    def insert_after_raw(progress: Progress) -> None:
        if progress.step == "listing store derived":
            table.insert1({"id": 100, "data": b"written in between"})

    found = laboratory.scan(minimum_age=NOW, progress=insert_after_raw)

    assert list(found.references["state"]) == ["present"] * 4


def test_a_scan_neither_sees_nor_blocks_an_open_transaction(
    anywhere: Laboratory,
) -> None:
    laboratory = anywhere
    table = filled(laboratory)
    laboratory.age()

    with laboratory.connection.transaction:
        (table & "id = 1").delete_quick()
        found = laboratory.scan()

    assert list(found.objects["status"]) == ["live"] * 3


def test_a_row_moved_between_tables_during_a_scan_is_seen(
    anywhere: Laboratory,
) -> None:
    laboratory = anywhere
    first = filled(laboratory)
    second = laboratory.declare(HASH, "Second")
    laboratory.age()
    columns = "(id, data)"

    def move_the_rows(progress: Progress) -> None:
        if progress.step.startswith("reading") and len(first):
            source = laboratory.quote(laboratory.name, first.table_name)
            target = laboratory.quote(laboratory.name, second.table_name)
            rows = f"SELECT id, data FROM {source}"
            laboratory.connection.query(f"INSERT INTO {target} {columns} {rows}")
            laboratory.connection.query(f"DELETE FROM {source}")

    found = laboratory.scan(progress=move_the_rows)

    assert found.complete, found.problems
    assert list(found.objects["status"]) == ["live"] * 3
    assert len(found.references) == 3


def test_rows_of_other_schemas_keep_an_object_alive(anywhere: Laboratory) -> None:
    laboratory = anywhere
    table = filled(laboratory, range(1, 2))
    other = dj.Schema(f"{laboratory.name}_other", connection=laboratory.connection)
    try:
        copy = laboratory.declare(HASH, "Copy", other)
        source = laboratory.quote(laboratory.name, table.table_name)
        target = laboratory.quote(str(other.database), copy.table_name)
        laboratory.connection.query(
            f"INSERT INTO {target} (id, data) SELECT id, data FROM {source}"
        )
        table.delete()
        laboratory.age()

        found = laboratory.scan()
        whole = scan(laboratory.connection)
    finally:
        other.drop(prompt=False)

    assert list(found.objects["status"]) == ["live"]
    assert found.references.iloc[0]["schema"] == other.database
    assert list(whole.objects["status"]) == ["live"]
    assert {laboratory.name, other.database} <= set(whole.schemas)


def test_only_objects_of_scanned_schemas_are_judged(anywhere: Laboratory) -> None:
    laboratory = anywhere
    filled(laboratory, range(1, 2))
    other = dj.Schema(f"{laboratory.name}_other", connection=laboratory.connection)
    try:
        garbage = laboratory.declare(HASH, "Copy", other)
        garbage.insert1({"id": 1, "data": b"of the other schema"})
        garbage.delete()
        laboratory.age()

        found = laboratory.scan()
        both = scan(laboratory.schema, other, minimum_age=laboratory.minimum_age)
    finally:
        other.drop(prompt=False)

    assert sorted(found.objects["status"]) == ["live", "unknown"]
    assert found.orphans.empty
    assert sorted(both.objects["status"]) == ["live", "orphan"]


def test_rows_of_other_databases_of_a_cluster_keep_an_object_alive(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    table = filled(laboratory, range(1, 2))
    raw = laboratory.query(f'SELECT data::text FROM "{laboratory.name}"."recording"')[
        0
    ][0]
    name = f"{laboratory.name}_db"
    laboratory.connection.query(f'CREATE DATABASE "{name}"')
    try:
        server = laboratory.server
        there = psycopg2.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            dbname=name,
        )
        with there, there.cursor() as cursor:
            cursor.execute(
                "CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY, d jsonb)"
            )
            cursor.execute("COMMENT ON COLUMN s.t.d IS ':<hash@raw>:'")
            cursor.execute("INSERT INTO s.t VALUES (1, %s)", (raw,))
        there.close()
        table.delete()
        laboratory.age()

        found = laboratory.scan()
        laboratory.connection.query(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')
        with reader(laboratory, *look_only(laboratory)) as connection:
            blind = scan(schema_of(connection, laboratory.name))
    finally:
        laboratory.connection.query(f'DROP DATABASE "{name}"')

    assert list(found.objects["status"]) == ["live"]
    assert isinstance(blind, CompleteScan), blind.problems
    assert name in blind.unseen[0].place
    assert [r.name for r in blind.plan([]).refusals] == ["empty", "unseen-schemas"]


def test_a_column_that_may_not_be_read_makes_a_scan_incomplete(
    laboratory: Laboratory,
) -> None:
    filled(laboratory)
    laboratory.declare(HASH, "Hidden").insert1({"id": 1, "data": b"hidden"})
    laboratory.age()
    place = laboratory.quote(laboratory.name, "recording")
    grants = [f"SELECT ON {place}"]
    if laboratory.backend == "postgresql":
        grants.append(f"USAGE ON SCHEMA {laboratory.quote(laboratory.name)}")

    with reader(laboratory, *grants) as connection:
        found = scan(schema_of(connection, laboratory.name))

    assert isinstance(found, IncompleteScan)
    assert not hasattr(found, "plan")
    told = str(found.problems[0])
    expected = "this account may not read the table"
    hidden = "may not see or read every table of the schema"
    assert (expected if laboratory.backend == "postgresql" else hidden) in told


@pytest.mark.parametrize("value", ["null", "{}", '{"hash": "x"}', "3"])
def test_a_value_without_a_path_makes_a_scan_incomplete(
    anywhere: Laboratory, value: str
) -> None:
    laboratory = anywhere
    table = filled(laboratory)
    place = laboratory.quote(laboratory.name, table.table_name)
    laboratory.connection.query(f"UPDATE {place} SET data = '{value}' WHERE id = 2")
    laboratory.age()

    found = laboratory.scan()

    assert isinstance(found, IncompleteScan)
    told = str(found.problems[0])
    assert "SQL counts 3 values, 3 were read and 2 record a path" in told
    assert 'the first without a path in row {"id": 2}' in told


@pytest.mark.mariadb
def test_rows_that_do_not_arrive_make_a_scan_incomplete(
    mariadb: EmbeddedServer, tmp_path: Path
) -> None:
    with Laboratory.on(mariadb, "mysql", tmp_path) as laboratory:
        filled(laboratory)
        place = laboratory.quote(laboratory.name, "recording")
        # an engine without snapshots
        laboratory.connection.query(f"ALTER TABLE {place} ENGINE = MyISAM")

        def delete_between(progress: Progress) -> None:
            if progress.step.startswith("reading"):
                laboratory.connection.query(f"DELETE FROM {place} WHERE id = 2")

        found = laboratory.scan(progress=delete_between)

    assert isinstance(found, IncompleteScan)
    told = str(found.problems)
    assert "its engine MyISAM keeps no snapshot" in told
    assert "SQL counts 3 values, 2 were read and 2 record a path" in told
    assert 'the last to be read in row {"id": 3}' in told


def test_an_inline_codec_with_json_may_or_may_not_refer(laboratory: Laboratory) -> None:
    filled(laboratory)
    place = laboratory.quote(laboratory.name, "inline")
    note = "':<custom>:'"
    if laboratory.backend == "postgresql":
        laboratory.connection.query(
            f"CREATE TABLE {place} (id int PRIMARY KEY, d jsonb)"
        )
        laboratory.connection.query(f"COMMENT ON COLUMN {place}.d IS {note}")
    else:
        laboratory.connection.query(
            f"CREATE TABLE {place} (id int PRIMARY KEY, d json COMMENT {note})"
        )
    path = f"_schema/{laboratory.name}/rec/id=1/v_abcd"
    laboratory.connection.query(
        f"""INSERT INTO {place} VALUES (1, '{{"a": 1}}'),
        (2, '{{"deep": ["{path}"]}}')"""
    )
    target = laboratory.store("raw") / path
    target.parent.mkdir(parents=True)
    target.touch()
    laboratory.age()

    found = laboratory.scan()

    assert found.complete, found.problems
    assert found.objects.set_index("path").loc[path, "status"] == "live"


def test_an_unreadable_folder_makes_a_scan_incomplete(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory)
    closed = laboratory.store("raw") / "_hash"
    let_in(laboratory.folder)
    closed.chmod(0)

    with ordinary_account():
        found = laboratory.scan(minimum_age=NOW)

    closed.chmod(0o755)
    assert isinstance(found, IncompleteScan)
    assert found.problems[0].place == "store raw: _hash"


def test_a_lost_server_makes_a_scan_incomplete(laboratory: Laboratory) -> None:
    filled(laboratory)

    def kill(progress: Progress) -> None:
        if not progress.step.startswith("reading"):
            return
        if laboratory.backend == "postgresql":
            laboratory.connection.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        else:
            for (thread,) in laboratory.query(
                "SELECT id FROM information_schema.processlist "
                "WHERE id <> connection_id() AND user = 'lab'"
            ):
                laboratory.connection.query(f"KILL {thread}")

    found = laboratory.scan(minimum_age=NOW, progress=kill)

    assert isinstance(found, IncompleteScan)
    assert "could not be read to the end" in found.problems[0].message
    assert laboratory.server.password not in str(found.problems)


def test_a_scan_says_what_it_covered(laboratory: Laboratory) -> None:
    filled(laboratory)

    found = laboratory.scan()

    assert found.schemas == (laboratory.name,)
    assert [store.name for store in found.stores] == ["raw", "derived"]
    assert found.servers[0].endswith(f"127.0.0.1:{laboratory.server.port}")
    assert laboratory.server.password not in repr(found)
    assert found.elapsed_seconds > 0


def test_names_of_any_spelling_are_quoted(laboratory: Laboratory) -> None:
    filled(laboratory)
    name = "we\"ird %s `na'me"
    mark = '"' if laboratory.backend == "postgresql" else "`"
    quoted = mark + name.replace(mark, mark * 2) + mark
    place = f"{laboratory.quote(laboratory.name)}.{quoted}"
    note = "':<hash@raw>:'"

    def run(statement: str) -> None:
        laboratory.connection.query(statement.replace("%", "%%"))

    if laboratory.backend == "postgresql":
        run(
            f"CREATE TABLE {place} ({quoted} int PRIMARY KEY, d jsonb)".replace(
                "%", "%"
            )
        )
        run(f"COMMENT ON COLUMN {place}.d IS {note}")
    else:
        run(f"CREATE TABLE {place} ({quoted} int PRIMARY KEY, d json COMMENT {note})")
    run(f"""INSERT INTO {place} VALUES (7, '{{"path": "a/b"}}')""")

    found = laboratory.scan()

    assert found.complete, found.problems
    row = found.references[found.references["table"].eq(name)].iloc[0]
    assert row["path"] == "a/b"


def test_two_names_of_one_folder_are_one_store(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory)
    laboratory.age()
    link = laboratory.folder / "link"
    link.symlink_to(laboratory.store("raw"))
    stores = laboratory.config.stores
    stores["again"] = {"protocol": "file", "location": str(link)}
    stores["raw"], stores["again"] = stores["again"], stores["raw"]

    found = laboratory.scan()

    assert [store.aliases for store in found.stores] == [("raw", "again"), ("derived",)]
    assert list(found.objects["status"]) == ["live"] * 3


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"location": "no-such-folder"}, "expected a folder at no-such-folder"),
        (
            {
                "protocol": "s3",
                "endpoint": "http://127.0.0.1:1",
                "bucket": "b",
                "location": "",
                "access_key": "only-one",
            },
            "Incomplete S3 credentials",
        ),
        ({"protocol": "nonsense"}, "Unknown protocol"),
        ({"hash_prefix": "_schema/x"}, "overlap"),
    ],
)
def test_a_store_that_cannot_be_opened_is_a_problem(
    postgresql_laboratory: Laboratory, change: dict[str, str], told: str
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory)
    spec = laboratory.config.stores["derived"]
    laboratory.config.stores["derived"] = (
        change if "location" in change and "protocol" in change else {**spec, **change}
    )

    found = laboratory.scan()
    without = laboratory.scan(stores=["raw"])

    assert isinstance(found, IncompleteScan)
    assert found.problems[0].place == "store derived"
    assert told in found.problems[0].message
    assert without.complete, without.problems


class TestBadInput:
    def test_no_schema(self) -> None:
        with pytest.raises(
            InputError, match="at least one schema or a connection; got none"
        ):
            scan()

    def test_a_name_instead_of_a_schema(self) -> None:
        with pytest.raises(InputError, match="got str 'lab'"):
            scan("lab")

    def test_a_schema_that_does_not_exist(self, laboratory: Laboratory) -> None:
        laboratory.schema.drop(prompt=False)

        with pytest.raises(
            InputError, match=f"got '{laboratory.name}', which does not"
        ):
            laboratory.scan()

    def test_a_schema_that_was_never_activated(self, laboratory: Laboratory) -> None:
        with pytest.raises(InputError, match="Expected a schema that exists"):
            scan(dj.Schema(connection=laboratory.connection))

    def test_a_closed_connection(self, laboratory: Laboratory) -> None:
        laboratory.connection.close()

        with pytest.raises(InputError, match="got one that is closed"):
            laboratory.scan()
        laboratory.connection.connect()

    def test_an_unknown_store(self, laboratory: Laboratory) -> None:
        with pytest.raises(InputError, match=r"\(derived, raw\); got cold, warm\."):
            laboratory.scan(stores=["cold", "warm"])

    def test_no_store_at_all(self, laboratory: Laboratory) -> None:
        laboratory.config.stores = {}

        with pytest.raises(
            InputError, match=r"at least one object store in dj\.config\.stores"
        ):
            laboratory.scan()

    def test_a_negative_age(self, laboratory: Laboratory) -> None:
        with pytest.raises(InputError, match="zero or more"):
            laboratory.scan(minimum_age=timedelta(days=-1))

    def test_schemas_of_two_accounts(self, laboratory: Laboratory) -> None:
        filled(laboratory)
        with reader(laboratory, *look_only(laboratory)) as connection:
            other = schema_of(connection, laboratory.name)
            with pytest.raises(
                InputError, match="several servers, accounts or configurations"
            ):
                scan(laboratory.schema, other)

    def test_a_schema_without_store_columns(self, laboratory: Laboratory) -> None:
        laboratory.declare("id : int32\n---\nnote : varchar(8)\n")

        found = laboratory.scan()

        assert isinstance(found, IncompleteScan)
        assert "at least one store column" in found.problems[0].message

    def test_an_account_without_rights(self, postgresql_laboratory: Laboratory) -> None:
        laboratory = postgresql_laboratory
        filled(laboratory)

        with reader(laboratory, f'USAGE ON SCHEMA "{laboratory.name}"') as connection:
            found = scan(schema_of(connection, laboratory.name))

        assert isinstance(found, IncompleteScan)
        assert found.problems[0].place == f"{laboratory.name}.recording"


def test_frames_are_the_callers_to_alter(postgresql_laboratory: Laboratory) -> None:
    filled(postgresql_laboratory)
    found = postgresql_laboratory.scan(minimum_age=NOW)
    objects, references, summary = found.objects, found.references, found.summary()

    objects["status"] = "orphan"
    del references["path"]
    summary["files"] = 0

    assert set(found.objects["status"]) == {"live"}
    assert len(found.references["path"]) == 3
    assert found.adds_up()


def test_what_was_lost_but_is_back_is_not_missing(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory)
    lost = next(laboratory.store("raw").rglob("_hash/*/*"))
    elsewhere = lost.rename(laboratory.folder / "elsewhere")

    def put_back(progress: Progress) -> None:
        if progress.step == "reconciling":
            elsewhere.rename(lost)

    found = laboratory.scan(progress=put_back)

    assert found.missing.empty
    assert os.path.getmtime(lost) < time.time() + 60  # noqa: PTH204


def test_a_path_behind_a_link_counts_as_missing_and_says_so(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory, range(1, 2))
    section = laboratory.store("raw") / "_hash"
    section.rename(laboratory.folder / "elsewhere")
    section.symlink_to(laboratory.folder / "elsewhere")

    found = laboratory.scan(minimum_age=NOW)

    assert len(found.missing) == 1
    assert "the way is barred" in found.warnings[0].message
    assert found.orphans.empty
