"""The change log behind change data capture: one table per captured table, hidden from T-SQL.

The log holds every change with every column that its table has or had, named by column id. The
change tables of capture instances are views of the log. So a change has the same LSN in all of
them, and `history` is complete for any set of instances. Temporary tables hold a transaction's
changes until the commit assigns their LSN.
"""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from medallion_local.azure_sql import lsn
from medallion_local.azure_sql.catalog import Table, quoted


@dataclass(frozen=True)
class Instance:
    """A capture instance: its table, and the ids and names of its columns, in order."""

    name: str
    schema: str
    table: str
    columns: tuple[tuple[int, str], ...]

    @property
    def change_table(self) -> str:
        """The quoted full name of its change table."""
        return f"cdc.{quoted(self.name + '_CT')}"

    @property
    def function(self) -> str:
        """The quoted full name of its function."""
        return f"cdc.{quoted('fn_cdc_get_all_changes_' + self.name)}"


def log(table: Table) -> str:
    """The table's log: start_lsn, seqval, operation, changed (bits of column ids), the columns."""
    return f"stand_in.{quoted(f'log_{table.schema}_{table.name}')}"


def initial(table: Table) -> str:
    """The rows that the table held when its capture began."""
    return f"stand_in.{quoted(f'initial_{table.schema}_{table.name}')}"


def history(table: Table) -> str:
    """The view of all changes since the first: start_lsn, seqval, operation, columns by name."""
    return f"stand_in.{quoted(f'history_{table.schema}_{table.name}')}"


def pending(table: Table) -> str:
    """The temporary table that holds a transaction's changes until the commit."""
    return quoted(f"_pending_{table.schema}_{table.name}")


