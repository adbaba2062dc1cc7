"""A folder and a private WebDAV server of one, seen as other servers are.

Its client is imported where it is used, as those of other servers.
"""

import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
from datajoint import storage_adapter
from laboratory import contents

from djgc_widgets.lab import EmbeddedServer
from djgc_widgets.lab.server import ServerCommands, free_port, private_folder, supervise


class WebDavAdapter(storage_adapter.StorageAdapter):
    protocol = "webdav"
    required_keys = ("base_url", "bucket", "user", "password")
    allowed_keys = required_keys

    def create_filesystem(self, spec: dict[str, Any]) -> Any:
        from webdav4.fsspec import WebdavFileSystem  # noqa: PLC0415 - as above

        return WebdavFileSystem(spec["base_url"], auth=(spec["user"], spec["password"]))

    def full_path(self, spec: dict[str, Any], relpath: str) -> str:
        """Return the path of a file; a bucket is a folder of the server."""
        return "/".join(filter(None, (spec["bucket"], spec["location"], relpath)))


@dataclass(slots=True)
class Folder:
    """A folder, seen as servers are; a bucket is a folder in it."""

    root: Path

    def make_bucket(self, name: str) -> None:
        (self.root / name).mkdir(parents=True)

    def spec(self, bucket: str, location: str) -> dict[str, str]:
        folder = self.root / bucket / location
        folder.mkdir(parents=True, exist_ok=True)
        return {"protocol": "file", "location": str(folder)}

    def contents(self, bucket: str, start: str = "") -> dict[str, bytes]:
        found = contents(self.root / bucket / start)
        return {f"{start}{path}": data for path, data in found.items()}

    def put(self, bucket: str, key: str, data: bytes) -> None:
        path = self.root / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        later = time.time() + 2  # what is overwritten has another date, in full seconds
        os.utime(path, (later, later))

    def remove(self, bucket: str, key: str) -> None:
        (self.root / bucket / key).unlink()


@dataclass(slots=True)
class WebDav(Folder):
    """A server of a folder, in which it is seen without the server."""

    server: EmbeddedServer

    def spec(self, bucket: str, location: str) -> dict[str, str]:
        return {
            "protocol": "webdav",
            "base_url": f"http://{self.server.host}:{self.server.port}",
            "user": self.server.user,
            "password": self.server.password,
            "bucket": bucket,
            "location": location,
        }


@contextmanager
def start_webdav() -> Iterator[WebDav]:
    """Start a wsgidav, and let DataJoint know of its protocol."""
    folder = private_folder("djgc-webdav-")
    server = EmbeddedServer(folder, free_port(), "lab", secrets.token_urlsafe(24))
    (folder / "shared").mkdir()
    settings = {
        "host": server.host,
        "port": server.port,
        "provider_mapping": {"/": str(folder / "shared")},
        "simple_dc": {
            "user_mapping": {"*": {server.user: {"password": server.password}}}
        },
    }
    (folder / "webdav.json").write_text(json.dumps(settings))
    serve = [
        *(sys.executable, "-m", "wsgidav.server.server_cli"),
        *("--config", str(folder / "webdav.json"), "-q"),
    ]
    commands = ServerCommands(serve, signal.SIGTERM, as_caller=True)
    supervise(server, commands, lambda: _answers(server))
    registry = storage_adapter._adapter_registry  # noqa: SLF001 - what an entry point fills
    with server, pytest.MonkeyPatch.context() as patch:
        patch.setitem(registry, WebDavAdapter.protocol, WebDavAdapter())
        yield WebDav(folder / "shared", server)
        _close_clients()


def _close_clients() -> None:
    from webdav4.fsspec import WebdavFileSystem  # noqa: PLC0415 - as above

    for fs in WebdavFileSystem._cache.values():  # noqa: SLF001 - fsspec keeps them open
        fs.client.http.close()
    WebdavFileSystem.clear_instance_cache()


def _answers(server: EmbeddedServer) -> bool:
    connection = HTTPConnection(server.host, server.port, timeout=10)
    try:
        connection.request("OPTIONS", "/")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True
