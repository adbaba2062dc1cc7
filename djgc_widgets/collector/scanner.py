"""The use case: list the stores, then read the references, then reconcile the two."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from datetime import timedelta
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
from djgc_widgets.collector.gathering import Asked, gather
from djgc_widgets.collector.listings import symbolic_links
from djgc_widgets.collector.ranges import gather_in_ranges
from djgc_widgets.collector.recheck import Rechecker
from djgc_widgets.collector.sweeper import Sweeper
from djgc_widgets.model import (
    MINIMUM_AGE,
    InputError,
    Notices,
    ProgressCallback,
    expect_age,
    no_progress,
)
from djgc_widgets.references import server_name
from djgc_widgets.stores import open_stores


def scan(  # noqa: PLR0913 - each is a choice of its own
    *schemas: dj.Schema | dj.Connection,
    also: Sequence[dj.Connection] = (),
    stores: Sequence[str] | None = None,
    listing: Mapping[str, str | PathLike[str]] | None = None,
    exact: bool = True,
    out: str | PathLike[str] | None = None,
    executor: Executor | None = None,
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
    out : str or path-like, optional
        Folder, or URL of one, in which the scan is made in ranges of keys, so that it
        need not fit into memory; for stores in buckets. It has to be empty, or that of
        the same scan, which was stopped: finished ranges are not judged again.
        Afterwards it has ``objects``, ``references``, ``files`` and ``trash`` in
        Parquet. The scan has what is not live in memory; it reads the rest if its
        `objects`, `references` or `files` are asked for.
    executor : concurrent.futures.Executor, optional
        What judges the ranges, such as ``client.get_executor()`` of Dask; its workers
        have to reach `out`. Threads by default.
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
        Also if `out` holds something else, or a scan cannot be made in ranges.
    ScanUnfinishedError
        If a worker of `executor` failed; finished ranges are kept.
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
        out=out,
        executor=executor,
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
    out: str | PathLike[str] | None = None,
    executor: Executor | None = None,
    minimum_age: timedelta = MINIMUM_AGE,
    progress: ProgressCallback | None = None,
    clock: Clock = utc_now,
    hidden: bool = True,
) -> tuple[CompleteScan | IncompleteScan, Rechecker]:
    """Scan as `scan` does; return also what reads the references again.

    What is `hidden` may be left out: it takes as long as a listing in some buckets.
    """
    connection, wanted = scope_of(schemas)
    expect_age(minimum_age, "minimum_age")
    expect_stores(stores)
    expect_flag(exact, "exact")
    expect_function(progress, "progress")
    if executor is not None and out is None:
        raise InputError(
            "Expected a folder in out beside an executor, which only judges ranges; "
            "got none. Pass one, or leave out the executor."
        )
    report, clock = progress or no_progress, checked_clock(clock)
    connections = (connection, *further_connections(also, connection))
    started, began = clock(), time.perf_counter()
    opened = open_stores(connections, stores)
    asked = Asked(
        connections,
        opened,
        wanted,
        started,
        minimum_age,
        report,
        inventories_by_store(listing, opened.names),
        exact,
        hidden,
    )
    found = gather(asked) if out is None else gather_in_ranges(asked, out, executor)
    reading, names = found.reading, opened.names
    rechecker = Rechecker(
        connections,
        names,
        found.known,
        found.judged,
        symbolic_links(found.files),
        found.settled,
        tuple(reading.servers),
        reading.sight,
        Notices(reading.prepared),
    )
    kind = IncompleteScan if found.problems else CompleteScan
    result = kind(
        schemas=found.judged,
        stores=names.stores,
        store_names=names,
        connections=connections,
        servers=tuple(server_name(each) for each in connections),
        schemas_read=len(reading.schemas),
        started_at=found.started,
        finished_at=clock(),
        elapsed_seconds=time.perf_counter() - began,
        minimum_age=minimum_age,
        out=found.out,
        listed_files=found.listed_files,
        listed_bytes=found.listed_bytes,
        counts=tuple(reading.counts),
        problems=Notices(found.problems),
        unseen=Notices(reading.unseen),
        warnings=Notices(found.warnings),
        _reconciled=found.verdict,
        _files=found.files,
        _every=found.frames,
        _hidden=found.hidden.frame,
        _inventoried=frozenset(asked.inventories),
        _sweeper=Sweeper(rechecker, opened.stores, clock),
    )
    return result, rechecker
