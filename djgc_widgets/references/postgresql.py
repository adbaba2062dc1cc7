"""PostgreSQL: its catalog, snapshots and quoting, and the driver psycopg2."""
# ruff: noqa: D102 - `Dialect` says what each method is for

import json
from collections.abc import Callable, Mapping
from typing import Any

import psycopg2

from djgc_widgets.model import Notice, NoticeCode
from djgc_widgets.references import postgresql_server, postgresql_session
from djgc_widgets.references.copied_rows import CopiedRows
from djgc_widgets.references.raw_text import Page
from djgc_widgets.references.server_look import ServerLook
from djgc_widgets.references.silence import Patience
from djgc_widgets.references.sql import SQL, Driver, Rows, compose_sql, join_sql
from djgc_widgets.references.store_column import StoreColumn

_PRESENT_NAME = """
SELECT identity FROM pg_catalog.pg_identify_object(
    'pg_catalog.pg_class'::regclass, {relation}::oid, {number}::int)
"""
# the tables of the catalog are as of the snapshot, its functions tell of the present
_DETACHED_PARTITIONS = """
WITH RECURSIVE below(relation) AS (
    SELECT {relation}::oid
    UNION ALL
    SELECT h.inhrelid FROM below
    JOIN pg_catalog.pg_inherits h ON h.inhparent = below.relation
    JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid AND c.relispartition
    WHERE to_jsonb(h) ->> 'inhdetachpending' IS DISTINCT FROM 'true'
)
SELECT relation FROM below
EXCEPT SELECT relid::oid FROM pg_catalog.pg_partition_tree({relation}::oid)
"""
_PARTITIONED = "p"


