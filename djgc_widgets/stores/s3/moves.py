"""Objects of a bucket move by copies that the server makes.

S3 cannot rename. An object is copied into the trash on the condition that it still is
what was judged, the copy is looked at, and only then is the original deleted, again on
that condition. Whatever comes in between leaves the original or both, never neither.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor

from djgc_widgets.stores.outcomes import (
    FAILED,
    GONE,
    IN_DOUBT,
    MOVED,
    NOT_IN_TRASH,
    PURGED,
    RESTORED,
    SKIPPED,
    TAKEN,
    Outcome,
    changed,
    reason_of,
)
from djgc_widgets.stores.pinned import Identity, Parcel, changed_files
from djgc_widgets.stores.protocol import Outcomes, Where, torn
from djgc_widgets.stores.s3.requests import Bucket, ChangedError

_BATCH = 1_000
_WORKERS = 16


class Copier:
    """Moves objects within a bucket.

    Parameters
    ----------
    bucket : Bucket
        The store's part of it.
    conditional : bool
        Whether the server heeds conditions when it deletes.
    """

    def __init__(self, bucket: Bucket, *, conditional: bool) -> None:
        self._bucket, self._conditional = bucket, conditional

    def to_trash(self, parcels: Iterable[Parcel]) -> Iterator[Outcomes]:
        """Move objects to the trash if they still are what was pinned."""
        for batch in _batches(parcels):
            with ThreadPoolExecutor(_WORKERS) as pool:
                yield self._batch_to_trash(batch, pool)

    def to_place(self, parcels: Iterable[Parcel]) -> Iterator[Outcomes]:
        """Move objects back from the trash; never overwrites."""
        for batch in _batches(parcels):
            with ThreadPoolExecutor(_WORKERS) as pool:
                yield list(zip(batch, pool.map(self._to_place, batch), strict=True))

    def purge(self, parcels: Iterable[Parcel]) -> Iterator[Outcomes]:
        """Delete pinned files from the trash for good."""
        for batch in _batches(parcels):
            with ThreadPoolExecutor(_WORKERS) as pool:
                yield list(self._batch_purged(batch, pool))

    def where(self, parcels: Iterable[Parcel]) -> Iterator[tuple[Parcel, Where]]:
        """Look for the files of objects at their place and in the trash."""
        for batch in _batches(parcels):
            with ThreadPoolExecutor(_WORKERS) as pool:
                yield from zip(batch, pool.map(self._where, batch), strict=True)

    def delete(self, etags: Mapping[str, str]) -> dict[str, Exception]:
        """Delete what still has these etags; return why the rest stayed."""
        with ThreadPoolExecutor(1) as pool:
            return self._bucket.delete(etags, conditional=self._conditional, pool=pool)

    def _batch_to_trash(self, batch: list[Parcel], pool: Executor) -> Outcomes:
        fitness = pool.map(self._fitness, batch)
        outcomes = {p.path: o for p, o in zip(batch, fitness, strict=True)}
        fit = [p for p in batch if outcomes[p.path].outcome == MOVED]
        copies = [(parcel, path) for parcel in fit for path in parcel.files]
        copied = pool.map(self._copied, copies)
        errors = {p.path: e for (p, _), e in zip(copies, copied, strict=True) if e}
        originals = {
            path: parcel.files[path].etag
            for parcel, path in copies
            if parcel.path not in errors
        }
        stayed = self._bucket.delete(
            originals, conditional=self._conditional, pool=pool
        )
        refused = {p.path: e for p, path in copies if (e := stayed.get(path))}
        # what was not clearly refused may still happen: its copies are needed then
        unsure = {
            p.path: e
            for p, path in copies
            if (e := stayed.get(path)) and not isinstance(e, ChangedError)
        }
        errors |= {p: e for p, e in refused.items() if p not in unsure}
        for path, error in unsure.items():
            outcomes[path] = Outcome(FAILED, f"{reason_of(error)}; {IN_DOUBT}")
        undo = [p for p in fit if p.path in errors]
        for parcel, failure in zip(undo, pool.map(self._undone, undo), strict=True):
            error = errors[parcel.path]
            outcomes[parcel.path] = failure or _stayed(parcel, error)
        return [(parcel, outcomes[parcel.path]) for parcel in batch]

    def _fitness(self, parcel: Parcel) -> Outcome:
        """Say why an object is not moved; it is if it still is what was pinned."""
        try:
            present: dict[str, Identity] = {}
            for part in parcel.parts:
                present |= self._bucket.identities(part)
        except OSError as error:
            return Outcome(FAILED, reason_of(error))
        if not present:
            return Outcome(SKIPPED, GONE)
        differing = changed_files(parcel.files, present)
        return changed(differing) if differing else Outcome(MOVED)

    def _copied(self, copy: tuple[Parcel, str]) -> Exception | None:
        parcel, path = copy
        try:
            self._bucket.copy(path, parcel.trashed(path), parcel.files[path])
        except OSError as error:
            return error
        return None

    def _undone(self, parcel: Parcel) -> Outcome | None:
        """Undo what was done of a move; say so if that fails."""
        try:
            for path in parcel.files:
                self._return(parcel, path, dropped=True)
        except OSError as error:
            return Outcome(FAILED, f"{reason_of(error)}; {IN_DOUBT}")
        return None

    def _to_place(self, parcel: Parcel) -> Outcome:
        try:
            place, held = self._at_place(parcel), self._in_trash(parcel)
            pins = parcel.files
            trash = {path: copy for path, copy in held.items() if path in pins}
            if not trash:
                return Outcome(SKIPPED, NOT_IN_TRASH)
            if not all(
                path in pins and _alike(now, pins[path], trash.get(path, pins[path]))
                for path, now in place.items()
            ):
                return Outcome(FAILED, TAKEN)
            known = place.keys() | trash.keys()
            if len(known) < len(pins):
                return Outcome(FAILED, torn(len(known), len(pins)))
            for path in parcel.files:
                self._return(parcel, path, dropped=False)
        except ChangedError:
            return Outcome(FAILED, TAKEN)
        except OSError as error:
            return Outcome(FAILED, f"{reason_of(error)}; it stays in the trash")
        return Outcome(RESTORED)

    def _return(self, parcel: Parcel, path: str, *, dropped: bool) -> None:
        """Bring one file back, unless it is there; drop its copy in the trash.

        Parameters
        ----------
        parcel : Parcel
            Its object.
        path : str
            The file.
        dropped : bool
            The copy is dropped even if something else is in the file's place: the move
            is undone because somebody overwrote the file.
        """
        copy = self._bucket.head(parcel.trashed(path))
        if copy is None:
            return
        place = self._bucket.head(path)
        if place is None:
            self._bucket.copy(parcel.trashed(path), path, copy, IfNoneMatch="*")
        elif not dropped and not _alike(place, parcel.files[path], copy):
            raise ChangedError(TAKEN)
        for error in self.delete({parcel.trashed(path): copy.etag}).values():
            raise error

    def _batch_purged(
        self, batch: list[Parcel], pool: Executor
    ) -> Iterator[tuple[Parcel, Outcome]]:
        held = list(pool.map(self._held, batch))
        due: dict[str, str] = {}
        outcomes: list[Outcome] = []
        for parcel, found in zip(batch, held, strict=True):
            outcomes.append(_purgeable(parcel, found))
            if outcomes[-1].outcome == PURGED and isinstance(found, dict):
                due |= {parcel.trashed(path): pin.etag for path, pin in found.items()}
        stayed = self._bucket.delete(due, conditional=self._conditional, pool=pool)
        for parcel, outcome in zip(batch, outcomes, strict=True):
            why = [stayed[t] for t in map(parcel.trashed, parcel.files) if t in stayed]
            yield parcel, Outcome(FAILED, reason_of(why[0])) if why else outcome

    def _at_place(self, parcel: Parcel) -> dict[str, Identity]:
        found: dict[str, Identity] = {}
        for part in parcel.parts:
            found |= self._bucket.identities(part)
        return found

    def _where(self, parcel: Parcel) -> Where:
        place = self._at_place(parcel)
        ours = {path: pin for path, pin in place.items() if path in parcel.files}
        return Where(ours, self._in_trash(parcel))

    def _in_trash(self, parcel: Parcel) -> dict[str, Identity]:
        start = len(parcel.trashed(""))
        found: dict[str, Identity] = {}
        for part in parcel.parts:
            found |= self._bucket.identities(parcel.trashed(part))
        return {path[start:]: pin for path, pin in found.items()}

    def _held(self, parcel: Parcel) -> dict[str, Identity] | Exception:
        try:
            return self._in_trash(parcel)
        except OSError as error:
            return error


def _alike(place: Identity, pin: Identity, copy: Identity) -> bool:
    """Tell whether what is at a place is what is in the trash."""
    return place.size_bytes == copy.size_bytes and place.etag in {pin.etag, copy.etag}


def _stayed(parcel: Parcel, error: Exception) -> Outcome:
    if isinstance(error, ChangedError):
        return changed([parcel.path])
    if isinstance(error, FileNotFoundError):
        return Outcome(SKIPPED, GONE)
    return Outcome(FAILED, reason_of(error))


def _purgeable(parcel: Parcel, held: dict[str, Identity] | Exception) -> Outcome:
    if isinstance(held, Exception):
        return Outcome(FAILED, reason_of(held))
    if not held:
        return Outcome(SKIPPED, NOT_IN_TRASH)
    sizes = {path: pin.size_bytes for path, pin in parcel.files.items()}
    other = sorted(p for p, now in held.items() if sizes.get(p) != now.size_bytes)
    return changed(other) if other else Outcome(PURGED)


def _batches(parcels: Iterable[Parcel]) -> Iterator[list[Parcel]]:
    """Yield objects of about 1,000 files at a time."""
    batch: list[Parcel] = []
    files = 0
    for parcel in parcels:
        batch.append(parcel)
        files += len(parcel.files)
        if files >= _BATCH:
            yield batch
            batch, files = [], 0
    if batch:
        yield batch
