"""A folder of Parquet files, local or behind a URL."""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import fsspec
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from djgc_widgets.model import STR, TEXT, InputError

_ROW_GROUP = 2_000
"""Rows of a part that are in memory while all parts are read at the same time."""
_PART = 250_000
_BATCH = 50_000
_BLOCK = 2**20
"""Bytes that are read ahead of a file on a server: all parts are open at a time."""
LISTED, RECORDED = "listed", "recorded"
"""Datasets of what is judged, in the order in which it came."""
_STRINGS = {pa.string(): STR, TEXT: STR}


@dataclass(frozen=True)
class Dataset:
    """A folder of Parquet files; only its address goes to a worker."""

    url: str

    def open(self) -> None:
        """Find the file system; raise an error if there is none for the URL."""
        _ = self._opened

    def write(self, name: str, frame: pd.DataFrame) -> None:
        """Write a file of a dataset, such as ``objects/00001``."""
        self._write(name, pa.Table.from_pandas(frame, preserve_index=False))

    def _write(self, name: str, table: pa.Table) -> None:
        path = self._path(f"{name}.parquet")
        self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        with self._fs.open(path, "wb") as file:
            pq.write_table(table, file, row_group_size=_ROW_GROUP, compression="zstd")

    def read(self, name: str, where: ds.Expression | None = None) -> pd.DataFrame:
        """Return the rows of a file, or those for which an expression holds."""
        path = self._path(f"{name}.parquet")
        self._fs.invalidate_cache()
        if not self._fs.exists(path):
            raise InputError(
                f"Expected the results of a scan in {self.url}; got no {name}. The "
                "folder was moved or removed: scan again."
            )
        found = ds.dataset(path, format="parquet", filesystem=self._fs)
        # workers share the machine
        return frame_of(found.to_table(filter=where, use_threads=False))

    def count_rows(self, name: str) -> int:
        """Return how many rows a file has."""
        with self._open(self._path(f"{name}.parquet")) as file:
            n_rows: int = pq.read_metadata(file).num_rows
        return n_rows

    def names(self, kind: str) -> list[str]:
        """Return the names of the files of a dataset, in order."""
        found = (path.rpartition("/")[2] for path in self._files(kind))
        return [f"{kind}/{each.partition('.')[0]}" for each in sorted(found)]

    def _files(self, kind: str) -> list[str]:
        folder = self._path(kind)
        self._fs.invalidate_cache()  # workers write as well
        if not self._fs.exists(folder):
            return []
        return [str(path) for path in self._fs.ls(folder, detail=False)]

    def read_table(self, name: str, n_rows: int) -> pa.Table:
        """Return a file as a table; there is none if it has no rows."""
        if not n_rows:
            return pa.table({})
        with self._fs.open(self._path(f"{name}.parquet"), "rb") as file:
            table = pq.read_table(file, use_threads=False)
        if len(table) != n_rows:
            raise OSError(
                f"expected {n_rows} rows in {name} of {self.url}, got {len(table)}: "
                "another scan seems to write into it"
            )
        return table

    def split(self, kind: str, bounds: Sequence[str]) -> Iterator[int]:
        """Write the rows of a dataset by ranges of their ``key``, into another one.

        That is called ``{kind}-in-ranges``. Each part is read once, all of them at the
        same time. Yields how many rows each range has when it is written.
        """
        to = f"{kind}-in-ranges"
        self.remove(to)
        with ExitStack() as opened:
            parts = [
                _SortedPart(opened.enter_context(self._open(path)))
                for path in (self._path(f"{name}.parquet") for name in self.names(kind))
            ]
            for number, upper in enumerate([*bounds, None]):
                rows = [table for part in parts for table in part.below(upper)]
                if rows:
                    table = pa.concat_tables(rows).sort_by("key")
                    self._write(f"{to}/{number:05d}", table)
                yield sum(map(len, rows))

    def columns(self, kind: str, *names: str) -> Iterator[pd.DataFrame]:
        """Yield columns of a dataset, some rows of one file at a time."""
        for name in self.names(kind):
            with self._open(self._path(f"{name}.parquet")) as file:
                read = pq.ParquetFile(file).iter_batches(_BATCH, columns=list(names))
                for batch in read:
                    yield frame_of(pa.Table.from_batches([batch]))

    def read_note(self, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return the content of a JSON file; None if there is none, or half of one."""
        try:
            with self._fs.open(self._path(f"{name}.json"), "rb") as file:
                return json.load(file)
        except (FileNotFoundError, ValueError):
            return None

    def write_note(self, name: str, content: object) -> None:
        """Write a JSON file."""
        path = self._path(f"{name}.json")
        self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        with self._fs.open(path, "wb") as file:
            file.write(json.dumps(content, indent=1).encode())

    def remove(self, kind: str) -> None:
        """Remove a dataset."""
        folder = self._path(kind)
        if self._fs.exists(folder):
            self._fs.rm(folder, recursive=True)

    def remove_note(self, name: str) -> None:
        """Remove a JSON file, if there is one."""
        with suppress(FileNotFoundError):
            self._fs.rm(self._path(f"{name}.json"))

    def keep_only(self, kind: str, names: Collection[str]) -> None:
        """Remove the files of a dataset that have another name."""
        for path in self._files(kind):
            if path.rpartition("/")[2].partition(".")[0] not in names:
                self._fs.rm(path)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there."""
        return not self._fs.exists(self._root) or not self._fs.ls(self._root)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _open(self, path: str) -> Any:  # noqa: ANN401 - fsspec has no types
        return self._fs.open(path, "rb", block_size=_BLOCK)

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        fs, root = fsspec.core.url_to_fs(self.url)
        return fs, str(root).rstrip("/")

    @property
    def _fs(self) -> Any:  # noqa: ANN401 - fsspec has no types
        return self._opened[0]

    @property
    def _root(self) -> str:
        return self._opened[1]


class _SortedPart:
    """A file whose rows are in the order of their ``key``, read on and on."""

    def __init__(self, file: object) -> None:
        read = pq.ParquetFile(file).iter_batches(_ROW_GROUP, use_threads=False)
        self._batches = map(pa.Table.from_batches, ([batch] for batch in read))
        self._left = next(self._batches, None)

    def below(self, upper: str | None) -> Iterator[pa.Table]:
        """Yield the rows that are left below a key."""
        while self._left is not None:
            keys, n_rows = self._left["key"], len(self._left)
            inside = n_rows if upper is None else _count_below(keys, upper)
            if inside:
                yield self._left.slice(0, inside)
            if inside < n_rows:
                self._left = self._left.slice(inside)
                return
            self._left = next(self._batches, None)


def _count_below(keys: pa.ChunkedArray, upper: str) -> int:
    count: int = pc.sum(pc.less(keys, pa.scalar(upper, keys.type))).as_py()
    return count


class Parts:
    """Takes frames, and writes them in parts that are sorted by ``key``."""

    def __init__(self, dataset: Dataset, kind: str) -> None:
        self._dataset, self._kind = dataset, kind
        self._waiting: list[pd.DataFrame] = []
        self._n_waiting = self._n_parts = 0
        self.n_rows = 0
        """How many rows were written, or wait."""

    def add(self, frame: pd.DataFrame) -> None:
        """Take a frame with a ``key``."""
        self._waiting.append(frame)
        self._n_waiting += len(frame)
        self.n_rows += len(frame)
        if self._n_waiting >= _PART:
            self.close()

    def close(self) -> None:
        """Write what waits."""
        if self._n_waiting:
            rows = pd.concat(self._waiting, ignore_index=True)
            self._n_parts += 1
            name = f"{self._kind}/{self._n_parts:05d}"
            self._dataset.write(name, rows.sort_values("key", kind="stable"))
            self._waiting, self._n_waiting = [], 0


def frame_of(table: pa.Table) -> pd.DataFrame:
    """Return a table as a frame, text as frames have it."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=_STRINGS.get, use_threads=False)
    return frame
