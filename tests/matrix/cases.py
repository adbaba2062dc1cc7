"""Write a pipeline with the installed DataJoint, scan it, and print the results.

Run in an environment of its own, for one release and one kind of server. Prints one
line of JSON: for each case ``ok``, what went wrong, or why the release cannot do it,
and what the release's own collector would delete of known live data and known garbage.
"""

import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datajoint as dj
import numpy as np
from pymysql import converters

from djgc_widgets import CompleteScan, scan, second_opinion

_MONTH_SECONDS = 30 * 86_400
Insert = Callable[["Bench", Any, int], None]


class Bench:
    """A schema and a store for one case."""

    def __init__(self, connection: Any, backend: str, folder: Path) -> None:
        self.backend, self.folder, self.connection = backend, folder, connection
        self.store = folder / f"store_{uuid.uuid4().hex[:8]}"
        self.store.mkdir()
        spec = {"protocol": "file", "location": str(self.store)}
        dj.config.stores = {"default": "raw", "raw": spec}
        self.others: dict[str, Any] = {}
        self.schema = dj.Schema(f"m_{uuid.uuid4().hex[:8]}", connection=connection)

    def declare(self, codec: str) -> Any:
        definition = f"id : int32\n---\ndata : <{codec}@raw>\n"
        table = type("Recording", (dj.Manual,), {"definition": definition})
        return self.schema(table, context={})()

    @property
    def quoted(self) -> str:
        """Quoted name of the table, which is the first of its schema or computed."""
        computed = "__" if "__recording" in self.schema.list_tables() else ""
        mark = '"' if self.backend == "postgresql" else "`"
        return f"{mark}{self.schema.database}{mark}.{mark}{computed}recording{mark}"

    def write_row(self, key: int, metadata: dict[str, Any]) -> None:
        """Insert raw metadata as it is."""
        values = f"({key}, '{json.dumps(metadata)}')"
        self.connection.query(f"INSERT INTO {self.quoted} (id, data) VALUES {values}")

    def recorded(self) -> dict[int, str]:
        """Read the recorded paths, without any of the code under test."""
        column = "data::text" if self.backend == "postgresql" else "data"
        query = f"SELECT id, {column} FROM {self.quoted}"
        rows = self.connection.query(query).fetchall()
        return {int(key): json.loads(value)["path"] for key, value in rows}


def _array(key: int) -> np.ndarray:
    return np.random.default_rng(key).normal(size=(4, 4))


def _file(bench: Bench, key: int) -> str:
    path = bench.folder / f"file_{key}.dat"
    path.write_bytes(_array(key).tobytes())
    return str(path)


def _folder(bench: Bench, key: int) -> str:
    path = bench.folder / f"folder_{key}.zarr"
    (path / "0").mkdir(parents=True, exist_ok=True)
    (path / "0" / "0").write_bytes(_array(key).tobytes())
    (path / ".zarray").write_text("{}")
    return str(path)


def _plain(value: Callable[[Bench, int], Any]) -> Insert:
    def insert(bench: Bench, table: Any, key: int) -> None:
        table.insert1({"id": key, "data": value(bench, key)})

    return insert


def _staged(bench: Bench, table: Any, key: int) -> None:
    del bench
    with table.staged_insert1 as staged:
        staged.rec["id"] = key
        with staged.open("data", ".bin") as file:
            file.write(_array(key).tobytes())


def _updated(bench: Bench, table: Any, key: int) -> None:
    _plain(lambda *_: _array(key))(bench, table, key)
    table.update1({"id": key, "data": _array(key + 100)})


def _copied(bench: Bench, table: Any, key: int) -> None:
    """Insert a row and copy it to a table of another schema, which keeps its row."""
    _plain(lambda *_: _array(key))(bench, table, key)
    name = f"{bench.schema.database}_x"
    other = bench.others.setdefault(name, dj.Schema(name, connection=bench.connection))
    definition = "id : int32\n---\ndata : <npy@raw>\n"
    copy = other(type("Copy", (dj.Manual,), {"definition": definition}), context={})()
    mark = '"' if bench.backend == "postgresql" else "`"
    target, source = (
        f"{mark}{schema}{mark}.{mark}{name}{mark}"
        for schema, name in (
            (other.database, copy.table_name),
            (bench.schema.database, "recording"),
        )
    )
    if key != 1:
        bench.connection.query(
            f"INSERT INTO {target} (id, data) SELECT id, data FROM {source} "
            f"WHERE id = {key}"
        )


def _with_provenance(bench: Bench, codec: str) -> Any:
    """Declare a table whose rows record where they come from, with a path in it."""
    dj.config.provenance.capture = True
    dj.config.provenance.source = {"system": "PyRat", "path": "data/2026/run.dat"}
    return bench.declare(codec)


def _with_job_columns(bench: Bench, codec: str) -> Any:
    """Declare a computed table with the hidden columns that describe its jobs."""
    dj.config.jobs.add_job_metadata = True

    def make(self: Any, key: dict[str, int]) -> None:
        self.insert1({**key, "data": _array(key["id"])})

    source = type("Source", (dj.Manual,), {"definition": "id : int32\n"})
    definition = f"-> Source\n---\ndata : <{codec}@raw>\n"
    computed = {"definition": definition, "make": make}
    sources = bench.schema(source, context={})
    table = type("Recording", (dj.Computed,), computed)
    return bench.schema(table, context={"Source": sources})()


