"""Which store does a recorded name stand for."""

import numpy as np
import pandas as pd

from djgc_widgets.model import Notice, StoreNames


def resolve_stores(
    recorded: pd.DataFrame, names: StoreNames
) -> tuple[pd.DataFrame, tuple[Notice, ...]]:
    """Say in which scanned stores each recorded path may lie.

    The store that the metadata names wins. Metadata without one (staged inserts up to
    DataJoint 2.2.4) may mean the column's store or the default one, so both are
    protected; a name that leads nowhere protects its path in every store.

    Returns
    -------
    targets : DataFrame
        Columns ``row`` (position in `recorded`), ``reference``, ``store``, ``path``.
    warnings : tuple of Notice
        One per name that leads nowhere.
    """
    by_alias = {alias: store.name for store in names.stores for alias in store.aliases}
    everywhere = tuple(store.name for store in names.stores)
    columns = ["named_store", "column_store", "codec"]
    combination = recorded[columns].fillna("").drop_duplicates()
    rows: list[tuple[str, str, str, str]] = []
    warnings: list[Notice] = []
    for named, column, codec in combination.itertuples(index=False):
        default = names.filepath_default if codec == "filepath" else None
        wanted = (
            [named] if named else [n for n in (column, default, names.default) if n]
        )
        found = tuple(
            dict.fromkeys(by_alias[name] for name in wanted if name in by_alias)
        )
        if not found and not any(name in names.unscanned for name in wanted):
            found = everywhere
            warnings.append(_unresolved(recorded, named, column, codec))
        rows.extend((named, column, codec, store) for store in found)
    lookup = pd.DataFrame(rows, columns=[*columns, "store"], dtype="str")
    keyed = recorded[[*columns, "reference", "path"]].fillna({"named_store": ""})
    targets = keyed.assign(row=np.arange(len(recorded))).merge(lookup, on=columns)
    return targets[["row", "reference", "store", "path"]], tuple(warnings)


def _unresolved(recorded: pd.DataFrame, named: str, column: str, codec: str) -> Notice:
    same = recorded["named_store"].fillna("").eq(named) & recorded["column_store"].eq(
        column
    )
    rows = recorded[same & recorded["codec"].eq(codec)]
    first = rows.iloc[0]
    place = f"{first['schema']}.{first['table']}.{first['attribute']}"
    wanted = f"store {named or column!r}" if named or column else "the default store"
    return Notice(
        place,
        f"{len(rows)} rows, the first with key {first['row_key']}, refer to {wanted}, "
        "which is not configured",
        "Their paths are protected in every store; add the store to dj.config.stores "
        "to see its objects",
    )
