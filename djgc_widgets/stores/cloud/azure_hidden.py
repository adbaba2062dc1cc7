"""What a container of Azure keeps beside its blobs.

Blocks that were uploaded and never put together are not told of: Azure drops them after
a week.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from djgc_widgets.model import HiddenKind
from djgc_widgets.stores.hidden import Hidden, expect_new

KEPT = ("metadata", "snapshots", "versions", "deleted")
"""What a listing has to include."""


def hidden_blobs(
    page: Callable[[str], tuple[list[Any], str]], path_of: Callable[[Any], str]
) -> Iterator[list[Hidden]]:
    """Yield old versions, snapshots, and what is deleted softly.

    One listing has all of it, and the blobs themselves.
    """
    seen: set[object] = set()
    token = ""
    while True:
        blobs, token = page(token)
        now = datetime.now(UTC)
        yield [
            Hidden(
                kind,
                path_of(blob),
                blob.size,
                blob.last_modified,
                str(blob.snapshot or blob.version_id or ""),
                _gone_at(blob, now),
            )
            for blob in blobs
            if (kind := _kind_of(blob)) is not None
        ]
        if not token:
            return
        expect_new(token, seen)


def _kind_of(blob: Any) -> HiddenKind | None:  # noqa: ANN401 - adlfs has no types
    """Return what a blob of a listing is; None if it is simply there, or a folder."""
    if (blob.metadata or {}).get("hdi_isfolder") == "true":
        return None
    if blob.deleted:
        return HiddenKind.SOFT_DELETED
    if blob.snapshot:
        return HiddenKind.SNAPSHOT
    is_old = blob.version_id and not blob.is_current_version
    return HiddenKind.VERSION if is_old else None


def _gone_at(blob: Any, now: datetime) -> datetime | None:  # noqa: ANN401 - as above
    """Return the day on which a blob is deleted for good; the server counts in days."""
    days = blob.remaining_retention_days
    return None if days is None else now + timedelta(days=days)
