"""A folder for the scans of a panel: each has a folder of its own in it."""

from datetime import datetime, timedelta
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from djgc_widgets.collector.ranges.dataset import Dataset
from djgc_widgets.model import InputError, shown

_GOES_ON = timedelta(days=1)
"""A scan that was stopped is not gone on with if it began earlier."""
_NAME = "scan-%Y%m%dT%H%M%S%fZ"


def absolute_url(out: Any) -> str:  # noqa: ANN401 - what a caller passes
    """Return a folder as workers name it, wherever they run; URLs are as they are.

    Raises `InputError` if it is neither.
    """
    if not isinstance(out, str | PathLike) or not fspath(out):
        raise InputError(
            f"Expected a folder or a URL of one in out; got {shown(out)}. Pass one, or "
            "leave it out."
        )
    url = str(fspath(out))
    return url.rstrip("/") if "://" in url else str(Path(url).absolute())


def folder_of_next_scan(out: str | PathLike[str], now: datetime) -> str:
    """Return the folder of the next scan, or that of the latest one if it was stopped.

    Parameters
    ----------
    out : str or path-like
        Folder, or URL of one.
    now : datetime
        Aware time that names a new folder.

    Raises
    ------
    InputError
        If `out` is no folder or URL, or a scan was written into `out` itself.
    """
    url = absolute_url(out)
    if Dataset(url).read_note("scan") is not None:
        raise InputError(
            f"Expected in out a folder for the scans of a panel; got {url}, which is "
            "that of one scan. Name the folder above it, or another one."
        )
    names = (name for name in Dataset(url).folders() if name.startswith("scan-"))
    for name in sorted(names, reverse=True):
        found = Dataset(f"{url}/{name}").read_note("scan")
        if found is not None and _was_stopped(found, now):
            return f"{url}/{name}"
        break
    return f"{url}/{now:{_NAME}}"


def _was_stopped(note: dict[str, Any], now: datetime) -> bool:
    began = datetime.fromisoformat(note["began"])
    return "finished" not in note and now - began < _GOES_ON
