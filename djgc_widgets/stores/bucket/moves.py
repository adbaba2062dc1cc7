"""Objects of a bucket move by copies that the server makes: there, back, and away."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor

from djgc_widgets.stores.bucket.batches import StoppedError, batches, each_until
from djgc_widgets.stores.bucket.into_trash import IntoTrash
from djgc_widgets.stores.bucket.protocol import Bucket, ChangedError, Stored
from djgc_widgets.stores.bucket.returns import Returner, delete_pages, same_content
from djgc_widgets.stores.bucket.windows import Seen, files_of, identities, look_at
from djgc_widgets.stores.pinned_objects import PinnedObject
from djgc_widgets.stores.protocol import Located, Results, Stopped, Whereabouts
from djgc_widgets.stores.results import (
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


class Mover:
    """Moves objects within a bucket; its verbs are those of `SweepableStore`.

    `conditional` tells whether the server honors conditions when it deletes.
    """

    def __init__(self, bucket: Bucket, conditional: Callable[[], bool]) -> None:
        self._bucket, self._conditional = bucket, conditional
        self._back = Returner(bucket)

    def to_trash(
        self, objects: Iterable[PinnedObject], stopped: Stopped
    ) -> Iterator[Results]:
        """Move objects to the trash if they still are what was pinned."""
        into = IntoTrash(self._bucket, conditional=self._conditional())
        for batch, pool in batches(objects):
            yield into.move(batch, pool, stopped)

    def from_trash(
        self, objects: Iterable[PinnedObject], stopped: Stopped
    ) -> Iterator[Results]:
        """Move objects back from the trash; never overwrites."""
        _ = self._bucket.conditions.copies_once, self._bucket.conditions.sources
        for batch, pool in batches(objects):
            for part in _apart(batch):
                stored = look_at(self._bucket, part, pool, in_trash=False)
                copies = look_at(self._bucket, part, pool, in_trash=True)
                looked = zip(part, stored, copies, strict=True)
                results = each_until(stopped, pool, self._from_trash, looked, None)
                yield [(p, r) for p, r in zip(part, results, strict=True) if r]

    def purge(
        self, objects: Iterable[PinnedObject], stopped: Stopped
    ) -> Iterator[Results]:
        """Delete pinned files from the trash for good."""
        for batch, pool in batches(objects):
            yield list(self._purge_batch(batch, pool, stopped))

    def whereabouts(self, objects: Iterable[PinnedObject]) -> Located:
        """Look for the files of objects in the store and in the trash."""
        for batch, pool in batches(objects):
            stored = look_at(self._bucket, batch, pool, in_trash=False)
            copies = look_at(self._bucket, batch, pool, in_trash=True)
            for pinned, here, there in zip(batch, stored, copies, strict=True):
                copied = files_of(there)
                ours = {
                    # what came back from the trash is what was pinned
                    path: pinned.files[path]
                    if _is_pinned(pinned, path, now, copied)
                    else now.identity
                    for path, now in files_of(here).items()
                    if path in pinned.files
                }
                yield pinned, Whereabouts(ours, identities(there))

    def _from_trash(self, looked: tuple[PinnedObject, Seen, Seen]) -> Result:
        pinned, here, there = looked
        try:
            stored, copies, pins = files_of(here), files_of(there), pinned.files
            sizes = {path: pin.size_bytes for path, pin in pins.items()}
            trashed = {path: copy for path, copy in copies.items() if path in pins}
            if not trashed:
                return NOT_IN_TRASH
            other = {p for p in stored if not _is_pinned(pinned, p, stored[p], copies)}
            if other and not (
                # all files are back, and only copies of the others are left to delete
                other.isdisjoint(trashed)
                and sizes == {p: now.identity.size_bytes for p, now in stored.items()}
            ):
                return PATH_TAKEN
            whole = {p for p, c in trashed.items() if c.identity.size_bytes == sizes[p]}
            known = stored.keys() | whole
            if len(known) < len(pins):
                return torn_result(len(known), len(pins))
            self._back.bring_back(pinned)
        except ChangedError:
            return PATH_TAKEN
        except OSError as error:
            return kept_in_trash_result(error)
        return RESTORED

    def _purge_batch(
        self, batch: list[PinnedObject], pool: Executor, stopped: Stopped
    ) -> Iterator[tuple[PinnedObject, Result]]:
        copies = look_at(self._bucket, batch, pool, in_trash=True)
        checks = list(map(_check_trash, batch, copies))
        conditional = self._conditional()
        etags = {
            path: etag if conditional else ""
            for _, own in checks
            for path, etag in own.items()
        }
        stayed = delete_pages(self._bucket, etags, stopped)
        for pinned, (result, _) in zip(batch, checks, strict=True):
            why = [stayed[t] for t in map(pinned.trashed, pinned.files) if t in stayed]
            if not any(isinstance(error, StoppedError) for error in why):
                yield pinned, failed_result(why[0]) if why else result


def _apart(batch: list[PinnedObject]) -> list[list[PinnedObject]]:
    """Part what two sweeps took from one path: the second meets what the first left."""
    parts: list[list[PinnedObject]] = []
    n_seen: Counter[str] = Counter()
    for pinned in batch:
        if n_seen[pinned.path] == len(parts):
            parts.append([])
        parts[n_seen[pinned.path]].append(pinned)
        n_seen[pinned.path] += 1
    return parts


def _is_pinned(
    pinned: PinnedObject, path: str, now: Stored, copies: Mapping[str, Stored]
) -> bool:
    """Return whether a stored file is what was pinned, or came back from the trash."""
    pin, trashed = pinned.files.get(path), pinned.trashed(path)
    return pin is not None and same_content(now, pin, copies.get(path), trashed)


def _check_trash(pinned: PinnedObject, seen: Seen) -> tuple[Result, dict[str, str]]:
    """Return PURGED and what to delete if the trash holds what was moved there."""
    try:
        files = identities(seen)
    except OSError as error:
        return failed_result(error), {}
    if not files:
        return NOT_IN_TRASH, {}
    sizes = {path: pin.size_bytes for path, pin in pinned.files.items()}
    other = sorted(p for p, now in files.items() if sizes.get(p) != now.size_bytes)
    if other:
        return changed_result(other), {}
    return PURGED, {pinned.trashed(path): now.etag for path, now in files.items()}
