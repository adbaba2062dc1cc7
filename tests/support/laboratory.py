"""A schema and two stores of its own for one test, on a real server."""

import hashlib
import json
import os
import time
import uuid
from base64 import b32encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import datajoint as dj
import numpy as np
from botocore.exceptions import ClientError
from clouds import Cloud
from services import contents_of

from djgc_widgets import CompleteScan, IncompleteScan, Receipt, SweepPlan, scan
from djgc_widgets.collector.owners import (
    read_ownership,
    with_journals,
    write_ownership,
)
from djgc_widgets.lab.s3_server import S3Server
from djgc_widgets.lab.server import EmbeddedServer
from djgc_widgets.model import MINIMUM_AGE, Sighting
from djgc_widgets.stores.file.folder import StoreFolder
from djgc_widgets.stores.file.store import FileStore

DAY_SECONDS = 86_400
NOW = timedelta(0)
HASH = "id : int32\n---\ndata : <hash@raw>\n"
ACKNOWLEDGED = frozenset({"sole-owner", "large-sweep", "minimum-age"})
AT_ONCE = frozenset({"short-retention", "oldest-backup"})
"""Acknowledges a purge of what was swept just now."""
NPY = "id : int32\n---\ndata : <npy@raw>\n"


@dataclass(slots=True)
class Laboratory:
    server: EmbeddedServer
    kind: str
    """postgresql, mariadb or mysql."""
    folder: Path
    connection: dj.Connection
    schema: dj.Schema
    s3: S3Server | None = None
    cloud: Cloud | None = None
    """What its stores are on, if not on S3 or in folders."""
    minimum_age: timedelta = MINIMUM_AGE
    """Of scans; objects of S3 cannot be made older."""

    @classmethod
    @contextmanager
    def on(
        cls,
        server: EmbeddedServer,
        kind: str,
        folder: Path,
        s3: S3Server | None = None,
    ) -> Iterator["Laboratory"]:
        connection = connect(server, kind, server.user, server.password, folder)
        name = f"lab_{uuid.uuid4().hex[:12]}"
        schema = dj.Schema(name, connection=connection)
        try:
            laboratory = cls(server, kind, folder, connection, schema, s3)
            if s3 is not None:
                laboratory.config.stores = {
                    store: s3.spec(s3.bucket, f"{name}/{store}")
                    for store in ("raw", "derived")
                }
            yield laboratory
        finally:
            if connection.is_connected and schema.exists:
                schema.drop(prompt=False)
            connection.close()

    @property
    def backend(self) -> str:
        """What DataJoint calls the kind of the server."""
        return backend_of(self.kind)

    @property
    def name(self) -> str:
        return str(self.schema.database)

    @property
    def config(self) -> Any:
        return self.connection._config  # noqa: SLF001 - DataJoint has no public name

    def store(self, name: str) -> Path:
        return self.folder / name

    def contents(self, store: str = "raw") -> dict[str, bytes]:
        """Return the files of a store by path, without any of the code under test."""
        spec = self.config.stores[store]
        if self.cloud is not None:
            start, bucket = _start_of(spec), _bucket_of(spec)
            stored = self.cloud.contents(bucket, start).items()
            return {key[len(start) :]: data for key, data in stored}
        if self.s3 is None:
            return contents(self.store(store))
        return contents_of(self.s3, spec["bucket"], spec["location"])

    def remove(self, path: str, store: str = "raw") -> None:
        """Remove a file, or a folder with all of its files."""
        for name in self.contents(store):
            if name == path or name.startswith(f"{path}/"):
                if self.cloud is not None:
                    spec = self.config.stores[store]
                    self.cloud.remove(_bucket_of(spec), f"{_start_of(spec)}{name}")
                elif self.s3 is None:
                    (self.store(store) / name).unlink()
                else:
                    spec = self.config.stores[store]
                    key = f"{spec['location']}/{name}".lstrip("/")
                    self.s3.client().delete_object(Bucket=spec["bucket"], Key=key)

    def declare(
        self, definition: str, name: str = "Recording", schema: Any = None
    ) -> Any:
        table = type(name, (dj.Manual,), {"definition": definition})
        return (schema or self.schema)(table, context={})()

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        return list(self.connection.query(statement).fetchall())

    def quote(self, *names: str) -> str:
        mark = '"' if self.backend == "postgresql" else "`"
        return ".".join(f"{mark}{name}{mark}" for name in names)

    def raw(self, table: str, column: str) -> dict[int, dict[str, Any]]:
        """Read raw metadata by the key ``id``, without any of the code under test."""
        text = f"{column}::text" if self.backend == "postgresql" else column
        rows = self.query(f"SELECT id, {text} FROM {self.quote(self.name, table)}")
        return {int(key): json.loads(value) for key, value in rows}

    def age(self, days: float = 30) -> None:
        """Let everything in the stores be of some time ago."""
        if self.s3 is not None or self.cloud is not None:
            self.minimum_age = timedelta(0)
            return
        then = time.time() - days * DAY_SECONDS
        for store in ("raw", "derived"):
            for path in self.store(store).rglob("*"):
                os.utime(path, (then, then), follow_symlinks=False)

    def scan(self, **options: Any) -> CompleteScan | IncompleteScan:
        return scan(self.schema, **{"minimum_age": self.minimum_age, **options})

    def insert_by_sql(self, table: str, column: str, key: int, data: bytes) -> str:
        """Store bytes as DataJoint does, and write the row that refers to them."""
        digest = b32encode(hashlib.md5(data).digest()).decode().rstrip("=").lower()  # noqa: S324
        path = f"_hash/{self.name}/{digest}"
        self.put(path, data=data)
        metadata = {"hash": digest, "path": path, "schema": self.name, "store": "raw"}
        self.write_row(table, key, {**metadata, "size": len(data)}, column)
        return path

    def write_row(
        self, table: str, key: int, metadata: object, column: str = "data"
    ) -> None:
        """Insert raw metadata as it is."""
        value = json.dumps(metadata).replace("'", "''").replace("%", "%%")
        if self.backend == "mysql":
            value = value.replace("\\", "\\\\")
        name = self.quote(self.name, table)
        self.connection.query(
            f"INSERT INTO {name} (id, {column}) VALUES ({key}, '{value}')"
        )

    def put(self, path: str, store: str = "raw", data: bytes = b"content") -> Path:
        """Write a file into a store, as a program of a lab might."""
        target = self.store(store) / path
        if self.cloud is not None:
            spec = self.config.stores[store]
            self.cloud.put(_bucket_of(spec), f"{_start_of(spec)}{path}", data)
            return target
        if self.s3 is not None:
            spec = self.config.stores[store]
            key = f"{spec['location']}/{path}".lstrip("/")
            self.s3.client().put_object(Bucket=spec["bucket"], Key=key, Body=data)
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return target


