"""What speaks against a plan, and which of it a person may acknowledge. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pandas as pd

from djgc_widgets.model import (
    MINIMUM_AGE,
    STR,
    TRASH_FOLDER,
    DoubtCode,
    Notices,
    Sight,
    Sighting,
    State,
    plural,
    table_label,
)
from djgc_widgets.verdict.doubt import Brakes, Doubt, unseen_doubts
from djgc_widgets.verdict.reconcile import Reconciled
from djgc_widgets.verdict.servers import Ownership, prepared_doubt, server_doubts
from djgc_widgets.verdict.usage import table_totals

_SHORT = timedelta(hours=1)
_TABLE = ["store", "schema", "table"]


def abandoned_name(schema: str) -> str:
    """Return what acknowledges that a schema which no server has is gone."""
    return f"{DoubtCode.ABANDONED_SCHEMA.value}:{schema}"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When a plan is made, what may refuse it, and what of that was acknowledged."""

    now: datetime
    """Aware time at which the plan is made."""
    acknowledged: frozenset[str] = frozenset()
    """Names of doubts that the caller lifts."""
    unseen: Notices = field(default_factory=Notices)
    """Schemas of which the account sees nothing."""
    sight: Sight = field(default_factory=Sight)
    """What the account saw."""
    minimum_age: timedelta = MINIMUM_AGE
    """Younger objects are no candidates."""
    servers: tuple[Sighting, ...] = ()
    """The database servers whose rows were read."""
    prepared: Notices = field(default_factory=Notices)
    """Transactions that are prepared on them."""
    owners: tuple[Ownership, ...] = ()
    """One per store."""
    interrupted: frozenset[tuple[str, str]] = frozenset()
    """Store and sweep of sweeps without a result."""
    mounted: frozenset[tuple[str, str]] = frozenset()
    """Store and path of what is mounted inside a store."""
    scanned_at: datetime | None = None
    """When the servers were as they are described here."""
    inventoried: frozenset[str] = frozenset()
    """Stores of which an inventory told."""
    brakes: Brakes = field(default_factory=Brakes)
    """What is too much at once."""


def doubts(
    chosen: pd.DataFrame, reconciled: Reconciled, seen: Circumstances
) -> tuple[Doubt, ...]:
    """Return whatever refuses a sweep of these objects, acknowledged or not."""
    return (
        *_of_circumstances(chosen, seen),
        *_large_sweep_doubts(chosen, reconciled.totals, seen.brakes),
        *filter(None, [missing_objects_doubt(reconciled.references)]),
        *_doubts_by_store(chosen, seen),
    )


def _of_circumstances(chosen: pd.DataFrame, seen: Circumstances) -> Iterator[Doubt]:
    if chosen.empty:
        yield Doubt(DoubtCode.EMPTY)
    yield from unseen_doubts(seen.unseen)
    if seen.minimum_age < _SHORT:
        minutes = seen.minimum_age / timedelta(minutes=1)
        yield Doubt(DoubtCode.MINIMUM_AGE, {"minutes": minutes})
    if doubt := prepared_doubt(seen.prepared):
        yield doubt


def _large_sweep_doubts(
    chosen: pd.DataFrame, totals: pd.DataFrame, brakes: Brakes
) -> Iterator[Doubt]:
    shares = [
        text
        for columns in (["store"], _TABLE)
        for _, text in _large_shares(chosen, totals, columns, brakes)
    ]
    if shares:
        values = {"share": brakes.large_sweep, "shares": "; ".join(shares)}
        yield Doubt(DoubtCode.LARGE_SWEEP, values)


def large_tables(
    chosen: pd.DataFrame, totals: pd.DataFrame, brakes: Brakes
) -> Iterator[tuple[tuple[str, str], Doubt]]:
    """Yield each table of one store of which much would go, and the doubt about it."""
    for (_, *table), text in _large_shares(chosen, totals, _TABLE, brakes):
        values = {"share": brakes.large_sweep, "shares": text}
        schema, name = pd.Series(table, dtype=STR).fillna("")
        yield (schema, name), Doubt(DoubtCode.LARGE_SWEEP, values)


def _large_shares(
    chosen: pd.DataFrame, totals: pd.DataFrame, columns: list[str], brakes: Brakes
) -> Iterator[tuple[list[str], str]]:
    part, total = (
        frame.groupby(columns, dropna=False)[["n_objects", "size_bytes"]]
        .sum()
        .reset_index()
        for frame in (table_totals(chosen), totals)
    )
    both = part.merge(total, on=columns, suffixes=("", "_of"))
    for *key, count, size, of_count, of_size in both.itertuples(index=False):
        share = max(count / of_count, size / max(of_size, 1))
        if share > brakes.large_sweep:
            store, *table = key
            label = f"{table_label(*table)} in " if table else ""
            yield (
                key,
                (
                    f"{count:,} of {plural(of_count, 'object')} and {size:,} of "
                    f"{of_size:,} bytes of {label}store {store}"
                ),
            )


def missing_objects_doubt(references: pd.DataFrame) -> Doubt | None:
    """Return what is in doubt if objects are missing, in whatever store.

    What is missing in one store may be what lies in another one, or in its trash.
    """
    missing = references["state"].eq(State.MISSING.value)
    if not missing.any():
        return None
    counts = references.loc[missing, "store"].value_counts().sort_index()
    text = ", ".join(f"{n:,} in store {store}" for store, n in counts.items())
    return Doubt(DoubtCode.MISSING_OBJECTS, {"counts": text})


def _is_beyond_mount(path: str, mounted: str) -> bool:
    """Return whether a mount lies between an object and the trash, or inside it."""
    path, mounted = f"{path}/", f"{mounted}/"
    return path.startswith(mounted) or mounted.startswith((path, f"{TRASH_FOLDER}/"))


def _doubts_by_store(chosen: pd.DataFrame, seen: Circumstances) -> Iterator[Doubt]:
    stores = set(chosen["store"])
    if told := sorted(seen.inventoried & stores):
        yield Doubt(DoubtCode.INVENTORY, {"store": ", ".join(told)})
    for store, path in sorted(seen.mounted):
        here = chosen.loc[chosen["store"].eq(store), "path"]
        if any(_is_beyond_mount(each, path) for each in here):
            yield Doubt(DoubtCode.OTHER_DEVICE, {"store": store, "path": path})
    for store, sweep_id in sorted(seen.interrupted):
        if store in stores:
            values = {"store": store, "sweep_id": sweep_id}
            yield Doubt(DoubtCode.INTERRUPTED_SWEEP, values)
    for owner in seen.owners:
        if owner.store in stores:
            yield from server_doubts(owner, seen.servers, seen.scanned_at)
