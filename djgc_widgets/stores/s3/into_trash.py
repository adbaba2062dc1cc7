"""Objects of a bucket move to its trash by copies that the server makes.

S3 cannot rename. An object is copied into the trash on the condition that it still is
what was judged, the copy is checked, and only then is the original deleted, again on
that condition. An interruption leaves the original or both, never neither.
"""

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import NamedTuple

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
from djgc_widgets.stores.s3.api import ArchivedError, ChangedError, RefusedError
from djgc_widgets.stores.s3.batches import StoppedError, each_until
from djgc_widgets.stores.s3.kept import ARCHIVES, storage_options
from djgc_widgets.stores.s3.requests import Bucket, Stored
from djgc_widgets.stores.s3.returns import Returner, delete_pages


class _Check(NamedTuple):
    """MOVED if an object may be moved, and the storage class of each of its files."""

    result: Result
    classes: Mapping[str, str] = {}


class IntoTrash:
    """Moves batches of objects into the trash.

    `conditional` says whether the server honors conditions when it deletes.
    """

    def __init__(self, bucket: Bucket, *, conditional: bool) -> None:
        self._bucket, self._conditional = bucket, conditional
        self._back = Returner(bucket)

    def move(
        self, batch: list[PinnedObject], pool: Executor, stopped: Stopped
    ) -> Results:
        """Move objects that still are what was pinned; take back what stops halfway."""
        checks = dict(
            zip((p.path for p in batch), pool.map(self._check, batch), strict=True)
        )
        results = {path: check.result for path, check in checks.items()}
        movable = [p for p in batch if results[p.path] is MOVED]
        errors = self._copy_all(movable, checks, pool, stopped)
        results |= self._delete_originals(movable, errors, pool, stopped)
        undo = [p for p in movable if p.path in errors]
        for pinned, trouble in zip(undo, pool.map(self._back.undo, undo), strict=True):
            error = errors[pinned.path]
            if trouble is not None:
                results[pinned.path] = trouble
            elif isinstance(error, StoppedError):
                del results[pinned.path]
            else:
                results[pinned.path] = _result_of_stayed(pinned, error)
        return [(p, results[p.path]) for p in batch if p.path in results]

    def _check(self, pinned: PinnedObject) -> _Check:
        """Look whether an object may be moved: it still is what was pinned."""
        try:
            stored = self._stored(pinned)
            if not stored:
                return _Check(GONE)
            present = {path: each.identity for path, each in stored.items()}
            if differing := changed_files(pinned.files, present):
                return _Check(changed_result(differing))
            classes = {path: each.storage_class for path, each in stored.items()}
            if archives := ARCHIVES.intersection(classes.values()):
                return _Check(archived_result(min(archives)))
            locks = filter(None, map(self._bucket.lock_of, pinned.files))
            if lock := next(locks, ""):
                return _Check(locked_result(lock))
        except OSError as error:
            return _Check(failed_result(error))
        return _Check(MOVED, classes)

    def _copy_all(
        self,
        objects: list[PinnedObject],
        checks: Mapping[str, _Check],
        pool: Executor,
        stopped: Stopped,
    ) -> dict[str, OSError]:
        """Copy every file into the trash; return an error per object that has one."""
        copies = [
            (pinned, path, checks[pinned.path].classes[path])
            for pinned in objects
            for path in pinned.files
        ]
        copied = each_until(stopped, pool, self._copy, copies, StoppedError())
        errors: dict[str, OSError] = {}
        for (pinned, *_), error in zip(copies, copied, strict=True):
            if error is not None:
                errors[pinned.path] = error
        return errors

    def _copy(self, copy: tuple[PinnedObject, str, str]) -> OSError | None:
        pinned, path, storage_class = copy
        try:
            self._bucket.copy(
                path,
                pinned.trashed(path),
                pinned.files[path],
                IfNoneMatch="*",
                **storage_options(storage_class),
            )
        except OSError as error:
            return error
        return None

    def _delete_originals(
        self,
        objects: list[PinnedObject],
        errors: dict[str, OSError],
        pool: Executor,
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
        etags = {path: pinned.files[path].etag for path, pinned in owners.items()}
        stayed = delete_pages(
            self._bucket, etags, pool, stopped, conditional=self._conditional
        )
        unsure = {
            owners[path].path: failed_result(error).doubted()
            for path, error in stayed.items()
            if not isinstance(error, RefusedError | StoppedError)
        }
        for path, error in stayed.items():
            if owners[path].path not in unsure:
                errors[owners[path].path] = error
        return unsure

    def _stored(self, pinned: PinnedObject) -> dict[str, Stored]:
        stored: dict[str, Stored] = {}
        for part in pinned.parts:
            stored |= self._bucket.stored(part)
        return stored


def _result_of_stayed(pinned: PinnedObject, error: OSError) -> Result:
    if isinstance(error, ArchivedError):
        return archived_result("")
    if isinstance(error, ChangedError):
        return changed_result([pinned.path])
    return GONE if isinstance(error, FileNotFoundError) else failed_result(error)
