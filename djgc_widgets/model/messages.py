"""The words for every code: the one place where a message is made.

A template names its values in braces. Change any of them freely; nothing is decided on
them.
"""

import errno
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pandas as pd

from djgc_widgets.model.cells import absent
from djgc_widgets.model.codes import (
    Detail,
    HiddenKind,
    OpinionCode,
    Outcome,
    Reason,
    Status,
    Step,
    Undo,
)
from djgc_widgets.model.text import plural, readable_bytes

STATUS_LABELS = {
    Status.LIVE: "Referenced",
    Status.ORPHAN: "Orphaned",
    Status.YOUNG: "Young",
    Status.UNKNOWN: "Unknown",
    Status.TRASH: "In trash",
    Status.HIDDEN: "Hidden",
}
"""What each status is called in figures, cards and reports."""

HIDDEN_LABELS = {
    HiddenKind.UPLOAD: "unfinished upload",
    HiddenKind.VERSION: "old version",
    HiddenKind.DELETE_MARKER: "delete marker",
    HiddenKind.SNAPSHOT: "snapshot",
    HiddenKind.SOFT_DELETED: "deleted object",
}
"""What each of the things is called that no listing shows, if there is one of it."""

REASONS = {
    Reason.NO_ROW_HOLDS_HASH: "no row refers to this hash",
    Reason.ROW_DELETED: "row deleted, or its insert never committed",
    Reason.SUPERSEDED: "superseded by {sibling}",
    Reason.NEVER_COMMITTED: "never committed: the row still refers to the older "
    "{sibling}",
    Reason.TABLE_DROPPED: "table dropped",
    Reason.COLUMN_DROPPED: "column dropped",
    Reason.COPY: "copy: rows refer to the same path in another store, which has it",
    Reason.TOO_YOUNG: "younger than {minimum_age}",
    Reason.DATE_IN_FUTURE: "dated in the future, or not dated: its age is not known",
    Reason.SCHEMA_NOT_ON_SERVER: "schema not on this server",
    Reason.SCHEMA_NOT_SCANNED: "schema not covered by this scan",
    Reason.NOT_DATAJOINT: "path does not match DataJoint's layout",
    Reason.USER_FILE: "below the prefix for <filepath@> files",
    Reason.DATAJOINT_0_14: "external store of DataJoint 0.14",
    Reason.COMPANION: "kept by someone beside the object that it is named after",
    Reason.BESIDE_REFERENCED: "part of a folder that a row refers into",
    Reason.PINNED: "pinned: somebody keeps it although no row refers to it",
    Reason.SYMLINK: "symbolic link",
    Reason.SPECIAL_FILE: "not a regular file",
    Reason.UNUSUAL_KEY: "key has empty or dotted segments",
    Reason.SCAN_INCOMPLETE: "the scan is incomplete",
}

REASON_KINDS = {
    **REASONS,
    Reason.SUPERSEDED: "superseded",
    Reason.NEVER_COMMITTED: "never committed",
    Reason.TOO_YOUNG: "younger than the minimum age",
}
"""The same without what a single object adds, to group and filter by."""

EXPLANATIONS = {
    Reason.NO_ROW_HOLDS_HASH: "No row of any schema on the server refers to this hash. "
    "The path of a hash names only its schema, so its table is not known.",
    Reason.ROW_DELETED: "The table has no row with this key that refers to it: the row "
    "was deleted, or the insert failed after the upload.",
    Reason.TABLE_DROPPED: "The schema no longer has a table of this name.",
    Reason.COLUMN_DROPPED: "The table no longer has a column of this name.",
    Reason.COPY: "Rows refer to this path in another store, where an object of this "
    "size or more is stored. No row refers to this one.",
    Reason.SUPERSEDED: "The row still exists and refers to a newer value.",
    Reason.NEVER_COMMITTED: "The row still exists and refers to an older value: the "
    "update failed.",
}

DETAILS = {
    Detail.GONE: "no longer in the store",
    Detail.NOT_IN_TRASH: "no longer in the trash",
    Detail.CHANGED: "changed since it was scanned: {path}",
    Detail.RENUMBERED: "{path} has another inode number than at the scan: it was "
    "replaced by a file of the same size and date, or the file system numbers its "
    "files anew; scan again",
    Detail.OTHER_DEVICE: "it is on another device than the trash of its store",
    Detail.PATH_TAKEN: "another object is at its path; it stays in the trash",
    Detail.PATH_TOO_LONG: "its path in the trash would be too long for the file system",
    Detail.ARCHIVED: "archived ({storage_class}); restore it in the bucket first",
    Detail.LOCKED: "locked in the bucket by {lock}",
    Detail.TORN: "only {n_left} of its {n_planned} files are left; they stay in the "
    "trash",
    Detail.ERROR: "{error}",
    Detail.STAYS_IN_TRASH: "{error}; it stays in the trash",
    Detail.LIVE_AGAIN: "live again: a row refers to it",
    Detail.TOO_YOUNG: "younger than {minimum_age} by the store's clock",
    Detail.CANCELED: "canceled before it was processed",
    Detail.LOCK_TAKEN: "another process took the lock",
    Detail.LOCK_FAILED: "the lock could not be renewed ({error})",
    Detail.NOT_STARTED: "interrupted before it was moved",
    Detail.INTERRUPTED: "interrupted while it was moved",
    Detail.NOT_YET: "not yet processed",
    Detail.REFERENCES_UNREAD: "the references could not be read again{error}",
    Detail.SERVERS_UNREAD: "some rows may not have been read ({doubt})",
    Detail.OBJECTS_MISSING: "kept because referenced objects are missing",
    Detail.REFERENCED_ELSE: "a row refers to its path, where another object is now",
    Detail.PINNED: "pinned: somebody keeps it",
    Detail.GAVE_UP: "left alone after {n} failures in a row",
}
IN_DOUBT = "; some of it may be in the trash: call Trash(...).recover()"

