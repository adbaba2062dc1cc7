"""The embedded lab: a private PostgreSQL, a small pipeline, and stores with garbage.

The garbage is made the way labs make it: rows are deleted, values updated, a table is
dropped, an insert fails after its upload, and one object of a live row is lost.
Whatever is written is written to the lab's own database and folder; no other store or
server is ever touched.
"""

import json
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import datajoint as dj

from djgc_widgets.embedded import EmbeddedServer, start_postgresql
from djgc_widgets.model import InputError
from djgc_widgets.pipeline import SCHEMA, STORES, fill

LAB_VARIABLE = "DJGC_LAB"
"""Environment variable with the folder of a lab that is running already."""


@dataclass(slots=True)
class DemoLab:
    """A running lab.

    Parameters
    ----------
    folder : Path
        Private folder with the stores; removed when the lab closes.
    connection : datajoint.Connection
        Connection to the lab's database; its configuration names the lab's stores.
    """

    folder: Path
    connection: dj.Connection
    _server: EmbeddedServer | None = field(default=None, repr=False)

    @property
    def schema(self) -> dj.Schema:
        """The lab's schema, ``lab_ephys``."""
        return dj.Schema(SCHEMA, connection=self.connection, create_schema=False)

    @property
    def stores(self) -> dict[str, Path]:
        """Folder of each store, by name."""
        return {name: self.folder / "stores" / name for name in STORES}

    def close(self) -> None:
        """End the lab if it was started here; its server and stores go."""
        self.connection.close()
        if self._server is not None:
            self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_lab() -> DemoLab:
    """Connect to the lab that is running, or start one that ends with this process.

    Returns
    -------
    DemoLab
        Its database holds a few hundred rows, its stores some 20 MB with garbage in
        them.
    """
    running = os.environ.get(LAB_VARIABLE)
    return attach_lab(Path(running)) if running else start_lab()


def start_lab() -> DemoLab:
    """Start a lab of our own and fill it.

    Returns
    -------
    DemoLab
        It ends with this process, or at `DemoLab.close`.

    Raises
    ------
    ServerError
        If the embedded PostgreSQL is not installed or does not start.
    """
    server = start_postgresql()
    try:
        folder = server.folder / "lab"
        folder.mkdir()
        address = {
            "host": server.host,
            "port": server.port,
            "user": server.user,
            "password": server.password,
        }
        (folder / "lab.json").write_text(json.dumps(address))
        lab = attach_lab(folder)
        lab._server = server  # noqa: SLF001 - the lab that started it ends it
        with _quiet():
            fill(lab.connection, lab.stores, folder / "incoming")
    except BaseException:
        server.close()
        raise
    return lab


def attach_lab(folder: Path) -> DemoLab:
    """Connect to a running lab.

    Parameters
    ----------
    folder : Path
        The lab's folder.

    Raises
    ------
    InputError
        If no lab is there.
    """
    try:
        address = json.loads((folder / "lab.json").read_text())
    except FileNotFoundError:
        raise InputError(
            f"Expected a running lab in {folder}; there is none. "
            f"Unset {LAB_VARIABLE} to start a lab here, or start one with: djgc demo"
        ) from None
    with _quiet():
        instance = dj.Instance(**address, use_tls=False, backend="postgresql")
    lab = DemoLab(folder, instance.connection)
    instance.config.stores = {
        name: {"protocol": "file", "location": str(path)}
        for name, path in lab.stores.items()
    }
    instance.config.safemode = False
    return lab


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep DataJoint's own messages out of the notebook."""
    logger = logging.getLogger("datajoint")
    logger.disabled = True  # a level would be reset by each configuration that is made
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "No datajoint.json", UserWarning)
            yield
    finally:
        logger.disabled = False
