"""A complete scan and a selection -> a plan, which is a value, with its refusals."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from djgc_widgets.model import (
    FILES,
    OBJECTS,
    PLANNED,
    Heading,
    InputError,
    ProgressCallback,
    Sight,
    Status,
    SweepReceipt,
    csv_text,
    html_list,
    html_table,
    json_rows,
    names_of,
    no_progress,
    plural,
    readable_bytes,
    safe,
    table_label,
)
from djgc_widgets.verdict.doubt import (
    LIFTABLE,
    OF_ONE,
    Doubt,
    names_one,
    standing_doubts,
)
from djgc_widgets.verdict.doubts import Circumstances, abandoned_name, doubts
from djgc_widgets.verdict.reconcile import Reconciled
from djgc_widgets.verdict.selection import Selection, select_objects

VALIDITY = timedelta(hours=1)
"""How long after it was made a plan may be carried out."""


@dataclass(frozen=True, slots=True, repr=False)
class SweepPlan:
    """What would be moved to the trash, with the identity of each file.

    Examples
    --------
    >>> from djgc_widgets import open_lab, scan
    >>> with open_lab() as lab:
    ...     s = scan(lab.schema)
    ...     plan = s.plan(s.orphans.query("store == 'derived'"))
    >>> plan.allowed, "missing-objects" in {doubt.name for doubt in plan.refusals}
    (False, True)
    """

    objects: pd.DataFrame
    """A frame of the objects schema: what was selected."""
    files: pd.DataFrame
    """The pinned identities: a frame of the files schema, and ``object`` beside it: the
    path of the file's object."""
    created_at: datetime
    expires_at: datetime
    """Aware UTC time until which the plan may be carried out."""
    doubts: tuple[Doubt, ...]
    """Whatever speaks against it, acknowledged or not."""
    acknowledged: frozenset[str]
    """Names of the doubts that were lifted."""
    sight: Sight
    """What the account saw when the stores were scanned."""
    minimum_age: timedelta
    """Younger objects are left alone, by the store's own clock as well."""
    servers: frozenset[str]
    """Identifiers of the database servers whose rows were read."""
    _carry_out: Callable[["SweepPlan", ProgressCallback], SweepReceipt] = field(
        compare=False
    )

    @property
    def refusals(self) -> tuple[Doubt, ...]:
        """Why the plan may not be carried out; empty if it may."""
        return standing_doubts(self.doubts, self.acknowledged)

    def acknowledging(self, names: Collection[str]) -> "SweepPlan":
        """Return the same plan with exactly these doubts acknowledged.

        Parameters
        ----------
        names : collection of str
            Names of doubts that can be lifted; others change nothing.
        """
        lifted = {d.name for d in self.doubts if d.liftable}
        lifted &= names_of(names, "acknowledge")
        unrelated = self.acknowledged - {doubt.name for doubt in self.doubts}
        return replace(self, acknowledged=unrelated | lifted)

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
            n_objects=("path", "size"),
            n_files=("n_files", "sum"),
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
        content = {
            "created_at": self.created_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "allowed": self.allowed,
            "refusals": [
                {"name": d.name, "message": d.message, "liftable": d.liftable}
                for d in self.refusals
            ],
            "acknowledged": sorted(self.acknowledged),
            "minimum_age_days": self.minimum_age / timedelta(days=1),
            "size_bytes": self.size_bytes,
            "objects": json_rows(self.objects),
            "files": json_rows(self.files),
        }
        text = json.dumps(content, indent=1)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def sweep(self, progress: ProgressCallback = no_progress) -> SweepReceipt:
        """Move the objects of the plan, and nothing else, to the trash of their store.

        Parameters
        ----------
        progress : callable, optional
            Called before each object; may raise `Cancelled` to leave the rest alone.

        Returns
        -------
        SweepReceipt
            One row per object of the plan.

        Raises
        ------
        SweepRefusedError
            If the plan is refused or expired, or the references cannot be read again;
            nothing was moved then.
        """
        return self._carry_out(self, progress)

    def headline(self) -> str:
        """Count objects and bytes, and say whether the plan is allowed, in one line."""
        names = ", ".join(dict.fromkeys(doubt.name for doubt in self.refusals))
        state = f"refused: {names}" if names else "allowed"
        return (
            f"{plural(len(self.objects), 'object')} "
            f"({readable_bytes(self.size_bytes)}), valid until "
            f"{self.expires_at:%H:%M} UTC, {state}"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.headline()}"

    def __str__(self) -> str:
        lines = [f"Sweep of {self.headline()}"]
        lines += [
            f"  store {row['store']}: {table_label(row['schema'], row['table'])}: "
            f"{plural(row['n_objects'], 'object')}, {row['size_bytes']:,} bytes, "
            f"{row['oldest']:%Y-%m-%d} to {row['newest']:%Y-%m-%d}"
            for row in self.by_table().to_dict("records")
        ]
        if self.acknowledged:
            lines.append(f"acknowledged: {', '.join(sorted(self.acknowledged))}")
        lines += [f"refused: {doubt}" for doubt in self.refusals]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        headings = [
            *(Heading("Store"), Heading("Table"), Heading("Objects", number=True)),
            *(Heading("Size", number=True), Heading("Oldest"), Heading("Newest")),
        ]
        rows = [
            (
                row["store"],
                table_label(row["schema"], row["table"]),
                f"{row['n_objects']:,}",
                readable_bytes(row["size_bytes"]),
                f"{row['oldest']:%Y-%m-%d}",
                f"{row['newest']:%Y-%m-%d}",
            )
            for row in self.by_table().to_dict("records")
        ]
        title = Markup("<p><b>Sweep of {}</b></p>").format(safe(self.headline()))
        return title + html_table(headings, rows) + html_list(self.refusals)


