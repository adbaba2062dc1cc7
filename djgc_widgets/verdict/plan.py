"""Decide: a complete scan and a selection -> a plan, or refusals. A plan is a value."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from djgc_widgets.model import (
    FILES,
    OBJECTS,
    PLANNED,
    InputError,
    ProgressCallback,
    Receipt,
    Sight,
    Status,
    csv_text,
    json_rows,
    no_progress,
    plural,
)
from djgc_widgets.verdict.reconcile import Reconciled
from djgc_widgets.verdict.refusals import (
    ABANDONED,
    LIFTABLE,
    Circumstances,
    Refusal,
    doubts,
    standing,
)
from djgc_widgets.verdict.selection import Selection, select

VALIDITY = timedelta(hours=1)
"""How long after it was made a plan may be carried out."""


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
    doubts : tuple of Refusal
        Whatever speaks against it, acknowledged or not.
    acknowledged : frozenset of str
        Names of the refusals that were lifted.
    sight : Sight
        What the account saw when the stores were scanned.
    minimum_age : timedelta
        Younger objects are left alone, by the store's own clock as well.
    servers : frozenset of str
        Identifiers of the database servers whose rows were read.
    carry_out : callable
        Sweeps; bound by whoever made the plan.

    Examples
    --------
    >>> from djgc_widgets import open_lab, scan
    >>> with open_lab() as lab:
    ...     s = scan(lab.schema)
    ...     plan = s.plan(s.orphans.query("store == 'derived'"))
    >>> plan.allowed, "missing-objects" in {refusal.name for refusal in plan.refusals}
    (False, True)
    """

    objects: pd.DataFrame
    files: pd.DataFrame
    created_at: datetime
    expires_at: datetime
    doubts: tuple[Refusal, ...]
    acknowledged: frozenset[str]
    sight: Sight
    minimum_age: timedelta
    servers: frozenset[str]
    carry_out: Callable[["SweepPlan", ProgressCallback], Receipt] = field(
        repr=False, compare=False
    )

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Why the plan may not be carried out; empty if it may."""
        return standing(self.doubts, self.acknowledged)

    def acknowledging(self, names: Collection[str]) -> "SweepPlan":
        """Return the same plan with exactly these doubts acknowledged.

        Parameters
        ----------
        names : collection of str
            Names of doubts that can be lifted; others change nothing.
        """
        lifted = {d.name for d in self.doubts if d.liftable}.intersection(names)
        kept = self.acknowledged - {doubt.name for doubt in self.doubts}
        return replace(self, acknowledged=kept | lifted)

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

    def by_table(self) -> pd.DataFrame:
        """Add up per table: a frame of the planned schema, biggest first."""
        groups = self.objects.groupby(["store", "schema", "table"], dropna=False)
        sums = groups.agg(
            objects=("path", "size"),
            files=("files", "sum"),
            size_bytes=("size_bytes", "sum"),
            oldest=("modified_at", "min"),
            newest=("modified_at", "max"),
        )
        biggest = sums.sort_values("size_bytes", ascending=False, kind="stable")
        return PLANNED.conform(biggest.reset_index())

    def to_csv(self, path: str | Path | None = None) -> str:
        """Return the objects as CSV that is safe to open in a spreadsheet.

        Parameters
        ----------
        path : str or Path, optional
            File to write it to as well.
        """
        return csv_text(self.objects, path)

    def to_json(self, path: str | Path | None = None) -> str:
        """Return the plan as JSON: times, refusals, objects and pinned files.

        Parameters
        ----------
        path : str or Path, optional
            File to write it to as well.
        """
        told = {
            "created_at": self.created_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "allowed": self.allowed,
            "refusals": [
                {"name": r.name, "message": r.message, "liftable": r.liftable}
                for r in self.refusals
            ],
            "acknowledged": sorted(self.acknowledged),
            "minimum_age_days": self.minimum_age / timedelta(days=1),
            "size_bytes": self.size_bytes,
            "objects": json_rows(self.objects),
            "files": json_rows(self.files),
        }
        text = json.dumps(told, indent=1)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

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
        total = plural(len(self.objects), "object")
        until = f"{self.expires_at:%H:%M} UTC"
        lines = [f"Sweep of {total} ({self.size_bytes:,} bytes), valid until {until}"]
        told = "  store {store}: {schema}.{table}: {objects:,} objects, "
        told += "{size_bytes:,} bytes, {oldest:%Y-%m-%d} to {newest:%Y-%m-%d}"
        tables = self.by_table().fillna({"table": "(hash)"})
        lines += [told.format_map(row) for row in tables.to_dict("records")]
        if self.acknowledged:
            lines.append(f"acknowledged: {', '.join(sorted(self.acknowledged))}")
        lines += [f"refused: {refusal}" for refusal in self.refusals] or ["allowed"]
        return "\n".join(lines)


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
    return SweepPlan(
        OBJECTS.conform(rows),
        pinned[[*FILES.names, "object"]],
        seen.now,
        seen.now + VALIDITY,
        doubts(rows, reconciled, seen),
        seen.acknowledged,
        seen.sight,
        seen.minimum_age,
        seen.servers,
        carry_out,
    )


def _given_up(reconciled: Reconciled, acknowledged: frozenset[str]) -> pd.Series:
    """Tell which objects are candidates because their schema was acknowledged gone."""
    schemas = reconciled.objects["schema"]
    abandoned = sorted(schemas[reconciled.abandoned].unique())
    known = LIFTABLE | {f"{ABANDONED}{name}" for name in abandoned}
    if acknowledged - known:
        raise InputError(
            f"Expected acknowledgements among {', '.join(sorted(known))}; got "
            f"{', '.join(sorted(acknowledged - known))}. A schema that a server has, "
            "or that no object names, is not abandoned."
        )
    names = [name for name in abandoned if f"{ABANDONED}{name}" in acknowledged]
    return reconciled.abandoned & schemas.isin(names)
