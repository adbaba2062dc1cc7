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
from djgc_widgets.references.grants import visible_schemas
from djgc_widgets.references.snapshot import Snapshot

_COMMENT = re.compile(r"\s*:\s*<(?P<codec>[^@>]+)(?P<at>@(?P<store>[^>]*))?>:")
_MAY_RECORD = {
    *("json", "jsonb", "longtext"),  # MariaDB's json is longtext
    *("text", "character varying", "varchar", "mediumtext", "tinytext"),
}
_PLAIN = "json"
"""Codec of a JSON column whose comment names none."""

_POSTGRESQL = """
SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, NULL),
       coalesce(d.description, ''),
       coalesce(array_position(i.indkey::int[], a.attnum::int), -1),
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'),
       EXISTS (SELECT FROM pg_catalog.pg_type u
               WHERE u.oid IN (t.oid, t.typbasetype, t.typelem)
               AND ARRAY[u.oid, u.typbasetype, u.typelem]
                   && ARRAY['json'::regtype::oid, 'jsonb'::regtype::oid]),
       t.typcategory = 'A', c.oid::int8, a.attnum,
       format('%I.%I.%I', n.nspname, c.relname, a.attname)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a
       ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_description d
       ON d.objoid = c.oid AND d.objsubid = a.attnum
      AND d.classoid = 'pg_catalog.pg_class'::regclass
LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relkind IN ('r', 'p', 'm', 'f')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname, a.attnum
"""
# names are compared as bytes: SYS is not sys, and rec is not Rec where the server tells
_MYSQL = """
SELECT t.table_schema, t.table_name, c.column_name, c.data_type, c.column_comment,
       IF(c.column_key = 'PRI', c.ordinal_position, -1), t.engine IS NOT NULL,
       c.data_type = 'json'
         OR c.data_type = 'longtext' AND c.collation_name = 'utf8mb4_bin',
       0, 0, 0, t.engine
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
    "WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'",
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
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND c.relfilenode <> pg_relation_filenode(c.oid)
"""
_IDENTITY = """
SELECT identity
FROM pg_catalog.pg_identify_object('pg_catalog.pg_class'::regclass, {}, {})
"""
_SNAPSHOT_ENGINES = {"innodb", "rocksdb", "tokudb"}
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
    is_array : bool
        Its values are arrays.
    identity : (int, int, str)
        On PostgreSQL, object identifiers of table and column and their quoted name; on
        MySQL, the storage engine in place of the name.
    """

    table: TableInfo
    attribute: str
    codec: str
    store: str
    must_refer: bool
    binary_key: frozenset[str]
    is_array: bool
    identity: tuple[int, int, str]

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
        Tables with store columns that may not be read.
    unseen : tuple of Notice
        Tables that may not be read and whose JSON columns might record paths.
    hiding : frozenset of str
        Its schemas that may hold tables which this account cannot see or read.
    complete : bool
        Whether the account sees every schema that there is.
    """

    schemas: frozenset[str]
    tables: tuple[TableInfo, ...]
    columns: tuple[StoreColumn, ...]
    problems: tuple[Notice, ...]
    unseen: tuple[Notice, ...]
    hiding: frozenset[str]
    complete: bool


def read_catalog(snapshot: Snapshot) -> Catalog:
    """Find every store column of a database, in one query over its catalog."""
    query = _POSTGRESQL if snapshot.backend == "postgresql" else _MYSQL
    tables, columns, problems = [], [], []
    unseen: list[Notice] = []
    unread: set[str] = set()
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
            plain = all(column.codec == _PLAIN for column in found)
            (unseen if plain else problems).append(_unreadable(table))
            unread |= {schema} if plain else set()
        else:
            columns.extend(found)
    schemas = frozenset(
        str(name) for (name,) in snapshot.rows(_SCHEMAS[snapshot.backend])
    )
    hiding, complete = visible_schemas(snapshot, schemas)
    return Catalog(
        schemas,
        tuple(tables),
        tuple(columns),
        tuple(problems),
        tuple(unseen),
        hiding | unread,
        complete,
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


def renamed(snapshot: Snapshot, column: StoreColumn) -> bool:
    """Tell whether a column has another name by now than in the snapshot's catalog.

    PostgreSQL looks names up in the present catalog, so that another table or column
    may have been read in its place. What was read is locked until the snapshot ends.
    """
    if snapshot.backend != "postgresql":
        return False
    relation, number, identity = column.identity
    return snapshot.rows(_IDENTITY.format(relation, number)) != [(identity,)]


def keeps_no_snapshot(snapshot: Snapshot, column: StoreColumn) -> bool:
    """Tell whether rows of a table may move while they are read."""
    engine = column.identity[2].lower()
    return snapshot.backend == "mysql" and engine not in _SNAPSHOT_ENGINES


def _store_columns(
    table: TableInfo, described: list[Any], key: list[Any]
) -> Iterable[StoreColumn]:
    binary = frozenset(str(row[2]) for row in key if str(row[3]) in _BINARY_TYPES)
    for row in described:
        _, _, attribute, data_type, comment, _, _, is_json = row[:8]
        is_array, relation, number, identity = row[8:]
        match = _COMMENT.match(str(comment))
        if match and (match["at"] or is_json or str(data_type) in _MAY_RECORD):
            codec, store, required = match["codec"], match["store"], match["at"]
        elif is_json:
            codec, store, required = _PLAIN, None, None
        else:
            continue
        yield StoreColumn(
            table,
            str(attribute),
            codec,
            store or "",
            required is not None,
            binary,
            bool(is_array),
            (int(relation), int(number), str(identity)),
        )


def _unreadable(table: TableInfo) -> Notice:
    return Notice(
        table.full_name,
        "this account may not read the table, so the objects that its rows need are "
        "not known",
        f"Ask for SELECT on {table.full_name} (and USAGE on a schema of PostgreSQL)",
    )


def _damaged(place: str) -> Notice:
    return Notice(
        place,
        "the server cannot tell its columns, so what its rows need is not known",
        "Repair or drop the table",
    )