def is_logged(con: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """Whether the table's changes are recorded."""
    query = "SELECT count(*) FROM stand_in.logs WHERE schema_name = ? AND table_name = ?"
    return con.execute(query, [table.schema, table.name]).fetchone() == (1,)


def begin(con: duckdb.DuckDBPyConnection, table: Table, start: bytes) -> None:
    """Start the table's log at an LSN, with a copy of its current rows."""
    columns = ", ".join(f"{c.logged} {c.duckdb_type}" for c in table.columns)
    con.execute(
        f"CREATE TABLE {log(table)} (start_lsn BLOB NOT NULL, seqval BLOB NOT NULL, "
        f"operation INTEGER NOT NULL, changed HUGEINT, {columns})"
    )
    values = ", ".join(f"{c.sql} AS {c.logged}" for c in table.columns)
    con.execute(f"CREATE TABLE {initial(table)} AS SELECT {values} FROM {table.sql}")
    con.execute("INSERT INTO stand_in.logs VALUES (?, ?, ?)", [table.schema, table.name, start])


def end(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Drop the table's change log."""
    con.execute(f"DROP VIEW {history(table)}")
    con.execute(f"DROP TABLE {log(table)}")
    con.execute(f"DROP TABLE {initial(table)}")
    con.execute(
        "DELETE FROM stand_in.logs WHERE schema_name = ? AND table_name = ?",
        [table.schema, table.name],
    )


def await_commit(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create an empty pending table for a transaction."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {pending(table)} AS SELECT NULL::BIGINT AS _position, "
        f"* EXCLUDE (start_lsn, seqval) FROM {log(table)} LIMIT 0"
    )


def commit(
    con: duckdb.DuckDBPyConnection,
    changed_tables: list[Table],
    first: int,
    used: int,
    when: datetime,
) -> bytes:
    """Move the pending changes to the logs, with the LSN of the commit record."""
    committed = lsn.to_bytes(first + used)
    for table in changed_tables:
        if is_logged(con, table):
            con.execute(
                f"INSERT INTO {log(table)} BY NAME SELECT ?::BLOB AS start_lsn, "
                f"{lsn.sql('_position')} AS seqval, * EXCLUDE (_position) "
                f"FROM {pending(table)} ORDER BY _position, operation",
                [committed],
            )
    con.execute(
        "INSERT INTO stand_in.lsn_time_mapping VALUES (?, ?, ?, ?, ?)",
        [committed, when, when, first.to_bytes(10, "big"), lsn.to_bytes(first - 1)],
    )
    return committed


def alter(con: duckdb.DuckDBPyConnection, table: Table, change: str) -> None:
    """Apply DuckDB's ALTER TABLE `change` to every table that holds the table's logged columns."""
    con.execute(f"ALTER TABLE {log(table)} {change}")
    con.execute(f"ALTER TABLE {initial(table)} {change}")


def instances(con: duckdb.DuckDBPyConnection, table: Table | None = None) -> list[Instance]:
    """The capture instances of one table or of all, in the order in which they were enabled."""
    rows = con.execute(
        "SELECT i.capture_instance, i.schema_name, i.table_name, "
        "list((k.column_id, c.column_name) ORDER BY k.column_ordinal) "
        "FROM stand_in.instances AS i INNER JOIN stand_in.captured AS k USING (capture_instance) "
        "INNER JOIN stand_in.columns AS c ON c.schema_name = i.schema_name "
        "AND c.table_name = i.table_name AND c.column_id = k.column_id "
        "GROUP BY ALL ORDER BY max(i.created)"
    ).fetchall()
    found = [Instance(name, schema, bare, tuple(ids)) for name, schema, bare, ids in rows]
    return [i for i in found if table is None or (i.schema, i.table) == (table.schema, table.name)]


def publish(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create the views and functions that show the table's log with its current columns."""
    logged = con.execute(
        "SELECT column_id, column_name, is_dropped FROM stand_in.columns "
        "WHERE schema_name = ? AND table_name = ? AND concat('c', column_id) IN ("
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'stand_in' "
        "AND table_name = ?) ORDER BY column_id",
        [table.schema, table.name, f"log_{table.schema}_{table.name}"],
    ).fetchall()
    newest = {name.lower(): (gone, number, name) for number, name, gone in logged}
    columns = ", ".join(
        f"c{number} AS {quoted(name)}" for _, number, name in sorted(newest.values())
    )
    schema, bare = (text.replace("'", "''") for text in (table.schema, table.name))
    con.execute(
        f"CREATE OR REPLACE VIEW {history(table)} AS "
        f"SELECT b.begin_lsn AS start_lsn, NULL::BLOB AS seqval, 2 AS operation, {columns} "
        f"FROM {initial(table)}, (SELECT begin_lsn FROM stand_in.logs "
        f"WHERE schema_name = '{schema}' AND table_name = '{bare}') AS b "
        f"UNION ALL SELECT start_lsn, seqval, operation, {columns} FROM {log(table)}"
    )
    for instance in instances(con, table):
        con.execute(_change_table(table, instance, {number for number, _, _ in logged}))
        con.execute(_all_changes(instance))


def _change_table(table: Table, instance: Instance, logged: set[int]) -> str:
    ids = [number for number, _ in instance.columns]
    digits = 2 * ((len(ids) + 7) // 8)
    if ids == list(range(1, len(ids) + 1)):
        bits = f"changed & {(1 << len(ids)) - 1}"
    else:
        bits = " + ".join(f"((changed >> {n - 1}) & 1) * {1 << i}" for i, n in enumerate(ids))
    # SQL Server records no row for an update that changed none of the captured columns.
    condition = ""
    if logged - set(ids):
        captured = sum(1 << (number - 1) for number in ids)
        condition = f"AND (operation < 3 OR changed = 0 OR changed & {captured} <> 0)"
    columns = ", ".join(f"c{number} AS {quoted(name)}" for number, name in instance.columns)
    name = instance.name.replace("'", "''")
    return f"""
        CREATE OR REPLACE VIEW {instance.change_table} AS
        SELECT start_lsn AS "__$start_lsn", NULL::BLOB AS "__$end_lsn", seqval AS "__$seqval",
            operation AS "__$operation",
            unhex(CASE WHEN operation < 3 THEN '{(1 << len(ids)) - 1:0{digits}X}'
                ELSE lpad(hex({bits}), {digits}, '0') END) AS "__$update_mask",
            {columns}
        FROM {log(table)}
        WHERE start_lsn >= (SELECT max(i.start_lsn) FROM stand_in.instances AS i
                WHERE i.capture_instance = '{name}')
            AND start_lsn <= stand_in.captured_through() {condition}
    """


def _all_changes(instance: Instance) -> str:
    """`cdc.fn_cdc_get_all_changes_…`. For LSNs out of range it fails as SQL Server does."""
    name = instance.name.replace("'", "''")
    columns = ", ".join(f"c.{quoted(column)}" for _, column in instance.columns)
    refusal = (
        "Msg 313: An insufficient number of arguments were supplied for the procedure or function "
        f"cdc.fn_cdc_get_all_changes_{name} ... ."
    )
    return f"""
        CREATE OR REPLACE MACRO {instance.function}
            (from_lsn, to_lsn, row_filter_option) AS TABLE
        WITH checked AS (
            SELECT CASE
                WHEN from_lsn IS NULL OR to_lsn IS NULL OR from_lsn > to_lsn
                    OR from_lsn < sys.fn_cdc_get_min_lsn('{name}')
                    OR to_lsn > sys.fn_cdc_get_max_lsn()
                    OR coalesce(lower(trim(row_filter_option)), '') NOT IN ('all', 'all update old')
                THEN error('{refusal}') ELSE from_lsn END AS low
        )
        SELECT c.__$start_lsn, c.__$seqval, c.__$operation, c.__$update_mask, {columns}
        FROM {instance.change_table} AS c
        WHERE c.__$start_lsn >= (SELECT low FROM checked) AND c.__$start_lsn <= to_lsn
            AND (c.__$operation <> 3 OR lower(trim(row_filter_option)) = 'all update old')
    """
