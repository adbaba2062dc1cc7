"""A private MariaDB, from the operating system's package."""

import secrets
import signal

from djgc_widgets.lab.server import (
    EmbeddedServer,
    ServerCommands,
    find_program,
    free_port,
    hand_over_to_server_account,
    private_folder,
    supervise,
)
from djgc_widgets.model import ServerError

SERVERS = ("mariadbd", "mysqld")
"""Names of the program; the first that exists is used."""

_INSTALLERS = ("mariadb-install-db", "mysql_install_db")


def start_mariadb() -> EmbeddedServer:
    """Start a private MariaDB with one account that has all rights.

    Raises `ServerError` if Debian's package mariadb-server, or a similar one, is not
    installed or does not start.
    """
    program, installer = find_program(*SERVERS), find_program(*_INSTALLERS)
    if program is None or installer is None:
        raise ServerError(
            "Expected MariaDB, which is not installed. Install Debian's package: "
            "apt-get install mariadb-server"
        )
    folder = private_folder("djgc-mariadb-")
    server = EmbeddedServer(folder, free_port(), "lab", secrets.token_urlsafe(24))
    data = folder / "data"
    account = f"'{server.user}'@'127.0.0.1'"
    (folder / "init.sql").write_text(
        f"CREATE USER {account} IDENTIFIED BY '{server.password}';\n"
        f"GRANT ALL PRIVILEGES ON *.* TO {account} WITH GRANT OPTION;\n"
    )
    hand_over_to_server_account(folder)
    setup = [installer, "--no-defaults", f"--datadir={data}", "--skip-test-db"]
    serve = [
        *(program, "--no-defaults", f"--datadir={data}", f"--port={server.port}"),
        *(f"--bind-address={server.host}", f"--socket={folder}/socket"),
        *(f"--pid-file={folder}/pid", f"--init-file={folder}/init.sql"),
        *("--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"),
    ]
    commands = ServerCommands(serve, signal.SIGTERM, [setup])
    supervise(server, commands, lambda: _mariadb_answers(server))
    return server


def _mariadb_answers(server: EmbeddedServer) -> bool:
    import pymysql  # noqa: PLC0415 - only this server needs it

    try:
        connection = pymysql.connect(**server.login)
    except pymysql.err.OperationalError:
        return False
    connection.close()
    return True
