"""List, read and judge in ranges; a scan that was stopped goes on where it was."""

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence, Sized
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from os import PathLike
from typing import Any

import datajoint as dj
import pandas as pd

from djgc_widgets.collector.gathering import Asked, Found, problems_of, world_of
from djgc_widgets.collector.listings import (
    known_names,
    list_hidden_of,
    look_up_missing,
)
from djgc_widgets.collector.pins import pins_of
from djgc_widgets.collector.ranges import bounds
from djgc_widgets.collector.ranges.dataset import LISTED, RECORDED, Dataset
from djgc_widgets.collector.ranges.folders import (
    absolute_url,
    begin,
    disturbed,
    expect_alone,
)
from djgc_widgets.collector.ranges.frames import FramesOfRanges
from djgc_widgets.collector.ranges.listed import (
    ListedPaths,
    find_twins,
    in_trash,
    list_into,
)
from djgc_widgets.collector.ranges.recorded import RecordedParts
from djgc_widgets.collector.ranges.task import (
    RESULTS,
    RangeTask,
    judge_range,
    notice_of,
)
from djgc_widgets.collector.releases import release_warnings
from djgc_widgets.model import (
    InputError,
    Notice,
    Progress,
    ScanUnfinishedError,
    State,
    Step,
    error_text,
    shown,
)
from djgc_widgets.references import read_references
from djgc_widgets.stores import ListsInParts
from djgc_widgets.verdict import (
    notices_of_other_stores,
    notices_of_trash,
    range_keys,
    withhold_orphans,
)


def gather_in_ranges(
    asked: Asked, out: str | PathLike[str], executor: Executor | None
) -> Found:
    """List the stores, read the references and judge both range by range.

    Of the verdict only what is not live, and what is missing, is in memory.
    """
    stores = _expect_ranges(asked, executor)
    dataset = Dataset(absolute_url(out))
    asked, run = begin(asked, dataset)
    report, names = asked.report, asked.opened.names
    listed = list_into(dataset, stores, asked.report)
    expect_alone(dataset, run)
    hidden = asked.opened.stores if asked.hidden else ()
    kept = list_hidden_of(hidden, listed, {}, report)
    paths = ListedPaths(dataset)
    known = known_names(names, paths)
    dataset.remove(RECORDED)
    rows = RecordedParts(dataset, names)
    reading = read_references(asked.connections, known, report, rows=rows)
    names_of_paths = rows.close()
    pins, unread_pins = pins_of(asked.opened.stores, in_trash(dataset))
    world = replace(world_of(asked, reading, pins), names=names_of_paths)
    ranges = bounds.lay_ranges(dataset, world.names, bounds.ROWS)
    early = [
        *(*asked.opened.problems, *listed.problems, *reading.problems, *unread_pins),
        *reading.hiding_any_of(world.scanned),
    ]
    n_ranges = len(ranges) + 1
    for kind in (*RESULTS, "finished"):
        dataset.keep_only(kind, {f"{number:05d}" for number in range(n_ranges)})
    with _running(executor) as workers:
        n_rows = paths.n_listed, rows.n_written
        written = (
            RangeTask(dataset, number, n_rows, world, names.stores, bool(early))
            for number, n_rows in enumerate(_split(dataset, ranges, n_rows))
        )
        tasks, judged = _judge(workers, written, asked, n_ranges)
        frames = FramesOfRanges(dataset, judged, rows.several)
        verdict, again = look_up_missing(frames.verdict(), asked.opened, listed)
        looked_up = verdict.references
        looked_up = looked_up[looked_up["state"].ne(State.MISSING.value)]
        problems = problems_of(
            asked,
            listed,
            reading,
            world,
            unread_pins=unread_pins,
            twins=find_twins(dataset, names.stores),
            sections=frames.sections(),
            located=_notices(judged, "problems"),
            again=again,
        )
        if len(looked_up) or bool(problems) != bool(early):
            again_for = _by_range(looked_up, ranges)
            tasks = [
                replace(
                    task,
                    withheld=bool(problems),
                    looked_up=again_for.get(task.number, ()),
                )
                for task in tasks
            ]
            _, judged = _judge(workers, tasks, asked, n_ranges)
            frames = replace(frames, ranges=judged)
            verdict = frames.verdict()
    files = frames.files_not_live()
    warnings = [
        *release_warnings(dj.__version__),
        *notices_of_trash(verdict.trash, files),
        *notices_of_other_stores(verdict.elsewhere, [s.name for s in names.stores]),
        *(*listed.warnings, *_notices(judged, "warnings"), *reading.gone),
        *(warning for look_up in again for warning in look_up.warnings),
        *(*reading.warnings, *reading.prepared, *kept.warnings),
    ]
    note = expect_alone(dataset, run)
    dataset.write_note("scan", {**note, "finished": not problems})
    if problems:
        verdict = withhold_orphans(verdict)
    return Found(
        verdict,
        files,
        frames,
        frames.total("n_files"),
        frames.total("n_bytes"),
        tuple(world.scanned),
        known,
        reading,
        kept,
        problems,
        warnings,
        cache(frames.settled),
        asked.started,
        dataset.url,
    )


