"""What speaks against a plan, and which of it a person may acknowledge. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pandas as pd

from djgc_widgets.model import (
    DOUBTS,
    MINIMUM_AGE,
    TRASH_FOLDER,
    DoubtCode,
    Notices,
    Sight,
    State,
    plural,
    table_label,
)
from djgc_widgets.verdict.reconcile import Reconciled

LIFTABLE = frozenset(
    {
        DoubtCode.UNSEEN_SCHEMAS,
        DoubtCode.MINIMUM_AGE,
        DoubtCode.LARGE_SWEEP,
        DoubtCode.MISSING_OBJECTS,
        DoubtCode.SOLE_OWNER,
    }
)
"""Doubts that an acknowledgment lifts, besides those about abandoned schemas."""

LIFTABLE_IN_PURGE = frozenset(
    {
        DoubtCode.UNSEEN_SCHEMAS,
        DoubtCode.MISSING_OBJECTS,
        DoubtCode.SHORT_RETENTION,
    }
)
"""Doubts about a purge that an acknowledgment lifts."""

_LARGE_SHARE = 0.25
_SHORT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a plan may not be carried out."""

    code: DoubtCode
    """What is in doubt; its value is the name that an acknowledgment gives."""
    values: Mapping[str, object] = field(default_factory=dict, hash=False)
    """What the message names."""

    @property
    def name(self) -> str:
        """What an acknowledgment has to name."""
        return self.code.value

    @property
    def liftable(self) -> bool:
        """Whether an acknowledgment lifts it."""
        return self.code in LIFTABLE | LIFTABLE_IN_PURGE

    @property
    def message(self) -> str:
        """What is in doubt, with figures."""
        return DOUBTS[self.code][0].format(**self.values)

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return DOUBTS[self.code][1].format(**self.values)

    def __str__(self) -> str:
        return f"{self.name}: {self.message}. {self.remedy}."


def abandoned_name(schema: str) -> str:
    """Return what acknowledges that a schema which no server has is gone."""
    return f"{DoubtCode.ABANDONED_SCHEMA.value}:{schema}"


@dataclass(frozen=True, slots=True)
class Ownership:
    """Which database servers have swept a store."""

    store: str
    recorded: frozenset[str] = frozenset()
    """Identifiers of the servers that its trash knows; empty before the first sweep."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When a plan is made, what may refuse it, and what of that was acknowledged."""

    now: datetime
    """Aware time at which the plan is made."""
    acknowledged: frozenset[str] = frozenset()
    """Names of doubts that the caller lifts."""
    unseen: Notices = field(default_factory=Notices)
    """Schemas of which the account sees nothing."""
    unsweepable: frozenset[str] = frozenset()
    """Stores in which nothing can be moved."""
    sight: Sight = field(default_factory=Sight)
    """What the account saw."""
    minimum_age: timedelta = MINIMUM_AGE
    """Younger objects are no candidates."""
    servers: frozenset[str] = frozenset()
    """Identifiers of the database servers whose rows were read."""
    owners: tuple[Ownership, ...] = ()
    """One per store that can be swept."""
    interrupted: frozenset[tuple[str, str]] = frozenset()
    """Store and sweep of sweeps without a result."""
    mounted: frozenset[tuple[str, str]] = frozenset()
    """Store and path of what is mounted inside a store."""


def doubts(
    chosen: pd.DataFrame, reconciled: Reconciled, seen: Circumstances
) -> tuple[Doubt, ...]:
    """Return whatever refuses a sweep of these objects, acknowledged or not."""
    return (
        *_of_circumstances(chosen, seen),
        *_large_sweep_doubts(chosen, reconciled.objects),
        *filter(None, [missing_objects_doubt(reconciled.references)]),
        *_doubts_by_store(chosen, seen),
    )


def standing_doubts(
    doubts: Iterable[Doubt], acknowledged: Collection[str]
) -> tuple[Doubt, ...]:
    """Return what still refuses a sweep once some doubts are acknowledged by name."""
    return tuple(
        doubt
        for doubt in doubts
        if not doubt.liftable or doubt.name not in acknowledged
    )


def ownership_doubt(owner: Ownership, servers: frozenset[str]) -> Doubt | None:
    """Return why the servers whose rows were read may not sweep a store, if so."""
    for code, unknown in (
        (DoubtCode.OTHER_OWNER, owner.recorded - servers),
        (DoubtCode.SOLE_OWNER, servers - owner.recorded),
    ):
        if unknown:
            names = ", ".join(sorted(unknown))
            return Doubt(code, {"store": owner.store, "servers": names})
    return None


def _of_circumstances(chosen: pd.DataFrame, seen: Circumstances) -> Iterator[Doubt]:
    if chosen.empty:
        yield Doubt(DoubtCode.EMPTY)
    if seen.unseen:
        where = ", ".join(notice.where for notice in seen.unseen)
        yield Doubt(DoubtCode.UNSEEN_SCHEMAS, {"where": where})
    if seen.minimum_age < _SHORT:
        minutes = seen.minimum_age / timedelta(minutes=1)
        yield Doubt(DoubtCode.MINIMUM_AGE, {"minutes": minutes})


def _large_sweep_doubts(chosen: pd.DataFrame, objects: pd.DataFrame) -> Iterator[Doubt]:
    if chosen.empty:
        return
    shares = [
        share
        for columns in (["store"], ["store", "schema", "table"])
        for share in _large_shares(chosen, objects, columns)
    ]
    if shares:
        values = {"share": _LARGE_SHARE, "shares": "; ".join(shares)}
        yield Doubt(DoubtCode.LARGE_SWEEP, values)


def _large_shares(
    chosen: pd.DataFrame, objects: pd.DataFrame, columns: list[str]
) -> Iterator[str]:
    part, total = (
        frame.groupby(columns, dropna=False)["size_bytes"]
        .agg(["size", "sum"])
        .reset_index()
        for frame in (chosen, objects)
    )
    both = part.merge(total, on=columns, suffixes=("", "_of"))
    for *key, count, size, of_count, of_size in both.itertuples(index=False):
        share = max(count / of_count, size / max(of_size, 1))
        if share > _LARGE_SHARE:
            store, *table = key
            label = f"{table_label(*table)} in " if table else ""
            yield (
                f"{count:,} of {plural(of_count, 'object')} and {size:,} of "
                f"{of_size:,} bytes of {label}store {store}"
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
    for store in sorted(seen.unsweepable & stores):
        yield Doubt(DoubtCode.OBJECT_STORE, {"store": store})
    for store, path in sorted(seen.mounted):
        here = chosen.loc[chosen["store"].eq(store), "path"]
        if any(_is_beyond_mount(each, path) for each in here):
            yield Doubt(DoubtCode.OTHER_DEVICE, {"store": store, "path": path})
    for store, sweep_id in sorted(seen.interrupted):
        if store in stores:
            values = {"store": store, "sweep_id": sweep_id}
            yield Doubt(DoubtCode.INTERRUPTED_SWEEP, values)
    owners = [owner for owner in seen.owners if owner.store in stores]
    owned = [ownership_doubt(owner, seen.servers) for owner in owners]
    # what cannot be acknowledged comes first
    yield from sorted(filter(None, owned), key=lambda doubt: doubt.liftable)
