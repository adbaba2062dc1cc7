"""A private MariaDB, from the operating system's package."""

import secrets
import signal

from djgc_widgets.lab.mysql import mysql_answers
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

PROGRAM = "mariadbd"
_INSTALLER = "mariadb-install-db"


def start_mariadb(*options: str) -> EmbeddedServer:
    """Start a private MariaDB with one account that has all rights.

    Parameters
    ----------
    *options : str
        Further options of ``mariadbd``; the last of equal ones counts.

    Raises
    ------
    ServerError
        If Debian's package mariadb-server, or a similar one, is not installed, or the
        server does not start.
    """
    program, installer = find_program(PROGRAM), find_program(_INSTALLER)
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
        *("--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0", *options),
    ]
    commands = ServerCommands(serve, signal.SIGTERM, [setup])
    supervise(server, commands, lambda: mysql_answers(server))
    return server
