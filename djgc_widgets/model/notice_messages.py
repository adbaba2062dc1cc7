"""The words for problems and warnings: what is wrong, and what to do."""

from djgc_widgets.model.codes import NoticeCode
from djgc_widgets.model.server_messages import SERVER_MESSAGES
from djgc_widgets.model.store_messages import STORE_MESSAGES

MESSAGES = {
    **SERVER_MESSAGES,
    NoticeCode.DATABASE_UNREAD: (
        "the database could not be read completely: {error}",
        "Check that the server answers and that the account may read, then scan again",
    ),
    NoticeCode.DATABASE_CLOSED: (
        (
            "this account cannot connect to the database{error}, and its rows may "
            "refer to objects in these stores"
        ),
        (
            "Let the account connect (CONNECT, pg_hba.conf, limits of connections) and "
            "grant SELECT on its tables"
        ),
    ),
    NoticeCode.SETTING_KEPT: (
        (
            "the server does not let this account change {setting} for its own "
            "session ({error}), so rows may be left out"
        ),
        "Change {setting} for this account, then scan again",
    ),
    NoticeCode.SCHEMAS_HIDDEN: (
        (
            "this account does not see every schema of the server, and rows of a "
            "schema that it does not see may refer to objects in these stores"
        ),
        "Use an account with SELECT on *.*",
    ),
    NoticeCode.SCHEMA_HIDES_TABLES: (
        (
            "this account may not see or read every table of the schema, so the "
            "references of its rows are not known"
        ),
        "Grant SELECT on the whole schema",
    ),
    NoticeCode.TABLE_UNREADABLE: (
        (
            "this account may not read the table, so the references of its rows are "
            "not known"
        ),
        "Grant SELECT on {table} (and on PostgreSQL USAGE on its schema)",
    ),
    NoticeCode.TABLE_DAMAGED: (
        (
            "the server cannot list its columns, so the references of its rows are not "
            "known"
        ),
        "Repair or drop the table",
    ),
    NoticeCode.TABLE_REWRITTEN: (
        (
            "another session rewrote, emptied or renamed it while it was read, so the "
            "rows of the snapshot are no longer visible"
        ),
        "Scan again",
    ),
    NoticeCode.COLUMN_UNREAD: (
        "it could not be read completely: {error}",
        "Check that the account may read the table, then scan again",
    ),
    NoticeCode.COLUMN_GONE: (
        "it was dropped while references were read, so its rows refer to nothing",
        "Nothing to do; scan again if its rows were moved to another table",
    ),
    NoticeCode.NO_SNAPSHOT: (
        (
            "its rows may refer to objects, but its engine {engine} keeps no snapshot, "
            "so rows may move while they are read"
        ),
        "Convert the table to InnoDB",
    ),
    NoticeCode.VALUES_UNREAD: (
        (
            "SQL counts {counted} values, but {read} were read; the last one is in row "
            "{row_key}"
        ),
        "Scan again; if it stays so, check the table",
    ),
    NoticeCode.VALUES_WITHOUT_PATH: (
        (
            "only {referring} of {read} values record a path; the first one without is "
            "in row {row_key}{error}"
        ),
        (
            "Look at the raw values of this {codec!r} column; until each yields a "
            "path, its objects are not known"
        ),
    ),
    NoticeCode.NO_STORE_COLUMN: (
        (
            "expected at least one store column (<codec@store>), found none, so every "
            "object would look like an orphan"
        ),
        "Check that this is the right schema and server",
    ),
    NoticeCode.RELEASE_UNKNOWN: (
        (
            "release {installed} is not one of those that this version of djgc-widgets "
            "was tried with ({oldest} to {newest})"
        ),
        "Update djgc-widgets, or look at the reasons of a few orphans before a sweep",
    ),
    **STORE_MESSAGES,
    NoticeCode.SWEEP_INTERRUPTED: (
        "sweep {sweep_id} is running or was interrupted",
        "Wait for it, or call Trash(schema, {store!r}).recover()",
    ),
    NoticeCode.NEEDED_AGAIN: (
        "a row refers again to {objects} in the trash",
        "Call scan.heal() to restore them",
    ),
    NoticeCode.TRASH_UNREAD: (
        "{error}",
        "Its objects stay where they are until someone has looked",
    ),
    NoticeCode.RECORD_UNWRITTEN: (
        "the journal's record {record!r} could not be written ({error})",
        "Free some space or fix the permissions; the receipt is right all the same",
    ),
    NoticeCode.FOLDER_RIGHTS: (
        "its former mode {mode}, owner {uid} and group {gid} could not be set",
        "Ask its owner or an administrator to run chmod and chown",
    ),
    NoticeCode.LOCK_LOST: (
        "{why}, so what was moved was not checked against the rows again",
        "Call recover() on the trash of this store",
    ),
    NoticeCode.SOFT_DELETED: (
        (
            "its bucket keeps what is deleted for some days (soft delete), so the "
            "{size} that left their place are freed later"
        ),
        "Until then the tools of the cloud bring them back",
    ),
    NoticeCode.VERSIONS_KEPT: (
        (
            "its bucket keeps versions, so nothing was freed: {size} are in the trash "
            "and as much stays as old versions"
        ),
        "Purge the trash later, and let a lifecycle rule expire old versions",
    ),
    NoticeCode.VERSIONS_PURGED: (
        (
            "its bucket keeps versions, so nothing was freed: the {size} that were "
            "purged stay as old versions, and can be brought back from them"
        ),
        "Let a lifecycle rule of the bucket expire old versions",
    ),
    NoticeCode.VERSIONS_SUSPENDED: (
        (
            "versioning of its bucket is suspended: what was written since is deleted "
            "for good by a purge, but versions from before stay and take space"
        ),
        "Let a lifecycle rule of the bucket expire old versions",
    ),
    NoticeCode.VERSIONS_UNKNOWN: (
        "it is not known whether its bucket keeps versions ({error})",
        "Ask whoever manages the bucket",
    ),
    NoticeCode.HIDDEN_UNREAD: (
        (
            "what its bucket keeps beside its objects, such as old versions and "
            "unfinished uploads, could not be listed completely: {error}"
        ),
        "Let the account list it; until then its bytes are not counted",
    ),
    NoticeCode.COMMAND_FAILED: (
        "{error}",
        "The others were carried out; scan again to see what is left",
    ),
    NoticeCode.COLLECTOR_GAVE_UP: (
        "the collector stopped: {error}",
        "What it would delete there is not known",
    ),
}
"""For each problem or warning what is wrong, and what to do."""
