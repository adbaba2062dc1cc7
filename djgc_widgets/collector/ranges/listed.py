"""What a scan in ranges lists: written part by part, and looked at in the same way."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from djgc_widgets.collector.ranges.dataset import LISTED, Dataset, Parts
from djgc_widgets.collector.ranges.folders import disturbed, expect_alone
from djgc_widgets.collector.ranges.task import note_of, notice_of
from djgc_widgets.model import (
    FILES,
    FOLDERS,
    TRASH_FOLDER,
    Notice,
    ProgressCallback,
    StoreInfo,
    SweepRefusedError,
    as_strings,
    former_paths,
    stacked,
)
from djgc_widgets.stores import Listing, ListsInParts
from djgc_widgets.verdict import find_twin_stores, range_keys

_NOTHING = Listing(FILES.empty(), FOLDERS.empty(), (), ())
_PROBE = 1_000
"""Files of each store that are looked for in the others."""


def list_into(
    dataset: Dataset, stores: Sequence[ListsInParts], report: ProgressCallback
) -> Listing:
    """List the stores into parts that ranges can read, unless that was done."""
    scanned = dataset.read_note("scan")
    if "warnings" in scanned:
        return replace(_NOTHING, warnings=tuple(map(notice_of, scanned["warnings"])))
    dataset.remove(LISTED)
    parts = Parts(dataset, LISTED)

    def take(files: pd.DataFrame) -> None:
        parts.add(files.assign(key=as_strings(range_keys(files["path"]))))

    listings = [store.list_in_parts(report, take) for store in stores]
    parts.close()
    if ListedPaths(dataset).n_listed != parts.n_rows:
        raise disturbed(dataset)
    problems = tuple(p for each in listings for p in each.problems)
    warnings = tuple(w for each in listings for w in each.warnings)
    if not problems:
        noted = [note_of(each) for each in warnings]
        scanned = expect_alone(dataset, scanned["run"])
        dataset.write_note("scan", {**scanned, "warnings": noted})
    unread = frozenset().union(*(each.unread for each in listings))
    return Listing(_NOTHING.files, _NOTHING.folders, problems, warnings, unread)


class ListedPaths:
    """Every path that was listed, and those from which a sweep took something.

    If that can no longer be read, a sweep cannot tell what rows refer to.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self.n_listed = self._count()
        """How many files were listed."""

    def __iter__(self) -> Iterator[str]:
        if self._count() != self.n_listed:
            raise SweepRefusedError(
                f"The listing of the scan in {self._dataset.url} is no longer there, "
                "so nothing may be moved. Scan again."
            )
        for files in self._dataset.columns(LISTED, "path"):
            yield from files["path"]
            yield from former_paths(files)

    def _count(self) -> int:
        return sum(map(self._dataset.count_rows, self._dataset.names(LISTED)))


def in_trash(dataset: Dataset) -> pd.DataFrame:
    """Return ``store`` and ``path`` of everything in a trash."""
    listed = dataset.columns(LISTED, "store", "path")
    below = f"{TRASH_FOLDER}/"
    parts = [files[files["path"].str.startswith(below)] for files in listed]
    return stacked([FILES.empty()[["store", "path"]], *parts])


def find_twins(dataset: Dataset, stores: Sequence[StoreInfo]) -> list[Notice]:
    """Return a notice per store that seems to be another one: some files show it."""
    if len(stores) == 1:
        return []
    columns = ["store", "path", "size_bytes", "modified_ns", "etag", "kind"]
    probes: dict[str, pd.DataFrame] = {}
    for files in dataset.columns(LISTED, *columns):
        for store, own in files.groupby("store"):
            before = probes.get(str(store), own.iloc[:0])
            probes[str(store)] = stacked([before, own]).iloc[:_PROBE]
    found: dict[str, Notice] = {}
    for files in dataset.columns(LISTED, *columns):
        both = stacked([files, *probes.values()]).drop_duplicates(["store", "path"])
        for notice in find_twin_stores(both, stores):
            found.setdefault(notice.where, notice)
    return list(found.values())
