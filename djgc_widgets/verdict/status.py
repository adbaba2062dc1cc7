"""The verdict: which status each object has, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from djgc_widgets.model import (
    STR,
    Pin,
    Reason,
    SchemaNames,
    Section,
    Status,
    StoreNames,
    TableInfo,
    arrow_text,
    key_in_path,
)
from djgc_widgets.verdict.pinned import are_pinned
from djgc_widgets.verdict.reasons import KIND_REASONS, comparable_table_name

_CLOCKS_DIFFER = timedelta(days=1)
# {schema}/{2 hex digits}/{2 hex digits}/{uuid}, with whatever folding and suffix
_OF_0_14 = r"(?s)^(?:.*/)?(?:[0-9a-f]{1,8}/)*[0-9a-f]{32}(?:\.[^/]*)?$"


@dataclass(frozen=True, slots=True)
class World:
    """What is known while stores are judged."""

    names: StoreNames
    schemas: SchemaNames
    """Every schema on the servers."""
    scanned: Sequence[str]
    """Schemas whose objects may be judged orphans."""
    tables: Sequence[TableInfo]
    """Every base table of the servers."""
    now: datetime
    """Aware time to which ages are counted."""
    minimum_age: timedelta
    """Younger objects are never orphans."""
    pins: Mapping[str, Sequence[Pin]] = field(default_factory=dict)
    """What is kept although no row refers to it, by store."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The decision on each object, in the order of the objects."""

    objects: pd.DataFrame
    """With ``status`` and ``reason_code``. If an object only looks like one of
    DataJoint, its ``section``, ``schema`` and ``table`` are NA."""
    abandoned: pd.Series
    """Per object, it is unknown only because no server has its schema."""


def judge(objects: pd.DataFrame, world: World) -> Judged:
    """Give each object its status, and a reason to all but the live and the orphans.

    Its schema is named as the server calls it.
    """
    named = {s: world.schemas.on_server(s) for s in objects["schema"].dropna().unique()}
    if any(name != on_server for name, on_server in named.items()):
        objects = objects.assign(schema=objects["schema"].map(named).astype(STR))
    objects = _drop_sections_without_table(objects, world.tables, world.names)
    old_enough = objects["changed_at"] <= world.now - world.minimum_age
    in_future = objects["changed_at"] > world.now + _CLOCKS_DIFFER
    on_server = objects["schema"].isin(list(world.schemas.every))
    scanned = objects["schema"].isin(list(world.scanned))
    kind = objects["kind"]
    by_path: list[_Rule] = [
        (objects["n_references"].gt(0), Status.LIVE, None),
        (_pinned(objects, world.pins), Status.UNKNOWN, Reason.PINNED),
        (kind.notna(), Status.UNKNOWN, Reason.SYMLINK),  # or another kind, see below
        (_are_user_files(objects, world.names), Status.UNKNOWN, Reason.USER_FILE),
        (_are_of_datajoint_0_14(objects), Status.UNKNOWN, Reason.DATAJOINT_0_14),
        (objects["companion"], Status.UNKNOWN, Reason.COMPANION),
        (objects["section"].isna(), Status.UNKNOWN, Reason.NOT_DATAJOINT),
    ]
    by_schema: list[_Rule] = [
        (~on_server, Status.UNKNOWN, Reason.SCHEMA_NOT_ON_SERVER),
        (~scanned, Status.UNKNOWN, Reason.SCHEMA_NOT_SCANNED),
    ]
    by_content: list[_Rule] = [
        (objects["entered"], Status.UNKNOWN, Reason.BESIDE_REFERENCED),
        (in_future, Status.YOUNG, Reason.DATE_IN_FUTURE),
        (~old_enough, Status.YOUNG, Reason.TOO_YOUNG),
    ]
    rules = [*by_path, *by_schema, *by_content]
    number = np.full(len(objects), len(rules))
    # the first rule that applies decides, so it is written last
    for at, (applies, _, _) in reversed([*enumerate(rules)]):
        number[applies.to_numpy(dtype=bool)] = at
    statuses = [*(decided.value for _, decided, _ in rules), Status.ORPHAN.value]
    reasons = [*(why and why.value for *_, why in rules), None]
    status = pd.Series(pd.array(statuses, dtype=STR)[number], index=objects.index)
    reason = pd.Series(pd.array(reasons, dtype=STR)[number], index=objects.index)
    of_kind = kind[reason.eq(Reason.SYMLINK.value)]
    reason[of_kind.index] = of_kind.map(KIND_REASONS)
    abandoned = ~on_server
    for applies, _, _ in [*by_path, *by_content]:
        abandoned &= ~applies.astype(bool)
    return Judged(objects.assign(status=status, reason_code=reason), abandoned)


_Rule = tuple[pd.Series, Status, Reason | None]


def _drop_sections_without_table(
    objects: pd.DataFrame, tables: Sequence[TableInfo], names: StoreNames
) -> pd.DataFrame:
    """Below no configured prefix, accept only objects that match an existing table.

    Users keep files at a store's root and elsewhere, too: path and key have to be those
    of a table that exists.
    """
    foreign = objects["section"].eq(Section.SCHEMA.value)
    for store in names.stores:
        configured = objects["prefix"].isin([p for p in store.schema_prefixes if p])
        foreign &= ~(objects["store"].eq(store.name) & configured)
    suspects = objects[foreign & objects["n_references"].eq(0)]
    if suspects.empty:
        return objects
    known = {(t.schema, comparable_table_name(t.name)): t for t in tables}
    columns = suspects[["schema", "table", "path"]]
    doubtful = [
        row
        for row, schema, table, path in columns.itertuples()
        if not _belongs_to(known.get((schema, comparable_table_name(table))), path)
    ]
    objects = objects.copy()
    objects.loc[doubtful, ["section", "schema", "table"]] = pd.NA
    return objects


def _belongs_to(table: TableInfo | None, path: str) -> bool:
    if table is None:
        return False
    key = key_in_path(path).keys()
    name = path.rpartition("/")[2]
    has_key = set(table.primary_key) <= key <= set(table.attributes)
    return has_key and any(name.startswith(f"{a}_") for a in table.attributes)


def _pinned(objects: pd.DataFrame, pins: Mapping[str, Sequence[Pin]]) -> pd.Series:
    pinned = pd.Series(data=False, index=objects.index)
    for store, own in pins.items():
        here = objects[objects["store"].eq(store)]
        pinned[here.index] = are_pinned(here, own)
    return pinned


def _are_user_files(objects: pd.DataFrame, names: StoreNames) -> pd.Series:
    below_prefix = pd.Series(data=False, index=objects.index)
    for store in names.stores:
        for prefix in store.filepath_prefixes:
            below = objects["path"].str.startswith(f"{prefix}/")
            below_prefix |= objects["store"].eq(store.name) & below
    return below_prefix


def _are_of_datajoint_0_14(objects: pd.DataFrame) -> pd.Series:
    alike = objects["section"].isna()
    paths = arrow_text(objects.loc[alike, "path"])
    matching = pc.match_substring_regex(paths, _OF_0_14)
    alike[alike] = np.asarray(matching, dtype=bool)
    return alike
