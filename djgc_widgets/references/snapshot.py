"""One read-only snapshot of a database, on a connection of our own.

The clone neither blocks nor sees the open transaction of the connection that it is made
from, and everything that is read through it is of one moment.
"""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString
from urllib.parse import quote

import datajoint as dj

from djgc_widgets.references.dialect import Dialect, dialect_of
from djgc_widgets.references.sql import SQL, Driver, compose_sql
from djgc_widgets.references.store_column import StoreColumn

_PAGE = 10_000
_SHOWN_AFTER = (
    r"""(?i:\w*(?:pass|pwd)\w*["']?\s*[=:]\s*["']?|://[^\s/@:]*:|identified by ["'])"""
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A read-only transaction that sees one moment of one database."""

    dialect: Dialect
    _driver: Driver

    def rows(self, query: SQL) -> list[tuple[Any, ...]]:
        """Return all rows of a small query."""
        with closing(self._driver.cursor()) as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def count_values(self, column: StoreColumn) -> int:
        """Let SQL count the values of a column that are not null."""
        query = self._compose("SELECT COUNT({name}) FROM {table}", column)
        return int(self.rows(query)[0][0])

    def read_values(self, column: StoreColumn) -> Iterator[list[tuple[str, str]]]:
        """Yield pages of values, as the database has them, and of keys, as JSON."""
        template = "SELECT {value}, {key} FROM {table} WHERE {name} IS NOT NULL"
        with closing(self.dialect.streaming_cursor(self._driver)) as cursor:
            cursor.execute(self._compose(template, column))
            while page := cursor.fetchmany(_PAGE):
                yield [(_value_text(value), str(key)) for value, key in page]

    def _compose(self, template: LiteralString, column: StoreColumn) -> SQL:
        return compose_sql(
            template,
            name=self.dialect.identifier(column.attribute),
            table=self.dialect.identifier(column.table.schema, column.table.name),
            value=self.dialect.raw_value(column),
            key=self.dialect.row_key(column),
        )


@contextmanager
def open_snapshot(
    connection: dj.Connection, database: str | None
) -> Iterator[Snapshot]:
    """Open a snapshot with address, account and TLS settings of a connection.

    `database` names another one of the same PostgreSQL cluster.
    """
    dialect = dialect_of(connection)
    with closing(dialect.connect(connection.conn_info, database)) as driver:
        dialect.start_snapshot(driver)
        yield Snapshot(dialect, driver)


def _value_text(value: object) -> str:
    # bytes that are not UTF-8 become half characters, which no path can hold
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return str(value)


def server_name(connection: dj.Connection) -> str:
    """Describe the server for people and journals: no account, no password."""
    info = connection.conn_info
    return f"{dialect_of(connection).NAME}://{info['host']}:{info['port']}"


def describe_error(error: BaseException, connection: dj.Connection) -> str:
    """Return a driver's message on one line, without the password.

    It is blotted out where a message gives a password: after its name, in a URL, in a
    statement. The same letters elsewhere are a word or a name, and stay.
    """
    text = re.sub(r"\s+", " ", str(error)).strip() or type(error).__name__
    password = connection.conn_info.get("passwd")
    secret = getattr(password, "get_secret_value", lambda: password)()
    if not secret:
        return text
    spellings = (re.escape(each) for each in (str(secret), quote(str(secret), safe="")))
    shown = rf"({_SHOWN_AFTER})(?:{'|'.join(spellings)})(?=[\"'\s,;)}}@]|$)"
    return re.sub(shown, r"\1***", text)
