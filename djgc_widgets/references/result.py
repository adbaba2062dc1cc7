"""What was read of the servers: paths, counts, schemas, and what was not."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from djgc_widgets.model import RECORDED, Notice, Sight, TableInfo


@dataclass(frozen=True, slots=True)
class ColumnCount:
    """The independent count of one store column: all three must be equal.

    Parameters
    ----------
    column : str
        Schema, table and attribute.
    counted : int
        SQL's own ``COUNT(column)``, in the same snapshot.
    read : int
        Values that arrived.
    referring : int
        Values that recorded at least one path.
    required : bool
        Every value must: it is the column of a ``<codec@store>``.
    """

    column: str
    counted: int
    read: int
    referring: int
    required: bool


@dataclass(slots=True)
class ReferenceReading:
    """Everything that the rows of a server record, and what could not be read.

    Parameters
    ----------
    recorded : DataFrame
        A frame of the recorded schema, one row per recorded path.
    schemas, own_schemas : set of str
        Every schema on the servers, and on the first of them.
    tables : list of TableInfo
        Every base table on the server.
    counts : list of ColumnCount
        One per store column.
    problems : list of Notice
        Empty only if every store column was read whole.
    unseen : list of Notice
        Databases and schemas of which this account cannot see anything.
    hiding : set of str
        Schemas that may hold tables which this account cannot see.
    servers : dict of str to str
        Identifiers of the database servers, and their addresses.
    """

    recorded: pd.DataFrame = field(default_factory=RECORDED.empty)
    schemas: set[str] = field(default_factory=set)
    own_schemas: set[str] = field(default_factory=set)
    tables: list[TableInfo] = field(default_factory=list)
    counts: list[ColumnCount] = field(default_factory=list)
    problems: list[Notice] = field(default_factory=list)
    unseen: list[Notice] = field(default_factory=list)
    hiding: set[str] = field(default_factory=set)
    servers: dict[str, str] = field(default_factory=dict)

    @property
    def sight(self) -> Sight:
        """What this account sees, and what it does not."""
        places = frozenset(notice.place for notice in self.unseen)
        return Sight(places | self.hiding, frozenset(self.schemas))

    def hiding_any_of(self, judged: Sequence[str]) -> list[Notice]:
        """Return a problem if judged schemas may hold tables that are not seen."""
        hiding = sorted(self.hiding.intersection(judged))
        if not hiding:
            return []
        return [
            Notice(
                f"schema {', '.join(hiding)}",
                "this account may not see or read every table of the schema, so what "
                "its rows need is not known",
                "Ask for SELECT on the whole schema",
            )
        ]
