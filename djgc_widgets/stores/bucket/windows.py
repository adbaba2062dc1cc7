"""What a bucket holds at many paths, seen in pages of its listing.

A request for each path would be the larger part of a sweep. A page that begins just
before a path shows its neighbors as well; what a page does not show is asked for.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from itertools import chain

from djgc_widgets.stores.bucket.batches import pages_of
from djgc_widgets.stores.bucket.protocol import PAGE, Bucket, Stored, at_or_below
from djgc_widgets.stores.pinned_objects import FileIdentity, PinnedObject

_FEWEST, _PER_FOUND = 10, 100
_OBJECTS = 64
"""Objects that one thread looks at, one after the other."""

Seen = dict[str, Stored] | OSError
"""The files of an object by path in the store, or why it could not be looked at."""


class Window:
    """A part of a bucket's listing, which is moved along ascending paths.

    The first page has room for twice the files that are looked for: enough where little
    else lies between them.
    """

    def __init__(self, bucket: Bucket, n_files: int) -> None:
        self._bucket = bucket
        self._start: str | None = None
        self._last: str | None = None
        """The last path that is shown; None if there are no more."""
        self._per_page = min(PAGE, max(_FEWEST, 2 * n_files))
        self._n_found = 0

    def stored(self, path: str) -> dict[str, Stored]:
        """Return each object at or below a path, as listed.

        A page tells what is there, never that nothing is: some servers list folder by
        folder, and a page that ends behind a path need not have come by it.
        """
        if not self._bucket.seeks:
            return self._bucket.stored(path)
        if not self._shows(path):
            self._move(path)
        found = at_or_below(self._page, path) if self._shows(path) else {}
        self._n_found += bool(found)
        return found or self._bucket.stored(path)

    def _shows(self, path: str) -> bool:
        """Return whether the page begins before a path and ends behind it."""
        if self._start is None or not self._start < path:
            return False
        below, last = f"{path}/", self._last
        return last is None or (last > below and not last.startswith(below))

    def _move(self, path: str) -> None:
        if self._start is not None:
            # a page costs what it holds, so where few of it are asked for it is small
            self._per_page = min(PAGE, max(_FEWEST, _PER_FOUND * self._n_found))
        start, self._start = _just_before(path), None  # nothing is shown if this fails
        self._page, self._last = self._bucket.stored_after(start, self._per_page)
        self._start, self._n_found = start, 0


def look_at(
    bucket: Bucket, objects: Sequence[PinnedObject], pool: Executor, *, in_trash: bool
) -> list[Seen]:
    """Return what is stored of each object, or which copies of it are in the trash."""

    def place(pinned: PinnedObject, path: str) -> str:
        return pinned.trashed(path) if in_trash else path

    def look(few: Sequence[int]) -> list[Seen]:
        window = Window(bucket, sum(len(objects[at].files) for at in few))
        return [look_through(window, objects[at]) for at in few]

    def look_through(window: Window, pinned: PinnedObject) -> Seen:
        start = len(place(pinned, ""))
        seen: dict[str, Stored] = {}
        try:
            for part in pinned.parts:
                seen |= window.stored(place(pinned, part))
        except OSError as error:
            return error
        return {path[start:]: each for path, each in seen.items()}

    order = sorted(
        range(len(objects)), key=lambda at: place(objects[at], objects[at].path)
    )
    looked = chain.from_iterable(pool.map(look, pages_of(order, _OBJECTS)))
    seen = dict(zip(order, looked, strict=True))
    return [seen[at] for at in range(len(objects))]


def files_of(seen: Seen) -> dict[str, Stored]:
    """Return the files that were seen; raises why they could not be looked at."""
    if isinstance(seen, OSError):
        raise seen
    return seen


def identities(seen: Seen) -> dict[str, FileIdentity]:
    """Return the identities of what was seen; raises as `files_of` does."""
    return {path: each.identity for path, each in files_of(seen).items()}


def _just_before(path: str) -> str:
    """Return what is a little less than a path, in both orders of keys."""
    before = chr(ord(path[-1]) - 1)
    return path[:-1] + (before if "!" <= before <= "}" and before != "/" else "")
