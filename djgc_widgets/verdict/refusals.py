"""Why a plan may not be carried out, and which of it a person may lift. Pure."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pandas as pd

from djgc_widgets.model import Notice, Sight, State, plural
from djgc_widgets.verdict.reconcile import Reconciled

UNSEEN = "unseen-schemas"
"""Acknowledges that no row of a schema which cannot be seen refers to the stores."""

ABANDONED = "abandoned-schema:"
"""Followed by a name, acknowledges that a schema which no server has is gone."""

MINIMUM_AGE = "minimum-age"
"""Acknowledges a minimum age under an hour: an insert under way may look that old."""

LARGE = "large-sweep"
"""Acknowledges that more than a quarter of a table or store is to go."""

MISSING = "missing-objects"
"""Acknowledges a sweep of a store in which referenced objects are missing."""

SOLE_OWNER = "sole-owner"
"""Acknowledges that no server but those named has rows that refer into a store."""

LIFTABLE = frozenset({UNSEEN, MINIMUM_AGE, LARGE, MISSING, SOLE_OWNER})
"""Refusals that an acknowledgement lifts, besides those of abandoned schemas."""

EXPIRED, LOCKED, FOREIGN = "expired", "locked", "other-owner"
INTERRUPTED, OBJECT_STORE, EMPTY = "interrupted-sweep", "object-store", "empty"

_LARGE_SHARE = 0.25
_SHORT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a plan may not be carried out.

    Parameters
    ----------
    name : str
        What an acknowledgement has to name.
    message : str
        What is in doubt, with figures.
    remedy : str
        What to do about it.
    liftable : bool
        Whether an acknowledgement lifts it.
    """

    name: str
    message: str
    remedy: str
    liftable: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.message}. {self.remedy}."


