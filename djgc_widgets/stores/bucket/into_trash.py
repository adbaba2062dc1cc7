"""Objects of a bucket move to its trash by copies that the server makes.

A bucket cannot rename. An object is copied into the trash on the condition that it
still is what was judged, the copy is checked, and only then is the original deleted,
again on that condition. An interruption leaves the original or both, never neither. One
request is made for each file, the copy, and one more where no listing tells of locks;
what else is looked at is looked at in pages, where listings can begin in the middle.
"""

import errno
from collections.abc import Mapping
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from djgc_widgets.stores.bucket.batches import StoppedError, each_until
from djgc_widgets.stores.bucket.pending import announce, take_back
from djgc_widgets.stores.bucket.protocol import (
    ArchivedError,
    Bucket,
    ChangedError,
    RefusedError,
    Stored,
)
from djgc_widgets.stores.bucket.returns import (
    copy_once,
    delete_pages,
    undo,
)
from djgc_widgets.stores.bucket.windows import Seen, identities, look_at
from djgc_widgets.stores.pinned_objects import PinnedObject, changed_files
from djgc_widgets.stores.protocol import Results, Stopped
from djgc_widgets.stores.results import (
    GONE,
    MOVED,
    Result,
    archived_result,
    changed_result,
    failed_result,
    locked_result,
)

ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE", "Archive"})
"""Storage classes whose objects have to be brought back before they can be copied."""


class _Check(NamedTuple):
    """MOVED if an object may be moved, and how each of its files is stored."""

    result: Result
    files: Mapping[str, Stored] = {}


