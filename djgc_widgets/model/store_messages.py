"""The words for what is said about stores and what is listed in them."""

from djgc_widgets.model.codes import NoticeCode

STORE_MESSAGES = {
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
    NoticeCode.PIN_IDLE: (
        "the pin {pin} keeps nothing, in the store nor in its trash",
        "Correct it if it is misspelled, else remove it",
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
}
"""For each what is wrong, and what to do."""
