"""The use case: list the stores, then read the references, then reconcile the two."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import datajoint as dj
import pandas as pd

from djgc_widgets.configuration import open_stores
from djgc_widgets.frames import FILES, FOLDERS
from djgc_widgets.grammar import MANIFEST_SUFFIX, candidate_prefixes
from djgc_widgets.metadata import Places
from djgc_widgets.model import (
    InputError,
    Notice,
    Progress,
    ProgressCallback,
    State,
    no_progress,
)
from djgc_widgets.reconcile import Reconciled, World, reconcile
from djgc_widgets.references import ReferenceReading, read_references
from djgc_widgets.scans import CompleteScan, IncompleteScan
from djgc_widgets.snapshot import server_name
from djgc_widgets.stores import FileStore
from djgc_widgets.trash import Sweeper, utc_now

MINIMUM_AGE = timedelta(days=7)
"""Objects that changed more recently are never orphans."""


def scan(
    *schemas: dj.Schema | dj.Connection,
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
    """
    report = progress or no_progress
    connection, names = _scope(schemas)
    if minimum_age < timedelta(0):
        raise InputError(
            f"Expected a minimum age of zero or more; got {minimum_age}. Pass a "
            "positive timedelta."
        )
    started, began = clock(), time.perf_counter()
    opened = open_stores(connection, stores)
    listings = [store.list_files(report) for store in opened.stores]
    files = pd.concat(
        [FILES.empty(), *(listing.files for listing in listings)], ignore_index=True
    )
    folders = pd.concat(
        [FOLDERS.empty(), *(listing.folders for listing in listings)], ignore_index=True
    )
    infos = opened.names.stores
    roots = tuple(spelt for info in infos for spelt in info.spellings)
    places = Places(roots, candidate_prefixes(infos))
    reading = read_references([connection], places, report)
    report(Progress("reconciling", 0))
    judged = names or tuple(sorted(reading.schemas))
    reconciled = reconcile(
        files,
        folders,
        reading.recorded,
        World(
            opened.names, reading.schemas, judged, reading.tables, started, minimum_age
        ),
    )
    reconciled, unreachable = _look_again(reconciled, opened.stores)
    problems = (
        *opened.problems,
        *(problem for listing in listings for problem in listing.problems),
        *reading.problems,
        *_without_columns(judged, reading),
    )
    kind = IncompleteScan if problems else CompleteScan
    return kind(
        schemas=judged,
        stores=infos,
        servers=(server_name(connection),),
        schemas_read=len(reading.schemas),
        started_at=started,
        elapsed_seconds=time.perf_counter() - began,
        minimum_age=minimum_age,
        listed_files=len(files),
        listed_bytes=int(files["size_bytes"].sum()),
        counts=tuple(reading.counts),
        problems=problems,
        warnings=(
            *(w for listing in listings for w in listing.warnings),
            *reconciled.warnings,
            *unreachable,
        ),
        _reconciled=reconciled,
        _files=files,
        _sweeper=Sweeper((connection,), opened.names, opened.stores, places, clock),
    )


def _scope(schemas: Sequence[Any]) -> tuple[dj.Connection, tuple[str, ...]]:
    """Return the connection and the schemas' names; no names stand for all."""
    if not schemas:
        raise InputError(
            "Expected at least one schema or a connection; got none. Call scan(schema)."
        )
    connections = []
    names = []
    for schema in schemas:
        if isinstance(schema, dj.Connection):
            connections.append(schema)
        elif isinstance(getattr(schema, "connection", None), dj.Connection) and hasattr(
            schema, "database"
        ):
            connections.append(schema.connection)
            names.append(schema)
        else:
            raise InputError(
                "Expected a datajoint Schema or Connection; got "
                f"{type(schema).__name__} {schema!r}. "
                "Pass the schema object, for example dj.Schema('lab_ephys')."
            )
    connection = connections[0]
    if any(other != connection for other in connections):
        raise InputError(
            "Expected schemas of one connection; got several servers or accounts. Scan "
            "them one by one."
        )
    if not connection.is_connected:
        raise InputError(
            f"Expected an open connection to {server_name(connection)}; got one that "
            "is closed. Connect again."
        )
    for schema in names:
        if not schema.database or not schema.exists:
            raise InputError(
                f"Expected a schema that exists on {server_name(connection)}; got "
                f"{schema.database!r}, which does not. "
                "Correct its name or create it."
            )
    whole = len(names) < len(connections)
    return connection, () if whole else tuple(
        dict.fromkeys(str(schema.database) for schema in names)
    )


def _look_again(
    reconciled: Reconciled, stores: Sequence[FileStore]
) -> tuple[Reconciled, list[Notice]]:
    """Look for what is missing: it may have been written since its store was listed."""
    by_name = {store.info.name: store for store in stores}
    references, warnings = reconciled.references.copy(), []
    missing = references[references["state"].eq(State.MISSING.value)]
    for row, store, path in missing[["store", "path"]].itertuples():
        try:
            found = by_name[store].identities(path)
        except OSError as error:
            warnings.append(_unreachable(store, path, error))
            continue
        if any(not name.startswith(f"{path}{MANIFEST_SUFFIX}") for name in found):
            references.loc[row, "state"] = State.PRESENT.value
    return replace(reconciled, references=references), warnings


def _unreachable(store: str, path: str, error: OSError) -> Notice:
    return Notice(
        f"store {store}: {path}",
        f"a row refers to it, but the way is barred ({error.strerror}); it counts "
        "as missing",
        "Symbolic links are not followed: put the folder itself in its place",
    )


def _without_columns(judged: Sequence[str], reading: ReferenceReading) -> list[Notice]:
    if reading.problems or any(
        count.column.partition(".")[0] in judged for count in reading.counts
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
