"""Every shape of metadata, whatever wrote it, leads to its objects."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from laboratory import Laboratory, complete
from own_codec import register_codec

from djgc_widgets import IncompleteScan
from djgc_widgets.model import Notices


def paths(lab: Laboratory, count: int = 3) -> list[str]:
    """Store some objects; the last one is nobody's."""
    paths = [
        f"_schema/{lab.name}/recording/id={number}/data_AbCd123{number}.npy"
        for number in range(1, count + 1)
    ]
    for path in paths:
        lab.put(path)
    return paths


def live(lab: Laboratory) -> set[str]:
    lab.age()
    objects = complete(lab).objects
    return set(objects.loc[objects["status"].eq("live"), "path"])


def problems_of(lab: Laboratory) -> Notices:
    """Return the problems of a scan, which is incomplete."""
    result = lab.scan()
    assert isinstance(result, IncompleteScan)
    return result.problems


def declare(lab: Laboratory, comment: str, data_type: str = "json") -> None:
    """Declare a table without DataJoint, so that no codec has to be known."""
    table = lab.quote(lab.name, "recording")
    run, start = lab.connection.query, f"CREATE TABLE {table} (id int PRIMARY KEY, data"
    if lab.backend == "mysql":
        run(f"{start} {data_type} COMMENT '{comment}')")
        return
    kind = {"json": "jsonb", "longtext": "text"}.get(data_type, data_type)
    run(f"{start} {kind})")
    note = comment.replace("'", "''")
    run(f"COMMENT ON COLUMN {table}.data IS '{note}'")


