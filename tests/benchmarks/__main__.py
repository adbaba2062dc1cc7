"""Time what users wait for, beside DataJoint's collector and the limit, in one run.

``make bench`` takes a quarter of an hour, ``make bench QUICK=1`` two minutes. Seconds
depend on the machine; the ratios are what counts. `README.md` has a table.
"""

import subprocess
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import datajoint as dj
import pandas as pd
from builders import files, judge, recorded
from laboratory import Laboratory, complete, planned

from djgc_widgets import Trash, scan
from djgc_widgets.model import OBJECTS, no_progress
from djgc_widgets.panel.tables import object_table
from djgc_widgets.references import KnownPaths, read_references
from djgc_widgets.verdict import bytes_by_place, usage_by_attribute
from tests.benchmarks import browsing, buckets, in_ranges
from tests.benchmarks.laboratories import (
    SERVERS,
    apart,
    fill_arrays,
    fill_hashes,
    fill_zarr,
    insert,
    laboratory,
)
from tests.benchmarks.measuring import HEAD, QUICK, Cost, cost, report

MANY = 20_000 if QUICK else 100_000
MOST = 100_000 if QUICK else 1_000_000
SWEPT = 5_000 if QUICK else 20_000
THEIRS = 2_000
"""Arrays that the collector deletes; it lists all folders for each of them."""


def ran(*command: str) -> None:
    """Run a command; its output is not wanted."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def time_starts() -> None:
    """Print what it takes until anything can be done."""
    python = partial(ran, sys.executable, "-W", "ignore", "-c")
    imported = cost(partial(python, "import datajoint"))
    report(
        "import djgc_widgets", cost(partial(python, "import djgc_widgets")), imported
    )
    helped = partial(ran, sys.executable, "-m", "djgc_widgets.cli", "--help")
    report("djgc --help", cost(helped), imported)


def scanned(lab: Laboratory) -> int:
    return len(scan(apart(lab)).objects)


def collected(lab: Laboratory, *, dry_run: bool = True) -> int:
    collector = dj.gc.GarbageCollector(apart(lab), store="raw")
    return int(collector.collect(dry_run=dry_run)["schema_paths_orphaned"])


def limit_of_a_scan(lab: Laboratory) -> None:
    """List with a program in C, and let the server send its rows to nobody."""
    ran("find", str(lab.store("raw")), "-printf", r"%s %T@ %C@ %i %P\n")
    copied(lab)


def copied(lab: Laboratory) -> None:
    """Let the server send its rows to nobody."""
    table, there = lab.quote(lab.name, "recording"), apart(lab).connection._conn  # noqa: SLF001 - DataJoint has no public name
    with there.cursor() as cursor:
        if lab.backend == "postgresql":
            with Path("/dev/null").open("wb") as nobody:
                cursor.copy_expert(f"COPY (SELECT data FROM {table}) TO STDOUT", nobody)
        else:
            cursor.execute(f"SELECT data FROM {table}")


def time_scans() -> None:
    """Print scans of many files, of different shapes, and how they grow."""
    for fill, kind in (
        (fill_arrays, "arrays in folders of their own"),
        (fill_hashes, "hashes in one folder"),
        (fill_zarr, "chunks of one array"),
    ):
        costs = {}
        for count in (MANY, MOST):
            with laboratory() as lab:
                fill(lab, count)
                few = {} if count == MANY else {"repeats": 1}
                ours = costs[count] = cost(partial(scanned, lab), **few)
                theirs = cost(partial(collected, lab), **few)
                limit = cost(partial(limit_of_a_scan, lab), **few)
            report(f"scan {count:,} {kind}", ours, theirs, limit)
        growth = costs[MOST].seconds / costs[MANY].seconds
        print(f"    {MOST / MANY:.0f} times the objects: {growth:.1f} times as long")


def referred(lab: Laboratory) -> int:
    sections = ("_hash", "_schema")
    known = KnownPaths((str(lab.store("raw")),), sections)
    reading = read_references([apart(lab).connection], known, no_progress)
    return len(reading.recorded)


def collected_references(lab: Laboratory) -> int:
    collector = dj.gc.GarbageCollector(apart(lab), store="raw")
    return len(collector.schema_references())


def time_references() -> None:
    """Print the reading of one table's references from each server."""
    for server in SERVERS:
        with laboratory(server) as lab:
            lab.declare("id : int32\n---\ndata : <npy@raw>\n")
            path = f"_schema/{lab.name}/recording/id={{}}/data_AbCd1234.npy"
            rows = (
                (key, {"path": path.format(key), "store": "raw", "shape": [4, 8]})
                for key in range(MOST)
            )
            insert(lab, rows)
            report(
                f"read {MOST:,} references from {server}",
                cost(partial(referred, lab), repeats=1),
                cost(partial(collected_references, lab), repeats=1),
                cost(partial(copied, lab), repeats=1),
            )


