"""Moves that never overwrite, also where the file system has no flag for that.

NFS and some FUSE file systems refuse the flag. There the kernel still promises that a
link or a new file never takes the name of another one, and that a folder only ever
replaces an empty folder.
"""

import ctypes
import errno
import os
import stat
from contextlib import suppress
from functools import cache
from typing import Any

_NO_REPLACE = 1
_NO_FLAG = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}
_NO_LINKS = {errno.ENOSYS, errno.EPERM, errno.ENOTSUP}
_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


def take(old: int, source: str, new: int, target: str) -> None:
    """Move what others may replace meanwhile into an open folder that is ours alone.

    Whatever has the name at that moment is moved, and nothing is overwritten.
    """
    if _rename_with_flag(old, source, new, target):
        return
    if _is_folder(old, source):
        _rename_folder(old, source, new, target)
        return
    # the name is reserved by an empty file, which is all that the rename replaces
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    os.close(os.open(target, flags, 0o600, dir_fd=new))
    try:
        os.rename(source, target, src_dir_fd=old, dst_dir_fd=new)
    except BaseException:
        with suppress(OSError):  # the first error matters
            os.unlink(target, dir_fd=new)
        raise


def publish(old: int, source: str, new: int, target: str) -> None:
    """Move what is ours alone to a name that others may take meanwhile, or raise."""
    if _rename_with_flag(old, source, new, target):
        return
    if _is_folder(old, source):
        _rename_folder(old, source, new, target)
        return
    try:
        os.link(source, target, src_dir_fd=old, dst_dir_fd=new, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        why = (
            f"{error.strerror}: this file system cannot rename without overwriting, "
            "and this account cannot make a hard link to the file"
        )
        raise OSError(error.errno, why, target) from error
    os.unlink(source, dir_fd=old)


@cache
def _renameat2() -> Any:  # noqa: ANN401 - a function of the C library, or None
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


def _rename_with_flag(old: int, source: str, new: int, target: str) -> bool:
    """Rename unless something is at the target; return whether that is offered."""
    rename = _renameat2()
    if rename is None:
        return False
    names = os.fsencode(source), os.fsencode(target)
    if rename(old, names[0], new, names[1], _NO_REPLACE) == 0:
        return True
    error = ctypes.get_errno()
    if error in _NO_FLAG:
        return False
    raise OSError(error, os.strerror(error), target)


def _is_folder(parent: int, name: str) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)


def _rename_folder(old: int, source: str, new: int, target: str) -> None:
    try:
        # the slash makes the kernel refuse a file that took the folder's name
        os.rename(f"{source}/", target, src_dir_fd=old, dst_dir_fd=new)
    except OSError as error:
        if error.errno in _TAKEN and _exists(new, target):
            raise FileExistsError(
                errno.EEXIST, os.strerror(errno.EEXIST), target
            ) from error
        raise


def _exists(parent: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
