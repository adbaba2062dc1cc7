"""The words for what is said about database servers themselves."""

from djgc_widgets.model.codes import NoticeCode

SERVER_MESSAGES = {
    NoticeCode.REPLICA: (
        (
            "it is a replica, or recovers from a backup, so rows that were committed "
            "elsewhere may not have arrived"
        ),
        (
            "Connect to the primary server and scan again (if it is the primary by "
            "now, end its replication: RESET REPLICA ALL)"
        ),
    ),
    NoticeCode.MAYBE_REPLICA: (
        (
            "it is read-only, and this account may not ask whether it is a replica to "
            "which some rows have not yet come"
        ),
        (
            "Connect to the primary server, or grant REPLICATION CLIENT on *.* "
            "(MariaDB: SLAVE MONITOR)"
        ),
    ),
    NoticeCode.REPLICATION_UNASKED: (
        "this account may not ask whether it is a replica",
        (
            "Be sure that it is the primary server, or grant REPLICATION CLIENT on "
            "*.* (MariaDB: SLAVE MONITOR)"
        ),
    ),
    NoticeCode.POSITION_UNKNOWN: (
        (
            "it does not say how far its log has been written ({error}), so an older "
            "state of it would not be noticed"
        ),
        (
            "Grant EXECUTE on pg_control_system, pg_current_wal_flush_lsn and "
            "pg_walfile_name, or let MySQL report its status"
        ),
    ),
    NoticeCode.TRANSACTION_PREPARED: (
        (
            "transaction {transaction!r} is prepared: its rows are not seen, and may "
            "be committed at any time"
        ),
        "Commit it or roll it back, then scan again",
    ),
    NoticeCode.PREPARED_UNASKED: (
        "this account may not ask whether XA transactions are prepared",
        "Grant XA_RECOVER_ADMIN on *.*",
    ),
}
"""For each what is wrong, and what to do."""