def _populated(bench: Bench, table: Any, key: int) -> None:
    del bench
    table.parents(as_objects=True)[0].insert1({"id": key})
    table.populate()


def _without_context(bench: Bench, table: Any, key: int) -> None:
    """Store a value as programs do that do not say for which table it is."""
    del table
    codec = dj.codecs.get_codec("hash")
    # such paths do not tell schemas apart, so no other one may hold the same content
    content = f"{key} of {bench.schema.database}".encode()
    bench.write_row(key, codec.encode(content, store_name="raw"))


def _named_twice(bench: Bench, table: Any, key: int) -> None:
    """Insert a row; the store has another name as well."""
    _plain(lambda *_: _array(key))(bench, table, key)
    stores = dict(dj.config.stores)
    dj.config.stores = {**stores, "again": dict(stores["raw"])}


CASES: dict[str, tuple[str, Insert]] = {
    "blob": ("blob", _plain(lambda _, key: _array(key))),
    "attach": ("attach", _plain(_file)),
    "hash": ("hash", _plain(lambda _, key: _array(key).tobytes())),
    "npy": ("npy", _plain(lambda _, key: _array(key))),
    "object-file": ("object", _plain(_file)),
    "object-folder": ("object", _plain(_folder)),
    "staged": ("object", _staged),
    "updated": ("npy", _updated),
    "copied-row": ("npy", _copied),
    "two-names": ("npy", _named_twice),
    "provenance": ("npy", _plain(lambda _, key: _array(key))),
    "job-columns": ("npy", _populated),
    "without-context": ("hash", _without_context),
}
DECLARE: dict[str, Callable[[Bench, str], Any]] = {
    "provenance": _with_provenance,
    "job-columns": _with_job_columns,
}


def run(bench: Bench, case: str) -> dict[str, Any]:
    """Insert three rows, delete one, and compare the scan with what is expected."""
    codec, insert = CASES[case]
    try:
        table = DECLARE.get(case, Bench.declare)(bench, codec)
        for key in (1, 2, 3):
            insert(bench, table, key)
    except Exception as error:  # noqa: BLE001 - what a release cannot do is an answer
        return {"outcome": f"n/a: {type(error).__name__}: {str(error)[:60]}"}
    written = bench.recorded()
    (table & ("id > 0" if insert is _copied else "id = 1")).delete()
    then = time.time() - _MONTH_SECONDS
    for path in bench.store.rglob("*"):
        os.utime(path, (then, then))

    result = scan(bench.schema)

    if not isinstance(result, CompleteScan):
        return {"outcome": f"incomplete: {result.problems[0]}"}
    opinion = second_opinion(result)
    deleted = opinion.objects.query("n_deleted_files > 0")["path"]
    counts = {
        "problems": [str(problem) for problem in opinion.problems],
        "live": len({written[2], written[3]}),
        "losses": len({written[2], written[3]} & set(deleted)),
        "garbage": written[1] in set(deleted),
    }
    live = set(result.objects.query("status == 'live'")["path"])
    if live != {written[2], written[3]}:
        return {"outcome": f"live: {sorted(live)}", **counts}
    status = dict(zip(result.objects["path"], result.objects["status"], strict=True))
    # up to 2.3.0 update1 wrote to the root without the row's key: that stays unknown
    keyless = not written[1].startswith("_") and "=" not in written[1]
    nameless = written[1].startswith("_hash/unknown/")
    if status[written[1]] != ("unknown" if keyless or nameless else "orphan"):
        return {"outcome": f"garbage: {status[written[1]]} {written[1]}", **counts}
    return {"outcome": "ok", **counts}


def main() -> None:
    """Run every case on the server that the arguments name."""
    server, host, port, user, password = sys.argv[1:]
    backend = "postgresql" if server == "postgresql" else "mysql"
    sys.excepthook = sys.__excepthook__  # up to 2.2 DataJoint's own hides the error
    if backend == "postgresql":
        dj.config["database.backend"] = backend
    dj.config["safemode"] = False
    # MariaDB calls json longtext, so DataJoint passes dictionaries to the driver
    converters.conversions[dict] = _as_json
    connection = dj.Connection(host, user, password, port=int(port), use_tls=False)
    connection.made_up_dates = True  # the files are made older
    results = {}
    with tempfile.TemporaryDirectory() as name:
        for case in CASES:
            bench = Bench(connection, backend, Path(name))
            results[case] = run(bench, case)
            for schema in (*bench.others.values(), bench.schema):
                schema.drop(**_without_prompt(schema))
    print(json.dumps(results))  # noqa: T201 - the answer


def _as_json(value: dict[str, Any], _mapping: object = None) -> str:
    return str(converters.escape_string(json.dumps(value)).join("''"))


def _without_prompt(schema: Any) -> dict[str, bool]:
    names = schema.drop.__code__.co_varnames
    return {"prompt": False} if "prompt" in names else {"force": True}


if __name__ == "__main__":
    main()
