"""Every row that a server holds is read, and each one once."""

import json
from collections.abc import Callable

import pytest
from laboratory import HASH, Laboratory, array, complete, filled, planned
from own_codec import register_codec
from services import MYSQL_FAMILY

from djgc_widgets import IncompleteScan, Progress, SweepRefusedError
from djgc_widgets.references.snapshot import Snapshot
from djgc_widgets.references.store_column import StoreColumn

NPY = "id : int32\n---\ndata : <npy@raw>\n"


@pytest.fixture
def lab(laboratory: Laboratory) -> Laboratory:
    return laboratory


def put(lab: Laboratory, count: int = 4) -> list[str]:
    """Store objects of a table that the test makes."""
    paths = [f"_schema/{lab.name}/rec/id={n}/data_AbCd123{n}.npy" for n in range(count)]
    for path in paths:
        lab.put(path)
    lab.age()
    return paths


def metadata(path: str) -> str:
    return json.dumps({"path": path, "store": "raw"})


def during_a_scan(
    lab: Laboratory, *statements: str, at: str = "first.data"
) -> Callable[[Progress], None]:
    """Return a callback that runs statements once while a column is read."""
    timeout = {
        "postgresql": "SET lock_timeout = '30s'",
        "mysql": "SET SESSION lock_wait_timeout = 30",
    }
    lab.connection.query(timeout[lab.backend])  # a test that waits for itself fails
    waiting = list(statements)

    def run(progress: Progress) -> None:
        while waiting and progress.subject.endswith(at):
            lab.connection.query(waiting.pop(0))

    return run


def with_first_and_last(lab: Laboratory) -> None:
    """Declare tables that are read before and after `recording`."""
    for name in ("First", "Zuletzt"):
        lab.declare(HASH, name).insert1({"id": 1, "data": name.encode()})
    filled(lab)
    lab.age()


class TestPostgreSQL:
    @pytest.fixture
    def backend(self) -> str:
        return "postgresql"

    def run(self, lab: Laboratory, script: str) -> None:
        lab.connection.query(script.replace("S.", f'"{lab.name}".'))

    def partitioned(self, lab: Laboratory) -> list[str]:
        """Make a table with nested partitions and four rows, as DataJoint comments."""
        self.run(
            lab,
            """CREATE TABLE S.rec (id int PRIMARY KEY, data jsonb)
            PARTITION BY RANGE (id);
            COMMENT ON COLUMN S.rec.data IS ':<npy@raw>:';
            CREATE TABLE S.rec_0 PARTITION OF S.rec FOR VALUES FROM (0) TO (2);
            CREATE TABLE S.rec_1 PARTITION OF S.rec FOR VALUES FROM (2) TO (9)
            PARTITION BY LIST (id);
            CREATE TABLE S.rec_2 PARTITION OF S.rec_1 FOR VALUES IN (2);
            CREATE TABLE S.rec_3 PARTITION OF S.rec_1 DEFAULT""",
        )
        paths = put(lab)
        for number, path in enumerate(paths):
            self.run(lab, f"INSERT INTO S.rec VALUES ({number}, '{metadata(path)}')")
        return paths

    def test_each_row_of_a_partitioned_table_is_read_once(
        self, lab: Laboratory
    ) -> None:
        paths = self.partitioned(lab)

        result = complete(lab)

        assert sorted(result.references["path"]) == paths
        assert set(result.references["table"]) == {"rec"}
        assert list(result.objects["n_references"]) == [1] * 4
        mine = [c for c in result.counts if c.column.startswith(lab.name)]
        assert [(c.column, c.counted) for c in mine] == [(f"{lab.name}.rec.data", 4)]

    def test_rows_of_a_detached_partition_are_read(self, lab: Laboratory) -> None:
        paths = self.partitioned(lab)
        self.run(lab, "ALTER TABLE S.rec DETACH PARTITION S.rec_1")

        result = complete(lab)

        assert list(result.objects["status"]) == ["live"] * 4
        assert sorted(result.references["path"]) == paths

    def test_a_partition_detached_during_a_scan_makes_it_incomplete(
        self, lab: Laboratory
    ) -> None:
        lab.declare(HASH, "First").insert1({"id": 1, "data": b"x"})
        self.partitioned(lab)
        detach = f'ALTER TABLE "{lab.name}".rec DETACH PARTITION "{lab.name}".rec_1'

        result = lab.scan(progress=during_a_scan(lab, detach))

        assert isinstance(result, IncompleteScan)
        assert result.problems.with_code("table-rewritten")

    def test_each_row_of_tables_that_inherit_is_read_once(
        self, lab: Laboratory
    ) -> None:
        self.run(
            lab,
            """CREATE TABLE S.rec (id int PRIMARY KEY, data jsonb);
            CREATE TABLE S.other (data jsonb);
            COMMENT ON COLUMN S.rec.data IS ':<npy@raw>:';
            CREATE TABLE S.child () INHERITS (S.rec, S.other);
            CREATE TABLE S.grandchild (id int) INHERITS (S.child)""",
        )
        paths = put(lab, 3)
        for path, table in zip(paths, ("rec", "child", "grandchild"), strict=True):
            self.run(lab, f"INSERT INTO S.{table} VALUES (7, '{metadata(path)}')")

        result = complete(lab)

        references = result.references.sort_values("path")
        assert list(references["path"]) == paths
        assert list(references["table"]) == ["rec", "child", "grandchild"]
        assert set(references["codec"]) == {"npy"}
        assert set(references["row_key"]) == {'{"id": 7}'}

    def test_a_materialized_view_without_data_is_no_obstacle(
        self, lab: Laboratory
    ) -> None:
        filled(lab)
        lab.age()
        view = "MATERIALIZED VIEW S.saved"
        self.run(lab, f"CREATE {view} AS SELECT * FROM S.recording WITH NO DATA")

        empty = complete(lab)
        self.run(lab, f"REFRESH {view}")
        lab.declare(HASH, "First").insert1({"id": 1, "data": b"x"})
        self.run(lab, "DELETE FROM S.recording")
        lab.age()
        emptied = f"REFRESH {view} WITH NO DATA".replace("S.", f'"{lab.name}".')
        refreshed = complete(lab)
        meanwhile = lab.scan(progress=during_a_scan(lab, emptied))
        afterwards = complete(lab)
        self.run(lab, f"DROP {view}")

        assert list(empty.objects["status"]) == ["live"] * 3
        assert list(refreshed.objects["status"]) == ["live"] * 4
        assert isinstance(meanwhile, IncompleteScan)
        assert set(meanwhile.references["table"]) == {"first"}
        assert list(afterwards.orphans["status"]) == ["orphan"] * 3

    def test_a_rewritten_table_without_store_columns_is_no_obstacle(
        self, lab: Laboratory
    ) -> None:
        with_first_and_last(lab)
        self.run(lab, "CREATE TABLE S.numbers (id int)")
        truncate = f'TRUNCATE "{lab.name}".numbers'

        result = lab.scan(progress=during_a_scan(lab, truncate))

        assert result.complete, result.problems