def judged(count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return files and references, of which each has 70 % of all paths."""
    paths = [
        f"_schema/lab/rec/id={key}/voltage_AbCd{key % 10_000:04}.npy"
        for key in range(count)
    ]
    return files(*paths[: count * 7 // 10]), recorded(*paths[count * 3 // 10 :])


def time_verdicts() -> None:
    """Print the verdict alone, with everything that a scan shows of it."""
    for count in (MOST,) if QUICK else (MOST, 3 * MOST):
        stored, rows = judged(count * 10 // 7)

        def decide(stored: pd.DataFrame = stored, rows: pd.DataFrame = rows) -> int:
            verdict = judge(stored, rows)
            usage_by_attribute(verdict.objects, verdict.references)
            bytes_by_place(verdict.objects, verdict.references)
            return len(verdict.objects)

        report(f"judge {count:,} files by as many references", cost(decide, repeats=1))


def time_sweeps() -> None:
    """Print plan, sweep and restore, and what the collector needs to delete."""
    for fill, kind, count, many in (
        (fill_arrays, "arrays", 5 * THEIRS, 5 * SWEPT),
        (fill_hashes, "hashes in one folder", SWEPT + 1, SWEPT + 1),
    ):
        with laboratory() as lab:
            fill(lab, count)
            full = cost(partial(collected, lab, dry_run=False), repeats=1)
            listed = cost(partial(collected, lab), repeats=1)
            n_deleted = count // 5 if fill is fill_arrays else SWEPT
        theirs = (full.seconds - listed.seconds) / n_deleted
        with laboratory() as lab:
            fill(lab, many)
            sweep_and_restore(lab, kind, theirs)


def sweep_and_restore(lab: Laboratory, kind: str, theirs_per_object: float) -> None:
    """Print a sweep of all orphans, and its restore."""
    theirs = Cost(theirs_per_object * SWEPT, 0, 0, None)
    result = complete(lab)
    report(f"plan {SWEPT:,} {kind}", cost(lambda: len(planned(result).objects)))
    plan = planned(result)
    swept = cost(lambda: _expect(plan.sweep().count("moved"), plan), repeats=1)
    report(f"sweep {SWEPT:,} {kind}", swept, theirs)
    restored = cost(lambda: _restore(lab), repeats=1)
    report(f"restore {SWEPT:,} {kind}", restored)


def _expect(moved: int, plan: Any) -> None:
    assert moved == len(plan.objects) == SWEPT


def _restore(lab: Laboratory) -> None:
    trash = Trash(apart(lab), "raw")
    receipt = trash.restore(str(trash.sweeps["sweep_id"].iloc[0]))
    assert receipt.count("restored") == SWEPT


def time_panel() -> None:
    """Print what the kernel does until the first page of orphans is there."""
    stored, rows = judged(MOST)
    orphans = judge(stored, rows.iloc[:0]).objects
    orphans = OBJECTS.conform(orphans).assign(
        attribute="voltage", why=orphans["reason"], age_days=30, alone=True
    )
    state = object_table()

    def first_page() -> int:
        state.replace(orphans)
        return len(state.page(12)["rows"])

    report(f"first page of {len(orphans):,} orphans", cost(first_page))
    state.replace(orphans)

    def tick() -> None:
        state.tick([0], on=True)
        state.page(12)

    report(f"tick one of {len(orphans):,} orphans", cost(tick))


PARTS: dict[str, Callable[[], None]] = {
    "starts": time_starts,
    "scans": time_scans,
    "references": time_references,
    "verdicts": time_verdicts,
    "sweeps": time_sweeps,
    "buckets": buckets.main,
    "ranges": in_ranges.main,
    "panel": time_panel,
}


def main() -> None:
    """Print the table; arguments name the parts that are wanted."""
    warnings.simplefilter("ignore")
    wanted = sys.argv[1:] or [*PARTS, "browsing"]
    print(HEAD)
    for name in wanted:
        if name in PARTS:
            PARTS[name]()
        elif not QUICK:
            browsing.main()


if __name__ == "__main__":
    main()
