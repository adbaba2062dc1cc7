"""What each kind of database server does differently, behind one protocol.

The dialects have no state. Nothing else in this room asks for a connection's backend.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

import datajoint as dj

from djgc_widgets.model import Notice
from djgc_widgets.references.mysql import MySQL
from djgc_widgets.references.postgresql import PostgreSQL
from djgc_widgets.references.raw_text import Page
from djgc_widgets.references.server_look import ServerLook
from djgc_widgets.references.silence import Patience
from djgc_widgets.references.sql import SQL, Driver, Rows
from djgc_widgets.references.store_column import ColumnName, StoreColumn


class Dialect(Protocol):
    """SQL and driver of one kind of server."""

    NAME: str
    ERROR: type[Exception]
    """What the driver raises when the database fails it."""
    CATALOG: SQL
    """Selects a `CatalogRow` per column of every base table, ordered by table."""
    SCHEMAS: SQL
    """Selects the names of all schemas of users."""
    OTHER_DATABASES: SQL
    """Selects the cluster's further databases, whether the account may connect, and
    whether each accepts only so many connections."""
    SESSION: SQL
    """Selects the number by which the server knows a session."""
    LIMITED_ACCOUNT: SQL
    """Selects whether the account may have only so many connections."""
    REWRITTEN_TABLES: SQL
    """Selects the relations that other sessions rewrote or emptied since the snapshot:
    identifier and name; of a partition that of the table it belongs to."""
    WITHOUT_SNAPSHOTS: SQL
    """Selects schema and name of each table whose rows no snapshot covers."""
    READ_ONLY: tuple[SQL, ...]
    """Make a session read-only, and its waits for locks short."""

    def connect(
        self, info: Mapping[str, Any], database: str | None, limits: Patience, /
    ) -> Driver:
        """Connect as DataJoint does: with TLS if the server has it, unless set."""

    def set_session(self, driver: Driver, /) -> Mapping[str, str]:
        """Set whatever decides how a session reads; return what was refused, and why.

        Neither the environment nor account, database or server have a say in it.
        """

    def start_snapshot(self, driver: Driver, /) -> None:
        """Begin a read-only transaction that sees one moment."""

    def works(
        self,
        info: Mapping[str, Any],
        database: str | None,
        session: int,
        limits: Patience,
        /,
    ) -> bool:
        """Ask the server over another connection whether it works for a session."""

    def descriptor(self, driver: Driver, /) -> int:
        """Return the file descriptor of a connection."""

    def read_rows(
        self, driver: Driver, query: bytes, use: Callable[[Page], None], /
    ) -> None:
        """Hand over the rows of a query of two texts, none of them null, in pages."""

    def abandon(self, driver: Driver, /) -> None:
        """Close a connection at once, in the middle of a result."""

    def identifier(self, *names: str) -> SQL:
        """Quote the parts of a name."""

    def row_source(self, column: StoreColumn, /) -> SQL:
        """Name the table so that each of its rows is read once, former ones as well."""

    def raw_value(self, column: StoreColumn, /) -> SQL:
        """Select a value as the text that the database holds."""

    def row_key(self, column: StoreColumn, /) -> SQL:
        """Select the primary key as JSON, the same on every server."""

    def hiding_schemas(
        self, rows: Rows, schemas: frozenset[str], /
    ) -> tuple[frozenset[str], bool]:
        """Return which schemas may hide tables, and whether all schemas are visible."""

    def ignores_case(self, rows: Rows, /) -> bool:
        """Return whether names of schemas that differ only in case are one."""

    def snapshot_problem(
        self, rows: Rows, column: StoreColumn, /, *, refers: Callable[[], bool]
    ) -> Notice | None:
        """Return a problem if what was read of a column may not be the snapshot's.

        `refers` tells whether any of its values may refer into the stores.
        """

    def is_gone(
        self,
        rows: Rows,
        column: StoreColumn,
        known: Collection[ColumnName],
        error: BaseException | None,
        /,
    ) -> bool:
        """Return whether a column that could not be read was dropped meanwhile.

        `known` are the columns of the catalog at the time of the snapshot.
        """

    def error_code(self, error: Exception, /) -> object:
        """Return the server's own code of an error; None if the server said nothing."""

    def look_at_server(self, rows: Rows, address: str, /) -> ServerLook:
        """Look which server answers, and whether it is a replica."""

    def prepared(
        self, rows: Rows, address: str, /
    ) -> tuple[list[Notice], list[Notice]]:
        """Return what is prepared but not committed, and what could not be asked."""


_DIALECTS: dict[str, Dialect] = {d.NAME: d for d in (PostgreSQL(), MySQL())}


def dialect_of(connection: dj.Connection) -> Dialect:
    """Return the dialect of a connection: MySQL's before DataJoint 2.1."""
    adapter = getattr(connection, "adapter", None)
    return _DIALECTS["mysql" if adapter is None else str(adapter.backend)]


def errors_of_dialects() -> tuple[type[Exception], ...]:
    """Return what any of the drivers raises when a database fails it."""
    return (*(dialect.ERROR for dialect in _DIALECTS.values()), OSError)
