"""Mark: references x stored files -> objects with status, references with state."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from djgc_widgets.model import (
    OBJECTS,
    REFERENCES,
    STR,
    SUMMARY,
    State,
    Status,
    StoreInfo,
    StoreNames,
    former_prefixes,
    section_of,
    stacked,
)
from djgc_widgets.verdict.hard_links import count_bytes_once
from djgc_widgets.verdict.match import MatchedFiles, mark
from djgc_widgets.verdict.objects import group_files
from djgc_widgets.verdict.reasons import explain_orphans, reasons_in_words
from djgc_widgets.verdict.resolve import names_known_store
from djgc_widgets.verdict.same_folders import leads_out_of_scan
from djgc_widgets.verdict.status import World, judge
from djgc_widgets.verdict.swept import trash_frame
from djgc_widgets.verdict.usage import table_totals

NO_LAYOUT = ("filepath", "json")  # their paths are whatever a user says


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The verdict: frames of these schemas, and the files of each object."""

    objects: pd.DataFrame
    references: pd.DataFrame
    trash: pd.DataFrame
    summary: pd.DataFrame
    totals: pd.DataFrame
    """What `table_totals` adds up of the objects."""
    object_of_file: pd.Series
    """For each row of the listing the row of its object; -1 in the trash."""
    counted_bytes: pd.Series
    """For each row of the listing the bytes that it counts with: hard links once."""
    abandoned: pd.Series
    """Per object, it is unknown only because no server has its schema."""
    store_known: pd.Series
    """Per reference, the store that it names is configured."""
    elsewhere: pd.DataFrame
    """Of recorded paths that are kept in a store that they do not name:
    ``named_store``, ``store`` and ``path``."""


@dataclass(frozen=True, slots=True)
class JudgedRange:
    """The verdict on a range of keys, without what only the whole can tell."""

    objects: pd.DataFrame
    """A frame of the objects schema; orphans have no reason yet."""
    references: pd.DataFrame
    """A frame of the references schema: what leads into the range, and its state."""
    row: npt.NDArray[np.int64]
    """Per reference its position among the recorded."""
    object_of_file: npt.NDArray[np.int64]
    """Per file the row of its object; -1 in the trash."""
    abandoned: pd.Series
    """Per object, it is unknown only because no server has its schema."""


def reconcile(
    files: pd.DataFrame,
    folders: pd.DataFrame,
    recorded: pd.DataFrame,
    targets: pd.DataFrame,
    world: World,
) -> Reconciled:
    """Judge every stored file by every recorded path, given where these may be.

    Each file belongs to exactly one object or to the trash. What needs to know of all
    that is stored comes before and after `judge_range`.
    """
    matched = _mark_with_former_prefixes(files, recorded, targets, world.names)
    judged = judge_range(matched, folders, recorded, world)
    counted = count_bytes_once(files, judged.object_of_file, judged.objects["status"])
    sizes = counted.groupby(judged.object_of_file).sum()
    objects = judged.objects.assign(size_bytes=sizes.reindex(judged.objects.index))
    explained = explain_orphans(objects, judged.references, world.tables)
    objects["reason_code"] = objects["reason_code"].fillna(explained["reason_code"])
    objects["sibling"] = explained["sibling"]
    objects["reason"] = reasons_in_words(
        objects["reason_code"], objects["sibling"], world.minimum_age
    )
    swept = files.assign(size_bytes=counted, own_bytes=files["size_bytes"])
    swept = swept[judged.object_of_file < 0]
    trash = trash_frame(swept, matched, judged.references)
    known = names_known_store(recorded, world.names).iloc[judged.row]
    return Reconciled(
        objects,
        _with_last_known_sizes(judged.references, trash),
        trash,
        _summarize_by_status(objects, trash, swept),
        table_totals(objects),
        pd.Series(judged.object_of_file, index=files.index),
        counted,
        judged.abandoned,
        known.reset_index(drop=True),
        _declared_elsewhere(recorded, matched),
    )


def judge_range(
    matched: MatchedFiles, folders: pd.DataFrame, recorded: pd.DataFrame, world: World
) -> JudgedRange:
    """Judge the files of a range of keys by the references that they were matched with.

    The whole of all stores is one range. Any other one has all files of the objects in
    it, whole folders of objects, and every reference at, above or below one of them.
    """
    grouped = group_files(matched, folders)
    judged = judge(grouped.objects, world)
    references, row = _reference_states(recorded, matched)
    return JudgedRange(
        OBJECTS.conform(judged.objects.assign(reason="", sibling="")),
        references,
        row,
        grouped.code,
        judged.abandoned.reset_index(drop=True),
    )


def _mark_with_former_prefixes(
    files: pd.DataFrame,
    recorded: pd.DataFrame,
    targets: pd.DataFrame,
    names: StoreNames,
) -> MatchedFiles:
    """Match files and references; what a guess may cover, former prefixes tell, too."""
    sure = targets[~targets["guessed"]]
    marked = _with_former_prefixes(recorded, mark(files, sure, names))
    if len(sure) == len(targets):
        return marked
    return mark(files, targets, marked.names)


def _with_former_prefixes(recorded: pd.DataFrame, marked: MatchedFiles) -> MatchedFiles:
    """Add the prefixes below which stored values show that DataJoint wrote earlier."""
    targets, names = marked.targets, marked.names
    usable = marked.stored_targets & targets["exact"].to_numpy()
    return replace(marked, names=name_former_prefixes(recorded, targets[usable], names))


