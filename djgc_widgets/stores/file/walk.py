"""List everything below a folder: sizes and dates, without opening a file."""

import os
import stat
from collections.abc import Mapping

from djgc_widgets.model import (
    FileKind,
    NoticeCode,
    ProgressCallback,
    StoreInfo,
    file_path,
    path_text,
)
from djgc_widgets.stores.listing import FileRow, Listing, ListingBuilder

_PAGE = 10_000
_FOLDER = "folder"
_KINDS = {
    stat.S_IFDIR: _FOLDER,
    stat.S_IFREG: FileKind.FILE.value,
    stat.S_IFLNK: FileKind.SYMLINK.value,
}


class FolderWalk:
    """One walk below a store's folder, which lists links and does not follow them.

    `others` has the names of the configured stores, by device and inode: one that turns
    up where it is not expected is a problem. `inside` has the folders that are listed
    as part of another store, and its name. A file came here when its inode last
    changed, since copies keep old dates; that date cannot be set, so it says nothing if
    dates are `made_up`. A page has 10,000 entries.
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
        self._builder = ListingBuilder(info, progress)
        self._page: list[FileRow] = []
        self._n_seen = 0

    def run(self, below: str) -> Listing:
        """List what is below a folder of the store, which may not exist."""
        waiting = [below]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(f"{self._root}/{file_path(folder)}") as entries:
                    for entry in entries:
                        name = path_text(entry.name)
                        path = f"{folder}/{name}" if folder else name
                        if self._add(entry, path):
                            waiting.append(path)
            except OSError as error:
                self._note_error(folder, error)
        self._end_page()
        return self._builder.listing()

    def _add(self, entry: os.DirEntry[str], path: str) -> bool:
        """Add one entry; return whether it is a folder to walk into."""
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            self._note_error(path, error)
            return False
        self._n_seen += 1
        if self._n_seen % _PAGE == 0:
            self._end_page()
        if path in self._inside:
            store = self._inside[path]
            self._builder.add_warning(NoticeCode.LISTED_ELSEWHERE, path, store=store)
            return False
        modified = status.st_mtime_ns
        changed = modified if self._made_up else status.st_ctime_ns
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), FileKind.SPECIAL.value)
        if kind == _FOLDER:
            self._builder.add_folder(path, modified, changed)
            inner = self._others.get((status.st_dev, status.st_ino))
            if inner is not None:
                self._builder.add_problem(NoticeCode.STORE_INSIDE, path, inner=inner)
            return True
        place = status.st_dev, status.st_ino
        row = path, status.st_size, modified, changed, *place, "", kind
        self._page.append(row)
        return False

    def _end_page(self) -> None:
        page, self._page = self._page, []
        self._builder.add_page(page)

    def _note_error(self, path: str, error: OSError) -> None:
        """Note what could not be read; an entry that a writer removed is a warning."""
        if isinstance(error, FileNotFoundError) and path:  # the root has to exist
            self._builder.add_warning(NoticeCode.ENTRY_VANISHED, path)
            return
        reason = error.strerror or type(error).__name__
        where = path or self._root
        self._builder.add_problem(NoticeCode.ENTRY_UNREADABLE, where, error=reason)
