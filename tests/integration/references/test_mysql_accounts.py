"""Accounts and tables of the kinds that only the MySQL family has."""

import json
from collections.abc import Iterator
from pathlib import Path

import datajoint as dj
import pytest
from laboratory import HASH, Laboratory, array, complete, filled, reader, schema_of
from services import MYSQL_FAMILY, Services

from djgc_widgets import CompleteScan, IncompleteScan, scan
from djgc_widgets.lab import start_mariadb, start_mysql
from djgc_widgets.lab.server import EmbeddedServer

NPY = "id : int32\n---\ndata : <npy@raw>\n"


@pytest.fixture(params=MYSQL_FAMILY)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lab(laboratory: Laboratory) -> Laboratory:
    return laboratory


def account_of(lab: Laboratory) -> str:
    return f"reader_{lab.name[-8:]}@'127.0.0.1'"


@pytest.fixture
def hidden(lab: Laboratory) -> Iterator[str]:
    """Another schema, whose only row refers to an object of the laboratory."""
    filled(lab, range(1, 2))
    path = lab.raw("recording", "data")[1]
    name = f"{lab.name}_hidden"
    lab.connection.query(f"CREATE SCHEMA `{name}`")
    lab.connection.query(f"CREATE TABLE `{name}`.t (id int PRIMARY KEY, data json)")
    lab.connection.query(f"INSERT INTO `{name}`.t VALUES (1, '{json.dumps(path)}')")
    lab.age()
    yield name
    lab.connection.query(f"DROP SCHEMA `{name}`")


