"""Objects of a bucket move by copies that the server makes: there, back, and away."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace

from djgc_widgets.stores.bucket.batches import StoppedError, batches
from djgc_widgets.stores.bucket.into_trash import IntoTrash
from djgc_widgets.stores.bucket.out_of_trash import OutOfTrash
from djgc_widgets.stores.bucket.protocol import Bucket
from djgc_widgets.stores.bucket.returns import delete_pages, is_pinned
from djgc_widgets.stores.bucket.windows import Seen, files_of, identities, look_at
from djgc_widgets.stores.pinned_objects import FileIdentity, PinnedObject
from djgc_widgets.stores.protocol import Located, Results, Stopped, Whereabouts
from djgc_widgets.stores.results import (
    NOT_IN_TRASH,
    PURGED,
    Result,
    changed_result,
    failed_result,
)


class Mover:
    """Moves objects within a bucket; its verbs are those of `Store`.

    `conditional` tells whether the server honors conditions when it deletes.
    """

    def __init__(self, bucket: Bucket, conditional: Callable[[], bool]) -> None:
        self._bucket, self._conditional = bucket, conditional

    def to_trash(
        self, objects: Iterable[PinnedObject], stopped: Stopped
    ) -> Iterator[Results]:
        """Move objects to the trash if they still are what was pinned."""
        into = IntoTrash(self._bucket, conditional=self._conditional())
        for batch, pool in batches(objects):
            yield into.move(batch, pool, stopped)
        into.finish()

    def from_trash(
        self,
        objects: Iterable[PinnedObject],
        stopped: Stopped,
        settled_ns: int | None,
    ) -> Iterator[Results]:
        """Move objects back from the trash; never overwrites."""
        back = OutOfTrash(self._bucket, settled_ns)
        for batch, pool in batches(objects):
            for part in _apart(batch):
                yield back.move(part, pool, stopped)

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
                    if is_pinned(self._bucket, pinned, path, now, copied)
                    else now.identity
                    for path, now in files_of(here).items()
                    if path in pinned.files
                }
                yield pinned, Whereabouts(ours, identities(there))

    def stored_files(
        self, objects: Iterable[PinnedObject]
    ) -> Iterator[tuple[PinnedObject, dict[str, FileIdentity]]]:
        """Look for all files of objects, pinned or not, by path in the store."""
        for batch, pool in batches(objects):
            seen = look_at(self._bucket, batch, pool, in_trash=False)
            yield from zip(batch, map(identities, seen), strict=True)

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
        stayed = delete_pages(self._bucket.delete, etags, stopped)
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
    size = sum(now.size_bytes for now in files.values())
    etags = {pinned.trashed(path): now.etag for path, now in files.items()}
    return replace(PURGED, size_bytes=size), etags
