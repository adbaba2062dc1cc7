"""Files of a plugin's file system, by path in the store."""

import secrets
from collections.abc import Callable
from typing import Any

from djgc_widgets.stores.api_listing import modified_ns
from djgc_widgets.stores.bucket.protocol import ChangedError, Stored
from djgc_widgets.stores.pinned_objects import FileIdentity
from djgc_widgets.stores.plugin.one_by_one import OneByOne
from djgc_widgets.stores.plugin.walked_pages import Row, entry_row

AT_ONCE = 2**24
"""Most bytes that are compared at once."""

_END = 2**16
"""Bytes of both ends of a copy that are compared."""
_FOLDER = "directory"


class PluginFiles:
    """Files and folders of a plugin's file system: `base` stands before each path.

    `text_of` returns the text of an error without the store's keys.
    """

    def __init__(
        self,
        fs: Any,  # noqa: ANN401 - fsspec has no types
        base: str,
        text_of: Callable[[Exception], str],
    ) -> None:
        self.fs, self.base = OneByOne(fs, text_of), base
        self._made: set[str] = set()

    def entry(self, path: str) -> dict[str, Any] | None:
        """Return how a file or folder is described; None if nothing is there."""
        self.fs.invalidate_cache()
        try:
            entry: dict[str, Any] = self.fs.info(self._at(path))
        except FileNotFoundError:
            return None
        asked = path.split("/")
        told = [part for part in str(entry["name"]).split("/") if part]
        if told[-len(asked) :] != asked:  # some clients take percents out of names
            raise OSError(f"expected what is at {path}; got {entry['name']!r}")
        return entry

    def look(self, path: str) -> Stored | None:
        """Look at one file; a folder is none."""
        entry = self.entry(path)
        if entry is None or is_folder(entry):
            return None
        return stored_row(entry_row(path, entry))

    def read(self, path: str) -> bytes:
        """Return the content of a file."""
        if self.entry(path) is None:
            raise FileNotFoundError(path)
        return bytes(self.fs.cat_file(self._at(path)))

    def write(self, path: str, data: bytes) -> None:
        """Write a file; one that is new is there whole, or not at all.

        So is any other if the file system moves files over others.
        """
        self._made.discard(path.rpartition("/")[0])  # somebody may have removed it
        self.make_folder_of(path)
        draft = f"{path}.{secrets.token_hex(4)}.part"
        self._pipe(draft, data)
        try:
            self.fs.move(self._at(draft), self._at(path))
        except OSError:
            if self.look(path) is None:
                raise
            self._pipe(path, data)
            self.remove(draft)
        self._expect_size(path, len(data))

    def copy(self, source: str, target: str, found: Stored) -> None:
        """Copy a file that was found; some servers copy later, or something else."""
        try:
            self.make_folder_of(target)
            self.fs.copy(self._at(source), self._at(target))
        except FileNotFoundError as error:
            if self.look(source) is None:
                raise
            self._made.clear()  # somebody removed a folder
            raise OSError(f"expected a copy at {target}; got: {error}") from None
        if self.look(source) != found:
            raise ChangedError
        size = found.identity.size_bytes
        ends = {(0, min(_END, size)), (max(0, size - _END), size)}
        if not all(self.are_alike(source, target, *end) for end in ends):
            raise OSError(f"the copy at {target} is not what is at {source}")

    def remove(self, path: str) -> None:
        """Delete a file."""
        self.fs.rm_file(self._at(path))

    def make_folder(self, path: str) -> None:
        """Make a folder that is not there, or raise."""
        self.make_folder_of(path)
        self.fs.mkdir(self._at(path), create_parents=False)

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder."""
        self.fs.rmdir(self._at(path))

    def make_folder_of(self, path: str) -> None:
        """Make the folders that a file is to be in."""
        folder = path.rpartition("/")[0]
        if folder not in self._made:
            self.fs.makedirs(self._at(folder), exist_ok=True)
            self._made.add(folder)

    def are_alike(self, path: str, other: str, start: int, end: int) -> bool:
        """Return whether two files have the same bytes from start to end."""
        if start == end:
            return True
        one, two = (
            bytes(self.fs.cat_file(self._at(each), start=start, end=end))
            for each in (path, other)
        )
        if len(one) != end - start:
            raise OSError(f"expected {end - start:,} bytes of {path}, got {len(one):,}")
        return one == two

    def _pipe(self, path: str, data: bytes) -> None:
        self.fs.pipe_file(self._at(path), data)
        self._expect_size(path, len(data))

    def _expect_size(self, path: str, size: int) -> None:
        written = self.look(path)
        if written is None or written.identity.size_bytes != size:
            raise OSError(f"expected {size:,} bytes at {path} after writing them")

    def _at(self, path: str) -> str:
        return f"{self.base}{path}"


def is_folder(entry: dict[str, Any]) -> bool:
    """Return whether a folder is described."""
    return bool(entry["type"] == _FOLDER)


def stored_row(row: Row) -> Stored:
    """Return a file as it is described."""
    path, size, modified, tag = row
    if not isinstance(size, int):
        raise OSError(f"expected a size of {path!r}, got {size!r}")
    return Stored(FileIdentity(size, modified_ns(modified), 0, tag))
