"""The schema of every frame: each column, its dtype and meaning, written once."""

from djgc_widgets.model.frame_schema import Column, FrameSchema

_TIME = "datetime64[us, UTC]"


def _frame(name: str, *columns: tuple[str, str, str]) -> FrameSchema:
    return FrameSchema(name, tuple(Column(*column) for column in columns))


REFERENCES = _frame(
    "references",
    ("store", "str", "store that the recorded path lies in"),
    ("section", "str", "section of the path; NA outside hash and schema"),
    ("schema", "str", "schema of the row that refers"),
    ("table", "str", "table of the row that refers"),
    ("attribute", "str", "store column of that table"),
    ("codec", "str", "codec named in the column's comment"),
    ("path", "str", "recorded path, relative to the store"),
    ("size_bytes", "Int64", "size as recorded; NA if the codec records none"),
    ("is_dir", "bool", "the row records a folder"),
    ("row_key", "str", "primary key of the row, as JSON"),
    ("state", "str", "present, missing, or unknown: it could not be looked at"),
)

OBJECTS = _frame(
    "objects",
    ("store", "str", "store that holds the object"),
    ("section", "str", "hash or schema; NA elsewhere"),
    ("schema", "str", "schema that the path names; NA if it names none"),
    ("table", "str", "table that the path names; NA in the hash section"),
    ("path", "str", "path relative to the store"),
    ("is_dir", "bool", "a folder that one row refers to, stored as many files"),
    ("n_files", "int64", "stored files, a sidecar manifest included"),
    ("size_bytes", "int64", "sum of their sizes, in bytes; hard links count once"),
    ("modified_at", _TIME, "latest change of these files, by the store's clock"),
    ("changed_at", _TIME, "the same, or when they came here if later: age counts here"),
    ("status", "str", "live, orphan, young or unknown"),
    ("reason_code", "str", "why it has this status; NA for live objects"),
    ("reason", "str", "the same in words"),
    ("sibling", "str", "path that its row refers to instead; NA elsewhere"),
    ("n_references", "int64", "rows that refer to it"),
)

TRASH = _frame(
    "trash",
    ("store", "str", "store whose trash holds the object"),
    ("sweep_id", "str", "sweep that moved it"),
    ("path", "str", "path that it had in the store"),
    ("n_files", "int64", "stored files"),
    ("size_bytes", "int64", "sum of their sizes, in bytes"),
    ("referenced", "bool", "a row refers to that path again"),
    (
        "returnable",
        "bool",
        "so it does, nothing is there, and no other sweep has the recorded size",
    ),
)

SUMMARY = _frame(
    "summary",
    ("store", "str", "store"),
    ("status", "str", "live, orphan, young, unknown, trash or hidden"),
    ("n_objects", "int64", "stored objects; if hidden, versions, uploads and the like"),
    ("n_files", "int64", "stored files; in the trash also journals and locks"),
    ("size_bytes", "int64", "physical bytes: each object once"),
    ("n_references", "int64", "rows that refer to these objects"),
    ("logical_bytes", "int64", "bytes counted once per row that refers"),
)

HIDDEN = _frame(
    "hidden",
    ("store", "str", "store whose bucket keeps it"),
    ("kind", "str", "upload, version, delete-marker, snapshot or soft-deleted"),
    ("path", "str", "path relative to the store"),
    ("size_bytes", "Int64", "bytes of its content; NA if the bucket does not tell"),
    ("written_at", _TIME, "when it was written; of an upload, its last part"),
    ("gone_at", _TIME, "when the bucket deletes it for good; NA if it does not tell"),
    ("version", "str", "its upload, version, generation or snapshot"),
)

USAGE = _frame(
    "usage",
    ("store", "str", "store that the recorded paths lie in"),
    ("schema", "str", "schema of the rows that refer"),
    ("table", "str", "table of the rows that refer"),
    ("attribute", "str", "store column of that table"),
    ("codec", "str", "codec named in the column's comment"),
    ("n_rows", "int64", "rows that refer"),
    ("n_references", "int64", "paths that they record"),
    ("n_missing", "int64", "of these, objects that are gone"),
    ("n_objects", "int64", "distinct stored paths"),
    ("logical_bytes", "int64", "bytes counted once per reference"),
    ("physical_bytes", "int64", "bytes counted once per stored object"),
    ("dedup_ratio", "float64", "logical by physical bytes; NA without bytes"),
)

