"""List everything below a folder: sizes and dates, without opening a file."""

import os
import stat
from collections.abc import Mapping, Sequence
from itertools import islice

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
_KIND_OF_MODE = stat.S_IFMT(0o177777)
_SPECIAL = FileKind.SPECIAL.value


class FolderWalk:
    """One walk below a store's folder, which lists links and does not follow them.

    `others` has the names of the configured stores, by device and inode: one that turns
    up where it is not expected is a problem. `inside` has the folders that are listed
    as part of another store, and its name. A file came here when its inode last
    changed, since copies keep old dates; that date cannot be set, so it says nothing if
    dates are `made_up`. A page has 10,000 entries, or up to twice as many.
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
                here = folder if folder.isascii() else file_path(folder)
                with os.scandir(f"{self._root}/{here}") as entries:
                    while some := list(islice(entries, _PAGE)):
                        self._add_all(some, folder, waiting)
            except OSError as error:
                self._note_error(folder, error)
        self._end_page()
        return self._builder.listing()

    def _add_all(
        self, entries: Sequence[os.DirEntry[str]], folder: str, waiting: list[str]
    ) -> None:
        """Add what a folder has; the folders in it that are to be listed wait.

        What is done here is done for every file, so it calls little else.
        """
        above = f"{folder}/" if folder else ""
        made_up, inside = self._made_up, self._inside
        for entry in entries:
            name = entry.name
            path = above + (name if name.isascii() else path_text(name))
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                self._note_error(path, error)
                continue
            if inside and path in inside:
                self._note_inside(path)
                continue
            device, inode = status.st_dev, status.st_ino
            modified = status.st_mtime_ns
            changed = modified if made_up else status.st_ctime_ns
            kind = status.st_mode & _KIND_OF_MODE
            if kind == stat.S_IFDIR:
                waiting.append(path)
                self._folders.append((path, modified, changed))
                if (device, inode) in self._others:
                    self._note_other(path, self._others[device, inode])
            else:
                named = _KINDS.get(kind, _SPECIAL)
                row = path, status.st_size, modified, changed, device, inode, "", named
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
