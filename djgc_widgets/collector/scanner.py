"""The use case: list the stores, then read the references, then reconcile the two."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import datajoint as dj
import pandas as pd

from djgc_widgets.collector.arguments import further_connections, scope_of
from djgc_widgets.collector.recheck import LiveReader
from djgc_widgets.collector.scan_result import CompleteScan, IncompleteScan
from djgc_widgets.collector.sweeper import Sweeper, utc_now
from djgc_widgets.model import (
    FILES,
    FOLDERS,
    FileKind,
    InputError,
    Notice,
    Progress,
    ProgressCallback,
    State,
    candidate_prefixes,
    former_places,
    no_progress,
)
from djgc_widgets.references import (
    Listed,
    Places,
    ReferenceReading,
    read_references,
    server_name,
)
from djgc_widgets.stores import Follower, SecondLook, Store, open_stores
from djgc_widgets.verdict import (
    Reconciled,
    World,
    locate,
    met_in_place,
    notices_of_trash,
    reconcile,
    twin_stores,
)

MINIMUM_AGE = timedelta(days=7)
"""Objects that changed more recently are never orphans."""


def scan(
    *schemas: dj.Schema | dj.Connection,
    also: Sequence[dj.Connection] = (),
    stores: Sequence[str] | None = None,
    minimum_age: timedelta = MINIMUM_AGE,
    progress: ProgressCallback | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> CompleteScan | IncompleteScan:
    """List the stores, read the references of the whole server, and reconcile the two.

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
        connection, an unknown store, a negative minimum age.
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
    report = progress or no_progress
    connection, names = scope_of(schemas)
    if minimum_age < timedelta(0):
        raise InputError(
            f"Expected a minimum age of zero or more; got {minimum_age}. Pass a "
            "positive timedelta."
        )
    connections = (connection, *further_connections(also, connection))
    started, began = clock(), time.perf_counter()
    opened = open_stores(connections, stores)
    listings = [store.list_files(report) for store in opened.stores]
    files = pd.concat(
        [FILES.empty(), *(listing.files for listing in listings)], ignore_index=True
    )
    folders = pd.concat(
        [FOLDERS.empty(), *(listing.folders for listing in listings)], ignore_index=True
    )
    names_of_stores = opened.names
    infos = names_of_stores.stores
    known = (*infos, *names_of_stores.elsewhere)
    links = files[files["kind"].eq(FileKind.SYMLINK.value)]
    ways = [*links["path"], *(way.path for way in names_of_stores.same)]
    places = Places(
        tuple(dict.fromkeys(spelt for info in known for spelt in info.spellings)),
        candidate_prefixes(known),
        Listed(pd.concat([files["path"], former_places(files)]), ways),
    )
    reading = read_references(connections, places, report)
    report(Progress("reconciling", 0))
    judged = names or tuple(sorted(reading.own_schemas))
    located = locate(files, reading.recorded, names_of_stores, Follower(known).places)
    reconciled = reconcile(
        files,
        folders,
        reading.recorded,
        located.targets,
        World(
            names_of_stores,
            reading.schemas,
            judged,
            reading.tables,
            started,
            minimum_age,
        ),
    )
    reconciled, looks = _look_again(reconciled, opened.stores)
    problems = (
        *opened.problems,
        *(problem for listing in listings for problem in listing.problems),
        *reading.problems,
        *twin_stores(files, infos),
        *located.problems,
        *(problem for look in looks for problem in look.problems),
        *reading.hiding_any_of(judged),
        *_without_columns(judged, reading),
    )
    kind = IncompleteScan if problems else CompleteScan
    return kind(
        schemas=judged,
        stores=infos,
        servers=tuple(server_name(each) for each in connections),
        schemas_read=len(reading.schemas),
        started_at=started,
        elapsed_seconds=time.perf_counter() - began,
        minimum_age=minimum_age,
        listed_files=len(files),
        listed_bytes=int(files["size_bytes"].sum()),
        counts=tuple(reading.counts),
        problems=problems,
        unseen=tuple(reading.unseen),
        warnings=(
            *notices_of_trash(reconciled.trash, files),
            *(w for listing in listings for w in listing.warnings),
            *located.warnings,
            *(warning for look in looks for warning in look.warnings),
        ),
        _reconciled=reconciled,
        _files=files,
        _sweeper=Sweeper(
            LiveReader(
                connections,
                names_of_stores,
                places,
                judged,
                links,
                met_in_place(files, reconciled.references, names_of_stores),
                reading.servers,
                reading.sight,
            ),
            opened.stores,
            clock,
        ),
    )


def _look_again(
    reconciled: Reconciled, stores: Sequence[Store]
) -> tuple[Reconciled, list[SecondLook]]:
    """Look for what is missing: it may have been written since its store was listed."""
    references, looks = reconciled.references.copy(), []
    missing = references[references["state"].eq(State.MISSING.value)]
    for store in stores:
        here = missing[missing["store"].eq(store.info.name)]
        if here.empty:
            continue
        looks.append(store.stored(list(here["path"].unique())))
        back = here.index[here["path"].isin(list(looks[-1].found))]
        references.loc[back, "state"] = State.PRESENT.value
    return replace(reconciled, references=references), looks


def _without_columns(judged: Sequence[str], reading: ReferenceReading) -> list[Notice]:
    if reading.problems or any(
        (count.required or count.referring) and count.column.partition(".")[0] in judged
        for count in reading.counts
    ):
        return []
    return [
        Notice(
            f"schema {', '.join(judged)}" if judged else "the server",
            "expected at least one store column (<codec@store>), found none, so every "
            "object would look like an orphan",
            "Check that this is the right schema and server",
        )
    ]
