"""Stores in a bucket whose listing can begin in the middle."""

from collections.abc import Iterator, Mapping

from djgc_widgets.model import ProgressCallback
from djgc_widgets.stores.api_listing import FolderRest, Page, dates_ns
from djgc_widgets.stores.bucket.protocol import PAGE
from djgc_widgets.stores.bucket.store import BucketStore
from djgc_widgets.stores.listing import FolderSize, Listing, ListingBuilder

_LAST = "\U0010ffff"
"""Sorts after whatever a key may have there."""


class SeekingStore(BucketStore):
    """A store in a bucket whose listing can begin in the middle."""

    def list_past(
        self, folders: Mapping[str, FolderSize], progress: ProgressCallback
    ) -> Listing:
        """List everything but the rest of live folders, of which rows tell the size."""
        builder = ListingBuilder(self.info, progress)
        self._add_pages(builder, self._pages_past(dict(folders)))
        return self._listing(builder)

    def _pages_past(
        self, folders: dict[str, FolderSize]
    ) -> Iterator[Page | FolderRest]:
        after: str | None = ""
        while after is not None:
            pages, after = self._bucket.pages(after=after), None
            for page in pages:
                yield page
                rest = _rest_of_last_folder(page, folders)
                if rest is not None:
                    yield rest
                    after = f"{rest.path}/{_LAST}"
                    break


def _rest_of_last_folder(
    page: Page, folders: dict[str, FolderSize]
) -> FolderRest | None:
    """Return what a page leaves of the folder that it ends in, if that is much.

    Such folders are asked about once: a later page does not show all that was listed.
    """
    around = _around(page.path[-1], folders) if page.path else []
    if not around:
        return None
    asked = {path: folders.pop(path) for path in around}
    path, whole = next(iter(asked.items()))
    below = f"{path}/"
    shown = [at for at, each in enumerate(page.path) if each.startswith(below)]
    sizes = [page.size[at] for at in shown]
    if below in page.path or not all(isinstance(size, int) for size in sizes):
        return None  # an object that is none of the folder's files; an unknown size
    left = FolderSize(whole.n_files - len(shown), whole.size_bytes - sum(sizes))
    if left.n_files <= PAGE:
        return None  # one more page has it all
    if not 0 <= left.size_bytes <= left.n_files * max(sizes):
        return None  # such files are not like those that were listed
    dates = dates_ns([page.modified[at] for at in shown])
    return FolderRest(path, left, int(dates.max()))


def _around(path: str, folders: Mapping[str, FolderSize]) -> list[str]:
    """Return those of some folders that a path is in, the outermost first."""
    cuts = (at for at, character in enumerate(path) if character == "/")
    return [path[:cut] for cut in cuts if path[:cut] in folders]
