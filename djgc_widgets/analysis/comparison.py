"""What another collector would delete, laid beside what we say of it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import OPINIONS, Status, StoreNames, absent, plural
from djgc_widgets.verdict import cover, in_scanned, place_keys, reached


class Verdict(StrEnum):
    """How the collector's answer and ours differ, the worst first."""

    LOSES = "loses live data"
    YOUNG = "deletes what may be in use"
    TRASH = "deletes what is in the trash"
    UNKNOWN = "deletes what is not known"
    UNSEEN = "deletes what came after the scan"
    AGREES = "garbage, as we say"
    LEAVES = "leaves garbage"


_TRASH = "trash"
_VERDICTS = {
    Status.LIVE.value: Verdict.LOSES,
    Status.YOUNG.value: Verdict.YOUNG,
    Status.UNKNOWN.value: Verdict.UNKNOWN,
    Status.ORPHAN.value: Verdict.AGREES,
}


class Doomed(NamedTuple):
    """What a collector would delete.

    Parameters
    ----------
    paths : sequence of (str, str)
        Store and path.
    folders : bool
        What is in a folder of that path would be deleted as well.
    """

    paths: Sequence[tuple[str, str]]
    folders: bool = False


def compare(
    doomed: Doomed,
    objects: pd.DataFrame,
    references: pd.DataFrame,
    files: pd.DataFrame,
    names: StoreNames,
) -> pd.DataFrame:
    """Lay what would be deleted beside our verdicts.

    Parameters
    ----------
    doomed : Doomed
        What would be deleted.
    objects, references : DataFrame
        What we say: frames of these schemas.
    files : DataFrame
        A frame of the files schema; ``object`` is a label of `objects`, -1 in the
        trash.
    names : StoreNames
        How paths lead to the scanned places.

    Returns
    -------
    DataFrame
        A frame of the opinions schema.
    """
    paths = pd.DataFrame(doomed.paths, columns=["store", "path"]).astype("str")
    # an object store's marker of a folder is none of its files
    paths = paths[~paths["path"].str.endswith("/")].drop_duplicates(ignore_index=True)
    targets = paths.assign(row=paths.index, reference=paths.index)
    ways = in_scanned(reached(targets[["row", "reference", *paths]], names), names)
    keys = place_keys(ways["store"], ways["path"], names.known)
    stored = place_keys(files["store"], files["path"], names.known)
    if doomed.folders:
        met = cover(stored, pc.unique(keys))
        gone = files[(met.reference >= 0) & ~met.sidecar]
        seen = pc.unique(keys).filter(pa.array(met.stored | met.described))
    else:
        gone = files[pc.is_in(stored, value_set=keys).to_numpy(zero_copy_only=False)]
        seen = stored
    told = [
        _objects(gone, objects, references),
        _of_the_trash(gone[gone["object"] < 0]),
        _unseen(paths, ways, keys, seen),
    ]
    rows = pd.concat([frame for frame in told if len(frame)] or [OPINIONS.empty()])
    worst = {verdict.value: rank for rank, verdict in enumerate(Verdict)}
    rows = rows.assign(rank=rows["verdict"].map(worst))
    return OPINIONS.conform(
        rows.sort_values(
            ["rank", "size_bytes", "store", "path"],
            ascending=[True, False, True, True],
        )
    )


def _objects(
    gone: pd.DataFrame, objects: pd.DataFrame, references: pd.DataFrame
) -> pd.DataFrame:
    """Return the objects of which something would be deleted, and our orphans."""
    sums = gone.groupby("object")["size_bytes"].agg(["size", "sum"])
    counted = sums.reindex(objects.index, fill_value=0)
    doomed, orphan = counted["size"].gt(0), objects["status"].eq(Status.ORPHAN.value)
    verdicts = objects["status"].map({k: v.value for k, v in _VERDICTS.items()})
    told = objects.assign(
        deleted_files=counted["size"],
        deleted_bytes=counted["sum"],
        verdict=verdicts.mask(orphan & ~doomed, Verdict.LEAVES.value),
    )[doomed | orphan]
    live = told["status"].eq(Status.LIVE.value)
    told.loc[live, "reason"] = _needed_by(told[live], references)
    return told


def _needed_by(live: pd.DataFrame, references: pd.DataFrame) -> list[str]:
    first = references.drop_duplicates(["store", "path"]).set_index(["store", "path"])
    places = pd.MultiIndex.from_frame(live[["store", "path"]])
    columns = ["schema", "table", "attribute", "row_key"]
    rows = first[columns].reindex(places).itertuples(index=False, name=None)
    return [
        plural(count, "row") + " refer to it"
        if absent(table)
        else f"{schema}.{table}.{attribute} {key} refers to it"
        + (f", and {plural(count - 1, 'row')} more" if count > 1 else "")
        for (schema, table, attribute, key), count in zip(
            rows, live["references"], strict=True
        )
    ]


def _of_the_trash(files: pd.DataFrame) -> pd.DataFrame:
    return _rows(files, _TRASH, Verdict.TRASH, "swept; can be restored")


def _unseen(
    paths: pd.DataFrame, ways: pd.DataFrame, keys: pa.Array, stored: pa.Array
) -> pd.DataFrame:
    known = pc.is_in(keys, value_set=stored).to_numpy(zero_copy_only=False)
    files = paths.drop(index=ways.loc[known, "row"].unique()).assign(size_bytes=0)
    return _rows(files, None, Verdict.UNSEEN, "not there when the stores were listed")


def _rows(
    files: pd.DataFrame, status: str | None, verdict: Verdict, reason: str
) -> pd.DataFrame:
    return files[["store", "path", "size_bytes"]].assign(
        schema=None,
        table=None,
        files=1,
        status=status,
        references=0,
        reason=reason,
        deleted_files=1,
        deleted_bytes=files["size_bytes"],
        verdict=verdict.value,
    )
