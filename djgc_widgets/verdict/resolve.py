"""Where a recorded path may be: in which stores, and by which paths in them."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from djgc_widgets.model import (
    STR,
    Naming,
    Notice,
    NoticeCode,
    StoreNames,
    group_numbers,
)
from djgc_widgets.verdict.same_folders import through_same_folders

_NAMING = ["named_store", "column_store", "codec"]


def resolve_stores(
    recorded: pd.DataFrame, names: StoreNames
) -> tuple[pd.DataFrame, tuple[Notice, ...]]:
    """Return in which known stores each recorded path may be, and unknown names.

    The store that the metadata names wins, by the configuration of the row's own
    server. Metadata without one (staged inserts up to DataJoint 2.2.4) may mean the
    column's store or the default one, so both are protected; a path whose store is
    unknown is protected in every store. Every path of a folder with several paths
    counts.

    The columns are ``row`` (position in `recorded`), ``reference``, ``guessed``,
    ``store``, ``path``.
    """
    everywhere = tuple(store.name for store in names.stores)
    number, combinations = _combinations(recorded)
    meant: list[tuple[str, ...]] = []
    warnings: list[Notice] = []
    for at, (server, *named) in enumerate(combinations):
        known = _stores_of_name(names, names.servers[server], *named)
        meant.append(known or everywhere)
        # what the first server could not open is a problem of its own
        is_told = not server and not names.servers[0].broken.isdisjoint(named)
        if not known and not is_told:
            rows = recorded[(number == at) & recorded["declared"].to_numpy()]
            warnings += _unknown_store_warnings(rows, *named)
    pairs = [(at, store) for at, each in enumerate(meant) for store in each]
    lookup = pd.DataFrame(pairs, columns=["naming", "store"])
    lookup = lookup.astype({"naming": "int64", "store": STR})
    keyed = recorded[["reference", "guessed", "path"]].assign(
        row=np.arange(len(recorded)), naming=number
    )
    merged = keyed.merge(lookup, on="naming")
    targets = merged[["row", "reference", "guessed", "store", "path"]]
    return through_same_folders(targets, names), tuple(warnings)


def names_known_store(recorded: pd.DataFrame, names: StoreNames) -> pd.Series:
    """Return which recorded paths are of a store whose name leads somewhere."""
    number, combinations = _combinations(recorded)
    known = [
        bool(_stores_of_name(names, names.servers[server], *named))
        for server, *named in combinations
    ]
    return pd.Series(np.array(known, dtype=bool)[number], index=recorded.index)


def _combinations(
    recorded: pd.DataFrame,
) -> tuple[npt.NDArray[np.int64], list[tuple[int, str, str, str]]]:
    """Return the distinct values of the columns that tell stores, and whose each is."""
    named, _ = group_numbers(recorded, _NAMING)
    server = recorded["server"].to_numpy()
    number, _ = pd.factorize(named * (server.max(initial=0) + 1) + server)
    _, first = np.unique(number, return_index=True)
    rows = recorded[["server", *_NAMING]].iloc[first].fillna("")
    return number, list(rows.itertuples(index=False, name=None))


def _stores_of_name(
    names: StoreNames, server: Naming, named: str, column: str, codec: str
) -> tuple[str, ...]:
    """Return the stores that a row's record may mean; none if no name is known."""
    main = names.servers[0]
    wanted = [named]
    if not named:
        default = server.default or main.default
        for_users = server.filepath_default or main.filepath_default
        wanted = [
            column,
            (for_users if codec == "filepath" else None) or "",
            default or "",
        ]
    if server.broken.intersection(wanted):
        return ()
    stores = (server.stores.get(name, main.stores.get(name)) for name in wanted if name)
    return tuple(dict.fromkeys(store for store in stores if store is not None))


def targets_in_scanned_stores(targets: pd.DataFrame, names: StoreNames) -> pd.DataFrame:
    """Return the targets that are in the scanned stores."""
    scanned = [store.name for store in names.stores]
    return targets[targets["store"].isin(scanned)].reset_index(drop=True)


def _unknown_store_warnings(
    rows: pd.DataFrame, named: str, column: str, _codec: str
) -> list[Notice]:
    """Return a warning if rows declare such paths; other texts may just look so."""
    if rows.empty:
        return []
    first = rows.iloc[0]
    store = f"store {named or column!r}" if named or column else "the default store"
    notice = Notice(
        NoticeCode.STORE_UNKNOWN,
        f"{first['schema']}.{first['table']}.{first['attribute']}",
        {"n_rows": len(rows), "row_key": first["row_key"], "store": store},
    )
    return [notice]
