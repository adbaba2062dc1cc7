"""MySQL and MariaDB: their catalog, snapshots, grants and quoting, and pymysql."""
# ruff: noqa: D102 - `Dialect` says what each method is for

from collections.abc import Callable, Collection, Mapping
from typing import Any

import pymysql
from pymysql.constants import ER

from djgc_widgets.model import Notice, NoticeCode
from djgc_widgets.references import mysql_server, mysql_session
from djgc_widgets.references.grants import GrantRules, hidden_by_grants
from djgc_widgets.references.packets import read_packets
from djgc_widgets.references.raw_text import Page
from djgc_widgets.references.server_look import ServerLook
from djgc_widgets.references.silence import Patience
from djgc_widgets.references.sql import SQL, Driver, Rows, compose_sql, join_sql
from djgc_widgets.references.store_column import ColumnName, StoreColumn

_NAME_RULES = SQL(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN "
    "('partial_revokes', 'lower_case_table_names')"
)
_NO_SUCH = {ER.BAD_DB_ERROR, ER.NO_SUCH_TABLE, ER.BAD_FIELD_ERROR}
_SNAPSHOT_ENGINES = {"innodb", "rocksdb", "tokudb"}


class MySQL:
    """MySQL and MariaDB over pymysql."""

    NAME = "mysql"
    ERROR: type[Exception] = pymysql.MySQLError
    # names are compared as bytes: SYS is not sys, and on some servers rec is not Rec;
    # MariaDB's json is longtext with a check, of any collation once it was converted
    CATALOG = SQL("""
        SELECT t.table_schema, t.table_name,
               COALESCE(c.column_name, ''), c.data_type, c.column_comment,
               IF(c.column_key = 'PRI', c.ordinal_position, -1), t.engine IS NOT NULL,
               c.data_type = 'json' OR c.data_type = 'longtext' AND (
                   c.collation_name = 'utf8mb4_bin'
                   OR c.column_comment REGEXP '^[[:space:]]*:[[:space:]]*json'
                   /*M!100202 OR k.column_name IS NOT NULL */),
               0, 0, 0, '', t.table_type, t.engine
        FROM information_schema.tables t
        LEFT JOIN information_schema.columns c
          ON BINARY c.table_schema = BINARY t.table_schema
         AND BINARY c.table_name = BINARY t.table_name
        /*M!100202 LEFT JOIN (
            SELECT DISTINCT constraint_schema, table_name,
                   constraint_name AS column_name
            FROM information_schema.check_constraints
            WHERE LOCATE('json_valid', check_clause) > 0
        ) k ON BINARY k.constraint_schema = BINARY c.table_schema
           AND BINARY k.table_name = BINARY c.table_name
           AND BINARY k.column_name = BINARY c.column_name */
        WHERE t.table_type NOT IN ('VIEW', 'SYSTEM VIEW')
          AND BINARY t.table_schema NOT IN
              ('information_schema', 'mysql', 'performance_schema', 'sys')
        ORDER BY BINARY t.table_schema, BINARY t.table_name, c.ordinal_position
    """)
    SCHEMAS = SQL("""
        SELECT schema_name FROM information_schema.schemata
        WHERE BINARY schema_name NOT IN
              ('information_schema', 'mysql', 'performance_schema', 'sys')
    """)
    OTHER_DATABASES = SQL("SELECT NULL, NULL, NULL FROM DUAL WHERE FALSE")
    SESSION = SQL("SELECT CONNECTION_ID()")
    LIMITED_ACCOUNT = SQL("SELECT NULL FROM DUAL WHERE FALSE")
    # the server itself refuses to read a table that changed since the snapshot
    REWRITTEN_TABLES = SQL("SELECT NULL, NULL FROM DUAL WHERE FALSE")
    WITHOUT_SNAPSHOTS = SQL("""
        SELECT table_schema, table_name FROM information_schema.tables
        WHERE table_type NOT IN ('VIEW', 'SYSTEM VIEW')
          AND lower(engine) NOT IN ('innodb', 'rocksdb', 'tokudb')
          AND BINARY table_schema NOT IN
              ('information_schema', 'mysql', 'performance_schema', 'sys')
    """)
    READ_ONLY: tuple[SQL, ...] = (
        SQL("SET SESSION TRANSACTION READ ONLY"),
        SQL("SET SESSION lock_wait_timeout = 60"),
    )

    def connect(
        self, info: Mapping[str, Any], _: str | None, limits: Patience
    ) -> Driver:
        return mysql_session.connect(info, limits)

    def set_session(self, driver: Driver) -> Mapping[str, str]:
        return mysql_session.set_session(driver)

    def start_snapshot(self, driver: Driver) -> None:
        mysql_session.start_snapshot(driver)

    def works(
        self, info: Mapping[str, Any], _: str | None, session: int, limits: Patience
    ) -> bool:
        return mysql_session.works(info, session, limits)

    def descriptor(self, driver: Driver) -> int:
        return mysql_session.descriptor(driver)

    def read_rows(
        self, driver: Driver, query: bytes, use: Callable[[Page], None]
    ) -> None:
        read_packets(driver, query, use)

    def abandon(self, driver: Driver) -> None:
        driver._force_close()  # noqa: SLF001 - no public name ends it at once

    def identifier(self, *names: str) -> SQL:
        return SQL(".".join("`{}`".format(name.replace("`", "``")) for name in names))

    def literal(self, text: str) -> SQL:
        """Write a string in hexadecimal, whatever ``sql_mode`` is set to."""
        return SQL(f"_utf8mb4 0x{text.encode().hex()}")

    def row_source(self, column: StoreColumn) -> SQL:
        """Name the table; what versioned rows of MariaDB were can still be read."""
        row = column.catalog_row
        table = self.identifier(row.schema, row.table)
        if row.relation_kind == "SYSTEM VERSIONED":
            return compose_sql("{table} FOR SYSTEM_TIME ALL", table=table)
        return table

    def raw_value(self, column: StoreColumn) -> SQL:
        return self.identifier(column.catalog_row.attribute)

    def row_key(self, column: StoreColumn) -> SQL:
        pairs = []
        for row in column.key:
            value = self.identifier(row.attribute)
            if row.is_binary:
                value = compose_sql("HEX({value})", value=value)
            pairs += [self.literal(row.attribute), value]
        return compose_sql("JSON_OBJECT({pairs})", pairs=join_sql(", ", pairs))

    def hiding_schemas(
        self, rows: Rows, schemas: frozenset[str]
    ) -> tuple[frozenset[str], bool]:
        grants = [str(grant) for (grant,) in rows(SQL("SHOW GRANTS"))]
        literal = ("partial_revokes", "ON") in rows(_NAME_RULES)
        rules = GrantRules(literal, self.ignores_case(rows))
        return hidden_by_grants(grants, schemas, rules)

    def ignores_case(self, rows: Rows) -> bool:
        return ("lower_case_table_names", "0") not in rows(_NAME_RULES)

    def snapshot_problem(
        self, _: Rows, column: StoreColumn, *, refers: Callable[[], bool]
    ) -> Notice | None:
        """Return a problem if rows that refer may have moved: there is no snapshot."""
        engine, where = column.catalog_row.engine, column.table.full_name
        if engine.lower() in _SNAPSHOT_ENGINES or not refers():
            return None
        return Notice(NoticeCode.NO_SNAPSHOT, where, {"engine": engine})

    def is_gone(
        self,
        rows: Rows,
        column: StoreColumn,
        known: Collection[ColumnName],
        error: BaseException | None,
    ) -> bool:
        """Ask the catalog, which is of now; what is new may be the column, renamed."""
        if error is None or not _NO_SUCH.intersection(error.args[:1]):
            return False
        present = {row[:3] for row in rows(self.CATALOG)}
        return column.name not in present and present <= set(known)

    def error_code(self, error: Exception) -> object:
        of_server = isinstance(error, pymysql.MySQLError) and error.args
        return error.args[0] if of_server else None

    def look_at_server(self, rows: Rows, address: str) -> ServerLook:
        return mysql_server.look(rows, address)

    def prepared(self, rows: Rows, address: str) -> tuple[list[Notice], list[Notice]]:
        return mysql_server.prepared(rows, address)
