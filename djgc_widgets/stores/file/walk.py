"""List everything below a folder: sizes and dates, without opening a file."""

import os
import stat
from collections.abc import Iterator, Mapping

from djgc_widgets.model import (
    FileKind,
    NoticeCode,
    ProgressCallback,
    StoreInfo,
    file_path,
    path_text,
)
from djgc_widgets.stores.listing import FileRow, FolderRow, Listing, ListingBuilder

_PAGE = 10_000
_KINDS = {
    stat.S_IFREG: FileKind.FILE.value,
    stat.S_IFLNK: FileKind.SYMLINK.value,
}
_SPECIAL = FileKind.SPECIAL.value


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
        self._files: list[FileRow] = []
        self._folders: list[FolderRow] = []

    def run(self, below: str) -> Listing:
        """List what is below a folder of the store, which may not exist."""
        waiting = [below]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(f"{self._root}/{file_path(folder)}") as entries:
                    self._add_all(entries, folder, waiting)
            except OSError as error:
                self._note_error(folder, error)
        self._end_page()
        return self._builder.listing()

    def _add_all(
        self, entries: Iterator[os.DirEntry[str]], folder: str, waiting: list[str]
    ) -> None:
        """Add what a folder has; the folders in it that are to be listed wait.

        What is done here is done for every file, so it calls little else.
        """
        above = f"{folder}/" if folder else ""
        for entry in entries:
            name = entry.name
            path = above + (name if name.isascii() else path_text(name))
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                self._note_error(path, error)
                continue
            if path in self._inside:
                self._note_inside(path)
                continue
            modified = status.st_mtime_ns
            changed = modified if self._made_up else status.st_ctime_ns
            place = status.st_dev, status.st_ino
            kind = stat.S_IFMT(status.st_mode)
            if kind == stat.S_IFDIR:
                waiting.append(path)
                self._folders.append((path, modified, changed))
                if place in self._others:
                    self._note_other(path, self._others[place])
            else:
                kind_name = _KINDS.get(kind, _SPECIAL)
                row = path, status.st_size, modified, changed, *place, "", kind_name
                self._files.append(row)
            if len(self._files) + len(self._folders) >= _PAGE:
                self._end_page()

    def _end_page(self) -> None:
        files, self._files = self._files, []
        folders, self._folders = self._folders, []
        self._builder.add_folders(folders)
        self._builder.add_page(files)

    def _note_inside(self, path: str) -> None:
        store = self._inside[path]
        self._builder.add_warning(NoticeCode.LISTED_ELSEWHERE, path, store=store)

    def _note_other(self, path: str, inner: str) -> None:
        self._builder.add_problem(NoticeCode.STORE_INSIDE, path, inner=inner)

    def _note_error(self, path: str, error: OSError) -> None:
        """Note what could not be read; an entry that a writer removed is a warning."""
        if isinstance(error, FileNotFoundError) and path:  # the root has to exist
            self._builder.add_warning(NoticeCode.ENTRY_VANISHED, path)
            return
        reason = error.strerror or type(error).__name__
        where = path or self._root
        self._builder.add_problem(NoticeCode.ENTRY_UNREADABLE, where, error=reason)
