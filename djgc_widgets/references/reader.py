"""Rows -> references: the raw metadata of every store column of the server.

Values are read as the text that the database holds. Nothing is decoded and no object is
opened: a decoded value has lost its path, and a collector that looks at it finds no
references at all.
"""

from collections.abc import Iterator, Sequence
from itertools import count

import datajoint as dj
import pandas as pd

from djgc_widgets.model import RECORDED, Notice, Progress, ProgressCallback
from djgc_widgets.references.catalog import (
    StoreColumn,
    keeps_no_snapshot,
    other_databases,
    read_catalog,
    renamed,
    rewritten_tables,
)
from djgc_widgets.references.codecs import own_reading
from djgc_widgets.references.column_values import count_values, read_values
from djgc_widgets.references.path_spellings import Places
from djgc_widgets.references.recorded_paths import RecordedPath, Told, recorded_paths
from djgc_widgets.references.result import ColumnCount, ReferenceReading
from djgc_widgets.references.snapshot import (
    Snapshot,
    describe_error,
    driver_errors,
    server_identifier,
    server_name,
)


def read_references(
    connections: Sequence[dj.Connection], places: Places, progress: ProgressCallback
) -> ReferenceReading:
    """Read every recorded path of these servers.

    Each database is read in one read-only snapshot of its own. On PostgreSQL the
    further databases of the cluster are read too, since their rows may refer into the
    same stores.

    Parameters
    ----------
    connections : sequence of datajoint.Connection
        One per server; they are cloned, not used.
    places : Places
        Roots and sections of the stores.
    progress : callable
        Called once per page of rows.

    Returns
    -------
    ReferenceReading
        Whatever goes wrong is one of its problems; it never raises for a database's
        sake.
    """
    reader = _Reader(places, progress)
    for number, connection in enumerate(connections):
        reader.read_server(number, connection)
    if reader.frames:
        recorded = pd.concat(reader.frames, ignore_index=True)
        reader.reading.recorded = RECORDED.conform(recorded)
    return reader.reading


class _Reader:
    """Reads database after database, column after column, into one reading."""

    def __init__(self, places: Places, progress: ProgressCallback) -> None:
        self._places = places
        self._progress = progress
        self.reading = ReferenceReading()
        self.frames: list[pd.DataFrame] = []
        self._numbers = count()
        self._server = 0
        self._part = 0, 0

    def read_server(self, number: int, connection: dj.Connection) -> None:
        """Read the connection's database, then the others of its cluster."""
        self._server = number
        others = self._read_database(connection, None)
        for name, allowed in others:
            if allowed:
                self._read_database(connection, name)
            else:
                self.reading.unseen.append(_closed_database(connection, name))

    def _read_database(
        self, connection: dj.Connection, database: str | None
    ) -> list[tuple[str, bool]]:
        place = "/".join(filter(None, (server_name(connection), database)))
        others: list[tuple[str, bool]] = []
        try:
            with Snapshot(connection, database) as snapshot:
                catalog = read_catalog(snapshot)
                self.reading.schemas |= catalog.schemas
                if not self._server:
                    self.reading.own_schemas |= catalog.schemas
                self.reading.tables.extend(catalog.tables)
                self.reading.problems.extend(catalog.problems)
                self.reading.unseen.extend(catalog.unseen)
                self.reading.hiding |= catalog.hiding
                if not catalog.complete:
                    self.reading.unseen.append(_hidden(connection))
                others = other_databases(snapshot)
                server = server_identifier(snapshot, connection)
                self.reading.servers[server] = server_name(connection)
                for part, column in enumerate(catalog.columns, 1):
                    place = column.place
                    self._part = part, len(catalog.columns)
                    self._read_column(snapshot, column)
                for table in rewritten_tables(snapshot):
                    self._problem(_rewritten(table))
        except driver_errors(connection) as error:
            self._problem(_unread(place, describe_error(error, connection)))
        return others

    def _read_column(self, snapshot: Snapshot, column: StoreColumn) -> None:
        counted = count_values(snapshot, column)
        step = f"reading {column.place}"
        self._report(step, 0, counted)
        told = own_reading(column.codec)
        read, referring, damaged, example, last = 0, 0, 0, "", "none"
        for page in read_values(snapshot, column):
            found: list[tuple[RecordedPath, str]] = []
            for value, key in page:
                paths, why = self._paths(column, value, told)
                sure = any(path.sure for path in paths)
                if (column.must_refer and not sure) or why:
                    damaged, example = damaged + 1, example or f"{key}{why}"
                referring += sure
                found.extend((path, key) for path in paths)
                last = key
            read += len(page)
            self.frames.append(_frame(self._server, column, found, self._numbers))
            self._report(step, read, counted)
        if renamed(snapshot, column):
            self._problem(_rewritten(column.place))
        if keeps_no_snapshot(snapshot, column):
            self._problem(_moving(column))
        counts = ColumnCount(column.place, counted, read, referring, column.must_refer)
        self.reading.counts.append(counts)
        if counted != read:
            self._problem(_blind(column, counts, f"the last to be read in row {last}"))
        elif damaged:
            self._problem(
                _blind(column, counts, f"the first without a path in row {example}")
            )

    def _paths(
        self, column: StoreColumn, value: str, told: Told | None
    ) -> tuple[list[RecordedPath], str]:
        """Return the paths of a value, and why there are none if it cannot be read."""
        try:
            json_only = column.must_refer
            paths = recorded_paths(value, self._places, told, json_only=json_only)
        except ValueError as error:
            return [], f", which is {error}"
        return paths, ""

    def _report(self, step: str, done: int, total: int) -> None:
        part, parts = self._part
        self._progress(Progress(step, done, total, part=part, parts=parts))

    def _problem(self, problem: Notice) -> None:
        self.reading.problems.append(problem)