class PostgreSQL:
    """PostgreSQL over psycopg2."""

    NAME = "postgresql"
    ERROR: type[Exception] = psycopg2.Error
    # a table that inherits has neither comments nor keys of its own
    CATALOG = SQL("""
        WITH RECURSIVE line(relation, ancestor, depth) AS (
            SELECT inhrelid, inhparent, 1 FROM pg_catalog.pg_inherits
            UNION ALL
            SELECT line.relation, h.inhparent, line.depth + 1 FROM line
            JOIN pg_catalog.pg_inherits h ON h.inhrelid = line.ancestor
        ), made_of(whole, part) AS (
            SELECT oid, typbasetype FROM pg_catalog.pg_type
            UNION ALL
            SELECT oid, typelem FROM pg_catalog.pg_type
            UNION ALL
            SELECT r.reltype, f.atttypid FROM pg_catalog.pg_attribute f
            JOIN pg_catalog.pg_class r ON r.oid = f.attrelid
            WHERE f.attnum > 0 AND NOT f.attisdropped AND r.reltype <> 0
        ), holds_json(type) AS (
            SELECT unnest(ARRAY['json'::regtype::oid, 'jsonb'::regtype::oid])
            UNION
            SELECT m.whole FROM holds_json h JOIN made_of m ON m.part = h.type
        )
        SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, NULL),
               coalesce(d.description, (
                   SELECT o.description FROM line
                   JOIN pg_catalog.pg_attribute b
                     ON b.attrelid = line.ancestor AND b.attname = a.attname
                   JOIN pg_catalog.pg_description o
                     ON o.objoid = b.attrelid AND o.objsubid = b.attnum
                    AND o.classoid = 'pg_catalog.pg_class'::regclass
                   WHERE line.relation = c.oid ORDER BY line.depth LIMIT 1), ''),
               coalesce(array_position(i.indkey::int[], a.attnum::int), (
                   SELECT array_position(k.indkey::int[], b.attnum::int) FROM line
                   JOIN pg_catalog.pg_index k
                     ON k.indrelid = line.ancestor AND k.indisprimary
                   JOIN pg_catalog.pg_attribute b
                     ON b.attrelid = line.ancestor AND b.attname = a.attname
                   WHERE line.relation = c.oid AND i.indrelid IS NULL
                   ORDER BY line.depth LIMIT 1), -1),
               has_schema_privilege(n.oid, 'USAGE')
                   AND has_table_privilege(c.oid, 'SELECT'),
               t.oid IN (SELECT type FROM holds_json),
               t.typcategory IN ('A', 'C'), c.oid::int8, a.attnum,
               format('%I.%I.%I', n.nspname, c.relname, a.attname), c.relkind, ''
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a
               ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_description d
               ON d.objoid = c.oid AND d.objsubid = a.attnum
              AND d.classoid = 'pg_catalog.pg_class'::regclass
        LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary
        WHERE (c.relkind IN ('r', 'p', 'f') OR c.relkind = 'm' AND c.relispopulated)
          AND (NOT c.relispartition OR EXISTS (
              SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid
              AND to_jsonb(h) ->> 'inhdetachpending' = 'true'))
          AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        ORDER BY n.nspname, c.relname, a.attnum
    """)
    SCHEMAS = SQL("""
        SELECT nspname FROM pg_catalog.pg_namespace
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    """)
    OTHER_DATABASES = SQL("""
        SELECT datname, datallowconn AND has_database_privilege(datname, 'CONNECT'),
               datconnlimit > 0
        FROM pg_catalog.pg_database
        WHERE datname NOT IN ('template0', current_database())
        ORDER BY datname
    """)
    SESSION = SQL("SELECT pg_catalog.pg_backend_pid()")
    LIMITED_ACCOUNT = SQL("""
        SELECT rolconnlimit >= 0 FROM pg_catalog.pg_roles WHERE rolname = session_user
    """)
    # TRUNCATE and a rewriting ALTER TABLE are not covered by snapshots: the table reads
    # as empty, and the snapshot's own catalog differs from the present one
    REWRITTEN_TABLES = SQL("""
        SELECT coalesce(pg_partition_root(c.oid)::oid, c.oid)::int8,
               n.nspname || '.' || c.relname
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
          AND c.relfilenode <> 0 AND c.relfilenode <> pg_relation_filenode(c.oid)
          AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    """)
    WITHOUT_SNAPSHOTS = SQL("SELECT NULL, NULL WHERE FALSE")
    READ_ONLY: tuple[SQL, ...] = (
        SQL("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"),
        SQL("SET SESSION lock_timeout = '60s'"),
    )

    def connect(
        self, info: Mapping[str, Any], database: str | None, limits: Patience
    ) -> Driver:
        return postgresql_session.connect(info, database, limits)

    def set_session(self, driver: Driver) -> Mapping[str, str]:
        return postgresql_session.set_session(driver)

    def start_snapshot(self, driver: Driver) -> None:
        postgresql_session.start_snapshot(driver)

    def works(
        self,
        info: Mapping[str, Any],
        database: str | None,
        session: int,
        limits: Patience,
    ) -> bool:
        return postgresql_session.works(info, database, session, limits)

    def descriptor(self, driver: Driver) -> int:
        return int(driver.fileno())

    def read_rows(
        self, driver: Driver, query: bytes, use: Callable[[Page], None]
    ) -> None:
        rows = CopiedRows(use)
        with driver.cursor() as cursor:
            cursor.copy_expert(b"COPY (" + query + b") TO STDOUT", rows)
        rows.end_page()

    def abandon(self, driver: Driver) -> None:
        driver.close()

    def identifier(self, *names: str) -> SQL:
        return SQL(".".join('"{}"'.format(name.replace('"', '""')) for name in names))

    def literal(self, text: str) -> SQL:
        """Quote a string, whatever ``standard_conforming_strings`` is set to."""
        return SQL("E'{}'".format(text.replace("\\", r"\\").replace("'", "''")))

    def row_source(self, column: StoreColumn) -> SQL:
        """Name the table; rows of those that inherit from it are read as theirs."""
        row = column.catalog_row
        table = self.identifier(row.schema, row.table)
        if row.relation_kind == _PARTITIONED:
            return table
        return compose_sql("ONLY {table}", table=table)

    def raw_value(self, column: StoreColumn) -> SQL:
        name = self.identifier(column.catalog_row.attribute)
        if column.catalog_row.has_parts:
            return compose_sql("to_json({name})::text", name=name)
        return compose_sql("{name}::text", name=name)

    def row_key(self, column: StoreColumn) -> SQL:
        pairs = []
        for row in column.key:
            name = self.literal(f"{json.dumps(row.attribute)}: ")
            value = self.identifier(row.attribute)
            if row.is_binary:
                value = compose_sql("encode({value}, 'hex')", value=value)
            pair = compose_sql("{name}, to_json({value})::text", name=name, value=value)
            pairs.append(pair)
        inner = join_sql(", ', ', ", pairs) if pairs else SQL("NULL")
        return compose_sql("concat('{{', {inner}, '}}')", inner=inner)

    def hiding_schemas(
        self, _: Rows, _schemas: frozenset[str]
    ) -> tuple[frozenset[str], bool]:
        return frozenset(), True  # every account sees every table of a database

    def ignores_case(self, _: Rows) -> bool:
        return False

    def snapshot_problem(
        self, rows: Rows, column: StoreColumn, *, refers: Callable[[], bool]
    ) -> Notice | None:
        """Return a problem if names mean something else than in the snapshot.

        Queries look names and partitions up in the present catalog, so another table or
        column may have been read instead, or a partition less. What was read is locked
        until the snapshot ends.
        """
        del refers  # every table keeps a snapshot
        row = column.catalog_row
        query = compose_sql(
            _PRESENT_NAME,
            relation=self.literal(str(row.relation_id)),
            number=self.literal(str(row.attribute_number)),
        )
        same = rows(query) == [(row.quoted_name,)]
        if same and row.relation_kind == _PARTITIONED:
            relation = self.literal(str(row.relation_id))
            same = not rows(compose_sql(_DETACHED_PARTITIONS, relation=relation))
        if same:
            return None
        return Notice(NoticeCode.TABLE_REWRITTEN, column.full_name)

    def is_gone(
        self, rows: Rows, column: StoreColumn, _known: object, _error: object
    ) -> bool:
        row = column.catalog_row
        query = compose_sql(
            "SELECT has_column_privilege({relation}::oid, {number}::int2, 'SELECT')",
            relation=self.literal(str(row.relation_id)),
            number=self.literal(str(row.attribute_number)),
        )
        return rows(query)[0][0] is None  # as for no column of today

    def error_code(self, error: Exception) -> object:
        return getattr(error, "pgcode", None)

    def look_at_server(self, rows: Rows, address: str) -> ServerLook:
        return postgresql_server.look(rows, address)

    def prepared(self, rows: Rows, address: str) -> tuple[list[Notice], list[Notice]]:
        return postgresql_server.prepared(rows, address)
