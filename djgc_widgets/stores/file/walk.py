"""List everything below a folder: sizes and dates, without opening a file."""

import os
import stat
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from djgc_widgets.model import (
    FileKind,
    NoticeCode,
    ProgressCallback,
    StoreInfo,
    arrow_text,
    file_path,
    path_text,
)
from djgc_widgets.stores.file.folder_pages import COLUMNS, Page, folder_pages
from djgc_widgets.stores.file.helpers import Helpers, n_helpers
from djgc_widgets.stores.listing import Listing, ListingBuilder

_FEW = 20_000
"""So many entries are listed without the help of other processes."""
_FOLDERS_AT_ONCE = 1_000
_KINDS = arrow_text([FileKind.FILE, FileKind.SYMLINK, FileKind.SPECIAL])

_Columns = Mapping[str, npt.NDArray[Any]]


class FolderWalk:
    """One walk below a store's folder, which lists links and does not follow them.

    `others` has the names of the configured stores, by device and inode: one that turns
    up where it is not expected is a problem. `inside` has the folders that are listed
    as part of another store, and its name. A file came here when its inode last
    changed, since copies keep old dates; that date cannot be set, so it says nothing if
    dates are `made_up`.
    """

    def __init__(
        self,
        info: StoreInfo,
        others: Mapping[tuple[object, ...], str],
        inside: Mapping[str, str],
        progress: ProgressCallback,
        *,
        made_up: bool = False,
    ) -> None:
        self._made_up = made_up
        self._root, self._others, self._inside = info.address, others, inside
        self._bytes = os.fsencode(self._root)  # text depends on settings of a process
        inodes = [each[-1] for each in others if isinstance(each[-1], int)]
        self._inodes = np.array(inodes, dtype=np.uint64)
        self._builder = ListingBuilder(info, progress)
        self._waiting: list[bytes] = []
        self._n_entries = 0

    def run(self, below: str) -> Listing:
        """List what is below a folder of the store, which may not exist."""
        self._waiting.append(os.fsencode(file_path(below)))
        count = n_helpers()
        while self._waiting and not (count and self._n_entries >= _FEW):
            self._list_some()
        if self._waiting:
            try:
                with Helpers(self._bytes, count) as helpers:
                    self._add_all(helpers.pages(self._waiting))
            except ChildProcessError as error:
                self._note_error(self._root, error)
        while self._waiting:  # no process is left, or none could be started
            self._list_some()
        return self._builder.listing()

    def _list_some(self) -> None:
        folders = self._waiting[-_FOLDERS_AT_ONCE:]
        del self._waiting[-_FOLDERS_AT_ONCE:]
        self._add_all(folder_pages(self._bytes, folders))

    def _add_all(self, pages: Iterable[Page]) -> None:
        for paths, columns, inner, errors in pages:
            for path, error in errors:
                self._note_error(_text(path), error)
            self._n_entries += len(paths) + len(inner)
            if self._inside:
                self._waiting.extend(p for p in inner if self._is_own(_text(p)))
            else:
                self._waiting.extend(inner)
            named = dict(zip(COLUMNS, map(np.asarray, columns), strict=True))
            self._add(paths, named)

    def _add(self, paths: list[bytes], columns: _Columns) -> None:
        """Add a page of files, and of folders that are listed themselves."""
        texts = [*map(_text, paths)]
        path = arrow_text(texts)
        kind = stat.S_IFMT(0o177777) & columns["mode"]
        is_folder = kind == stat.S_IFDIR
        folders, is_file = np.flatnonzero(is_folder), ~is_folder
        if self._inside:
            is_file &= np.array([self._is_own(text) for text in texts], dtype=bool)
        files = np.flatnonzero(is_file)
        for at in folders[np.isin(columns["inode"][folders], self._inodes)]:
            identity = int(columns["device"][at]), int(columns["inode"][at])
            if identity in self._others:
                self._note_other(texts[at], self._others[identity])
        self._builder.add_folders(
            path=path.take(pa.array(folders)), **self._dates(columns, folders)
        )
        kinds = np.full(len(files), 2)
        kinds[kind[files] == stat.S_IFREG] = 0
        kinds[kind[files] == stat.S_IFLNK] = 1
        self._builder.add_files(
            path=path.take(pa.array(files)),
            size_bytes=columns["size_bytes"][files],
            **self._dates(columns, files),
            device=columns["device"][files],
            inode=columns["inode"][files],
            etag=pa.repeat(arrow_text([""])[0], len(files)),
            kind=_KINDS.take(pa.array(kinds)),
        )

    def _dates(
        self, columns: _Columns, rows: npt.NDArray[np.int64]
    ) -> dict[str, npt.NDArray[Any]]:
        changed = "modified_ns" if self._made_up else "changed_ns"
        modified = columns["modified_ns"][rows]
        return {"modified_ns": modified, "changed_ns": columns[changed][rows]}

    def _is_own(self, path: str) -> bool:
        """Return whether a path is not listed as part of another store."""
        store = self._inside.get(path)
        if store is not None:
            self._builder.add_warning(NoticeCode.LISTED_ELSEWHERE, path, store=store)
        return store is None

    def _note_other(self, path: str, inner: str) -> None:
        self._builder.add_problem(NoticeCode.STORE_INSIDE, path, inner=inner)

    def _note_error(self, path: str, error: OSError) -> None:
        """Note what could not be read; an entry that a writer removed is a warning."""
        if isinstance(error, FileNotFoundError) and path:  # the root has to exist
            self._builder.add_warning(NoticeCode.ENTRY_VANISHED, path)
            return
        reason = error.strerror or str(error) or type(error).__name__
        where = path or self._root
        self._builder.add_problem(NoticeCode.ENTRY_UNREADABLE, where, error=reason)
        if not path:
            self._builder.mark_unread()


def _text(path: bytes) -> str:
    return path.decode() if path.isascii() else path_text(os.fsdecode(path))
