"""Which of several names of one file carries its bytes."""

import numpy as np
import pandas as pd

from djgc_widgets.verdict.hard_links import count_bytes_once


def counted(*files: tuple[int, int, str]) -> list[int]:
    """Count files of ten bytes, each with device, inode and status."""
    devices, inodes, status = zip(*files, strict=True)
    columns = {"device": devices, "inode": inodes, "size_bytes": 10, "modified_ns": 1}
    frame, code = pd.DataFrame(columns), np.arange(len(files))
    code[np.array(status) == "trash"] = -1
    return list(count_bytes_once(frame, code, pd.Series(status)))


def test_equal_inodes_on_two_devices_are_two_files() -> None:
    assert counted((1, 7, "live"), (2, 7, "orphan")) == [10, 10]


def test_of_hard_links_a_live_one_carries_the_bytes() -> None:
    files = [(1, 7, "trash"), (1, 7, "orphan"), (1, 7, "live"), (1, 7, "unknown")]

    assert counted(*files) == [0, 0, 10, 0]


def test_garbage_carries_bytes_before_the_trash() -> None:
    assert counted((1, 7, "trash"), (1, 7, "orphan")) == [0, 10]


def test_files_of_stores_without_inodes_are_never_links() -> None:
    assert counted((0, 0, "live"), (0, 0, "orphan")) == [10, 10]
