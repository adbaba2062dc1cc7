"""Files that are one and the same on the disk: their bytes are counted once."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from djgc_widgets.model import (
    Notice,
    NoticeCode,
    Status,
    in_store,
    plural,
    readable_bytes,
)

_IDENTITY = ["device", "inode", "size_bytes", "modified_ns"]
_FIRST = (Status.LIVE, Status.UNKNOWN, Status.YOUNG, Status.ORPHAN, Status.TRASH)


def count_bytes_once(
    files: pd.DataFrame, code: npt.NDArray[np.int64], status: pd.Series
) -> pd.Series:
    """Return the bytes that each file is counted with.

    Of hard links the first counts, what is live before what is not, so that an orphan
    has the bytes that moving it away and purging it frees.

    Parameters
    ----------
    files : DataFrame
        A frame of the files schema.
    code : array of int
        Per file the row of its object; -1 in the trash.
    status : Series
        Per object.
    """
    counted = files["size_bytes"]
    linked = files["inode"].gt(0) & files.duplicated(_IDENTITY, keep=False)
    if not linked.any():
        return counted
    rank = status.map({each.value: position for position, each in enumerate(_FIRST)})
    ranks = np.append(rank.to_numpy(dtype="int64"), len(_FIRST))  # -1: in the trash
    links = files.loc[linked, _IDENTITY].assign(rank=ranks[code[linked]])
    again = links.sort_values("rank", kind="stable").duplicated(_IDENTITY)
    return counted.mask(again.reindex(files.index, fill_value=False), 0)


def notices_of_hard_links(files: pd.DataFrame, counted: pd.Series) -> Iterator[Notice]:
    """Yield a warning per store with files whose bytes are counted elsewhere."""
    shared = files["size_bytes"] - counted
    for store, sizes in shared[shared.gt(0)].groupby(files["store"]):
        size = readable_bytes(int(sizes.sum()))
        values = {"files": plural(len(sizes), "file"), "size": size}
        yield Notice(NoticeCode.HARD_LINKS, in_store(str(store)), values)
