"""Nothing but ourselves decides how our sessions read, and none waits for ever."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg2
import pytest
from laboratory import (
    HASH,
    Laboratory,
    complete,
    connect,
    filled,
    look_only,
    orphaned,
    planned,
    reader,
    schema_of,
    unseen_parts,
)
from proxy import relay
from pymysql.connections import MySQLResult

from djgc_widgets import (
    Cancelled,
    CompleteScan,
    IncompleteScan,
    Progress,
    SweepPlan,
    scan,
)
from djgc_widgets.lab import EmbeddedServer
from djgc_widgets.model import NoticeCode, Step
from djgc_widgets.references import copied_rows, packets
from djgc_widgets.references.silence import Patience
from djgc_widgets.references.snapshot import ReadingError, open_session
from djgc_widgets.references.sql import SQL

SHORT = Patience(connect_seconds=4, silent_seconds=2)


@contextmanager
def database(lab: Laboratory, options: str = "") -> Iterator[tuple[str, Any]]:
    """Add a database to the cluster of a laboratory; yield its name and a cursor."""
    name, server = f"{lab.name}_db", lab.server
    lab.connection.query(f'CREATE DATABASE "{name}" {options}')
    there = psycopg2.connect(**server.login, dbname=name)
    there.autocommit = True
    try:
        yield name, there.cursor()
    finally:
        there.close()
        lab.connection.query(f'DROP DATABASE "{name}"')


def add_table(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (id text PRIMARY KEY, d text)")
    cursor.execute("COMMENT ON COLUMN t.d IS ':<hash@raw>:'")


def raw_values(lab: Laboratory) -> dict[int, str]:
    return {key: json.dumps(raw) for key, raw in lab.raw("recording", "data").items()}


class TestPostgreSQL:
    @pytest.fixture
    def lab(self, postgresql_laboratory: Laboratory) -> Laboratory:
        return postgresql_laboratory

    def test_a_database_of_bytes_without_an_encoding_is_read(
        self, lab: Laboratory
    ) -> None:
        table = filled(lab, range(1, 2))
        (value,) = raw_values(lab).values()
        encoding = "ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        with database(lab, encoding) as (_, cursor):
            add_table(cursor)
            cursor.connection.set_client_encoding("SQL_ASCII")
            accent = value.replace("{", '{"by": "Ren\xe9", ', 1).encode("latin-1")
            cursor.execute(b"INSERT INTO t VALUES ('\xe9', '" + accent + b"')")
            for renamed in (
                b"TABLE t RENAME d",
                b"TABLE t RENAME",
                b"SCHEMA public RENAME",
            ):
                cursor.execute(b"ALTER " + renamed + b' TO "\xe9"')
            table.delete()
            lab.age()

            result = complete(lab)

        assert list(result.objects["status"]) == ["live"]
        columns = result.references[["schema", "table", "attribute"]]
        assert columns.to_numpy().tolist() == [[r"\udce9"] * 3]

    def test_the_environment_does_not_change_what_is_read(
        self, lab: Laboratory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        filled(lab)
        lab.age()
        trap = f"{lab.name}_trap"
        run = lab.connection.query
        run(f"CREATE SCHEMA {trap}")
        run(
            f"CREATE FUNCTION {trap}.to_json(integer) RETURNS json LANGUAGE sql "
            "AS $$ SELECT '1'::json $$"
        )
        monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
        options = f"-c search_path={trap},pg_catalog -c statement_timeout=1ms"
        monkeypatch.setenv("PGOPTIONS", options)
        try:
            result = complete(lab)
        finally:
            run(f"DROP SCHEMA {trap} CASCADE")

        assert list(result.objects["status"]) == ["live"] * 3
        keys = set(result.references["row_key"])
        assert keys == {f'{{"id": {key}}}' for key in (1, 2, 3)}

    @pytest.mark.parametrize(
        "setting", ["zero_damaged_pages", "ignore_checksum_failure"]
    )
    def test_a_setting_that_cannot_be_set_aside_is_a_problem(
        self, lab: Laboratory, setting: str
    ) -> None:
        filled(lab)
        account = f"reader_{lab.name[-8:]}"
        with reader(lab, *look_only(lab)) as connection:
            lab.connection.query(f"ALTER ROLE {account} SET {setting} = on")
            result = scan(schema_of(connection, lab.name))

        assert isinstance(result, IncompleteScan)
        problem, *_ = result.problems.with_code(NoticeCode.SETTING_KEPT)
        assert setting in problem.message

    @pytest.mark.parametrize("barred", ["access rules", "full", "few connections"])
    def test_a_database_that_bars_the_account_has_to_be_acknowledged(
        self, lab: Laboratory, barred: str
    ) -> None:
        filled(lab)
        lab.age()
        account = f"reader_{lab.name[-8:]}"
        with (
            database(lab) as (name, _),
            reader(lab, *look_only(lab)) as connection,
            barring(lab, barred, name, account),
        ):
            result = scan(schema_of(connection, lab.name))

        assert isinstance(result, CompleteScan), result.problems
        names = {doubt.name for doubt in result.plan([]).refusals}
        assert any(each.endswith(f"/{name}") for each in unseen_parts(result) & names)

    def test_a_row_that_moves_between_databases_is_seen_in_one_of_them(
        self, lab: Laboratory
    ) -> None:
        table = filled(lab, range(1, 2))
        (value,) = raw_values(lab).values()
        with database(lab) as (_, cursor):
            add_table(cursor)
            cursor.execute("INSERT INTO t VALUES ('1', %s)", [value])
            table.delete()
            lab.declare(HASH, "Last")  # read last in the schema's own database
            lab.age()
            moved = []

            def move_once(progress: Progress) -> None:
                if progress.subject.endswith("last.data") and not moved:
                    moved.append(lab.write_row("recording", 1, json.loads(value)))
                    cursor.execute("DELETE FROM t")

            result = complete(lab, progress=move_once)

        assert moved
        assert list(result.objects["status"]) == ["live"]


@contextmanager
def barring(lab: Laboratory, how: str, database: str, account: str) -> Iterator[None]:
    """Let an account not enter a database, although it may connect to it."""
    run = lab.connection.query
    rules = lab.server.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    if how == "access rules":
        rules.write_text(f'host "{database}" {account} all reject\n{before}')
        run("SELECT pg_reload_conf()")
    elif how == "full":
        run(f'ALTER DATABASE "{database}" CONNECTION LIMIT 0')
    else:
        run(f"ALTER ROLE {account} CONNECTION LIMIT 2")
    try:
        yield
    finally:
        rules.write_text(before)
        run("SELECT pg_reload_conf()")


LIMITS: dict[str, list[str]] = {
    "postgresql": [
        "ALTER ROLE {account} SET default_transaction_isolation = 'read uncommitted'",
        "ALTER ROLE {account} SET search_path = 'nowhere'",
        "ALTER ROLE {account} SET bytea_output = 'escape'",
        "ALTER ROLE {account} SET standard_conforming_strings = off",
    ],
    "mariadb": [
        "SET GLOBAL max_statement_time = 0.000001",
        "SET GLOBAL idle_transaction_timeout = 1",
        "SET GLOBAL sql_mode = 'ORACLE,ANSI_QUOTES,PAD_CHAR_TO_FULL_LENGTH'",
        "SET GLOBAL max_join_size = 1",
        "SET GLOBAL init_connect = 'SET NAMES latin1'",
        "SET GLOBAL max_sort_length = 64",
        "SET GLOBAL sql_quote_show_create = OFF",
    ],
    "mysql": [
        "SET GLOBAL max_execution_time = 1",
        "SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
        "SET GLOBAL max_join_size = 1",
        "SET GLOBAL init_connect = 'SET NAMES latin1'",
        "SET GLOBAL max_sort_length = 4",
        "SET GLOBAL sql_quote_show_create = OFF",
    ],
}


def test_limits_and_modes_of_an_account_are_set_aside(laboratory: Laboratory) -> None:
    filled(laboratory)
    laboratory.age()
    run, account = laboratory.connection.query, f"reader_{laboratory.name[-8:]}"
    limits = [each.format(account=account) for each in LIMITS[laboratory.kind]]
    with reader(laboratory, *look_only(laboratory)) as connection:
        schema = schema_of(connection, laboratory.name)
        assert schema.exists
        try:
            for limit in limits:
                run(limit)
            result = scan(schema)
        finally:
            for limit in limits:
                if limit.startswith("SET GLOBAL"):
                    run(f"{limit.partition(' = ')[0]} = DEFAULT")

    assert isinstance(result, CompleteScan), result.problems
    assert list(result.objects["status"]) == ["live"] * 3


TIMEOUTS = ("statement_timeout", "transaction_timeout", "idle_session_timeout")


@pytest.mark.parametrize("limit", [*TIMEOUTS, "idle_in_transaction_session_timeout"])
def test_no_time_limit_of_an_account_ends_a_reading(
    postgresql_laboratory: Laboratory, limit: str
) -> None:
    lab = postgresql_laboratory
    account = f"reader_{lab.name[-8:]}"
    with reader(lab, *look_only(lab)) as connection:
        lab.connection.query(f"ALTER ROLE {account} SET {limit} = '1min'")

        with open_session(connection, None, Patience()) as snapshot:
            rows = snapshot.rows(SQL(f"SHOW {limit}"))

    assert rows == [("0",)]


def impatient(plan: SweepPlan, result: CompleteScan) -> SweepPlan:
    """Let a sweep wait for a server as long as a test can."""
    sweeper = result._sweeper  # noqa: SLF001 - to give it less patience
    rechecker = replace(sweeper.rechecker, patience=SHORT)
    return replace(plan, _carry_out=replace(sweeper, rechecker=rechecker).carry_out)


def test_a_server_that_falls_silent_does_not_hold_a_store(
    laboratory: Laboratory,
) -> None:
    orphaned(laboratory)
    server = laboratory.server
    before = laboratory.contents()
    with relay(server.host, server.port) as wire:
        there = EmbeddedServer(server.folder, wire.port, server.user, server.password)
        connection = connect(
            there, laboratory.backend, server.user, server.password, laboratory.folder
        )
        result = scan(schema_of(connection, laboratory.name))
        assert isinstance(result, CompleteScan), result.problems
        plan = impatient(planned(result), result)

        # the last of the three readings meets a server that says nothing
        receipt = plan.sweep(lambda step: wire.swallow() if step.done == 2 else None)

    assert receipt.count("restored") == 3
    assert {"references-unread"} == set(receipt.rows["detail_code"])
    after = laboratory.contents()
    assert {path: after[path] for path in before} == before
    assert "_trash/lock.json" not in after
    # over the relay the server has another address
    lifted = {doubt.name for doubt in planned(complete(laboratory)).refusals}
    again = planned(complete(laboratory), acknowledge=lifted)
    assert again.sweep().count("moved") == 3


SLEEP = {
    "postgresql": "SELECT 1 FROM pg_sleep(8)",
    "mariadb": "SELECT SLEEP(8) + 1",
    "mysql": "SELECT SLEEP(8) + 1",
}


def test_a_slow_query_is_not_cut_short(laboratory: Laboratory) -> None:
    impatience = Patience(connect_seconds=4, silent_seconds=0.5)

    with open_session(laboratory.connection, None, impatience) as snapshot:
        rows = snapshot.rows(SQL(SLEEP[laboratory.backend]))

    assert rows == [(1,)]


def test_an_answer_that_got_lost_is_not_waited_for(laboratory: Laboratory) -> None:
    server = laboratory.server
    with relay(server.host, server.port) as wire:
        there = EmbeddedServer(server.folder, wire.port, server.user, server.password)
        connection = connect(
            there, laboratory.backend, server.user, server.password, laboratory.folder
        )
        with open_session(connection, None, SHORT) as snapshot:
            wire.lose()

            with pytest.raises(ReadingError, match="stopped answering"):
                snapshot.rows(SQL("SELECT 1"))


@pytest.mark.parametrize("error", [Cancelled, ZeroDivisionError])
def test_a_reading_that_is_left_waits_for_no_more_rows(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    for rows in (copied_rows, packets):
        monkeypatch.setattr(rows, "PAGE_ROWS", 2)
    read_on = []

    def finish(result: MySQLResult) -> None:
        read_on.extend([result] if result.unbuffered_active else [])
        result.unbuffered_active = False

    monkeypatch.setattr(MySQLResult, "_finish_unbuffered_query", finish)
    filled(laboratory, range(1, 9))

    def leave(progress: Progress) -> None:
        if progress.step is Step.READING and progress.done:
            raise error

    with pytest.raises(error):
        laboratory.scan(progress=leave)

    assert not read_on
    assert laboratory.scan().complete


@pytest.mark.parametrize("kind", ["int", "date", "numeric(9, 2)", "bytes"])
def test_a_store_column_of_any_type_is_read_and_makes_a_scan_incomplete(
    laboratory: Laboratory, kind: str
) -> None:
    """Whoever changed the type of a column has lost its paths, and has to know."""
    filled(laboratory)
    table = laboratory.quote(laboratory.name, "changed")
    value = {"int": "5", "date": "'2026-01-02'", "bytes": "'bytes'"}.get(kind, "5.25")
    comment = "':<hash@raw>:'"
    if laboratory.backend == "postgresql":
        kind = kind.replace("bytes", "bytea")
        create = f"CREATE TABLE {table} (id int PRIMARY KEY, data {kind})"
        statements = [create, f"COMMENT ON COLUMN {table}.data IS {comment}"]
    else:
        kind = kind.replace("bytes", "varbinary(9)")
        column = f"data {kind} COMMENT {comment}"
        statements = [f"CREATE TABLE {table} (id int PRIMARY KEY, {column})"]
    for statement in (*statements, f"INSERT INTO {table} VALUES (1, {value})"):
        laboratory.connection.query(statement)

    result = laboratory.scan()

    laboratory.connection.query(f"DROP TABLE {table}")
    assert isinstance(result, IncompleteScan)
    assert [p.code for p in result.problems] == [NoticeCode.VALUES_WITHOUT_PATH]
