"""What an account does not see, other servers, and schemas that are gone."""

from collections.abc import Iterator
from typing import Any

import datajoint as dj
import pytest
from laboratory import (
    HASH,
    Laboratory,
    array,
    complete,
    connect,
    filled,
    look_only,
    outcomes,
    planned,
    reader,
    schema_of,
    unseen_parts,
)
from proxy import relay
from services import MYSQL_FAMILY

from djgc_widgets import (
    CompleteScan,
    IncompleteScan,
    InputError,
    SweepRefusedError,
    scan,
)
from djgc_widgets.lab.server import EmbeddedServer


@pytest.fixture
def lab(laboratory: Laboratory) -> Laboratory:
    return laboratory


@pytest.fixture
def another(lab: Laboratory, request: pytest.FixtureRequest) -> Iterator[dj.Schema]:
    """A schema on a server of the other kind, with the same stores."""
    kind = "mariadb" if lab.kind == "postgresql" else "postgresql"
    server: EmbeddedServer = request.getfixturevalue(kind)
    connection = connect(server, kind, server.user, server.password, lab.folder)
    schema = dj.Schema(f"{lab.name}_there", connection=connection)
    yield schema
    schema.drop(prompt=False)
    connection.close()


def copy_to(another: dj.Schema, lab: Laboratory, rows: dict[int, Any]) -> None:
    """Let rows of another server refer to objects of the laboratory."""
    theirs, backend = another.connection, another.connection.adapter.backend
    there = Laboratory(lab.server, backend, lab.folder, theirs, another)
    there.declare(HASH, "Copy")
    for key, row in rows.items():
        there.write_row("copy", key, row)


def scan_by(connection: dj.Connection, lab: Laboratory) -> CompleteScan:
    """Scan the laboratory's schema as another account sees it."""
    result = scan(schema_of(connection, lab.name))
    assert isinstance(result, CompleteScan), result.problems
    return result


def account_of(lab: Laboratory) -> str:
    """Return what servers of the MySQL family call the account of `reader`."""
    return f"reader_{lab.name[-8:]}@'127.0.0.1'"


@pytest.mark.mariadb
def test_rows_of_further_servers_count_like_our_own(
    lab: Laboratory, another: dj.Schema
) -> None:
    table = filled(lab)
    rows = lab.raw("recording", "data")
    copy_to(another, lab, {key: rows[key] for key in (1, 2)})
    table.delete()
    lab.age()

    alone = lab.scan()
    both = lab.scan(also=[another.connection])
    everything = scan(lab.connection, also=[another.connection])

    assert len(alone.orphans) == 3
    assert sorted(both.objects["status"]) == ["live", "live", "orphan"]
    assert set(both.references["schema"]) == {another.database}
    assert len(both.servers) == 2
    assert another.database not in everything.schemas  # it was not named


@pytest.mark.mariadb
def test_a_further_server_names_stores_by_its_own_configuration(
    lab: Laboratory, another: dj.Schema
) -> None:
    table = filled(lab)
    row = lab.raw("recording", "data")[1]
    copy_to(another, lab, {1: row})
    table.delete()
    lab.put(row["path"], "derived", array(1).tobytes())
    lab.age()
    theirs = another.connection._config.stores  # noqa: SLF001 - not public
    theirs["raw"], theirs["derived"] = theirs["derived"], theirs["raw"]

    result = lab.scan(also=[another.connection])

    # what they call raw is our derived: their row does not mean our object
    assert list(result.orphans["store"]) == ["raw"] * 3
    assert list(result.objects.query("status == 'live'")["store"]) == ["derived"]


def test_one_account_may_call_stores_by_two_configurations(lab: Laboratory) -> None:
    table = filled(lab)
    lab.put(lab.raw("recording", "data")[1]["path"], "derived")
    (table & "id > 1").delete()
    lab.age()
    server = lab.server
    again = connect(server, lab.backend, server.user, server.password, lab.folder)
    theirs = again._config.stores  # noqa: SLF001 - not public
    theirs["raw"] = theirs["derived"]

    alone = lab.scan()
    result = lab.scan(also=[again])

    assert list(alone.objects.query("store == 'derived'")["status"]) == ["orphan"]
    assert list(result.objects.query("store == 'derived'")["status"]) == ["live"]
    with pytest.raises(InputError, match="several servers, accounts or configurations"):
        scan(lab.schema, schema_of(again, lab.name))


