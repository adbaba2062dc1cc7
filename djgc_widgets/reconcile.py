"""Mark: references x stored files -> objects with status, references with state."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from djgc_widgets import reasons
from djgc_widgets.coverage import cover, place_keys
from djgc_widgets.frames import OBJECTS, REFERENCES, SUMMARY, TRASH
from djgc_widgets.grammar import MANIFEST_SUFFIX, parse_trash, section_of
from djgc_widgets.grouping import (
    Marked,
    group_files,
    mark,
    parse_by_store,
    store_names,
)
from djgc_widgets.model import Notice, State, Status, StoreNames, TableInfo
from djgc_widgets.resolve import resolve_stores

TRASHED = "trash"
"""Status under which the summary counts what lies in the trash."""


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
class Reconciled:
    """The verdict: frames, the files behind each object, and warnings.

    Parameters
    ----------
    objects, references, trash, summary : DataFrame
        Frames of these schemas.
    object_of_file : Series of int64
        For each row of the listing the row of its object; -1 in the trash.
    warnings : tuple of Notice
        What could not be resolved and was therefore protected.
    """

    objects: pd.DataFrame
    references: pd.DataFrame
    trash: pd.DataFrame
    summary: pd.DataFrame
    object_of_file: pd.Series
    warnings: tuple[Notice, ...]


def reconcile(
    files: pd.DataFrame, folders: pd.DataFrame, recorded: pd.DataFrame, world: World
) -> Reconciled:
    """Judge every stored file by every recorded path.

    Parameters
    ----------
    files, folders : DataFrame
        Frames of the files and folders schemas: what the stores hold.
    recorded : DataFrame
        A frame of the recorded schema: every path that a row of the server records.
    world : World
        Stores, schemas and tables, and the time.

    Returns
    -------
    Reconciled
        Each file belongs to exactly one object or to the trash.
    """
    targets, warnings = resolve_stores(recorded, world.names)
    marked = mark(files, targets, world.names)
    grouped = group_files(marked, folders)
    status, reason = _judge(grouped.objects, world)
    objects = OBJECTS.conform(grouped.objects.assign(status=status, reason=reason))
    references = _states(recorded, marked)
    explained = reasons.explain_orphans(objects, references, world.tables)
    objects["reason"] = objects["reason"].fillna(explained)
    swept = files[grouped.code < 0]
    trash = _trash(swept, marked)
    return Reconciled(
        objects,
        references,
        trash,
        _summarise(objects, trash, swept),
        pd.Series(grouped.code, index=files.index),
        warnings,
    )


def _judge(objects: pd.DataFrame, world: World) -> tuple[pd.Series, pd.Series]:
    """Give each object its status, and a reason to all but the live and the orphans."""
    old_enough = objects["modified_at"] <= world.now - world.minimum_age
    here, judged = (
        objects["schema"].isin(list(s)) for s in (world.schemas, world.scanned)
    )
    too_young = reasons.younger_than(world.minimum_age)
    rules: list[tuple[pd.Series, Status, str | pd.Series | None]] = [
        (objects["references"].gt(0), Status.LIVE, None),
        (
            objects["kind"].notna(),
            Status.UNKNOWN,
            objects["kind"].map(reasons.KIND_REASONS),
        ),
        (_for_users(objects, world.names), Status.UNKNOWN, reasons.USER_FILE),
        (objects["section"].isna(), Status.UNKNOWN, reasons.NOT_DATAJOINT),
        (~here, Status.UNKNOWN, reasons.NOT_ON_SERVER),
        (~judged, Status.UNKNOWN, reasons.NOT_COVERED),
        (objects["entered"], Status.UNKNOWN, reasons.BESIDE_REFERENCED),
        (~old_enough, Status.YOUNG, too_young),
    ]
    status = pd.Series(Status.ORPHAN.value, index=objects.index, dtype="str")
    reason = pd.Series(pd.NA, index=objects.index, dtype="str")
    for applies, verdict, why in reversed(
        rules
    ):  # the first to apply has the last word
        rows = applies.to_numpy(dtype=bool)
        status[rows] = verdict.value
        reason[rows] = why[rows] if isinstance(why, pd.Series) else why
    return status, reason


def _for_users(objects: pd.DataFrame, names: StoreNames) -> pd.Series:
    found = pd.Series(data=False, index=objects.index)
    for store in names.stores:
        if store.filepath_prefix:
            below = objects["path"].str.startswith(f"{store.filepath_prefix}/")
            found |= objects["store"].eq(store.name) & below
    return found


def _states(recorded: pd.DataFrame, marked: Marked) -> pd.DataFrame:
    """Say of each recorded path whether its object is stored, and where."""
    coverage, index = marked.coverage, marked.target_index
    rows = marked.targets["row"].to_numpy()
    present = coverage.stored[index] | (
        coverage.described[index] & _empty(recorded)[rows]
    )
    best = (
        marked.targets.assign(present=present)
        .sort_values("present", ascending=False, kind="stable")
        .drop_duplicates("reference")
        .sort_values("reference")
    )
    declared = recorded["declared"].to_numpy()[best["row"].to_numpy()]
    best = best[best["present"] | declared]
    known = recorded.iloc[best["row"].to_numpy()].reset_index(drop=True)
    known["store"] = best["store"].to_numpy()
    states = np.where(best["present"], State.PRESENT.value, State.MISSING.value)
    known["state"] = states
    known["section"] = pd.Series(pd.NA, index=known.index, dtype="str")
    for store in marked.names.stores:
        here = known["store"].eq(store.name)
        known.loc[here, "section"] = section_of(known.loc[here, "path"], store)
    return REFERENCES.conform(known)


def _empty(recorded: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Tell which rows record a folder without files: only its sidecar is stored."""
    nothing = recorded["size_bytes"].eq(0).fillna(value=False)
    return (recorded["is_dir"] & nothing).to_numpy(dtype=bool)