@pytest.mark.parametrize(
    "change", ["DROP TABLE {table}", "ALTER TABLE {table} DROP COLUMN data"]
)
def test_what_is_dropped_during_a_scan_leaves_nothing_else_unread(
    lab: Laboratory, change: str
) -> None:
    with_first_and_last(lab)
    change = change.format(table=lab.quote(lab.name, "recording"))

    result = lab.scan(progress=during_a_scan(lab, change))

    assert result.complete, result.problems
    (gone,) = result.warnings.with_code("column-gone")
    assert gone.where == f"{lab.name}.recording.data"
    assert set(result.references["table"]) == {"first", "zuletzt"}


@pytest.mark.parametrize("what", ["table", "column"])
def test_what_is_renamed_during_a_scan_is_never_taken_for_dropped(
    lab: Laboratory, what: str
) -> None:
    with_first_and_last(lab)
    table = lab.quote(lab.name, "recording")
    new = lab.quote(lab.name, "renamed") if lab.backend == "mysql" else "renamed"
    change = {
        "table": f"ALTER TABLE {table} RENAME TO {new}",
        "column": f"ALTER TABLE {table} RENAME COLUMN data TO renamed",
    }

    result = lab.scan(progress=during_a_scan(lab, change[what]))

    assert isinstance(result, IncompleteScan)
    assert result.problems[0].where == f"{lab.name}.recording.data"
    assert set(result.references["table"]) >= {"first", "zuletzt"}


def test_a_column_dropped_while_references_are_read_again_stops_a_sweep(
    lab: Laboratory,
) -> None:
    with_first_and_last(lab)
    (lab.declare(HASH, "First") & "id = 1").delete()
    lab.declare("id : int32\n---\nnote : json\n", "Arming")
    drops: list[str] = []

    def drop(_: object) -> list[tuple[str, None]]:
        while drops:
            lab.connection.query(drops.pop())
        return []

    register_codec("dropping", drop)
    table = lab.quote(lab.name, "armed")
    column = (
        "data json COMMENT ':<dropping>:'" if lab.backend == "mysql" else "data json"
    )
    lab.connection.query(f"CREATE TABLE {table} (id int PRIMARY KEY, {column})")
    if lab.backend == "postgresql":
        lab.connection.query(f"COMMENT ON COLUMN {table}.data IS ':<dropping>:'")
    lab.write_row("armed", 1, {"a": 1})
    plan = planned(complete(lab))

    drops.append(f"DROP TABLE {lab.quote(lab.name, 'zuletzt')}")
    with pytest.raises(SweepRefusedError, match="dropped while references were read"):
        plan.sweep()

    assert not drops


def test_a_schema_dropped_during_a_scan_leaves_nothing_else_unread(
    lab: Laboratory,
) -> None:
    with_first_and_last(lab)
    other = lab.quote(f"{lab.name}_other")
    lab.connection.query(f"CREATE SCHEMA {other}")
    lab.connection.query(f"CREATE TABLE {other}.t (id int PRIMARY KEY, data json)")
    cascade = " CASCADE" if lab.backend == "postgresql" else ""

    drop = f"DROP SCHEMA {other}{cascade}"
    result = lab.scan(progress=during_a_scan(lab, drop))

    assert result.complete, result.problems
    assert [gone.code for gone in result.warnings] == ["column-gone"]
    assert list(result.objects["status"]) == ["live"] * 5


