"""One read-only snapshot of a database, on a connection of our own.

The clone neither blocks nor sees the open transaction of the connection that it is made
from, and everything that is read through it is of one moment.
"""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from functools import cache
from types import TracebackType
from typing import Any, Self

import datajoint as dj

_PAGE = 10_000
_LOCK_SECONDS = 60
_NO_LIMIT = 2**64 - 1  # a server may be set to cut every result short


class Snapshot(AbstractContextManager["Snapshot"]):
    """A read-only transaction that sees one moment of one database.

    Parameters
    ----------
    connection : datajoint.Connection
        Its address, account and TLS settings are used; the connection itself is not.
    database : str, optional
        Another database of the same PostgreSQL cluster.
    """

    def __init__(self, connection: dj.Connection, database: str | None = None) -> None:
        self.backend = backend_of(connection)
        self._driver = _connect(connection, database)
        try:
            if self.backend == "postgresql":
                self._driver.set_session(
                    isolation_level="REPEATABLE READ", readonly=True, autocommit=False
                )
                # rows that a policy hides must be an error, not an empty result
                self._execute("SET LOCAL row_security = off")
                self._execute(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
            else:
                self._execute(f"SET SESSION lock_wait_timeout = {_LOCK_SECONDS}")
                self._execute(f"SET SESSION sql_select_limit = {_NO_LIMIT}")
                self._execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                self._execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        except BaseException:
            self._driver.close()
            raise

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return all rows of a small query."""
        with closing(self._driver.cursor()) as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def pages(self, query: str) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of a large query, 10,000 at a time."""
        with closing(self._stream()) as cursor:
            cursor.execute(query)
            while page := cursor.fetchmany(_PAGE):
                yield list(page)

    def identifier(self, *names: str) -> str:
        """Quote the parts of a name for this backend, whatever they are spelt like."""
        if self.backend == "postgresql":
            from psycopg2.extensions import quote_ident  # noqa: PLC0415 - one backend's driver

            return ".".join(quote_ident(name, self._driver) for name in names)
        return ".".join("`{}`".format(name.replace("`", "``")) for name in names)

    def literal(self, text: str) -> str:
        """Quote a string for this backend."""
        if self.backend == "postgresql":
            from psycopg2.extensions import adapt  # noqa: PLC0415 - one backend's driver

            quoted = adapt(text)
            quoted.prepare(self._driver)
            return str(quoted.getquoted().decode("utf-8"))
        return f"_utf8mb4 0x{text.encode().hex()}"

    def _execute(self, statement: str) -> None:
        with closing(self._driver.cursor()) as cursor:
            cursor.execute(statement)

    def _stream(self) -> Any:  # noqa: ANN401 - a cursor of either driver
        if self.backend == "postgresql":
            return self._driver.cursor(name="djgc_references")
        return self._driver.cursor(_mysql_stream())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._driver.close()


def backend_of(connection: dj.Connection) -> str:
    """Return ``postgresql`` or ``mysql``, the only one before DataJoint 2.1."""
    adapter = getattr(connection, "adapter", None)
    return "mysql" if adapter is None else str(adapter.backend)


def driver_errors(connection: dj.Connection) -> tuple[type[Exception], ...]:
    """Return what the driver of a connection raises when the database fails it."""
    if backend_of(connection) == "postgresql":
        import psycopg2  # noqa: PLC0415 - one backend's driver

        return (psycopg2.Error, OSError)
    import pymysql  # noqa: PLC0415 - one backend's driver

    return (pymysql.MySQLError, OSError)


def server_name(connection: dj.Connection) -> str:
    """Describe the server for people and journals: no account, no password."""
    info = connection.conn_info
    return f"{backend_of(connection)}://{info['host']}:{info['port']}"


def server_identifier(snapshot: Snapshot, connection: dj.Connection) -> str:
    """Identify a database server, whatever name or port leads to it.

    PostgreSQL has an identifier per cluster, MySQL one per data folder, MariaDB one per
    network card and port; where the account may not ask, the address has to do.
    """
    if snapshot.backend == "postgresql":
        allowed = "SELECT has_function_privilege('pg_control_system()', 'EXECUTE')"
        if snapshot.rows(allowed)[0][0]:
            query = "SELECT system_identifier FROM pg_control_system()"
            return f"postgresql:{snapshot.rows(query)[0][0]}"
        return server_name(connection)
    names = "('server_uuid', 'server_uid')"
    told = dict(snapshot.rows(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN {names}"))
    known = told.get("server_uuid") or told.get("server_uid")
    return f"mysql:{known}" if known else server_name(connection)


def describe_error(error: BaseException, connection: dj.Connection) -> str:
    """Return a driver's message on one line, the password blotted out."""
    text = re.sub(r"\s+", " ", str(error)).strip() or type(error).__name__
    password = connection.conn_info.get("passwd")
    secret = (
        password.get_secret_value()
        if hasattr(password, "get_secret_value")
        else password
    )
    return text.replace(str(secret), "***") if secret else text


@cache
def _mysql_stream() -> Any:  # noqa: ANN401 - a class of the driver
    """Return a cursor that reads row by row and can be closed after a lost connection.

    The driver's own tries to read the rest from the lost connection.
    """
    from pymysql.cursors import SSCursor  # noqa: PLC0415 - one backend's driver

    class Stream(SSCursor):  # type: ignore[misc] # the driver has no types
        connection: Any
        _result: Any

        def close(self) -> None:
            if self.connection is not None and not self.connection.open:
                if self._result is not None:
                    self._result.unbuffered_active = False
                self.connection = None
            super().close()

        __del__ = close

    return Stream


def _connect(connection: dj.Connection, database: str | None) -> Any:  # noqa: ANN401
    """Connect as DataJoint does: unless told otherwise, with TLS where there is any."""
    info = connection.conn_info
    wish = info.get("ssl_input")
    place = {"host": info["host"], "port": info["port"]}
    account = {"user": info["user"], "password": info["passwd"]}
    if backend_of(connection) == "postgresql":
        import psycopg2  # noqa: PLC0415 - one backend's driver

        mode = "prefer" if wish is None else ("require" if wish else "disable")
        name = database or info.get("database_name") or "postgres"
        return psycopg2.connect(**place, **account, dbname=name, sslmode=mode)
    import pymysql  # noqa: PLC0415 - one backend's driver

    options = {**place, **account, "charset": "utf8mb4", "autocommit": True}
    if wish is False:
        return pymysql.connect(**options, ssl_disabled=True)
    try:
        settings = wish if isinstance(wish, dict) else {}
        return pymysql.connect(**options, ssl=settings, ssl_disabled=False)
    except pymysql.err.OperationalError:
        if wish is not None:
            raise
        return pymysql.connect(**options, ssl_disabled=True)
