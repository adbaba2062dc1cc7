"""What buckets of Google Cloud and Azure have in common."""

import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial

from djgc_widgets.model import TRASH_FOLDER
from djgc_widgets.stores.bucket.batches import WORKERS
from djgc_widgets.stores.bucket.protocol import Bucket, ChangedError
from djgc_widgets.stores.pinned_objects import FileIdentity


class CloudBucket(Bucket):
    """A bucket whose server heeds every condition, or none is relied on.

    `no_etag` is one that no object has.
    """

    no_etag: str

    @property
    def conditions(self) -> "CloudBucket":
        """What the server heeds."""
        return self

    def delete(self, etags: Mapping[str, str]) -> dict[str, OSError]:
        """Delete objects that still have these etags; return why the others stayed."""

        def error_of(path: str) -> OSError | None:
            try:
                self.remove(path, etags[path])
            except OSError as error:
                return error
            return None

        with ThreadPoolExecutor(WORKERS) as pool:
            errors = zip(etags, pool.map(error_of, etags), strict=True)
            return {path: error for path, error in errors if error is not None}

    @property
    def writes(self) -> bool:
        """Whether an object is written only if it is new, or still has an etag."""
        return self._heeds_all

    @property
    def deletes(self) -> bool:
        """Whether objects are deleted only if they still have their etags."""
        return self._heeds_all

    @property
    def sources(self) -> bool:
        """Whether an object is copied only if it still has an etag."""
        return self._heeds_all

    @property
    def copies_once(self) -> bool:
        """Whether one request copies an object so that nothing is overwritten."""
        return self._heeds_all

    @cached_property
    def _heeds_all(self) -> bool:
        """Whether the server refuses each request whose condition does not hold.

        Raises `OSError` if the account may not write or delete in the trash.
        """
        path = f"{TRASH_FOLDER}/probe-{secrets.token_hex(4)}"
        copy = f"{path}-copy"
        self.remove(path)  # raises before anything is written that could not be removed
        try:
            self.put(path, b"probe", new=True)
            found = self.look(path)
            if found is None:
                return False
            other = found._replace(
                identity=FileIdentity(found.identity.size_bytes, 0, 0, self.no_etag)
            )
            asked: list[Callable[[], None]] = [
                partial(self.put, path, b"other", new=True),
                partial(self.put, path, b"other", etag=self.no_etag),
                partial(self.copy, path, copy, other, new=True),
                partial(self.copy, path, path, found, new=True),
                partial(self.remove, path, self.no_etag),
            ]
            return all(map(_is_refused, asked))
        finally:
            self.remove(copy)
            self.remove(path)


def _is_refused(request: Callable[[], None]) -> bool:
    try:
        request()
    except ChangedError:
        return True
    return False
