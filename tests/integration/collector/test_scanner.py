"""A scan of real servers: what it reads, refuses and leaves alone."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import datajoint as dj
import numpy as np
import psycopg2
import pytest
from laboratory import (
    HASH,
    NOW,
    NPY,
    Laboratory,
    array,
    complete,
    filled,
    look_only,
    orphaned,
    planned,
    reader,
    schema_of,
    unseen_parts,
)
from services import MYSQL_FAMILY
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
from djgc_widgets.model import NoticeCode, Step


def test_a_scan_works_on_a_select_only_account(laboratory: Laboratory) -> None:
    filled(laboratory)
    laboratory.age()

    with reader(laboratory, *look_only(laboratory)) as connection:
        result = scan(schema_of(connection, laboratory.name))

    assert isinstance(result, CompleteScan), result.problems
    assert list(result.objects["status"]) == ["live"] * 3
    assert [(c.counted, c.read, c.referring) for c in result.counts] == [(3, 3, 3)]


def test_a_scan_reads_no_object_and_writes_nothing(tmp_path: Path) -> None:
    with open_lab() as lab:
        stores = list(lab.stores.values())
        with watch(*stores) as control:
            next(path for path in stores[0].rglob("*.npy")).read_bytes()
            (stores[0] / "README.txt").touch()
        with watch(*stores) as events:
            result = scan(lab.schema)

        assert len(control.read) == 1
        assert control.changed == {"README.txt"}
        assert result.complete
        assert events.read == set()
        assert events.changed == set()
    assert tmp_path.exists()


def test_a_scan_of_a_read_only_session_is_complete(lab: Laboratory) -> None:
    filled(lab)
    user = lab.server.user
    lab.connection.query(f"ALTER ROLE {user} SET default_transaction_read_only = on")
    try:
        result = lab.scan(minimum_age=NOW)
    finally:
        lab.connection.query(f"ALTER ROLE {user} RESET default_transaction_read_only")

    assert result.complete, result.problems


def test_objects_are_listed_before_references_are_read(anywhere: Laboratory) -> None:
    table = filled(anywhere)

    def insert_while_reading(progress: Progress) -> None:
        if progress.step is Step.READING and not (table & "id = 100"):
            table.insert1({"id": 100, "data": b"written while references are read"})

    result = anywhere.scan(minimum_age=NOW, progress=insert_while_reading)

    assert len(table) == 4
    assert result.orphans.empty
    assert list(result.objects["status"]) == ["live"] * 3


def test_a_row_committed_after_the_listing_is_not_missing(anywhere: Laboratory) -> None:
    table = filled(anywhere)

    def insert_after_raw(progress: Progress) -> None:
        if (progress.step, progress.subject) == (Step.LISTING, "derived"):
            table.insert1({"id": 100, "data": b"written in between"})

    result = anywhere.scan(minimum_age=NOW, progress=insert_after_raw)

    assert list(result.references["state"]) == ["present"] * 4


def test_a_scan_neither_sees_nor_blocks_an_open_transaction(
    anywhere: Laboratory,
) -> None:
    table = filled(anywhere)
    anywhere.age()

    with anywhere.connection.transaction:
        (table & "id = 1").delete_quick()
        result = anywhere.scan()

    assert list(result.objects["status"]) == ["live"] * 3


def test_a_row_moved_between_tables_during_a_scan_is_seen(anywhere: Laboratory) -> None:
    first = filled(anywhere)
    second = anywhere.declare(HASH, "Second")
    anywhere.age()
    columns = "(id, data)"

    def move_the_rows(progress: Progress) -> None:
        if progress.step is Step.READING and len(first):
            source = anywhere.quote(anywhere.name, first.table_name)
            target = anywhere.quote(anywhere.name, second.table_name)
            rows = f"SELECT id, data FROM {source}"
            anywhere.connection.query(f"INSERT INTO {target} {columns} {rows}")
            anywhere.connection.query(f"DELETE FROM {source}")

    result = anywhere.scan(progress=move_the_rows)

    assert result.complete, result.problems
    assert list(result.objects["status"]) == ["live"] * 3
    assert len(result.references) == 3


def test_rows_of_other_schemas_keep_an_object_alive(anywhere: Laboratory) -> None:
    table = filled(anywhere, range(1, 2))
    other = dj.Schema(f"{anywhere.name}_other", connection=anywhere.connection)
    try:
        copy = anywhere.declare(HASH, "Copy", other)
        source = anywhere.quote(anywhere.name, table.table_name)
        target = anywhere.quote(str(other.database), copy.table_name)
        anywhere.connection.query(
            f"INSERT INTO {target} (id, data) SELECT id, data FROM {source}"
        )
        table.delete()
        anywhere.age()

        result = anywhere.scan()
        everything = scan(anywhere.connection)
    finally:
        other.drop(prompt=False)

    assert list(result.objects["status"]) == ["live"]
    assert result.references.iloc[0]["schema"] == other.database
    assert list(everything.objects["status"]) == ["live"]
    assert {anywhere.name, other.database} <= set(everything.schemas)


def test_only_objects_of_scanned_schemas_are_judged(anywhere: Laboratory) -> None:
    filled(anywhere, range(1, 2))
    other = dj.Schema(f"{anywhere.name}_other", connection=anywhere.connection)
    try:
        garbage = anywhere.declare(HASH, "Copy", other)
        garbage.insert1({"id": 1, "data": b"of the other schema"})
        garbage.delete()
        anywhere.age()

        result = anywhere.scan()
        both = scan(anywhere.schema, other, minimum_age=anywhere.minimum_age)
    finally:
        other.drop(prompt=False)

    assert sorted(result.objects["status"]) == ["live", "unknown"]
    assert result.orphans.empty
    assert sorted(both.objects["status"]) == ["live", "orphan"]


def test_rows_of_other_databases_of_a_cluster_keep_an_object_alive(
    lab: Laboratory,
) -> None:
    table = filled(lab, range(1, 2))
    raw = lab.query(f'SELECT data::text FROM "{lab.name}"."recording"')[0][0]
    name = f"{lab.name}_db"
    lab.connection.query(f'CREATE DATABASE "{name}"')
    try:
        server = lab.server
        there = psycopg2.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            dbname=name,
        )
        with there, there.cursor() as cursor:
            cursor.execute(
                "CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY, d jsonb); "
                "COMMENT ON COLUMN s.t.d IS ':<hash@raw>:'; "
                "INSERT INTO s.t VALUES (1, %s)",
                (raw,),
            )
        there.close()
        table.delete()
        lab.age()

        result = lab.scan()
        lab.connection.query(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')
        with reader(lab, *look_only(lab)) as connection:
            blind = scan(schema_of(connection, lab.name))
    finally:
        lab.connection.query(f'DROP DATABASE "{name}"')

    assert list(result.objects["status"]) == ["live"]
    assert isinstance(blind, CompleteScan), blind.problems
    assert name in blind.unseen[0].where
    refusals = {refusal.name for refusal in blind.plan([]).refusals}
    assert refusals == {"empty", *unseen_parts(blind)}


def test_a_column_that_may_not_be_read_makes_a_scan_incomplete(
    laboratory: Laboratory,
) -> None:
    filled(laboratory)
    laboratory.declare(HASH, "Hidden").insert1({"id": 1, "data": b"hidden"})
    laboratory.age()
    sql_table = laboratory.quote(laboratory.name, "recording")
    grants = [f"SELECT ON {sql_table}"]
    if laboratory.backend == "postgresql":
        grants.append(f"USAGE ON SCHEMA {laboratory.quote(laboratory.name)}")

    with reader(laboratory, *grants) as connection:
        result = scan(schema_of(connection, laboratory.name))

    assert isinstance(result, IncompleteScan)
    assert not hasattr(result, "plan")
    unread, hidden = NoticeCode.TABLE_UNREADABLE, NoticeCode.SCHEMA_HIDES_TABLES
    expected = unread if laboratory.backend == "postgresql" else hidden
    assert result.problems[0].code is expected


def test_an_incomplete_scan_never_calls_an_object_an_orphan(
    anywhere: Laboratory,
) -> None:
    orphaned(anywhere, HASH)
    anywhere.put(f"_hash/{anywhere.name}/{'a' * 26}", "derived")
    anywhere.put("README.txt")
    before = anywhere.scan()
    sql_table = anywhere.quote(anywhere.name, "recording")
    anywhere.connection.query(f"UPDATE {sql_table} SET data = '{{}}' WHERE id = 4")

    result = anywhere.scan()

    assert isinstance(result, IncompleteScan)
    status, why = result.objects["status"], result.objects["reason_code"]
    assert status.value_counts().to_dict() == {"unknown": 6, "live": 1}
    assert why.value_counts().to_dict() == {"scan-incomplete": 5, "not-datajoint": 1}
    assert set(result.summary()["status"]) == {"live", "unknown"}
    assert result.adds_up()
    assert result.orphans.empty
    assert result.places()["n_orphans"].sum() == 0
    assert "orphans not known" in repr(result)
    assert len(before.orphans) >= 3


def test_an_empty_store_that_rows_refer_to_is_a_problem_until_the_rows_are_gone(
    anywhere: Laboratory,
) -> None:
    table = filled(anywhere, range(1))
    for path in anywhere.contents():
        anywhere.remove(path)

    result = anywhere.scan()
    table.delete()

    assert isinstance(result, IncompleteScan)
    (problem,) = result.problems
    assert (problem.code, problem.where) == (NoticeCode.NOTHING_LISTED, "store raw")
    assert isinstance(anywhere.scan(), CompleteScan)


def test_a_wrong_location_is_a_problem(anywhere: Laboratory) -> None:
    filled(anywhere)
    anywhere.put("other/placeholder", "derived")
    anywhere.remove("other/placeholder", "derived")
    stores = anywhere.config.stores
    wrong = f"{stores['derived']['location']}/other"
    anywhere.config.stores = {"raw": {**stores["derived"], "location": wrong}}

    result = anywhere.scan()

    assert isinstance(result, IncompleteScan)
    assert {p.code for p in result.problems} & {
        NoticeCode.NOTHING_LISTED,
        NoticeCode.STORE_UNREAD,
    }


def test_an_empty_section_that_rows_refer_to_is_a_problem(anywhere: Laboratory) -> None:
    table = filled(anywhere)
    anywhere.declare(NPY, "Array").insert1({"id": 1, "data": array(1)})
    for path in anywhere.contents():
        if path.startswith("_hash/"):
            anywhere.remove(path)

    result = anywhere.scan()
    table.delete()

    assert isinstance(result, IncompleteScan)
    (problem,) = result.problems
    assert problem.code is NoticeCode.NOTHING_LISTED
    assert problem.values["part"] == "its hash section"
    assert isinstance(anywhere.scan(), CompleteScan)


def test_a_store_whose_objects_are_all_in_its_trash_is_not_empty(
    anywhere: Laboratory,
) -> None:
    table = filled(anywhere)
    table.delete()
    anywhere.age()
    planned(complete(anywhere)).sweep()
    raw = [path for path in anywhere.contents() if "/objects/" in path]
    for key, path in enumerate(raw):
        metadata = {"path": path.partition("/objects/")[2], "store": "raw"}
        anywhere.write_row("recording", key, metadata)

    result = complete(anywhere)

    assert result.trash["returnable"].sum() == 3


@pytest.mark.parametrize(
    ("days", "reason"),
    [(90, "too-young"), (20_000, "too-young"), (-365, "date-in-future")],
)
def test_what_came_here_just_now_is_never_an_orphan_whatever_its_date(
    laboratory: Laboratory, days: int, reason: str
) -> None:
    orphaned(laboratory, HASH)
    laboratory.age(days)
    laboratory.connection.made_up_dates = False

    result = complete(laboratory)

    assert result.orphans.empty
    garbage = result.objects[result.objects["n_references"].eq(0)]
    assert garbage["status"].eq("young").all()
    assert set(garbage["reason_code"]) == {reason}


@pytest.mark.parametrize("value", ["null", "{}", '{"hash": "x"}', "3"])
def test_a_value_without_a_path_makes_a_scan_incomplete(
    anywhere: Laboratory, value: str
) -> None:
    table = filled(anywhere)
    sql_table = anywhere.quote(anywhere.name, table.table_name)
    anywhere.connection.query(f"UPDATE {sql_table} SET data = '{value}' WHERE id = 2")
    anywhere.age()

    result = anywhere.scan()

    assert isinstance(result, IncompleteScan)
    problem = result.problems[0]
    assert problem.code is NoticeCode.VALUES_WITHOUT_PATH
    assert (problem.values["referring"], problem.values["read"]) == (2, 3)
    assert problem.values["row_key"] == '{"id": 2}'


def test_a_newer_release_of_datajoint_is_a_warning(
    postgresql_laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(postgresql_laboratory)
    monkeypatch.setattr(dj, "__version__", "99.0")

    result = postgresql_laboratory.scan()

    assert result.complete, result.problems
    assert result.warnings.with_code(NoticeCode.RELEASE_UNKNOWN)


@pytest.mark.parametrize("kind", MYSQL_FAMILY)
def test_rows_that_do_not_arrive_make_a_scan_incomplete(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server = request.getfixturevalue(kind)
    with Laboratory.on(server, kind, tmp_path) as laboratory:
        filled(laboratory)
        sql_table = laboratory.quote(laboratory.name, "recording")
        # an engine without snapshots
        laboratory.connection.query(f"ALTER TABLE {sql_table} ENGINE = MyISAM")

        def delete_between(progress: Progress) -> None:
            if progress.step is Step.READING:
                laboratory.connection.query(f"DELETE FROM {sql_table} WHERE id = 2")

        result = laboratory.scan(progress=delete_between)

    assert isinstance(result, IncompleteScan)
    (engine,) = result.problems.with_code(NoticeCode.NO_SNAPSHOT)
    assert engine.values["engine"] == "MyISAM"
    (unread,) = result.problems.with_code(NoticeCode.VALUES_UNREAD)
    assert (unread.values["counted"], unread.values["read"]) == (3, 2)
    assert unread.values["row_key"] == '{"id": 3}'


def test_an_inline_codec_with_json_may_or_may_not_refer(laboratory: Laboratory) -> None:
    filled(laboratory)
    sql_table = laboratory.quote(laboratory.name, "inline")
    comment = "':<custom>:'"
    kind = "jsonb" if laboratory.backend == "postgresql" else f"json COMMENT {comment}"
    laboratory.connection.query(
        f"CREATE TABLE {sql_table} (id int PRIMARY KEY, d {kind})"
    )
    if laboratory.backend == "postgresql":
        laboratory.connection.query(f"COMMENT ON COLUMN {sql_table}.d IS {comment}")
    path = f"_schema/{laboratory.name}/rec/id=1/v_abcd"
    laboratory.connection.query(
        f"""INSERT INTO {sql_table} VALUES (1, '{{"a": 1}}'),
        (2, '{{"deep": ["{path}"]}}')"""
    )
    target = laboratory.store("raw") / path
    target.parent.mkdir(parents=True)
    target.touch()
    laboratory.age()

    result = laboratory.scan()

    assert result.complete, result.problems
    assert result.objects.set_index("path").loc[path, "status"] == "live"


def test_an_unreadable_folder_makes_a_scan_incomplete(lab: Laboratory) -> None:
    filled(lab)
    closed = lab.store("raw") / "_hash"
    let_in(lab.folder)
    closed.chmod(0)

    with ordinary_account():
        result = lab.scan(minimum_age=NOW)

    closed.chmod(0o755)
    assert isinstance(result, IncompleteScan)
    assert result.problems[0].where == "store raw: _hash"


def test_nothing_is_missing_in_a_store_whose_root_cannot_be_read(
    lab: Laboratory,
) -> None:
    filled(lab)
    let_in(lab.folder)
    lab.store("raw").chmod(0)

    with ordinary_account():
        result = lab.scan(minimum_age=NOW)

    lab.store("raw").chmod(0o755)
    assert set(result.references["state"]) == {"unknown"}
    assert result.missing.empty


def test_a_lost_server_makes_a_scan_incomplete(laboratory: Laboratory) -> None:
    filled(laboratory)

    def kill(progress: Progress) -> None:
        if progress.step is not Step.READING:
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

    result = laboratory.scan(minimum_age=NOW, progress=kill)

    assert isinstance(result, IncompleteScan)
    assert result.problems[0].code is NoticeCode.DATABASE_UNREAD
    assert laboratory.server.password not in str(result.problems)


def test_a_scan_says_what_it_covered(laboratory: Laboratory) -> None:
    filled(laboratory)

    result = laboratory.scan()

    assert result.schemas == (laboratory.name,)
    assert [store.name for store in result.stores] == ["raw", "derived"]
    assert result.servers[0].endswith(f"127.0.0.1:{laboratory.server.port}")
    assert laboratory.server.password not in repr(result)
    assert result.elapsed_seconds > 0


def test_names_of_any_spelling_are_quoted(laboratory: Laboratory) -> None:
    filled(laboratory)
    name = "we\"ird %s `na'me"
    mark = '"' if laboratory.backend == "postgresql" else "`"
    quoted = mark + name.replace(mark, mark * 2) + mark
    sql_table = f"{laboratory.quote(laboratory.name)}.{quoted}"
    comment = "':<hash@raw>:'"

    def run(statement: str) -> None:
        laboratory.connection.query(statement.replace("%", "%%"))

    kind = "jsonb" if laboratory.backend == "postgresql" else f"json COMMENT {comment}"
    run(f"CREATE TABLE {sql_table} ({quoted} int PRIMARY KEY, d {kind})")
    if laboratory.backend == "postgresql":
        run(f"COMMENT ON COLUMN {sql_table}.d IS {comment}")
    run(f"""INSERT INTO {sql_table} VALUES (7, '{{"path": "a/b"}}')""")

    result = laboratory.scan()

    assert result.complete, result.problems
    row = result.references[result.references["table"].eq(name)].iloc[0]
    assert row["path"] == "a/b"


def test_two_names_of_one_folder_are_one_store(lab: Laboratory) -> None:
    filled(lab)
    lab.age()
    link = lab.folder / "link"
    link.symlink_to(lab.store("raw"))
    stores = lab.config.stores
    stores["again"] = {"protocol": "file", "location": str(link)}
    stores["raw"], stores["again"] = stores["again"], stores["raw"]

    result = lab.scan()

    assert [store.aliases for store in result.stores] == [
        ("raw", "again"),
        ("derived",),
    ]
    assert list(result.objects["status"]) == ["live"] * 3


@pytest.mark.parametrize(
    ("change", "error"),
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
    lab: Laboratory, change: dict[str, str], error: str
) -> None:
    filled(lab)
    spec = lab.config.stores["derived"]
    lab.config.stores["derived"] = (
        change if "location" in change and "protocol" in change else {**spec, **change}
    )

    result = lab.scan()
    without = lab.scan(stores=["raw"])

    assert isinstance(result, IncompleteScan)
    assert result.problems[0].where == "store derived"
    assert error in result.problems[0].message
    assert without.complete, without.problems


class TestBadInput:
    @pytest.mark.parametrize(
        ("command", "message"),
        [
            (lambda _: scan(), "at least one schema or a connection; got none"),
            (lambda _: scan("lab"), "got str 'lab'"),
            (
                lambda lab: scan(dj.Schema(connection=lab.connection)),
                "Expected a schema that exists",
            ),
            (
                lambda lab: lab.scan(stores=["cold", "warm"]),
                r"\(derived, raw\); got cold, warm\.",
            ),
            (lambda lab: lab.scan(minimum_age=timedelta(days=-1)), "an age from 0"),
        ],
        ids=["nothing", "a name", "no active schema", "unknown stores", "an age"],
    )
    def test_arguments_that_make_no_sense_are_named(
        self,
        laboratory: Laboratory,
        command: Callable[[Laboratory], object],
        message: str,
    ) -> None:
        with pytest.raises(InputError, match=message):
            command(laboratory)

    def test_a_schema_that_does_not_exist(self, laboratory: Laboratory) -> None:
        laboratory.schema.drop(prompt=False)

        expected = f"got '{laboratory.name}', which does not"
        with pytest.raises(InputError, match=expected):
            laboratory.scan()

    def test_a_closed_connection(self, laboratory: Laboratory) -> None:
        laboratory.connection.close()

        with pytest.raises(InputError, match="got one that is closed"):
            laboratory.scan()
        laboratory.connection.connect()

    def test_no_store_at_all(self, laboratory: Laboratory) -> None:
        laboratory.config.stores = {}

        expected = r"at least one object store in dj\.config\.stores"
        with pytest.raises(InputError, match=expected):
            laboratory.scan()

    def test_schemas_of_two_accounts(self, laboratory: Laboratory) -> None:
        filled(laboratory)
        with reader(laboratory, *look_only(laboratory)) as connection:
            other = schema_of(connection, laboratory.name)
            expected = "several servers, accounts or configurations"
            with pytest.raises(InputError, match=expected):
                scan(laboratory.schema, other)

    def test_a_schema_without_store_columns(self, laboratory: Laboratory) -> None:
        laboratory.declare("id : int32\n---\nnote : varchar(8)\n")

        result = laboratory.scan()

        assert isinstance(result, IncompleteScan)
        assert result.problems[0].code is NoticeCode.NO_STORE_COLUMN

    def test_an_account_without_rights(self, lab: Laboratory) -> None:
        filled(lab)

        with reader(lab, f'USAGE ON SCHEMA "{lab.name}"') as connection:
            result = scan(schema_of(connection, lab.name))

        assert isinstance(result, IncompleteScan)
        assert result.problems[0].where == f"{lab.name}.recording"


def frames_of(result: CompleteScan) -> list[Any]:
    properties = ("objects", "references", "orphans", "missing", "trash", "files")
    sums = result.summary(), result.usage(), result.places()
    return [*(getattr(result, name) for name in properties), *sums]


def test_frames_are_the_callers_to_alter(lab: Laboratory) -> None:
    orphaned(lab)
    result = complete(lab)
    before = [frame.copy(deep=True) for frame in frames_of(result)]
    shown = frames_of(result)

    for frame in frames_of(result):
        frame.loc[:, "store"] = "altered"
        frame.iloc[:, -1] = frame.iloc[::-1, -1].to_numpy()
        frame.index.name = "altered"
        frame.columns = [f"altered {name}" for name in frame]

    for frames in (shown, frames_of(result)):
        for frame, expected in zip(frames, before, strict=True):
            assert frame.equals(expected)
            assert frame.index.name == expected.index.name
    assert result.adds_up()


def test_a_frame_is_made_once(lab: Laboratory) -> None:
    orphaned(lab)
    result = complete(lab)

    first = frames_of(result)
    made = dict(result._frames)  # noqa: SLF001 - what was made at the first request
    again = frames_of(result)

    assert len(made) == len(first)
    assert all(result._frames[name] is frame for name, frame in made.items())  # noqa: SLF001 - as above
    sizes = (frames[2]["size_bytes"].to_numpy() for frames in (first, again))
    assert np.shares_memory(*sizes)  # orphans are sorted once, and not copied


def test_a_scan_shows_itself_in_one_line_and_as_escaped_html(lab: Laboratory) -> None:
    orphaned(lab)
    result = complete(lab)
    lab.config.stores["<b>gone"] = {"protocol": "file", "location": "no-such-folder"}
    incomplete = lab.scan()

    line = f"complete scan of {lab.name}, {result.started_at:%Y-%m-%d %H:%M} UTC: "
    assert repr(result).startswith(f"CompleteScan: {line}5 files (")
    assert repr(result).endswith(", 0 missing objects, 0 problems")
    assert ", 3 orphans (" in repr(result)
    assert repr(incomplete).startswith(f"IncompleteScan: incomplete scan of {lab.name}")
    assert f"<p><b>CompleteScan: {line}" in result._repr_html_()
    html = incomplete._repr_html_()
    assert "<li>store &lt;b&gt;gone: " in html
    assert "<b>gone" not in html


def test_what_was_lost_but_is_back_is_not_missing(lab: Laboratory) -> None:
    filled(lab)
    lost = next(lab.store("raw").rglob("_hash/*/*"))
    elsewhere = lost.rename(lab.folder / "elsewhere")

    def put_back(progress: Progress) -> None:
        if progress.step is Step.RECONCILING:
            elsewhere.rename(lost)

    result = lab.scan(progress=put_back)

    assert result.missing.empty
    assert os.path.getmtime(lost) < time.time() + 60  # noqa: PTH204


def test_a_path_behind_a_link_counts_as_missing_and_says_so(lab: Laboratory) -> None:
    filled(lab, range(1, 2))
    section = lab.store("raw") / "_hash"
    section.rename(lab.folder / "elsewhere")
    section.symlink_to(lab.folder / "elsewhere")

    result = lab.scan(minimum_age=NOW)

    assert len(result.missing) == 1
    assert result.warnings[0].code is NoticeCode.PATH_BARRED
    assert result.orphans.empty
