"""Where ranges begin, so that nothing in one matters to another."""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.collector.ranges.dataset import LISTED, RECORDED, Dataset
from djgc_widgets.model import TEXT, StoreNames, arrow_text
from djgc_widgets.verdict import (
    all_beginnings,
    beginnings,
    lead_to_beginnings,
    lower_bounds,
)

ROWS = 30_000
"""Files and references that a range should have: a worker takes 2 kB for each."""
_SAMPLES = 200
"""Keys per range that are looked at to lay the ranges."""


def lay_ranges(dataset: Dataset, names: StoreNames, rows: int) -> list[str]:
    """Return the least keys of all ranges but the first: of about so many rows each."""
    step = max(1, rows // _SAMPLES)
    sampled = [
        each["key"].iloc[step - 1 :: step]
        for kind in (LISTED, RECORDED)
        for each in dataset.columns(kind, "key")
    ]
    keys = sorted(arrow_text(pd.concat(sampled)).to_pylist()) if sampled else []
    chosen = keys[rows // step :: rows // step]
    asked = pa.array(all_beginnings(chosen), TEXT)
    begun: set[str] = set()
    for some in _every_beginning(dataset, names):
        begun.update(some.filter(pc.is_in(some, value_set=asked)).to_pylist())
    return lower_bounds(chosen, begun)


def _every_beginning(dataset: Dataset, names: StoreNames) -> Iterator[pa.Array]:
    wide: list[pa.Array] = [pa.array([], TEXT)]
    for recorded in dataset.columns(RECORDED, "path", "key", "spread", "wide"):
        alone = ~recorded["spread"].astype(bool)
        needless = alone & recorded["wide"].astype(bool)
        wide.append(arrow_text(recorded.loc[needless, "key"]))
        yield arrow_text(recorded.loc[~needless, "key"])
        yield beginnings(recorded.loc[alone & ~needless, "path"], names.stores)
    wide_keys = pc.unique(pa.concat_arrays(wide))
    for files in dataset.columns(LISTED, "path", "key"):
        yield lead_to_beginnings(files, beginnings(files["path"], names.stores))
        keys = arrow_text(files["key"])
        # a guess that names a file covers it, and what is below
        yield keys.filter(pc.is_in(keys, value_set=wide_keys))
