"""The words for doubts: what is in doubt, and what to do."""

from djgc_widgets.model.codes import DoubtCode

DOUBTS = {
    DoubtCode.UNSEEN_SCHEMAS: (
        (
            "this account cannot see everything of {where}, and rows that it does not "
            "see may refer to these objects"
        ),
        "Grant the missing rights, or acknowledge that no such row does",
    ),
    DoubtCode.MINIMUM_AGE: (
        (
            "the minimum age is {minutes:g} minutes, and an insert that is under way "
            "may have written its object before its row"
        ),
        (
            "Scan with a minimum age of at least an hour, or acknowledge that nothing "
            "is being inserted"
        ),
    ),
    DoubtCode.LARGE_SWEEP: (
        "more than {share:.0%} would be moved: {shares}",
        "Review the selection and select less, or acknowledge that this much may go",
    ),
    DoubtCode.MISSING_OBJECTS: (
        (
            "objects that rows refer to are missing ({counts}), so something is wrong "
            "that a sweep might make worse"
        ),
        (
            "Look at scan.missing and scan.heal() first, or acknowledge "
            "missing-objects if they are known to be lost"
        ),
    ),
    DoubtCode.SOLE_OWNER: (
        (
            "this is the first sweep of store {store} for {servers}, and rows of a "
            "server that was not named may refer to its objects"
        ),
        "Acknowledge that no other database server uses the store",
    ),
    DoubtCode.ABANDONED_SCHEMA: (
        "no server has the schema {name}",
        "Acknowledge that it is gone for good",
    ),
    DoubtCode.SHORT_RETENTION: (
        (
            "what would be deleted was swept only {minutes:,} minutes ago, so nobody "
            "may have missed it yet"
        ),
        (
            "Purge it when it is at least a day in the trash, or acknowledge that it "
            "may be deleted for good already"
        ),
    ),
    DoubtCode.FIRST_ORPHANS: (
        (
            "nothing of {table} was ever swept, so nobody has looked at its {n:,} "
            "orphans"
        ),
        "Look at them, and sweep them by hand or acknowledge that they may go",
    ),
    DoubtCode.MORE_ORPHANS: (
        (
            "{table} had {n:,} new orphans on {day}, and {most:,} at most on any day "
            "before"
        ),
        "Look at them, and sweep them by hand or acknowledge that they may go",
    ),
    DoubtCode.OLDEST_BACKUP: (
        (
            "nobody has said how old the oldest backup of the database is that may be "
            "restored, and its rows refer to what was stored when it was made"
        ),
        (
            "Say so once with oldest_backup=timedelta(...) or --oldest-backup DAYS, or "
            "acknowledge that no backup will be restored that is older than the sweeps"
        ),
    ),
    DoubtCode.EMPTY: ("nothing is selected", "Select at least one orphan"),
    DoubtCode.INVENTORY: (
        (
            "an inventory told what store {store} holds, so objects that rows refer to "
            "may be missing by now, and shares of the store are those of then"
        ),
        "Scan without the inventory, or acknowledge that the store is in good order",
    ),
    DoubtCode.PREPARED_TRANSACTIONS: (
        (
            "transactions are prepared ({transactions}), whose rows are not seen and "
            "may refer to these objects once they are committed"
        ),
        (
            "Commit them or roll them back, then scan again, or acknowledge that none "
            "of their rows refers to these stores"
        ),
    ),
    DoubtCode.OTHER_OWNER: (
        (
            "store {store} was swept for another database server ({server}), whose "
            "rows were not read"
        ),
        (
            "Name it as well with also=[connection], or acknowledge that it is gone "
            "for good, for example since its database has moved"
        ),
    ),
    DoubtCode.SERVER_CHANGED: (
        (
            "server {server} at {now} differs from the one for which store {store} "
            "was swept ({changes}), so it may be a copy, or another server"
        ),
        (
            "Scan the server itself, or both with also=[connection], or acknowledge "
            "that it is the same one and was moved or is reached by another address"
        ),
    ),
    DoubtCode.SERVER_BEHIND: (
        (
            "server {server} is in another state than the one that store {store} has "
            "seen: it is a copy, or an older state of it, and lacks rows that were "
            "committed since"
        ),
        (
            "Scan the server that has all rows, or acknowledge that this one is all "
            "there is, for example since it was restored from a backup"
        ),
    ),
    DoubtCode.INTERRUPTED_SWEEP: (
        "sweep {sweep_id} of store {store} is running or was interrupted",
        "Wait for it, or call Trash(schema, {store!r}).recover()",
    ),
    DoubtCode.OTHER_DEVICE: (
        (
            "something is mounted at {path} in store {store}, and objects cannot move "
            "from one device to the trash on another one"
        ),
        (
            "Take the objects below {path} out of the selection, or configure the "
            "folder as a store of its own"
        ),
    ),
}
"""For each doubt what is in doubt, and what to do."""
