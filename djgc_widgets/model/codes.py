"""What is decided, as codes; `messages` says each of them in words.

Nothing is ever decided on a text: a sentence can be reworded without any effect on what
is kept, moved or refused.
"""

from datetime import timedelta
from enum import StrEnum

MINIMUM_AGE = timedelta(days=7)
"""Objects that changed more recently are never orphans, unless a scan is told so."""

RETENTION = timedelta(days=30)
"""How long swept objects stay in the trash, unless a purge is told otherwise."""

OLDEST = timedelta(days=36_500)
"""The greatest age that may be asked for: about a hundred years."""


class Status(StrEnum):
    """What the rows of the servers say about a stored object."""

    LIVE = "live"
    ORPHAN = "orphan"
    YOUNG = "young"
    UNKNOWN = "unknown"
    TRASH = "trash"
    """Of what lies in the trash, in sums; no object in the store has it."""
    HIDDEN = "hidden"
    """Of what a bucket keeps beside its objects, in sums; no object has it."""


LISTED_STATUSES = tuple(each for each in Status if each is not Status.HIDDEN)
"""Those of what a listing of a store shows."""


class HiddenKind(StrEnum):
    """What a bucket keeps, and is paid for, that no listing of its objects shows."""

    UPLOAD = "upload"
    """The parts of one that was begun and never finished."""
    VERSION = "version"
    DELETE_MARKER = "delete-marker"
    SNAPSHOT = "snapshot"
    SOFT_DELETED = "soft-deleted"


class Reason(StrEnum):
    """Why an object has its status."""

    NO_ROW_HOLDS_HASH = "no-row-holds-hash"
    ROW_DELETED = "row-deleted"
    SUPERSEDED = "superseded"
    NEVER_COMMITTED = "never-committed"
    TABLE_DROPPED = "table-dropped"
    COLUMN_DROPPED = "column-dropped"
    COPY = "copy"
    TOO_YOUNG = "too-young"
    DATE_IN_FUTURE = "date-in-future"
    SCHEMA_NOT_ON_SERVER = "schema-not-on-server"
    SCHEMA_NOT_SCANNED = "schema-not-scanned"
    NOT_DATAJOINT = "not-datajoint"
    USER_FILE = "user-file"
    DATAJOINT_0_14 = "datajoint-0.14"
    COMPANION = "companion"
    BESIDE_REFERENCED = "beside-referenced"
    PINNED = "pinned"
    SYMLINK = "symlink"
    SPECIAL_FILE = "special-file"
    UNUSUAL_KEY = "unusual-key"
    SCAN_INCOMPLETE = "scan-incomplete"


class Outcome(StrEnum):
    """What became of an object that was to be moved, restored or purged."""

    MOVED = "moved"
    SKIPPED = "skipped"
    RESTORED = "restored"
    PURGED = "purged"
    FAILED = "failed"


class Detail(StrEnum):
    """Why an object has its outcome."""

    GONE = "gone"
    NOT_IN_TRASH = "not-in-trash"
    CHANGED = "changed"
    RENUMBERED = "renumbered"
    OTHER_DEVICE = "other-device"
    PATH_TAKEN = "path-taken"
    PATH_TOO_LONG = "path-too-long"
    ARCHIVED = "archived"
    LOCKED = "locked"
    TORN = "torn"
    ERROR = "error"
    STAYS_IN_TRASH = "stays-in-trash"
    LIVE_AGAIN = "live-again"
    TOO_YOUNG = "too-young"
    CANCELED = "canceled"
    LOCK_TAKEN = "lock-taken"
    LOCK_FAILED = "lock-failed"
    NOT_STARTED = "not-started"
    INTERRUPTED = "interrupted"
    NOT_YET = "not-yet"
    REFERENCES_UNREAD = "references-unread"
    SERVERS_UNREAD = "servers-unread"
    OBJECTS_MISSING = "objects-missing"
    REFERENCED_ELSE = "referenced-elsewhere"
    PINNED = "pinned"
    GAVE_UP = "gave-up"


class Undo(StrEnum):
    """What brings back what was moved or deleted."""

    TRASH = "trash"
    VERSIONS = "versions"
    SOFT_DELETION = "soft-deletion"
    NOTHING = "nothing"


