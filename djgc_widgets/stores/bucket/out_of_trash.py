"""Objects come back from the trash of a bucket; nothing is ever overwritten.

All files of an object come back before the first copy of it goes: a copy shows whose
content a file has. If deletions that the sweep has asked for may be pending, the copies
stay. Two requests are made for each file, the copy and the deletion, and one to know
that nothing is at its path; what came back is looked at in pages.
"""

from collections.abc import Sequence
from concurrent.futures import Executor

from djgc_widgets.stores.bucket.batches import each_until
from djgc_widgets.stores.bucket.pending import may_be_pending
from djgc_widgets.stores.bucket.protocol import Bucket, ChangedError
from djgc_widgets.stores.bucket.returns import (
    copy_once,
    drop_copies,
    expect_size,
    is_pinned,
)
from djgc_widgets.stores.bucket.windows import Seen, files_of, look_at
from djgc_widgets.stores.pinned_objects import PinnedObject
from djgc_widgets.stores.protocol import Results, Stopped
from djgc_widgets.stores.results import (
    NOT_IN_TRASH,
    PATH_TAKEN,
    RESTORED,
    Result,
    kept_in_trash_result,
    torn_result,
)

_Looked = tuple[PinnedObject, Seen, Seen]
"""An object, what is stored of it, and its copies in the trash."""


class OutOfTrash:
    """Moves batches of objects out of the trash, no two of one path at once.

    Whatever was asked to be deleted before `settled_ns` is gone or stays.
    """

    def __init__(self, bucket: Bucket, settled_ns: int | None) -> None:
        self._bucket, self._settled_ns = bucket, settled_ns
        self._pending: dict[str, bool] = {}
        # tried before anything is copied, and by one thread
        _ = bucket.conditions.copies_once
        self._heeded = bucket.conditions.sources

    def move(
        self, batch: Sequence[PinnedObject], pool: Executor, stopped: Stopped
    ) -> Results:
        """Move objects back; those that are not reached have no result."""
        for sweep_id in {pinned.sweep_id for pinned in batch} - self._pending.keys():
            pending = may_be_pending(self._bucket, sweep_id, self._settled_ns)
            self._pending[sweep_id] = pending
        stored = look_at(self._bucket, batch, pool, in_trash=False)
        copies = look_at(self._bucket, batch, pool, in_trash=True)
        looked = list(zip(batch, stored, copies, strict=True))
        results = list(each_until(stopped, pool, self._copy_back, looked, None))
        back = [at for at, result in enumerate(results) if result is RESTORED]
        done = [looked[at] for at in back]
        for at, result in zip(back, self._finish(done, pool), strict=True):
            results[at] = result
        return [(p, r) for p, r in zip(batch, results, strict=True) if r is not None]

    def _copy_back(self, looked: _Looked) -> Result:
        """Copy what is missing in the store; return RESTORED if nothing is any more."""
        pinned, here, there = looked
        try:
            stored, copies, pins = files_of(here), files_of(there), pinned.files
            sizes = {path: pin.size_bytes for path, pin in pins.items()}
            trashed = {path: copy for path, copy in copies.items() if path in pins}
            if not trashed:
                return NOT_IN_TRASH
            other = {
                path
                for path, now in stored.items()
                if not is_pinned(self._bucket, pinned, path, now, copies)
            }
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
            for path in sorted(pins.keys() - stored.keys()):
                source = pinned.trashed(path)
                copy_once(self._bucket, source, path, copies[path], new=True)
        except ChangedError:
            return PATH_TAKEN
        except OSError as error:
            return kept_in_trash_result(error)
        return RESTORED

    def _finish(self, looked: Sequence[_Looked], pool: Executor) -> list[Result]:
        """Look at what came back, and delete the copies of what is whole."""
        objects = [pinned for pinned, *_ in looked]
        back = look_at(self._bucket, objects, pool, in_trash=False)
        again = [there for *_, there in looked]
        if not self._heeded:  # what was copied may be something newer
            again = look_at(self._bucket, objects, pool, in_trash=True)

        def finish(at: int) -> Result:
            pinned, _, there = looked[at]
            try:
                now, copies = files_of(back[at]), files_of(there)
                for path, pin in pinned.files.items():
                    expect_size(now.get(path), pin, f"at {path}")
                if files_of(again[at]) != copies:
                    return PATH_TAKEN
                if not self._pending[pinned.sweep_id]:
                    drop_copies(self._bucket, pinned, copies)
            except OSError as error:
                return kept_in_trash_result(error)
            return RESTORED

        return list(pool.map(finish, range(len(looked))))
