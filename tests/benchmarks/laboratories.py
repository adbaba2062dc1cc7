"""Laboratories with a hundred thousand objects and more, filled by the thousand."""

import io
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pymysql
from laboratory import HASH, NPY, Laboratory, connect

from djgc_widgets.lab import start_mariadb, start_mysql, start_postgresql

SERVERS = {
    "postgresql": start_postgresql,
    "mariadb": start_mariadb,
    "mysql": start_mysql,
}
_ROWS = 10_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_CONTENT = b"x" * 100
_DATE = (1_600_000_000, 1_600_000_000)


@contextmanager
def laboratory(server: str = "postgresql") -> Iterator[Laboratory]:
    """Start a server, and a laboratory whose stores are in memory if that is known."""
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108
    with (
        SERVERS[server]() as started,
        tempfile.TemporaryDirectory(dir=memory) as folder,
        Laboratory.on(started, server, Path(folder)) as filled,
    ):
        yield filled


def apart(lab: Laboratory) -> Any:
    """Return the schema on a connection of its own, for a process of its own."""
    server = lab.server
    there = connect(server, lab.kind, server.user, server.password, lab.folder)
    return type(lab.schema)(lab.name, connection=there, create_schema=False)


def fill_arrays(lab: Laboratory, count: int) -> None:
    """Store arrays in folders of their own; four of five are live."""
    lab.declare(NPY)
    paths = [
        f"_schema/{lab.name}/recording/id={key}/data_AbCd{key % 10_000:04}.npy"
        for key in range(count)
    ]
    _store(lab, paths)
    metadata = ({"path": p, "store": "raw", "shape": [4, 8]} for p in paths)
    insert(lab, (pair for pair in enumerate(metadata) if pair[0] % 5))


def fill_hashes(lab: Laboratory, count: int) -> None:
    """Store hashes in one folder; one of them is live."""
    lab.declare(HASH)
    paths = [f"_hash/{lab.name}/{_digest(number)}" for number in range(count)]
    _store(lab, paths)
    insert(lab, [(0, {"path": paths[0], "store": "raw", "size": len(_CONTENT)})])


def fill_zarr(lab: Laboratory, count: int) -> None:
    """Store one array of many chunks, which a row refers to."""
    lab.declare("id : int32\n---\ndata : <object@raw>\n")
    whole = f"_schema/{lab.name}/recording/id=0/data_AbCd1234.zarr"
    _store(lab, [f"{whole}/c/{number}" for number in range(count)])
    insert(lab, [(0, {"path": whole, "store": "raw", "is_dir": True})])


def insert(lab: Laboratory, rows: Iterable[tuple[int, dict[str, Any]]]) -> None:
    """Insert metadata as DataJoint writes it, by the quickest way of the server."""
    table = lab.quote(lab.name, "recording")
    driver = lab.connection._conn  # noqa: SLF001 - DataJoint has no public name
    left = iter(rows)
    while some := list(islice(left, _ROWS)):
        with driver.cursor() as cursor:
            if lab.backend == "postgresql":
                lines = (f"{key}\t{json.dumps(value)}\n" for key, value in some)
                cursor.copy_expert(
                    f"COPY {table} FROM STDIN", io.StringIO("".join(lines))
                )
            else:
                escape = pymysql.converters.escape_string
                texts = ((key, escape(json.dumps(value))) for key, value in some)
                values = (f"({key}, '{text}')" for key, text in texts)
                cursor.execute(f"INSERT INTO {table} VALUES {', '.join(values)}")


def _store(lab: Laboratory, paths: list[str]) -> None:
    root, made = str(lab.store("raw")), ""
    for path in paths:
        folder = os.path.dirname(path)  # noqa: PTH120 - a million of them
        if folder != made:
            os.makedirs(f"{root}/{folder}", exist_ok=True)  # noqa: PTH103
            made = folder
        handle = os.open(f"{root}/{path}", os.O_WRONLY | os.O_CREAT)
        os.write(handle, _CONTENT)
        os.close(handle)
    for folder, _, names in os.walk(root):
        for name in (".", *names):
            os.utime(f"{folder}/{name}", _DATE)


def _digest(number: int) -> str:
    return "".join(_LETTERS[(number >> (5 * i)) % 32] for i in range(26))
