"""The values of one column -> rows of a frame, one per spelling of a recorded path."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import RECORDED, STR, TEXT, as_strings, stacked
from djgc_widgets.references.codecs import codec_reading
from djgc_widgets.references.known_paths import KnownPaths
from djgc_widgets.references.plain_values import PlainPaths, plain_shape, read_plain
from djgc_widgets.references.raw_text import (
    Page,
    Raw,
    key_text,
    text_array,
    value_text,
)
from djgc_widgets.references.recorded_paths import RecordedPath, recorded_paths
from djgc_widgets.references.store_column import StoreColumn

_Found = tuple[int, RecordedPath]
"""Position of a value in its page, and a path that it records."""


class ColumnReader:
    """Reads the values of one column page by page, and counts them.

    Plain values are read as columns; whatever else may be a path is looked for in the
    others one by one.
    """

    def __init__(self, server: int, column: StoreColumn, known: KnownPaths) -> None:
        self._server, self._column, self._known = server, column, known
        self._own = codec_reading(column.codec)
        general = self._own or column.is_of_framework
        self._shape = None if general else plain_shape(known)
        self._shared: dict[str, pa.Array] = {}
        self.n_read = 0
        """Values that arrived."""
        self.n_referring = 0
        """Values that record at least one path."""
        self.last_key = "none"
        """Key of the last row that arrived."""
        self.damaged: tuple[str, str] | None = None
        """Key of the first row that records no path although it must, and why."""

    def read(self, page: Page, number: int) -> pd.DataFrame:
        """Return a frame of the recorded schema; its first path has this number."""
        values, keys = page
        plain = read_plain(values, self._shape)
        slow = np.setdiff1d(np.arange(len(values)), plain.positions, assume_unique=True)
        found: list[_Found] = []
        for position in slow.tolist():
            paths = self._paths(value_text(values[position]), keys[position])
            found.extend((position, path) for path in paths)
        self.n_read += len(values)
        self.n_referring += len(plain.positions)
        self.last_key = key_text(keys[-1])

        rows = _plain_rows(plain)
        if found:
            both = [rows, _other_rows(found)]
            rows = stacked(both).sort_values(
                "position", kind="stable", ignore_index=True
            )
        row_keys = text_array(keys, key_text).take(pa.array(rows["position"]))
        return RECORDED.conform(
            {
                **rows,
                **self._of_column(len(rows)),
                "server": self._server,
                "reference": number - 1 + rows["begins"].cumsum(),
                "row_key": as_strings(row_keys),
            }
        )

    def _of_column(self, n_rows: int) -> dict[str, object]:
        """Return what is the same in every row; all pages share its memory."""
        table, column = self._column.table, self._column
        texts = {
            "schema": table.schema,
            "table": table.name,
            "attribute": column.attribute,
            "codec": column.codec,
            "column_store": column.store,
        }
        for name, text in texts.items():
            if name not in self._shared or len(self._shared[name]) < n_rows:
                self._shared[name] = pa.repeat(pa.scalar(text, TEXT), n_rows)
        return {n: as_strings(each[:n_rows]) for n, each in self._shared.items()}

    def _paths(self, value: str, key: Raw) -> list[RecordedPath]:
        """Return the paths of one value; note if it records none although it must."""
        must_refer, error = self._column.must_refer, ""
        try:
            paths = recorded_paths(value, self._known, self._own, json_only=must_refer)
        except ValueError as reason:
            paths, error = [], f", which is {reason}"
        if self._column.is_of_framework:
            paths = [path.as_note() for path in paths]
        sure = any(path.sure for path in paths)
        if error or (must_refer and not sure):
            self.damaged = self.damaged or (key_text(key), error)
        self.n_referring += sure
        return paths


def _plain_rows(plain: PlainPaths) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "position": plain.positions,
            "begins": True,
            "path": as_strings(plain.paths),
            "named_store": as_strings(plain.stores),
            "size_bytes": _integers(plain.sizes),
            "n_files": _integers(plain.n_files),
            "is_dir": np.asarray(plain.are_folders, dtype=bool),
            "declared": True,
            "guessed": False,
        }
    )


def _integers(values: pa.Array) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(
        np.array(pc.fill_null(values, 0)),  # Arrow's own is read-only
        np.array(pc.is_null(values), dtype=bool),
    )


def _other_rows(found: Sequence[_Found]) -> pd.DataFrame:
    """Return a row per spelling; the first of each path begins it."""
    rows = [
        (at, not number, path, text)
        for at, path in found
        for number, text in enumerate(path.spellings)
    ]
    paths = [path for *_, path, _ in rows]
    return pd.DataFrame(
        {
            "position": [at for at, *_ in rows],
            "begins": [begins for _, begins, *_ in rows],
            "path": pd.array([text for *_, text in rows], dtype=STR),
            "named_store": pd.array([path.store for path in paths], dtype=STR),
            "size_bytes": pd.array([path.size_bytes for path in paths], dtype="Int64"),
            "n_files": pd.array([path.n_files for path in paths], dtype="Int64"),
            "is_dir": [path.is_dir for path in paths],
            "declared": [path.declared for path in paths],
            "guessed": [text in path.guessed for *_, path, text in rows],
        }
    )
