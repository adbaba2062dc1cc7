"""Room that is kept in the trash, so that a full store can still be freed.

A sweep frees no bytes and a purge has to write its journal first: both need a little
room just when there is none.
"""

import errno
import os
import secrets
from collections.abc import Callable
from typing import TypeVar

from djgc_widgets.model import TRASH_FOLDER, parent_of
from djgc_widgets.stores.file.folder import StoreFolder
from djgc_widgets.stores.file.rights import give_rights_of_folder

RESERVE_PATH = f"{TRASH_FOLDER}/reserve"

_NAME = RESERVE_PATH.rpartition("/")[2]
_SIZE_BYTES = 2**18
_STEP = _SIZE_BYTES // 8
_FULL = {errno.ENOSPC, errno.EDQUOT}

Answer = TypeVar("Answer")


class Reserve:
    """The file that keeps room in the trash of a store's folder."""

    def __init__(self, folder: StoreFolder) -> None:
        self._folder = folder
        self._shrunk = False

    def use(self, change: Callable[[], Answer]) -> Answer:
        """Make a change; while the store is full, free some of the room and repeat."""
        while True:
            try:
                return change()
            except OSError as error:
                if error.errno not in _FULL or not self._shrink():
                    raise

    def fill(self, *, new: bool) -> None:
        """Keep as much room as there is, up to the size of the reserve.

        If it may not be `new`, only what was kept before is kept again.
        """
        if not new and not self._shrunk:
            return
        with self._folder.open() as start:
            start.make_folder(parent_of(RESERVE_PATH))
            folder = start.folder(parent_of(RESERVE_PATH))
            flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW
            handle = os.open(_NAME, flags, 0o600, dir_fd=folder)
            try:
                give_rights_of_folder(handle, folder)
                size_bytes = os.fstat(handle).st_size
                while size_bytes < _SIZE_BYTES:
                    # random, since compression would keep no room for zeros
                    piece = secrets.token_bytes(_SIZE_BYTES - size_bytes)
                    size_bytes += os.pwrite(handle, piece, size_bytes)
                os.fsync(handle)
            except OSError as error:
                if error.errno not in _FULL:
                    raise
            finally:
                os.close(handle)

    def _shrink(self) -> bool:
        """Free some of the room; return whether there was any."""
        try:
            with self._folder.open() as start:
                folder = start.folder(parent_of(RESERVE_PATH))
                handle = os.open(_NAME, os.O_WRONLY | os.O_NOFOLLOW, dir_fd=folder)
        except FileNotFoundError:
            return False
        try:
            size_bytes = os.fstat(handle).st_size
            os.ftruncate(handle, max(size_bytes - _STEP, 0))
            self._shrunk = True
        finally:
            os.close(handle)
        return size_bytes > 0