def _trash(files: pd.DataFrame, marked: Marked) -> pd.DataFrame:
    """List the objects that sweeps have moved to the trash."""
    former = files.assign(**parse_trash(files["path"])).dropna(subset=["path"])
    keys = place_keys(former["store"], former["path"], store_names(marked.names))
    former["referenced"] = cover(keys, marked.references).reference >= 0
    former["path"] = parse_by_store(former, marked.names)["object_path"]
    place = former["store"] + "\n" + former["sweep_id"] + "\n" + former["path"]
    described = place.str.removesuffix(MANIFEST_SUFFIX).isin(place)
    owner = former["path"].str.removesuffix(MANIFEST_SUFFIX)
    former["path"] = former["path"].where(~described, owner)
    groups = former.groupby(["store", "sweep_id", "path"], sort=False)
    listed = groups.agg(
        files=("size_bytes", "size"),
        size_bytes=("size_bytes", "sum"),
        referenced=("referenced", "any"),
    )
    return TRASH.conform(listed.reset_index())


def _summarise(
    objects: pd.DataFrame, trash: pd.DataFrame, swept: pd.DataFrame
) -> pd.DataFrame:
    """Add up objects, files and bytes; the trash counts its journals."""
    logical = objects["size_bytes"] * objects["references"]
    groups = objects.assign(logical_bytes=logical).groupby(["store", "status"])
    sums = groups[["files", "size_bytes", "references", "logical_bytes"]].sum()
    sums["objects"] = groups.size()
    trashed = swept.groupby("store").agg(
        files=("size_bytes", "size"), size_bytes=("size_bytes", "sum")
    )
    trashed["objects"] = trash.groupby("store").size()
    trashed = trashed.fillna({"objects": 0})
    trashed = trashed.assign(status=TRASHED, references=0, logical_bytes=0)
    both = pd.concat([sums.reset_index(), trashed.reset_index()])
    return SUMMARY.conform(both.sort_values(["store", "status"]))
