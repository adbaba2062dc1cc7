"""Files of a bucket come back from its trash; nothing is ever overwritten."""

from collections.abc import Callable, Mapping

from djgc_widgets.stores.api_listing import WEAK
from djgc_widgets.stores.bucket.batches import StoppedError, pages_of
from djgc_widgets.stores.bucket.protocol import PAGE, Bucket, ChangedError, Stored
from djgc_widgets.stores.pinned_objects import FileIdentity, PinnedObject
from djgc_widgets.stores.protocol import Stopped
from djgc_widgets.stores.results import Result, failed_result


def undo(bucket: Bucket, pinned: PinnedObject) -> Result | None:
    """Undo what was done of a move to the trash; return a result only if that fails.

    The copies go even if something else is at a path by now.
    """
    try:
        looked = {p: bucket.look(pinned.trashed(p)) for p in pinned.files}
        copies = {path: copy for path, copy in looked.items() if copy is not None}
        if not copies:
            return None
        for path, pin in pinned.files.items():
            if bucket.look(path) is None:
                expect_size(looked[path], pin, "in the trash")
                trashed = pinned.trashed(path)
                copy_once(bucket, trashed, path, copies[path], new=True)
                expect_size(bucket.look(path), pin, f"at {path}")
        drop_copies(bucket, pinned, copies)
    except OSError as error:
        return failed_result(error).doubted()
    return None


def drop_copies(
    bucket: Bucket, pinned: PinnedObject, copies: Mapping[str, Stored]
) -> None:
    """Delete the copies of an object, one by one: some servers refuse more at once."""
    for path in pinned.files.keys() & copies.keys():
        bucket.remove(pinned.trashed(path), copies[path].identity.etag)


def copy_once(
    bucket: Bucket, source: str, target: str, found: Stored, *, new: bool
) -> None:
    """Copy an object; a `new` copy that is already there need not be made again."""
    try:
        bucket.copy(source, target, found, new=new)
    except ChangedError:  # a request that is repeated meets its own copy
        now = bucket.look(target) if new else None
        if now is None or not bucket.is_copy(target, now, source, found):
            raise


def expect_size(found: Stored | None, pin: FileIdentity, where: str) -> None:
    """Raise if this is not of the size that was pinned."""
    if found is None or found.identity.size_bytes != pin.size_bytes:
        size = "nothing" if found is None else f"{found.identity.size_bytes:,}"
        raise OSError(f"expected {pin.size_bytes:,} bytes {where}; got {size}")


def is_pinned(
    bucket: Bucket,
    pinned: PinnedObject,
    path: str,
    now: Stored,
    copies: Mapping[str, Stored],
) -> bool:
    """Return whether a stored file is what was pinned, or came back from the trash."""
    pin, trashed = pinned.files.get(path), pinned.trashed(path)
    if pin is None or now.identity.size_bytes != pin.size_bytes:
        return False
    copy = copies.get(path)
    sure = copy is None or not pin.etag.startswith(WEAK)
    if sure and now.identity.etag == pin.etag:
        return True
    return bucket.is_copy(path, now, trashed, copy)


def delete_pages(
    delete: Callable[[Mapping[str, str]], dict[str, OSError]],
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
            stayed |= delete({path: etags[path] for path in page})
    return stayed
