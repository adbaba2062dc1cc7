"""One read-only snapshot of a database, on a connection of our own.

The clone neither blocks nor sees the open transaction of the connection that it is made
from, and everything that is read through it is of one moment.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString
from urllib.parse import quote

import datajoint as dj

from djgc_widgets.references.dialect import Dialect, dialect_of
from djgc_widgets.references.raw_text import Page, value_text
from djgc_widgets.references.silence import Patience, Wait, cut_if_silent
from djgc_widgets.references.sql import SQL, Driver, ReadingError, compose_sql
from djgc_widgets.references.store_column import ColumnName, StoreColumn

_SHOWN_AFTER = (
    r"""(?i:\w*(?:pass|pwd)\w*["']?\s*[=:]\s*["']?|://[^\s/@:]*:|identified by ["'])"""
)


@dataclass(slots=True)
class Snapshot:
    """A read-only transaction that sees one moment of one database."""

    dialect: Dialect
    address: str
    """Server and database, for people."""
    server: str
    """The server alone."""
    refused: Mapping[str, str]
    """Settings that the server did not let this session set, and why."""
    _driver: Driver
    _connection: dj.Connection
    _database: str | None
    _patience: Patience
    _session: int = 0

    def set_session(self) -> None:
        """Make sure that nothing but ourselves decides how it reads."""
        self._session = int(self.rows(self.dialect.SESSION)[0][0])
        with self._asking():
            self.refused = self.dialect.set_session(self._driver)

    def begin(self) -> None:
        """Let it see the present moment from now on."""
        with self._asking():
            self.dialect.start_snapshot(self._driver)

    def rows(self, query: SQL) -> list[tuple[Any, ...]]:
        """Return all rows of a small query."""
        with self._asking(), closing(self._driver.cursor()) as cursor:
            cursor.execute(_encoded(query))
            rows = list(cursor.fetchall())
        return [tuple(map(_decoded, row)) for row in rows]

    def may_enter(self) -> bool:
        """Return whether the server accepts one more connection like this one."""
        try:
            info = self._connection.conn_info
            self.dialect.connect(info, self._database, self._patience).close()
        except self.dialect.ERROR:
            return False
        return True

    def set_savepoint(self) -> None:
        """Let what fails from now on leave the snapshot as it is."""
        self._run(SQL("SAVEPOINT before_column"))

    def returned_to_savepoint(self) -> bool:
        """Give up what failed; return whether the snapshot can be used further."""
        try:
            self._run(SQL("ROLLBACK TO SAVEPOINT before_column"))
        except ReadingError:
            return False
        return True

    def end(self) -> None:
        """End the transaction; what is asked from now on is answered as of now."""
        self._run(SQL("COMMIT"))

    def is_gone(
        self, column: StoreColumn, known: Collection[ColumnName], error: ReadingError
    ) -> bool:
        """Return whether a column that could not be read was dropped meanwhile."""
        return self.dialect.is_gone(self.rows, column, known, error.__cause__)

    def _run(self, statement: SQL) -> None:
        with self._asking(), closing(self._driver.cursor()) as cursor:
            cursor.execute(_encoded(statement))

    def count_values(self, column: StoreColumn) -> int:
        """Let SQL count the values of a column that are not null."""
        query = self._compose("SELECT COUNT({name}) FROM {table}", column)
        return int(self.rows(query)[0][0])

    def read_values(self, column: StoreColumn, use: Callable[[Page], object]) -> None:
        """Hand over the values of a column, as the database has them, page by page.

        What `use` raises leaves nothing of the connection that could be used further.
        """
        # a composite of which one field is NULL is neither NULL nor not
        template = "SELECT {value}, {key} FROM {table} WHERE {value} IS NOT NULL"
        query = _encoded(self._compose(template, column))
        refused: list[BaseException] = []
        wait = Wait()

        def use_meanwhile(page: Page) -> None:
            try:
                with wait.ours():
                    use(page)
            except BaseException as error:
                refused.append(error)
                raise

        try:
            with self._asking(wait):
                self.dialect.read_rows(self._driver, query, use_meanwhile)
        except BaseException:
            if refused:
                self.dialect.abandon(self._driver)
                raise refused[0] from None
            raise

    @contextmanager
    def _asking(self, wait: Wait | None = None) -> Iterator[None]:
        """Turn whatever a driver raises, and a server's silence, into one error."""
        wait = wait or Wait()
        try:
            descriptor = self.dialect.descriptor(self._driver)
            seconds = self._patience.silent_seconds
            with cut_if_silent(descriptor, seconds, self._server_works, wait):
                yield
        except Exception as error:
            text = describe_error(error, self._connection)
            if wait.cut:
                text = "the server stopped answering"
            raise ReadingError(text, self.dialect.error_code(error)) from error

    def _server_works(self) -> bool:
        info, session = self._connection.conn_info, self._session
        return self.dialect.works(info, self._database, session, self._patience)

    def _compose(self, template: LiteralString, column: StoreColumn) -> SQL:
        return compose_sql(
            template,
            name=self.dialect.identifier(column.catalog_row.attribute),
            table=self.dialect.row_source(column),
            value=self.dialect.raw_value(column),
            key=self.dialect.row_key(column),
        )


@contextmanager
def open_session(
    connection: dj.Connection, database: str | None, patience: Patience
) -> Iterator[Snapshot]:
    """Open a session with address, account and TLS settings of a connection.

    `database` names another one of the same PostgreSQL cluster. The snapshot begins
    when it is told to.
    """
    dialect, where = dialect_of(connection), server_name(connection)
    try:
        driver = dialect.connect(connection.conn_info, database, patience)
    except Exception as error:
        raise ReadingError(describe_error(error, connection)) from error
    with closing(driver):
        address = f"{where}/{database}" if database else where
        others = connection, database, patience
        snapshot = Snapshot(dialect, address, where, {}, driver, *others)
        snapshot.set_session()
        yield snapshot


def _encoded(query: SQL) -> bytes:
    # a name that is not UTF-8 has half characters, see below
    return query.encode("utf-8", "surrogateescape")


def _decoded(value: object) -> object:
    return value_text(value) if isinstance(value, bytes | memoryview) else value


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
