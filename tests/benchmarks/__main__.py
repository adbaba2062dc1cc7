"""Time a scan and a sweep beside what DataJoint's own collector does, in one run.

Run with ``make bench``. Seconds depend on the machine; the ratio is what counts.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import datajoint as dj
from laboratory import Laboratory, planned

from djgc_widgets import CompleteScan
from djgc_widgets.embedded import start_postgresql

_OBJECTS = 3_000  # their deletion lists the parent folder each time: more takes long


def fill(laboratory: Laboratory) -> None:
    """Store objects, every other one of which a row refers to."""
    laboratory.declare("id : int32\n---\ndata : <npy@raw>\n")
    rows = []
    for key in range(_OBJECTS):
        path = f"_schema/{laboratory.name}/recording/id={key}/data_AbCd1234.npy"
        target = laboratory.store("raw") / path
        target.parent.mkdir(parents=True)
        target.write_bytes(b"x" * 100)
        if key % 2:
            rows.append(f"({key}, '{json.dumps({'path': path, 'store': 'raw'})}')")
    values = ", ".join(rows)
    laboratory.connection.query(
        f'INSERT INTO "{laboratory.name}".recording VALUES {values}'
    )
    laboratory.age()


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Print seconds of both and their ratio."""
    with (
        tempfile.TemporaryDirectory() as folder,
        start_postgresql() as server,
        Laboratory.on(server, "postgresql", Path(folder)) as laboratory,
    ):
        fill(laboratory)
        collector = dj.gc.GarbageCollector(laboratory.schema, store="raw")
        theirs = timed(lambda: collector.collect(dry_run=True))
        ours = timed(laboratory.scan)
        print(f"{'':34}{'dj.gc':>9}{'ours':>9}{'ratio':>8}")
        line = "{:34}{:>7.2f} s{:>7.2f} s{:>7.1f}x"
        print(line.format(f"look at {_OBJECTS:,} objects", theirs, ours, theirs / ours))
        found = laboratory.scan()
        assert isinstance(found, CompleteScan)
        receipts = []
        ours = timed(lambda: receipts.append(planned(found).sweep()))
        assert receipts[0].count("moved") == _OBJECTS // 2
        receipts[0].restore()
        theirs = timed(lambda: collector.collect(dry_run=False))
        work = f"remove {_OBJECTS // 2:,} of them"
        print(line.format(work, theirs, ours, theirs / ours))


if __name__ == "__main__":
    main()
