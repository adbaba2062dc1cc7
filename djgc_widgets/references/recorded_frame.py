"""Recorded paths -> rows of a frame, one per spelling."""

from collections.abc import Iterator

import pandas as pd

from djgc_widgets.model import RECORDED, STR
from djgc_widgets.references.recorded_paths import RecordedPath
from djgc_widgets.references.store_column import StoreColumn


def recorded_frame(
    server: int,
    column: StoreColumn,
    recorded: list[tuple[RecordedPath, str]],
    numbers: Iterator[int],
) -> pd.DataFrame:
    """Return a frame of the recorded schema for paths of a column and keys of rows.

    `numbers` yields a number for each recorded path.
    """
    rows = [
        (number, spelling, path, key)
        for (path, key), number in zip(recorded, numbers, strict=False)
        for spelling in path.spellings
    ]
    return RECORDED.conform(
        {
            "named_store": pd.array([path.store for *_, path, _ in rows], dtype=STR),
            "column_store": column.store,
            "server": server,
            "reference": pd.array([number for number, *_ in rows], dtype="int64"),
            "declared": pd.array([path.declared for *_, path, _ in rows], dtype="bool"),
            "guessed": pd.array(
                [text in path.guessed for _, text, path, _ in rows], dtype="bool"
            ),
            "schema": column.table.schema,
            "table": column.table.name,
            "attribute": column.attribute,
            "codec": column.codec,
            "path": pd.array([text for _, text, *_ in rows], dtype=STR),
            "size_bytes": pd.array([p.size_bytes for *_, p, _ in rows], dtype="Int64"),
            "is_dir": pd.array([path.is_dir for *_, path, _ in rows], dtype="bool"),
            "row_key": pd.array([key for *_, key in rows], dtype=STR),
        }
    )
