"""Stored objects as an API describes them -> the columns of a listing."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import compress, islice
from operator import lt
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import FileKind, NoticeCode, arrow_text
from djgc_widgets.stores.listing import FolderSize, ListingBuilder, bounded_ns

UNKNOWN_TIME = 2**63 - 1  # unknown age = young
WEAK = "W/"
"""How an ETag begins that different contents may have, by RFC 9110, section 8.8.3."""
_MOST_EMPTY_PAGES = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_MS_NS = 1_000_000
_ODD_KEY = r"(^|/)\.{0,2}(/|$)|\x00"
"""Keys that no file can have, such as ``folder/`` or ``a//b``."""


class Page(NamedTuple):
    """Stored objects as an API describes them, in columns of equal length."""

    path: list[str]
    size: list[Any]
    modified: list[Any]
    etag: list[str]
    storage_class: list[str]
    """Empty for the standard class, and where there are none."""

    @classmethod
    def of(cls, rows: Iterable[tuple[str, Any, Any, str]]) -> "Page":
        """Return the columns of path, size, date and ETag of each object."""
        page = cls([], [], [], [], [])
        for row in rows:
            for column, value in zip(page, (*row, ""), strict=True):
                column.append(value)
        return page

    def only(self, chosen: Sequence[bool]) -> "Page":
        """Return the objects for which this says True."""
        return Page(*(list(compress(column, chosen)) for column in self))


class FolderRest(NamedTuple):
    """What of a live folder was jumped past."""

    path: str
    """Of the folder."""
    size: FolderSize
    modified_ns: int
    """The latest date of what was listed of it."""


class PageOrder:
    """Checks that the pages of a listing lead to an end: none is believed blindly.

    It may begin `after` a key. Keys ascend, by their characters or, on some servers,
    folder by folder.
    """

    def __init__(self, after: str | None = None) -> None:
        self._last = after
        self._by_name = True
        self._tokens: set[str] = set()
        self._n_empty = 0

    def check(
        self, keys: Sequence[str], prefix: str, token: str, *, more: bool
    ) -> None:
        """Raise `OSError` if a page is none of the listing, or leads nowhere.

        `token` is what asks for the next page; `more` says whether there is one.
        """
        if not self._is_by_name(keys, prefix):
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

    def _is_by_name(self, keys: Sequence[str], prefix: str) -> bool:
        """Return whether all keys ascend by name; if so, remember the last."""
        if not keys or not self._by_name or not lt(self._last or "", keys[0]):
            return False
        if not all(map(lt, keys, islice(keys, 1, None))):
            return False
        # what lies between two keys with a prefix has it as well
        if not (keys[0].startswith(prefix) and keys[-1].startswith(prefix)):
            return False
        self._last = keys[-1]
        return True

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


def add_page(builder: ListingBuilder, page: Page) -> None:
    """Add a page to a listing; an object without a size is a problem, never 0 bytes."""
    sized = list(map(_is_size, page.size))
    if not all(sized):
        for path, size, known in zip(page.path, page.size, sized, strict=True):
            if not known:
                builder.add_problem(NoticeCode.SIZE_UNKNOWN, path, size=size)
        page = page.only(sized)
    path = arrow_text(page.path)
    # an API tells one date, that of the last write
    dates = dates_ns(page.modified)
    nowhere = np.zeros(len(dates), dtype=np.uint64)
    odd = pc.match_substring_regex(path, _ODD_KEY)
    builder.add_files(
        path=path,
        size_bytes=np.array(page.size, dtype=np.int64),
        modified_ns=dates,
        changed_ns=dates,
        device=nowhere,
        inode=nowhere,
        etag=arrow_text(page.etag),
        kind=arrow_text(
            pc.if_else(odd, FileKind.UNUSUAL_KEY.value, FileKind.FILE.value)
        ),
    )


def add_rest(builder: ListingBuilder, rest: FolderRest) -> None:
    """Add what was jumped past as one row."""
    date, nowhere = np.array([rest.modified_ns]), np.zeros(1, dtype=np.uint64)
    builder.add_files(
        path=arrow_text([rest.path]),
        n_files=np.array([rest.size.n_files]),
        size_bytes=np.array([rest.size.size_bytes]),
        modified_ns=date,
        changed_ns=date,
        device=nowhere,
        inode=nowhere,
        etag=arrow_text([""]),
        kind=arrow_text([FileKind.UNLISTED.value]),
    )


def _is_size(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and size >= 0


def dates_ns(modified: Sequence[object]) -> npt.NDArray[np.int64]:
    """Return dates in ns since 1970, to the millisecond; the last one if not known."""
    try:
        texts = pa.array(modified, pa.string())
        dates = pc.cast(texts, pa.timestamp("ns", "UTC")).cast(pa.int64())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        dates = None
    if dates is None or dates.null_count:
        return np.array(list(map(modified_ns, modified)), dtype=np.int64)
    exact: npt.NDArray[np.int64] = dates.to_numpy()
    return exact // _MS_NS * _MS_NS


def modified_ns(modified: object) -> int:
    """Return a date in ns since 1970, to the millisecond; the last one if not known."""
    if isinstance(modified, str):
        try:
            modified = datetime.fromisoformat(modified)
        except ValueError:
            return UNKNOWN_TIME
    if isinstance(modified, datetime):
        try:
            return bounded_ns((modified.astimezone(UTC) - _EPOCH) // _MS * _MS_NS)
        except OverflowError:  # before the year 1 in UTC
            return UNKNOWN_TIME
    if isinstance(modified, int | float) and not isinstance(modified, bool):
        return bounded_ns(int(modified * 1_000) * _MS_NS)
    return UNKNOWN_TIME