@pytest.mark.parametrize("change", [{"bogus": 1}, {"protocol": "nonsense"}])
def test_a_name_that_a_further_server_cannot_open_protects_everywhere(
    lab: Laboratory, change: dict[str, object]
) -> None:
    table = filled(lab, range(1, 2))
    lab.put(lab.raw("recording", "data")[1]["path"], "derived")
    lab.age()
    server = lab.server
    again = connect(server, lab.backend, server.user, server.password, lab.folder)
    again._config.stores["raw"] |= change  # noqa: SLF001 - not public

    result = lab.scan(also=[again])

    assert len(table) == 1
    assert set(result.objects["status"]) == {"live"}
    assert result.warnings.with_code("store-unknown")


@pytest.mark.mariadb
def test_rows_of_further_servers_are_read_again_before_a_sweep(
    lab: Laboratory, another: dj.Schema
) -> None:
    table = filled(lab)
    raw = lab.raw("recording", "data")[1]
    table.delete()
    lab.age()
    result = complete(lab, also=[another.connection])
    lab.insert_by_sql("recording", "data", 1, b"x")
    plan = planned(result)
    copy_to(another, lab, {1: raw})

    receipt = plan.sweep()

    assert outcomes(receipt) == {"moved": 2, "skipped: live-again": 1}


def test_an_unreachable_further_server_makes_a_scan_incomplete(lab: Laboratory) -> None:
    filled(lab)
    lab.age()
    server = lab.server
    with relay(server.host, server.port) as wire:
        there = EmbeddedServer(server.folder, wire.port, server.user, server.password)
        gone = connect(there, lab.backend, server.user, server.password, lab.folder)
        before = lab.scan(also=[gone])

    result = lab.scan(also=[gone])

    assert isinstance(before, CompleteScan), before.problems
    assert isinstance(result, IncompleteScan)
    assert str(wire.port) in result.problems[0].where


@pytest.mark.parametrize("also", ["conn", ["lab_schema"]])
def test_only_connections_are_further_servers(
    postgresql_laboratory: Laboratory, also: object
) -> None:
    filled(postgresql_laboratory)

    with pytest.raises(InputError, match="Expected a list of datajoint Connections"):
        postgresql_laboratory.scan(also=also)


