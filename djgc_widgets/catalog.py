"""Which columns of a server can hold references, and may this account read them.

The database's own catalog is asked, never DataJoint's classes: codecs may not be
registered in this process, and ``Schema.list_tables`` leaves out ``~`` tables and what
others declared. Views are left out on purpose, since they only show rows of tables that
are read anyway.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from djgc_widgets.model import Notice, TableInfo
from djgc_widgets.snapshot import Snapshot

_COMMENT = re.compile(r":<(?P<codec>[^@>]+)(?P<at>@(?P<store>[^>]*))?>:")
_JSON_TYPES = {"json", "jsonb", "longtext"}  # MariaDB's json is longtext

_POSTGRESQL = """
SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, NULL),
       coalesce(d.description, ''),
       coalesce(array_position(i.indkey::int[], a.attnum::int), -1),
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a
       ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_description d
       ON d.objoid = c.oid AND d.objsubid = a.attnum
      AND d.classoid = 'pg_catalog.pg_class'::regclass
LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relkind IN ('r', 'p', 'm', 'f')
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname, a.attnum
"""
# names are compared as bytes: SYS is not sys, and rec is not Rec where the server tells
_MYSQL = """
SELECT t.table_schema, t.table_name, c.column_name, c.data_type, c.column_comment,
       IF(c.column_key = 'PRI', c.ordinal_position, -1), t.engine IS NOT NULL
FROM information_schema.tables t
LEFT JOIN information_schema.columns c
  ON BINARY c.table_schema = BINARY t.table_schema
 AND BINARY c.table_name = BINARY t.table_name
WHERE t.table_type NOT IN ('VIEW', 'SYSTEM VIEW')
  AND BINARY t.table_schema NOT IN
      ('information_schema', 'mysql', 'performance_schema', 'sys')
ORDER BY BINARY t.table_schema, BINARY t.table_name, c.ordinal_position
"""
_SCHEMAS = {
    "postgresql": "SELECT nspname FROM pg_catalog.pg_namespace "
    "WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'",
    "mysql": "SELECT schema_name FROM information_schema.schemata "
    "WHERE BINARY schema_name NOT IN "
    "('information_schema', 'mysql', 'performance_schema', 'sys')",
}
_OTHER_DATABASES = """
SELECT datname, datallowconn AND has_database_privilege(datname, 'CONNECT')
FROM pg_catalog.pg_database
WHERE datname NOT IN ('template0', current_database())
ORDER BY datname
"""
# the snapshot's own catalog beside the present one: a rewritten table reads as empty
_REWRITTEN = """
SELECT n.nspname || '.' || c.relname
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND c.relfilenode <> 0
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND c.relfilenode <> pg_relation_filenode(c.oid)
"""
_BINARY_TYPES = {
    *("binary", "varbinary", "bit", "bytea"),
    *("tinyblob", "blob", "mediumblob", "longblob"),
}


@dataclass(frozen=True, slots=True)
class StoreColumn:
    """A column whose values may record paths.

    Parameters
    ----------
    table : TableInfo
        Its table.
    attribute : str
        Its name.
    codec : str
        The codec that its comment names.
    store : str
        The store that its comment names; empty: the default store.
    must_refer : bool
        Every value must record a path (``<codec@store>``); otherwise a value may.
    binary_key : frozenset of str
        Columns of the primary key that hold bytes.
    """

    table: TableInfo
    attribute: str
    codec: str
    store: str
    must_refer: bool
    binary_key: frozenset[str]

    @property
    def place(self) -> str:
        """Schema, table and attribute, as shown to people."""
        return f"{self.table.full_name}.{self.attribute}"


@dataclass(frozen=True, slots=True)
class Catalog:
    """What one database holds.

    Parameters
    ----------
    schemas : frozenset of str
        Its schemas.
    tables : tuple of TableInfo
        Its base tables.
    columns : tuple of StoreColumn
        The columns that can hold references and may be read.
    problems : tuple of Notice
        What may not be read, or not even be seen.
    """

    schemas: frozenset[str]
    tables: tuple[TableInfo, ...]
    columns: tuple[StoreColumn, ...]
    problems: tuple[Notice, ...]


def read_catalog(snapshot: Snapshot) -> Catalog:
    """Find every store column of a database, in one query over its catalog."""
    query = _POSTGRESQL if snapshot.backend == "postgresql" else _MYSQL
    tables, columns, problems = [], [], []
    by_table = groupby(snapshot.rows(query), key=lambda row: (str(row[0]), str(row[1])))
    for (schema, name), rows in by_table:
        described = list(rows)
        if described[0][2] is None:
            problems.append(_damaged(f"{schema}.{name}"))
            continue
        key = sorted(
            (row for row in described if row[5] >= 0), key=lambda row: int(row[5])
        )
        table = TableInfo(
            schema,
            name,
            tuple(str(r[2]) for r in described),
            tuple(str(r[2]) for r in key),
        )
        tables.append(table)
        found = list(_store_columns(table, described, key))
        if found and not described[0][6]:
            problems.append(_unreadable(table))
        else:
            columns.extend(found)
    schemas = frozenset(
        str(name) for (name,) in snapshot.rows(_SCHEMAS[snapshot.backend])
    )
    return Catalog(
        schemas, tuple(tables), tuple(columns), (*problems, *_hidden(snapshot))
    )


def other_databases(snapshot: Snapshot) -> list[tuple[str, bool]]:
    """List the cluster's further databases and whether the account may connect."""
    if snapshot.backend != "postgresql":
        return []
    return [
        (str(name), bool(allowed)) for name, allowed in snapshot.rows(_OTHER_DATABASES)
    ]


