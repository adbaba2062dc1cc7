"""Who may enter and change a new folder or record: as recorded, or as the one above."""

import errno
import os
import stat
from collections.abc import Callable

from djgc_widgets.stores.pinned_objects import FolderRights

_READ_WRITE = 0o666
_DENIED = {errno.EPERM, errno.EACCES, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}


def rights_of(handle: int) -> FolderRights:
    """Return mode, owner and group of what is open."""
    status = os.fstat(handle)
    return FolderRights(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)


def give_rights(handle: int, rights: FolderRights) -> bool:
    """Give an open folder its rights as far as this account can; return whether all."""
    now = rights_of(handle)
    if now == rights:
        return True
    if now[1:] != rights[1:] and not _allowed(os.fchown, handle, *rights[1:]):
        _allowed(os.fchown, handle, -1, rights.gid)  # accounts but root: the group
    if rights_of(handle).mode != rights.mode:
        _allowed(os.fchmod, handle, rights.mode)
    return rights_of(handle) == rights


def give_rights_of_folder(handle: int, folder: int) -> None:
    """Make an open record as accessible as the folder that it is in."""
    rights = rights_of(folder)
    give_rights(handle, rights._replace(mode=rights.mode & _READ_WRITE))


def _allowed(change: Callable[..., None], *arguments: int) -> bool:
    try:
        change(*arguments)
    except OSError as error:
        if error.errno not in _DENIED:
            raise
        return False
    return True
