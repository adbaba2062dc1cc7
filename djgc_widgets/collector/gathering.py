"""What a scan gathers: stores listed, references read, the two reconciled."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial

import datajoint as dj
import pandas as pd

from djgc_widgets.collector.listings import (
    list_hidden_of,
    list_stores,
    look_up_missing,
)
from djgc_widgets.collector.live_folders import (
    Folders,
    find_live_folders,
    notices_of_jumps,
    read_rows,
)
from djgc_widgets.collector.pins import pins_of
from djgc_widgets.collector.releases import release_warnings
from djgc_widgets.collector.scan_frames import Frames, FramesInMemory
from djgc_widgets.model import (
    Notice,
    NoticeCode,
    Pin,
    Progress,
    ProgressCallback,
    Step,
)
from djgc_widgets.references import KnownPaths, ReferenceReading
from djgc_widgets.stores import HiddenListing, Listing, LookUp, OpenStores
from djgc_widgets.verdict import (
    Reconciled,
    World,
    count_sections,
    find_empty_stores,
    find_twin_stores,
    idle_pins,
    notices_of_hard_links,
    notices_of_other_stores,
    notices_of_trash,
    reconcile,
    stored_at_recorded_path,
    withhold_orphans,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a scan is asked for, checked."""

    connections: tuple[dj.Connection, ...]
    opened: OpenStores
    wanted: Sequence[str]
    """Schemas; none means all of the first server."""
    started: datetime
    minimum_age: timedelta
    report: ProgressCallback
    inventories: Mapping[str, str]
    """Where that of a store is, by store."""
    exact: bool
    hidden: bool
    """Whether what buckets keep beside their objects is listed."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a scan found."""

    verdict: Reconciled
    """All of it, or at least what is not live and what is missing."""
    files: pd.DataFrame
    """The files of these objects, and the trash: a frame of the files schema."""
    frames: Frames
    listed_files: int
    listed_bytes: int
    judged: tuple[str, ...]
    """Schemas."""
    known: KnownPaths
    reading: ReferenceReading
    hidden: HiddenListing
    problems: Sequence[Notice]
    warnings: Sequence[Notice]
    settled: Callable[[], pd.DataFrame]
    """Returns ``store`` and ``path`` at which an object was met."""
    started: datetime
    """When the listing began; ages count to it."""
    out: str | None = None
    """URL of the dataset of a scan in ranges."""


def gather(asked: Asked) -> Found:
    """List the stores, then read the references, then reconcile the two, in memory."""
    opened, report, names = asked.opened, asked.report, asked.opened.names
    jumped: Folders = {}
    if not asked.exact:
        told_of = [s for s in opened.stores if s.info.name not in asked.inventories]
        jumped = find_live_folders(asked.connections, told_of, names, report)
    listed = list_stores(
        opened.stores,
        report,
        asked.inventories,
        jumped=jumped,
        oldest=asked.started - asked.minimum_age,
        minimum_age=asked.minimum_age,
    )
    beside = opened.stores if asked.hidden else ()
    kept = list_hidden_of(beside, listed, asked.inventories, report)
    listed, known, reading, located = read_rows(
        listed, jumped, asked.connections, opened, report
    )
    report(Progress(Step.RECONCILING))
    pins, unread_pins = pins_of(opened.stores, listed.files)
    world = world_of(asked, reading, pins)
    verdict = reconcile(
        listed.files, listed.folders, reading.recorded, located.targets, world
    )
    verdict, again = look_up_missing(verdict, opened, listed)
    sections = count_sections(verdict, listed.files, names.stores, world.scanned)
    problems = problems_of(
        asked,
        listed,
        reading,
        world,
        unread_pins=unread_pins,
        twins=find_twin_stores(listed.files, names.stores),
        sections=sections,
        located=located.problems,
        again=again,
    )
    warnings = [
        *release_warnings(dj.__version__),
        *notices_of_trash(verdict.trash, listed.files),
        *notices_of_hard_links(listed.files, verdict.counted_bytes),
        *notices_of_other_stores(verdict.elsewhere, [s.name for s in names.stores]),
        *(*listed.warnings, *located.warnings, *reading.gone),
        *notices_of_jumps(listed.files),
        *(warning for look_up in again for warning in look_up.warnings),
        *(*reading.warnings, *reading.prepared, *kept.warnings),
    ]
    if problems:
        verdict = withhold_orphans(verdict)
    else:  # of what could not be listed, pins may keep something
        warnings += idle_pins(verdict.objects, verdict.trash, pins, names.stores)
    return Found(
        verdict,
        listed.files,
        FramesInMemory(verdict, listed.files, asked.started),
        int(listed.files["n_files"].sum()),
        int(verdict.counted_bytes.sum()),
        tuple(world.scanned),
        known,
        reading,
        kept,
        problems,
        warnings,
        # only what moves something asks for it
        cache(
            partial(stored_at_recorded_path, listed.files, verdict.references, names)
        ),
        asked.started,
    )


def world_of(
    asked: Asked, reading: ReferenceReading, pins: Mapping[str, Sequence[Pin]]
) -> World:
    """Return what is known while the stores of a scan are judged.

    The judged schemas are called as the server calls them; by default they are all of
    its own.
    """
    named = map(reading.names.on_server, asked.wanted)
    judged = tuple(dict.fromkeys(named)) or tuple(sorted(reading.own_schemas))
    return World(
        asked.opened.names,
        reading.names,
        judged,
        reading.tables,
        asked.started,
        asked.minimum_age,
        pins,
    )


def problems_of(  # noqa: PLR0913 - each part of a scan has its own
    asked: Asked,
    listed: Listing,
    reading: ReferenceReading,
    world: World,
    *,
    unread_pins: Iterable[Notice],
    twins: Iterable[Notice],
    sections: pd.DataFrame,
    located: Iterable[Notice],
    again: Sequence[LookUp],
) -> list[Notice]:
    """Return why not everything could be read."""
    told = {(problem.code, problem.where) for problem in listed.problems}
    # what could not be listed is not empty
    empty = () if listed.problems else find_empty_stores(sections)
    return [
        *(*asked.opened.problems, *listed.problems, *reading.problems, *unread_pins),
        *twins,
        *empty,
        *located,
        *(p for up in again for p in up.problems if (p.code, p.where) not in told),
        *reading.hiding_any_of(world.scanned),
        *_without_columns(tuple(world.scanned), reading),
    ]


def _without_columns(judged: Sequence[str], reading: ReferenceReading) -> list[Notice]:
    if reading.problems or any(
        (count.required or count.referring) and count.column.partition(".")[0] in judged
        for count in reading.counts
    ):
        return []
    where = f"schema {', '.join(judged)}" if judged else "the server"
    return [Notice(NoticeCode.NO_STORE_COLUMN, where)]
