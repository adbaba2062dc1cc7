"""What an account does not see, other servers, and schemas that are gone."""

from collections.abc import Iterator

import datajoint as dj
import pytest
from laboratory import (
    HASH,
    Laboratory,
    complete,
    connect,
    filled,
    look_only,
    outcomes,
    planned,
    reader,
    schema_of,
)
from proxy import relay

from djgc_widgets import (
    CompleteScan,
    IncompleteScan,
    InputError,
    SweepRefusedError,
    scan,
)
from djgc_widgets.lab.server import EmbeddedServer


@pytest.fixture
def another(
    laboratory: Laboratory, request: pytest.FixtureRequest
) -> Iterator[dj.Schema]:
    """A schema on a server of the other kind, with the same stores."""
    backend = {"postgresql": "mysql", "mysql": "postgresql"}[laboratory.backend]
    fixture = "postgresql" if backend == "postgresql" else "mariadb"
    server: EmbeddedServer = request.getfixturevalue(fixture)
    connection = connect(
        server, backend, server.user, server.password, laboratory.folder
    )
    schema = dj.Schema(f"{laboratory.name}_there", connection=connection)
    yield schema
    schema.drop(prompt=False)
    connection.close()


def copies(another: dj.Schema, laboratory: Laboratory) -> Laboratory:
    """Declare a table on the other server, for copies of rows."""
    connection = another.connection
    server, backend = laboratory.server, connection.adapter.backend
    there = Laboratory(server, backend, laboratory.folder, connection, another)
    there.declare(HASH, "Copy")
    return there


def copy_to(another: dj.Schema, laboratory: Laboratory, keys: set[int]) -> None:
    """Let rows of another server refer to objects of the laboratory."""
    there = copies(another, laboratory)
    raw = laboratory.raw("recording", "data")
    for key in keys:
        there.write_row("copy", key, raw[key])


@pytest.mark.mariadb
def test_rows_of_further_servers_count_like_our_own(
    laboratory: Laboratory, another: dj.Schema
) -> None:
    table = filled(laboratory)
    copy_to(another, laboratory, {1, 2})
    table.delete()
    laboratory.age()

    alone = laboratory.scan()
    both = laboratory.scan(also=[another.connection])
    everything = scan(laboratory.connection, also=[another.connection])

    assert len(alone.orphans) == 3
    assert sorted(both.objects["status"]) == ["live", "live", "orphan"]
    assert set(both.references["schema"]) == {another.database}
    assert len(both.servers) == 2
    assert another.database not in everything.schemas  # it was not named


@pytest.mark.mariadb
def test_a_further_server_names_stores_by_its_own_configuration(
    laboratory: Laboratory, another: dj.Schema
) -> None:
    table = filled(laboratory)
    copy_to(another, laboratory, {1})
    table.delete()
    laboratory.age()
    theirs = another.connection._config.stores  # noqa: SLF001 - not public
    theirs["raw"], theirs["derived"] = theirs["derived"], theirs["raw"]

    result = laboratory.scan(also=[another.connection])

    # what they call raw is our derived: their row does not mean our object
    assert len(result.orphans) == 3
    assert list(result.missing["store"]) == ["derived"]


def test_one_account_may_call_stores_by_two_configurations(
    laboratory: Laboratory,
) -> None:
    table = filled(laboratory)
    raw = laboratory.raw("recording", "data")[1]
    laboratory.put(raw["path"], "derived")
    (table & "id > 1").delete()
    laboratory.age()
    server = laboratory.server
    again = connect(
        server, laboratory.backend, server.user, server.password, laboratory.folder
    )
    theirs = again._config.stores  # noqa: SLF001 - not public
    theirs["raw"] = theirs["derived"]

    alone = laboratory.scan()
    result = laboratory.scan(also=[again])

    assert list(alone.objects.query("store == 'derived'")["status"]) == ["orphan"]
    assert list(result.objects.query("store == 'derived'")["status"]) == ["live"]
    with pytest.raises(InputError, match="several servers, accounts or configurations"):
        scan(laboratory.schema, schema_of(again, laboratory.name))


@pytest.mark.parametrize("change", [{"bogus": 1}, {"protocol": "nonsense"}])
def test_a_name_that_a_further_server_cannot_open_protects_everywhere(
    laboratory: Laboratory, change: dict[str, object]
) -> None:
    table = filled(laboratory, range(1, 2))
    raw = laboratory.raw("recording", "data")[1]
    laboratory.put(raw["path"], "derived")
    laboratory.age()
    server = laboratory.server
    again = connect(
        server, laboratory.backend, server.user, server.password, laboratory.folder
    )
    again._config.stores["raw"] |= change  # noqa: SLF001 - not public

    result = laboratory.scan(also=[again])

    assert len(table) == 1
    assert set(result.objects["status"]) == {"live"}
    assert result.warnings.with_code("store-unknown")


