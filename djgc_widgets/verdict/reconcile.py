"""Mark: references x stored files -> objects with status, references with state."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import (
    MANIFEST_SUFFIX,
    OBJECTS,
    REFERENCES,
    SUMMARY,
    TRASH,
    Notice,
    State,
    StoreInfo,
    former_prefixes,
    interrupted_sweeps,
    parse_trash,
    plural,
    section_of,
)
from djgc_widgets.verdict import reasons
from djgc_widgets.verdict.coverage import cover, place_keys
from djgc_widgets.verdict.objects import Marked, group_files, mark, parse_by_store
from djgc_widgets.verdict.resolve import folded
from djgc_widgets.verdict.status import World, judge

_NO_LAYOUT = ("filepath", "json")  # their paths are whatever a user says

TRASHED = "trash"
"""Status under which the summary counts what lies in the trash."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The verdict: frames, and the files behind each object.

    Parameters
    ----------
    objects, references, trash, summary : DataFrame
        Frames of these schemas.
    object_of_file : Series of int64
        For each row of the listing the row of its object; -1 in the trash.
    abandoned : Series of bool
        Per object, it is unknown only because its schema is not on any server.
    """

    objects: pd.DataFrame
    references: pd.DataFrame
    trash: pd.DataFrame
    summary: pd.DataFrame
    object_of_file: pd.Series
    abandoned: pd.Series


def reconcile(
    files: pd.DataFrame,
    folders: pd.DataFrame,
    recorded: pd.DataFrame,
    targets: pd.DataFrame,
    world: World,
) -> Reconciled:
    """Judge every stored file by every recorded path.

    Parameters
    ----------
    files, folders : DataFrame
        Frames of the files and folders schemas: what the stores hold.
    recorded : DataFrame
        A frame of the recorded schema: every path that a row of the server records.
    targets : DataFrame
        Where the recorded paths may lie: ``row``, ``reference``, ``store``, ``path``.
    world : World
        Stores, schemas and tables, and the time.

    Returns
    -------
    Reconciled
        Each file belongs to exactly one object or to the trash.
    """
    marked = _with_former_prefixes(recorded, mark(files, targets, world.names))
    grouped = group_files(marked, folders)
    verdict = judge(grouped.objects, world)
    objects = OBJECTS.conform(verdict.objects)
    references = _states(recorded, marked)
    explained = reasons.explain_orphans(objects, references, world.tables)
    objects["reason"] = objects["reason"].fillna(explained)
    swept = files[grouped.code < 0]
    trash = _trash(swept, marked)
    return Reconciled(
        objects,
        _sized(references, trash),
        trash,
        _summarise(objects, trash, swept),
        pd.Series(grouped.code, index=files.index),
        verdict.abandoned.reset_index(drop=True),
    )


def _with_former_prefixes(recorded: pd.DataFrame, marked: Marked) -> Marked:
    """Let stored values tell below which prefixes DataJoint wrote in former times."""
    targets, names = marked.targets, marked.names
    rows = recorded.iloc[targets["row"].to_numpy()]
    told = rows["declared"].to_numpy() & ~rows["codec"].isin(_NO_LAYOUT).to_numpy()
    told &= marked.coverage.stored[marked.target_index] & targets["exact"].to_numpy()
    columns = ["schema", "table", "attribute"]
    places = targets.assign(**{c: rows[c].to_numpy() for c in columns})[told]
    stores = []
    for store in names.stores:
        own = places[places["store"].eq(store.name)]
        own = own[section_of(own["path"], store).isna()]
        hashes, schemas = list(store.hash_prefixes), list(store.schema_prefixes)
        for (schema, table, attribute), column in own.groupby(columns, sort=True):
            told_hashes, told_schemas = former_prefixes(
                column["path"], str(schema), str(table), str(attribute)
            )
            hashes.extend(sorted(told_hashes))
            schemas.extend(sorted(p for p in told_schemas if not _is_copy(p, store)))
        known = replace(
            store,
            hash_prefixes=tuple(dict.fromkeys(hashes)),
            schema_prefixes=tuple(dict.fromkeys(schemas)),
        )
        stores.append(known)
    return replace(marked, names=replace(names, stores=tuple(stores)))


def _states(recorded: pd.DataFrame, marked: Marked) -> pd.DataFrame:
    """Say of each recorded path whether its object is stored, and where."""
    coverage, index = marked.coverage, marked.target_index
    rows = marked.targets["row"].to_numpy()
    present = coverage.stored[index] | (
        coverage.described[index] & _empty(recorded)[rows]
    )
    present &= marked.targets["exact"].to_numpy()
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


def _is_copy(prefix: str, store: StoreInfo) -> bool:
    """Tell whether a folder holds a section as it is, as a backup of a store does."""
    sections = filter(None, (*store.schema_prefixes, *store.hash_prefixes))
    return any(f"/{prefix}".endswith(f"/{section}") for section in sections)


def _sized(references: pd.DataFrame, trash: pd.DataFrame) -> pd.DataFrame:
    """Tell the last known size of what is missing: recorded, or of what was swept."""
    lost = references["state"].eq(State.MISSING.value) & references["size_bytes"].isna()
    if not lost.any() or trash.empty:
        return references
    last = trash.groupby(["store", "path"])["size_bytes"].last()
    places = pd.MultiIndex.from_frame(references.loc[lost, ["store", "path"]])
    sizes = pd.array(last.reindex(places).to_numpy(), dtype="Int64")
    references.loc[lost, "size_bytes"] = sizes
    return references


def _empty(recorded: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Tell which rows record a folder without files: only its sidecar is stored."""
    nothing = recorded["size_bytes"].eq(0).fillna(value=False)
    return (recorded["is_dir"] & nothing).to_numpy(dtype=bool)


def _trash(files: pd.DataFrame, marked: Marked) -> pd.DataFrame:
    """List the objects that sweeps have moved to the trash."""
    former = files.assign(**parse_trash(files["path"])).dropna(subset=["path"])
    keys = place_keys(former["store"], former["path"], marked.names.known)
    referring = cover(folded(keys), pc.unique(folded(marked.references)))
    former["referenced"] = referring.reference >= 0
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
    ).reset_index()
    # what stands at a place, or below it, is never mixed with what was swept
    places = place_keys(listed["store"], listed["path"], marked.names.known)
    taken = pc.unique(places)
    free = taken.filter(pa.array(~cover(marked.keys, taken).stored))
    returnable = listed["referenced"] & np.asarray(pc.is_in(places, value_set=free))
    return TRASH.conform(listed.assign(returnable=returnable))


def notices_of_trash(trash: pd.DataFrame, files: pd.DataFrame) -> list[Notice]:
    """Say what of earlier sweeps needs attention.

    Parameters
    ----------
    trash, files : DataFrame
        Frames of these schemas.
    """
    found = [
        Notice(
            f"store {store}",
            f"sweep {sweep_id} is under way or was interrupted",
            f"Wait for it, or call Trash(schema, {store!r}).recover()",
        )
        for store, sweep_id in sorted(interrupted_sweeps(files))
    ]
    needed = trash.loc[trash["returnable"], "store"].value_counts().sort_index()
    found += [
        Notice(
            f"store {store}",
            f"{plural(count, 'object')} in the trash "
            f"{'is' if count == 1 else 'are'} needed again by a row",
            "Call scan.heal() to bring them back",
        )
        for store, count in needed.items()
    ]
    return found


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
