"""What PostgreSQL's ``COPY`` sends of two columns of text, as pages of columns.

A row is a line, and a tab stands between its values; what a value has of tabs, line
feeds and backslashes is escaped with a backslash ("COPY", "Text Format" in PostgreSQL's
documentation).
"""

import re
from collections.abc import Callable

import numpy as np

from djgc_widgets.references.raw_text import PAGE_BYTES, PAGE_ROWS, Page, page_of_fields

_TAB, _LINE_FEED = b"\t", b"\n"
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MEANT = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


class CopiedRows:
    """A file that a driver writes rows to; it hands them over page by page."""

    def __init__(self, use: Callable[[Page], None]) -> None:
        self._use = use
        self._rows: list[bytes] = []
        self._size_bytes = 0

    def write(self, row: bytes) -> None:
        """Take a row; the driver calls this for each of them."""
        self._rows.append(row)
        self._size_bytes += len(row)
        if len(self._rows) >= PAGE_ROWS or self._size_bytes >= PAGE_BYTES:
            self.end_page()

    def end_page(self) -> None:
        """Hand over what has come since the last page, if anything."""
        rows, self._rows, self._size_bytes = self._rows, [], 0
        if rows:
            self._use(_page(b"".join(rows)))


def _page(lines: bytes) -> Page:
    if b"\\" in lines:
        pairs = (line.split(_TAB) for line in lines.split(_LINE_FEED)[:-1])
        values, keys = zip(*(map(_unescaped, pair) for pair in pairs), strict=True)
        return Page(values, keys)
    text = np.frombuffer(lines, dtype=np.uint8)
    is_end = (text == ord(_TAB)) | (text == ord(_LINE_FEED))
    lengths = np.diff(np.flatnonzero(is_end), prepend=-1) - 1
    return page_of_fields(text[~is_end], lengths)


def _unescaped(text: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), text)
