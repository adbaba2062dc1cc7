"""Private servers that end with the process that started them.

A supervisor process starts the server and waits on a pipe; when the parent ends, for
whatever reason, the pipe closes, and the supervisor stops the server and removes its
folder.
"""

import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from djgc_widgets.lab import supervisor
from djgc_widgets.model import ServerError

_START_SECONDS = 180
_PORTS = range(12_000, 32_000)
_ATTEMPTS = 100


@dataclass(slots=True)
class EmbeddedServer:
    """A server on the loopback address."""

    folder: Path
    """Private folder; removed at the end."""
    port: int
    user: str
    """Account with all rights on this server."""
    password: str = field(repr=False)
    host: str = "127.0.0.1"
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def login(self) -> dict[str, Any]:
        """Arguments with which a database driver connects."""
        names = ("host", "port", "user", "password")
        return {name: getattr(self, name) for name in names}

    @property
    def ended(self) -> bool:
        """Whether the server has ended by itself."""
        process = self.process
        gone = process is None or process.poll() is not None
        return gone or (self.folder / supervisor.ENDED).exists()

    def close(self) -> None:
        """Stop the server, if it was started here, and remove its folder."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            self.process.wait(supervisor.STOP_SECONDS * 2)
            self.process = None
        elif self.folder.exists():
            shutil.rmtree(self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class ServerCommands:
    """How a server is set up, run and stopped."""

    serve: Sequence[str | Path]
    """The server, in the foreground."""
    stop: signal.Signals
    """What ends it."""
    setup: Sequence[Sequence[str | Path]] = ()
    """Commands that run once, one after the other, before the server."""
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    """All its environment variables; a minimum by default."""
    as_caller: bool = False
    """Run it under the caller's account even if that is root."""


def supervise(
    server: EmbeddedServer, commands: ServerCommands, answers: Callable[[], bool]
) -> None:
    """Start a server under a supervisor and wait until `answers` is true.

    Its output is in ``log`` of its folder. Raises `ServerError` if the server ends or
    does not answer in time.
    """
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LC_ALL": "C.UTF-8",
        "HOME": str(server.folder),
        # a starting MariaDB clears its temporary folder, also of what others have there
        "TMPDIR": str(server.folder),
    }
    orders = {
        "folder": str(server.folder),
        "setup": [[str(part) for part in command] for command in commands.setup],
        "serve": [str(part) for part in commands.serve],
        "stop": int(commands.stop),
        "account": None if commands.as_caller else account_of_servers(),
        "environment": commands.environment or environment,
    }
    process = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-I", supervisor.__file__],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    server.process = process
    if process.stdin is not None:
        process.stdin.write(json.dumps(orders).encode() + b"\n")
        process.stdin.flush()
    try:
        _wait_for_server(server, answers)
    except BaseException:
        server.close()
        raise


def _wait_for_server(server: EmbeddedServer, answers: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not answers():
        if server.ended or time.monotonic() > deadline:
            log = server.folder / "log"
            tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise ServerError(
                f"Expected a server on port {server.port}; it did not start: {tail}"
            )
        time.sleep(0.05)


def find_program(*names: str) -> str | None:
    """Return the path of the first program that exists; None if there is none.

    Programs of wheels are beside Python, and servers may be outside of PATH.
    """
    elsewhere = f"{Path(sys.executable).parent}:/usr/sbin:/usr/local/sbin"
    paths = (
        shutil.which(name, path=folders)
        for name in names
        for folders in (None, elsewhere)
    )
    return next(filter(None, paths), None)


def private_folder(prefix: str) -> Path:
    """Make a folder that only this account can enter."""
    return Path(tempfile.mkdtemp(prefix=prefix))


def free_port() -> int:
    """Return a port of the loopback address that is free now.

    It is below the ports of outgoing connections (from 32768 on, on Linux): one of them
    could take the port before the server does.
    """
    for _ in range(_ATTEMPTS):
        port = _PORTS.start + secrets.randbelow(len(_PORTS))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise ServerError("Expected a free port on 127.0.0.1; there is none.")


def hand_over_to_server_account(folder: Path) -> None:
    """Give a folder to the account of the servers, which refuse to run as root."""
    account = account_of_servers()
    if account is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, *account, follow_symlinks=False)


def reachable_by_servers(package: Path, folder: Path) -> Path:
    """Return programs, or a copy of them if the servers' account cannot reach them."""
    if account_of_servers() is None or all(
        parent.stat().st_mode & 0o001 for parent in (package, *package.parents)
    ):
        return package
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    shutil.copytree(package, folder / package.name, symlinks=True)
    return folder / package.name


def account_of_servers() -> tuple[int, int] | None:
    """Return user and group of servers started by root; None for another account."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid
