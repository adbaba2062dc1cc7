"""The schema of every frame: each column, its dtype and meaning, written once."""

from djgc_widgets.model.frame_schema import Column, FrameSchema

_TIME = "datetime64[us, UTC]"

REFERENCES = FrameSchema(
    "references",
    (
        Column("store", "str", "store that the recorded path lies in"),
        Column("section", "str", "section of the path; NA outside hash and schema"),
        Column("schema", "str", "schema of the row that refers"),
        Column("table", "str", "table of the row that refers"),
        Column("attribute", "str", "store column of that table"),
        Column("codec", "str", "codec named in the column's comment"),
        Column("path", "str", "recorded path, relative to the store"),
        Column("size_bytes", "Int64", "size as recorded; NA if the codec records none"),
        Column("is_dir", "bool", "the row records a folder"),
        Column("row_key", "str", "primary key of the row, as JSON"),
        Column("state", "str", "present or missing"),
    ),
)

OBJECTS = FrameSchema(
    "objects",
    (
        Column("store", "str", "store that holds the object"),
        Column("section", "str", "hash or schema; NA elsewhere"),
        Column("schema", "str", "schema that the path names; NA if it names none"),
        Column("table", "str", "table that the path names; NA in the hash section"),
        Column("path", "str", "path relative to the store"),
        Column(
            "is_dir", "bool", "a folder that one row refers to, stored as many files"
        ),
        Column("n_files", "int64", "stored files, a sidecar manifest included"),
        Column("size_bytes", "int64", "sum of the sizes of these files, in bytes"),
        Column(
            "modified_at", _TIME, "latest change of these files, by the store's clock"
        ),
        Column("status", "str", "live, orphan, young or unknown"),
        Column("reason_code", "str", "why it has this status; NA for live objects"),
        Column("reason", "str", "the same in words"),
        Column("sibling", "str", "path that its row refers to instead; NA elsewhere"),
        Column("n_references", "int64", "rows that refer to it"),
    ),
)

TRASH = FrameSchema(
    "trash",
    (
        Column("store", "str", "store whose trash holds the object"),
        Column("sweep_id", "str", "sweep that moved it"),
        Column("path", "str", "path that it had in the store"),
        Column("n_files", "int64", "stored files"),
        Column("size_bytes", "int64", "sum of their sizes, in bytes"),
        Column("referenced", "bool", "a row refers to that path again"),
        Column("returnable", "bool", "so it does, and nothing is stored there"),
    ),
)

SUMMARY = FrameSchema(
    "summary",
    (
        Column("store", "str", "store"),
        Column("status", "str", "live, orphan, young, unknown or trash"),
        Column("n_objects", "int64", "stored objects"),
        Column("n_files", "int64", "stored files"),
        Column("size_bytes", "int64", "physical bytes: each object once"),
        Column("n_references", "int64", "rows that refer to these objects"),
        Column("logical_bytes", "int64", "bytes counted once per row that refers"),
    ),
)

USAGE = FrameSchema(
    "usage",
    (
        Column("store", "str", "store that the recorded paths lie in"),
        Column("schema", "str", "schema of the rows that refer"),
        Column("table", "str", "table of the rows that refer"),
        Column("attribute", "str", "store column of that table"),
        Column("codec", "str", "codec named in the column's comment"),
        Column("n_rows", "int64", "rows that refer"),
        Column("n_references", "int64", "paths that they record"),
        Column("n_missing", "int64", "of these, objects that are gone"),
        Column("n_objects", "int64", "distinct stored paths"),
        Column("logical_bytes", "int64", "bytes counted once per reference"),
        Column("physical_bytes", "int64", "bytes counted once per stored object"),
        Column("dedup_ratio", "float64", "logical by physical bytes; NA without bytes"),
    ),
)

PLACES = FrameSchema(
    "places",
    (
        Column("store", "str", "store"),
        Column("schema", "str", "schema that the paths name; NA if they name none"),
        Column("table", "str", "table that they name, or whose row refers; else NA"),
        Column("attribute", "str", "attribute, likewise"),
        Column("n_objects", "int64", "stored objects"),
        Column("size_bytes", "int64", "their bytes, each object once"),
        Column("n_orphans", "int64", "of these, orphans"),
        Column("orphan_bytes", "int64", "bytes of the orphans"),
    ),
)

FILES = FrameSchema(
    "files",
    (
        Column("store", "str", "store"),
        Column("path", "str", "path relative to the store"),
        Column("size_bytes", "int64", "size in bytes"),
        Column(
            "modified_ns",
            "int64",
            "last modification, ns since 1970, by the store's clock",
        ),
        Column("inode", "uint64", "identity on a file system; 0 in object stores"),
        Column("etag", "str", "identity in an object store; empty on file systems"),
        Column("kind", "str", "file, symlink, special or unreadable name"),
    ),
)

FOLDERS = FrameSchema(
    "folders",
    (
        Column("store", "str", "store"),
        Column("path", "str", "path relative to the store"),
        Column(
            "modified_ns", "int64", "last change of the folder's entries, ns since 1970"
        ),
    ),
)

RECORDED = FrameSchema(
    "recorded",
    (
        Column(
            "named_store", "str", "store that the metadata names; NA if it names none"
        ),
        Column(
            "column_store",
            "str",
            "store that the column's comment names; empty: the default",
        ),
        Column("server", "int64", "position of the database server"),
        Column("reference", "int64", "rows of one number spell one recorded path"),
        Column("declared", "bool", "it stands where metadata has its path"),
        *(
            column
            for column in REFERENCES.columns
            if column.name not in {"store", "section", "state"}
        ),
    ),
)

PLANNED = FrameSchema(
    "planned",
    (
        Column("store", "str", "store"),
        Column("schema", "str", "schema that the paths name"),
        Column("table", "str", "table that the paths name; NA in the hash section"),
        Column("n_objects", "int64", "objects that are to be moved"),
        Column("n_files", "int64", "their stored files"),
        Column("size_bytes", "int64", "their bytes"),
        Column("oldest", _TIME, "earliest date among them, by the store's clock"),
        Column("newest", _TIME, "latest date among them, by the store's clock"),
    ),
)

SWEEPS = FrameSchema(
    "sweeps",
    (
        Column("store", "str", "store"),
        Column("sweep_id", "str", "name of the sweep's folder in the trash"),
        Column("swept_at", _TIME, "when it began"),
        Column("swept_by", "str", "account that ran it"),
        Column("swept_from", "str", "host that it ran on"),
        Column("servers", "str", "database servers whose rows were read"),
        Column("n_objects", "int64", "objects that were planned"),
        Column("size_bytes", "int64", "their bytes"),
        Column("n_left", "int64", "of these, still in the trash"),
        Column("left_bytes", "int64", "their bytes"),
        Column("purgeable_at", _TIME, "when the retention period of 30 days ends"),
        Column("state", "str", "done, or interrupted: what was begun did not end"),
    ),
)

RECEIPT = FrameSchema(
    "receipt",
    (
        Column("store", "str", "store"),
        Column("sweep_id", "str", "sweep that moved it, or would have"),
        Column("path", "str", "path relative to the store"),
        Column("n_files", "int64", "stored files"),
        Column("size_bytes", "int64", "bytes that were moved, or would have been"),
        Column("outcome", "str", "moved, skipped, restored, purged or failed"),
        Column("detail_code", "str", "why; NA for a plain success"),
        Column("detail", "str", "the same in words; empty for a plain success"),
        Column("in_doubt", "bool", "some of it may be in the trash all the same"),
    ),
)

GROWTH = FrameSchema(
    "growth",
    (
        Column("week", _TIME, "Monday that the week begins with"),
        Column("n_added", "int64", "objects of that week that are still stored"),
        Column("added_bytes", "int64", "their bytes"),
        Column("physical_bytes", "int64", "bytes of all up to the end of that week"),
        Column("logical_bytes", "int64", "the same, once per row that refers"),
    ),
)

HISTORY = FrameSchema(
    "history",
    (
        Column("scanned_at", _TIME, "when the scan began"),
        Column("store", "str", "store"),
        Column("address", "str", "physical address of the store"),
        Column("complete", "bool", "everything was read"),
        Column("schemas", "str", "schemas whose objects were judged"),
        Column("n_objects", "int64", "stored objects"),
        Column("stored_bytes", "int64", "bytes of all that is stored"),
        Column("live_bytes", "int64", "of these, bytes that rows refer to"),
        Column("orphan_bytes", "int64", "bytes of orphans"),
        Column("young_bytes", "int64", "bytes too young to judge"),
        Column("unknown_bytes", "int64", "bytes that are not ours to judge"),
        Column("trash_bytes", "int64", "bytes in the trash"),
        Column("logical_bytes", "int64", "live bytes, once per row that refers"),
        Column("n_missing", "int64", "references whose object is gone"),
    ),
)

OPINIONS = FrameSchema(
    "opinions",
    (
        Column("opinion_code", "str", "how the collector's answer and ours differ"),
        Column("opinion", "str", "the same in words"),
        Column("store", "str", "store that holds the object"),
        Column("schema", "str", "schema that the path names; NA if it names none"),
        Column("table", "str", "table that the path names; NA in the hash section"),
        Column("path", "str", "path relative to the store"),
        Column("n_files", "int64", "stored files"),
        Column("size_bytes", "int64", "sum of the sizes of these files, in bytes"),
        Column("n_deleted_files", "int64", "of these, files that would be deleted"),
        Column("deleted_bytes", "int64", "their bytes"),
        Column("status", "str", "our status, or trash; NA if the scan did not list it"),
        Column("n_references", "int64", "rows that refer to it"),
        Column("reason", "str", "why we say so"),
    ),
)

NOTICES = FrameSchema(
    "notices",
    (
        Column("code", "str", "what the problem or warning is about"),
        Column("where", "str", "a column, a table, a store, a folder of a store"),
        Column("message", "str", "what was expected and what came"),
        Column("remedy", "str", "what to do about it"),
    ),
)