@pytest.mark.mysql
class TestPartialRevokes:
    @pytest.fixture(params=[pytest.param("mysql", marks=pytest.mark.mysql)])
    def backend(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture(autouse=True)
    def partial_revokes(self, lab: Laboratory) -> Iterator[None]:
        lab.connection.query("SET GLOBAL partial_revokes = ON")
        yield
        lab.connection.query("SET GLOBAL partial_revokes = OFF")

    def test_a_revoke_on_the_servers_own_schemas_is_no_obstacle(
        self, lab: Laboratory
    ) -> None:
        filled(lab)
        lab.age()

        with reader(lab, "SELECT ON *.*") as connection:
            for schema in ("mysql", "sys"):
                revoke = f"REVOKE SELECT ON {schema}.* FROM {account_of(lab)}"
                lab.connection.query(revoke)
            result = scan(schema_of(connection, lab.name))

        assert isinstance(result, CompleteScan), result.problems
        assert result.unseen == ()

    def test_a_revoke_on_a_schema_of_a_lab_hides_that_schema_only(
        self, lab: Laboratory, hidden: str
    ) -> None:
        with reader(lab, "SELECT ON *.*") as connection:
            revoke = f"REVOKE SELECT ON `{hidden}`.* FROM {account_of(lab)}"
            lab.connection.query(revoke)
            result = scan(schema_of(connection, lab.name))
            theirs = scan(connection)

        assert isinstance(result, CompleteScan), result.problems
        assert [notice.code for notice in result.unseen] == ["schemas-hidden"]
        assert hidden not in theirs.schemas

    def test_a_wildcard_in_a_grant_is_a_letter(self, lab: Laboratory) -> None:
        filled(lab)
        table = lab.quote(lab.name, "recording")
        pattern = lab.name.replace(lab.name[-1], "_").replace("lab_", "lab%%", 1)

        grants = (f"SELECT ON `{pattern}`.*", f"SELECT ON {table}")
        with reader(lab, *grants) as connection:
            result = scan(schema_of(connection, lab.name))

        assert isinstance(result, IncompleteScan)
        assert result.problems.with_code("schema-hides-tables")


def test_a_role_that_is_not_active_shows_nothing(lab: Laboratory) -> None:
    filled(lab)
    lab.age()
    run, role = lab.connection.query, f"role_{lab.name[-6:]}"
    run(f"CREATE ROLE {role}")
    run(f"GRANT SELECT ON *.* TO {role}")
    table = lab.quote(lab.name, "recording")
    try:
        with reader(lab, role, f"SELECT ON {table}") as connection:
            result = scan(schema_of(connection, lab.name))
    finally:
        run(f"DROP ROLE {role}")

    assert isinstance(result, IncompleteScan)
    assert result.problems.with_code("schema-hides-tables")


@pytest.mark.parametrize("encrypted", [True, False])
def test_an_account_that_must_encrypt_is_read(
    lab: Laboratory, *, encrypted: bool
) -> None:
    if lab.kind == "mariadb" and encrypted:
        pytest.skip("the MariaDB of the tests has no certificate")
    filled(lab)
    lab.age()
    require = "REQUIRE SSL" if encrypted else "REQUIRE NONE"

    with reader(lab, "SELECT ON *.*") as connection:
        lab.connection.query(f"ALTER USER {account_of(lab)} {require}")
        connection.conn_info["ssl_input"] = None if encrypted else False
        result = scan(schema_of(connection, lab.name))

    assert result.complete, result.problems


def test_generated_and_invisible_columns_are_read(lab: Laboratory) -> None:
    table = lab.quote(lab.name, "rec")
    declared = {
        "plain": "json INVISIBLE",
        "kept": "json AS (JSON_OBJECT('path', a)) STORED",
        "computed": "json AS (JSON_OBJECT('path', b)) VIRTUAL",
    }
    columns = ", ".join(f"{name} {kind}" for name, kind in declared.items())
    lab.connection.query(
        f"CREATE TABLE {table} (a varchar(200), b varchar(200), {columns})"
    )
    lab.declare(HASH, "Other")
    paths = [f"_schema/{lab.name}/rec/id={n}/data_AbCd123{n}.npy" for n in range(4)]
    for path in paths:
        lab.put(path)
    lab.connection.query(
        f"INSERT INTO {table} (a, b, plain) VALUES "
        f"('{paths[0]}', '{paths[1]}', '{json.dumps({'path': paths[2]})}')"
    )
    lab.age()

    result = complete(lab)

    status = dict(zip(result.objects["path"], result.objects["status"], strict=True))
    expected = ["live", "live", "live", "orphan"]
    assert status == dict(zip(paths, expected, strict=True))


@pytest.mark.mysql
@pytest.mark.parametrize("backend", [pytest.param("mysql", marks=pytest.mark.mysql)])
def test_rows_without_a_visible_key_are_read(lab: Laboratory) -> None:
    for name in ("generate_invisible_primary_key", "require_primary_key"):
        lab.connection.query(f"SET SESSION sql_{name} = ON")
    table = lab.quote(lab.name, "rec")
    lab.connection.query(f"CREATE TABLE {table} (data json COMMENT ':<npy@raw>:')")
    path = f"_schema/{lab.name}/rec/data_AbCd1234.npy"
    lab.put(path)
    lab.connection.query(
        f"INSERT INTO {table} (data) VALUES ('{json.dumps({'path': path})}')"
    )
    lab.age()

    result = complete(lab)

    assert list(result.objects["status"]) == ["live"]
    assert json.loads(result.references.loc[0, "row_key"]) == {"my_row_id": 1}


@pytest.fixture(scope="module", params=MYSQL_FAMILY)
def caseless_server(
    request: pytest.FixtureRequest, services: Services
) -> Iterator[EmbeddedServer]:
    services.need({"mariadb": "MariaDB", "mysql": "MySQL"}[request.param])
    start = {"mariadb": start_mariadb, "mysql": start_mysql}[request.param]
    with start("--lower-case-table-names=1") as server:
        yield server


@pytest.fixture
def caseless_lab(
    caseless_server: EmbeddedServer, tmp_path: Path
) -> Iterator[Laboratory]:
    """On a server that folds the names of schemas, as on Windows or by an option."""
    with Laboratory.on(caseless_server, "mysql", tmp_path) as lab:
        name = lab.name.replace("lab_", "Lab_Ephys_")
        lab.schema = dj.Schema(name, connection=lab.connection)
        yield lab


def test_a_schema_is_judged_however_its_name_is_written(
    caseless_lab: Laboratory,
) -> None:
    lab = caseless_lab
    definition = f"{NPY}hashed : <hash@raw>\n"
    table = lab.declare(definition)
    rows = ({"id": n, "data": array(n), "hashed": bytes([n])} for n in range(4))
    table.insert(rows)
    (table & "id < 2").delete_quick()
    lab.age()

    result = complete(lab)
    every = scan(lab.connection)

    assert all(lab.name in path for path in result.objects["path"])
    assert sorted(result.objects["status"]) == ["live"] * 4 + ["orphan"] * 4
    assert set(result.objects["schema"]) == {lab.name.lower()}
    assert set(result.orphans["reason_code"]) == {
        "row-deleted",
        "no-row-holds-hash",
    }
    assert len(every.orphans) == 4
    assert result.schemas == (lab.name.lower(),)


def test_a_grant_shows_a_schema_however_its_name_is_written(
    caseless_lab: Laboratory,
) -> None:
    lab = caseless_lab
    filled(lab)
    lab.age()

    with reader(lab, f"SELECT ON `{lab.name}`.*") as connection:
        result = scan(schema_of(connection, lab.name))

    assert result.complete, result.problems
    assert set(result.objects["status"]) == {"live"}


def test_schemas_that_differ_in_case_only_are_two(lab: Laboratory) -> None:
    filled(lab)
    upper = dj.Schema(lab.name.upper(), connection=lab.connection)
    try:
        table = lab.declare(HASH, "Recording", upper)
        table.insert({"id": n, "data": bytes([n])} for n in range(3))
        (table & "id = 0").delete_quick()
        lab.age()

        ours = complete(lab)
        theirs = scan(upper)
    finally:
        upper.drop(prompt=False)

    assert sorted(ours.objects["status"]) == ["live"] * 5 + ["unknown"]
    assert sorted(theirs.objects["status"]) == ["live"] * 5 + ["orphan"]
