"""The words for problems and warnings: what is wrong, and what to do."""

from djgc_widgets.model.codes import NoticeCode
from djgc_widgets.model.server_messages import SERVER_MESSAGES

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
    NoticeCode.STORE_UNOPENED: (
        "{error}, so its content is not known",
        (
            "Mount or create it or fix its entry in dj.config.stores, or name the "
            "stores to scan"
        ),
    ),
    NoticeCode.STORE_UNREAD: (
        "it could not be listed completely ({error}), so its content is not known",
        "Check that it answers and that the account may list it, then scan again",
    ),
    NoticeCode.NOTHING_LISTED: (
        "nothing is stored in {part}, yet {references} lead there and all are missing",
        (
            "Mount it, or correct its location or prefix in dj.config.stores. If its "
            "objects are lost, restore a backup or delete the rows, or leave the store "
            "out with stores=[...]"
        ),
    ),
    NoticeCode.HARD_LINKS: (
        (
            "{files} ({size}) are hard links of other files in these stores, so their "
            "bytes are counted once, with a live object if there is one"
        ),
        "Nothing to do: sweeping and purging such a file alone frees no bytes",
    ),
    NoticeCode.PINS_UNREAD: (
        (
            "its pins could not be read, so what somebody wants to keep is not known: "
            "{error}"
        ),
        "Repair the record, or remove it if no pin has to hold any more",
    ),
    NoticeCode.STORE_INSIDE: (
        (
            "it is the root of store {inner}, which no mount explains, so objects of "
            "one would be taken for objects of the other"
        ),
        "Let only one path lead to the folder, then scan again",
    ),
    NoticeCode.STORE_AMBIGUOUS: (
        (
            "it has the path of store {other} but different settings, so it is not "
            "known whether both are the same location"
        ),
        "Give both names the same settings, or configure the location only once",
    ),
    NoticeCode.STORE_TWICE: (
        (
            "it holds the same objects as store {other}, for example {key!r}, so both "
            "seem to be one location under two host names"
        ),
        "Write the same endpoint in both",
    ),
    NoticeCode.STORE_UNKNOWN: (
        (
            "{n_rows} rows, the first with key {row_key}, refer to {store}, which is "
            "not configured"
        ),
        (
            "Their paths are protected in every store; add the store to "
            "dj.config.stores to see its objects"
        ),
    ),
    NoticeCode.STORED_ELSEWHERE: (
        (
            "{objects} that rows refer to are missing or incomplete here, and stored "
            "at the same path in store {other}, where they are kept"
        ),
        (
            "Copy them from there, or correct the entry of either store in "
            "dj.config.stores"
        ),
    ),
    NoticeCode.KEPT_FOR_STORE: (
        (
            "it has {objects} at paths that rows refer to in store {other}, which this "
            "scan does not cover, so they are kept"
        ),
        "Scan store {other} as well to learn whether it has them itself",
    ),
    NoticeCode.ENTRY_UNREADABLE: (
        "it could not be read ({error}), so its content is not known",
        "Grant this account the right to read it, or mount it, then scan again",
    ),
    NoticeCode.ENTRY_VANISHED: (
        "it vanished while the store was listed",
        "Nothing to do: writers rename files",
    ),
    NoticeCode.SIZE_UNKNOWN: (
        "expected a size in bytes, got {size!r}",
        "Look at the object with the store's own tools, then scan again",
    ),
    NoticeCode.LISTED_ELSEWHERE: (
        "two paths lead to the folder; its content is counted once, in store {store}",
        "Nothing to do: rows may refer to it by either path",
    ),
    NoticeCode.INVENTORY: (
        (
            "an inventory of {date} tells what it holds, so what was stored or deleted "
            "since is not seen"
        ),
        "A plan looks at each object first; scan without it to see what is there now",
    ),
    NoticeCode.SIZES_RECORDED: (
        (
            "live folders ({n_folders:,}) were not listed in full: number and bytes of "
            "{n_files:,} of their files are as rows record them"
        ),
        "To list every file, scan with exact=True or --no-recorded-sizes",
    ),
    NoticeCode.PATH_BARRED: (
        (
            "a row refers to it, but the path cannot be followed ({error}); it counts "
            "as missing"
        ),
        "Links are not followed: put the folder itself there, or fix its permissions",
    ),
    NoticeCode.LINK_UNREADABLE: (
        "a row refers to it, but where the path leads could not be read ({error})",
        "Grant this account the right to read it, then scan again",
    ),
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
