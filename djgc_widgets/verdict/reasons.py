"""Why an object has its status, in words for a person."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import unquote

import pandas as pd

from djgc_widgets.model import FileKind, Section, Status, TableInfo

NO_ROW_HOLDS_HASH = "no row holds this hash"
ROW_DELETED = "row deleted, or its insert never committed"
SUPERSEDED = "superseded by {}"
NEVER_COMMITTED = "never committed: the row still refers to the older {}"
TABLE_DROPPED = "table dropped"
COLUMN_DROPPED = "column dropped"
NOT_ON_SERVER = "schema not on this server"
NOT_COVERED = "schema not covered by this scan"
NOT_DATAJOINT = "not DataJoint's shape"
USER_FILE = "kept for <filepath@>"
OF_0_14 = "kept by an external store of DataJoint 0.14"
BESIDE_REFERENCED = "part of an object that a row refers into"
KIND_REASONS = {
    FileKind.SYMLINK.value: "a symbolic link",
    FileKind.SPECIAL.value: "not a plain file",
    FileKind.UNREADABLE_NAME.value: "its name is not UTF-8",
    FileKind.UNUSUAL_KEY.value: "its key has empty or dotted parts",
}

_TOKEN = r"_[A-Za-z0-9_-]{4,16}(?:\.[^/]*)?"  # noqa: S105 - a pattern of path tokens


def younger_than(minimum_age: timedelta) -> str:
    """Say which minimum age an object has not reached."""
    days, rest = divmod(minimum_age, timedelta(days=1))
    if days and not rest:
        return f"younger than {days} day{'' if days == 1 else 's'}"
    hours = minimum_age / timedelta(hours=1)
    return f"younger than {hours:g} hour{'' if hours == 1 else 's'}"


def explain_orphans(
    objects: pd.DataFrame, references: pd.DataFrame, tables: Sequence[TableInfo]
) -> pd.Series:
    """Return a reason for each orphan, from the present state of the database.

    Parameters
    ----------
    objects : DataFrame
        A frame of the objects schema, with every status.
    references : DataFrame
        A frame of the references schema.
    tables : sequence of TableInfo
        All base tables of the server.

    Returns
    -------
    Series of str
        NA for everything but orphans.
    """
    reason = pd.Series(pd.NA, index=objects.index, dtype="str")
    orphan = objects["status"].eq(Status.ORPHAN.value)
    reason[orphan & objects["section"].eq(Section.HASH.value)] = NO_ROW_HOLDS_HASH
    shaped = objects[orphan & objects["section"].eq(Section.SCHEMA.value)]
    known = {(t.schema, spelling(t.name)): t for t in reversed(tables)}
    live = objects[objects["status"].eq(Status.LIVE.value)]
    places = zip(live["store"], live["path"], strict=True)
    written = dict(zip(places, live["modified_at"], strict=True))
    for (schema, name), orphans in shaped.groupby(["schema", "table"], sort=False):
        table = known.get((str(schema), spelling(str(name))))
        if table is None:
            reason[orphans.index] = TABLE_DROPPED
            continue
        attribute = _attributes(orphans["path"].str.rpartition("/")[2], table)
        reason[orphans.index] = ROW_DELETED
        reason[attribute.index[attribute.isna()]] = COLUMN_DROPPED
        same = references["schema"].eq(table.schema) & references["table"].eq(
            table.name
        )
        told = _siblings(orphans, attribute, references[same], written).dropna()
        reason[told.index] = told
    return reason


def spelling(table: str) -> str:
    """Return what a table's name and its class name have in common.

    Paths name a table as the database does, those of staged inserts by its class.
    """
    return re.sub(r"[^a-z0-9]", "", table.lower())


def _attributes(names: pd.Series, table: TableInfo) -> pd.Series:
    found = pd.Series(pd.NA, index=names.index, dtype="str")
    for attribute in sorted(table.attributes, key=len):  # the longest that fits wins
        fits = names.str.match(re.escape(attribute) + _TOKEN + r"\Z", na=False)
        found[fits] = attribute
    return found


def _siblings(
    orphans: pd.DataFrame,
    attribute: pd.Series,
    references: pd.DataFrame,
    written: Mapping[tuple[str, str], datetime],
) -> pd.Series:
    """Explain orphans whose row is there but refers to something else; NA for others.

    An updated value may lie in another folder, so rows are found by their key. What
    was written after the value that the row still has belongs to an update that never
    came about.
    """
    now = references[references["attribute"].isin(attribute.unique())]
    keys = (_row_pairs(key) for key in now["row_key"])
    places = zip(now["store"], now["path"], strict=True)
    current = dict(zip(zip(now["attribute"], keys, strict=True), places, strict=True))
    found: list[str | None] = []
    columns = ["path", "modified_at"]
    for name, (path, modified) in zip(
        attribute, orphans[columns].itertuples(index=False), strict=True
    ):
        place = current.get((name, _path_pairs(path)))
        if place is None:
            found.append(None)
            continue
        sibling = place[1].rpartition("/")[2]
        later = place in written and modified > written[place]
        found.append((NEVER_COMMITTED if later else SUPERSEDED).format(sibling))
    return pd.Series(pd.array(found, dtype="str"), index=orphans.index)


def _row_pairs(row_key: str) -> frozenset[tuple[str, str]]:
    try:
        pairs = json.loads(row_key)
    except ValueError:
        return frozenset()  # a key with raw bytes in it has no successor to name
    return frozenset((k, _spelt(str(v))) for k, v in pairs.items())


def _path_pairs(path: str) -> frozenset[tuple[str, str]]:
    pairs = (
        segment.partition("=") for segment in path.split("/")[:-1] if "=" in segment
    )
    return frozenset((name, _spelt(unquote(value))) for name, _, value in pairs)


def _spelt(value: str) -> str:
    # paths write the times of a key with hyphens, JSON with colons
    return value.replace(":", "-")
