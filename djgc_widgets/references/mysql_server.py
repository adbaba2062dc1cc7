"""Which MySQL or MariaDB answers: its identity, its state, and what it has prepared."""

from collections.abc import Mapping

from pymysql.constants import ER

from djgc_widgets.model import Notice, NoticeCode, Position, Sighting
from djgc_widgets.references.server_look import ServerLook
from djgc_widgets.references.sql import SQL, ReadingError, Rows

_VARIABLES = SQL("""
    SHOW GLOBAL VARIABLES WHERE Variable_name IN (
        'server_uuid', 'server_uid', 'hostname', 'port', 'server_id', 'datadir',
        'socket', 'read_only', 'innodb_read_only', 'performance_schema')
""")
_TRAITS = ("hostname", "port", "server_id", "datadir", "socket")
_STATUS = SQL("""
    SHOW GLOBAL STATUS WHERE Variable_name IN (
        'Innodb_lsn_flushed', 'Innodb_redo_log_flushed_to_disk_lsn', 'Slaves_running')
""")
_REPLICATION = {
    "server_uuid": (
        SQL("SHOW REPLICA STATUS"),
        SQL("SHOW SLAVE STATUS"),  # before MySQL 8.0.22
    ),
    "server_uid": (SQL("SHOW ALL SLAVES STATUS"),),
}
"""By the variable that MySQL and MariaDB have: the queries that tell of replication."""
_CHANNELS = SQL("""
    SELECT channel_name FROM performance_schema.replication_connection_configuration
""")
"""The same, for accounts with SELECT on *.* only; empty without performance_schema."""
_BARRED = {
    ER.SPECIFIC_ACCESS_DENIED_ERROR,
    ER.TABLEACCESS_DENIED_ERROR,
    ER.DBACCESS_DENIED_ERROR,
    ER.XAER_RMERR,
}
_OF_GROUP = "group_replication_"
"""Begins the channels by which the members of a group exchange what is committed: a
member is waited for, so it is no replica."""


def look(rows: Rows, address: str) -> ServerLook:
    """Look at a server as any account may."""
    variables: dict[str, str] = dict(rows(_VARIABLES))
    status: dict[str, str] = dict(rows(_STATUS))
    known = variables.get("server_uuid") or variables.get("server_uid")
    log = status.get("Innodb_lsn_flushed") or status.get(
        "Innodb_redo_log_flushed_to_disk_lsn"
    )
    sighting = Sighting(
        f"mysql:{known}" if known else address,
        address,
        {name: variables[name] for name in _TRAITS if variables.get(name)},
        Position(0, int(log)) if log else None,
    )
    problems: list[Notice] = []
    warnings: list[Notice] = []
    replica = _is_replica(rows, variables)
    if replica or "ON" in (variables.get("innodb_read_only"), _replicating(status)):
        problems.append(Notice(NoticeCode.REPLICA, address))
    elif replica is None:
        read_only = variables.get("read_only") == "ON"
        if read_only:
            problems.append(Notice(NoticeCode.MAYBE_REPLICA, address))
        else:
            warnings.append(Notice(NoticeCode.REPLICATION_UNASKED, address))
    if sighting.position is None:
        values = {"error": "its log position is hidden"}
        warnings.append(Notice(NoticeCode.POSITION_UNKNOWN, address, values))
    return ServerLook(sighting, problems, warnings)


def _replicating(status: Mapping[str, str]) -> str:
    """Say whether a MariaDB applies what another server commits."""
    return "OFF" if status.get("Slaves_running", "0") == "0" else "ON"


def _is_replica(rows: Rows, variables: Mapping[str, str]) -> bool | None:
    """Return whether another server's commits arrive here; None if not allowed."""
    queries = [
        query
        for name, queries in _REPLICATION.items()
        if variables.get(name)
        for query in queries
    ]
    if variables.get("performance_schema") == "ON" and variables.get("server_uuid"):
        queries.append(_CHANNELS)
    for query in queries:
        try:
            channels = rows(query)
        except ReadingError as error:
            if error.code in {*_BARRED, ER.PARSE_ERROR}:
                continue
            raise
        return not all(
            any(str(cell).startswith(_OF_GROUP) for cell in channel)
            for channel in channels
        )
    return None


def prepared(rows: Rows, address: str) -> tuple[list[Notice], list[Notice]]:
    """Return what is prepared on the server, and a warning if that may not be asked."""
    try:
        transactions = [str(data) for *_, data in rows(SQL("XA RECOVER"))]
    except ReadingError as error:
        if error.code not in _BARRED:
            raise
        return [], [Notice(NoticeCode.PREPARED_UNASKED, address)]
    return [
        Notice(NoticeCode.TRANSACTION_PREPARED, address, {"transaction": each})
        for each in transactions
    ], []
