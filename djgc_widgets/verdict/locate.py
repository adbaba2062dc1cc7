"""Recorded paths -> the places of stores, however they are reached."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import FileKind, Notice, StoreInfo, StoreNames
from djgc_widgets.verdict.coverage import cover, place_keys
from djgc_widgets.verdict.resolve import in_scanned, reached, resolve_stores

_MOST_NOTICES = 20

Follow = Callable[[str], list[tuple[str, str]]]
"""Follows an absolute path through links and mounts to stores and paths in them.

It raises `OSError` if the way could not be looked at.
"""


@dataclass(frozen=True, slots=True)
class Located:
    """Where recorded paths may lie.

    Parameters
    ----------
    targets : DataFrame
        Columns ``row`` (position among the recorded), ``reference``, ``store``,
        ``path``; of scanned stores only.
    warnings : tuple of Notice
        Names that lead nowhere.
    problems : tuple of Notice
        Ways of declared paths that could not be looked at; those of other texts, which
        may be no paths at all, are among the warnings.
    """

    targets: pd.DataFrame
    warnings: tuple[Notice, ...]
    problems: tuple[Notice, ...]


def locate(
    files: pd.DataFrame,
    recorded: pd.DataFrame,
    names: StoreNames,
    follow: Follow,
    settled: pd.DataFrame | None = None,
) -> Located:
    """Say where every recorded path may lie, by physical address.

    What meets a listed file needs no more. All else is followed through symbolic links,
    mounts and ``..`` on the file system, and so are listed links that a row refers to.

    Parameters
    ----------
    files : DataFrame
        A frame of the files schema: what the scanned stores hold.
    recorded : DataFrame
        A frame of the recorded schema.
    names : StoreNames
        Stores and how recorded names lead to them.
    follow : Follow
        Follows paths on the file system.
    settled : DataFrame, optional
        ``store`` and ``path`` of what was found without following; not followed again.
    """
    targets, warnings = resolve_stores(recorded, names)
    keys = place_keys(targets["store"], targets["path"], names.known)
    stored = place_keys(files["store"], files["path"], names.known)
    distinct = pc.unique(keys)
    met = cover(stored, distinct)
    ways = _Ways(names, follow)
    number = np.asarray(pc.index_in(keys, value_set=distinct), dtype=np.int64)
    followed = met.stored[number]
    if settled is not None:
        known = place_keys(settled["store"], settled["path"], names.known)
        followed |= np.asarray(pc.is_in(keys, value_set=known), dtype=bool)
    unmet = targets[~followed]
    declared = recorded["declared"].to_numpy(dtype=bool)
    led = [ways.follow(unmet, declared)]
    links = files["kind"].eq(FileKind.SYMLINK.value).to_numpy() & (met.reference >= 0)
    if links.any():
        owners = distinct.take(pa.array(met.reference[links])).to_pylist()
        linked = files.loc[links, ["store", "path"]].assign(key=owners)
        rows = targets[["row", "reference"]].assign(key=keys.to_pylist())
        reaching = rows.merge(linked, on="key").drop(columns="key")
        led.append(ways.follow(reaching, declared))
    more = reached(pd.concat(led, ignore_index=True), names)
    both = pd.concat([targets, more], ignore_index=True).drop_duplicates()
    return Located(
        in_scanned(both, names), (*warnings, *ways.warnings), tuple(ways.problems)
    )


def met_in_place(
    files: pd.DataFrame, references: pd.DataFrame, names: StoreNames
) -> pd.DataFrame:
    """Return ``store`` and ``path`` of what is listed right where a row says.

    What was only found by following a link is not among them: the link may lead
    elsewhere by the time that it is asked for again.

    Parameters
    ----------
    files, references : DataFrame
        Frames of these schemas.
    names : StoreNames
        Stores and how recorded names lead to them.
    """
    places = references[["store", "path"]].drop_duplicates()
    keys = place_keys(places["store"], places["path"], names.known)
    stored = place_keys(files["store"], files["path"], names.known)
    return places[cover(stored, keys).stored]


def twin_stores(files: pd.DataFrame, stores: Sequence[StoreInfo]) -> list[Notice]:
    """Find object stores that are one place under two host names.

    Names of hosts do not tell; that the same keys were written in the same moment does.

    Parameters
    ----------
    files : DataFrame
        A frame of the files schema.
    stores : sequence of StoreInfo
        The scanned stores.
    """
    found = []
    remote = [store for store in stores if store.protocol != "file"]
    listed = {store.name: _written(files, store) for store in remote}
    for one, other in combinations(remote, 2):
        if one.address.partition("/")[0] == other.address.partition("/")[0]:
            continue  # nested stores of one server are told apart by their keys
        both = listed[one.name].merge(listed[other.name])
        if len(both):
            found.append(_twins(one, other, both["key"].iloc[0]))
    return found


def _written(files: pd.DataFrame, store: StoreInfo) -> pd.DataFrame:
    own = files[files["store"].eq(store.name) & files["etag"].ne("")]
    base = store.address.partition("/")[2]
    keys = f"{base}/" + own["path"] if base else own["path"]
    return own[["size_bytes", "modified_ns", "etag"]].assign(key=keys)


def _twins(one: StoreInfo, other: StoreInfo, key: str) -> Notice:
    return Notice(
        f"store {other.name}",
        f"it holds the very objects of store {one.name}, {key!r} among them, so both "
        "seem to be one place under two host names",
        "Spell the endpoint alike in both",
    )


class _Ways:
    """Follows targets on the file system and notes where that was not possible."""

    def __init__(self, names: StoreNames, follow: Follow) -> None:
        known = (*names.stores, *names.elsewhere)
        self._follow = follow
        self._roots = {s.name: s.address for s in known if s.protocol == "file"}
        self.problems: list[Notice] = []
        self.warnings: list[Notice] = []

    def follow(
        self, targets: pd.DataFrame, declared: npt.NDArray[np.bool_]
    ) -> pd.DataFrame:
        """Return further targets: where these lead, other than to themselves."""
        sure = targets[["store", "path"]].assign(sure=declared[targets["row"]])
        # of one place the declared comes first
        pairs = sure.sort_values("sure", ascending=False, kind="stable")
        pairs = pairs.drop_duplicates(["store", "path"])
        found = [
            (store, path, *place)
            for store, path, certain in pairs.itertuples(index=False)
            for place in self._places(store, path, certain=certain)
            if place != (store, path)
        ]
        columns = ["store", "path", "to_store", "to_path"]
        led = pd.DataFrame(found, columns=columns, dtype="str")
        both = targets.merge(led, on=["store", "path"])
        return both.assign(store=both["to_store"], path=both["to_path"])[list(targets)]

    def _places(self, store: str, path: str, *, certain: bool) -> list[tuple[str, str]]:
        if path.startswith("/"):
            way = path
        elif store in self._roots:
            way = f"{self._roots[store]}/{path}"
        else:
            return []
        try:
            return self._follow(way)
        except OSError as error:
            notices = self.problems if certain else self.warnings
            if len(notices) < _MOST_NOTICES:
                notices.append(_barred(store, path, error))
            return []


def _barred(store: str, path: str, error: OSError) -> Notice:
    return Notice(
        f"store {store}: {path}",
        "a row refers to it, and where that leads could not be found out "
        f"({error.strerror})",
        "Give this account the right to look there, then scan again",
    )