PLACES = _frame(
    "places",
    ("store", "str", "store"),
    ("schema", "str", "schema that the paths name; NA if they name none"),
    ("table", "str", "table that they name, or whose row refers; else NA"),
    ("attribute", "str", "attribute, likewise"),
    ("n_objects", "int64", "stored objects"),
    ("size_bytes", "int64", "their bytes, each object once"),
    ("n_orphans", "int64", "of these, orphans"),
    ("orphan_bytes", "int64", "bytes of the orphans"),
)

AGES = _frame(
    "ages",
    ("age", "str", "since the latest change: a bin such as 7 to 30 days"),
    ("status", "str", "live, orphan, young or unknown"),
    ("size_bytes", "int64", "bytes of these objects"),
)

FILES = _frame(
    "files",
    ("store", "str", "store"),
    ("path", "str", "path relative to the store"),
    ("n_files", "int64", "1; more for the rest of a folder that was not listed"),
    ("size_bytes", "int64", "size in bytes; of such a rest as its row records it"),
    ("modified_ns", "int64", "last modification, ns since 1970, by the store's clock"),
    ("changed_ns", "int64", "the same, or when the file came here or was renamed"),
    ("device", "uint64", "device of a file system; 0 in object stores"),
    ("inode", "uint64", "identity on a file system; 0 in object stores"),
    ("etag", "str", "identity in an object store; empty on file systems"),
    ("kind", "str", "file, symlink, special, unusual key or unlisted"),
)

FOLDERS = _frame(
    "folders",
    ("store", "str", "store"),
    ("path", "str", "path relative to the store"),
    ("modified_ns", "int64", "last change of the folder's entries, ns since 1970"),
    ("changed_ns", "int64", "the same, or when the folder came here or was renamed"),
)

RECORDED = _frame(
    "recorded",
    ("named_store", "str", "store that the metadata names; NA if it names none"),
    (
        "column_store",
        "str",
        "store that the column's comment names; empty: the default",
    ),
    ("server", "int64", "position of the database server"),
    ("reference", "int64", "rows of one number spell one recorded path"),
    ("declared", "bool", "it stands where metadata has its path"),
    ("guessed", "bool", "a guess at what the text means: covers at most an object"),
    ("n_files", "Int64", "files of a folder as recorded; NA if none are"),
    *(
        (column.name, column.dtype, column.meaning)
        for column in REFERENCES.columns
        if column.name not in {"store", "section", "state"}
    ),
)

PLANNED = _frame(
    "planned",
    ("store", "str", "store"),
    ("schema", "str", "schema that the paths name"),
    ("table", "str", "table that the paths name; NA in the hash section"),
    ("n_objects", "int64", "objects that are to be moved"),
    ("n_files", "int64", "their stored files"),
    ("size_bytes", "int64", "their bytes"),
    ("oldest", _TIME, "earliest date among them, by the store's clock"),
    ("newest", _TIME, "latest date among them, by the store's clock"),
)

SWEEPS = _frame(
    "sweeps",
    ("store", "str", "store"),
    ("sweep_id", "str", "name of the sweep's folder in the trash"),
    ("swept_at", _TIME, "when it began"),
    ("swept_by", "str", "account that ran it"),
    ("swept_from", "str", "host that it ran on"),
    ("servers", "str", "database servers whose rows were read"),
    ("n_objects", "int64", "objects that were planned"),
    ("size_bytes", "int64", "their bytes"),
    ("n_left", "int64", "of these, still in the trash"),
    ("left_bytes", "int64", "their bytes"),
    ("purgeable_at", _TIME, "when the retention period of 30 days ends"),
    ("state", "str", "done, or interrupted: what was begun did not end"),
)

