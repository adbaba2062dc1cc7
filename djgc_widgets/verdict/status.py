"""The verdict: which status each object has, and why."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from djgc_widgets.model import Section, Status, StoreNames, TableInfo
from djgc_widgets.verdict import reasons

_KEY_PAIR = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
# {schema}/{2 hex digits}/{2 hex digits}/{uuid}, with whatever folding and suffix
_OF_0_14 = r"(?s)(?:.*/)?(?:[0-9a-f]{1,8}/)*[0-9a-f]{32}(?:\.[^/]*)?"


@dataclass(frozen=True, slots=True)
class World:
    """What is known while stores are judged.

    Parameters
    ----------
    names : StoreNames
        The scanned stores and how recorded names lead to them.
    schemas : collection of str
        Every schema on the server.
    scanned : collection of str
        Schemas whose objects may be judged orphans.
    tables : sequence of TableInfo
        Every base table of the server.
    now : datetime
        Aware time to which ages are counted.
    minimum_age : timedelta
        Younger objects are never orphans.
    """

    names: StoreNames
    schemas: Collection[str]
    scanned: Collection[str]
    tables: Sequence[TableInfo]
    now: datetime
    minimum_age: timedelta


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided of each object, in the order of the objects.

    Parameters
    ----------
    objects : DataFrame
        The judged objects, with ``status`` and ``reason``; what only looks like an
        object of DataJoint has lost its ``section``, ``schema`` and ``table``.
    abandoned : Series of bool
        Unknown only because its schema is not on any server.
    """

    objects: pd.DataFrame
    abandoned: pd.Series


def judge(objects: pd.DataFrame, world: World) -> Verdict:
    """Give each object its status, and a reason to all but the live and the orphans.

    Parameters
    ----------
    objects : DataFrame
        Grouped objects.
    world : World
        Stores, schemas, tables and the time.
    """
    objects = _without_evidence(objects, world.tables, world.names)
    old_enough = objects["modified_at"] <= world.now - world.minimum_age
    here, judged = (
        objects["schema"].isin(list(s)) for s in (world.schemas, world.scanned)
    )
    too_young = reasons.younger_than(world.minimum_age)
    spoilt: list[_Rule] = [
        (objects["references"].gt(0), Status.LIVE, None),
        (
            objects["kind"].notna(),
            Status.UNKNOWN,
            objects["kind"].map(reasons.KIND_REASONS),
        ),
        (_for_users(objects, world.names), Status.UNKNOWN, reasons.USER_FILE),
        (_of_0_14(objects), Status.UNKNOWN, reasons.OF_0_14),
        (objects["section"].isna(), Status.UNKNOWN, reasons.NOT_DATAJOINT),
    ]
    unseen: list[_Rule] = [
        (~here, Status.UNKNOWN, reasons.NOT_ON_SERVER),
        (~judged, Status.UNKNOWN, reasons.NOT_COVERED),
    ]
    kept: list[_Rule] = [
        (objects["entered"], Status.UNKNOWN, reasons.BESIDE_REFERENCED),
        (~old_enough, Status.YOUNG, too_young),
    ]
    status = pd.Series(Status.ORPHAN.value, index=objects.index, dtype="str")
    reason = pd.Series(pd.NA, index=objects.index, dtype="str")
    # the first to apply has the last word
    for applies, verdict, why in reversed([*spoilt, *unseen, *kept]):
        rows = applies.to_numpy(dtype=bool)
        status[rows] = verdict.value
        reason[rows] = why[rows] if isinstance(why, pd.Series) else why
    abandoned = ~here
    for applies, _, _ in [*spoilt, *kept]:
        abandoned &= ~applies.astype(bool)
    return Verdict(objects.assign(status=status, reason=reason), abandoned)


_Rule = tuple[pd.Series, Status, str | pd.Series | None]


def _without_evidence(
    objects: pd.DataFrame, tables: Sequence[TableInfo], names: StoreNames
) -> pd.DataFrame:
    """Take what lies below no configured prefix for DataJoint's if a table vouches.

    Users keep files at a store's root and elsewhere, too: path and key have to be those
    of a table that exists.
    """
    configured = {(s.name, p) for s in names.stores for p in s.schema_prefixes if p}
    places = zip(objects["store"], objects["prefix"], strict=True)
    foreign = pd.Series([p not in configured for p in places], index=objects.index)
    foreign &= objects["section"].eq(Section.SCHEMA.value)
    suspects = objects[foreign & objects["references"].eq(0)]
    if suspects.empty:
        return objects
    known = {(t.schema, reasons.spelling(t.name)): t for t in tables}
    doubtful = [
        row
        for row, schema, table, path in suspects[
            ["schema", "table", "path"]
        ].itertuples()
        if not _vouches(known.get((schema, reasons.spelling(table))), path)
    ]
    objects = objects.copy()
    objects.loc[doubtful, ["section", "schema", "table"]] = pd.NA
    return objects


def _vouches(table: TableInfo | None, path: str) -> bool:
    if table is None:
        return False
    pairs = {match[1] for part in path.split("/") if (match := _KEY_PAIR.match(part))}
    name = path.rpartition("/")[2]
    owned: Iterable[str] = (a for a in table.attributes if name.startswith(f"{a}_"))
    keyed = set(table.primary_key) <= pairs <= set(table.attributes)
    return keyed and any(True for _ in owned)


def _for_users(objects: pd.DataFrame, names: StoreNames) -> pd.Series:
    found = pd.Series(data=False, index=objects.index)
    for store in names.stores:
        for prefix in store.filepath_prefixes:
            below = objects["path"].str.startswith(f"{prefix}/")
            found |= objects["store"].eq(store.name) & below
    return found


def _of_0_14(objects: pd.DataFrame) -> pd.Series:
    nobodys = objects["section"].isna()
    return nobodys & objects["path"].str.fullmatch(_OF_0_14).fillna(value=False)
