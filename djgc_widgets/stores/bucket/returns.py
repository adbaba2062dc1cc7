"""Files of a bucket come back from its trash; nothing is ever overwritten."""

import errno
from collections.abc import Mapping

from djgc_widgets.stores.bucket.batches import StoppedError, pages_of
from djgc_widgets.stores.bucket.protocol import PAGE, Bucket, ChangedError, Stored
from djgc_widgets.stores.pinned_objects import FileIdentity, PinnedObject
from djgc_widgets.stores.protocol import Stopped
from djgc_widgets.stores.results import Result, failed_result

_MAY_STILL_GO: set[str] = set()
"""Paths in the trash of files whose deletion this process asked for without an answer.

It may still be carried out, on what is there or on what came back, so the copies stay.
"""


def keep_copies(pinned: PinnedObject) -> None:
    """Keep the copies of an object in the trash, even if it is brought back."""
    _MAY_STILL_GO.update(map(pinned.trashed, pinned.files))


class Returner:
    """Brings objects back from the trash of a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def undo(self, pinned: PinnedObject) -> Result | None:
        """Undo what was done of a move; return a result only if that fails."""
        try:
            self.bring_back(pinned, undoing=True)
        except OSError as error:
            return failed_result(error).doubted()
        return None

    def bring_back(self, pinned: PinnedObject, *, undoing: bool = False) -> None:
        """Bring all files back that are not there; then delete the copies in the trash.

        No copy goes before all files are back: it shows whose content a file has. When
        `undoing` a move, copies go even if something else is at a path by now.
        """
        copies = {
            path: self._put_back(pinned, path, undoing=undoing) for path in pinned.files
        }
        for path, copy in copies.items():
            trashed = pinned.trashed(path)
            if copy is not None and trashed not in _MAY_STILL_GO:
                self._bucket.remove(trashed, copy.identity.etag)

    def _put_back(
        self, pinned: PinnedObject, path: str, *, undoing: bool
    ) -> Stored | None:
        """Bring one file back, unless it is there; return its copy in the trash."""
        trashed, pin = pinned.trashed(path), pinned.files[path]
        copy = self._bucket.look(trashed)
        stored = self._bucket.look(path)
        if copy is None:
            if not undoing and stored is None:
                raise FileNotFoundError(errno.ENOENT, f"{trashed} is gone")
        elif stored is None:
            _expect_size(copy, pin, "in the trash")
            self._copy(trashed, path, copy)
        elif not undoing and not same_content(stored, pin, copy, trashed):
            raise ChangedError
        return copy

    def _copy(self, source: str, target: str, found: Stored) -> None:
        copy_once(self._bucket, source, target, found, new=True)
        _expect_size(self._bucket.look(target), found.identity, f"at {target}")
        if not self._bucket.conditions.sources:
            now = self._bucket.look(source)
            if now is None or not now.is_still(found.identity):
                raise ChangedError


def copy_once(
    bucket: Bucket, source: str, target: str, found: Stored, *, new: bool
) -> None:
    """Copy an object; a `new` copy that is already there need not be made again."""
    try:
        bucket.copy(source, target, found, new=new)
    except ChangedError:  # a request that is repeated meets its own copy
        now = bucket.look(target) if new else None
        if now is None or not now.is_copy_of(found, source):
            raise


def _expect_size(found: Stored | None, pin: FileIdentity, where: str) -> None:
    if found is None or found.identity.size_bytes != pin.size_bytes:
        size = "nothing" if found is None else f"{found.identity.size_bytes:,}"
        raise OSError(f"expected {pin.size_bytes:,} bytes {where}; got {size}")


def same_content(
    stored: Stored, pin: FileIdentity, copy: Stored | None, trashed: str
) -> bool:
    """Return whether the store has what was pinned, or what its copy was made of."""
    if stored.identity.size_bytes != pin.size_bytes:
        return False
    return stored.identity.etag == pin.etag or stored.is_copy_of(copy, trashed)


def delete_pages(
    bucket: Bucket,
    etags: Mapping[str, str],
    stopped: Stopped,
) -> dict[str, OSError]:
    """Delete what still has these etags, until stopped; return why the rest stayed.

    An empty etag is no condition.
    """
    stayed: dict[str, OSError] = {}
    for page in pages_of(list(etags), PAGE):
        if stopped():
            stayed |= dict.fromkeys(page, StoppedError())
        else:
            stayed |= bucket.delete({path: etags[path] for path in page})
    return stayed