@pytest.mark.mariadb
def test_rows_of_further_servers_are_read_again_before_a_sweep(
    laboratory: Laboratory, another: dj.Schema
) -> None:
    table = filled(laboratory)
    raw = laboratory.raw("recording", "data")
    table.delete()
    laboratory.age()
    result = complete(laboratory, also=[another.connection])
    laboratory.insert_by_sql("recording", "data", 1, b"x")
    plan = planned(result)
    there = copies(another, laboratory)
    there.write_row("copy", 1, raw[1])

    receipt = plan.sweep()

    assert outcomes(receipt) == {"moved": 2, "skipped: live-again": 1}


def test_a_further_server_that_does_not_answer_makes_a_scan_incomplete(
    laboratory: Laboratory,
) -> None:
    filled(laboratory)
    laboratory.age()
    server = laboratory.server
    with relay(server.host, server.port) as wire:
        there = EmbeddedServer(server.folder, wire.port, server.user, server.password)
        gone = connect(
            there, laboratory.backend, server.user, server.password, laboratory.folder
        )
        before = laboratory.scan(also=[gone])

    result = laboratory.scan(also=[gone])

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


@pytest.mark.mariadb
class TestOfMySQL:
    @pytest.fixture
    def backend(self) -> str:
        return "mysql"

    def test_a_schema_that_is_seen_completely_can_be_planned_for(
        self, laboratory: Laboratory
    ) -> None:
        filled(laboratory).delete()
        laboratory.age()
        pattern = laboratory.name.replace("_", r"\_")

        with reader(laboratory, f"SELECT ON `{pattern}`.*") as connection:
            result = scan(schema_of(connection, laboratory.name))
            assert isinstance(result, CompleteScan), result.problems
            refused = planned(result)
            allowed = planned(result, acknowledge={"unseen-schemas"})
            with pytest.raises(SweepRefusedError, match="unseen-schemas"):
                refused.sweep()
            receipt = allowed.sweep()

        assert result.unseen[0].code == "schemas-hidden"
        assert outcomes(receipt) == {"moved": 3}

    def test_what_an_account_loses_sight_of_stops_a_sweep(
        self, laboratory: Laboratory
    ) -> None:
        filled(laboratory).delete()
        laboratory.age()

        with reader(laboratory, "SELECT ON *.*") as connection:
            result = scan(schema_of(connection, laboratory.name))
            assert isinstance(result, CompleteScan), result.problems
            plan = planned(result)
            name = f"reader_{laboratory.name[-8:]}@'127.0.0.1'"
            laboratory.connection.query(f"REVOKE SELECT ON *.* FROM {name}")
            grant = f"GRANT SELECT ON `{laboratory.name}`.* TO {name}"
            laboratory.connection.query(grant)
            with pytest.raises(SweepRefusedError, match="no longer sees everything"):
                plan.sweep()

    def test_the_closest_grant_counts(self, laboratory: Laboratory) -> None:
        filled(laboratory)
        wide = f"SELECT ON `{laboratory.name[:-2]}%%`.*"
        close = f"EXECUTE ON `{laboratory.name}`.*"

        with reader(laboratory, wide, close) as connection:
            result = scan(connection)

        assert isinstance(result, IncompleteScan)
        (hiding,) = result.problems.with_code("schema-hides-tables")
        assert laboratory.name in hiding.where

    def test_a_schema_that_hides_after_the_plan_stops_the_sweep(
        self, laboratory: Laboratory
    ) -> None:
        filled(laboratory).delete()
        laboratory.age()
        grant = f"ON `{laboratory.name}`.*"

        with reader(laboratory, f"SELECT {grant}") as connection:
            result = scan(schema_of(connection, laboratory.name))
            assert isinstance(result, CompleteScan), result.problems
            plan = planned(result, acknowledge={"unseen-schemas"})
            name = f"reader_{laboratory.name[-8:]}@'127.0.0.1'"
            laboratory.connection.query(f"REVOKE SELECT {grant} FROM {name}")
            laboratory.connection.query(f"GRANT EXECUTE {grant} TO {name}")
            with pytest.raises(SweepRefusedError, match="every table of the schema"):
                plan.sweep()

    @pytest.mark.parametrize("privilege", ["SELECT", "SELECT (id)"])
    def test_a_table_or_column_alone_is_not_its_schema(
        self, laboratory: Laboratory, privilege: str
    ) -> None:
        filled(laboratory)
        table = laboratory.quote(laboratory.name, "recording")

        with reader(laboratory, f"{privilege} ON {table}") as connection:
            result = scan(schema_of(connection, laboratory.name))

        assert isinstance(result, IncompleteScan)
        assert result.problems.with_code("schema-hides-tables")

    def test_what_is_granted_to_a_role_is_seen(self, laboratory: Laboratory) -> None:
        filled(laboratory)
        laboratory.age()
        role = f"role_{laboratory.name[-6:]}"
        laboratory.connection.query(f"CREATE ROLE {role}")
        laboratory.connection.query(f"GRANT SELECT ON *.* TO {role}")
        try:
            with reader(laboratory, role) as connection:
                name = f"reader_{laboratory.name[-8:]}@'127.0.0.1'"
                laboratory.connection.query(f"SET DEFAULT ROLE {role} FOR {name}")
                connection.connect()
                result = scan(schema_of(connection, laboratory.name))
        finally:
            laboratory.connection.query(f"DROP ROLE {role}")

        assert isinstance(result, CompleteScan), result.problems
        assert result.unseen == ()


