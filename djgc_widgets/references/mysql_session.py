"""Connections to MySQL and MariaDB: limits, settings and snapshots of our sessions."""

import socket
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pymysql
from pymysql.constants import ER

from djgc_widgets.references.silence import Patience, cut_if_silent
from djgc_widgets.references.sql import SQL, Driver

_LONG = 31_536_000
"""A year, in seconds: the longest wait that a server may be set to."""
_LIMITS = {
    "max_execution_time": 0,
    "max_statement_time": 0,
    "sql_big_selects": 1,
    # a server may be set to cut every result short
    "sql_select_limit": 18446744073709551615,
}
"""Come first: with them a server may not say, or not all of, what it can be set to."""
_SETTINGS: dict[str, str | int] = {
    "sql_mode": "",
    "idle_transaction_timeout": 0,
    "idle_readonly_transaction_timeout": 0,
    "wait_timeout": _LONG,
    "net_write_timeout": _LONG,
    "max_sort_length": 1024,
    "sql_quote_show_create": 1,
    "lock_wait_timeout": 60,
    # nodes of a cluster, and copies for analyses, may lag behind what was committed
    "wsrep_sync_wait": 1,
    "wsrep_dirty_reads": 0,
    "use_secondary_engine": "OFF",
    "group_replication_consistency": "BEFORE",
}
"""Whatever an account, the server or ``init_connect`` may have set otherwise."""
_KEEP_ALIVE = (
    # a peer that is gone is noticed within two minutes, whatever a query takes
    *(("SO_KEEPALIVE", socket.SOL_SOCKET, 1), ("TCP_KEEPIDLE", socket.IPPROTO_TCP, 30)),
    ("TCP_KEEPINTVL", socket.IPPROTO_TCP, 10),
    ("TCP_KEEPCNT", socket.IPPROTO_TCP, 9),
    ("TCP_USER_TIMEOUT", socket.IPPROTO_TCP, 120_000),
)
_PROCESS = SQL("SELECT command FROM information_schema.processlist WHERE id = %s")
_OF_CLIENT = range(2000, 3000)
"""Codes of errors that the driver raises by itself, without an answer of a server."""


def connect(info: Mapping[str, Any], limits: Patience) -> Driver:
    """Connect as DataJoint does: with TLS if the server has it, unless set."""
    tls = info.get("ssl_input")
    if tls is False:
        return _connect(info, limits, ssl_disabled=True)
    try:
        settings = tls if isinstance(tls, dict) else {}
        return _connect(info, limits, ssl=settings, ssl_disabled=False)
    except pymysql.err.OperationalError:
        if tls is not None:
            raise
        return _connect(info, limits, ssl_disabled=True)


def _connect(info: Mapping[str, Any], limits: Patience, **tls: Any) -> Driver:  # noqa: ANN401 - the driver's options
    options = {name: info[name] for name in ("host", "port", "user")}
    options |= {"password": info["passwd"], "charset": "utf8mb4", "autocommit": True}
    driver = pymysql.connect(**options, **tls, defer_connect=True)
    try:
        address = driver.host, driver.port
        line = socket.create_connection(address, limits.connect_seconds)
    except OSError as error:
        code = pymysql.constants.CR.CR_CONN_HOST_ERROR
        raise pymysql.err.OperationalError(code, f"no connection: {error}") from error
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, level, value in _KEEP_ALIVE:
        if hasattr(socket, name):  # not everywhere
            line.setsockopt(level, getattr(socket, name), value)
    seconds = limits.connect_seconds / 2
    with cut_if_silent(line.fileno(), seconds, lambda: False):
        driver.connect(line)
    return driver


def set_session(driver: Driver) -> dict[str, str]:
    """Set whatever decides how a session reads; return what was refused, and why."""
    with driver.cursor() as cursor:
        _set(cursor, _LIMITS)
        cursor.execute(
            "SHOW SESSION VARIABLES WHERE Variable_name IN %s", [[*_SETTINGS]]
        )
        known = {name: _SETTINGS[name] for name, _ in cursor.fetchall()}
        assignments = ", ".join(f"{name} = %s" for name in known)
        try:
            cursor.execute(f"SET SESSION {assignments}", [*known.values()])
        except pymysql.MySQLError:
            return _set(cursor, known)
        return {}


def _set(cursor: Driver, settings: Mapping[str, str | int]) -> dict[str, str]:
    """Set one by one what the server has; return what was refused, and why."""
    refused = {}
    for name, value in settings.items():
        try:
            cursor.execute(f"SET SESSION {name} = %s", [value])
        except pymysql.MySQLError as error:
            if error.args[0] in _OF_CLIENT:
                raise
            if error.args[0] != ER.UNKNOWN_SYSTEM_VARIABLE:
                refused[name] = str(error)
    return refused


def start_snapshot(driver: Driver) -> None:
    """Begin a read-only transaction that sees one moment."""
    with driver.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")


def works(info: Mapping[str, Any], session: int, limits: Patience) -> bool:
    """Ask the server over another connection whether it works for a session."""
    try:
        with closing(connect(info, limits)) as driver:
            seconds = limits.connect_seconds / 2
            with (
                cut_if_silent(descriptor(driver), seconds, lambda: False),
                driver.cursor() as cursor,
            ):
                cursor.execute(_PROCESS, [session])
                return any(command != "Sleep" for (command,) in cursor.fetchall())
    except pymysql.MySQLError as error:
        # the account may have no connection left, which is an answer
        return error.args[0] not in _OF_CLIENT


def descriptor(driver: Driver) -> int:
    """Return the file descriptor of a connection."""
    return int(driver._sock.fileno())  # noqa: SLF001 - the driver has no public name