OUTCOME_LABELS = {outcome: outcome.value for outcome in Outcome}

UNDOS = {
    Undo.TRASH: "a restore undoes it{until}",
    Undo.VERSIONS: "its old versions bring it back until a lifecycle rule deletes them",
    Undo.SOFT_DELETION: "the tools of the cloud bring it back{until}",
    Undo.NOTHING: "nothing undoes it",
}

STEPS = {
    Step.LISTING: "listing store {subject}",
    Step.LISTING_HIDDEN: "listing versions and uploads of store {subject}",
    Step.READING: "reading {subject}",
    Step.RECONCILING: "reconciling",
    Step.MOVING: "moving to the trash",
    Step.RESTORING: "restoring",
    Step.PURGING: "purging",
}

OPINION_LABELS = {
    OpinionCode.LOSES: "loses live data",
    OpinionCode.DELETES_YOUNG: "deletes what may be in use",
    OpinionCode.DELETES_TRASH: "deletes what is in the trash",
    OpinionCode.DELETES_UNKNOWN: "deletes what is not known",
    OpinionCode.DELETES_UNSEEN: "deletes what was stored after the scan",
    OpinionCode.AGREES: "garbage, as we say",
    OpinionCode.LEAVES: "leaves garbage",
}


def readable_minimum_age(minimum_age: timedelta) -> str:
    """Return a minimum age in days, or in hours where it is not whole days."""
    days, rest = divmod(minimum_age, timedelta(days=1))
    if days and not rest:
        return f"{days} day{'' if days == 1 else 's'}"
    hours = minimum_age / timedelta(hours=1)
    return f"{hours:g} hour{'' if hours == 1 else 's'}"


def trash_records_text(summary: pd.DataFrame, trash: pd.DataFrame) -> str:
    """Say that a trash also holds files of ours that are no objects; empty if not.

    Parameters
    ----------
    summary : DataFrame
        A frame of the summary schema.
    trash : DataFrame
        A frame of the trash schema.
    """
    files = summary.loc[summary["status"].eq(Status.TRASH.value), "n_files"].sum()
    records = int(files - trash["n_files"].sum())
    return f"with {plural(records, 'file')} of journals and locks" if records else ""


def hidden_text(hidden: pd.DataFrame) -> str:
    """Say what buckets keep beside what is listed; empty if nothing.

    Parameters
    ----------
    hidden : DataFrame
        A frame of the hidden schema.
    """
    if hidden.empty:
        return ""
    sums = hidden.groupby("kind")["size_bytes"].agg(["size", "count", "sum"])
    parts = [
        f"{plural(int(n), HIDDEN_LABELS[kind])} ("
        f"{'' if n_known == n else 'at least '}{readable_bytes(int(size))})"
        for kind in HiddenKind
        for n, n_known, size in sums[sums.index == kind.value].itertuples(index=False)
    ]
    return f"Beside what is listed, the buckets keep {', '.join(parts)}."


def freed_text(freed: pd.DataFrame) -> str:
    """Say what was freed, where the rest is, and until when it can be undone.

    Parameters
    ----------
    freed : DataFrame
        A frame of the freed schema.
    """
    lines = []
    for row in freed.to_dict("records"):
        parts = [f"{_bytes_or_unknown(row['freed_bytes'])} freed now"]
        if row["trash_bytes"]:
            parts.append(f"{readable_bytes(row['trash_bytes'])} in the trash")
        if absent(row["kept_bytes"]) or row["kept_bytes"]:
            parts.append(f"{_bytes_or_unknown(row['kept_bytes'])} kept by its bucket")
        text = ", ".join(parts)
        if not absent(row["undo"]):
            until = row["undo_until"]
            by = "" if absent(until) else f", at least until {until:%Y-%m-%d}"
            text += f"; {UNDOS[Undo(row['undo'])].format(until=by)}"
        lines.append(f"Store {row['store']}: {text}.")
    return " ".join(lines)


def _bytes_or_unknown(size: Any) -> str:  # noqa: ANN401 - a cell of a frame
    return "an unknown part" if absent(size) else readable_bytes(int(size))


def remedy_for(error: OSError) -> str:
    """Say what to do about a store in which nothing can be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (
            "The store is full: purge earlier sweeps, select fewer objects, or free "
            "some space there"
        )
    if error.errno == errno.EROFS:
        return "The store is mounted read-only: mount it for writing"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "Let this account write and delete in the store's folder _trash"
    return "Check that the store answers and that this account may write there"


def detail_text(
    detail: Detail | None, values: Mapping[str, object], *, in_doubt: bool
) -> str:
    """Say why an object has its outcome; empty for a plain success."""
    text = "" if detail is None else DETAILS[detail].format(**values)
    return text + (IN_DOUBT if in_doubt else "")
