"""Check what a caller passes; anything else is an `InputError`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from os import PathLike
from typing import Any

import datajoint as dj
from datajoint.errors import DataJointError

from djgc_widgets.collector.clock import Clock
from djgc_widgets.model import (
    InputError,
    Notices,
    StoreNames,
    SweepRefusedError,
    names_among,
    names_of,
    shown,
)
from djgc_widgets.references import errors_of_dialects, server_name
from djgc_widgets.stores import (
    Store,
    open_stores,
    stores_of,
)


def connection_of(source: Any) -> dj.Connection:  # noqa: ANN401 - what a caller passes
    """Return the connection of a schema, or the connection itself."""
    known = isinstance(source, dj.Schema | dj.Connection)
    connection = getattr(source, "connection", source) if known else None
    if not isinstance(connection, dj.Connection):
        raise InputError(
            "Expected a datajoint Schema or Connection; got "
            f"{type(source).__name__} {shown(source)}. "
            "Pass the schema object, for example dj.Schema('lab_ephys')."
        )
    return connection


def further_connections(
    also: Sequence[dj.Connection], connection: dj.Connection
) -> list[dj.Connection]:
    """Return the connections that `also` adds, each once."""
    several = isinstance(also, list | tuple | set | frozenset)
    if not several or not all(isinstance(other, dj.Connection) for other in also):
        raise InputError(
            f"Expected a list of datajoint Connections in also; got {shown(also)}. "
            "Pass also=[other_schema.connection]."
        )
    further: list[dj.Connection] = []
    for other in also:
        # connections of one account are equal, but may call stores by other names
        known = [(c, stores_of(c)) for c in (connection, *further)]
        if (other, stores_of(other)) not in known:
            further.append(other)
    return further


def scope_of(schemas: Sequence[Any]) -> tuple[dj.Connection, tuple[str, ...]]:
    """Return the connection and the schemas' names; no names stand for all."""
    if not schemas:
        raise InputError(
            "Expected at least one schema or a connection; got none. Call scan(schema)."
        )
    connections = [connection_of(schema) for schema in schemas]
    names = [schema for schema in schemas if not isinstance(schema, dj.Connection)]
    connection = connections[0]
    stores = stores_of(connection)
    if any(c != connection or stores_of(c) != stores for c in connections):
        raise InputError(
            "Expected schemas of one connection; got several servers, accounts or "
            "configurations. Scan them one by one."
        )
    if not connection.is_connected:
        raise _closed_connection_error(connection)
    for schema in names:
        _expect_existing_schema(schema, connection)
    if len(names) < len(connections):  # a connection stands for all of its schemas
        return connection, ()
    return connection, tuple(dict.fromkeys(str(schema.database) for schema in names))


def _expect_existing_schema(schema: dj.Schema, connection: dj.Connection) -> None:
    try:
        exists = bool(schema.database) and schema.exists
    except (DataJointError, *errors_of_dialects()):
        raise _closed_connection_error(connection) from None
    if not exists:
        raise InputError(
            f"Expected a schema that exists on {server_name(connection)}; got "
            f"{schema.database!r}, which does not. Correct its name or create it."
        )


def _closed_connection_error(connection: dj.Connection) -> InputError:
    return InputError(
        f"Expected an open connection to {server_name(connection)}; got one that is "
        "closed or does not answer. Connect again."
    )


def opened_store(
    source: Any,  # noqa: ANN401 - what a caller passes
    store: str,
    also: Sequence[dj.Connection] = (),
) -> Store:
    """Return a store as a connection configures it.

    An unknown name is an `InputError`; a store that does not open, a
    `SweepRefusedError`.
    """
    names_of([store], "store")
    opened = open_stores((connection_of(source), *also), [store])
    if opened.problems:
        raise SweepRefusedError(str(opened.problems[0]))
    return opened.stores[0]


def names_of_opened_stores(
    source: dj.Schema | dj.Connection,
) -> tuple[list[str], Notices]:
    """Return the names of all stores.

    Beside them stands which stores could not be opened.
    """
    opened = open_stores([connection_of(source)], None)
    names = [store.info.name for store in opened.stores]
    return names, Notices(opened.problems)


def expect_stores(stores: Any) -> None:  # noqa: ANN401 - what a caller passes
    """Raise `InputError` unless these are names of stores, or None for all."""
    if stores is not None and not names_of(stores, "stores"):
        raise InputError(
            "Expected at least one store in stores; got none. Leave it out to scan all."
        )


def inventories_by_store(
    listing: Any,  # noqa: ANN401 - what a caller passes
    names: StoreNames,
) -> dict[str, str]:
    """Return where the inventory of each store is that has one, by the store's name."""
    if listing is None:
        return {}
    if not isinstance(listing, Mapping) or not all(
        isinstance(where, str | PathLike) for where in listing.values()
    ):
        raise InputError(
            f"Expected paths or URLs of inventories by store in listing; got "
            f'{shown(listing)}. Pass for example listing={{"raw": "2026-01-01/"}}.'
        )
    known = {alias: info.name for info in names.stores for alias in info.aliases}
    names_among(list(listing), known, "listing")
    given = {known[name]: str(where) for name, where in listing.items()}
    if len(given) < len(listing):
        raise InputError(
            f"Expected one inventory of each store in listing; got several, since some "
            f"of {', '.join(sorted(listing))} are names of one store. Name one of them."
        )
    return given


def expect_flag(flag: Any, what: str) -> None:  # noqa: ANN401 - what a caller passes
    """Raise `InputError` unless the argument `what` is True or False."""
    if not isinstance(flag, bool):
        raise InputError(f"Expected True or False in {what}; got {shown(flag)}.")


def expect_function(function: Any, what: str) -> None:  # noqa: ANN401 - what a caller passes
    """Raise `InputError` unless the argument `what` is a function or None."""
    if function is not None and not callable(function):
        raise InputError(
            f"Expected a function in {what}; got {shown(function)}. Pass one, or leave "
            "it out."
        )


def checked_clock(clock: Any) -> Clock:  # noqa: ANN401 - what a caller passes
    """Return a clock whose times are aware and in UTC, or an `InputError`."""
    expect_function(clock, "clock")

    def now() -> datetime:
        time = clock()
        if not isinstance(time, datetime) or time.tzinfo is None:
            raise InputError(
                f"Expected an aware time from clock; got {time!r}. Return for example "
                "datetime.now(UTC)."
            )
        return time.astimezone(UTC)

    return now
