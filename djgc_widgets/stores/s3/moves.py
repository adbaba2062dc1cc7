"""Objects of a bucket move by copies that the server makes.

S3 cannot rename. An object is copied into the trash on the condition that it still is
what was judged, the copy is checked, and only then is the original deleted, again on
that condition. An interruption leaves the original or both, never neither.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor

from djgc_widgets.stores.pinned_objects import (
    FileIdentity,
    PathOf,
    PinnedObject,
    changed_files,
    same_path,
)
from djgc_widgets.stores.protocol import Located, Results, Whereabouts
from djgc_widgets.stores.results import (
    GONE,
    MOVED,
    NOT_IN_TRASH,
    PATH_TAKEN,
    PURGED,
    RESTORED,
    Result,
    changed_result,
    failed_result,
    kept_in_trash_result,
    torn_result,
)
from djgc_widgets.stores.s3.requests import Bucket, ChangedError

_BATCH_FILES = 1_000
_WORKERS = 16


class Mover:
    """Moves objects within a bucket; its verbs are those of `SweepableStore`.

    `conditional` says whether the server honors conditions when it deletes.
    """

    def __init__(self, bucket: Bucket, *, conditional: bool) -> None:
        self._bucket, self._conditional = bucket, conditional

    def to_trash(self, objects: Iterable[PinnedObject]) -> Iterator[Results]:
        """Move objects to the trash if they still are what was pinned."""
        for batch, pool in _batches(objects):
            yield self._batch_to_trash(batch, pool)

    def from_trash(self, objects: Iterable[PinnedObject]) -> Iterator[Results]:
        """Move objects back from the trash; never overwrites."""
        for batch, pool in _batches(objects):
            yield list(zip(batch, pool.map(self._from_trash, batch), strict=True))

    def purge(self, objects: Iterable[PinnedObject]) -> Iterator[Results]:
        """Delete pinned files from the trash for good."""
        for batch, pool in _batches(objects):
            yield list(self._purge_batch(batch, pool))

    def whereabouts(self, objects: Iterable[PinnedObject]) -> Located:
        """Look for the files of objects in the store and in the trash."""
        for batch, pool in _batches(objects):
            yield from zip(batch, pool.map(self._whereabouts, batch), strict=True)

    def delete(
        self, etags: Mapping[str, str], pool: Executor | None = None
    ) -> dict[str, OSError]:
        """Delete what still has these etags; return why the rest stayed."""
        return self._bucket.delete(etags, conditional=self._conditional, pool=pool)

    def _batch_to_trash(self, batch: list[PinnedObject], pool: Executor) -> Results:
        checks = pool.map(self._check, batch)
        results = {p.path: r for p, r in zip(batch, checks, strict=True)}
        movable = [p for p in batch if results[p.path] is MOVED]
        errors = self._copy_all(movable, pool)
        results |= self._delete_originals(movable, errors, pool)
        undo = [p for p in movable if p.path in errors]
        for pinned, trouble in zip(undo, pool.map(self._undo, undo), strict=True):
            results[pinned.path] = trouble or _result_of_stayed(
                pinned, errors[pinned.path]
            )
        return [(pinned, results[pinned.path]) for pinned in batch]

    def _check(self, pinned: PinnedObject) -> Result:
        """Return MOVED if the object may be moved: it still is what was pinned."""
        try:
            present = self._present(pinned, same_path)
        except OSError as error:
            return failed_result(error)
        if not present:
            return GONE
        differing = changed_files(pinned.files, present)
        return changed_result(differing) if differing else MOVED

    def _copy_all(
        self, objects: list[PinnedObject], pool: Executor
    ) -> dict[str, OSError]:
        """Copy every file into the trash; return an error per object that has one."""
        copies = [(pinned, path) for pinned in objects for path in pinned.files]
        copied = pool.map(self._copy, copies)
        return {p.path: e for (p, _), e in zip(copies, copied, strict=True) if e}

    def _copy(self, copy: tuple[PinnedObject, str]) -> OSError | None:
        pinned, path = copy
        try:
            self._bucket.copy(path, pinned.trashed(path), pinned.files[path])
        except OSError as error:
            return error
        return None

    def _delete_originals(
        self, objects: list[PinnedObject], errors: dict[str, OSError], pool: Executor
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
        stayed = self.delete(etags, pool)
        unsure = {
            owners[path].path: failed_result(error).doubted()
            for path, error in stayed.items()
            if not isinstance(error, ChangedError)
        }
        for path, error in stayed.items():
            if owners[path].path not in unsure:
                errors[owners[path].path] = error
        return unsure

    def _undo(self, pinned: PinnedObject) -> Result | None:
        """Undo what was done of a move; return a result only if that fails."""
        try:
            for path in pinned.files:
                self._return(pinned, path, drop_copy=True)
        except OSError as error:
            return failed_result(error).doubted()
        return None

    def _from_trash(self, pinned: PinnedObject) -> Result:
        try:
            stored = self._present(pinned, same_path)
            copies = self._present(pinned, pinned.trashed)
            pins = pinned.files
            trashed = {path: copy for path, copy in copies.items() if path in pins}
            if not trashed:
                return NOT_IN_TRASH
            if not all(
                path in pins
                and _same_content(now, pins[path], trashed.get(path, pins[path]))
                for path, now in stored.items()
            ):
                return PATH_TAKEN
            known = stored.keys() | trashed.keys()
            if len(known) < len(pins):
                return torn_result(len(known), len(pins))
            for path in pinned.files:
                self._return(pinned, path, drop_copy=False)
        except ChangedError:
            return PATH_TAKEN
        except OSError as error:
            return kept_in_trash_result(error)
        return RESTORED

    def _return(self, pinned: PinnedObject, path: str, *, drop_copy: bool) -> None:
        """Bring one file back, unless it is there; then delete its copy in the trash.

        With `drop_copy` even if something else is at its path: the move is undone
        because somebody overwrote the file.
        """
        copy = self._bucket.head(pinned.trashed(path))
        if copy is None:
            return
        stored = self._bucket.head(path)
        if stored is None:
            self._bucket.copy(pinned.trashed(path), path, copy, IfNoneMatch="*")
        elif not drop_copy and not _same_content(stored, pinned.files[path], copy):
            raise ChangedError
        for error in self.delete({pinned.trashed(path): copy.etag}).values():
            raise error

    def _purge_batch(
        self, batch: list[PinnedObject], pool: Executor
    ) -> Iterator[tuple[PinnedObject, Result]]:
        checks = list(pool.map(self._check_trash, batch))
        etags = {path: etag for _, own in checks for path, etag in own.items()}
        stayed = self.delete(etags, pool)
        for pinned, (result, _) in zip(batch, checks, strict=True):
            why = [stayed[t] for t in map(pinned.trashed, pinned.files) if t in stayed]
            yield pinned, failed_result(why[0]) if why else result

    def _whereabouts(self, pinned: PinnedObject) -> Whereabouts:
        stored = self._present(pinned, same_path)
        ours = {path: pin for path, pin in stored.items() if path in pinned.files}
        return Whereabouts(ours, self._present(pinned, pinned.trashed))

    def _check_trash(self, pinned: PinnedObject) -> tuple[Result, dict[str, str]]:
        """Return PURGED and what to delete if the trash holds what was moved there."""
        try:
            files = self._present(pinned, pinned.trashed)
        except OSError as error:
            return failed_result(error), {}
        if not files:
            return NOT_IN_TRASH, {}
        sizes = {path: pin.size_bytes for path, pin in pinned.files.items()}
        other = sorted(p for p, now in files.items() if sizes.get(p) != now.size_bytes)
        if other:
            return changed_result(other), {}
        return PURGED, {pinned.trashed(path): now.etag for path, now in files.items()}

    def _present(
        self, pinned: PinnedObject, path_of: PathOf
    ) -> dict[str, FileIdentity]:
        """Return the files of an object as they are now, by path in the store."""
        start = len(path_of(""))
        files: dict[str, FileIdentity] = {}
        for part in pinned.parts:
            files |= self._bucket.identities(path_of(part))
        return {path[start:]: pin for path, pin in files.items()}


def _same_content(stored: FileIdentity, pin: FileIdentity, copy: FileIdentity) -> bool:
    """Return whether the store has the same content as the trash."""
    return stored.size_bytes == copy.size_bytes and stored.etag in {pin.etag, copy.etag}


def _result_of_stayed(pinned: PinnedObject, error: OSError) -> Result:
    if isinstance(error, ChangedError):
        return changed_result([pinned.path])
    return GONE if isinstance(error, FileNotFoundError) else failed_result(error)


def _batches(
    objects: Iterable[PinnedObject],
) -> Iterator[tuple[list[PinnedObject], Executor]]:
    """Yield objects of about 1,000 files at a time, and threads to work on them."""
    batch: list[PinnedObject] = []
    n_files = 0
    with ThreadPoolExecutor(_WORKERS) as pool:
        for pinned in objects:
            batch.append(pinned)
            n_files += len(pinned.files)
            if n_files >= _BATCH_FILES:
                yield batch, pool
                batch, n_files = [], 0
        if batch:
            yield batch, pool
