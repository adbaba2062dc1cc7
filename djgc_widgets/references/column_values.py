"""The raw values of one store column, each with the primary key of its row."""

import json
from collections.abc import Iterator

from djgc_widgets.references.catalog import StoreColumn
from djgc_widgets.references.snapshot import Snapshot


def count_values(snapshot: Snapshot, column: StoreColumn) -> int:
    """Let SQL count the values of a column that are not null."""
    name = snapshot.identifier(column.attribute)
    table = snapshot.identifier(column.table.schema, column.table.name)
    query = f"SELECT COUNT({name}) FROM {table}"  # noqa: S608 - quoted names
    return int(snapshot.rows(query)[0][0])


def read_values(
    snapshot: Snapshot, column: StoreColumn
) -> Iterator[list[tuple[str, str]]]:
    """Yield pages of raw values, as the database holds them, and of keys, as JSON."""
    for page in snapshot.pages(_select(snapshot, column)):
        yield [(_text(value), str(key)) for value, key in page]


def _text(value: object) -> str:
    # bytes that are no UTF-8 become half characters, which no path can hold
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return str(value)


def _select(snapshot: Snapshot, column: StoreColumn) -> str:
    """Select raw value and primary key, as the same JSON on every backend."""
    postgresql = snapshot.backend == "postgresql"
    name = snapshot.identifier(column.attribute)
    table = snapshot.identifier(column.table.schema, column.table.name)
    pairs = []
    for attribute in column.table.primary_key:
        value = snapshot.identifier(attribute)
        if attribute in column.binary_key:
            value = f"encode({value}, 'hex')" if postgresql else f"HEX({value})"
        if postgresql:
            pairs.append(
                f"{snapshot.literal(json.dumps(attribute) + ': ')}, "
                f"to_json({value})::text"
            )
        else:
            pairs.append(f"{snapshot.literal(attribute)}, {value}")
    if postgresql:
        inner = ", ', ', ".join(pairs)
        text = f"to_json({name})::text" if column.is_array else f"{name}::text"
        raw, key = text, f"concat('{{', {inner or 'NULL'}, '}}')"
    else:
        raw, key = name, f"JSON_OBJECT({', '.join(pairs)})"
    return f"SELECT {raw}, {key} FROM {table} WHERE {name} IS NOT NULL"  # noqa: S608 - quoted by the driver
