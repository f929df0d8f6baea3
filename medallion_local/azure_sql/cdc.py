"""Change data capture: the procedures that enable, disable, clean up, stop and start it.

The procedures follow https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/change-data-capture-stored-procedures-transact-sql
The errors follow https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
"""

from datetime import datetime

import duckdb
from sqlglot.dialects.tsql import TSQL
from sqlglot.tokens import TokenType

from medallion.errors import MedallionError
from medallion_local.azure_sql import changelog, system
from medallion_local.azure_sql.catalog import Column, Table, find_table
from medallion_local.azure_sql.changelog import Instance

MAX_INSTANCES = 2  # per table
_STOPPED = "FROM stand_in.settings WHERE name = 'captured_through'"
_LAST = (
    "(SELECT coalesce(max(start_lsn), unhex('00000000000000000000')) "
    "FROM stand_in.lsn_time_mapping)"
)


def is_enabled(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether change data capture is enabled on the database."""
    found = con.execute("SELECT is_cdc_enabled FROM sys.databases").fetchone()
    return bool(found and found[0])


def enable_database(con: duckdb.DuckDBPyConnection) -> None:
    """`sys.sp_cdc_enable_db`. As in Azure SQL, enabling it twice changes nothing."""
    if not is_enabled(con):
        con.execute(system.CDC_SCHEMA)


def captured_tables(con: duckdb.DuckDBPyConnection) -> list[Table]:
    """Every table whose changes are captured, in the order in which capture was enabled."""
    rows = con.execute(
        "SELECT schema_name, table_name FROM stand_in.logs ORDER BY begin_lsn"
    ).fetchall()
    return [find_table(con, *row) for row in rows]


def enable_table(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    name: str | None,
    column_list: str | None,
    role: str | None,
    start: bytes,
    now: datetime,
) -> None:
    """`sys.sp_cdc_enable_table`: create the change table, its function, and a missing role."""
    require_enabled(con)
    name = name or f"{table.schema}_{table.name}"
    columns = _captured(table, column_list)
    if len(changelog.instances(con, table)) >= MAX_INSTANCES:
        raise MedallionError(
            f"Msg 22962: Two capture instances already exist for source table '{table.full_name}'. "
            "A table can have at most two capture instances. If the current tracking options are "
            "not appropriate, disable change tracking for the obsolete instance by using "
            "sys.sp_cdc_disable_table and retry the operation."
        )
    if any(i.name.lower() == name.lower() for i in changelog.instances(con)):
        raise MedallionError(
            f"Msg 22926: Could not create a capture instance because the capture instance name "
            f"'{name}' already exists in the current database. Specify an explicit unique name "
            "for the parameter @capture_instance."
        )
    if not changelog.is_logged(con, table):
        changelog.begin(con, table, start)
    con.execute(
        "INSERT INTO stand_in.instances SELECT ?, ?, ?, ?, ?, ?, "
        "(SELECT coalesce(max(created), 0) + 1 FROM stand_in.instances)",
        [name, table.schema, table.name, start, role, now],
    )
    con.executemany(
        "INSERT INTO stand_in.captured VALUES (?, ?, ?)",
        [(name, column.id, ordinal) for ordinal, column in enumerate(columns, start=1)],
    )
    changelog.publish(con, table)
    if role:
        add_principal(con, role, "R")


def disable_table(con: duckdb.DuckDBPyConnection, table: Table, name: str | None) -> None:
    """`sys.sp_cdc_disable_table`, for one instance or `all`. The last one removes the log."""
    found = changelog.instances(con, table)
    if not found:
        raise MedallionError(
            "Msg 22985: Change data capture has not been enabled for source table "
            f"'{table.full_name}'. Specify the name of a table enabled for Change Data Capture."
        )
    if not name:
        raise MedallionError(
            "Msg 22963: Parameter '@capture_instance' cannot be null or empty. Specify a value "
            "for the named parameter and retry the operation."
        )
    gone = [i for i in found if name.lower() in (i.name.lower(), "all")]
    if not gone:
        raise MedallionError(
            f"Msg 22960: Change data capture instance '{name}' has not been enabled for the "
            f"source table '{table.full_name}'; see cdc.change_tables."
        )
    for instance in gone:
        con.execute(f"DROP MACRO TABLE {instance.function}")
        con.execute(f"DROP VIEW {instance.change_table}")
        for kept in ("captured", "ddl_history", "instances"):
            con.execute(f"DELETE FROM stand_in.{kept} WHERE capture_instance = ?", [instance.name])
    if len(gone) == len(found):
        changelog.end(con, table)


def set_retention(con: duckdb.DuckDBPyConnection, minutes: int) -> None:
    """`sys.sp_cdc_change_job` for the job cleanup, which the emulator stores and does not run."""
    con.execute("DELETE FROM stand_in.settings WHERE name = 'cleanup_retention'")
    con.execute("INSERT INTO stand_in.settings VALUES ('cleanup_retention', ?)", [str(minutes)])


def clean_up(con: duckdb.DuckDBPyConnection, name: str, low_water_mark: bytes) -> None:
    """`sys.sp_cdc_cleanup_change_table`: delete older changes and raise the minimum LSN."""
    instance = find_instance(con, name)
    known = "SELECT count(*) FROM cdc.lsn_time_mapping WHERE start_lsn = ?"
    if con.execute(known, [low_water_mark]).fetchone() == (0,):
        raise MedallionError(
            f"Msg 22964: LSN 0x{low_water_mark.hex().upper()}, specified as the new low end point "
            "for change table cleanup must represent the start_lsn value of a current entry in the "
            "cdc.lsn_time_mapping table."
        )
    con.execute(
        "UPDATE stand_in.instances SET start_lsn = greatest(start_lsn, ?) "
        "WHERE capture_instance = ?",
        [low_water_mark, instance.name],
    )
    table = find_table(con, instance.schema, instance.table)
    con.execute(
        f"DELETE FROM {changelog.log(table)} WHERE start_lsn < (SELECT min(start_lsn) "
        "FROM stand_in.instances WHERE schema_name = ? AND table_name = ?)",
        [table.schema, table.name],
    )


def find_instance(con: duckdb.DuckDBPyConnection, name: str) -> Instance:
    """The capture instance of that name, ignoring case."""
    for instance in changelog.instances(con):
        if instance.name.lower() == name.lower():
            return instance
    raise MedallionError(
        f"Msg 22981: Object does not exist or access is denied: '{name}' is not a capture "
        "instance of this database; see cdc.change_tables."
    )


def stop_capture(con: duckdb.DuckDBPyConnection) -> None:
    """`sys.sp_cdc_stop_job`: CDC functions do not show transactions that commit from now on."""
    if con.execute(f"SELECT count(*) {_STOPPED}").fetchone() == (0,):
        con.execute(f"INSERT INTO stand_in.settings SELECT 'captured_through', hex({_LAST})")


def start_capture(con: duckdb.DuckDBPyConnection) -> None:
    """`sys.sp_cdc_start_job`: capture what was committed meanwhile, and continue."""
    con.execute(f"DELETE {_STOPPED}")


def scan(con: duckdb.DuckDBPyConnection) -> None:
    """`sys.sp_cdc_scan`: capture everything that is committed now, once."""
    con.execute(f"UPDATE stand_in.settings SET value = hex({_LAST}) WHERE name='captured_through'")


def require_enabled(con: duckdb.DuckDBPyConnection) -> None:
    """Raise SQL Server's message 22901 unless CDC is enabled on the database."""
    if not is_enabled(con):
        raise MedallionError(
            "Msg 22901: The database is not enabled for Change Data Capture; "
            "run sys.sp_cdc_enable_db first."
        )


def add_principal(con: duckdb.DuckDBPyConnection, name: str, kind: str) -> None:
    """Store a role (`R`) or user (`E`) unless it exists."""
    con.execute(
        "INSERT INTO stand_in.principals SELECT $1, $2 WHERE NOT EXISTS "
        "(SELECT 1 FROM stand_in.principals WHERE lower(name) = lower($1))",
        [name, kind],
    )


def _captured(table: Table, column_list: str | None) -> list[Column]:
    """The columns of a @captured_column_list in the table's order, or all columns without one."""
    if column_list is None:
        return list(table.columns)
    tokens = [t for t in TSQL().tokenize(column_list) if t.token_type is not TokenType.COMMA]
    wanted = [token.text.lower() for token in tokens]
    found = [c for c in table.columns if c.name.lower() in wanted]
    if len(found) != len(wanted):
        raise MedallionError(
            "Msg 22942: Columns specified in the captured column list could not be mapped to "
            f"columns in source table '{table.full_name}'. Verify that the columns specified in "
            "the parameter @captured_column_list are delimited properly and match columns in the "
            "source table."
        )
    return found