SHAPES: dict[str, Any] = {
    "path": lambda p: {"path": p, "store": "raw"},
    "path without store": lambda p: {"path": p},
    "url": lambda p: {"url": p, "store": "raw"},
    "trailing slash": lambda p: {"path": f"{p}/"},
    "doubled slashes": lambda p: {"path": f"/{p.replace('/', '//')}"},
    "dotted": lambda p: {"path": f"./{p.replace('/recording/', '/./x/../recording/')}"},
    "other key": lambda p: {"file": p},
    "deep": lambda p: {"a": [{"b": {"c": p}}]},
    "key": lambda p: {p: "what it is"},
    "list": lambda p: [p],
    "bare": lambda p: p,
    "encoded twice": lambda p: json.dumps({"path": p}),
    "encoded inside": lambda p: {"inner": json.dumps({"path": p})},
    "chained": lambda p: {"outer": {"path": p, "store": "raw"}},
    "below a section": lambda p: {"key": p.removeprefix("_schema/")},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("comment", [":<nobodys@raw>:", ":<nobodys>:", "plain"])
def test_a_path_is_found_in_any_shape(
    laboratory: Laboratory, shape: str, comment: str
) -> None:
    declare(laboratory, comment)
    laboratory.declare("id : int32\n---\ndata : <npy@raw>\n", "Other")
    needed, _, other = paths(laboratory)
    laboratory.write_row("recording", 1, SHAPES[shape](needed))

    assert live(laboratory) == {needed}
    assert other in set(complete(laboratory).orphans["path"])


@pytest.mark.parametrize(
    "rest",
    [
        lambda path: [{"path": path, "store": "raw"}],
        lambda path: "\ufeff\n " + json.dumps({"file": path}),
    ],
    ids=["list", "JSON inside a text"],
)
def test_several_paths_of_one_value_are_all_found(
    anywhere: Laboratory, rest: Callable[[str], object]
) -> None:
    declare(anywhere, ":<parquet@raw>:")
    first, second, _ = paths(anywhere)
    anywhere.write_row("recording", 1, {"path": first, "rest": rest(second)})

    assert live(anywhere) == {first, second}


def test_a_listed_object_outside_of_the_sections_is_found(anywhere: Laboratory) -> None:
    declare(anywhere, ":<zarr@raw>:")
    anywhere.put("former/folder/x.zarr/0")
    anywhere.put("former/folder/y.zarr/0")
    anywhere.write_row("recording", 1, {"array": "former/folder/x.zarr"})

    assert live(anywhere) == {"former/folder/x.zarr"}


def test_what_names_nothing_at_all_is_a_problem(anywhere: Laboratory) -> None:
    declare(anywhere, ":<zarr@raw>:")
    anywhere.write_row("recording", 1, {"array": "former/folder/x.zarr"})

    problem = problems_of(anywhere)[0]

    assert problem.code == "values-without-path"
    assert problem.values["referring"] == 0


def test_a_codecs_own_reading_counts(anywhere: Laboratory) -> None:
    needed, _, _ = paths(anywhere)
    digest = needed.rpartition("_")[2].partition(".")[0]
    register_codec(
        "tokens", lambda stored: [(needed, "raw")] if stored["t"] == digest else []
    )
    declare(anywhere, ":<tokens@raw>:")
    anywhere.write_row("recording", 1, {"t": digest})

    assert live(anywhere) == {needed}


@pytest.mark.parametrize("comment", [":<broken@raw>:", ":<broken>:"])
def test_a_codec_whose_own_reading_fails_is_a_problem(
    laboratory: Laboratory, comment: str
) -> None:
    register_codec("broken", lambda stored: stored["no such key"])
    declare(laboratory, comment)
    needed, _, _ = paths(laboratory)
    laboratory.write_row("recording", 1, {"path": needed})
    laboratory.age()

    assert "referenced_paths (KeyError" in str(problems_of(laboratory))


@pytest.mark.parametrize("text", ["{", "not json", ""])
@pytest.mark.mariadb
def test_what_is_no_json_is_a_problem_only_where_it_must_be(
    text: str, laboratory: Laboratory
) -> None:
    needed, _, _ = paths(laboratory)
    declare(laboratory, ":<own@raw>:", "longtext")
    laboratory.declare("id : int32\n---\ndata : <npy@raw>\n", "Other")
    table = laboratory.quote(laboratory.name, "recording")
    laboratory.connection.query(f"INSERT INTO {table} VALUES (1, '{text}')")
    laboratory.age()
    result = laboratory.scan()
    laboratory.connection.query(f"DELETE FROM {table}")
    laboratory.connection.query(f"INSERT INTO {table} VALUES (1, '\"{needed}\"')")

    assert isinstance(result, IncompleteScan)
    assert live(laboratory) == {needed}


def test_external_stores_of_0_14_are_strangers(anywhere: Laboratory) -> None:
    kind = {"postgresql": "bytea", "mysql": "binary(16)"}[anywhere.backend]
    declare(anywhere, ":blob@raw:", kind)
    anywhere.declare("id : int32\n---\ndata : <npy@raw>\n", "Other")
    external = f"{anywhere.name}/ab/cd/abcd0123456789abcdef0123456789ab"
    for path in (external, f"{external}.notes_2020.txt", "datajoint_store.json"):
        anywhere.put(path)
    _, _, garbage = paths(anywhere)
    anywhere.age()

    result = complete(anywhere)

    assert external not in set(result.orphans["path"])
    objects = result.objects.set_index("path")
    assert objects.loc[external, "reason_code"] == "datajoint-0.14"
    assert objects.loc["datajoint_store.json", "status"] == "unknown"
    assert objects.loc[garbage, "status"] == "orphan"


SPELLINGS = {
    "versioned": "{path}?versionId=3",
    "fragment": "{path}#group",
    "file url": "file://{folder}/raw/{path}",
    "file url with host": "file://localhost{folder}/raw/{path}#x",
    "chained": "zip://x::file://{folder}/raw/{path}",
    "blanks": " {path}\n",
    "escaped": "{escaped}",
    "absolute without its slash": "{bare}/raw/{path}",
    "backslashes": "{windows}",
    "url of another host": "https://bucket.s3.eu-central-1.amazonaws.com/a/{path}?X-Amz=1",
    "bucket and prefix": "bucket/some/prefix/{path}",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("key", ["path", "url", "other"])
def test_a_path_is_found_in_any_spelling(
    anywhere: Laboratory, spelling: str, key: str
) -> None:
    declare(anywhere, ":<nobodys@raw>:")
    needed, _, other = paths(anywhere)
    text = SPELLINGS[spelling].format(
        path=needed,
        folder=anywhere.folder,
        bare=str(anywhere.folder).lstrip("/"),
        escaped=needed.replace("=", "%3D"),
        windows=needed.replace("/", "\\"),
    )
    anywhere.write_row("recording", 1, {key: text, "store": "raw"})

    assert live(anywhere) == {needed}
    assert other in set(complete(anywhere).orphans["path"])


@pytest.mark.parametrize(
    ("kind", "value"),
    {
        "{s}.meta": "'{j}'",
        "{s}.meta_of_meta": "'{j}'",
        "jsonb[]": "ARRAY['{j}'::jsonb]",
        "{s}.metas": "ARRAY['{j}'::jsonb]",
        "{s}.metas_of_metas": "ARRAY['{j}'::jsonb]",
        "{s}.meta_of_meta[]": "ARRAY['{j}'::{s}.meta]",
        "{s}.described": "ROW(NULL, ARRAY['{j}'::{s}.meta])",
        "{s}.described[]": "ARRAY[ROW(1, ARRAY['{j}'::{s}.meta])::{s}.described]",
        "{s}.source": "ROW('{j}')",
    }.items(),
)
def test_json_of_any_kind_is_read_on_postgresql(
    postgresql_laboratory: Laboratory, kind: str, value: str
) -> None:
    laboratory = postgresql_laboratory
    run, schema = laboratory.connection.query, laboratory.quote(laboratory.name)
    run(f"CREATE DOMAIN {schema}.meta AS jsonb")
    run(f"CREATE DOMAIN {schema}.meta_of_meta AS {schema}.meta")
    run(f"CREATE DOMAIN {schema}.metas AS jsonb[]")
    run(f"CREATE DOMAIN {schema}.metas_of_metas AS {schema}.metas")
    run(f"CREATE TYPE {schema}.described AS (n int, metas {schema}.meta_of_meta[])")
    run(f"CREATE TABLE {schema}.source (data jsonb)")
    needed, _, _ = paths(laboratory)
    laboratory.declare("id : int32\n---\ndata : <npy@raw>\n", "Other")
    table, names = f"{schema}.recording", {"s": schema}
    run(f"CREATE TABLE {table} (id int PRIMARY KEY, data {kind.format(**names)})")
    text = value.replace("{j}", json.dumps({"deep": needed})).replace("{s}", schema)
    run(f"INSERT INTO {table} VALUES (1, {text})")

    assert live(laboratory) == {needed}


@pytest.mark.parametrize("comment", [":json:", "my notes"])
@pytest.mark.parametrize("backend", ["mariadb"], indirect=True)
@pytest.mark.mariadb
def test_json_is_read_whatever_a_table_was_converted_to(
    laboratory: Laboratory, comment: str
) -> None:
    needed, _, _ = paths(laboratory)
    declare(laboratory, comment)
    laboratory.declare("id : int32\n---\ndata : <npy@raw>\n", "Other")
    laboratory.write_row("recording", 1, {"path": needed, "store": "raw"})
    table = laboratory.quote(laboratory.name, "recording")
    collation = "utf8mb4 COLLATE utf8mb4_unicode_ci"
    laboratory.connection.query(
        f"ALTER TABLE {table} CONVERT TO CHARACTER SET {collation}"
    )

    assert live(laboratory) == {needed}


@pytest.mark.parametrize("data_type", ["char(200)", "varchar(200)", "text"])
def test_a_codec_without_a_store_may_write_text(
    laboratory: Laboratory, data_type: str
) -> None:
    register_codec("texts", lambda stored: [(stored.strip(), "raw")])
    declare(laboratory, ":<texts>:", data_type)
    laboratory.declare("id : int32\n---\ndata : <npy@raw>\n", "Other")
    needed, _, _ = paths(laboratory)
    table = laboratory.quote(laboratory.name, "recording")
    laboratory.connection.query(f"INSERT INTO {table} VALUES (1, '{needed}')")

    assert live(laboratory) == {needed}


def test_half_a_character_is_a_problem(postgresql_laboratory: Laboratory) -> None:
    laboratory = postgresql_laboratory
    declare(laboratory, "", "pg_catalog.json")
    laboratory.write_row("recording", 1, {"path": "a/\ud83d"})

    assert "half a character" in str(problems_of(laboratory)[0])
