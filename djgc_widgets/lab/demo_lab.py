"""The embedded lab: a private database, a small pipeline, and stores with garbage.

The garbage arises as in real labs: rows are deleted, values updated, a table dropped,
an insert fails after its upload, and one object of a live row is lost. Only the lab's
own database and folder are written to; no other store or server is ever touched.
"""

import json
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import datajoint as dj

from djgc_widgets.lab.mariadb import start_mariadb
from djgc_widgets.lab.mysql import start_own_mysql
from djgc_widgets.lab.pipeline import SCHEMA, STORES, fill
from djgc_widgets.lab.postgresql import start_postgresql
from djgc_widgets.lab.s3_server import start_s3
from djgc_widgets.lab.server import EmbeddedServer
from djgc_widgets.model import InputError

LAB_VARIABLE = "DJGC_LAB"
"""Environment variable with the folder of a lab that is already running."""

_STARTERS = {
    "postgresql": start_postgresql,
    "mysql": start_own_mysql,
    "mariadb": start_mariadb,
}
BACKENDS = tuple(_STARTERS)
PROTOCOLS = ("file", "s3")


@dataclass(slots=True)
class DemoLab:
    """A running lab."""

    folder: Path
    """Private folder with the stores; removed when the lab closes."""
    connection: dj.Connection
    """Connection to the lab's database; its configuration names the lab's stores."""
    _servers: tuple[EmbeddedServer, ...] = field(default=(), repr=False)

    @property
    def schema(self) -> dj.Schema:
        """The lab's schema, ``lab_ephys``."""
        return dj.Schema(SCHEMA, connection=self.connection, create_schema=False)

    @property
    def stores(self) -> dict[str, Path]:
        """Folder of each store, by name; a lab on S3 is a copy of these."""
        return {name: self.folder / "stores" / name for name in STORES}

    def close(self) -> None:
        """Disconnect; a lab that was started here ends, with its servers and stores."""
        if self.connection.is_connected:
            self.connection.close()
        for server in self._servers:
            server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_lab(
    backend: str = "postgresql", protocol: str = "file", *, shared: bool = True
) -> DemoLab:
    """Connect to the lab that is running, or start one that ends with this process.

    Parameters
    ----------
    backend : str
        ``postgresql``, from a wheel; ``mysql`` or ``mariadb``, if it is installed.
    protocol : str
        ``file``, or ``s3`` for stores on an S3 server from a wheel. Objects there are
        as young as the lab.
    shared : bool
        Join the lab of ``djgc demo`` or Binder, if it is of the same kind.

    Returns
    -------
    DemoLab
        Its database holds a few hundred rows, its stores some 20 MB with garbage in
        them.

    Raises
    ------
    InputError
        If the backend or protocol is none of these.
    ServerError
        If a server is not installed or does not start.

    Examples
    --------
    >>> from djgc_widgets import open_lab
    >>> with open_lab() as lab:
    ...     sorted(lab.stores)
    ['derived', 'raw']
    """
    if backend not in BACKENDS or protocol not in PROTOCOLS:
        raise InputError(
            f"Expected a backend of {', '.join(BACKENDS)} and a protocol of "
            f"{', '.join(PROTOCOLS)}; got {backend!r} and {protocol!r}."
        )
    running = os.environ.get(LAB_VARIABLE)
    if running and shared and (backend, protocol) == ("postgresql", "file"):
        return attach_lab(Path(running))
    return start_lab(backend, protocol)


def start_lab(backend: str = "postgresql", protocol: str = "file") -> DemoLab:
    """Start and fill a lab, which ends with this process or at `DemoLab.close`."""
    server = _STARTERS[backend]()
    servers = [server]
    try:
        folder = server.folder / "lab"
        folder.mkdir()
        address = {
            "host": server.host,
            "port": server.port,
            "user": server.user,
            "password": server.password,
            "backend": "postgresql" if backend == "postgresql" else "mysql",
        }
        (folder / "lab.json").write_text(json.dumps(address))
        lab = attach_lab(folder)
        with _quiet_datajoint():
            fill(lab.connection, lab.stores, folder / "incoming")
        if protocol == "s3":
            servers.append(_move_to_s3(lab))
        lab._servers = tuple(servers)  # noqa: SLF001 - the lab ends what was started here
    except BaseException:
        for each in servers:
            each.close()
        raise
    return lab


def attach_lab(folder: Path) -> DemoLab:
    """Connect to the running lab in a folder."""
    try:
        address = json.loads((folder / "lab.json").read_text())
    except FileNotFoundError:
        raise InputError(
            f"Expected a running lab in {folder}; there is none. "
            f"Unset {LAB_VARIABLE} to start a lab here, or start one with: djgc demo"
        ) from None
    with _quiet_datajoint():
        instance = dj.Instance(**address, use_tls=False)
    lab = DemoLab(folder, instance.connection)
    # its files are a year old by their dates and new by those of their inodes
    lab.connection.made_up_dates = True
    if address["backend"] == "mysql":
        _let_mariadb_take_json(instance.connection)
    instance.config.stores = {
        name: {"protocol": "file", "location": str(path)}
        for name, path in lab.stores.items()
    }
    instance.config.safemode = False
    instance.config.download_path = str(folder / "downloads")
    return lab


def _let_mariadb_take_json(connection: Any) -> None:  # noqa: ANN401 - has no types
    # its json is longtext, so DataJoint 2.3.5 passes dictionaries to the driver
    def as_json(value: dict[str, Any], _mapping: object = None) -> str:
        return str(connection._conn.literal(json.dumps(value)))  # noqa: SLF001

    connection._conn.encoders[dict] = as_json  # noqa: SLF001 - no public API


def _move_to_s3(lab: DemoLab) -> EmbeddedServer:
    """Copy the stores to an S3 server, and set the lab's configuration to it."""
    s3 = start_s3()
    try:
        client = s3.client()
        for name, folder in lab.stores.items():
            for path in folder.rglob("*"):
                if path.is_file():
                    key = f"lab/{name}/{path.relative_to(folder).as_posix()}"
                    body = path.read_bytes()
                    client.put_object(Bucket=s3.bucket, Key=key, Body=body)
    except BaseException:
        s3.server.close()
        raise
    lab.connection._config.stores = {  # noqa: SLF001 - no public API
        name: s3.spec(s3.bucket, f"lab/{name}") for name in STORES
    }
    return s3.server


@contextmanager
def _quiet_datajoint() -> Iterator[None]:
    """Hide DataJoint's own messages."""
    logger = logging.getLogger("datajoint")
    logger.disabled = True  # a level would be reset by each configuration that is made
    try:
        with warnings.catch_warnings():
            for known in ("No datajoint.json", "MariaDB is not officially supported"):
                warnings.filterwarnings("ignore", known, UserWarning)
            yield
    finally:
        logger.disabled = False
