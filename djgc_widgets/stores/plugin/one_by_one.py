"""A plugin's file system, asked by one thread at a time, whose errors are `OSError`."""

import errno
import shutil
import threading
from collections.abc import Callable
from typing import Any

from djgc_widgets.stores.bucket.protocol import RefusedError

AT_ONCE = 2**24
"""Bytes that are read at once."""

_AS_THEY_ARE = (FileNotFoundError, FileExistsError)


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
        with self._turn:
            self._call("copy", self._copy, (source, target), {})

    def _copy(self, source: str, target: str) -> None:
        try:
            self._fs.cp_file(source, target)
        except NotImplementedError:
            with (
                self._fs.open(source, "rb") as read,
                self._fs.open(target, "wb") as written,
            ):
                shutil.copyfileobj(read, written, AT_ONCE)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        verb = getattr(self._fs, name)

        def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as above
            with self._turn:
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
            return verb(*arguments, **options)
        except _AS_THEY_ARE:
            raise
        except NotADirectoryError as error:  # a file is where a folder would be
            raise FileNotFoundError(errno.ENOENT, self._text_of(error)) from error
        except NotImplementedError as error:
            raise RefusedError(
                errno.ENOTSUP, f"the plugin's file system has no {name}"
            ) from error
        except PermissionError as error:
            raise RefusedError(errno.EACCES, self._text_of(error)) from error
        except Exception as error:
            text, number = self._text_of(error), getattr(error, "errno", None)
            raise (OSError(number, text) if number else OSError(text)) from error
