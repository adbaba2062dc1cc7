"""A plugin's file system, asked by one thread at a time, whose errors are `OSError`."""

import errno
import shutil
import threading
from collections.abc import Callable
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.core import has_magic

from djgc_widgets.stores.bucket.protocol import RefusedError

_AT_ONCE = 2**24
"""Bytes that are read at once."""


class OneByOne:
    """Calls a file system for threads, one after the other: few can do more at once.

    `text_of` returns the text of an error without the store's keys.
    """

    def __init__(
        self,
        fs: Any,  # noqa: ANN401 - fsspec has no types
        text_of: Callable[[Exception], str],
    ) -> None:
        self._fs, self._text_of = fs, text_of
        self._turn = threading.Lock()

    def copy(self, source: str, target: str) -> None:
        """Copy a file; if the file system cannot, read and write it."""
        self._call("copy", self._copy, (source, target), {})

    def move(self, source: str, target: str) -> None:
        """Move a file, at once if the file system can."""
        self._call("move", self._move, (source, target), {})

    def _move(self, source: str, target: str) -> None:
        can = getattr(type(self._fs), "mv", None) is not AbstractFileSystem.mv
        if can and not (has_magic(source) or has_magic(target)):
            self._fs.mv(source, target)
            return
        try:
            self._fs.info(target)  # `exists` takes any error for no
        except FileNotFoundError:
            self._copy(source, target)
            self._fs.rm_file(source)
        else:
            raise FileExistsError(target)

    def _copy(self, source: str, target: str) -> None:
        try:
            self._fs.cp_file(source, target)
        except NotImplementedError:
            with (
                self._fs.open(source, "rb") as read,
                self._fs.open(target, "wb") as written,
            ):
                shutil.copyfileobj(read, written, _AT_ONCE)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        verb = getattr(self._fs, name)

        def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as above
            return self._call(name, verb, arguments, options)

        return call

    def _call(
        self,
        name: str,
        verb: Callable[..., Any],
        arguments: tuple[Any, ...],
        options: dict[str, Any],
    ) -> Any:  # noqa: ANN401 - as above
        try:
            with self._turn:
                return verb(*arguments, **options)
        except Exception as error:  # noqa: BLE001 - each file system has its own errors; all are raised on
            raise self._told(name, error) from None  # its own may show secrets

    def _told(self, name: str, error: Exception) -> OSError:
        """Return an error of a verb as one of the operating system."""
        text = self._text_of(error)
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            return FileNotFoundError(errno.ENOENT, text)  # also if a file is in the way
        if isinstance(error, FileExistsError):
            return FileExistsError(errno.EEXIST, text)
        if isinstance(error, NotImplementedError):
            missing = f"the plugin's file system has no {name}"
            return RefusedError(errno.ENOTSUP, missing)
        if isinstance(error, PermissionError):
            return RefusedError(errno.EACCES, text)
        number = getattr(error, "errno", None)
        return OSError(number, text) if isinstance(number, int) else OSError(text)