def _expect_ranges(asked: Asked, executor: Executor | None) -> list[ListsInParts]:
    """Return the stores of a scan if it can be made in ranges."""
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise InputError(
            f"Expected an executor of concurrent.futures; got {shown(executor)}. Pass "
            "for example ProcessPoolExecutor() or client.get_executor() of Dask."
        )
    if asked.inventories or not asked.exact:
        option = "listing" if asked.inventories else "exact=False"
        raise InputError(
            f"Expected a scan that lists every file, as one in ranges does; got "
            f"{option}. Leave out either that or out."
        )
    names, stores = asked.opened.names, asked.opened.stores
    able = [store for store in stores if isinstance(store, ListsInParts)]
    others = [store.info.name for store in stores if store not in able]
    nested = [folder.store for folder in names.same]
    if others or nested:
        why = "one in another" if nested else "folders on a file system"
        raise InputError(
            f"Expected stores in buckets, none within another, for a scan in ranges; "
            f"got {why}: {', '.join(dict.fromkeys(nested or others))}. Name the others "
            "in stores, or leave out."
        )
    return able


def _by_range(
    rows: pd.DataFrame, bounds: Sequence[str]
) -> dict[int, tuple[tuple[str, str, str], ...]]:
    """Return store, path and state of rows by the number of their range, in order."""
    keys = range_keys(rows["path"]).to_pylist()
    found: dict[int, set[tuple[str, str, str]]] = {}
    told = rows[["store", "path", "state"]].itertuples(index=False, name=None)
    for key, row in zip(keys, told, strict=True):
        found.setdefault(bisect_right(bounds, key), set()).add(row)
    return {number: tuple(sorted(each)) for number, each in found.items()}


def _split(
    dataset: Dataset, ranges: Sequence[str], n_rows: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """Write files and recorded paths by ranges; yield how many of them each has."""
    n_split = [0, 0]
    split = (dataset.split(kind, ranges) for kind in (LISTED, RECORDED))
    for n_files, n_recorded in zip(*split, strict=True):
        n_split = [n_split[0] + n_files, n_split[1] + n_recorded]
        yield n_files, n_recorded
    if n_split != [*n_rows]:
        raise disturbed(dataset)


@contextmanager
def _running(executor: Executor | None) -> Iterator[Executor]:
    """Lend an executor; threads of our own are stopped at the end."""
    if executor is not None:
        yield executor
        return
    own = ThreadPoolExecutor(os.cpu_count())
    try:
        yield own
    finally:
        own.shutdown(cancel_futures=True)


def _judge(
    executor: Executor, tasks: Iterable[RangeTask], asked: Asked, total: int
) -> tuple[list[RangeTask], dict[str, dict[str, Any]]]:
    """Judge every range as soon as it is there.

    Returns the tasks, and what each range says when it is finished, by its name.
    """
    running: dict[Future[dict[str, Any]], RangeTask] = {}
    judged: dict[str, dict[str, Any]] = {}
    try:
        for task in tasks:
            with _naming_failures(task.dataset, judged, total):
                running[executor.submit(judge_range, task)] = task
        for future in as_completed(running):
            task = running[future]
            with _naming_failures(task.dataset, judged, total):
                judged[task.name] = future.result()
            asked.report(Progress(Step.RECONCILING, len(judged), total))
    finally:
        for future in running:
            future.cancel()
    tasks = [*running.values()]
    return tasks, {task.name: judged[task.name] for task in tasks}


@contextmanager
def _naming_failures(dataset: Dataset, judged: Sized, total: int) -> Iterator[None]:
    """Say what an error of an executor, of which each has its own, means to a scan."""
    try:
        yield
    except Exception as error:
        raise ScanUnfinishedError(
            f"Expected all {total} ranges to be judged; {len(judged)} were, then a "
            f"worker failed ({error_text(error)}). Nothing is lost: scan(..., "
            f"out={dataset.url!r}) judges only the others."
        ) from error


def _notices(judged: dict[str, dict[str, Any]], kind: str) -> list[Notice]:
    """Return the notices of all ranges; what only counts rows differently is one."""
    merged: dict[str, dict[str, Any]] = {}
    for told in (each for done in judged.values() for each in done[kind]):
        values = told["values"]
        same = {k: v for k, v in values.items() if k not in {"n_rows", "row_key"}}
        first = merged.setdefault(str({**told, "values": same}), told)
        if first is not told and "n_rows" in values:
            first["values"]["n_rows"] += values["n_rows"]
    return [*map(notice_of, merged.values())]
