"""What a bucket keeps beside its objects, and is paid for: no listing of them shows it.

Old versions, the parts of uploads that were never finished, snapshots, and what was
deleted but is kept for some days. Nothing of it can be referred to by a row.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

import pandas as pd

from djgc_widgets.model import (
    HIDDEN,
    HiddenKind,
    Notice,
    NoticeCode,
    Progress,
    ProgressCallback,
    Step,
    StoreInfo,
    error_text,
    in_store,
    stacked,
)


class Hidden(NamedTuple):
    """Something that a bucket keeps beside its objects."""

    kind: HiddenKind
    path: str
    """Relative to the store."""
    size_bytes: int | None
    """None if the bucket does not tell."""
    written_at: datetime | None
    """Aware; of an upload, the date of its last part."""
    version: str
    """What names it beside its path."""
    gone_at: datetime | None = None
    """When the bucket deletes it for good, if it tells."""


@runtime_checkable
class KeepsHidden(Protocol):
    """A store whose bucket may keep more than its objects."""

    info: StoreInfo

    def hidden(self) -> Iterator[list[Hidden]]:
        """Yield what its bucket keeps beside its objects, a page at a time.

        Raises `OSError`, at the end, if not everything could be listed.
        """


class HiddenListing(NamedTuple):
    """What buckets keep beside their objects, or as much as could be seen of it."""

    frame: pd.DataFrame
    """A frame of the hidden schema."""
    warnings: list[Notice]
    """Which stores could not be asked; no row refers to anything hidden."""


def list_hidden(stores: Iterable[object], progress: ProgressCallback) -> HiddenListing:
    """List what the buckets of stores keep beside their objects; folders keep none."""
    frames, warnings = [HIDDEN.empty()], []
    for store in stores:
        if not isinstance(store, KeepsHidden):
            continue
        name, n_found, size = store.info.name, 0, 0
        progress(Progress(Step.LISTING_HIDDEN, subject=name))
        try:
            for page in store.hidden():
                frames.append(_frame(name, page))
                n_found, size = n_found + len(page), size + _size(page)
                step = Step.LISTING_HIDDEN
                progress(Progress(step, n_found, size_bytes=size, subject=name))
        except OSError as error:
            values = {"error": error_text(error)}
            warnings.append(Notice(NoticeCode.HIDDEN_UNREAD, in_store(name), values))
    return HiddenListing(stacked(frames), warnings)


def expect_new(marker: object, seen: set[object]) -> None:
    """Raise `OSError` if a page is to be followed by one that was there before."""
    if not marker or marker in seen:
        raise OSError(
            "the listing does not advance: expected a new marker of the next page, got "
            f"{marker!r}"
        )
    seen.add(marker)


def _size(page: list[Hidden]) -> int:
    return sum(each.size_bytes or 0 for each in page)


def _frame(store: str, found: list[Hidden]) -> pd.DataFrame:
    rows = pd.DataFrame(found, columns=list(Hidden._fields)).assign(store=store)
    # a date that no frame can hold, such as of the year 9999, is as if it were not told
    for name in ("written_at", "gone_at"):
        rows[name] = pd.to_datetime(rows[name], utc=True, errors="coerce")
    return HIDDEN.conform(rows.assign(kind=[each.kind.value for each in found]))
