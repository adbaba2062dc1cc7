"""Copies of a running database server, and servers that only look like one."""

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg2
import pymysql
import pytest

from djgc_widgets.lab import mysql
from djgc_widgets.lab.server import (
    EmbeddedServer,
    ServerCommands,
    free_port,
    hand_over_to_server_account,
    private_folder,
    supervise,
)


@contextmanager
def standby_of(server: EmbeddedServer) -> Iterator[EmbeddedServer]:
    """Run a standby on a copy of a PostgreSQL; nothing that follows arrives."""
    folder = private_folder("djgc-standby-")
    copy = EmbeddedServer(folder, free_port(), server.user, server.password)
    with closing(psycopg2.connect(**server.login, dbname="postgres")) as driver:
        driver.autocommit = True
        cursor = driver.cursor()
        cursor.execute("SELECT pg_backup_start('copy', true)")
        data = folder / "data"
        leave = shutil.ignore_patterns("postmaster.pid", "postmaster.opts")
        shutil.copytree(server.folder / "data", data, ignore=leave)
        cursor.execute("SELECT labelfile FROM pg_backup_stop(false)")
        (data / "backup_label").write_text(cursor.fetchone()[0])
        segments = server.folder / "data" / "pg_wal"
        shutil.copytree(segments, data / "pg_wal", dirs_exist_ok=True)
        cursor.execute("SHOW max_prepared_transactions")
        prepared = cursor.fetchone()[0]
    (data / "standby.signal").touch()
    hand_over_to_server_account(folder)
    program = _program_of(server)
    serve = [
        *(program, "-D", data, f"--listen_addresses={copy.host}"),
        *(f"--port={copy.port}", "--unix_socket_directories=", "--fsync=off"),
        *("--max_connections=50", f"--max_prepared_transactions={prepared}"),
    ]
    with copy:
        supervise(copy, ServerCommands(serve, signal.SIGINT), lambda: _answers(copy))
        yield copy


@contextmanager
def namesake_of(server: EmbeddedServer) -> Iterator[EmbeddedServer]:
    """Run another MySQL with the same identifier, as a cloned ``auto.cnf`` makes it."""
    with closing(pymysql.connect(**server.login)) as driver, driver.cursor() as cursor:
        cursor.execute("SELECT @@server_uuid")
        (identifier,) = cursor.fetchone()

    def with_its_identifier(
        own: EmbeddedServer, commands: ServerCommands, answers: Callable[[], bool]
    ) -> None:
        text = f"[auto]\\nserver-uuid={identifier}\\n"
        write = ["sh", "-c", f"printf '{text}' > {own.folder}/data/auto.cnf"]
        supervise(own, replace(commands, setup=[*commands.setup, write]), answers)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mysql, "supervise", with_its_identifier)
        namesake = mysql.start_own_mysql()
    with namesake:
        yield namesake


def _program_of(server: EmbeddedServer) -> Path:
    pid = (server.folder / "data" / "postmaster.pid").read_text().split()[0]
    return Path(f"/proc/{pid}/exe").resolve()


def _answers(server: EmbeddedServer) -> bool:
    try:
        psycopg2.connect(**server.login, dbname="postgres").close()
    except psycopg2.OperationalError:
        return False
    return True
