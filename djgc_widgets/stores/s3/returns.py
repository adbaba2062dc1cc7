"""Files of a bucket come back from its trash; nothing is ever overwritten."""

import errno
from collections.abc import Mapping

from djgc_widgets.stores.pinned_objects import FileIdentity, PinnedObject
from djgc_widgets.stores.protocol import Stopped
from djgc_widgets.stores.results import Result, failed_result
from djgc_widgets.stores.s3.api import ChangedError
from djgc_widgets.stores.s3.batches import StoppedError, pages_of
from djgc_widgets.stores.s3.kept import storage_options
from djgc_widgets.stores.s3.requests import PAGE, Bucket


class Returner:
    """Brings files back from the trash of a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def undo(self, pinned: PinnedObject) -> Result | None:
        """Undo what was done of a move; return a result only if that fails."""
        try:
            for path in pinned.files:
                self.bring_back(pinned, path, drop_copy=True)
        except OSError as error:
            return failed_result(error).doubted()
        return None

    def bring_back(self, pinned: PinnedObject, path: str, *, drop_copy: bool) -> None:
        """Bring one file back, unless it is there; then delete its copy in the trash.

        With `drop_copy` even if something else is at its path: the move is undone
        because somebody overwrote the file.
        """
        trashed = pinned.trashed(path)
        found = self._bucket.look(trashed)
        if found is None:
            if not drop_copy and self._bucket.head(path) is None:
                raise FileNotFoundError(errno.ENOENT, f"{trashed} is gone")
            return
        copy = found.identity
        stored = self._bucket.head(path)
        if stored is None:
            if copy.size_bytes != pinned.files[path].size_bytes:
                raise OSError(
                    f"expected {pinned.files[path].size_bytes:,} bytes in the trash, "
                    f"got {copy.size_bytes:,}"
                )
            options = storage_options(found.storage_class)
            self._bucket.copy(trashed, path, copy, IfNoneMatch="*", **options)
        elif not drop_copy and not same_content(stored, pinned.files[path], copy):
            raise ChangedError
        self._bucket.remove(trashed, copy.etag)


def same_content(stored: FileIdentity, pin: FileIdentity, copy: FileIdentity) -> bool:
    """Return whether the store has what was pinned, or the copy of it."""
    return stored.size_bytes == pin.size_bytes and stored.etag in {pin.etag, copy.etag}


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
