"""A private MySQL: the program on the PATH, or Debian's packages in a folder."""

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from djgc_widgets.lab.server import (
    EmbeddedServer,
    ServerCommands,
    find_program,
    free_port,
    hand_over_to_server_account,
    private_folder,
    reachable_by_servers,
    supervise,
)
from djgc_widgets.model import InputError, ServerError

URL_VARIABLE = "DJGC_MYSQL_URL"
"""Environment variable with the address of a MySQL that is already running."""

_ONLY_ENCRYPTED = 3159
"""Error of a server with ``require_secure_transport``."""

PREFIX = Path(sys.prefix) / "mysql"
"""Where `make services` unpacks Debian's packages."""


def start_mysql(*options: str) -> EmbeddedServer:
    """Start a private MySQL with one account that has all rights.

    The server that ``DJGC_MYSQL_URL`` names is used instead, unless there are options;
    it has to be one for tests.

    Parameters
    ----------
    *options : str
        Further options of ``mysqld``; the last of equal ones counts.

    Raises
    ------
    ServerError
        If there is no ``mysqld`` of MySQL 8 or newer, or it does not start.
    InputError
        If the address in the environment cannot be read.
    """
    url = os.environ.get(URL_VARIABLE)
    return _running_server(url) if url and not options else start_own_mysql(*options)


def start_own_mysql(*options: str) -> EmbeddedServer:
    """Start a private MySQL, whatever the environment names."""
    folder = private_folder("djgc-mysql-")
    program = _mysqld(folder)
    if program is None:
        folder.rmdir()
        raise ServerError(
            "Expected MySQL 8 or newer, which is not installed. Install it so that "
            f"mysqld is on the PATH, or name a server for tests in {URL_VARIABLE}."
        )
    server = EmbeddedServer(folder, free_port(), "lab", secrets.token_urlsafe(24))
    account = f"'{server.user}'@'127.0.0.1'"
    (folder / "init.sql").write_text(
        f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{server.password}';\n"
        f"GRANT ALL PRIVILEGES ON *.* TO {account} WITH GRANT OPTION;\n"
    )
    hand_over_to_server_account(folder)
    common = [*program, f"--datadir={folder}/data"]
    serve = [
        *common,
        *(f"--port={server.port}", f"--bind-address={server.host}"),
        *(f"--socket={folder}/socket", f"--pid-file={folder}/pid"),
        *(f"--init-file={folder}/init.sql", "--mysqlx=OFF", "--skip-name-resolve"),
        # it ends if the folder for imports that it was built with does not exist
        "--secure-file-priv=NULL",
        *("--innodb-flush-log-at-trx-commit=0", "--sync-binlog=0"),
        *("--performance-schema=OFF", *options),
    ]
    setup = [*common, "--initialize-insecure", *options]
    commands = ServerCommands(serve, signal.SIGTERM, [setup])
    supervise(server, commands, lambda: mysql_answers(server))
    return server


def mysql_answers(server: EmbeddedServer) -> bool:
    """Return whether a server of the MySQL family accepts connections."""
    import pymysql  # noqa: PLC0415 - only these servers need it

    try:
        connection = pymysql.connect(**server.login)
    except pymysql.err.OperationalError as error:
        return bool(error.args[0] == _ONLY_ENCRYPTED)
    connection.close()
    return True


def find_mysqld() -> list[str] | None:
    """Return the command that runs a MySQL server; None if there is none."""
    program = find_program("mysqld")
    if program is not None and "MariaDB" not in _version_of(program):
        return [program, "--no-defaults"]
    return _unpacked_mysqld(PREFIX) if PREFIX.is_dir() else None


def _mysqld(folder: Path) -> list[str] | None:
    """Return the command that the servers' account can run."""
    command = find_mysqld()
    if command is None or len(command) == 2:  # noqa: PLR2004 - a program and an option
        return command
    return _unpacked_mysqld(reachable_by_servers(PREFIX, folder))


def _unpacked_mysqld(prefix: Path) -> list[str]:
    """Return the command for unpacked packages: by their own loader and libraries."""
    loader = next(prefix.glob("usr/lib/*-linux-gnu*/ld-linux-*.so.*"), None)
    if loader is None:
        raise ServerError(
            f"Expected Debian's packages of MySQL in {prefix}, which are not complete. "
            "Remove the folder and call: make services"
        )
    return [
        *(str(loader), "--library-path", str(loader.parent)),
        *(str(prefix / "usr/sbin/mysqld"), "--no-defaults"),
        *(f"--basedir={prefix}/usr", f"--lc-messages-dir={prefix}/usr/share/mysql"),
        f"--plugin-dir={prefix}/usr/lib/mysql/plugin",
    ]


def _version_of(program: str) -> str:
    command = [program, "--version"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - found on the PATH
    return shown.stdout


def _running_server(url: str) -> EmbeddedServer:
    """Return the server of an address; nothing but a folder is made for it."""
    parts = urlsplit(url)
    if parts.scheme != "mysql" or not parts.hostname or not parts.username:
        raise InputError(
            f"Expected {URL_VARIABLE} to be like mysql://USER:PASSWORD@HOST:PORT; got "
            "another form. Correct it, or unset it to start a private server."
        )
    return EmbeddedServer(
        private_folder("djgc-mysql-"),
        parts.port or 3306,
        unquote(parts.username),
        unquote(parts.password or ""),
        parts.hostname,
    )