def name_former_prefixes(
    recorded: pd.DataFrame, targets: pd.DataFrame, names: StoreNames
) -> StoreNames:
    """Return the names with the prefixes that paths outside of sections tell of.

    Something is stored at each of these targets.
    """
    columns = ["schema", "table", "attribute"]
    stores = []
    for store in names.stores:
        own = targets[targets["store"].eq(store.name).to_numpy()]
        own = own[section_of(own["path"], store).isna()]
        rows = recorded.iloc[own["row"].to_numpy()].set_index(own.index)
        own = own.assign(**rows[columns])
        own = own[rows["declared"] & ~rows["codec"].isin(NO_LAYOUT)]
        hashes, schemas = list(store.hash_prefixes), list(store.schema_prefixes)
        for column_name, column in own.groupby(columns, sort=True):
            former = former_prefixes(column["path"], *map(str, column_name))
            hashes.extend(sorted(former[0]))
            schemas.extend(
                sorted(p for p in former[1] if not _is_copy_of_section(p, store))
            )
        stores.append(
            replace(
                store,
                hash_prefixes=tuple(dict.fromkeys(hashes)),
                schema_prefixes=tuple(dict.fromkeys(schemas)),
            )
        )
    return replace(names, stores=tuple(stores))


def _reference_states(
    recorded: pd.DataFrame, marked: MatchedFiles
) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Return for each recorded path whether its object is stored, and where.

    Beside that frame stand the positions of its rows among the recorded.
    """
    coverage, index = marked.coverage, marked.target_index
    rows = marked.targets["row"].to_numpy()
    # of a folder without files only the sidecar is stored
    empty = recorded["is_dir"] & recorded["size_bytes"].eq(0).fillna(value=False)
    described = coverage.described[index] & empty.to_numpy(dtype=bool)[rows]
    present = coverage.stored[index] | described
    present &= marked.targets["exact"].to_numpy()
    exact = np.flatnonzero(marked.targets["exact"])
    numbers = marked.targets["reference"].to_numpy()
    # of each reference the first that is stored, else the first
    order = exact[np.lexsort((~present[exact], numbers[exact]))]
    best = order[np.diff(numbers[order], prepend=-1) > 0]
    looked = ~leads_out_of_scan(marked.targets.iloc[best], marked.names).to_numpy()
    best = best[present[best] | recorded["declared"].to_numpy()[rows[best]] & looked]
    known = recorded.iloc[rows[best]].reset_index(drop=True)
    known["store"] = marked.targets["store"].array[best]
    states = pd.array([State.MISSING.value, State.PRESENT.value], dtype=STR)
    known["state"] = states[present[best].astype(np.intp)]
    known["section"] = pd.Series(pd.NA, index=known.index, dtype=STR)
    for store in marked.names.stores:
        here = known["store"].eq(store.name)
        if here.all():
            known["section"] = section_of(known["path"], store)
        else:
            known.loc[here, "section"] = section_of(known.loc[here, "path"], store)
    return REFERENCES.conform(known), rows[best]


def _declared_elsewhere(recorded: pd.DataFrame, marked: MatchedFiles) -> pd.DataFrame:
    kept: pd.DataFrame = marked.elsewhere()
    declared = recorded["declared"].to_numpy()[kept["row"].to_numpy()]
    kept = kept[declared].drop(columns="row")
    return kept.drop_duplicates(ignore_index=True)


def _is_copy_of_section(prefix: str, store: StoreInfo) -> bool:
    """Return whether a folder contains a complete section, like a backup of a store."""
    sections = filter(None, (*store.schema_prefixes, *store.hash_prefixes))
    return any(f"/{prefix}".endswith(f"/{section}") for section in sections)


def _with_last_known_sizes(
    references: pd.DataFrame, trash: pd.DataFrame
) -> pd.DataFrame:
    """Add to missing references without a size that of the object that was swept."""
    lost = references["state"].eq(State.MISSING.value) & references["size_bytes"].isna()
    if not lost.any() or trash.empty:
        return references
    last = trash.groupby(["store", "path"])["size_bytes"].last().astype("Int64")
    paths = pd.MultiIndex.from_frame(references.loc[lost, ["store", "path"]])
    references.loc[lost, "size_bytes"] = last.reindex(paths).array
    return references


def _summarize_by_status(
    objects: pd.DataFrame, trash: pd.DataFrame, swept: pd.DataFrame
) -> pd.DataFrame:
    """Add up objects, files and bytes; the trash counts its journals."""
    logical = objects["size_bytes"] * objects["n_references"]
    groups = objects.assign(logical_bytes=logical).groupby(["store", "status"])
    sums = groups[["n_files", "size_bytes", "n_references", "logical_bytes"]].sum()
    sums["n_objects"] = groups.size()
    trashed = swept.groupby("store").agg(
        n_files=("size_bytes", "size"), size_bytes=("size_bytes", "sum")
    )
    trashed["n_objects"] = trash.groupby("store").size()
    trashed = trashed.fillna({"n_objects": 0})
    status = Status.TRASH.value
    trashed = trashed.assign(status=status, n_references=0, logical_bytes=0)
    both = stacked([sums.reset_index(), trashed.reset_index()])
    return SUMMARY.conform(both.sort_values(["store", "status"]))
