"""Which objects a pin keeps; in doubt it keeps more. Pure."""

import fnmatch
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from urllib.parse import unquote

import numpy as np
import pandas as pd

from djgc_widgets.model import (
    MANIFEST_SUFFIX,
    Notice,
    NoticeCode,
    Pin,
    StoreInfo,
    in_store,
    parse_paths,
    stacked,
)
from djgc_widgets.verdict.reasons import comparable_table_name

_PATTERN = re.compile(r"[*?\[]")
_LONG, _SHORT = 100, 50


def are_pinned(objects: pd.DataFrame, pins: Iterable[Pin]) -> pd.Series:
    """Return which objects, of one store, any of its pins keeps.

    Parameters
    ----------
    objects : DataFrame
        With ``schema``, ``table`` and ``path``.
    pins : iterable of Pin
        The pins of that store.
    """
    pinned = pd.Series(data=False, index=objects.index)
    for pin in pins:
        pinned |= _by_path(objects, pin) if pin.path else _by_table(objects, pin)
    return pinned


def idle_pins(
    objects: pd.DataFrame,
    trash: pd.DataFrame,
    pins: Mapping[str, Sequence[Pin]],
    stores: Iterable[StoreInfo],
) -> Iterator[Notice]:
    """Yield a warning per pin that keeps nothing in its store nor in its trash.

    It may be misspelled, and what it was meant for is then not safe from a sweep.
    """
    names = ["schema", "table", "path"]
    for store in (each for each in stores if pins.get(each.name)):
        swept = trash.loc[trash["store"].eq(store.name), "path"]
        former = parse_paths(swept, store).assign(path=swept)
        here = objects[objects["store"].eq(store.name)]
        kept = stacked([here[names], former[names]])
        for pin in pins[store.name]:
            if not are_pinned(kept, [pin]).any():
                where, values = in_store(store.name), {"pin": str(pin)}
                yield Notice(NoticeCode.PIN_IDLE, where, values)


def _by_path(objects: pd.DataFrame, pin: Pin) -> pd.Series:
    wanted, paths = pin.path.removesuffix(MANIFEST_SUFFIX), objects["path"]
    parts = wanted.split("/")
    above = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
    kept = paths.eq(wanted) | paths.str.startswith(f"{wanted}/") | paths.isin(above)
    if not _PATTERN.search(wanted):
        return kept
    whole, below = fnmatch.translate(wanted), fnmatch.translate(f"{wanted}/*")
    pattern = re.compile(f"{whole}|{below}")
    fits = [
        pattern.match(path) is not None or _leads_to(path.split("/"), parts)
        for path in paths
    ]
    return kept | pd.Series(np.array(fits, dtype=bool), index=objects.index)


def _leads_to(folders: list[str], parts: list[str]) -> bool:
    """Return whether what a pattern means may be inside an object, part by part."""
    pairs = zip(folders, parts, strict=False)
    return len(folders) < len(parts) and all(fnmatch.fnmatchcase(*p) for p in pairs)


def _by_table(objects: pd.DataFrame, pin: Pin) -> pd.Series:
    schema, dot, table = pin.table.partition(".")
    # servers differ in whether case counts
    names = objects["schema"].str.lower()
    here = names.eq(schema.lower()).fillna(value=False).astype(bool)
    if dot:
        tables = objects.loc[here, "table"].fillna("").map(comparable_table_name)
        here[here] = tables.eq(comparable_table_name(table)).to_numpy(dtype=bool)
    # it may lie below a prefix that was configured formerly
    named = objects["path"].str.contains(schema, case=False, regex=False).to_numpy()
    rest = named & ~here.to_numpy()
    may_be = [_may_be_of(path, schema, table) for path in objects.loc[rest, "path"]]
    here[rest] = np.array(may_be, dtype=bool)
    if pin.key:
        wanted = {name: _spellings(value) for name, value in pin.key.items()}
        paths = objects.loc[here, "path"]
        has_key = [_has_key(path, wanted) for path in paths]
        here[here] = np.array(has_key, dtype=bool)
    return here


def _may_be_of(path: str, schema: str, table: str) -> bool:
    """Return whether folders of a path are named like a schema and its table."""
    folders = path.split("/")[:-1]
    wanted = comparable_table_name(table)
    return any(
        folder.lower() == schema.lower()
        and (not table or comparable_table_name(below) == wanted)
        for folder, below in zip_longest(folders, folders[1:], fillvalue="")
    )


def _has_key(path: str, wanted: dict[str, set[str]]) -> bool:
    parts = (part.partition("=") for part in path.split("/")[:-1])
    found = {name: value for name, equals, value in parts if equals}
    return all(
        name in found and not spellings.isdisjoint({found[name], unquote(found[name])})
        for name, spellings in wanted.items()
    )


def _spellings(value: object) -> set[str]:
    """Return how DataJoint may write a value of a key in a path, unquoted."""
    text = str(value)
    if isinstance(value, datetime):
        return {value.strftime("%Y-%m-%dT%H-%M-%S")}
    spellings = {text, text.replace(" ", "T").replace(":", "-")}
    if len(text) > _LONG:
        digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8]
        spellings.add(f"{text[:_SHORT]}_{digest}")
    return spellings