class IntoTrash:
    """Moves batches of objects into the trash.

    `conditional` says whether the server honors conditions when it deletes.
    """

    def __init__(self, bucket: Bucket, *, conditional: bool) -> None:
        self._bucket, self._conditional = bucket, conditional
        self._announced: set[str] = set()
        self._in_doubt, self._n_unanswered = False, bucket.n_unanswered
        # tried before anything is copied, and by one thread
        self._copies_once = bucket.conditions.copies_once
        self._heeded = conditional and bucket.conditions.sources

    def move(
        self, batch: list[PinnedObject], pool: Executor, stopped: Stopped
    ) -> Results:
        """Move objects that still are what was pinned; take back what stops halfway."""
        seen = look_at(self._bucket, batch, pool, in_trash=False)
        checked = pool.map(self._check, batch, seen)
        checks = dict(zip((p.path for p in batch), checked, strict=True))
        results = {path: check.result for path, check in checks.items()}
        movable = [p for p in batch if results[p.path] is MOVED]
        errors = self._copy_all(movable, checks, pool, stopped)
        errors |= self._look_again(movable, errors, pool)
        results |= self._delete_originals(movable, errors, stopped)
        failed = [p for p in movable if p.path in errors]
        take_back = partial(undo, self._bucket)
        for pinned, trouble in zip(failed, pool.map(take_back, failed), strict=True):
            error = errors[pinned.path]
            if trouble is not None:
                results[pinned.path] = trouble
            elif isinstance(error, StoppedError):
                del results[pinned.path]
            else:
                results[pinned.path] = _result_of_stayed(pinned, error)
        return [(p, results[p.path]) for p in batch if p.path in results]

    def finish(self) -> None:
        """Say that no deletion is pending any more, unless one is in doubt."""
        if self._in_doubt or self._bucket.n_unanswered > self._n_unanswered:
            return
        for sweep_id in self._announced:
            with suppress(OSError):  # then copies stay longer than they have to
                take_back(self._bucket, sweep_id)

    def _check(self, pinned: PinnedObject, seen: Seen) -> _Check:
        """Return whether an object may be moved: it still is what was pinned."""
        if isinstance(seen, OSError):
            return _Check(failed_result(seen))
        if not seen:
            return _Check(GONE)
        if differing := changed_files(pinned.files, identities(seen)):
            return _Check(changed_result(differing))
        return _Check(self._held(seen) or MOVED, seen)

    def _held(self, files: Mapping[str, Stored]) -> Result | None:
        """Return why an object may not be copied or deleted; None if it may."""
        classes = {each.storage_class for each in files.values()}
        if archives := ARCHIVES.intersection(classes):
            return archived_result(min(archives))
        try:
            locks = (self._bucket.lock_of(*file) for file in files.items())
            lock = next(filter(None, locks), "")
        except OSError as error:
            return failed_result(error)
        return locked_result(lock) if lock else None

    def _copy_all(
        self,
        objects: list[PinnedObject],
        checks: Mapping[str, _Check],
        pool: Executor,
        stopped: Stopped,
    ) -> dict[str, OSError]:
        """Copy every file into the trash; return an error per object that has one."""
        copies = [
            (pinned, path, checks[pinned.path].files[path])
            for pinned in objects
            for path in pinned.files
        ]
        copied = each_until(stopped, pool, self._copy, copies, StoppedError())
        errors: dict[str, OSError] = {}
        for (pinned, *_), error in zip(copies, copied, strict=True):
            if error is not None:
                errors[pinned.path] = error
        return errors

    def _copy(self, copy: tuple[PinnedObject, str, Stored]) -> OSError | None:
        pinned, path, found = copy
        # nothing is overwritten: the folder in the trash is that of this sweep alone
        try:
            trashed, new = pinned.trashed(path), self._copies_once
            copy_once(self._bucket, path, trashed, found, new=new)
        except OSError as error:
            return error
        return None

    def _look_again(
        self,
        objects: list[PinnedObject],
        errors: Mapping[str, OSError],
        pool: Executor,
    ) -> dict[str, OSError]:
        """Return an error for each object whose copies are not whole, or that changed.

        Whether it changed since is looked at where the server does not heed that.
        """
        copied = [pinned for pinned in objects if pinned.path not in errors]
        copies = look_at(self._bucket, copied, pool, in_trash=True)
        wrong = list(map(_copy_error, copied, copies))
        if not self._heeded:
            originals = look_at(self._bucket, copied, pool, in_trash=False)
            changes = map(_change, copied, originals)
            wrong = [
                change or error for error, change in zip(wrong, changes, strict=True)
            ]
        told = zip(copied, wrong, strict=True)
        return {pinned.path: error for pinned, error in told if error is not None}

    def _delete_originals(
        self,
        objects: list[PinnedObject],
        errors: dict[str, OSError],
        stopped: Stopped,
    ) -> dict[str, Result]:
        """Delete what was copied without an error; add clear refusals to the errors.

        Return the results of objects whose deletion failed without a clear refusal: it
        may still happen, so their copies have to stay.
        """
        owners = {
            path: pinned
            for pinned in objects
            if pinned.path not in errors
            for path in pinned.files
        }
        etags = {
            path: pinned.files[path].etag if self._conditional else ""
            for path, pinned in owners.items()
        }
        sweep_ids = {pinned.sweep_id for pinned in owners.values()}
        delete = partial(self._delete, sweep_ids)
        stayed = delete_pages(delete, etags, stopped)
        unsure = {
            owners[path].path: failed_result(error).doubted()
            for path, error in stayed.items()
            if not isinstance(error, RefusedError | StoppedError)
        }
        self._in_doubt |= bool(unsure)
        for path, error in stayed.items():
            if owners[path].path not in unsure:
                errors[owners[path].path] = error
        return unsure

    def _delete(
        self, sweep_ids: set[str], etags: Mapping[str, str]
    ) -> dict[str, OSError]:
        """Delete originals of sweeps, which say so before it is asked for."""
        try:
            for sweep_id in sweep_ids:
                announce(self._bucket, sweep_id)
        except OSError as error:
            refused = RefusedError(errno.EIO, error.strerror or str(error))
            return dict.fromkeys(etags, refused)
        self._announced |= sweep_ids
        return self._bucket.delete(etags)


def _copy_error(pinned: PinnedObject, seen: Seen) -> OSError | None:
    """Return why the copies in the trash are not all whole; None if they are."""
    if isinstance(seen, OSError):
        return seen
    for path, pin in pinned.files.items():
        copied = seen.get(path)
        if copied is None or copied.identity.size_bytes != pin.size_bytes:
            size = "nothing" if copied is None else f"{copied.identity.size_bytes:,}"
            return OSError(
                f"expected a copy of {pin.size_bytes:,} bytes at "
                f"{pinned.trashed(path)}; got {size}"
            )
    return None


def _change(pinned: PinnedObject, seen: Seen) -> OSError | None:
    """Return that an object is no longer what was pinned; None if it is."""
    if isinstance(seen, OSError):
        return seen
    if changed_files(pinned.files, identities(seen)):
        return ChangedError()
    return None


def _result_of_stayed(pinned: PinnedObject, error: OSError) -> Result:
    if isinstance(error, ArchivedError):
        return archived_result("")
    if isinstance(error, ChangedError):
        return changed_result([pinned.path])
    return GONE if isinstance(error, FileNotFoundError) else failed_result(error)
