"""The use case: list the stores, then read the references, then reconcile the two."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache, partial
from os import PathLike

import datajoint as dj

from djgc_widgets.collector.arguments import (
    checked_clock,
    expect_flag,
    expect_function,
    expect_stores,
    further_connections,
    inventories_by_store,
    scope_of,
)
from djgc_widgets.collector.clock import Clock, utc_now
from djgc_widgets.collector.complete_scan import CompleteScan, IncompleteScan
from djgc_widgets.collector.listings import (
    list_hidden_of,
    list_stores,
    look_up_missing,
    symbolic_links,
)
from djgc_widgets.collector.live_folders import (
    Folders,
    find_live_folders,
    notices_of_jumps,
    read_rows,
)
from djgc_widgets.collector.pins import pins_of
from djgc_widgets.collector.recheck import Rechecker
from djgc_widgets.collector.releases import release_warnings
from djgc_widgets.collector.sweeper import Sweeper
from djgc_widgets.model import (
    MINIMUM_AGE,
    Notice,
    NoticeCode,
    Notices,
    Progress,
    ProgressCallback,
    Step,
    expect_age,
    no_progress,
)
from djgc_widgets.references import (
    ReferenceReading,
    server_name,
)
from djgc_widgets.stores import (
    open_stores,
)
from djgc_widgets.verdict import (
    World,
    find_empty_stores,
    find_twin_stores,
    notices_of_hard_links,
    notices_of_other_stores,
    notices_of_trash,
    reconcile,
    stored_at_recorded_path,
    withhold_orphans,
)


def scan(  # noqa: PLR0913 - each is a choice of its own
    *schemas: dj.Schema | dj.Connection,
    also: Sequence[dj.Connection] = (),
    stores: Sequence[str] | None = None,
    listing: Mapping[str, str | PathLike[str]] | None = None,
    exact: bool = True,
    minimum_age: timedelta = MINIMUM_AGE,
    progress: ProgressCallback | None = None,
    clock: Clock = utc_now,
) -> CompleteScan | IncompleteScan:
    """List the stores, read the references of the server, and reconcile the two.

    Reading is all that happens: neither the database nor a store is changed, and no
    object is opened.

    Parameters
    ----------
    *schemas : datajoint.Schema or datajoint.Connection
        The schemas whose objects are judged; a connection stands for all of its server.
    also : sequence of datajoint.Connection
        Further database servers whose rows refer into the same stores: their references
        count like those of the schemas' own server.
    stores : sequence of str, optional
        Names of the stores to scan; every configured store by default.
    listing : mapping of str to str or path-like, optional
        Where an inventory of a store in a bucket is, which is read instead of a listing
        of the store: the ``manifest.json`` of an S3 Inventory in CSV or Parquet, its
        folder, or any CSV or Parquet with key, size and last-modified; a path or a URL.
    exact : bool
        Whether every file is listed. If not, the rest of a live folder that has more
        than 1,000 files left after a page of the listing is jumped past in buckets on
        S3 and Google Cloud: number and bytes are as its rows record them, the date is
        the latest of what was listed.
    minimum_age : timedelta
        Younger objects are never orphans; 7 days by default.
    progress : callable, optional
        Called once per page; may raise `Cancelled` to stop the scan.
    clock : callable, optional
        Returns the current time, aware, in UTC.

    Returns
    -------
    CompleteScan or IncompleteScan
        The latter if anything could not be read; `problems` then says what.

    Raises
    ------
    InputError
        If there is nothing to scan: no schema, one that does not exist, a closed
        connection, an unknown store, a negative minimum age; or if an inventory is
        of another bucket, lacks a column or is older than the minimum age.
    Cancelled
        If `progress` raised it.

    Examples
    --------
    >>> from djgc_widgets import open_lab, scan
    >>> with open_lab() as lab:
    ...     s = scan(lab.schema)
    >>> {"live", "orphan", "young"} <= set(s.summary()["status"])
    True
    """
    result, _ = run_scan(
        *schemas,
        also=also,
        stores=stores,
        listing=listing,
        exact=exact,
        minimum_age=minimum_age,
        progress=progress,
        clock=clock,
    )
    return result


def run_scan(  # noqa: PLR0913 - as above
    *schemas: dj.Schema | dj.Connection,
    also: Sequence[dj.Connection] = (),
    stores: Sequence[str] | None = None,
    listing: Mapping[str, str | PathLike[str]] | None = None,
    exact: bool = True,
    minimum_age: timedelta = MINIMUM_AGE,
    progress: ProgressCallback | None = None,
    clock: Clock = utc_now,
    hidden: bool = True,
) -> tuple[CompleteScan | IncompleteScan, Rechecker]:
    """Scan as `scan` does; return also what reads the references again.

    What is `hidden` may be left out: it takes as long as a listing in some buckets.
    """
    connection, wanted = scope_of(schemas)
    expect_age(minimum_age)
    expect_stores(stores)
    expect_flag(exact, "exact")
    expect_function(progress, "progress")
    report, clock = progress or no_progress, checked_clock(clock)
    connections = (connection, *further_connections(also, connection))
    started, began = clock(), time.perf_counter()
    opened = open_stores(connections, stores)
    names, inventories = opened.names, inventories_by_store(listing, opened.names)
    oldest = started - minimum_age
    jumped: Folders = {}
    if not exact:
        told_of = [s for s in opened.stores if s.info.name not in inventories]
        jumped = find_live_folders(connections, told_of, names, report)
    listed = list_stores(
        opened.stores,
        report,
        inventories,
        jumped=jumped,
        oldest=oldest,
        minimum_age=minimum_age,
    )
    asked = opened.stores if hidden else ()
    kept = list_hidden_of(asked, listed, inventories, report)
    listed, known, reading, located = read_rows(
        listed, jumped, connections, opened, report
    )
    report(Progress(Step.RECONCILING))
    judged = _judged_schemas(wanted, reading)
    pins, unread_pins = pins_of(opened.stores, listed.files)
    world = World(
        names, reading.names, judged, reading.tables, started, minimum_age, pins
    )
    reconciled = reconcile(
        listed.files, listed.folders, reading.recorded, located.targets, world
    )
    reconciled, again = look_up_missing(reconciled, opened.stores)
    told = {(problem.code, problem.where) for problem in listed.problems}
    # what could not be listed is not empty
    listable = () if listed.problems else names.stores
    empty = find_empty_stores(reconciled, listed.files, listable, judged)
    problems = [
        *(*opened.problems, *listed.problems, *reading.problems, *unread_pins),
        *find_twin_stores(listed.files, names.stores),
        *empty,
        *located.problems,
        *(p for up in again for p in up.problems if (p.code, p.where) not in told),
        *reading.hiding_any_of(judged),
        *_without_columns(judged, reading),
    ]
    warnings = [
        *release_warnings(dj.__version__),
        *notices_of_trash(reconciled.trash, listed.files),
        *notices_of_hard_links(listed.files, reconciled.counted_bytes),
        *notices_of_other_stores(reconciled.elsewhere, [s.name for s in names.stores]),
        *(*listed.warnings, *located.warnings, *reading.gone),
        *notices_of_jumps(listed.files),
        *(warning for look_up in again for warning in look_up.warnings),
        *(*reading.warnings, *reading.prepared, *kept.warnings),
    ]
    if problems:
        reconciled = withhold_orphans(reconciled)
    # only what moves something asks for it
    settled = cache(
        partial(stored_at_recorded_path, listed.files, reconciled.references, names)
    )
    servers, sight = tuple(reading.servers), reading.sight
    prepared = Notices(reading.prepared)
    links = symbolic_links(listed.files)
    rechecker = Rechecker(
        connections, names, known, judged, links, settled, servers, sight, prepared
    )
    kind = IncompleteScan if problems else CompleteScan
    result = kind(
        schemas=judged,
        stores=names.stores,
        store_names=names,
        connections=connections,
        servers=tuple(server_name(each) for each in connections),
        schemas_read=len(reading.schemas),
        started_at=started,
        elapsed_seconds=time.perf_counter() - began,
        minimum_age=minimum_age,
        listed_files=int(listed.files["n_files"].sum()),
        listed_bytes=int(reconciled.counted_bytes.sum()),
        counts=tuple(reading.counts),
        problems=Notices(problems),
        unseen=Notices(reading.unseen),
        warnings=Notices(warnings),
        _reconciled=reconciled,
        _files=listed.files,
        _hidden=kept.frame,
        _inventoried=frozenset(inventories),
        _sweeper=Sweeper(rechecker, opened.stores, clock),
    )
    return result, rechecker


def _judged_schemas(
    wanted: Sequence[str], reading: ReferenceReading
) -> tuple[str, ...]:
    """Return the schemas as the server calls them; by default all of its own."""
    named = map(reading.names.on_server, wanted)
    return tuple(dict.fromkeys(named)) or tuple(sorted(reading.own_schemas))


def _without_columns(judged: Sequence[str], reading: ReferenceReading) -> list[Notice]:
    if reading.problems or any(
        (count.required or count.referring) and count.column.partition(".")[0] in judged
        for count in reading.counts
    ):
        return []
    where = f"schema {', '.join(judged)}" if judged else "the server"
    return [Notice(NoticeCode.NO_STORE_COLUMN, where)]