def rewritten_tables(snapshot: Snapshot) -> list[str]:
    """Name the tables that another session rewrote or emptied since the snapshot.

    PostgreSQL's snapshots do not cover ``TRUNCATE`` and rewriting ``ALTER TABLE``: such
    a table reads as empty. MySQL refuses to read it.
    """
    if snapshot.backend != "postgresql":
        return []
    return [str(name) for (name,) in snapshot.rows(_REWRITTEN)]


def _store_columns(
    table: TableInfo, described: list[Any], key: list[Any]
) -> Iterable[StoreColumn]:
    binary = frozenset(str(row[2]) for row in key if str(row[3]) in _BINARY_TYPES)
    for _, _, attribute, data_type, comment, *_ in described:
        match = _COMMENT.match(str(comment))
        if match and (match["at"] or str(data_type) in _JSON_TYPES):
            yield StoreColumn(
                table,
                str(attribute),
                match["codec"],
                match["store"] or "",
                match["at"] is not None,
                binary,
            )


def _unreadable(table: TableInfo) -> Notice:
    return Notice(
        table.full_name,
        "this account may not read the table, so the objects that its rows need are "
        "not known",
        f"Ask for SELECT on {table.full_name}",
    )


def _damaged(place: str) -> Notice:
    return Notice(
        place,
        "the server cannot tell its columns, so what its rows need is not known",
        "Repair or drop the table",
    )


def _hidden(snapshot: Snapshot) -> list[Notice]:
    """MySQL's catalog hides tables without privileges; a global SELECT sees all."""
    if snapshot.backend == "postgresql":
        return []
    grants = [str(grant) for (grant,) in snapshot.rows("SHOW GRANTS")]
    everything = re.compile(
        r"GRANT (?:.*\b)?(?:SELECT|ALL PRIVILEGES)\b[^(]* ON \*\.\* TO "
    )
    revoked = any(grant.startswith("REVOKE") for grant in grants)
    if not revoked and any(everything.match(grant) for grant in grants):
        return []
    return [
        Notice(
            "the server",
            "this account does not see every schema of the server, and rows of a "
            "schema that it does not see may refer to objects in these stores",
            "Use an account with SELECT on *.*",
        )
    ]
