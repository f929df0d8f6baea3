"""Change data capture: enabling it, its change tables, their functions, and cleanup.

After https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/change-data-capture-stored-procedures-transact-sql
"""

from datetime import datetime

import duckdb

from medallion.errors import MedallionError
from medallion.local.source import lsn, system
from medallion.local.source.catalog import Table, find_table, quoted
from medallion.local.source.changes import pending_table


def initial_table(table: Table) -> str:
    """The rows that a table held when its capture began, for whoever needs the whole history."""
    return f"stand_in.{quoted('initial_' + table.capture_instance)}"


def is_enabled(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the database has change data capture."""
    found = con.execute("SELECT is_cdc_enabled FROM sys.databases").fetchone()
    return bool(found and found[0])


def enable_database(con: duckdb.DuckDBPyConnection) -> None:
    """`sys.sp_cdc_enable_db`; enabling twice changes nothing, as in Azure SQL."""
    if not is_enabled(con):
        con.execute(system.CDC_SCHEMA)


def is_captured(con: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """Whether the table's changes are recorded."""
    query = "SELECT count(*) FROM stand_in.captures WHERE capture_instance = ?"
    return con.execute(query, [table.capture_instance]).fetchone() == (1,)


def captured_tables(con: duckdb.DuckDBPyConnection) -> list[Table]:
    """Every table whose changes are recorded, in the order of enabling."""
    rows = con.execute(
        "SELECT schema_name, table_name FROM stand_in.captures ORDER BY start_lsn"
    ).fetchall()
    return [find_table(con, *row) for row in rows]


def enable_table(
    con: duckdb.DuckDBPyConnection, table: Table, role: str | None, start: bytes, now: datetime
) -> None:
    """`sys.sp_cdc_enable_table`: the change table, its function, and a missing role."""
    if not is_enabled(con):
        raise MedallionError(
            "Msg 22901: The database is not enabled for Change Data Capture; "
            "run sys.sp_cdc_enable_db first."
        )
    if is_captured(con, table):
        raise MedallionError(
            f"Msg 22926: Could not create a capture instance because the capture instance name "
            f"'{table.capture_instance}' already exists in the current database."
        )
    columns = ", ".join(f"{c.sql} {c.duckdb_type}" for c in table.columns)
    con.execute(
        f"CREATE TABLE {table.change_table} (__$start_lsn BLOB NOT NULL, __$end_lsn BLOB, "
        f"__$seqval BLOB NOT NULL, __$operation INTEGER NOT NULL, __$update_mask BLOB, {columns})"
    )
    con.execute(f"CREATE TABLE {initial_table(table)} AS SELECT * FROM {table.sql}")
    con.execute(
        "INSERT INTO stand_in.captures VALUES (?, ?, ?, ?, ?, ?, ?)",
        [table.capture_instance, table.schema, table.name, start, role, now, start],
    )
    con.execute(_all_changes(table))
    if role:
        add_principal(con, role, "R")


def disable_table(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """`sys.sp_cdc_disable_table`: the change table and its function go."""
    if not is_captured(con, table):
        raise MedallionError(
            f"Msg 22931: Source table '{table.full_name}' is not enabled for Change Data Capture."
        )
    name = quoted(f"fn_cdc_get_all_changes_{table.capture_instance}")
    con.execute(f"DROP MACRO TABLE cdc.{name}")
    con.execute(f"DROP TABLE {table.change_table}")
    con.execute(f"DROP TABLE {initial_table(table)}")
    con.execute(
        "DELETE FROM stand_in.captures WHERE capture_instance = ?", [table.capture_instance]
    )


def clean_up(con: duckdb.DuckDBPyConnection, instance: str, low_water_mark: bytes) -> None:
    """`sys.sp_cdc_cleanup_change_table`: drop what is older, and raise the minimum LSN."""
    for table in captured_tables(con):
        if table.capture_instance.lower() == instance.lower():
            con.execute(
                f"DELETE FROM {table.change_table} WHERE __$start_lsn < ?", [low_water_mark]
            )
            con.execute(
                "UPDATE stand_in.captures SET start_lsn = ? WHERE capture_instance = ?",
                [low_water_mark, table.capture_instance],
            )
            return
    raise MedallionError(
        f"Msg 22964: '{instance}' is not a capture instance of this database; "
        "see cdc.change_tables."
    )


def add_principal(con: duckdb.DuckDBPyConnection, name: str, kind: str) -> None:
    """Remember a role (`R`) or user (`E`) unless it exists."""
    con.execute(
        "INSERT INTO stand_in.principals SELECT $1, $2 WHERE NOT EXISTS "
        "(SELECT 1 FROM stand_in.principals WHERE lower(name) = lower($1))",
        [name, kind],
    )


def write_transaction(
    con: duckdb.DuckDBPyConnection, captured: list[Table], first: int, used: int, when: datetime
) -> bytes:
    """Move the pending changes to the change tables under the LSN of the commit record."""
    commit = lsn.to_bytes(first + used)
    for table in captured:
        columns = ", ".join(c.sql for c in table.columns)
        con.execute(
            f"INSERT INTO {table.change_table} SELECT ?, NULL, {lsn.sql('_position')}, _operation, "
            f"_mask, {columns} FROM {pending_table(table)} ORDER BY _position, _operation",
            [commit],
        )
    con.execute(
        "INSERT INTO stand_in.lsn_time_mapping VALUES (?, ?, ?, ?, ?)",
        [commit, when, when, first.to_bytes(10, "big"), lsn.to_bytes(first - 1)],
    )
    return commit


def create_pending(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """An empty pending table for a transaction."""
    columns = ", ".join(f"{c.sql} {c.duckdb_type}" for c in table.columns)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {pending_table(table)} "
        f"(_position BIGINT, _operation INTEGER, _mask BLOB, {columns})"
    )


def _all_changes(table: Table) -> str:
    """The table's `cdc.fn_cdc_get_all_changes_…`; out of range it fails as SQL Server does."""
    instance = table.capture_instance.replace("'", "''")
    columns = ", ".join(f"c.{column.sql}" for column in table.columns)
    refusal = (
        "Msg 313: An insufficient number of arguments were supplied for the procedure or function "
        f"cdc.fn_cdc_get_all_changes_{instance} ... ."
    )
    return f"""
        CREATE MACRO cdc.{quoted("fn_cdc_get_all_changes_" + table.capture_instance)}
            (from_lsn, to_lsn, row_filter_option) AS TABLE
        WITH checked AS (
            SELECT CASE
                WHEN from_lsn IS NULL OR to_lsn IS NULL OR from_lsn > to_lsn
                    OR from_lsn < sys.fn_cdc_get_min_lsn('{instance}')
                    OR to_lsn > sys.fn_cdc_get_max_lsn()
                    OR coalesce(lower(trim(row_filter_option)), '') NOT IN ('all', 'all update old')
                THEN error('{refusal}') ELSE from_lsn END AS low
        )
        SELECT c.__$start_lsn, c.__$seqval, c.__$operation, c.__$update_mask, {columns}
        FROM {table.change_table} AS c
        WHERE c.__$start_lsn >= (SELECT low FROM checked) AND c.__$start_lsn <= to_lsn
            AND (c.__$operation <> 3 OR lower(trim(row_filter_option)) = 'all update old')
    """