def _bucket_of(spec: Mapping[str, str]) -> str:
    if spec["protocol"] == "file":
        return ""
    return spec.get("bucket") or spec["container"]


def _start_of(spec: Mapping[str, str]) -> str:
    return f"{spec['location']}/" if spec["location"] else ""


def backend_of(kind: str) -> str:
    """Return what DataJoint calls a kind of server."""
    return "postgresql" if kind == "postgresql" else "mysql"


def connect(
    server: EmbeddedServer, kind: str, user: str, password: str, folder: Path
) -> dj.Connection:
    """Connect an account, with two stores below a folder."""
    backend = backend_of(kind)
    instance = dj.Instance(
        server.host, user, password, port=server.port, use_tls=False, backend=backend
    )
    stores = {}
    for name in ("raw", "derived"):
        (folder / name).mkdir(exist_ok=True)
        stores[name] = {"protocol": "file", "location": str(folder / name)}
    instance.config.stores = stores
    instance.config.safemode = False
    instance.config.download_path = str(folder)
    instance.connection.made_up_dates = True  # `age` cannot change those of inodes
    return instance.connection


def array(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(4, 8))


def filled(laboratory: Laboratory, keys: range = range(1, 4)) -> Any:
    table = laboratory.declare(HASH)
    table.insert({"id": key, "data": array(key).tobytes()} for key in keys)
    return table


@contextmanager
def reader(laboratory: Laboratory, *grants: str) -> Iterator[dj.Connection]:
    """Connect an account that has nothing but some grants."""
    name, password = f"reader_{laboratory.name[-8:]}", "only-to-look"
    account = f"{name}@'127.0.0.1'" if laboratory.backend == "mysql" else name
    created = "IDENTIFIED BY" if laboratory.backend == "mysql" else "PASSWORD"
    laboratory.connection.query(f"CREATE USER {account} {created} '{password}'")
    for grant in grants:
        laboratory.connection.query(f"GRANT {grant} TO {account}")
    connection = connect(
        laboratory.server, laboratory.backend, name, password, laboratory.folder
    )
    try:
        yield connection
    finally:
        connection.close()
        if laboratory.backend == "postgresql":
            laboratory.connection.query(f"DROP OWNED BY {account}")
        laboratory.connection.query(f"DROP USER {account}")


