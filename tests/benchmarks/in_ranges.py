"""What a scan in ranges costs beyond one machine's memory: synthetic, answer known.

What is listed and recorded is made up page by page, so that neither a bucket nor a
database is measured. Listings come in order of their keys, rows in that of their
inserts, which has nothing to do with it.
"""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from builders import OLD, names, world

from djgc_widgets.collector.ranges import bounds
from djgc_widgets.collector.ranges.dataset import LISTED, Dataset, Parts
from djgc_widgets.collector.ranges.dataset import RECORDED as TOLD
from djgc_widgets.collector.ranges.frames import FramesOfRanges
from djgc_widgets.collector.ranges.recorded import RecordedParts
from djgc_widgets.collector.ranges.task import RangeTask, judge_range
from djgc_widgets.model import FILES, RECORDED, StoreInfo, as_strings
from djgc_widgets.verdict import range_keys
from tests.benchmarks.measuring import QUICK

_PAGE = 100_000
_WORKERS = 2
_ORPHANS = 10
"""Each tenth object has no row."""
_STORE = StoreInfo("raw", ("raw",), "server/raw", protocol="s3")
_OLD_NS = int(OLD.timestamp()) * 10**9


def _paths(numbers: npt.NDArray[np.int64]) -> pa.Array:
    # a bijection, so that the order of keys is not that of inserts
    mixed = (numbers.astype(np.uint64) * np.uint64(2654435761)) % np.uint64(2**32)
    digits = pa.array([f"{each:08x}" for each in mixed.tolist()], pa.large_string())
    texts = "_schema/lab/rec/id=", "/voltage_AbCd", ".npy", ""
    start, middle, end, empty = (pa.scalar(each, pa.large_string()) for each in texts)
    tail = pc.utf8_slice_codeunits(digits, 4)
    return pc.binary_join_element_wise(start, digits, middle, tail, end, empty)


def _listed(n: int) -> Iterator[pd.DataFrame]:
    numbers = np.arange(n, dtype=np.int64)
    mixed = (numbers.astype(np.uint64) * np.uint64(2654435761)) % np.uint64(2**32)
    order = np.argsort(mixed)
    for at in range(0, n, _PAGE):
        paths = _paths(order[at : at + _PAGE])
        yield FILES.conform(
            {
                "store": as_strings(pa.repeat("raw", len(paths))),
                "path": as_strings(paths),
                "n_files": 1,
                "size_bytes": 1_000,
                "modified_ns": _OLD_NS,
                "changed_ns": _OLD_NS,
                "device": 0,
                "inode": 0,
                "etag": as_strings(pc.utf8_slice_codeunits(paths, 19, 27)),
                "kind": as_strings(pa.repeat("file", len(paths))),
            }
        )


def _recorded(n: int) -> Iterator[pd.DataFrame]:
    for at in range(0, n, _PAGE):
        numbers = np.arange(at, min(at + _PAGE, n), dtype=np.int64)
        numbers = numbers[numbers % _ORPHANS > 0]
        same = {
            name: as_strings(pa.repeat(text, len(numbers)))
            for name, text in {
                "named_store": "raw",
                "column_store": "raw",
                "schema": "lab",
                "table": "rec",
                "attribute": "voltage",
                "codec": "npy",
            }.items()
        }
        yield RECORDED.conform(
            {
                **same,
                "server": 0,
                "reference": numbers,
                "declared": True,
                "guessed": False,
                "path": as_strings(_paths(numbers)),
                "size_bytes": pd.array(np.full(len(numbers), 1_000), dtype="Int64"),
                "n_files": pd.array([None] * len(numbers), dtype="Int64"),
                "is_dir": False,
                "row_key": pd.array([f'{{"id": {each}}}' for each in numbers]),
            }
        )


def _peak_mb() -> float:
    """Return the most memory that this process has had."""
    [line] = re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    return int(line) / 1024


def scan_made_up(n: int, folder: Path, workers: int) -> dict[str, float]:
    """Judge so many objects; return seconds of each part, and memory in MB."""
    dataset = Dataset(str(folder))
    around = world(names(_STORE, default="raw"))
    began = time.perf_counter()
    laps: dict[str, float] = {}

    def lap(name: str) -> None:
        laps[name] = time.perf_counter() - began - sum(laps.values())

    parts = Parts(dataset, "listed")
    for page in _listed(n):
        parts.add(page.assign(key=as_strings(range_keys(page["path"]))))
    parts.close()
    lap("listed")
    taken = RecordedParts(dataset, around.names)
    for page in _recorded(n):
        taken.add(page)
    taken.close()
    lap("recorded")
    ranges = bounds.lay_ranges(dataset, around.names, bounds.ROWS)
    lap("laid")
    with ProcessPoolExecutor(workers, get_context("spawn")) as executor:
        split = (dataset.split(kind, ranges) for kind in (LISTED, TOLD))
        running = {
            task.name: executor.submit(judge_range, task)
            for number, n_rows in enumerate(zip(*split, strict=True))
            for task in [RangeTask(dataset, number, n_rows, around, (_STORE,))]
        }
        lap("split")
        judged = {name: future.result() for name, future in running.items()}
        peaks = [executor.submit(_peak_mb) for _ in range(4 * workers)]
        of_worker = max(each.result() for each in peaks)
    lap("judged")
    frames = FramesOfRanges(dataset, judged, taken.several)
    verdict = frames.verdict()
    lap("put together")
    counts = verdict.summary.set_index("status")["n_objects"].to_dict()
    orphans = -(-n // _ORPHANS)
    if counts != {"live": n - orphans, "orphan": orphans}:
        raise AssertionError(f"expected {orphans:,} orphans of {n:,}; got {counts}")
    laps["ranges"] = len(ranges)
    laps |= {"worker MB": of_worker, "main MB": _peak_mb()}
    laps["seconds"] = time.perf_counter() - began
    return laps


def main() -> None:
    """Print a line per number of objects, and how times grow."""
    before: tuple[int, float] | None = None
    for n in (100_000, 300_000) if QUICK else (1_000_000, 3_000_000, 10_000_000):
        with TemporaryDirectory() as folder:
            laps = scan_made_up(n, Path(folder), _WORKERS)
        numbers = {name: f"{value:,.0f}" for name, value in laps.items()}
        seconds = numbers.pop("seconds")
        told = ", ".join(f"{name} {value}" for name, value in numbers.items())
        print(f"{n:,} objects in ranges, {_WORKERS} workers: {seconds} s ({told})")
        if before is not None:
            times, longer = n / before[0], laps["seconds"] / before[1]
            print(f"    {times:.1f} times the objects: {longer:.1f} times as long")
        before = n, laps["seconds"]
