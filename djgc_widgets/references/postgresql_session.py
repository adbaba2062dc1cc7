"""Connections to PostgreSQL: limits, settings and snapshots of a session of ours."""

import json
import socket
import struct
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import psycopg2
from psycopg2 import extensions

from djgc_widgets.references.silence import Patience, cut_if_silent
from djgc_widgets.references.sql import SQL, Driver

_KEEP_ALIVE = {
    # a peer that is gone is noticed within two minutes, whatever a query takes
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 9,
    "tcp_user_timeout": 120_000,
}
_SETTINGS = {
    "transaction_timeout": "0",
    "lock_timeout": "60s",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "search_path": "pg_catalog",
    "standard_conforming_strings": "on",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "quote_all_identifiers": "off",
    "transform_null_equals": "off",
    # rows that a policy hides must be an error, not an empty result
    "row_security": "off",
}
"""Whatever an account, a database or the environment may have set otherwise."""
_SET = SQL("""
    SELECT pg_catalog.set_config(name, wanted.value, false)
    FROM pg_catalog.pg_settings
    JOIN pg_catalog.json_each_text(%s::pg_catalog.json) wanted ON wanted.key = name
""")
"""Sets those that this release has."""
_HIDING = SQL("""
    SELECT name FROM pg_catalog.pg_settings WHERE setting = 'on'
    AND name IN ('zero_damaged_pages', 'ignore_checksum_failure')
""")
"""Settings with which damaged rows are left out; only a superuser may change them."""
_IDLE = SQL(
    "SELECT state LIKE 'idle%%' FROM pg_catalog.pg_stat_activity WHERE pid = %s"
)
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)


def connect(info: Mapping[str, Any], database: str | None, limits: Patience) -> Driver:
    """Connect as DataJoint does: with TLS if the server has it, unless set."""
    tls = info.get("ssl_input")
    driver = psycopg2.connect(
        host=info["host"],
        port=info["port"],
        user=info["user"],
        password=info["passwd"],
        dbname=database or info.get("database_name") or "postgres",
        sslmode="prefer" if tls is None else "require" if tls else "disable",
        connect_timeout=limits.connect_seconds,
        client_encoding="UTF8",
        options="",  # otherwise those of PGOPTIONS
        **_KEEP_ALIVE,
    )
    driver.autocommit = True
    if driver.info.parameter_status("server_encoding") == "SQL_ASCII":
        driver.set_client_encoding("SQL_ASCII")  # its texts are any bytes
    # what is not UTF-8 is for us to decide, not for the driver
    extensions.register_type(extensions.BYTES, driver)
    return driver


def set_session(driver: Driver) -> dict[str, str]:
    """Set whatever decides how a session reads; return what was refused, and why."""
    refused = {}
    with driver.cursor() as cursor:
        cursor.execute("SET SESSION statement_timeout = 0")
        cursor.execute(_SET, [json.dumps(_SETTINGS)])
        cursor.execute(_HIDING)
        for name in [bytes(name).decode() for (name,) in cursor.fetchall()]:
            try:
                cursor.execute(f"SET SESSION {name} = off")
            except psycopg2.errors.InsufficientPrivilege as error:
                refused[name] = str(error)
    return refused


def start_snapshot(driver: Driver) -> None:
    """Begin a read-only transaction that sees one moment."""
    driver.set_session(
        isolation_level="REPEATABLE READ", readonly=True, autocommit=False
    )
    with driver.cursor() as cursor:
        cursor.execute("SELECT 1")  # the first query is the moment


def works(
    info: Mapping[str, Any], database: str | None, session: int, limits: Patience
) -> bool:
    """Ask the server over another connection whether it works for a session."""
    try:
        with closing(connect(info, database, limits)) as driver:
            seconds = limits.connect_seconds / 2
            with (
                cut_if_silent(driver.fileno(), seconds, lambda: False),
                driver.cursor() as cursor,
            ):
                cursor.execute(_IDLE, [session])
                return any(idle is not True for (idle,) in cursor.fetchall())
    except psycopg2.OperationalError:
        return _answers(info, limits)  # the account may have no connection left


def _answers(info: Mapping[str, Any], limits: Patience) -> bool:
    """Ask a server for TLS: it answers with one byte, even if it is full."""
    host, port = str(info["host"]), int(info["port"])
    try:
        if host.startswith("/"):
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(limits.connect_seconds)
            line.connect(f"{host}/.s.PGSQL.{port}")
        else:
            line = socket.create_connection((host, port), limits.connect_seconds)
        with line:
            line.sendall(_SSL_REQUEST)
            return bool(line.recv(1))
    except OSError:
        return False