def schema_of(connection: dj.Connection, name: str) -> dj.Schema:
    return dj.Schema(name, connection=connection, create_schema=False)


def look_only(laboratory: Laboratory) -> list[str]:
    if laboratory.backend == "mysql":
        return ["SELECT ON *.*"]
    name = laboratory.quote(laboratory.name)
    return [f"USAGE ON SCHEMA {name}", f"SELECT ON ALL TABLES IN SCHEMA {name}"]


def put_if_absent(laboratory: Laboratory, path: str, data: bytes) -> bool:
    """Write an object unless there is one; return whether that was done."""
    if laboratory.s3 is None:
        try:
            with (laboratory.store("raw") / path).open("xb") as file:
                file.write(data)
        except FileExistsError:
            return False
        return True
    spec = laboratory.config.stores["raw"]
    where = {"Bucket": spec["bucket"], "Key": f"{spec['location']}/{path}"}
    try:
        laboratory.s3.client().put_object(**where, Body=data, IfNoneMatch="*")
    except ClientError:
        return False
    return True


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def orphaned(laboratory: Laboratory, definition: str = NPY) -> Any:
    """Insert five rows and delete the first three."""
    table = laboratory.declare(definition)
    hashed = "hash" in definition
    table.insert(
        {"id": key, "data": array(key).tobytes() if hashed else array(key)}
        for key in range(1, 6)
    )
    (table & "id < 4").delete()
    laboratory.age()
    return table


def every_kind_orphaned(laboratory: Laboratory) -> None:
    """Store a file, an array and a folder with its manifest, each live and orphaned."""
    hashes = laboratory.declare(HASH)
    arrays = laboratory.declare(NPY, "Array")
    folders = laboratory.declare("id : int32\n---\ndata : <object@raw>\n", "Folder")
    source = laboratory.folder / "source"
    (source / "0").mkdir(parents=True)
    for chunk in ("0/0", ".zarray"):
        (source / chunk).write_text(chunk)
    for key in range(2):
        hashes.insert1({"id": key, "data": bytes([key])})
        arrays.insert1({"id": key, "data": array(key)})
        folders.insert1({"id": key, "data": source})
    for table in (hashes, arrays, folders):
        (table & "id = 0").delete()
    laboratory.age()


def complete(laboratory: Laboratory, **options: Any) -> CompleteScan:
    result = laboratory.scan(**options)
    assert isinstance(result, CompleteScan), result.problems
    return result


def planned(
    result: CompleteScan, selection: Any = None, acknowledge: Iterable[str] = ()
) -> SweepPlan:
    """Make a plan with the doubts acknowledged that every small laboratory raises."""
    return result.plan(selection, ACKNOWLEDGED | set(acknowledge))


def unseen_parts(result: CompleteScan) -> set[str]:
    """Return what acknowledges that the account does not see everything."""
    return {f"unseen-schemas:{notice.where}" for notice in result.unseen}


def with_folders(
    plan: SweepPlan, result: CompleteScan, folder: Callable[[str], StoreFolder]
) -> SweepPlan:
    """Let a plan be carried out in folders that fail on purpose."""
    sweeper = result._sweeper  # noqa: SLF001 - to give it other stores
    infos = [store.info for store in sweeper.stores]
    stores = [FileStore(info, folder=folder(info.address)) for info in infos]
    return replace(plan, _carry_out=replace(sweeper, stores=stores).carry_out)


def claim(laboratory: Laboratory, server: str) -> None:
    """Let another database server have swept the store as well."""
    store = FileStore(complete(laboratory).stores[0])
    assert store.info.name == "raw"
    there = Sighting(server, "there")
    owner = with_journals(read_ownership(store), [there])
    write_ownership(store, datetime.now(UTC), owner)


def outcomes(receipt: Receipt) -> dict[str, int]:
    """Count the rows of a receipt by outcome and the code of its detail."""
    rows = receipt.rows
    codes = rows["outcome"].str.cat(rows["detail_code"].fillna(""), sep=": ")
    return codes.str.removesuffix(": ").value_counts().to_dict()
