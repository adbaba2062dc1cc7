"""Which objects a pin keeps. Pure."""

import fnmatch
import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from djgc_widgets.model import Pin, key_in_path
from djgc_widgets.verdict.reasons import comparable_table_name

_PATTERN = re.compile(r"[*?\[]")


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


def _by_path(objects: pd.DataFrame, pin: Pin) -> pd.Series:
    paths = objects["path"]
    if _PATTERN.search(pin.path):
        pattern = re.compile(
            f"{fnmatch.translate(pin.path)}|{fnmatch.translate(f'{pin.path}/*')}"
        )
        fits = [pattern.match(path) is not None for path in paths]
        return pd.Series(np.array(fits, dtype=bool), index=objects.index)
    inside = paths.eq(pin.path) | paths.str.startswith(f"{pin.path}/")
    folders = pin.path.split("/")
    above = ["/".join(folders[:depth]) for depth in range(1, len(folders))]
    return inside | paths.isin(above)


def _by_table(objects: pd.DataFrame, pin: Pin) -> pd.Series:
    schema, dot, table = pin.table.partition(".")
    here = objects["schema"].eq(schema).fillna(value=False).astype(bool)
    if dot:
        names = objects.loc[here, "table"].fillna("").map(comparable_table_name)
        here[here] = names.eq(comparable_table_name(table)).to_numpy(dtype=bool)
    if pin.key:
        wanted = {(name, str(value)) for name, value in pin.key.items()}
        paths = objects.loc[here, "path"]
        has_key = [wanted <= key_in_path(path).items() for path in paths]
        here[here] = np.array(has_key, dtype=bool)
    return here