class DoubtCode(StrEnum):
    """Why a plan may not be carried out; the name that an acknowledgment gives."""

    UNSEEN_SCHEMAS = "unseen-schemas"
    """Some schemas or databases cannot be seen, and their rows may need the objects."""
    MINIMUM_AGE = "minimum-age"
    """The minimum age is under an hour: an insert under way may look that old."""
    LARGE_SWEEP = "large-sweep"
    """More than a quarter of a table or store is selected."""
    MISSING_OBJECTS = "missing-objects"
    """Referenced objects are missing, in whatever store."""
    SOLE_OWNER = "sole-owner"
    """This server sweeps a store for the first time; another may use it as well."""
    ABANDONED_SCHEMA = "abandoned-schema"
    """Followed by a colon and a name: no server has this schema any more."""
    SHORT_RETENTION = "short-retention"
    """A purge would delete what was swept less than a day ago."""
    OLDEST_BACKUP = "oldest-backup"
    """Nobody has said how old a backup may be that is restored (asked by a purge)."""
    INVENTORY = "inventory"
    """An inventory told what a store holds: what is missing now was not looked for."""
    PREPARED_TRANSACTIONS = "prepared-transactions"
    """Prepared transactions hold rows that are not seen and may be committed."""
    OTHER_OWNER = "other-owner"
    """Followed by a colon and an identifier: a server that swept the store before was
    not read."""
    SERVER_CHANGED = "server-changed"
    """Followed by a colon and an identifier: a server looks different."""
    SERVER_BEHIND = "server-behind"
    """Followed by a colon and an identifier: a server is in an older state."""
    FIRST_ORPHANS = "first-orphans"
    """Followed by a colon, store and table, of which nothing was swept so far (asked if
    unattended)."""
    MORE_ORPHANS = "more-orphans"
    """Followed by a colon, store and table, which has unusually many (likewise)."""
    EMPTY = "empty"
    INTERRUPTED_SWEEP = "interrupted-sweep"
    OTHER_DEVICE = "other-device"
    """Something is mounted inside a store; no rename leads across a mount."""


class SweepState(StrEnum):
    """Whether a sweep in the trash is over."""

    DONE = "done"
    INTERRUPTED = "interrupted"


class NoticeCode(StrEnum):
    """What a problem or a warning is about."""

    DATABASE_UNREAD = "database-unread"
    DATABASE_CLOSED = "database-closed"
    REPLICA = "replica"
    MAYBE_REPLICA = "maybe-replica"
    REPLICATION_UNASKED = "replication-unasked"
    POSITION_UNKNOWN = "position-unknown"
    TRANSACTION_PREPARED = "transaction-prepared"
    PREPARED_UNASKED = "prepared-unasked"
    SETTING_KEPT = "setting-kept"
    SCHEMAS_HIDDEN = "schemas-hidden"
    SCHEMA_HIDES_TABLES = "schema-hides-tables"
    TABLE_UNREADABLE = "table-unreadable"
    TABLE_DAMAGED = "table-damaged"
    TABLE_REWRITTEN = "table-rewritten"
    COLUMN_UNREAD = "column-unread"
    COLUMN_GONE = "column-gone"
    NO_SNAPSHOT = "no-snapshot"
    VALUES_UNREAD = "values-unread"
    VALUES_WITHOUT_PATH = "values-without-path"
    NO_STORE_COLUMN = "no-store-column"
    RELEASE_UNKNOWN = "release-unknown"
    STORE_UNOPENED = "store-unopened"
    STORE_UNREAD = "store-unread"
    NOTHING_LISTED = "nothing-listed"
    HARD_LINKS = "hard-links"
    PIN_IDLE = "pin-idle"
    STORE_INSIDE = "store-inside"
    STORE_AMBIGUOUS = "store-ambiguous"
    STORE_TWICE = "store-twice"
    STORE_UNKNOWN = "store-unknown"
    STORED_ELSEWHERE = "stored-elsewhere"
    KEPT_FOR_STORE = "kept-for-store"
    ENTRY_UNREADABLE = "entry-unreadable"
    ENTRY_VANISHED = "entry-vanished"
    SIZE_UNKNOWN = "size-unknown"
    LISTED_ELSEWHERE = "listed-elsewhere"
    INVENTORY = "inventory"
    SIZES_RECORDED = "sizes-recorded"
    PATH_BARRED = "path-barred"
    LINK_UNREADABLE = "link-unreadable"
    SWEEP_INTERRUPTED = "sweep-interrupted"
    NEEDED_AGAIN = "needed-again"
    TRASH_UNREAD = "trash-unread"
    PINS_UNREAD = "pins-unread"
    RECORD_UNWRITTEN = "record-unwritten"
    FOLDER_RIGHTS = "folder-rights"
    LOCK_LOST = "lock-lost"
    SOFT_DELETED = "soft-deleted"
    VERSIONS_KEPT = "versions-kept"
    VERSIONS_PURGED = "versions-purged"
    VERSIONS_SUSPENDED = "versions-suspended"
    VERSIONS_UNKNOWN = "versions-unknown"
    HIDDEN_UNREAD = "hidden-unread"
    COMMAND_FAILED = "command-failed"
    COLLECTOR_GAVE_UP = "collector-gave-up"


class Step(StrEnum):
    """What a piece of work is doing."""

    LISTING = "listing"
    LISTING_HIDDEN = "listing-hidden"
    READING = "reading"
    RECONCILING = "reconciling"
    MOVING = "moving"
    RESTORING = "restoring"
    PURGING = "purging"


class OpinionCode(StrEnum):
    """How another collector's answer and ours differ, the worst first."""

    LOSES = "loses"
    DELETES_YOUNG = "deletes-young"
    DELETES_TRASH = "deletes-trash"
    DELETES_UNKNOWN = "deletes-unknown"
    DELETES_UNSEEN = "deletes-unseen"
    AGREES = "agrees"
    LEAVES = "leaves"
