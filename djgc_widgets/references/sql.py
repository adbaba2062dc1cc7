"""SQL composed of fixed text and of identifiers and literals that a dialect quoted."""

from collections.abc import Callable, Iterable
from typing import Any, LiteralString, NewType

SQL = NewType("SQL", str)
"""A statement or a part of one; whatever a database named in it is quoted."""

Rows = Callable[[SQL], list[tuple[Any, ...]]]
"""Runs a small query in a snapshot."""
Driver = Any
"""A connection or cursor of a driver; the drivers have no types."""


def compose_sql(template: LiteralString, **parts: SQL) -> SQL:
    """Put quoted parts into the braces of a fixed text."""
    return SQL(template.format(**parts))


def join_sql(separator: LiteralString, parts: Iterable[SQL]) -> SQL:
    """Join quoted parts."""
    return SQL(separator.join(parts))