def test_a_database_that_is_shut_after_the_plan_stops_the_sweep(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory).delete()
    laboratory.age()
    run = laboratory.connection.query
    shut, later = f"{laboratory.name}_shut", f"{laboratory.name}_later"
    run(f'CREATE DATABASE "{shut}" WITH ALLOW_CONNECTIONS false')
    run(f'CREATE DATABASE "{later}"')
    try:
        result = complete(laboratory)
        plan = planned(result, acknowledge={"unseen-schemas"})
        run(f'ALTER DATABASE "{later}" WITH ALLOW_CONNECTIONS false')
        with pytest.raises(SweepRefusedError, match=later):
            plan.sweep()
    finally:
        run(f'DROP DATABASE "{shut}"')
        run(f'DROP DATABASE "{later}"')


def test_a_plain_json_column_that_may_not_be_read_has_to_be_acknowledged(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory)
    laboratory.age()
    other = f"{laboratory.name}_app"
    run = laboratory.connection.query
    run(f'CREATE SCHEMA "{other}"')
    run(f'CREATE TABLE "{other}".settings (id int, value jsonb)')
    try:
        with reader(laboratory, *look_only(laboratory)) as connection:
            result = scan(schema_of(connection, laboratory.name))
            assert isinstance(result, CompleteScan), result.problems
            refusals = planned(result, []).refusals
    finally:
        run(f'DROP SCHEMA "{other}" CASCADE')

    assert [refusal.name for refusal in refusals] == ["empty", "unseen-schemas"]
    assert f"{other}.settings" in str(refusals[1])


def test_an_abandoned_schema_is_swept_only_by_name(laboratory: Laboratory) -> None:
    gone = dj.Schema(f"{laboratory.name}_gone", connection=laboratory.connection)
    table = laboratory.declare(HASH, "Recording", gone)
    table.insert({"id": key, "data": bytes([key])} for key in range(3))
    filled(laboratory)
    gone.drop(prompt=False)
    laboratory.age()
    result = complete(laboratory)

    left = result.objects.query("reason_code == 'schema-not-on-server'")
    name = f"abandoned-schema:{gone.database}"
    assert len(left) == 3
    assert left["size_bytes"].sum() == 3
    assert result.orphans.empty
    with pytest.raises(InputError, match="which is unknown"):
        planned(result, left)
    receipt = planned(result, left, {name}).sweep()

    assert outcomes(receipt) == {"moved": 3}
    assert len(laboratory.contents()) == 3 + 3 + 3  # live, in the trash, the records


def test_a_schema_that_came_back_is_not_abandoned(laboratory: Laboratory) -> None:
    gone = dj.Schema(f"{laboratory.name}_gone", connection=laboratory.connection)
    table = laboratory.declare(HASH, "Recording", gone)
    table.insert1({"id": 1, "data": b"x"})
    filled(laboratory)
    gone.drop(prompt=False)
    laboratory.age()
    result = complete(laboratory)
    plan = planned(result, acknowledge={f"abandoned-schema:{gone.database}"})
    back = dj.Schema(str(gone.database), connection=laboratory.connection)

    receipt = plan.sweep()

    back.drop(prompt=False)
    assert outcomes(receipt) == {"skipped: live-again": 1}
