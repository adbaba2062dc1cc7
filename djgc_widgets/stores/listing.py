"""What a store holds, in columns: built page by page, by folders and by APIs alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from djgc_widgets.model import (
    FILES,
    FOLDERS,
    STR,
    Notice,
    NoticeCode,
    Progress,
    ProgressCallback,
    Step,
    StoreInfo,
    arrow_text,
    in_store,
)

_LAST_NS = 2**63 - 1


FileRow = tuple[str, int, int, int, int, int, str, str]
"""One file of a page: path, size, dates of its content and of itself (ns since 1970),
device, inode, etag and kind; `FILES` has the meaning of each."""

FolderRow = tuple[str, int, int]
"""One folder: path, and the times at which its entries, and itself, last changed."""

_N_COLUMNS = 8
_N_FOLDER_COLUMNS = 3


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


class LookUp(NamedTuple):
    """Which of some paths hold something by now; a sidecar alone does not count."""

    stored: set[str]
    problems: list[Notice]
    warnings: list[Notice]


class ListingBuilder:
    """Collects pages of files as columns, so that no Python object per file stays."""

    def __init__(self, info: StoreInfo, progress: ProgressCallback) -> None:
        self._store, self._progress = info.name, progress
        self._files = [FILES.empty()]
        self._folders = [FOLDERS.empty()]
        self._problems: list[Notice] = []
        self._warnings: list[Notice] = []
        self._n_files = self._size_bytes = 0

    def add_page(self, rows: Sequence[FileRow]) -> None:
        """Add a page of files, then report the progress."""
        columns = list(zip(*rows, strict=True)) or [()] * _N_COLUMNS
        paths, sizes, *dates, devices, inodes, etags, kinds = columns
        page = {
            "store": self._store,
            "path": pd.array(arrow_text(paths), dtype=STR),
            "size_bytes": np.array(sizes, dtype=np.int64),
            **_dates(*dates),
            "device": np.array(devices, dtype=np.uint64),
            "inode": np.array(inodes, dtype=np.uint64),
            "etag": pd.array(etags, dtype=STR),
            "kind": pd.array(kinds, dtype=STR),
        }
        self._files.append(FILES.conform(page))
        self._n_files += len(rows)
        self._size_bytes += sum(sizes)
        progress = Progress(Step.LISTING, self._n_files, size_bytes=self._size_bytes)
        self._progress(replace(progress, subject=self._store))

    def add_folders(self, rows: Sequence[FolderRow]) -> None:
        """Add folders."""
        columns = list(zip(*rows, strict=True)) or [()] * _N_FOLDER_COLUMNS
        paths, *dates = columns
        page = {
            "store": self._store,
            "path": pd.array(arrow_text(paths), dtype=STR),
            **_dates(*dates),
        }
        self._folders.append(FOLDERS.conform(page))

    def add_problem(self, code: NoticeCode, path: str = "", **values: object) -> None:
        """Add a notice that makes the scan incomplete."""
        self._problems.append(Notice(code, in_store(self._store, path), values))

    def add_warning(self, code: NoticeCode, path: str, **values: object) -> None:
        """Add a notice that does not make the scan incomplete."""
        self._warnings.append(Notice(code, in_store(self._store, path), values))

    def listing(self) -> Listing:
        """Return everything that was added."""
        return Listing(
            pd.concat(self._files, ignore_index=True),
            pd.concat(self._folders, ignore_index=True),
            tuple(self._problems),
            tuple(self._warnings),
        )


def bounded_ns(modified_ns: int) -> int:
    """Return a time in ns since 1970 that 64 bits hold: the years 1678 to 2262."""
    return min(max(modified_ns, -_LAST_NS), _LAST_NS)


def _dates(
    modified: Sequence[int], changed: Sequence[int]
) -> dict[str, npt.NDArray[np.int64]]:
    modified_ns = _times(modified)
    changed_ns = np.maximum(modified_ns, _times(changed))
    return {"modified_ns": modified_ns, "changed_ns": changed_ns}


def _times(times_ns: Sequence[int]) -> npt.NDArray[np.int64]:
    try:
        return np.array(times_ns, dtype=np.int64)
    except OverflowError:  # a date beyond what 64 bits hold
        return np.array([bounded_ns(each) for each in times_ns], dtype=np.int64)
