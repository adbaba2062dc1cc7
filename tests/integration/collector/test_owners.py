"""A copy, a replica or an older state of a server is not that server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pymysql
import pytest
from copies import namesake_of, standby_of
from laboratory import (
    AT_ONCE,
    HASH,
    Laboratory,
    complete,
    connect,
    filled,
    look_only,
    orphaned,
    outcomes,
    planned,
    reader,
    schema_of,
)

from djgc_widgets import IncompleteScan, SweepRefusedError, Trash, scan
from djgc_widgets.collector.owners import read_ownership, write_ownership
from djgc_widgets.lab import EmbeddedServer
from djgc_widgets.model import NoticeCode, Position
from djgc_widgets.stores.file.store import FileStore
from djgc_widgets.verdict import KnownServer


def swept_by(laboratory: Laboratory, **changes: object) -> str:
    """Sweep, then let the store remember another look of the server; return its id."""
    orphaned(laboratory)
    result = complete(laboratory)
    planned(result, list(result.orphans["path"])[:2]).sweep()
    store = FileStore(next(info for info in result.stores if info.name == "raw"))
    owner = read_ownership(store)
    (server,) = owner.known
    position = changes.pop("position", server.position)
    seen = (replace(server.sightings[0], **changes),)
    remembered = KnownServer(server.identifier, seen, position)
    write_ownership(store, datetime.now(UTC), replace(owner, known=(remembered,)))
    return server.identifier


LATER = Position(1, 10**18)
CHANGES = [
    ("server-behind", {"position": LATER}),
    ("server-changed", {"address": "mysql://elsewhere:1"}),
    ("server-changed", {"traits": {"port": "1"}}),
]


@pytest.mark.parametrize(("code", "changes"), CHANGES)
def test_a_copy_or_an_older_state_of_a_server_is_never_taken_for_it(
    laboratory: Laboratory, code: str, changes: dict[str, object]
) -> None:
    name = f"{code}:{swept_by(laboratory, **changes)}"
    at_once = AT_ONCE
    trash = Trash(laboratory.schema, "raw")

    plan = planned(complete(laboratory))

    assert name in {doubt.name for doubt in plan.refusals}
    with pytest.raises(SweepRefusedError, match=code):
        trash.purge(timedelta(0), at_once)
    names = {doubt.name for doubt in plan.refusals}
    assert planned(complete(laboratory), acknowledge=names).sweep().count("moved") == 1
    assert planned(complete(laboratory), []).refusals[0].name == "empty"
    assert trash.purge(timedelta(0), at_once).count("purged") == 3


def test_a_recovery_on_a_copy_brings_everything_back(laboratory: Laboratory) -> None:
    swept_by(laboratory, position=LATER)
    for result in laboratory.store("raw").glob("_trash/*/result.json"):
        result.unlink()

    recovered = Trash(laboratory.schema, "raw").recover()

    assert outcomes(recovered) == {"restored: servers-unread": 2}


def test_a_standby_and_a_copy_that_was_promoted_are_not_their_primary(
    postgresql_laboratory: Laboratory,
) -> None:
    lab = postgresql_laboratory
    orphaned(lab)
    with standby_of(lab.server) as copy:
        planned(complete(lab)).sweep()
        late = lab.declare(HASH, "Late")
        late.insert1({"id": 1, "data": b"committed on the primary only"})
        lab.age()
        user, password = lab.server.user, lab.server.password
        connection = connect(copy, "postgresql", user, password, lab.folder)
        schema = schema_of(connection, lab.name)
        standby = scan(schema)
        connection.query("SELECT pg_promote()")
        promoted = scan(schema)
        refusals = {doubt.code for doubt in promoted.plan(None).refusals}
        connection.close()

    assert isinstance(standby, IncompleteScan)
    assert standby.problems.with_code(NoticeCode.REPLICA)
    assert {"server-changed", "server-behind"} <= refusals
    assert complete(lab).missing.empty


def test_two_plans_of_one_scan_are_both_carried_out(laboratory: Laboratory) -> None:
    orphaned(laboratory)
    laboratory.age()
    result = complete(laboratory)
    one, *others = (result.orphans.loc[[at]] for at in result.orphans.index)
    assert planned(result, one).sweep().count("moved") == 1
    laboratory.declare(HASH, "Later").insert1({"id": 1, "data": b"the log goes on"})

    for other in others:
        plan = planned(result, other)

        assert not [doubt for doubt in plan.refusals if "server" in doubt.code]
        assert plan.sweep().count("moved") == 1


@pytest.mark.mysql
def test_a_server_with_a_cloned_identifier_is_never_taken_for_another(
    mysql: EmbeddedServer, tmp_path: Path
) -> None:
    with Laboratory.on(mysql, "mysql", tmp_path) as lab, namesake_of(mysql) as other:
        orphaned(lab)
        planned(complete(lab)).sweep()
        with Laboratory.on(other, "mysql", tmp_path) as there:
            orphaned(there)
            plan = planned(complete(there))
            named = {doubt.name for doubt in plan.refusals}
            swept = planned(complete(there), acknowledge=named).sweep()

            again = planned(complete(lab), [])
            alone = planned(complete(there), [])

    assert {doubt.code for doubt in plan.refusals} <= {
        "server-changed",
        "server-behind",
    }
    assert "server-changed" in {doubt.code for doubt in plan.refusals}
    assert swept.count("moved") == 3
    assert [plan.refusals[0].code for plan in (again, alone)] == ["empty", "empty"]


@contextmanager
def replicating(laboratory: Laboratory) -> Iterator[None]:
    """Let a server be set up as a replica of some other one."""
    run, kind = laboratory.connection.query, laboratory.kind
    source = (
        "REPLICATION SOURCE TO SOURCE_HOST"
        if kind == "mysql"
        else "MASTER TO MASTER_HOST"
    )
    run(f"CHANGE {source} = '127.0.0.1'")
    try:
        yield
    finally:
        run(f"RESET {'REPLICA' if kind == 'mysql' else 'SLAVE'} ALL")


@pytest.mark.parametrize("backend", ["mariadb", "mysql"])
def test_a_replica_makes_a_scan_incomplete(laboratory: Laboratory) -> None:
    filled(laboratory)
    laboratory.age()

    with replicating(laboratory):
        result = laboratory.scan()

    assert isinstance(result, IncompleteScan)
    assert [problem.code for problem in result.problems] == [NoticeCode.REPLICA]
    assert complete(laboratory).warnings == ()


@pytest.mark.parametrize("backend", ["mariadb", "mysql"])
def test_an_account_that_may_not_ask_is_told_what_to_grant(
    laboratory: Laboratory,
) -> None:
    filled(laboratory)
    laboratory.age()
    with reader(laboratory, f"SELECT ON `{laboratory.name}`.*") as connection:
        schema = schema_of(connection, laboratory.name)
        writable = scan(schema)
        laboratory.connection.query("SET GLOBAL read_only = ON")
        try:
            read_only = scan(schema)
        finally:
            laboratory.connection.query("SET GLOBAL read_only = OFF")

    assert writable.complete, writable.problems
    assert writable.warnings.with_code(NoticeCode.REPLICATION_UNASKED)
    assert read_only.problems.with_code(NoticeCode.MAYBE_REPLICA)


@contextmanager
def prepared(laboratory: Laboratory, statement: str) -> Iterator[None]:
    """Run a statement in a transaction that is prepared, and at last rolled back."""
    login, name = laboratory.server.login, f"prepared_{laboratory.name}"
    if laboratory.backend == "postgresql":
        driver = psycopg2.connect(**login, dbname="postgres")
        driver.autocommit = True
        before, after = "BEGIN", [f"PREPARE TRANSACTION '{name}'"]
        end = f"ROLLBACK PREPARED '{name}'"
    else:
        driver = pymysql.connect(**login)
        before, after = (
            f"XA START '{name}'",
            [f"XA END '{name}'", f"XA PREPARE '{name}'"],
        )
        end = f"XA ROLLBACK '{name}'"
    with driver.cursor() as cursor:
        for each in (before, statement, *after):
            cursor.execute(each)
    driver.close()
    try:
        yield
    finally:
        laboratory.connection.query(end)


def test_rows_that_are_prepared_have_to_be_acknowledged(laboratory: Laboratory) -> None:
    orphaned(laboratory)
    table = laboratory.quote(laboratory.name, "recording")
    row = f"INSERT INTO {table} (id, data) VALUES (99, '{{}}')"
    before, lifted = planned(complete(laboratory)), {"prepared-transactions"}

    with prepared(laboratory, row):
        plan = planned(complete(laboratory))
        with pytest.raises(SweepRefusedError, match="prepared-transactions"):
            before.sweep()
        swept = planned(complete(laboratory), acknowledge=lifted).sweep()
        with pytest.raises(SweepRefusedError, match="prepared-transactions"):
            Trash(laboratory.schema, "raw").purge(
                timedelta(0), {"short-retention", "oldest-backup"}
            )

    assert [doubt.name for doubt in plan.refusals] == ["prepared-transactions"]
    assert swept.count("moved") == 3


@pytest.mark.parametrize("backend", ["mariadb", "mysql"])
def test_an_account_that_may_not_see_prepared_rows_is_told(
    laboratory: Laboratory,
) -> None:
    filled(laboratory)
    laboratory.age()
    with reader(laboratory, *look_only(laboratory)) as connection:
        result = scan(schema_of(connection, laboratory.name))

    unasked = result.warnings.with_code(NoticeCode.PREPARED_UNASKED)
    assert len(unasked) == (laboratory.kind == "mysql")  # MariaDB asks for no right
