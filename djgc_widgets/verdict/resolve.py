"""Where a recorded path may lie: which store a name stands for, which place a path."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import Naming, Notice, StoreNames
from djgc_widgets.verdict.coverage import cover, place_keys

_COLUMNS = ["server", "named_store", "column_store", "codec"]


def resolve_stores(
    recorded: pd.DataFrame, names: StoreNames
) -> tuple[pd.DataFrame, tuple[Notice, ...]]:
    """Say in which known stores each recorded path may lie.

    The store that the metadata names wins, by the configuration of the row's own
    server. Metadata without one (staged inserts up to DataJoint 2.2.4) may mean the
    column's store or the default one, so both are protected; a name that leads nowhere
    protects its path in every store. Places that are reached in several ways count in
    each.

    Parameters
    ----------
    recorded : DataFrame
        A frame of the recorded schema.
    names : StoreNames
        Stores and how recorded names lead to them.

    Returns
    -------
    targets : DataFrame
        Columns ``row`` (position in `recorded`), ``reference``, ``store``, ``path``.
    warnings : tuple of Notice
        One per name that leads nowhere.
    """
    everywhere = tuple(store.name for store in names.stores)
    combination = recorded[_COLUMNS].fillna("").drop_duplicates()
    rows: list[tuple[int, str, str, str, str]] = []
    warnings: list[Notice] = []
    for server, named, column, codec in combination.itertuples(index=False):
        found = _stores(names, names.servers[server], named, column, codec)
        if not found:
            found = everywhere
            warnings.append(_unresolved(recorded, server, named, column, codec))
        rows.extend((server, named, column, codec, store) for store in found)
    lookup = pd.DataFrame(rows, columns=[*_COLUMNS, "store"]).astype(
        {"server": "int64", **dict.fromkeys([*_COLUMNS[1:], "store"], "str")}
    )
    keyed = recorded[[*_COLUMNS, "reference", "path"]].fillna({"named_store": ""})
    merged = keyed.assign(row=np.arange(len(recorded))).merge(lookup, on=_COLUMNS)
    targets = reached(merged[["row", "reference", "store", "path"]], names)
    return targets, tuple(warnings)


def _stores(
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
    found = (server.stores.get(name, main.stores.get(name)) for name in wanted if name)
    return tuple(dict.fromkeys(store for store in found if store is not None))


def in_scanned(targets: pd.DataFrame, names: StoreNames) -> pd.DataFrame:
    """Return the targets that lie in the scanned stores."""
    scanned = [store.name for store in names.stores]
    return targets[targets["store"].isin(scanned)].reset_index(drop=True)


def reached(targets: pd.DataFrame, names: StoreNames) -> pd.DataFrame:
    """Add the ways under which the listing shows what is reached in another way."""
    if not names.same:
        return targets
    ways = pd.DataFrame(names.same, columns=["store", "path", "to_store", "to_path"])
    way_keys = place_keys(ways["store"], ways["path"], names.known)
    todo, found = targets, [targets]
    while len(todo):
        todo = pd.concat(
            [_through(todo, ways, way_keys, names), _over(todo, ways, way_keys, names)],
            ignore_index=True,
        )
        known = pd.concat(found)
        todo = todo.merge(known, how="left", indicator="seen")
        todo = todo.loc[todo["seen"].eq("left_only"), list(targets)].drop_duplicates()
        found.append(todo)
    return pd.concat(found, ignore_index=True)


def _through(
    targets: pd.DataFrame, ways: pd.DataFrame, way_keys: pa.Array, names: StoreNames
) -> pd.DataFrame:
    """Return where targets lead that lie at or below another way, however deep."""
    keys = place_keys(targets["store"], targets["path"], names.known)
    depth = np.asarray(pc.count_substring(way_keys, "/"))
    led = [targets.iloc[:0]]
    for number in np.unique(depth):
        here = np.flatnonzero(depth == number)
        at = pc.unique(way_keys.take(pa.array(here)))
        hit = cover(keys, at)
        below = np.flatnonzero((hit.reference >= 0) & ~hit.sidecar)
        found = targets.iloc[below].assign(
            way=at.take(pa.array(hit.reference[below])).to_pylist()
        )
        known = ways.iloc[here].assign(way=way_keys.take(pa.array(here)).to_pylist())
        both = found.merge(known, on="way", suffixes=("", "_way"))
        pairs = zip(both["path"], both["path_way"], both["to_path"], strict=True)
        both["path"] = pd.array(
            [
                "/".join(filter(None, (to, path[len(way) :].strip("/"))))
                for path, way, to in pairs
            ],
            dtype="str",
        )
        led.append(both.assign(store=both["to_store"])[list(targets)])
    return pd.concat(led, ignore_index=True)


def _over(
    targets: pd.DataFrame, ways: pd.DataFrame, way_keys: pa.Array, names: StoreNames
) -> pd.DataFrame:
    """Return the places that lie below a target but are listed elsewhere."""
    keys = place_keys(targets["store"], targets["path"], names.known)
    unique = pc.unique(keys)
    hit = cover(way_keys, unique)
    inside = ways[(hit.reference >= 0) & ~hit.sidecar]
    if inside.empty:
        return targets.iloc[:0]
    covering = unique.take(pa.array(hit.reference[inside.index]))
    led = pd.DataFrame(
        {
            "key": covering.to_pylist(),
            "store": inside["to_store"].to_numpy(),
            "path": inside["to_path"].to_numpy(),
        }
    )
    own = targets[["row", "reference"]].assign(key=keys.to_pylist())
    return own.merge(led, on="key").drop(columns="key")


def respelled(stored: pa.Array, references: pa.Array) -> list[tuple[int, str]]:
    """Find stored paths that a reference may mean although it spells them otherwise.

    File systems may compose accents differently or take no notice of case, and object
    stores may keep doubled slashes.

    Parameters
    ----------
    stored, references : Array of string
        Keys of stored paths that no reference covers; of references without an object.

    Returns
    -------
    list of (int, str)
        Position of a reference, and how the store spells what it may mean.
    """
    distinct = pc.unique(folded(references))
    hit = cover(folded(stored), distinct)
    covered = np.flatnonzero((hit.reference >= 0) & ~hit.sidecar)
    if not len(covered):
        return []
    wanted: dict[str, set[str]] = {}
    for position in covered:
        text = distinct[int(hit.reference[position])].as_py()
        wanted.setdefault(text, set()).add(
            _cut(stored[int(position)].as_py(), text.count("/") + 1)
        )
    return [
        (number, spelt)
        for number, text in enumerate(folded(references).to_pylist())
        for spelt in sorted(wanted.get(text, ()))
    ]


def folded(keys: pa.Array) -> pa.Array:
    """Return keys without what file systems may spell otherwise, to compare them."""
    plain = pc.replace_substring_regex(keys, "/+", "/")
    return pc.utf8_normalize(pc.utf8_lower(pc.utf8_normalize(plain, "NFC")), "NFC")


def _cut(key: str, depth: int) -> str:
    """Return the first segments of a key, doubled slashes not counted."""
    end = 0
    for _ in range(depth):
        while key[end : end + 1] == "/":
            end += 1
        following = key.find("/", end)
        end = len(key) if following < 0 else following
    return key[:end]


def _unresolved(
    recorded: pd.DataFrame, server: int, named: str, column: str, codec: str
) -> Notice:
    same = recorded["named_store"].fillna("").eq(named) & recorded["column_store"].eq(
        column
    )
    same &= recorded["server"].eq(server) & recorded["codec"].eq(codec)
    rows = recorded[same]
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