def plan_sweep(
    reconciled: Reconciled,
    files: pd.DataFrame,
    selection: Selection,
    seen: Circumstances,
    *,
    carry_out: Callable[[SweepPlan, ProgressCallback], SweepReceipt],
) -> SweepPlan:
    """Pin the selected orphans, all by default, in the listing that was judged.

    Raises
    ------
    InputError
        If the selection names anything but orphans of this scan, or something is
        acknowledged that cannot be in doubt.
    """
    objects, object_of_file = reconciled.objects, reconciled.object_of_file
    candidate = objects["status"].eq(Status.ORPHAN.value)
    candidate |= _acknowledged_as_gone(reconciled, seen.acknowledged)
    rows = select_objects(objects, candidate, selection)
    wrong = rows[~candidate.reindex(rows.index)]
    if len(wrong):
        first = wrong.iloc[0]
        why = "" if pd.isna(first["reason"]) else f" ({first['reason']})"
        raise InputError(
            f"Expected orphans only; got {len(wrong)} other objects, the first "
            f"{first['path']!r} in store {first['store']}, which is "
            f"{first['status']}{why}. Take them out of the selection."
        )
    chosen = object_of_file[object_of_file.isin(rows.index)]
    pinned = files.loc[chosen.index].assign(
        object=objects["path"].reindex(chosen).array
    )
    return SweepPlan(
        OBJECTS.conform(rows),
        pinned[[*FILES.column_names, "object"]],
        seen.now,
        seen.now + VALIDITY,
        doubts(rows, reconciled, seen),
        seen.acknowledged,
        seen.sight,
        seen.minimum_age,
        frozenset(each.identifier for each in seen.servers),
        carry_out,
    )


def _acknowledged_as_gone(
    reconciled: Reconciled, acknowledged: frozenset[str]
) -> pd.Series:
    """Return which objects are candidates because their schema is known to be gone."""
    schemas = reconciled.objects["schema"]
    abandoned = sorted(schemas[reconciled.abandoned].unique())
    names = {abandoned_name(schema): schema for schema in abandoned}
    known = {code.value for code in LIFTABLE - OF_ONE.keys()} | names.keys()
    wrong = {name for name in acknowledged - known if not names_one(name)}
    if wrong:
        each = (f"{code.value}:{kind}" for code, kind in OF_ONE.items())
        raise InputError(
            f"Expected acknowledgments among {', '.join(sorted([*known, *each]))}; "
            f"got {', '.join(sorted(wrong))}. A schema that a server has, or that no "
            "object names, is not abandoned."
        )
    gone = [schema for name, schema in names.items() if name in acknowledged]
    return reconciled.abandoned & schemas.isin(gone)