def _frame(
    server: int,
    column: StoreColumn,
    found: list[tuple[RecordedPath, str]],
    numbers: Iterator[int],
) -> pd.DataFrame:
    rows = [
        (number, spelt, path, key)
        for (path, key), number in zip(found, numbers, strict=False)
        for spelt in path.spellings
    ]
    return RECORDED.conform(
        {
            "named_store": pd.array([path.store for *_, path, _ in rows], dtype="str"),
            "column_store": column.store,
            "server": server,
            "reference": pd.array([number for number, *_ in rows], dtype="int64"),
            "declared": pd.array([path.declared for *_, path, _ in rows], dtype="bool"),
            "schema": column.table.schema,
            "table": column.table.name,
            "attribute": column.attribute,
            "codec": column.codec,
            "path": pd.array([spelt for _, spelt, *_ in rows], dtype="str"),
            "size_bytes": pd.array([p.size_bytes for *_, p, _ in rows], dtype="Int64"),
            "is_dir": pd.array([path.is_dir for *_, path, _ in rows], dtype="bool"),
            "row_key": pd.array([key for *_, key in rows], dtype="str"),
        }
    )


def _unread(place: str, error: str) -> Notice:
    return Notice(
        place,
        f"the database could not be read to the end: {error}",
        "See that the server answers and the account may read, then scan again",
    )


def _rewritten(table: str) -> Notice:
    return Notice(
        table,
        "another session rewrote, emptied or renamed it while it was being read, so "
        "its rows of that moment can no longer be seen",
        "Scan again",
    )


def _moving(column: StoreColumn) -> Notice:
    return Notice(
        column.table.full_name,
        f"its engine {column.identity[2]} keeps no snapshot, so rows may move while "
        "they are read",
        "Convert the table to InnoDB",
    )


def _closed_database(connection: dj.Connection, name: str) -> Notice:
    return Notice(
        f"{server_name(connection)}/{name}",
        "this account may not connect to the database, whose rows may refer to objects "
        "in these stores",
        "Ask for CONNECT on it and SELECT on its tables",
    )


def _hidden(connection: dj.Connection) -> Notice:
    return Notice(
        server_name(connection),
        "this account does not see every schema of the server, and rows of a schema "
        "that it does not see may refer to objects in these stores",
        "Use an account with SELECT on *.*",
    )


def _blind(column: StoreColumn, count: ColumnCount, example: str) -> Notice:
    return Notice(
        column.place,
        f"SQL counts {count.counted} values, {count.read} were read and "
        f"{count.referring} record a path, {example}",
        f"Look at the raw values of this {column.codec!r} column; until each yields a "
        "path, its objects are not known",
    )
