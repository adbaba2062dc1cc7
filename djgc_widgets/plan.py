"""Decide: a complete scan and a selection -> a plan, or refusals. A plan is a value."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pandas as pd

from djgc_widgets.frames import FILES, OBJECTS
from djgc_widgets.model import (
    InputError,
    Notice,
    ProgressCallback,
    Sight,
    Status,
    no_progress,
)
from djgc_widgets.receipt import Receipt
from djgc_widgets.reconcile import Reconciled
from djgc_widgets.selection import Selection, select

VALIDITY = timedelta(hours=1)
"""How long after it was made a plan may be carried out."""

UNSEEN = "unseen-schemas"
"""Acknowledges that no row of a schema which cannot be seen refers to the stores."""

ABANDONED = "abandoned-schema:"
"""Followed by a name, acknowledges that a schema which no server has is gone."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a plan may not be carried out.

    Parameters
    ----------
    name : str
        What an acknowledgement has to name.
    message : str
        What is in doubt.
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
    """

    now: datetime
    acknowledged: frozenset[str] = frozenset()
    unseen: tuple[Notice, ...] = ()
    unsweepable: frozenset[str] = frozenset()
    sight: Sight = field(default_factory=Sight)


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """What would be moved to the trash, with the identity of each file.

    Parameters
    ----------
    objects : DataFrame
        A frame of the objects schema: what was selected.
    files : DataFrame
        A frame of the files schema with the additional column ``object``, the path of
        the file's object: the pinned identities.
    created_at, expires_at : datetime
        Aware UTC times between which the plan may be carried out.
    refusals : tuple of Refusal
        Why the plan may not be carried out; empty if it may.
    acknowledged : frozenset of str
        Names of the refusals that were lifted.
    sight : Sight
        What the account saw when the stores were scanned.
    carry_out : callable
        Sweeps; bound by whoever made the plan.
    """

    objects: pd.DataFrame
    files: pd.DataFrame
    created_at: datetime
    expires_at: datetime
    refusals: tuple[Refusal, ...]
    acknowledged: frozenset[str]
    sight: Sight
    carry_out: Callable[["SweepPlan", ProgressCallback], Receipt] = field(
        repr=False, compare=False
    )

    @property
    def allowed(self) -> bool:
        """Whether nothing refuses the plan."""
        return not self.refusals

    @property
    def size_bytes(self) -> int:
        """Bytes of all selected objects."""
        return int(self.objects["size_bytes"].sum())

    def totals(self) -> list[tuple[str, int, int]]:
        """Return store, objects and bytes for each store of the plan, by name."""
        sizes = self.objects.groupby("store")["size_bytes"].agg(["size", "sum"])
        return [(str(s), int(n), int(b)) for s, n, b in sizes.itertuples()]

    def sweep(self, progress: ProgressCallback = no_progress) -> Receipt:
        """Move what the plan names to the trash of its store, and nothing else.

        Parameters
        ----------
        progress : callable, optional
            Called before each object; may raise `Cancelled` to leave the rest alone.

        Returns
        -------
        Receipt
            One row per object of the plan.

        Raises
        ------
        SweepRefusedError
            If the plan is refused or expired, or the references cannot be read again;
            nothing was moved then.
        """
        return self.carry_out(self, progress)

    def __str__(self) -> str:
        stores = ", ".join(
            f"{objects:,} objects ({size_bytes:,} bytes) in store {store}"
            for store, objects, size_bytes in self.totals()
        )
        refusals = " ".join(str(refusal) for refusal in self.refusals)
        verdict = "allowed" if self.allowed else f"refused: {refusals}"
        return f"Sweep of {stores or 'nothing'}; {verdict}"


def plan_sweep(
    reconciled: Reconciled,
    files: pd.DataFrame,
    selection: Selection,
    seen: Circumstances,
    *,
    carry_out: Callable[[SweepPlan, ProgressCallback], Receipt],
) -> SweepPlan:
    """Pin the selected orphans.

    Parameters
    ----------
    reconciled : Reconciled
        The verdict of a complete scan.
    files : DataFrame
        The listing that was judged: a frame of the files schema.
    selection : Selection
        What to sweep; all orphans by default.
    seen : Circumstances
        The time, what stands in the way, and what was acknowledged.
    carry_out : callable
        Sweeps a plan.

    Returns
    -------
    SweepPlan
        With refusals if it may not be carried out.

    Raises
    ------
    InputError
        If the selection names anything but orphans of this scan.
    """
    objects, object_of_file = reconciled.objects, reconciled.object_of_file
    candidate = objects["status"].eq(Status.ORPHAN.value) | _given_up(
        reconciled, seen.acknowledged
    )
    rows = select(objects, candidate, selection)
    wrong = rows[~candidate.reindex(rows.index)]
    if len(wrong):
        first = wrong.iloc[0]
        why = "" if pd.isna(first["reason"]) else f" ({first['reason']})"
        raise InputError(
            f"Expected orphans only; got {len(wrong)} other objects, the first "
            f"{first['path']!r} in store "
            f"{first['store']}, which is {first['status']}{why}. Take them out of the "
            "selection."
        )
    chosen = object_of_file[object_of_file.isin(rows.index)]
    pinned = files.loc[chosen.index].assign(
        object=objects["path"].reindex(chosen).to_numpy()
    )
    refusals = tuple(
        refusal
        for refusal in _refusals(rows, seen)
        if not refusal.liftable or refusal.name not in seen.acknowledged
    )
    return SweepPlan(
        OBJECTS.conform(rows),
        pinned[[*FILES.names, "object"]],
        seen.now,
        seen.now + VALIDITY,
        refusals,
        seen.acknowledged,
        seen.sight,
        carry_out,
    )


def _given_up(reconciled: Reconciled, acknowledged: frozenset[str]) -> pd.Series:
    """Tell which objects are candidates because their schema was acknowledged gone."""
    schemas = reconciled.objects["schema"]
    abandoned = sorted(schemas[reconciled.abandoned].unique())
    known = {UNSEEN, *(f"{ABANDONED}{name}" for name in abandoned)}
    if acknowledged - known:
        raise InputError(
            f"Expected acknowledgements among {', '.join(sorted(known))}; got "
            f"{', '.join(sorted(acknowledged - known))}. A schema that a server has, "
            "or that no object names, is not abandoned."
        )
    names = [name for name in abandoned if f"{ABANDONED}{name}" in acknowledged]
    return reconciled.abandoned & schemas.isin(names)


def _refusals(rows: pd.DataFrame, seen: Circumstances) -> Iterator[Refusal]:
    if rows.empty:
        yield Refusal("empty", "nothing is selected", "Tick at least one orphan")
    if seen.unseen:
        places = ", ".join(notice.place for notice in seen.unseen)
        yield Refusal(
            UNSEEN,
            f"this account cannot see everything ({places}), and rows that it does not "
            "see may refer to these objects",
            f"{seen.unseen[0].remedy}, or acknowledge that no such row does",
            liftable=True,
        )
    for store in sorted(seen.unsweepable & set(rows["store"])):
        yield Refusal(
            "object-store",
            f"store {store} is not a folder, and nothing can be moved there yet",
            "Take its objects out of the selection",
        )
