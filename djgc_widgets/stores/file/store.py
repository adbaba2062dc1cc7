"""Stores in folders: objects move by renames, which happen or do not."""

import errno
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial

from djgc_widgets.model import (
    Notice,
    NoticeCode,
    Outcome,
    ProgressCallback,
    StoreInfo,
    in_store,
    is_plain_path,
    parent_of,
)
from djgc_widgets.stores.file.folder import StoreFolder
from djgc_widgets.stores.file.moves import FolderMover
from djgc_widgets.stores.file.reserve import Reserve
from djgc_widgets.stores.file.walk import FolderWalk
from djgc_widgets.stores.listing import Listing, LookUp
from djgc_widgets.stores.pinned_objects import FolderRights, PinnedObject
from djgc_widgets.stores.protocol import (
    Keeps,
    Located,
    Results,
    Stopped,
    Versioning,
    never_stopped,
)


class FileStore:
    """A store in a folder of a file system; its verbs are those of `Store`.

    `others`, `inside` and `made_up` are those of a `FolderWalk`; without a `folder`,
    the one at the store's address is used.
    """

    def __init__(
        self,
        info: StoreInfo,
        others: Mapping[tuple[object, ...], str] | None = None,
        inside: Mapping[str, str] | None = None,
        folder: StoreFolder | None = None,
        *,
        made_up: bool = False,
    ) -> None:
        self._made_up = made_up
        self.info, self._others, self._inside = info, others or {}, inside or {}
        self._folder = folder = folder or StoreFolder(info.address)
        self._reserve = Reserve(folder)
        self._mover = FolderMover(info, folder, self._reserve)
        self.read, self.rewrite = folder.read, folder.rewrite
        self.remove, self.changed_at_ns = folder.remove, folder.changed_at_ns
        self.sync, self.keep_room = folder.sync, self._reserve.fill

    def list_files(self, progress: ProgressCallback, below: str = "") -> Listing:
        """List every file; errors are problems, unless `below` cannot be opened."""
        if below:
            with self._folder.open() as path, suppress(FileNotFoundError):
                path.folder(below)
        walk = FolderWalk(
            self.info, self._others, self._inside, progress, made_up=self._made_up
        )
        return walk.run(below)

    def look_up(self, paths: Sequence[str]) -> LookUp:
        """Look which of these paths hold something by now."""
        result = LookUp(set(), set(), [], [])
        for path in paths:
            try:
                present = self._folder.identities(path)
            except OSError as error:
                where = in_store(self.info.name, path)
                values = {"error": error.strerror}
                notice = Notice(NoticeCode.PATH_BARRED, where, values)
                barred = error.errno in {errno.ELOOP, errno.ENOTDIR} or (
                    not is_plain_path(path)  # it leaves the store
                )
                if barred:
                    result.warnings.append(notice)
                else:
                    result.unread.add(path)
                    result.problems.append(notice)
                continue
            if present:
                result.stored.add(path)
        return result

    def write(self, path: str, data: bytes, *, new: bool = False) -> None:
        """Write a record completely or not at all."""
        self._reserve.use(lambda: self._folder.write(path, data, new=new))

    def prepare(self, objects: Iterable[PinnedObject]) -> dict[str, FolderRights]:
        """Make the folders that objects need in the trash, before anything moves."""
        rights: dict[str, FolderRights] = {}
        # most objects share a folder with others
        needed = {parent_of(p.trashed(p.path)): parent_of(p.path) for p in objects}
        with self._folder.open() as store, self._folder.open() as trash:
            for in_trash, folder in needed.items():
                self._reserve.use(partial(trash.make_folder, in_trash, synced=False))
                with suppress(OSError):  # then the move says why
                    store.folder(folder)
                    rights |= store.special_rights()
        self._folder.sync()
        return rights

    def to_trash(
        self,
        objects: Iterable[PinnedObject],
        stopped: Stopped = never_stopped,  # noqa: ARG002 - they come one by one
    ) -> Iterator[Results]:
        """Move objects to the trash if they still are what was pinned."""
        unmoved: list[PinnedObject] = []
        with self._folder.open() as store, self._folder.open() as trash:
            for pinned in objects:
                result = self._mover.to_trash(pinned, store, trash)
                if result.outcome is not Outcome.MOVED:
                    unmoved.append(pinned)
                yield [(pinned, result)]
        for pinned in unmoved:
            self._mover.prune(pinned)

    def from_trash(
        self,
        objects: Iterable[PinnedObject],
        stopped: Stopped = never_stopped,  # noqa: ARG002 - they come one by one
        settled_ns: int | None = None,  # noqa: ARG002 - a renamed file has no copy
    ) -> Iterator[Results]:
        """Move objects back from the trash; never overwrites."""
        with self._folder.open() as store, self._folder.open() as trash:
            for pinned in objects:
                result = self._mover.from_trash(pinned, store, trash)
                yield [(pinned, result)]
                if result.outcome is Outcome.RESTORED:
                    self._mover.prune(pinned)

    def purge(
        self,
        objects: Iterable[PinnedObject],
        stopped: Stopped = never_stopped,  # noqa: ARG002 - they come one by one
    ) -> Iterator[Results]:
        """Delete pinned files from the trash for good."""
        for pinned in objects:
            yield [(pinned, self._mover.purge(pinned))]

    def whereabouts(self, objects: Iterable[PinnedObject]) -> Located:
        """Look for the files of objects in the store and in the trash."""
        with self._folder.open() as store, self._folder.open() as trash:
            for pinned in objects:
                yield pinned, self._mover.whereabouts(pinned, store, trash)

    def keeps(self) -> Keeps:
        """Return that file systems keep no versions."""
        return Keeps(Versioning.OFF)

    def retire(self, path: str, current: bytes, to: str) -> bool:
        """Move a record away if it still has this content; only one caller succeeds."""
        try:
            if self.read(path) != current:
                return False
            self._reserve.use(lambda: self._folder.claim(path, to))
        except (FileNotFoundError, FileExistsError):
            return False
        return True
