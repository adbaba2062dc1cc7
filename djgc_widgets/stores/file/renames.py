"""Moves that never overwrite, also where the file system has no flag for that.

NFS and some FUSE file systems refuse the flag. There the kernel still promises that a
link or a new file never takes the name of another one, and that a folder only ever
replaces an empty folder. A server that repeats an answer may say of a change that it
failed although it happened, so after an error nothing is removed by its name alone.
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
_DID_NOT_HAPPEN = {
    *(errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EXDEV, errno.EBUSY),
    *(errno.ENOSPC, errno.EDQUOT),
}
"""Of a rename: any other error may come before it happens after all."""


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
    handle = os.open(target, flags, 0o600, dir_fd=new)
    try:
        reserve = os.fstat(handle)
    finally:
        os.close(handle)  # NFS renames what is replaced while it is open
    try:
        os.rename(source, target, src_dir_fd=old, dst_dir_fd=new)
    except OSError as error:
        if error.errno in _DID_NOT_HAPPEN:
            with suppress(OSError):  # the first error matters
                _remove_if_same(new, target, reserve)
        raise


def publish(old: int, source: str, new: int, target: str) -> None:
    """Move what is ours alone to a name that others may take meanwhile, or raise."""
    if _rename_with_flag(old, source, new, target):
        return
    if _is_folder(old, source):
        _rename_folder(old, source, new, target)
        return
    try:
        _link(old, source, new, target)
    except OSError:  # it may have happened: nobody else has a name for what is ours
        if not is_one_file(old, source, new, target):
            raise
    try:
        os.unlink(source, dir_fd=old)
    except OSError:
        if _exists(old, source):
            raise


def claim(old: int, source: str, new: int, target: str) -> None:
    """Move a file that other processes may move as well; only one of them succeeds.

    Whether it was ours or theirs cannot be told afterwards, so every error is one.
    """
    if _rename_with_flag(old, source, new, target):
        return
    _link(old, source, new, target)
    os.unlink(source, dir_fd=old)


def _link(old: int, source: str, new: int, target: str) -> None:
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
    before = os.stat(source, dir_fd=old, follow_symlinks=False)
    try:
        # the slash makes the kernel refuse a file that took the folder's name
        os.rename(f"{source}/", target, src_dir_fd=old, dst_dir_fd=new)
    except OSError as error:
        if not _exists(old, source) and _is_same(before, new, target):
            return  # it happened, whatever it answered
        if error.errno in _TAKEN and _exists(new, target):
            raise FileExistsError(
                errno.EEXIST, os.strerror(errno.EEXIST), target
            ) from error
        raise


def _remove_if_same(parent: int, name: str, file: os.stat_result) -> None:
    """Remove an empty file if it still has its name.

    To open it asks a server of the network what has the name by now.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    handle = os.open(name, flags, dir_fd=parent)
    try:
        now = os.fstat(handle)
    finally:
        os.close(handle)
    if os.path.samestat(now, file) and not now.st_size:
        os.unlink(name, dir_fd=parent)


def is_one_file(old: int, source: str, new: int, target: str) -> bool:
    """Return whether two names are of one file; not if one of them is of none."""
    try:
        file = os.stat(source, dir_fd=old, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return _is_same(file, new, target)


def _is_same(file: os.stat_result, parent: int, name: str) -> bool:
    try:
        now = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(now, file)


def _exists(parent: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
