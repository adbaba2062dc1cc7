"""What a store holds, in columns: built page by page, by folders and by APIs alike."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from djgc_widgets.model import (
    FILES,
    FOLDERS,
    FrameSchema,
    Notice,
    NoticeCode,
    Progress,
    ProgressCallback,
    Step,
    StoreInfo,
    as_strings,
    in_store,
)

_LAST_NS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Listing:
    """What a store holds, or as much as could be seen of it."""

    files: pd.DataFrame
    """A frame of the files schema."""
    folders: pd.DataFrame
    """A frame of the folders schema."""
    problems: tuple[Notice, ...]
    """Folders that could not be read, files whose size is unknown."""
    warnings: tuple[Notice, ...]
    """Entries that vanished while they were listed, folders listed elsewhere."""
    unread: frozenset[str] = frozenset()
    """Names of the stores of which any part may be left out."""


Take = Callable[[pd.DataFrame], None]
"""Takes a part of a listing: a frame of the files schema."""

PART = 100_000
"""How many files such a part has."""


class FolderSize(NamedTuple):
    """How much a folder holds, as its row records it."""

    n_files: int
    size_bytes: int


class LookUp(NamedTuple):
    """Which of some paths hold something by now; a sidecar alone does not count."""

    stored: set[str]
    unread: set[str]
    """Paths that could not be looked at."""
    problems: list[Notice]
    warnings: list[Notice]


class ListingBuilder:
    """Collects pages of files as columns, so that no Python object per file stays.

    If somebody is to `take` the files, they go in parts and do not stay either.
    """

    def __init__(
        self, info: StoreInfo, progress: ProgressCallback, take: Take | None = None
    ) -> None:
        self._store, self._progress, self._take = info.name, progress, take
        self._n_taken = 0
        self._files, self._folders = _Columns(FILES), _Columns(FOLDERS)
        self._problems: list[Notice] = []
        self._warnings: list[Notice] = []
        self._unread: frozenset[str] = frozenset()
        self._size_bytes = 0

    def add_files(self, **page: pa.Array | npt.NDArray[Any]) -> None:
        """Add a page of files, in columns of `FILES`; then report the progress."""
        page.setdefault("n_files", np.ones(len(page["path"]), dtype=np.int64))
        page["changed_ns"] = np.maximum(page["modified_ns"], page["changed_ns"])
        self._files.add(**page)
        self._size_bytes += int(page["size_bytes"].sum())
        if self._take and self._files.n_rows >= PART:
            self._hand_over(self._take)
        done = Progress(Step.LISTING, self.n_files, size_bytes=self._size_bytes)
        self._progress(replace(done, subject=self._store))

    def _hand_over(self, take: Take) -> None:
        self._n_taken += self._files.n_rows
        take(self._files.frame(self._store))
        self._files = _Columns(FILES)

    @property
    def n_files(self) -> int:
        """How many files were added."""
        return self._n_taken + self._files.n_rows

    def add_folders(self, **page: pa.Array | npt.NDArray[Any]) -> None:
        """Add folders, in columns of `FOLDERS`."""
        page["changed_ns"] = np.maximum(page["modified_ns"], page["changed_ns"])
        self._folders.add(**page)

    def mark_unread(self) -> None:
        """Say that any part of the store may be left out."""
        self._unread = frozenset({self._store})

    def add_problem(self, code: NoticeCode, path: str = "", **values: object) -> None:
        """Add a notice that makes the scan incomplete; without a path, of all of it."""
        if not path:
            self.mark_unread()
        self._problems.append(Notice(code, in_store(self._store, path), values))

    def add_warning(self, code: NoticeCode, path: str, **values: object) -> None:
        """Add a notice that does not make the scan incomplete."""
        self._warnings.append(Notice(code, in_store(self._store, path), values))

    def listing(self) -> Listing:
        """Return everything that was added and not taken."""
        if self._take and self._files.n_rows:
            self._hand_over(self._take)
        return Listing(
            self._files.frame(self._store),
            self._folders.frame(self._store),
            tuple(self._problems),
            tuple(self._warnings),
            self._unread,
        )


class _Columns:
    """Pages of a frame without its stores, which are the same in each row."""

    def __init__(self, schema: FrameSchema) -> None:
        self._schema = schema
        self._pages: dict[str, list[Any]] = {}
        self.n_rows = 0

    def add(self, **page: pa.Array | npt.NDArray[Any]) -> None:
        for name, values in page.items():
            self._pages.setdefault(name, []).append(values)
        self.n_rows += len(page["path"])

    def frame(self, store: str) -> pd.DataFrame:
        """Return a frame of all pages; they are gone afterwards."""
        if not self.n_rows:
            return self._schema.empty()
        columns: dict[str, object] = {
            "store": as_strings(pa.repeat(store, self.n_rows))
        }
        for name in list(self._pages):
            columns[name] = _joined(self._pages.pop(name))
        return self._schema.conform(columns)


def _joined(pages: list[Any]) -> object:
    if isinstance(pages[0], pa.Array):
        return as_strings(pa.concat_arrays(pages))
    return np.concatenate(pages)


def bounded_ns(modified_ns: int) -> int:
    """Return a time in ns since 1970 that 64 bits hold: the years 1678 to 2262."""
    return min(max(modified_ns, -_LAST_NS), _LAST_NS)
