"""Stored objects as an API describes them -> the columns of a listing."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from djgc_widgets.model import FileKind, NoticeCode, arrow_text, is_plain_path
from djgc_widgets.stores.listing import ListingBuilder, bounded_ns

_UNKNOWN_TIME = 2**63 - 1  # unknown age = young
_MOST_EMPTY_PAGES = 100


class Entry(NamedTuple):
    """One stored object, as an API describes it."""

    path: str
    size: Any
    modified: Any
    etag: str
    storage_class: str = ""
    """Empty for the standard class, and where there are none."""


class PageOrder:
    """Checks that the pages of a listing lead to an end: none is believed blindly.

    Keys ascend, by their characters or, on some servers, folder by folder.
    """

    def __init__(self) -> None:
        self._last: str | None = None
        self._by_name = True
        self._tokens: set[str] = set()
        self._n_empty = 0

    def check(
        self, keys: Sequence[str], prefix: str, token: str, *, more: bool
    ) -> None:
        """Raise `OSError` if a page is none of the listing, or leads nowhere.

        `token` is what asks for the next page; `more` says whether there is one.
        """
        for key in keys:
            if not key.startswith(prefix):
                raise OSError(f"expected keys below {prefix!r}, got {key!r}")
            self._expect_later(key)
        if more and not token:
            raise OSError(
                "the server says that there is more, but not how to ask for it: "
                "expected a continuation token, got none"
            )
        if more and token in self._tokens:
            raise OSError(
                "the server repeats itself: expected a new continuation token, got "
                f"one that it gave before, after {self._last!r}"
            )
        self._tokens.add(token)
        self._n_empty = 0 if keys else self._n_empty + 1
        if more and self._n_empty > _MOST_EMPTY_PAGES:
            raise OSError(
                "the listing does not advance: expected keys, got empty pages, after "
                f"{self._last!r}"
            )

    def _expect_later(self, key: str) -> None:
        last, self._last = self._last, key
        if last is None:
            return
        self._by_name = self._by_name and last < key
        if not self._by_name and not last.split("/") < key.split("/"):
            raise OSError(
                f"the listing does not advance: expected a key after {last!r}, got "
                f"{key!r}"
            )


def add_entries(builder: ListingBuilder, page: Iterable[Entry]) -> None:
    """Add a page to a listing; an object without a size is a problem, never 0 bytes."""
    files: list[Entry] = []
    for entry in page:
        if not _is_size(entry.size):
            builder.add_problem(NoticeCode.SIZE_UNKNOWN, entry.path, size=entry.size)
            continue
        files.append(entry)
    # an API tells one date, that of the last write
    dates = np.array([modified_ns(each.modified) for each in files], dtype=np.int64)
    nowhere = np.zeros(len(files), dtype=np.uint64)
    # a key may be one that no file can have, such as folder/ or a//b
    plain = [is_plain_path(each.path) for each in files]
    kinds = [FileKind.FILE if each else FileKind.UNUSUAL_KEY for each in plain]
    builder.add_files(
        path=arrow_text([each.path for each in files]),
        size_bytes=np.array([each.size for each in files], dtype=np.int64),
        modified_ns=dates,
        changed_ns=dates,
        device=nowhere,
        inode=nowhere,
        etag=arrow_text([each.etag for each in files]),
        kind=arrow_text([each.value for each in kinds]),
    )


def _is_size(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and size >= 0


def modified_ns(modified: object) -> int:
    """Return a date in ns since 1970; the last one there is if it is not known."""
    if isinstance(modified, str):
        try:
            modified = datetime.fromisoformat(modified)
        except ValueError:
            return _UNKNOWN_TIME
    if isinstance(modified, datetime):
        modified = modified.timestamp()
    if isinstance(modified, int | float) and not isinstance(modified, bool):
        return bounded_ns(int(modified * 1_000) * 1_000_000)
    return _UNKNOWN_TIME
