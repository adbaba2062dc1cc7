"""Everything below a folder: sizes and dates, without opening a file."""

from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from djgc_widgets.model import Notice

_LAST_NS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Listing:
    """What a store holds, or as much as could be seen of it.

    Parameters
    ----------
    files, folders : DataFrame
        Frames of these schemas.
    problems : tuple of Notice
        Folders that could not be read, files that could not be sized.
    warnings : tuple of Notice
        Entries that vanished while they were listed.
    """

    files: pd.DataFrame
    folders: pd.DataFrame
    problems: tuple[Notice, ...]
    warnings: tuple[Notice, ...]


class SecondLook(NamedTuple):
    """Which of some paths hold something by now; a sidecar alone does not count."""

    found: set[str]
    problems: list[Notice]
    warnings: list[Notice]


def bounded_ns(modified_ns: int) -> int:
    """Return a time in ns since 1970 that 64 bits hold: the years 1678 to 2262."""
    return min(max(modified_ns, -_LAST_NS), _LAST_NS)


def other_way(store: str, path: str, listed_by: str) -> Notice:
    """Say that a folder is a place that is listed another way."""
    return Notice(
        f"store {store}: {path}",
        f"the folder is reached in two ways; what it holds is counted once, in store "
        f"{listed_by}",
        "Nothing to do; rows may refer to it either way",
    )