@pytest.mark.parametrize("backend", MYSQL_FAMILY)
@pytest.mark.parametrize(
    ("comment", "value", "complete"),
    [
        ("", '{"path": "/api/v1", "url": "https://host/x"}', True),
        ("", "P", False),
        (":<own@raw>:", None, False),
    ],
    ids=["of no interest", "a reference", "a codec"],
)
def test_a_table_without_snapshots_matters_only_if_it_refers_into_the_stores(
    lab: Laboratory, comment: str, value: str | None, *, complete: bool
) -> None:
    filled(lab)
    (path,) = put(lab, 1)
    table = lab.quote(lab.name, "settings")
    lab.connection.query(
        f"CREATE TABLE {table} (id int PRIMARY KEY, data json COMMENT '{comment}') "
        "ENGINE=MyISAM"
    )
    if value is not None:
        text = metadata(path) if value == "P" else value
        lab.connection.query(f"INSERT INTO {table} VALUES (1, '{text}')")

    result = lab.scan()

    assert result.complete is complete
    assert bool(result.problems.with_code("no-snapshot")) is not complete


@pytest.mark.parametrize("backend", MYSQL_FAMILY)
def test_a_row_that_leaves_a_table_without_snapshots_meanwhile_is_a_problem(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(lab)
    (path,) = put(lab, 1)
    queue, done = (lab.quote(lab.name, name) for name in ("queue", "done"))
    run = lab.connection.query
    for table, engine in ((queue, "MyISAM"), (done, "InnoDB")):
        run(f"CREATE TABLE {table} (id int PRIMARY KEY, data json) ENGINE={engine}")
    run(f"INSERT INTO {queue} VALUES (1, '{metadata(path)}')")
    read = Snapshot.count_values

    def after_the_move(snapshot: Snapshot, column: StoreColumn) -> int:
        run(f"INSERT IGNORE INTO {done} SELECT * FROM {queue}")
        run(f"DELETE FROM {queue}")
        return read(snapshot, column)

    monkeypatch.setattr(Snapshot, "count_values", after_the_move)
    result = lab.scan()

    assert [notice.code for notice in result.problems] == ["no-snapshot"]


@pytest.mark.mariadb
class TestMariaDB:
    @pytest.fixture
    def backend(self) -> str:
        return "mariadb"

    @pytest.mark.parametrize("partitions", ["", "PARTITION BY SYSTEM_TIME LIMIT 2"])
    def test_what_a_versioned_row_referred_to_is_never_an_orphan(
        self, lab: Laboratory, partitions: str
    ) -> None:
        table = lab.quote(lab.name, "rec")
        run = lab.connection.query
        run(
            f"CREATE TABLE {table} (id int PRIMARY KEY, data json COMMENT "
            f"':<npy@raw>:') WITH SYSTEM VERSIONING {partitions}"
        )
        paths = put(lab, 4)
        for number, path in enumerate(paths[:3]):
            run(f"INSERT INTO {table} VALUES ({number}, '{metadata(path)}')")
        run(f"UPDATE {table} SET data = '{metadata(paths[2])}' WHERE id = 1")
        run(f"DELETE FROM {table} WHERE id = 0")

        result = complete(lab)

        status = dict(
            zip(result.objects["path"], result.objects["status"], strict=True)
        )
        expected = ["live", "live", "live", "orphan"]
        assert status == dict(zip(paths, expected, strict=True))
        assert [c.counted for c in result.counts if lab.name in c.column] == [4]


@pytest.mark.parametrize(
    "source",
    [
        {"system": "PyRat", "path": "data/2026/run.dat", "store": "PyRat"},
        {"url": "https://lims.example.org/run/7?x#y"},
    ],
)
def test_provenance_protects_and_is_never_missing(
    anywhere: Laboratory, source: dict[str, str]
) -> None:
    lab = anywhere
    lab.config.provenance.capture = True
    lab.config.provenance.source = source
    table = lab.declare(NPY)
    table.insert({"id": key, "data": array(key)} for key in (1, 2, 3))
    (table & "id = 1").delete()
    lab.age()

    result = complete(lab)

    assert result.missing.empty
    assert result.warnings == ()
    assert sorted(result.objects["status"]) == ["live", "live", "orphan"]
    assert result.plan(
        result.orphans, {"sole-owner", "large-sweep", "minimum-age"}
    ).allowed


def test_provenance_never_protects_more_than_an_object(lab: Laboratory) -> None:
    lab.config.provenance.capture = True
    lab.config.provenance.source = {"path": f"_schema/{lab.name}", "store": "raw"}
    table = lab.declare(NPY)
    table.insert({"id": key, "data": array(key)} for key in (1, 2))
    (table & "id = 1").delete()
    lab.age()

    assert sorted(complete(lab).objects["status"]) == ["live", "orphan"]
