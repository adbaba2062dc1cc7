"""What an account does not see, other servers, and schemas that are gone."""

from collections.abc import Iterator

import datajoint as dj
import pytest
from laboratory import (
    HASH,
    Laboratory,
    connect,
    details,
    filled,
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
    there = Laboratory(
        laboratory.server,
        another.connection.adapter.backend,
        laboratory.folder,
        another.connection,
        another,
    )
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
    whole = scan(laboratory.connection, also=[another.connection])

    assert len(alone.orphans) == 3
    assert sorted(both.objects["status"]) == ["live", "live", "orphan"]
    assert set(both.references["schema"]) == {another.database}
    assert len(both.servers) == 2
    assert another.database not in whole.schemas  # it is not asked for


@pytest.mark.mariadb
def test_a_further_server_names_stores_in_its_own_way(
    laboratory: Laboratory, another: dj.Schema
) -> None:
    table = filled(laboratory)
    copy_to(another, laboratory, {1})
    table.delete()
    laboratory.age()
    theirs = another.connection._config.stores  # noqa: SLF001 - no other way
    theirs["raw"], theirs["derived"] = theirs["derived"], theirs["raw"]

    found = laboratory.scan(also=[another.connection])

    # what they call raw is our derived: their row does not mean our object
    assert len(found.orphans) == 3
    assert list(found.missing["store"]) == ["derived"]


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
    theirs = again._config.stores  # noqa: SLF001 - no other way
    theirs["raw"] = theirs["derived"]

    alone = laboratory.scan()
    found = laboratory.scan(also=[again])

    assert list(alone.objects.query("store == 'derived'")["status"]) == ["orphan"]
    assert list(found.objects.query("store == 'derived'")["status"]) == ["live"]
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
    again._config.stores["raw"] |= change  # noqa: SLF001 - no other way

    found = laboratory.scan(also=[again])

    assert len(table) == 1
    assert set(found.objects["status"]) == {"live"}
    assert "which is not configured" in str(found.warnings)


@pytest.mark.mariadb
def test_rows_of_further_servers_are_read_again_before_a_sweep(
    laboratory: Laboratory, another: dj.Schema
) -> None:
    table = filled(laboratory)
    raw = laboratory.raw("recording", "data")
    table.delete()
    laboratory.age()
    found = laboratory.scan(also=[another.connection])
    assert isinstance(found, CompleteScan)
    laboratory.insert_by_sql("recording", "data", 1, b"x")
    plan = planned(found)
    there = copies(another, laboratory)
    there.write_row("copy", 1, raw[1])

    receipt = plan.sweep()

    assert details(receipt) == {
        "moved": 2,
        "skipped: live again: a row refers to it": 1,
    }


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

    found = laboratory.scan(also=[gone])

    assert isinstance(before, CompleteScan), before.problems
    assert isinstance(found, IncompleteScan)
    assert str(wire.port) in found.problems[0].place


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

    def test_a_schema_that_is_seen_whole_can_be_planned_for(
        self, laboratory: Laboratory
    ) -> None:
        filled(laboratory).delete()
        laboratory.age()
        pattern = laboratory.name.replace("_", r"\_")

        with reader(laboratory, f"SELECT ON `{pattern}`.*") as connection:
            found = scan(schema_of(connection, laboratory.name))
            assert isinstance(found, CompleteScan), found.problems
            refused = planned(found)
            allowed = planned(found, acknowledge={"unseen-schemas"})
            with pytest.raises(SweepRefusedError, match="unseen-schemas"):
                refused.sweep()
            receipt = allowed.sweep()

        assert "SELECT on *.*" in str(found.unseen[0])
        assert details(receipt) == {"moved": 3}

    def test_what_an_account_loses_sight_of_stops_a_sweep(
        self, laboratory: Laboratory
    ) -> None:
        filled(laboratory).delete()
        laboratory.age()

        with reader(laboratory, "SELECT ON *.*") as connection:
            found = scan(schema_of(connection, laboratory.name))
            assert isinstance(found, CompleteScan), found.problems
            plan = planned(found)
            name = f"reader_{laboratory.name[-8:]}@'127.0.0.1'"
            laboratory.connection.query(f"REVOKE SELECT ON *.* FROM {name}")
            laboratory.connection.query(
                f"GRANT SELECT ON `{laboratory.name}`.* TO {name}"
            )
            with pytest.raises(SweepRefusedError, match="no longer sees everything"):
                plan.sweep()

    def test_the_closest_grant_counts(self, laboratory: Laboratory) -> None:
        filled(laboratory)
        wide = f"SELECT ON `{laboratory.name[:-2]}%%`.*"
        close = f"EXECUTE ON `{laboratory.name}`.*"

        with reader(laboratory, wide, close) as connection:
            found = scan(connection)

        assert isinstance(found, IncompleteScan)
        told = [p.place for p in found.problems if "every table" in p.message]
        assert any(laboratory.name in place for place in told), found.problems

    def test_a_schema_that_hides_after_the_plan_stops_the_sweep(
        self, laboratory: Laboratory
    ) -> None:
        filled(laboratory).delete()
        laboratory.age()
        grant = f"ON `{laboratory.name}`.*"

        with reader(laboratory, f"SELECT {grant}") as connection:
            found = scan(schema_of(connection, laboratory.name))
            assert isinstance(found, CompleteScan), found.problems
            plan = planned(found, acknowledge={"unseen-schemas"})
            name = f"reader_{laboratory.name[-8:]}@'127.0.0.1'"
            laboratory.connection.query(f"REVOKE SELECT {grant} FROM {name}")
            laboratory.connection.query(f"GRANT EXECUTE {grant} TO {name}")
            with pytest.raises(SweepRefusedError, match="every table of the schema"):
                plan.sweep()

    def test_a_table_alone_is_not_its_schema(self, laboratory: Laboratory) -> None:
        filled(laboratory)
        place = laboratory.quote(laboratory.name, "recording")

        with reader(laboratory, f"SELECT ON {place}") as connection:
            found = scan(schema_of(connection, laboratory.name))

        assert isinstance(found, IncompleteScan)
        assert "every table of the schema" in str(found.problems)

    def test_a_column_alone_is_not_its_table(self, laboratory: Laboratory) -> None:
        filled(laboratory)
        place = laboratory.quote(laboratory.name, "recording")

        with reader(laboratory, f"SELECT (id) ON {place}") as connection:
            found = scan(schema_of(connection, laboratory.name))

        assert isinstance(found, IncompleteScan)

    def test_what_is_granted_to_a_role_is_seen(self, laboratory: Laboratory) -> None:
        filled(laboratory)
        laboratory.age()
        role = f"role_{laboratory.name[-6:]}"
        laboratory.connection.query(f"CREATE ROLE {role}")
        laboratory.connection.query(f"GRANT SELECT ON *.* TO {role}")
        try:
            with reader(laboratory, role) as connection:
                name = f"reader_{laboratory.name[-8:]}"
                laboratory.connection.query(
                    f"SET DEFAULT ROLE {role} FOR {name}@'127.0.0.1'"
                )
                connection.connect()
                found = scan(schema_of(connection, laboratory.name))
        finally:
            laboratory.connection.query(f"DROP ROLE {role}")

        assert isinstance(found, CompleteScan), found.problems
        assert found.unseen == ()


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
        found = laboratory.scan()
        assert isinstance(found, CompleteScan), found.problems
        plan = planned(found, acknowledge={"unseen-schemas"})
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
    name = laboratory.quote(laboratory.name)
    grants = [f"USAGE ON SCHEMA {name}", f"SELECT ON ALL TABLES IN SCHEMA {name}"]
    try:
        with reader(laboratory, *grants) as connection:
            found = scan(schema_of(connection, laboratory.name))
            assert isinstance(found, CompleteScan), found.problems
            refusals = planned(found, []).refusals
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
    found = laboratory.scan()
    assert isinstance(found, CompleteScan), found.problems

    left = found.objects.query("reason == 'schema not on this server'")
    name = f"abandoned-schema:{gone.database}"
    assert len(left) == 3
    assert left["size_bytes"].sum() == 3
    assert found.orphans.empty
    with pytest.raises(InputError, match="which is unknown"):
        planned(found, left)
    receipt = planned(found, left, {name}).sweep()

    assert details(receipt) == {"moved": 3}
    assert len(laboratory.held()) == 3 + 3 + 3  # live, in the trash, the records


def test_a_schema_that_came_back_is_not_abandoned(laboratory: Laboratory) -> None:
    gone = dj.Schema(f"{laboratory.name}_gone", connection=laboratory.connection)
    table = laboratory.declare(HASH, "Recording", gone)
    table.insert1({"id": 1, "data": b"x"})
    filled(laboratory)
    gone.drop(prompt=False)
    laboratory.age()
    found = laboratory.scan()
    assert isinstance(found, CompleteScan)
    plan = planned(found, acknowledge={f"abandoned-schema:{gone.database}"})
    back = dj.Schema(str(gone.database), connection=laboratory.connection)

    receipt = plan.sweep()

    back.drop(prompt=False)
    assert details(receipt) == {"skipped: live again: a row refers to it": 1}
