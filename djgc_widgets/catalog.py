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
_PLAIN = "json"
"""Codec of a JSON column whose comment names none."""

_POSTGRESQL = """
SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, NULL),
       coalesce(d.description, ''),
       coalesce(array_position(i.indkey::int[], a.attnum::int), -1),
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'),
       a.atttypid IN ('json'::regtype, 'jsonb'::regtype)
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
       IF(c.column_key = 'PRI', c.ordinal_position, -1), t.engine IS NOT NULL,
       c.data_type = 'json'
         OR c.data_type = 'longtext' AND c.collation_name = 'utf8mb4_bin'
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
_GRANT = re.compile(
    r"GRANT (?P<privileges>.+?) ON (?P<scope>\*\.\*|`(?:[^`]|``)+`\.\*) TO "
)
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
    hiding, complete = _sight(snapshot, schemas)
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


def _store_columns(
    table: TableInfo, described: list[Any], key: list[Any]
) -> Iterable[StoreColumn]:
    binary = frozenset(str(row[2]) for row in key if str(row[3]) in _BINARY_TYPES)
    for _, _, attribute, data_type, comment, _, _, is_json in described:
        match = _COMMENT.match(str(comment))
        if match and (match["at"] or str(data_type) in _JSON_TYPES):
            codec, store, required = match["codec"], match["store"], match["at"]
        elif is_json:
            codec, store, required = _PLAIN, None, None
        else:
            continue
        yield StoreColumn(
            table, str(attribute), codec, store or "", required is not None, binary
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


def _sight(snapshot: Snapshot, schemas: frozenset[str]) -> tuple[frozenset[str], bool]:
    """Tell which schemas may hide tables from this account, and if it sees them all.

    PostgreSQL shows every table of a database. MySQL hides what an account has no
    privilege on, columns too: only ``SELECT`` on a whole schema shows all of it.
    """
    if snapshot.backend == "postgresql":
        return frozenset(), True
    grants = [str(grant) for (grant,) in snapshot.rows("SHOW GRANTS")]
    if any(grant.startswith("REVOKE") for grant in grants):
        return schemas, False
    matches = [match for grant in grants if (match := _GRANT.match(grant))]
    scopes = [match["scope"] for match in matches if _selects(match["privileges"])]
    if "*.*" in scopes:
        return frozenset(), True
    patterns = [_like(scope[1:-3].replace("``", "`")) for scope in scopes]
    seen = {s for s in schemas if any(pattern.fullmatch(s) for pattern in patterns)}
    return schemas - seen, False


def _selects(privileges: str) -> bool:
    return bool({"SELECT", "ALL PRIVILEGES"} & set(privileges.split(", ")))


def _like(pattern: str) -> re.Pattern[str]:
    """Return the expression of a schema in a grant, in which _ and % are wildcards."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile(
        "".join(wild.get(part, re.escape(part[-1])) for part in parts), re.DOTALL
    )
