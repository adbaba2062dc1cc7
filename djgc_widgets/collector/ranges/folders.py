"""The folder of a scan in ranges: which it is, of what, and that only one is in it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from djgc_widgets.collector.gathering import Asked
from djgc_widgets.collector.ranges.dataset import Dataset
from djgc_widgets.model import InputError, ScanUnfinishedError, error_text, shown
from djgc_widgets.references import server_name

_FORMAT = "djgc-ranges-2"
_NAME = "scan-%Y%m%dT%H%M%SZ"


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
    return url.rstrip("/") if "://" in url else str(Path(url).expanduser().absolute())


def new_folder(out: str | PathLike[str], now: datetime) -> str:
    """Name a new folder in a folder of scans, for a scan that begins now.

    Raises `InputError` if `out` is no folder or URL, or that of one scan.
    """
    dataset = Dataset(absolute_url(out))
    with _naming(dataset):
        found = dataset.read_note("scan")
    if found is not None:
        raise InputError(
            f"Expected a folder for scans in out; got {dataset.url}, which is that of "
            "one scan. Name the folder above it, or another one."
        )
    return f"{dataset.url}/{now:{_NAME}}-{secrets.token_hex(4)}"


def begin(asked: Asked, dataset: Dataset) -> tuple[Asked, str]:
    """Return the scan with the time at which it began, and what names this run of it.

    Raises `InputError` if the folder cannot be used, or is of something else.
    """
    of = {
        "servers": sorted(server_name(each) for each in asked.connections),
        "schemas": sorted(asked.wanted),
        "stores": {each.name: each.address for each in asked.opened.names.stores},
        "minimum age in days": asked.minimum_age / timedelta(days=1),
    }
    with _naming(dataset):
        found, is_empty = dataset.read_note("scan"), dataset.is_empty
    if not isinstance(found, dict):
        found = None
    if found and found.get("finished"):
        raise InputError(
            f"Expected an empty folder in out, or one of a scan that was stopped; got "
            f"{dataset.url}, in which a scan was finished. Name another one."
        )
    if found is None:
        if not is_empty:
            raise InputError(
                f"Expected an empty folder in out, or one of a scan that was stopped; "
                f"got {dataset.url}, which holds something else. Name another one."
            )
        found = {"format": _FORMAT, "of": of, "began": asked.started.isoformat()}
    if found.get("format") != _FORMAT or found.get("of") != of:
        before = found.get("of", {})
        others = ", ".join(name for name in of if before.get(name) != of[name])
        raise InputError(
            f"Expected the folder of the same scan in out; got {dataset.url}, which is "
            f"of one with other {others or 'files'}. Name another one."
        )
    run = secrets.token_hex(8)
    with _naming(dataset):
        dataset.write_note("scan", {**found, "run": run})
    return replace(asked, started=datetime.fromisoformat(found["began"])), run


def expect_alone(dataset: Dataset, run: str) -> dict[str, Any]:
    """Return the note of a scan, unless another run of it has begun meanwhile."""
    note: dict[str, Any] = dataset.read_note("scan") or {}
    if note.get("run") != run:
        raise disturbed(dataset)
    return note


def disturbed(dataset: Dataset) -> ScanUnfinishedError:
    """Return the error that a folder has something else than what was written."""
    return ScanUnfinishedError(
        f"Expected one scan at a time in {dataset.url}; something else changed what it "
        "wrote there. Wait until the other one ends, or name another folder in out."
    )


@contextmanager
def _naming(dataset: Dataset) -> Iterator[None]:
    """Say of an error of a file system that it is about ``out``."""
    try:
        dataset.open()
        yield
    except (OSError, ValueError, ImportError) as error:
        raise InputError(
            f"Expected a folder in out that can be written to; got {dataset.url} "
            f"({error_text(error)}). Name another one."
        ) from error
