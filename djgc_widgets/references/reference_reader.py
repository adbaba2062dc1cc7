"""Rows -> references: the raw metadata of every store column of the server.

Values are read as the text that the database holds. Nothing is decoded and no object is
opened: a decoded value has lost its path, and a collector that looks at it finds no
references at all.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import datajoint as dj
import pandas as pd

from djgc_widgets.model import (
    RECORDED,
    Notice,
    NoticeCode,
    Progress,
    ProgressCallback,
    Sighting,
    Step,
    as_text,
    stacked,
)
from djgc_widgets.references.catalog import Catalog, read_catalog
from djgc_widgets.references.column_reader import ColumnReader
from djgc_widgets.references.early_look import names_any, referring_columns
from djgc_widgets.references.known_paths import KnownPaths
from djgc_widgets.references.raw_text import Page
from djgc_widgets.references.reference_reading import (
    AllRows,
    ColumnCount,
    ReferenceReading,
    Rows,
)
from djgc_widgets.references.silence import PATIENCE, Patience
from djgc_widgets.references.snapshot import Snapshot, open_session, server_name
from djgc_widgets.references.sql import ReadingError
from djgc_widgets.references.store_column import PLAIN_CODEC, StoreColumn


def read_references(
    connections: Sequence[dj.Connection],
    known: KnownPaths,
    progress: ProgressCallback,
    patience: Patience = PATIENCE,
    rows: Rows | None = None,
) -> ReferenceReading:
    """Read every recorded path of these servers.

    Each database is read in one read-only snapshot, on a clone of its connection; all
    of them begin before the first is read, so that no row can move past the reading
    from one database to another. On PostgreSQL the further databases of the cluster are
    read too, since their rows may refer into the same stores. An error of a database is
    a problem of the reading. Recorded are the `rows` that are kept, by default all.
    """
    rows = AllRows() if rows is None else rows
    with ExitStack() as sessions:
        reader = _ReferenceReader(known, progress, patience, sessions, rows)
        for number, connection in enumerate(connections):
            reader.open_server(number, connection)
        reader.begin()
        reader.read()
    if frames := rows.all():
        reader.reading.recorded = RECORDED.conform(stacked(frames))
    return reader.reading


class _ReferenceReader:
    """Reads database after database, column after column, into one reading."""

    def __init__(
        self,
        known: KnownPaths,
        progress: ProgressCallback,
        patience: Patience,
        sessions: ExitStack,
        rows: Rows,
    ) -> None:
        self._known = known
        self._progress = progress
        self._patience = patience
        self._sessions = sessions
        self.reading = ReferenceReading()
        self._rows = rows
        self._opened: list[tuple[int, Snapshot]] = []
        self._n_references = 0
        self._referred_before: set[tuple[int, str, str, str]] = set()
        self._server = 0
        self._part = 0, 0
        self._where = ""

    def open_server(self, number: int, connection: dj.Connection) -> None:
        """Open the connection's database, and the others of its cluster."""
        address = server_name(connection)
        with self._noting_errors(address):
            own = self._open(number, connection, None)
            look = self._look(own, address)
            if not any(look.looks_like(each) for each in self.reading.servers):
                self.reading.servers.append(look)
            self._find_prepared(own, address)
            for name, allowed, _ in own.rows(own.dialect.OTHER_DATABASES):
                if not allowed:
                    self._closed(f"{address}/{name}")
                    continue
                try:
                    self._open(number, connection, name)
                except ReadingError as error:
                    self._not_entered(own, name, error)

    def _look(self, snapshot: Snapshot, address: str) -> Sighting:
        """Look which server answers; if it is a replica, that is a problem."""
        look = snapshot.dialect.look_at_server(snapshot.rows, address)
        self.reading.problems.extend(look.problems)
        self.reading.warnings.extend(look.warnings)
        return look.sighting

    def _find_prepared(self, snapshot: Snapshot, address: str) -> None:
        """Find transactions that are prepared; asked twice, they are named once."""
        prepared, unasked = snapshot.dialect.prepared(snapshot.rows, address)
        for notices, found in (
            (self.reading.prepared, prepared),
            (self.reading.warnings, unasked),
        ):
            known = {str(notice) for notice in notices}
            notices.extend(each for each in found if str(each) not in known)

    def begin(self) -> None:
        """Let all snapshots begin, one right after the other."""
        opened, self._opened = self._opened, []
        for number, snapshot in opened:
            with self._noting_errors(snapshot.address):
                found = referring_columns(snapshot, self._known)
                self._referred_before |= {(number, *name) for name in found}
        for number, snapshot in opened:
            with self._noting_errors(snapshot.address):
                snapshot.begin()
                self._opened.append((number, snapshot))

    def read(self) -> None:
        """Read what was opened, one database after the other."""
        for number, snapshot in self._opened:
            self._server = number
            with self._noting_errors(snapshot.address):
                self._read_database(snapshot)
                # what was prepared meanwhile counts as well
                self._find_prepared(snapshot, snapshot.server)

    def _open(
        self, number: int, connection: dj.Connection, database: str | None
    ) -> Snapshot:
        session = open_session(connection, database, self._patience)
        snapshot = self._sessions.enter_context(session)
        self._opened.append((number, snapshot))
        for setting, error in snapshot.refused.items():
            where = snapshot.address
            self._problem(NoticeCode.SETTING_KEPT, where, setting=setting, error=error)
        return snapshot

    def _not_entered(self, own: Snapshot, name: str, error: ReadingError) -> None:
        """Note why a further database could not be opened.

        A driver has no codes for that. So if the server answers otherwise, it does not
        accept this account there.
        """
        where = f"{own.address}/{name}"
        present = {row[0]: row[1:] for row in own.rows(own.dialect.OTHER_DATABASES)}
        if name not in present:
            return  # dropped meanwhile
        _, may_be_full = present[name]
        enters = own.may_enter() or own.rows(own.dialect.LIMITED_ACCOUNT) == [(True,)]
        if enters and not may_be_full:
            self._closed(where, f" ({error})")
        else:
            self._problem(NoticeCode.DATABASE_UNREAD, where, error=error)

    def _closed(self, where: str, error: str = "") -> None:
        notice = Notice(NoticeCode.DATABASE_CLOSED, where, {"error": error})
        self.reading.unseen.append(notice)

    @contextmanager
    def _noting_errors(self, where: str) -> Iterator[None]:
        """Let an error of a database be a problem of the reading."""
        self._where = where
        try:
            yield
        except ReadingError as error:
            self._problem(NoticeCode.DATABASE_UNREAD, self._where, error=error)

    def _read_database(self, snapshot: Snapshot) -> None:
        catalog = read_catalog(snapshot)
        self.reading.schemas |= catalog.schemas
        if catalog.ignores_case:
            self.reading.caseless_schemas |= catalog.schemas
        if not self._server:
            self.reading.own_schemas |= catalog.schemas
        self.reading.tables.extend(catalog.tables)
        self.reading.problems.extend(catalog.problems)
        self.reading.unseen.extend(catalog.unseen)
        self.reading.hiding |= catalog.hiding
        if not catalog.complete:
            notice = Notice(NoticeCode.SCHEMAS_HIDDEN, snapshot.address)
            self.reading.unseen.append(notice)
        unread = self._read_columns(snapshot, catalog)
        read = {column.catalog_row.relation_id for column in catalog.columns}
        for relation, table in snapshot.rows(snapshot.dialect.REWRITTEN_TABLES):
            if relation in read:
                self._problem(NoticeCode.TABLE_REWRITTEN, as_text(table))
        if unread:
            snapshot.end()  # only then every server tells of the present
        for column, error in unread:
            if snapshot.is_gone(column, catalog.column_names, error):
                notice = Notice(NoticeCode.COLUMN_GONE, column.full_name)
                self.reading.gone.append(notice)
            else:
                self._problem(NoticeCode.COLUMN_UNREAD, column.full_name, error=error)

    def _read_columns(
        self, snapshot: Snapshot, catalog: Catalog
    ) -> list[tuple[StoreColumn, ReadingError]]:
        """Read each column; return those that could not be read."""
        unread = []
        for part, column in enumerate(catalog.columns, 1):
            self._where = column.full_name
            self._part = part, len(catalog.columns)
            snapshot.set_savepoint()
            try:
                self._read_column(snapshot, column)
            except ReadingError as error:
                if not snapshot.returned_to_savepoint():
                    raise
                unread.append((column, error))
        return unread

    def _read_column(self, snapshot: Snapshot, column: StoreColumn) -> None:
        counted = snapshot.count_values(column)
        self._report(column, 0, counted)
        where, must_refer = column.full_name, column.must_refer
        reader = ColumnReader(self._server, column, self._known)
        is_plain = column.codec == PLAIN_CODEC
        of_plain: list[pd.DataFrame] = []

        def read_page(page: Page) -> None:
            frame = reader.read(page, self._n_references)
            self._n_references += int(frame["reference"].nunique())
            self._rows.add(frame)
            of_plain.extend([frame] if is_plain else [])
            self._report(column, reader.n_read, counted)

        snapshot.read_values(column, read_page)
        problem = snapshot.dialect.snapshot_problem(
            snapshot.rows,
            column,
            refers=lambda: (
                not is_plain
                or (self._server, *column.name) in self._referred_before
                or self._refer(of_plain)
            ),
        )
        if problem:
            self.reading.problems.append(problem)
        read, referring = reader.n_read, reader.n_referring
        counts = ColumnCount(where, counted, read, referring, must_refer)
        self.reading.counts.append(counts)
        if counted != read:
            self._problem(
                NoticeCode.VALUES_UNREAD,
                where,
                counted=counted,
                read=read,
                row_key=reader.last_key,
            )
        elif reader.damaged:
            row_key, error = reader.damaged
            self._problem(
                NoticeCode.VALUES_WITHOUT_PATH,
                where,
                referring=referring,
                read=read,
                codec=column.codec,
                row_key=row_key,
                error=error,
            )

    def _refer(self, frames: list[pd.DataFrame]) -> bool:
        """Return whether recorded paths name something in a section, or listed."""
        return any(names_any(frame["path"], self._known) for frame in frames)

    def _report(self, column: StoreColumn, done: int, total: int) -> None:
        part, parts = self._part
        subject = column.full_name
        self._progress(Progress(Step.READING, done, total, None, part, parts, subject))

    def _problem(self, code: NoticeCode, where: str, **values: object) -> None:
        self.reading.problems.append(Notice(code, where, values))