class TestOfTheMySQLFamily:
    @pytest.fixture(params=MYSQL_FAMILY)
    def backend(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    def test_a_fully_visible_schema_can_be_planned_for(self, lab: Laboratory) -> None:
        filled(lab).delete()
        lab.age()
        pattern = lab.name.replace("_", r"\_")

        with reader(lab, f"SELECT ON `{pattern}`.*") as connection:
            result = scan_by(connection, lab)
            with pytest.raises(SweepRefusedError, match="unseen-schemas"):
                planned(result).sweep()
            receipt = planned(result, acknowledge=unseen_parts(result)).sweep()

        assert result.unseen[0].code == "schemas-hidden"
        assert outcomes(receipt) == {"moved": 3}

    @pytest.mark.parametrize(
        ("before", "after", "refusal"),
        [
            ("SELECT ON *.*", "SELECT ON `{}`.*", "no longer sees everything"),
            ("SELECT ON `{}`.*", "EXECUTE ON `{}`.*", "every table of the schema"),
        ],
        ids=["schemas", "tables"],
    )
    def test_what_an_account_loses_sight_of_stops_a_sweep(
        self, lab: Laboratory, before: str, after: str, refusal: str
    ) -> None:
        filled(lab).delete()
        lab.age()
        before, after = before.format(lab.name), after.format(lab.name)

        with reader(lab, before) as connection:
            result = scan_by(connection, lab)
            plan = planned(result, acknowledge=unseen_parts(result))
            lab.connection.query(f"REVOKE {before} FROM {account_of(lab)}")
            lab.connection.query(f"GRANT {after} TO {account_of(lab)}")
            with pytest.raises(SweepRefusedError, match=refusal):
                plan.sweep()

    def test_the_closest_grant_counts(self, lab: Laboratory) -> None:
        filled(lab)
        wide = f"SELECT ON `{lab.name[:-2]}%%`.*"
        close = f"EXECUTE ON `{lab.name}`.*"

        with reader(lab, wide, close) as connection:
            result = scan(connection)

        assert isinstance(result, IncompleteScan)
        (hiding,) = result.problems.with_code("schema-hides-tables")
        assert lab.name in hiding.where

    @pytest.mark.parametrize("privilege", ["SELECT", "SELECT (id)"])
    def test_a_table_or_column_alone_is_not_its_schema(
        self, lab: Laboratory, privilege: str
    ) -> None:
        filled(lab)
        table = lab.quote(lab.name, "recording")

        with reader(lab, f"{privilege} ON {table}") as connection:
            result = scan(schema_of(connection, lab.name))

        assert isinstance(result, IncompleteScan)
        assert result.problems.with_code("schema-hides-tables")

    def test_what_is_granted_to_a_role_is_seen(self, lab: Laboratory) -> None:
        filled(lab)
        lab.age()
        run, role = lab.connection.query, f"role_{lab.name[-6:]}"
        run(f"CREATE ROLE {role}")
        run(f"GRANT SELECT ON *.* TO {role}")
        try:
            with reader(lab, role) as connection:
                word = {"mariadb": "FOR", "mysql": "TO"}[lab.kind]
                run(f"SET DEFAULT ROLE {role} {word} {account_of(lab)}")
                connection.connect()
                result = scan_by(connection, lab)
        finally:
            run(f"DROP ROLE {role}")

        assert result.unseen == ()


def test_a_database_that_is_shut_after_the_plan_stops_the_sweep(
    postgresql_laboratory: Laboratory,
) -> None:
    lab = postgresql_laboratory
    filled(lab).delete()
    lab.age()
    run = lab.connection.query
    shut, later = f"{lab.name}_shut", f"{lab.name}_later"
    run(f'CREATE DATABASE "{shut}" WITH ALLOW_CONNECTIONS false')
    run(f'CREATE DATABASE "{later}"')
    try:
        result = complete(lab)
        plan = planned(result, acknowledge=unseen_parts(result))
        run(f'ALTER DATABASE "{later}" WITH ALLOW_CONNECTIONS false')
        with pytest.raises(SweepRefusedError, match=later):
            plan.sweep()
    finally:
        run(f'DROP DATABASE "{shut}"')
        run(f'DROP DATABASE "{later}"')


def test_a_plain_json_column_that_may_not_be_read_has_to_be_acknowledged(
    postgresql_laboratory: Laboratory,
) -> None:
    lab = postgresql_laboratory
    filled(lab)
    lab.age()
    other = f"{lab.name}_app"
    run = lab.connection.query
    run(f'CREATE SCHEMA "{other}"')
    run(f'CREATE TABLE "{other}".settings (id int, value jsonb)')
    try:
        with reader(lab, *look_only(lab)) as connection:
            result = scan_by(connection, lab)
            refusals = planned(result, []).refusals
    finally:
        run(f'DROP SCHEMA "{other}" CASCADE')

    named = {refusal.name for refusal in refusals}
    assert named == {"empty", *unseen_parts(result)}
    assert f"unseen-schemas:{other}.settings" in named


def test_an_abandoned_schema_is_swept_only_by_name(lab: Laboratory) -> None:
    gone = dj.Schema(f"{lab.name}_gone", connection=lab.connection)
    table = lab.declare(HASH, "Recording", gone)
    table.insert({"id": key, "data": bytes([key])} for key in range(3))
    filled(lab)
    gone.drop(prompt=False)
    lab.age()
    result = complete(lab)

    left = result.objects.query("reason_code == 'schema-not-on-server'")
    name = f"abandoned-schema:{gone.database}"
    assert len(left) == 3
    assert left["size_bytes"].sum() == 3
    assert result.orphans.empty
    with pytest.raises(InputError, match="which is unknown"):
        planned(result, left)
    receipt = planned(result, left, {name}).sweep()

    assert outcomes(receipt) == {"moved": 3}
    stored = lab.contents()
    assert sum(path.startswith("_hash/") for path in stored) == 3
    assert sum("/objects/" in path for path in stored) == 3


def test_a_schema_that_came_back_is_not_abandoned(lab: Laboratory) -> None:
    gone = dj.Schema(f"{lab.name}_gone", connection=lab.connection)
    table = lab.declare(HASH, "Recording", gone)
    table.insert1({"id": 1, "data": b"x"})
    filled(lab)
    gone.drop(prompt=False)
    lab.age()
    acknowledged = {f"abandoned-schema:{gone.database}"}
    plan = planned(complete(lab), acknowledge=acknowledged)
    back = dj.Schema(str(gone.database), connection=lab.connection)

    receipt = plan.sweep()

    back.drop(prompt=False)
    assert outcomes(receipt) == {"skipped: live-again": 1}
