"""Where a recorded path may be: in which stores, and by which paths in them."""

import numpy as np
import pandas as pd

from djgc_widgets.model import STR, Naming, Notice, NoticeCode, StoreNames
from djgc_widgets.verdict.same_folders import through_same_folders

_COLUMNS = ["server", "named_store", "column_store", "codec"]


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
    combination = recorded[_COLUMNS].fillna("").drop_duplicates()
    rows: list[tuple[int, str, str, str, str]] = []
    warnings: list[Notice] = []
    for server, named, column, codec in combination.itertuples(index=False):
        stores = _stores_of_name(names, names.servers[server], named, column, codec)
        if not stores:
            stores = everywhere
            warnings += _unknown_store_warnings(recorded, server, named, column, codec)
        rows.extend((server, named, column, codec, store) for store in stores)
    lookup = pd.DataFrame(rows, columns=[*_COLUMNS, "store"]).astype(
        {"server": "int64", **dict.fromkeys([*_COLUMNS[1:], "store"], STR)}
    )
    keyed = recorded[[*_COLUMNS, "reference", "guessed", "path"]].fillna(
        {"named_store": ""}
    )
    merged = keyed.assign(row=np.arange(len(recorded))).merge(lookup, on=_COLUMNS)
    targets = merged[["row", "reference", "guessed", "store", "path"]]
    return through_same_folders(targets, names), tuple(warnings)


def names_known_store(recorded: pd.DataFrame, names: StoreNames) -> pd.Series:
    """Return which recorded paths are of a store whose name leads somewhere."""
    columns = recorded[_COLUMNS].fillna("")
    combination = columns.drop_duplicates()
    known = [
        bool(_stores_of_name(names, names.servers[server], *named))
        for server, *named in combination.itertuples(index=False)
    ]
    return columns.merge(combination.assign(known=known), how="left")["known"]


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
    recorded: pd.DataFrame, server: int, named: str, column: str, codec: str
) -> list[Notice]:
    """Return a warning if rows declare such paths; other texts may just look so."""
    same = recorded[_COLUMNS].fillna("").eq([server, named, column, codec])
    rows = recorded[same.all(axis=1) & recorded["declared"]]
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