@dataclass(frozen=True, slots=True)
class Ownership:
    """Which database servers have swept a store.

    Parameters
    ----------
    store : str
        The store.
    recorded : frozenset of str
        Identifiers of the servers that its trash knows; empty before the first sweep.
    """

    store: str
    recorded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When a plan is made, what stands in its way, and what of that was acknowledged.

    Parameters
    ----------
    now : datetime
        Aware time at which the plan is made.
    acknowledged : frozenset of str
        Names of refusals that the caller lifts.
    unseen : tuple of Notice
        Schemas of which the account sees nothing.
    unsweepable : frozenset of str
        Stores in which nothing can be moved.
    sight : Sight
        What the account saw.
    minimum_age : timedelta
        Younger objects are no candidates.
    servers : frozenset of str
        Identifiers of the database servers whose rows were read.
    owners : tuple of Ownership
        One per store that can be swept.
    interrupted : frozenset of (str, str)
        Store and sweep of sweeps without a result.
    """

    now: datetime
    acknowledged: frozenset[str] = frozenset()
    unseen: tuple[Notice, ...] = ()
    unsweepable: frozenset[str] = frozenset()
    sight: Sight = field(default_factory=Sight)
    minimum_age: timedelta = timedelta(days=7)
    servers: frozenset[str] = frozenset()
    owners: tuple[Ownership, ...] = ()
    interrupted: frozenset[tuple[str, str]] = frozenset()


def doubts(
    chosen: pd.DataFrame, reconciled: Reconciled, seen: Circumstances
) -> tuple[Refusal, ...]:
    """Return whatever refuses a sweep of these objects, acknowledged or not.

    Parameters
    ----------
    chosen : DataFrame
        Rows of the objects frame.
    reconciled : Reconciled
        The verdict of a complete scan.
    seen : Circumstances
        The time, and what stands in the way.
    """
    return (
        *_empty(chosen),
        *_unseen(seen),
        *_young(seen),
        *_large(chosen, reconciled.objects),
        *_missing(chosen, reconciled.references),
        *_places(chosen, seen),
    )


def standing(
    doubts: Iterable[Refusal], acknowledged: Collection[str]
) -> tuple[Refusal, ...]:
    """Return what still refuses a sweep once some doubts are acknowledged by name."""
    return tuple(
        doubt
        for doubt in doubts
        if not doubt.liftable or doubt.name not in acknowledged
    )


def ownership_refusal(owner: Ownership, servers: frozenset[str]) -> Refusal | None:
    """Say whether these servers may sweep a store.

    Parameters
    ----------
    owner : Ownership
        Who has swept it so far.
    servers : frozenset of str
        Servers whose rows were read.
    """
    if owner.recorded - servers:
        return Refusal(
            FOREIGN,
            f"store {owner.store} was swept for other database servers "
            f"({', '.join(sorted(owner.recorded - servers))}), whose rows were not "
            "read",
            "Name them as well: scan(schema, also=[connection]); if they are gone for "
            "good, remove _trash/owner.json from the store",
        )
    if servers - owner.recorded:
        new = ", ".join(sorted(servers - owner.recorded))
        return Refusal(
            SOLE_OWNER,
            f"this is the first sweep of store {owner.store} for {new}, and rows of a "
            "server that was not named may refer to its objects",
            "Acknowledge that no other database server uses the store",
            liftable=True,
        )
    return None


def _empty(chosen: pd.DataFrame) -> Iterator[Refusal]:
    if chosen.empty:
        yield Refusal(EMPTY, "nothing is selected", "Tick at least one orphan")


def _unseen(seen: Circumstances) -> Iterator[Refusal]:
    if seen.unseen:
        places = ", ".join(notice.place for notice in seen.unseen)
        yield Refusal(
            UNSEEN,
            f"this account cannot see everything ({places}), and rows that it does not "
            "see may refer to these objects",
            f"{seen.unseen[0].remedy}, or acknowledge that no such row does",
            liftable=True,
        )


def _young(seen: Circumstances) -> Iterator[Refusal]:
    if seen.minimum_age < _SHORT:
        minutes = seen.minimum_age / timedelta(minutes=1)
        yield Refusal(
            MINIMUM_AGE,
            f"the minimum age is {minutes:g} minutes, and an insert that is under way "
            "may have written its object before its row",
            "Scan with a minimum age of at least an hour, or acknowledge that nothing "
            "is being inserted",
            liftable=True,
        )


def _large(chosen: pd.DataFrame, objects: pd.DataFrame) -> Iterator[Refusal]:
    if chosen.empty:
        return
    shares = [
        told
        for columns in (["store"], ["store", "schema", "table"])
        for told in _shares(chosen, objects, columns)
    ]
    if shares:
        yield Refusal(
            LARGE,
            f"more than {_LARGE_SHARE:.0%} would go: {'; '.join(shares)}",
            "Look at what it is and select less, or acknowledge that this much may go",
            liftable=True,
        )


def _shares(
    chosen: pd.DataFrame, objects: pd.DataFrame, columns: list[str]
) -> Iterator[str]:
    part, whole = (
        frame.groupby(columns, dropna=False)["size_bytes"]
        .agg(["size", "sum"])
        .reset_index()
        for frame in (chosen, objects)
    )
    both = part.merge(whole, on=columns, suffixes=("", "_of"))
    for *key, count, size, of_count, of_size in both.itertuples(index=False):
        share = max(count / of_count, size / max(of_size, 1))
        if share > _LARGE_SHARE:
            store, *table = key
            named = ".".join(str(name) for name in table if not pd.isna(name))
            place = f"{named or 'what has no table'} in store" if table else "store"
            yield (
                f"{count:,} of {plural(of_count, 'object')} and {size:,} of "
                f"{of_size:,} bytes of {place} {store}"
            )


def _missing(chosen: pd.DataFrame, references: pd.DataFrame) -> Iterator[Refusal]:
    gone = references["state"].eq(State.MISSING.value)
    gone &= references["store"].isin(chosen["store"].unique())
    if gone.any():
        counts = references.loc[gone, "store"].value_counts().sort_index()
        told = ", ".join(f"{n:,} in store {store}" for store, n in counts.items())
        yield Refusal(
            MISSING,
            f"objects that rows refer to are missing ({told}), so something is wrong "
            "that a sweep might make worse",
            "Look at scan.missing and scan.heal() first, or acknowledge that they are "
            "lost",
            liftable=True,
        )


def _places(chosen: pd.DataFrame, seen: Circumstances) -> Iterator[Refusal]:
    stores = set(chosen["store"])
    for store in sorted(seen.unsweepable & stores):
        yield Refusal(
            OBJECT_STORE,
            f"store {store} is neither a folder nor on S3, and nothing can be moved "
            "there",
            "Take its objects out of the selection",
        )
    for store, sweep_id in sorted(seen.interrupted):
        if store in stores:
            yield Refusal(
                INTERRUPTED,
                f"sweep {sweep_id} of store {store} is under way or was interrupted",
                f"Wait for it, or call Trash(schema, {store!r}).recover()",
            )
    # one refusal for all stores, since one acknowledgement lifts it
    firsts = []
    for owner in seen.owners:
        refusal = ownership_refusal(owner, seen.servers)
        if owner.store not in stores or refusal is None:
            continue
        if refusal.liftable:
            firsts.append(refusal)
        else:
            yield refusal
    yield from firsts
