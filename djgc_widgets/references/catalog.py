"""Which columns of a server can hold references, and may this account read them.

The database's own catalog is asked, never DataJoint's classes: codecs may not be
registered in this process, and ``Schema.list_tables`` leaves out ``~`` tables and what
others declared. Views are left out on purpose, since they only show rows of tables that
are read anyway; so are partitions, which are read with the table that they are part of,
and materialized views without data.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from djgc_widgets.model import Notice, NoticeCode, TableInfo, as_text
from djgc_widgets.references.snapshot import Snapshot
from djgc_widgets.references.store_column import (
    PLAIN_CODEC,
    CatalogRow,
    ColumnName,
    StoreColumn,
)

_COMMENT = re.compile(r"\s*:\s*<(?P<codec>[^@>]+)(?P<at>@(?P<store>[^>]*))?>:")
_MAY_RECORD = {
    *("json", "jsonb", "longtext"),  # MariaDB's json is longtext
    *("text", "character varying", "varchar", "mediumtext", "tinytext"),
    *("character", "char"),
}


@dataclass(slots=True)
class Catalog:
    """What one database holds."""

    schemas: frozenset[str]
    hiding: frozenset[str]
    """Schemas that may hold tables which this account cannot see or read."""
    complete: bool
    """The account sees every schema."""
    ignores_case: bool = False
    """Schemas whose names differ only in case are one."""
    tables: list[TableInfo] = field(default_factory=list)
    columns: list[StoreColumn] = field(default_factory=list)
    """Columns that can hold references and may be read."""
    problems: list[Notice] = field(default_factory=list)
    """Tables with store columns that may not be read."""
    unseen: list[Notice] = field(default_factory=list)
    """Tables that may not be read and whose JSON columns might record paths."""

    @property
    def column_names(self) -> set[ColumnName]:
        """Every column of every table, whether it can hold references or not."""
        return {(t.schema, t.name, name) for t in self.tables for name in t.attributes}


def read_catalog(snapshot: Snapshot) -> Catalog:
    """Find every store column of a database, in one query over its catalog."""
    dialect = snapshot.dialect
    rows = map(CatalogRow._make, snapshot.rows(dialect.CATALOG))
    by_table = [list(group) for _, group in groupby(rows, lambda row: row[:2])]
    schemas = frozenset(as_text(name) for (name,) in snapshot.rows(dialect.SCHEMAS))
    catalog = Catalog(
        schemas,
        *dialect.hiding_schemas(snapshot.rows, schemas),
        dialect.ignores_case(snapshot.rows),
    )
    for described in by_table:
        first = described[0]
        where = as_text(f"{first.schema}.{first.table}")
        if not first.attribute:
            catalog.problems.append(Notice(NoticeCode.TABLE_DAMAGED, where))
            continue
        key = sorted(
            (row for row in described if row.key_position >= 0),
            key=lambda row: row.key_position,
        )
        names, key_names = (
            tuple(as_text(row.attribute) for row in rows) for rows in (described, key)
        )
        schema, name = as_text(first.schema), as_text(first.table)
        table = TableInfo(schema, name, names, key_names)
        catalog.tables.append(table)
        columns = list(_store_columns(table, described, key))
        if first.readable or not columns:
            catalog.columns.extend(columns)
            continue
        notice = Notice(NoticeCode.TABLE_UNREADABLE, where, {"table": where})
        if all(column.codec == PLAIN_CODEC for column in columns):
            catalog.unseen.append(notice)
            catalog.hiding |= {schema}
        else:
            catalog.problems.append(notice)
    return catalog


def _store_columns(
    table: TableInfo, described: Sequence[CatalogRow], key: Sequence[CatalogRow]
) -> Iterator[StoreColumn]:
    for row in described:
        match = _COMMENT.match(row.comment)
        if match and (match["at"] or row.is_json or row.data_type in _MAY_RECORD):
            codec, store, required = (
                as_text(match["codec"]),
                match["store"],
                match["at"],
            )
        elif row.is_json:
            codec, store, required = PLAIN_CODEC, None, None
        else:
            continue
        must_refer = required is not None
        name = as_text(row.attribute)
        store = as_text(store or "")
        yield StoreColumn(table, name, codec, store, must_refer, tuple(key), row)
