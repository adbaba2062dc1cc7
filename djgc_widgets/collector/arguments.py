"""Check what a caller passes; anything else is an `InputError`."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import datajoint as dj
from datajoint.errors import DataJointError

from djgc_widgets.collector.clock import Clock
from djgc_widgets.model import InputError
from djgc_widgets.references import errors_of_dialects, server_name
from djgc_widgets.stores import stores_of

OLDEST = timedelta(days=36_500)
"""The greatest age that may be asked for: about a hundred years."""


def connection_of(source: Any) -> dj.Connection:  # noqa: ANN401 - what a caller passes
    """Return the connection of a schema, or the connection itself."""
    connection = getattr(source, "connection", source)
    if not isinstance(connection, dj.Connection):
        raise InputError(
            "Expected a datajoint Schema or Connection; got "
            f"{type(source).__name__} {source!r}. "
            "Pass the schema object, for example dj.Schema('lab_ephys')."
        )
    return connection


def further_connections(
    also: Sequence[dj.Connection], connection: dj.Connection
) -> list[dj.Connection]:
    """Return the connections that `also` adds, each once."""
    wrong = [other for other in also if not isinstance(other, dj.Connection)]
    if wrong or isinstance(also, dj.Connection):
        raise InputError(
            "Expected a list of datajoint Connections in also; got "
            f"{wrong[0] if wrong else also!r}. Pass also=[other_schema.connection]."
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


def expect_age(age: Any) -> None:  # noqa: ANN401 - what a caller passes
    """Raise `InputError` unless an age is a timedelta from zero to a hundred years."""
    if not isinstance(age, timedelta) or not timedelta(0) <= age <= OLDEST:
        raise InputError(
            f"Expected an age from 0 to {OLDEST.days:,} days; got {age!r}. Pass a "
            "timedelta, for example timedelta(days=30)."
        )


def names_of(given: Any, what: str) -> frozenset[str]:  # noqa: ANN401 - what a caller passes
    """Return the names that were passed in the argument `what`."""
    texts = isinstance(given, Iterable) and not isinstance(given, str | bytes)
    names = list(given) if texts else []
    if not texts or not all(isinstance(name, str) for name in names):
        raise InputError(
            f"Expected a list or set of names in {what}; got {given!r}. Pass for "
            f"example {what}=[{given if isinstance(given, str) else 'name'!r}]."
        )
    return frozenset(names)


def names_among(given: Any, known: Collection[str], what: str) -> frozenset[str]:  # noqa: ANN401 - likewise
    """Return the names that were passed, all of which are known; None means all."""
    names = frozenset(known) if given is None else names_of(given, what)
    if unknown := sorted(names.difference(known)):
        raise InputError(
            f"Expected in {what} names among {', '.join(sorted(known)) or 'none'}; got "
            f"{', '.join(unknown)}. Correct them."
        )
    return names


def checked_clock(clock: Any) -> Clock:  # noqa: ANN401 - what a caller passes
    """Return a clock whose times are aware and in UTC, or an `InputError`."""
    if not callable(clock):
        raise InputError(
            f"Expected a function in clock; got {clock!r}. Pass one that returns the "
            "current time, for example lambda: datetime.now(UTC)."
        )

    def now() -> datetime:
        time = clock()
        if not isinstance(time, datetime) or time.tzinfo is None:
            raise InputError(
                f"Expected an aware time from clock; got {time!r}. Return for example "
                "datetime.now(UTC)."
            )
        return time.astimezone(UTC)

    return now
