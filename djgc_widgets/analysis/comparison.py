"""Compare what another collector would delete with our verdict. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import (
    OPINION_LABELS,
    OPINIONS,
    STR,
    OpinionCode,
    Status,
    StoreNames,
    absent,
    plural,
    stacked,
)
from djgc_widgets.verdict import (
    cover,
    path_keys,
    targets_in_scanned_stores,
    through_same_folders,
)

_OPINIONS = {
    Status.LIVE.value: OpinionCode.LOSES.value,
    Status.YOUNG.value: OpinionCode.DELETES_YOUNG.value,
    Status.UNKNOWN.value: OpinionCode.DELETES_UNKNOWN.value,
    Status.ORPHAN.value: OpinionCode.AGREES.value,
}


class CollectorDeletions(NamedTuple):
    """What a collector would delete."""

    paths: Sequence[tuple[str, str]]
    """Store and path."""
    folders: bool = False
    """A path may name a folder, which is deleted with all its files."""


def compare(
    doomed: CollectorDeletions,
    objects: pd.DataFrame,
    references: pd.DataFrame,
    files: pd.DataFrame,
    names: StoreNames,
) -> pd.DataFrame:
    """Return a frame of the opinions schema.

    In `files`, ``object`` is a label of `objects`, or -1 for files in the trash.
    """
    paths = pd.DataFrame(doomed.paths, columns=["store", "path"]).astype(STR)
    # an object store's marker of a folder is none of its files
    paths = paths[~paths["path"].str.endswith("/")].drop_duplicates(ignore_index=True)
    targets = paths.assign(row=paths.index, reference=paths.index)
    paths_reached = targets_in_scanned_stores(
        through_same_folders(targets[["row", "reference", *paths]], names), names
    )
    keys = path_keys(paths_reached["store"], paths_reached["path"], names.known)
    stored = path_keys(files["store"], files["path"], names.known)
    if doomed.folders:
        match = cover(stored, pc.unique(keys))
        deleted = files[(match.reference >= 0) & ~match.sidecar]
        listed = pc.unique(keys).filter(pa.array(match.stored | match.described))
    else:
        deleted = files[pc.is_in(stored, value_set=keys).to_numpy(zero_copy_only=False)]
        listed = stored
    known = pc.is_in(keys, value_set=listed).to_numpy(zero_copy_only=False)
    unseen = paths.drop(index=paths_reached.loc[known, "row"].unique())
    trash = deleted[deleted["object"] < 0]
    parts = [
        _compared_objects(deleted, objects, references),
        _opinion_rows(
            trash, OpinionCode.DELETES_TRASH, "swept; can be restored"
        ).assign(status=Status.TRASH.value),
        _opinion_rows(
            unseen.assign(size_bytes=0),
            OpinionCode.DELETES_UNSEEN,
            "not stored when the stores were listed",
        ),
    ]
    rows = stacked(OPINIONS.conform(part.assign(opinion="")) for part in parts)
    rank = {code.value: position for position, code in enumerate(OpinionCode)}
    labels = {code.value: label for code, label in OPINION_LABELS.items()}
    codes = rows["opinion_code"]
    rows = rows.assign(rank=codes.map(rank), opinion=codes.map(labels)).sort_values(
        ["rank", "size_bytes", "store", "path"], ascending=[True, False, True, True]
    )
    return OPINIONS.conform(rows)


def _compared_objects(
    deleted: pd.DataFrame, objects: pd.DataFrame, references: pd.DataFrame
) -> pd.DataFrame:
    """Return the objects of which a file would be deleted, and our orphans."""
    sums = deleted.groupby("object")["size_bytes"].agg(["size", "sum"])
    counted = sums.reindex(objects.index, fill_value=0)
    doomed, orphan = counted["size"].gt(0), objects["status"].eq(Status.ORPHAN.value)
    codes = objects["status"].map(_OPINIONS)
    rows = objects.assign(
        n_deleted_files=counted["size"],
        deleted_bytes=counted["sum"],
        opinion_code=codes.mask(orphan & ~doomed, OpinionCode.LEAVES.value),
    )[doomed | orphan]
    live = rows["status"].eq(Status.LIVE.value)
    rows.loc[live, "reason"] = _describe_referring_rows(rows[live], references)
    return rows


def _describe_referring_rows(live: pd.DataFrame, references: pd.DataFrame) -> list[str]:
    """Name one row that refers to each live object, and count the others."""
    first = references.drop_duplicates(["store", "path"]).set_index(["store", "path"])
    paths = pd.MultiIndex.from_frame(live[["store", "path"]])
    columns = ["schema", "table", "attribute", "row_key"]
    rows = first[columns].reindex(paths).itertuples(index=False, name=None)
    return [
        plural(count, "row") + " refer to it"
        if absent(table)
        else f"{schema}.{table}.{attribute} {key} refers to it"
        + (f", and {plural(count - 1, 'row')} more" if count > 1 else "")
        for (schema, table, attribute, key), count in zip(
            rows, live["n_references"], strict=True
        )
    ]


def _opinion_rows(files: pd.DataFrame, code: OpinionCode, reason: str) -> pd.DataFrame:
    return files[["store", "path", "size_bytes"]].assign(
        schema=None,
        table=None,
        n_files=1,
        status=None,
        n_references=0,
        reason=reason,
        n_deleted_files=1,
        deleted_bytes=files["size_bytes"],
        opinion_code=code.value,
    )
