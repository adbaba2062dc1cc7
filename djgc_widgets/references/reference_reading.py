"""What was read of the servers: paths, counts, schemas, and what was not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd

from djgc_widgets.model import (
    RECORDED,
    Notice,
    NoticeCode,
    SchemaNames,
    Sight,
    Sighting,
    TableInfo,
)


@dataclass(frozen=True, slots=True)
class ColumnCount:
    """The independent count of one store column."""

    column: str
    """Schema, table and attribute."""
    counted: int
    """SQL's own ``COUNT(column)``, in the same snapshot."""
    read: int
    """Values that arrived."""
    referring: int
    """Values that recorded at least one path."""
    required: bool
    """Every value must record one: the column is of a ``<codec@store>``."""


class Rows(Protocol):
    """Takes frames of the recorded schema, and keeps what is wanted of them."""

    def add(self, recorded: pd.DataFrame, /) -> None:
        """Take more rows."""

    def all(self) -> list[pd.DataFrame]:
        """Return what was kept."""


class AllRows:
    """Keeps every row."""

    def __init__(self) -> None:
        self._frames: list[pd.DataFrame] = []

    def add(self, recorded: pd.DataFrame) -> None:
        """Take more rows."""
        self._frames.append(recorded)

    def all(self) -> list[pd.DataFrame]:
        """Return them."""
        return self._frames


@dataclass(slots=True)
class ReferenceReading:
    """Everything that the rows of the servers record, and what could not be read."""

    recorded: pd.DataFrame = field(default_factory=RECORDED.empty)
    """A frame of the recorded schema, one row per spelling of a recorded path."""
    schemas: set[str] = field(default_factory=set)
    own_schemas: set[str] = field(default_factory=set)
    """Those of the first server."""
    caseless_schemas: set[str] = field(default_factory=set)
    """Those of servers on which the case of a schema's name does not count."""
    tables: list[TableInfo] = field(default_factory=list)
    counts: list[ColumnCount] = field(default_factory=list)
    """One per store column."""
    problems: list[Notice] = field(default_factory=list)
    """Empty only if every store column was read completely."""
    unseen: list[Notice] = field(default_factory=list)
    """Servers, databases and tables that this account cannot see or read."""
    gone: list[Notice] = field(default_factory=list)
    """Store columns that were dropped while references were read."""
    hiding: set[str] = field(default_factory=set)
    """Schemas that may hold tables which this account cannot see."""
    servers: list[Sighting] = field(default_factory=list)
    """The database servers, each once for each way in which it was reached."""
    prepared: list[Notice] = field(default_factory=list)
    """Transactions that are prepared: their rows are not seen, and may be committed at
    any time."""
    warnings: list[Notice] = field(default_factory=list)
    """What the account may not ask the servers."""

    @property
    def sight(self) -> Sight:
        """What this account sees, and what it does not."""
        hidden = frozenset(notice.where for notice in self.unseen)
        return Sight(hidden | self.hiding, frozenset(self.schemas))

    @property
    def names(self) -> SchemaNames:
        """The schemas of all servers, and which of their names have no case."""
        return SchemaNames(frozenset(self.schemas), frozenset(self.caseless_schemas))

    def hiding_any_of(self, judged: Sequence[str]) -> list[Notice]:
        """Return a problem if judged schemas may hold tables that are not seen."""
        hiding = sorted(self.hiding.intersection(judged))
        if not hiding:
            return []
        where = f"schema {', '.join(hiding)}"
        return [Notice(NoticeCode.SCHEMA_HIDES_TABLES, where)]
