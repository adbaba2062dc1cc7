"""The bucket that is any file system of a plugin, with what all of them can do.

They list, look, read, write and delete, and know no conditions: a file is looked
at once more right before it is deleted, and what is written once is written by whoever
makes a folder beside it, as only one of two callers can. A file system on which that
does not hold is found out before anything moves.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

from djgc_widgets.model import TRASH_FOLDER
from djgc_widgets.stores.api_listing import UNKNOWN_TIME, Page, modified_ns
from djgc_widgets.stores.bucket.protocol import Bucket, ChangedError, Stored
from djgc_widgets.stores.hidden import Hidden
from djgc_widgets.stores.plugin.files import (
    AT_ONCE,
    PluginFiles,
    is_folder,
    stored_row,
)
from djgc_widgets.stores.plugin.walked_pages import entry_row, walked_pages
from djgc_widgets.stores.protocol import Keeps

_LONGEST_CLAIM_SECONDS = 60.0
"""What a process claims it writes within that time, or not at all."""
_LEFT_CLAIM_NS = 10 * 60 * 10**9
"""A claim that is older was left by a process that ended."""


class PluginBucket(Bucket):
    """A folder of a plugin's file system: `base` is what stands before each path.

    `text_of` returns the text of an error without the store's keys.
    """

    seeks = False
    why_not_exclusive = "its file system lets two callers make one folder"
    deletes = True
    """A file is deleted only if it still has its etag right before."""
    sources = copies_once = False

    def __init__(
        self,
        fs: Any,  # noqa: ANN401 - fsspec has no types
        base: str,
        text_of: Callable[[Exception], str],
    ) -> None:
        self._files = PluginFiles(fs, base, text_of)

    @property
    def conditions(self) -> "PluginBucket":
        """What the file system heeds."""
        return self

    @cached_property
    def writes(self) -> bool:
        """Whether of two callers only one makes a folder.

        Raises `OSError` if this account cannot write, copy and delete in the trash.
        """
        probe, copy = _probe(), _probe()
        if not self._is_exclusive(probe):
            return False
        try:
            self.put(probe, b"probe", new=True)
            found = self.look(probe)
            if found is None or found.identity.modified_ns == UNKNOWN_TIME:
                raise OSError("expected a date of what was written just now, got none")
            self.copy(probe, copy, found, new=True)
            self.read(copy)
        finally:
            self.remove(copy)
            self.remove(probe)
        if self.look(probe) or self.look(copy):
            raise OSError("expected that what was deleted is gone, but it is there")
        return True

    def pages(self, below: str = "", after: str = "") -> Iterator[Page]:  # noqa: ARG002 - no listing begins in the middle
        """Yield every file of a folder, a page per folder."""
        return walked_pages(self._files.fs, self._files.base, below)

    def stored(self, path: str) -> dict[str, Stored]:
        """Return each file at or below a path."""
        entry = self._files.entry(path)
        if entry is None:
            return {}
        if not is_folder(entry):
            return {path: stored_row(entry_row(path, entry))}
        return {
            each: stored_row((each, size, modified, tag))
            for page in self.pages(f"{path}/")
            for each, size, modified, tag, _ in zip(*page, strict=True)
        }

    def stored_after(
        self, path: str, per_page: int
    ) -> tuple[dict[str, Stored], str | None]:
        """Raise: no listing begins in the middle."""
        raise NotImplementedError

    def look(self, path: str) -> Stored | None:
        """Look at one file; a folder is none."""
        return self._files.look(path)

    def lock_of(self, path: str, stored: Stored) -> str:  # noqa: ARG002 - no file system tells
        """Return nothing: what locks a file, its deletion shows."""
        return ""

    def is_copy(self, path: str, stored: Stored, of: str, copy: Stored | None) -> bool:
        """Return whether two files have the same bytes; both are read."""
        size = stored.identity.size_bytes
        if copy is None or copy.identity.size_bytes != size:
            return False
        return all(
            self._files.are_alike(path, of, start, min(start + AT_ONCE, size))
            for start in range(0, size, AT_ONCE)
        )

    def read(self, path: str) -> bytes:
        """Return the content of a file."""
        return self._files.read(path)

    def put(self, path: str, data: bytes, *, new: bool = False, etag: str = "") -> None:
        """Write a file, only if it is `new` or still has an etag."""
        if not (new or etag):
            self._files.write(path, data)
            return
        with self._claimed(path) as ends_at:
            now = self.look(path)
            if new != (now is None) or (now and etag and now.identity.etag != etag):
                raise ChangedError
            if time.monotonic() > ends_at:
                raise OSError(f"{path} was not written: the file system was too slow")
            self._files.write(path, data)

    def copy(self, source: str, target: str, found: Stored, *, new: bool) -> None:
        """Copy a file; a `new` copy is not made where something is.

        Both ends of the copy are compared: some servers make it later.
        """
        if new and self._files.entry(target) is not None:
            raise ChangedError
        self._files.copy(source, target, found)

    def delete(self, etags: Mapping[str, str]) -> dict[str, OSError]:
        """Delete files that still have these etags; return why the others stayed."""
        errors: dict[str, OSError] = {}
        for path, etag in etags.items():
            try:
                self.remove(path, etag)
            except OSError as error:
                errors[path] = error
        return errors

    def remove(self, path: str, etag: str = "") -> None:
        """Delete a file, if it still has an etag; never a folder."""
        now = self.look(path)
        if now is None:
            return
        if etag and now.identity.etag != etag:
            raise ChangedError
        self._files.remove(path)

    def keeps(self) -> Keeps:
        """Raise: no file system tells."""
        raise OSError("a plugin's file system does not tell")

    def hidden(self) -> list[Iterator[list[Hidden]]]:
        """Return nothing: no file system tells."""
        return []

    def _is_exclusive(self, path: str) -> bool:
        for _ in range(2):  # a claim ends, and can be made again
            with self._claimed(path):
                try:
                    with self._claimed(path):
                        return False
                except ChangedError:
                    pass
        return True

    @contextmanager
    def _claimed(self, path: str) -> Iterator[float]:
        """Let only one process write a file; yield until when, by the monotonic clock.

        `ChangedError` is raised if another one does.
        """
        folder = f"{path}.claim"
        began = time.monotonic()
        try:
            self._files.make_folder(folder)
        except OSError:  # clients name it otherwise if a folder is there
            entry = self._files.entry(folder)
            if entry is None:
                raise
            self._drop_if_left(folder, entry)
            raise ChangedError("another process is writing it") from None
        try:
            yield began + _LONGEST_CLAIM_SECONDS
        finally:
            with suppress(OSError):  # whoever comes next removes it, after some time
                self._files.remove_folder(folder)

    def _drop_if_left(self, folder: str, entry: dict[str, Any]) -> None:
        """Remove the claim of a process that ended, by the store's own clock."""
        made_at = modified_ns(entry_row(folder, entry)[2])
        probe = _probe()
        self._files.write(probe, b"probe")
        now = self.look(probe)
        self.remove(probe)
        if now is None or made_at == UNKNOWN_TIME:
            raise OSError(
                f"{folder} is there, and how old it is cannot be told. Remove it if no "
                "process works on the store"
            )
        if now.identity.modified_ns - made_at > _LEFT_CLAIM_NS:
            self._files.remove_folder(folder)


def _probe() -> str:
    return f"{TRASH_FOLDER}/probe-{secrets.token_hex(4)}.json"
