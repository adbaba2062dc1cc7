"""Time a scan and a sweep beside DataJoint's own collector, in one run.

Run with ``make bench``. Seconds depend on the machine; the ratio is what counts.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import datajoint as dj
from laboratory import Laboratory, complete, filled, planned

from djgc_widgets.lab import start_postgresql
from tests.benchmarks import browsing

_OBJECTS = 3_000  # their deletion lists the parent folder each time: more takes long
_HASHES = 10_000
_LINE = "{:44}{:>7.2f} s{:>7.2f} s{:>7.1f}x"


def fill(laboratory: Laboratory) -> None:
    """Store arrays, every other one of which a row refers to."""
    laboratory.declare("id : int32\n---\ndata : <npy@raw>\n")
    rows = []
    for key in range(_OBJECTS):
        path = f"_schema/{laboratory.name}/recording/id={key}/data_AbCd1234.npy"
        laboratory.put(path, data=b"x" * 100)
        if key % 2:
            rows.append(f"({key}, '{json.dumps({'path': path, 'store': 'raw'})}')")
    values = ", ".join(rows)
    laboratory.connection.query(
        f'INSERT INTO "{laboratory.name}".recording VALUES {values}'
    )
    laboratory.age()


def fill_hashes(laboratory: Laboratory) -> None:
    """Store hashes that no row refers to, and one that a row does."""
    filled(laboratory, range(1, 2))
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    for number in range(_HASHES):
        digest = "".join(letters[(number >> (5 * i)) % 32] for i in range(26))
        laboratory.put(f"_hash/{laboratory.name}/{digest}", data=b"x" * 100)
    laboratory.age()


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(laboratory: Laboratory, orphans: int, kind: str) -> None:
    """Scan, sweep, restore, and let the collector delete the same objects."""
    collector = dj.gc.GarbageCollector(laboratory.schema, store="raw")
    theirs = timed(lambda: collector.collect(dry_run=True))
    ours = timed(laboratory.scan)
    print(_LINE.format(f"scan {kind}", theirs, ours, theirs / ours))
    plan, receipts = planned(complete(laboratory)), []
    ours = timed(lambda: receipts.append(plan.sweep()))
    assert receipts[0].count("moved") == orphans
    receipts[0].restore()
    theirs = timed(lambda: collector.collect(dry_run=False))
    theirs -= timed(lambda: collector.collect(dry_run=True))  # deletions alone
    work = f"remove {orphans:,} of them"
    print(_LINE.format(work, theirs, ours, theirs / ours))


def main() -> None:
    """Print seconds of both and their ratio."""
    print(f"{'':44}{'dj.gc':>9}{'ours':>9}{'ratio':>8}")
    for prepare, orphans, kind in (
        (fill, _OBJECTS // 2, f"{_OBJECTS:,} arrays in folders of their own"),
        (fill_hashes, _HASHES, f"{_HASHES:,} hashes in one folder"),
    ):
        with (
            tempfile.TemporaryDirectory() as folder,
            start_postgresql() as server,
            Laboratory.on(server, "postgresql", Path(folder)) as laboratory,
        ):
            prepare(laboratory)
            compare(laboratory, orphans, kind)


if __name__ == "__main__":
    main()
    browsing.main()
