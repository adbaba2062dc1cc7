"""What sweeps have moved: the frame of the trash. Pure."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import (
    MANIFEST_SUFFIX,
    TRASH,
    State,
    is_among,
    parse_trash,
)
from djgc_widgets.verdict.coverage import cover, path_keys
from djgc_widgets.verdict.guesses import parse_paths_of_files
from djgc_widgets.verdict.match import MatchedFiles
from djgc_widgets.verdict.similar_paths import fold_paths


def trash_frame(
    files: pd.DataFrame, marked: MatchedFiles, references: pd.DataFrame
) -> pd.DataFrame:
    """List the objects that sweeps have moved to the trash.

    Parameters
    ----------
    files : DataFrame
        Files of the trash: of the files schema, with what they count with as
        ``size_bytes``, and their own sizes as ``own_bytes``.
    marked : MatchedFiles
        What is stored, and what rows refer to.
    references : DataFrame
        Of the references schema.

    Returns
    -------
    DataFrame
        Of the trash schema.
    """
    former = files.assign(**parse_trash(files["path"])).dropna(subset=["path"])
    if former.empty:
        return TRASH.empty()
    keys = path_keys(former["store"], former["path"], marked.names.known)
    referring = cover(fold_paths(keys), pc.unique(fold_paths(marked.references)))
    former["referenced"] = referring.reference >= 0
    former["path"] = parse_paths_of_files(former, marked.names)["object_path"]
    name = former["store"] + "\n" + former["sweep_id"] + "\n" + former["path"]
    described = is_among(name.str.removesuffix(MANIFEST_SUFFIX), name)
    own_path = former["path"]
    owner = own_path.str.removesuffix(MANIFEST_SUFFIX)
    former["path"] = former["path"].where(~described, owner)
    # rows do not record the size of a sidecar
    sidecar = former["path"].ne(own_path)
    former["own_bytes"] = former["own_bytes"].mask(sidecar, 0)
    groups = former.groupby(["store", "sweep_id", "path"], sort=False)
    listed = groups.agg(
        n_files=("size_bytes", "size"),
        size_bytes=("size_bytes", "sum"),
        own_bytes=("own_bytes", "sum"),
        referenced=("referenced", "any"),
    ).reset_index()
    # files at a path, or below it, are never mixed with what was swept
    former_keys = path_keys(listed["store"], listed["path"], marked.names.known)
    distinct = pc.unique(former_keys)
    free = distinct.filter(pa.array(~cover(marked.keys, distinct).stored))
    is_free = np.asarray(pc.is_in(former_keys, value_set=free))
    needed = listed["referenced"] & is_free
    return TRASH.conform(
        listed.assign(returnable=needed & ~_have_a_better(listed, references))
    )


def _have_a_better(swept: pd.DataFrame, references: pd.DataFrame) -> pd.Series:
    """Return what has not the size that its row records, while another sweep has that.

    It may be what a broken upload left; only one of both can come back.
    """
    columns = {"store": "store", "path": "path", "own_bytes": "size_bytes"}
    lost = references["state"].eq(State.MISSING.value)
    recorded = references.loc[lost, [*columns.values()]].dropna().drop_duplicates()
    recorded = recorded.astype({"size_bytes": "int64"}).assign(as_recorded=True)
    own = swept[[*columns]].rename(columns=columns)
    fits = own.merge(recorded, how="left")["as_recorded"].notna()
    return fits.groupby([swept["store"], swept["path"]]).transform("any") & ~fits
