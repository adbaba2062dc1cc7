"""SQL composed of fixed text and of identifiers and literals that a dialect quoted."""

from collections.abc import Callable, Iterable
from typing import Any, LiteralString, NewType

SQL = NewType("SQL", str)
"""A statement or a part of one; whatever a database named in it is quoted."""

Rows = Callable[[SQL], list[tuple[Any, ...]]]
"""Runs a small query in a snapshot."""
Driver = Any
"""A connection or cursor of a driver; the drivers have no types."""


class ReadingError(RuntimeError):
    """A driver or a server failed while a database was read."""

    def __init__(self, text: str, code: object = None) -> None:
        super().__init__(text)
        self.code = code
        """The server's own code of the error; None if the server did not say."""


def compose_sql(template: LiteralString, **parts: SQL) -> SQL:
    """Put quoted parts into the braces of a fixed text."""
    return SQL(template.format(**parts))


def join_sql(separator: LiteralString, parts: Iterable[SQL]) -> SQL:
    """Join quoted parts."""
    return SQL(separator.join(parts))
