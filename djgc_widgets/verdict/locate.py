"""Recorded paths -> stores and paths in them, links and mounts followed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import (
    STR,
    FileKind,
    Notice,
    NoticeCode,
    StoreInfo,
    StoreNames,
    in_store,
    path_text,
    stacked,
)
from djgc_widgets.verdict.coverage import cover, path_keys
from djgc_widgets.verdict.guesses import answered_guesses, wide_guesses
from djgc_widgets.verdict.resolve import resolve_stores
from djgc_widgets.verdict.same_folders import through_same_folders

_SECOND_NS = 10**9
_DATED_BY_SERVER = {"s3", "gcs", "azure"}
_MOST_NOTICES = 20

Follow = Callable[[str], list[tuple[str, str]]]
"""Follows an absolute path through links and mounts to stores and paths in them.

It raises `OSError` if a folder or link of the path cannot be read.
"""


@dataclass(frozen=True, slots=True)
class Located:
    """Where recorded paths may be."""

    targets: pd.DataFrame
    """Columns ``row`` (position among the recorded), ``reference``, ``guessed``,
    ``store``, ``path``."""
    warnings: tuple[Notice, ...]
    """Unknown stores, and undeclared paths that could not be followed: such a text may
    not be a path at all."""
    problems: tuple[Notice, ...]
    """Declared paths that could not be followed."""


def locate(
    files: pd.DataFrame,
    recorded: pd.DataFrame,
    names: StoreNames,
    follow: Follow,
    settled: pd.DataFrame | None = None,
) -> Located:
    """Return where every recorded path may be, by physical address.

    A path at which a file is listed needs no more. All others are followed through
    symbolic links, mounts and ``..`` on the file system, except the ``store`` and
    ``path`` of those that are `settled`; so are listed links that a row refers to.
    """
    targets, warnings = resolve_stores(recorded, names)
    targets = targets[~wide_guesses(targets, files, names)]
    located = _located_flags(files, targets, names, settled)
    needless = answered_guesses(targets, located)
    targets, elsewhere = targets[~needless], targets[~located & ~needless]
    follower = _TargetFollower(names, follow, recorded["declared"].to_numpy(dtype=bool))
    links = files[files["kind"].eq(FileKind.SYMLINK.value)]
    ends = [
        follower.ends_of(elsewhere),
        # what a guess covers as well must not hide behind it
        *(
            follower.ends_of(_links_of(links, some, names))
            for _, some in targets.groupby("guessed")
        ),
    ]
    more = through_same_folders(stacked(ends), names)
    if len(more):
        targets = stacked([targets, more]).drop_duplicates()
    return Located(
        targets,
        (*warnings, *follower.warnings),
        tuple(follower.problems),
    )


def _located_flags(
    files: pd.DataFrame,
    targets: pd.DataFrame,
    names: StoreNames,
    settled: pd.DataFrame | None,
) -> npt.NDArray[np.bool_]:
    keys = path_keys(targets["store"], targets["path"], names.known)
    stored = path_keys(files["store"], files["path"], names.known)
    distinct = pc.unique(keys)
    number = np.asarray(pc.index_in(keys, value_set=distinct), dtype=np.int64)
    located = cover(stored, distinct).stored[number]
    if settled is not None:
        known = path_keys(settled["store"], settled["path"], names.known)
        located |= np.asarray(pc.is_in(keys, value_set=known), dtype=bool)
    return located


def _links_of(
    links: pd.DataFrame, targets: pd.DataFrame, names: StoreNames
) -> pd.DataFrame:
    """Return the targets that cover symbolic links, each with the path of the link."""
    if links.empty:
        return targets.iloc[:0]
    keys = path_keys(targets["store"], targets["path"], names.known)
    distinct = pc.unique(keys)
    stored = path_keys(links["store"], links["path"], names.known)
    reference = cover(stored, distinct).reference
    covered = reference >= 0
    owners = distinct.take(pa.array(reference[covered])).to_pylist()
    linked = links.loc[covered, ["store", "path"]].assign(key=owners)
    rows = targets[["row", "reference", "guessed"]].assign(key=keys.to_pylist())
    return rows.merge(linked, on="key")[list(targets)]


def stored_at_recorded_path(
    files: pd.DataFrame, references: pd.DataFrame, names: StoreNames
) -> pd.DataFrame:
    """Return ``store`` and ``path`` of the references that need not be followed.

    Those behind a link are not among them: the link may lead elsewhere the next time.
    """
    paths = references[["store", "path"]].drop_duplicates()
    keys = path_keys(paths["store"], paths["path"], names.known)
    stored = path_keys(files["store"], files["path"], names.known)
    return paths[cover(stored, keys).stored]


def find_twin_stores(files: pd.DataFrame, stores: Sequence[StoreInfo]) -> list[Notice]:
    """Return a notice per object store that seems to be one with another host name.

    The same keys with the same sizes and dates of writing show it, and the same ETags
    where both tell of them: an inventory may have none, and dates in full seconds.
    """
    notices = []
    remote = [store for store in stores if store.protocol != "file"]
    listed = {store.name: _written_objects(files, store) for store in remote}
    for one, other in combinations(remote, 2):
        if one.address.partition("/")[0] == other.address.partition("/")[0]:
            continue  # the keys of nested stores on one server differ
        both = listed[one.name].merge(
            listed[other.name], on=["key", "size_bytes", "second"]
        )
        told = both["etag_x"].ne("") & both["etag_y"].ne("")
        both = both[both["etag_x"].eq(both["etag_y"]) | ~told]
        if len(both):
            values = {"other": one.name, "key": both["key"].iloc[0]}
            where = in_store(other.name)
            notices.append(Notice(NoticeCode.STORE_TWICE, where, values))
    return notices


def _written_objects(files: pd.DataFrame, store: StoreInfo) -> pd.DataFrame:
    own = files[files["store"].eq(store.name)]
    own = own[own["kind"].ne(FileKind.UNLISTED.value)]
    if store.protocol not in _DATED_BY_SERVER:
        # a copy may have the dates of what was copied, of which weak ETags are made
        own = own[own["etag"].ne("") & ~own["etag"].str.startswith("W/")]
    base = store.address.partition("/")[2]
    keys = f"{base}/" + own["path"] if base else own["path"]
    seconds = own["modified_ns"] // _SECOND_NS
    return own[["size_bytes", "etag"]].assign(key=keys, second=seconds)


class _TargetFollower:
    """Follows targets on the file system and notes where that was not possible."""

    def __init__(
        self, names: StoreNames, follow: Follow, declared: npt.NDArray[np.bool_]
    ) -> None:
        self._follow = follow
        self._declared = declared
        self._roots = {
            store.name: path_text(store.address)
            for store in names.all_stores
            if store.protocol == "file"
        }
        self.problems: list[Notice] = []
        self.warnings: list[Notice] = []

    def ends_of(self, targets: pd.DataFrame) -> pd.DataFrame:
        """Return further targets: where these lead, other than to themselves."""
        declared = self._declared[targets["row"]]
        pairs = targets[["store", "path"]].assign(declared=declared)
        # a path that is recorded twice is declared if one of its rows declares it
        pairs = pairs.sort_values("declared", ascending=False, kind="stable")
        pairs = pairs.drop_duplicates(["store", "path"])
        rows = [
            (store, path, *end)
            for store, path, sure in pairs.itertuples(index=False)
            for end in self._ends(store, path, declared=sure)
            if end != (store, path)
        ]
        columns = ["store", "path", "to_store", "to_path"]
        ends = pd.DataFrame(rows, columns=columns, dtype=STR)
        both = targets.merge(ends, on=["store", "path"])
        return both.assign(store=both["to_store"], path=both["to_path"])[list(targets)]

    def _ends(self, store: str, path: str, *, declared: bool) -> list[tuple[str, str]]:
        if path.startswith("/"):
            absolute = path
        elif store in self._roots:
            absolute = f"{self._roots[store]}/{path}"
        else:
            return []
        try:
            return self._follow(absolute)
        except OSError as error:
            notices = self.problems if declared else self.warnings
            if len(notices) < _MOST_NOTICES:
                where, values = in_store(store, path), {"error": error.strerror}
                notices.append(Notice(NoticeCode.LINK_UNREADABLE, where, values))
            return []