RECEIPT = _frame(
    "receipt",
    ("store", "str", "store"),
    ("sweep_id", "str", "sweep that moved it, or would have"),
    ("path", "str", "path relative to the store"),
    ("n_files", "int64", "stored files"),
    ("size_bytes", "int64", "bytes that were moved, or would have been"),
    ("outcome", "str", "moved, skipped, restored, purged or failed"),
    ("detail_code", "str", "why; NA for a plain success"),
    ("detail", "str", "the same in words; empty for a plain success"),
    ("in_doubt", "bool", "some of it may be in the trash all the same"),
)

FREED = _frame(
    "freed",
    ("store", "str", "store"),
    ("freed_bytes", "Int64", "bytes freed now, but for hard links; NA if not known"),
    ("trash_bytes", "int64", "bytes that are in the trash now"),
    ("kept_bytes", "Int64", "bytes of old versions and the like; NA if not known"),
    ("undo", "str", "trash, versions, soft-deletion or nothing; NA if not known"),
    ("undo_until", _TIME, "until then at least; NA if no date is known"),
)

GROWTH = _frame(
    "growth",
    ("week", _TIME, "Monday that the week begins with"),
    ("n_added", "int64", "objects of that week that are still stored"),
    ("added_bytes", "int64", "their bytes"),
    ("physical_bytes", "int64", "bytes of all up to the end of that week"),
    ("logical_bytes", "int64", "the same, once per row that refers"),
)

HISTORY = _frame(
    "history",
    ("scanned_at", _TIME, "when the scan began"),
    ("store", "str", "store"),
    ("address", "str", "physical address of the store"),
    ("complete", "bool", "everything was read"),
    ("schemas", "str", "schemas whose objects were judged"),
    ("n_objects", "int64", "stored objects"),
    ("stored_bytes", "int64", "bytes of all that is stored"),
    ("live_bytes", "int64", "of these, bytes that rows refer to"),
    ("orphan_bytes", "int64", "bytes of orphans"),
    ("young_bytes", "int64", "bytes too young to judge"),
    ("unknown_bytes", "int64", "bytes that are not ours to judge"),
    ("trash_bytes", "int64", "bytes in the trash"),
    ("logical_bytes", "int64", "live bytes, once per row that refers"),
    ("n_missing", "int64", "references whose object is gone"),
)

OPINIONS = _frame(
    "opinions",
    ("opinion_code", "str", "how the collector's answer and ours differ"),
    ("opinion", "str", "the same in words"),
    ("store", "str", "store that holds the object"),
    ("schema", "str", "schema that the path names; NA if it names none"),
    ("table", "str", "table that the path names; NA in the hash section"),
    ("path", "str", "path relative to the store"),
    ("n_files", "int64", "stored files"),
    ("size_bytes", "int64", "sum of the sizes of these files, in bytes"),
    ("n_deleted_files", "int64", "of these, files that would be deleted"),
    ("deleted_bytes", "int64", "their bytes"),
    ("status", "str", "our status, or trash; NA if the scan did not list it"),
    ("n_references", "int64", "rows that refer to it"),
    ("reason", "str", "why we say so"),
)

PINS = _frame(
    "pins",
    ("store", "str", "store whose trash records the pin"),
    ("path", "str", "path or pattern that is kept, or empty"),
    ("table", "str", "schema.table or schema that is kept, or empty"),
    ("key", "str", "values that the key in the path has to have"),
    ("why", "str", "reason"),
    ("account", "str", "account that pinned it"),
    ("pinned_at", _TIME, "when that was"),
)

SEEN_ORPHANS = _frame(
    "seen orphans",
    ("path", "str", "path relative to the store"),
    ("size_bytes", "int64", "sum of the sizes of its files, in bytes"),
    ("n_files", "int64", "stored files"),
    ("changed_at", _TIME, "latest change of these files: another date, another object"),
    ("schema", "str", "schema that the path names"),
    ("table", "str", "table that the path names; NA in the hash section"),
    ("first_seen", _TIME, "start of the scan that first called it an orphan"),
    ("last_seen", _TIME, "start of the last one that did"),
    ("current", "bool", "no scan in between called it anything else"),
)

NOTICES = _frame(
    "notices",
    ("code", "str", "what the problem or warning is about"),
    ("where", "str", "a column, a table, a store, a folder of a store"),
    ("message", "str", "what was expected and what came"),
    ("remedy", "str", "what to do about it"),
)
