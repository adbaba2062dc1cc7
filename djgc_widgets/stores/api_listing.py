"""What an API tells of stored objects -> the columns of a listing."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from djgc_widgets.model import (
    FILES,
    FOLDERS,
    FileKind,
    Notice,
    StoreInfo,
    is_plain_path,
)
from djgc_widgets.stores.listing import Listing, bounded_ns

_UNKNOWN_TIME = 2**63 - 1  # unknown age = young


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored object, as an API tells of it."""

    path: str
    size: Any
    modified: Any
    etag: str


@dataclass(slots=True)
class Gathered:
    """What was listed so far, in columns."""

    info: StoreInfo
    seen: int = 0
    size_bytes: int = 0
    frames: list[pd.DataFrame] = field(default_factory=lambda: [FILES.empty()])
    problems: list[Notice] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)

    def add(self, page: list[Entry]) -> None:
        """Take over a page; an object without a size is a problem, never 0 bytes."""
        sized = [entry for entry in page if _is_size(entry.size)]
        self.problems.extend(
            _unsized(self.info, entry) for entry in page if not _is_size(entry.size)
        )
        self.seen += len(page)
        self.size_bytes += sum(entry.size for entry in sized)
        self.frames.append(
            FILES.conform(
                {
                    "store": self.info.name,
                    "path": pd.array([entry.path for entry in sized], dtype="str"),
                    "size_bytes": np.array([e.size for e in sized], dtype=np.int64),
                    "modified_ns": np.array(
                        [modified_ns(e.modified) for e in sized], dtype=np.int64
                    ),
                    "inode": np.zeros(len(sized), dtype=np.uint64),
                    "etag": pd.array([entry.etag for entry in sized], dtype="str"),
                    "kind": pd.array(
                        [_kind(entry.path) for entry in sized], dtype="str"
                    ),
                }
            )
        )

    def listing(self) -> Listing:
        """Return all of it."""
        return Listing(
            pd.concat(self.frames, ignore_index=True),
            FOLDERS.empty(),
            tuple(self.problems),
            tuple(self.warnings),
        )


def _is_size(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and size >= 0


def _kind(path: str) -> str:
    # a key may be spelt as no file can be, such as folder/ or a//b
    return (FileKind.FILE if is_plain_path(path) else FileKind.UNUSUAL_KEY).value


def modified_ns(modified: object) -> int:
    """Return a date in ns since 1970; the last one there is if it is not known."""
    if isinstance(modified, str):
        try:
            modified = datetime.fromisoformat(modified)
        except ValueError:
            return _UNKNOWN_TIME
    if isinstance(modified, datetime):
        modified = modified.timestamp()
    if isinstance(modified, int | float) and not isinstance(modified, bool):
        return bounded_ns(int(modified * 1_000) * 1_000_000)
    return _UNKNOWN_TIME


def _unsized(info: StoreInfo, entry: Entry) -> Notice:
    return Notice(
        f"store {info.name}: {entry.path}",
        f"expected a size in bytes, got {entry.size!r}",
        "Look at the object with the store's own tools, then scan again",
    )
