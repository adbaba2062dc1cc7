"""List everything below a folder."""

import os
import stat
from collections.abc import Mapping

import numpy as np
import pandas as pd

from djgc_widgets.model import (
    FILES,
    FOLDERS,
    FileKind,
    Notice,
    Progress,
    ProgressCallback,
    StoreInfo,
    arrow_text,
)
from djgc_widgets.stores.listing import Listing, bounded_ns, other_way

_PAGE = 10_000


_NONE: tuple[tuple[int, ...], ...] = ((), (), ())


def list_folder(
    info: StoreInfo,
    others: Mapping[tuple[object, ...], str],
    inside: Mapping[str, str],
    progress: ProgressCallback,
    below: str = "",
) -> Listing:
    """List every file below a store's folder, without opening any.

    Parameters
    ----------
    info : StoreInfo
        Its address is the real path of the folder.
    others : mapping
        Names of the configured stores, by device and inode; one that is met on the way
        and not expected there is a problem.
    inside : mapping of str to str
        Folders that are listed another way, and the store that lists them.
    progress : callable
        Called once per 10,000 entries.
    below : str, optional
        A folder of the store to list alone; it may not exist.

    Returns
    -------
    Listing
        Symbolic links are listed, not followed.
    """
    return _Walk(info, others, inside, progress).run(below)


class _Walk:
    """One walk over a store: columns instead of objects, a page at a time."""

    def __init__(
        self,
        info: StoreInfo,
        others: Mapping[tuple[object, ...], str],
        inside: Mapping[str, str],
        progress: ProgressCallback,
    ) -> None:
        self._info = info
        self._others = others
        self._inside = inside
        self._progress = progress
        self._paths: list[str] = []
        self._facts: list[tuple[int, int, int]] = []  # size, modified, inode
        self._kinds: list[str] = []
        self._frames: list[pd.DataFrame] = []
        self._folders: list[tuple[str, int]] = []
        self._problems: list[Notice] = []
        self._warnings: list[Notice] = []
        self._seen = self._listed = self._bytes = 0

    def run(self, below: str) -> Listing:
        waiting = [below]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(f"{self._info.address}/{folder}") as entries:
                    for entry in entries:
                        path = f"{folder}/{entry.name}" if folder else entry.name
                        if self._add(entry, path):
                            waiting.append(path)
            except OSError as error:
                # a folder that a writer removed is gone with its files; not so the root
                gone = isinstance(error, FileNotFoundError) and folder
                place = self._warnings if gone else self._problems
                place.append(self._notice(folder, error))
        self._page()
        folders = {
            "store": self._info.name,
            "path": _texts([path for path, _ in self._folders])[0],
            "modified_ns": [modified for _, modified in self._folders],
        }
        return Listing(
            pd.concat(self._frames, ignore_index=True),
            FOLDERS.conform(folders),
            tuple(self._problems),
            tuple(self._warnings),
        )

    def _add(self, entry: os.DirEntry[str], path: str) -> bool:
        """Note one entry; tell whether it is a folder."""
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError as error:
            self._warnings.append(self._notice(path, error))
            return False
        except OSError as error:
            self._problems.append(self._notice(path, error))
            return False
        self._seen += 1
        if self._seen % _PAGE == 0:
            self._page()
        if path in self._inside:
            self._warnings.append(other_way(self._info.name, path, self._inside[path]))
            return False
        if stat.S_ISDIR(status.st_mode):
            self._folders.append((path, bounded_ns(status.st_mtime_ns)))
            inner = self._others.get((status.st_dev, status.st_ino))
            if inner is not None:
                self._problems.append(_unexpected(self._info.name, path, inner))
            return True
        kind = FileKind.FILE if stat.S_ISREG(status.st_mode) else FileKind.SPECIAL
        kind = FileKind.SYMLINK if stat.S_ISLNK(status.st_mode) else kind
        self._paths.append(path)
        modified = bounded_ns(status.st_mtime_ns)
        self._facts.append((status.st_size, modified, status.st_ino))
        self._bytes += status.st_size
        self._listed += 1
        self._kinds.append(kind.value)
        return False

    def _page(self) -> None:
        """Turn what was noted into columns, so that no object per file is kept."""
        paths, unreadable = _texts(self._paths)
        for index in unreadable:
            self._kinds[index] = FileKind.UNREADABLE_NAME.value
        sizes, modified, inodes = (
            zip(*self._facts, strict=True) if self._facts else _NONE
        )
        columns = {
            "store": self._info.name,
            "path": paths,
            "size_bytes": np.array(sizes, dtype=np.int64),
            "modified_ns": np.array(modified, dtype=np.int64),
            "inode": np.array(inodes, dtype=np.uint64),
            "etag": "",
            "kind": self._kinds,
        }
        self._frames.append(FILES.conform(columns))
        self._paths, self._facts, self._kinds = [], [], []
        step = f"listing store {self._info.name}"
        self._progress(Progress(step, self._listed, size_bytes=self._bytes))

    def _notice(self, path: str, error: OSError) -> Notice:
        place = f"store {self._info.name}: {path or self._info.address}"
        if isinstance(error, FileNotFoundError) and path:
            return Notice(
                place,
                "it vanished while the store was listed",
                "Nothing to do; writers rename files",
            )
        reason = error.strerror or type(error).__name__
        return Notice(
            place,
            f"it could not be read ({reason}), so what it holds is not known",
            "Give this account the right to read it, or mount it, then scan again",
        )


def _unexpected(store: str, path: str, inner: str) -> Notice:
    return Notice(
        f"store {store}: {path}",
        f"it is the root of store {inner}, which no mount explains, so objects of one "
        "would be taken for objects of the other",
        "Let only one path lead to the folder, then scan again",
    )


def _texts(paths: list[str]) -> tuple[pd.api.extensions.ExtensionArray, list[int]]:
    """Return paths as text, and the positions of those whose bytes are no UTF-8."""
    try:
        return pd.array(arrow_text(paths), dtype="str"), []
    except UnicodeEncodeError:
        shown = [
            os.fsencode(path).decode("utf-8", "backslashreplace") for path in paths
        ]
        unreadable = [index for index, path in enumerate(paths) if shown[index] != path]
        return pd.array(arrow_text(shown), dtype="str"), unreadable
