"""Which PostgreSQL answers: its identity, its state, and what it has prepared."""

from djgc_widgets.model import Notice, NoticeCode, Position, Sighting
from djgc_widgets.references.server_look import ServerLook
from djgc_widgets.references.sql import SQL, ReadingError, Rows

_IN_RECOVERY = SQL("SELECT pg_catalog.pg_is_in_recovery()")
_IDENTIFIER = SQL("SELECT system_identifier::text FROM pg_catalog.pg_control_system()")
_POSITION = SQL("""
    SELECT pg_catalog.pg_walfile_name(at), pg_catalog.pg_wal_lsn_diff(at, '0/0')::text
    FROM pg_catalog.pg_current_wal_flush_lsn() at
""")
_TRAITS = SQL("""
    SELECT name, setting FROM pg_catalog.pg_settings
    WHERE name IN ('port', 'cluster_name', 'data_directory', 'unix_socket_directories')
""")
_PREPARED = SQL("SELECT gid, database FROM pg_catalog.pg_prepared_xacts ORDER BY gid")
_TIMELINE_DIGITS = 8


def look(rows: Rows, address: str) -> ServerLook:
    """Look at a server as any account may."""
    replica = bool(rows(_IN_RECOVERY)[0][0])
    warnings = []
    identifier, position = address, None
    try:
        identifier = f"postgresql:{rows(_IDENTIFIER)[0][0]}"
        if not replica:
            position = _position(rows)
    except ReadingError as error:
        if error.code is None:
            raise
        values = {"error": error}
        warnings.append(Notice(NoticeCode.POSITION_UNKNOWN, address, values))
    sighting = Sighting(identifier, address, dict(rows(_TRAITS)), position)
    problems = [Notice(NoticeCode.REPLICA, address)] if replica else []
    return ServerLook(sighting, problems, warnings)


def _position(rows: Rows) -> Position:
    ((segment, log),) = rows(_POSITION)
    return Position(int(segment[:_TIMELINE_DIGITS], 16), int(log))


def prepared(rows: Rows, address: str) -> tuple[list[Notice], list[Notice]]:
    """Return what is prepared in any database of the cluster; no account is barred."""
    notices = []
    for name, database in rows(_PREPARED):
        where = f"{address}/{database}"
        values = {"transaction": name}
        notices.append(Notice(NoticeCode.TRANSACTION_PREPARED, where, values))
    return notices, []
