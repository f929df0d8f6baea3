"""CSV files named as the tables: every fault is named by file, line, column and value."""

import csv
from pathlib import Path

import duckdb

from medallion.errors import MedallionError
from medallion.local.source.catalog import Column, Table, quoted
from medallion.local.tsql import macros
from medallion.local.tsql.types import MAX, MOMENTS, MONEY, TEXT, nvarchar
from medallion.local.tsql.values import Value, assign, from_ticks

# A day from the year 1 on: SQL Server has no year 0.
_DAY = r"(\d{3}[1-9]|\d{2}[1-9]\d|\d[1-9]\d{2}|[1-9]\d{3})-\d{2}-\d{2}"
# What a value must look like before it is cast: DuckDB's own cast would round 1.5 to 2.
PATTERNS = {
    "DATE": _DAY,
    "TIMESTAMP": _DAY + r"([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?Z?)?",
    "INT": r"[+-]?\d+",
    "BIGINT": r"[+-]?\d+",
}
NAMES = {"DATE": "a date", "TIMESTAMP": "a timestamp", "INT": "an integer", "BIGINT": "an integer"}


def read(con: duckdb.DuckDBPyConnection, path: Path, table: Table, relation: str) -> int:
    """Read and check `path` into the temporary table `relation`; the number of rows.

    Empty strings are NULL. Columns may come in any order, but none missing and none extra.
    """
    header = _header(path, table)
    columns = ", ".join(f"'{c}': 'VARCHAR'" for c in header)
    values = ", ".join(f"nullif({c.sql}, '') AS {c.sql}" for c in table.columns)
    name = str(path).replace("'", "''")
    try:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE _raw AS "
            f"SELECT row_number() OVER () + 1 AS _line, {values} "
            f"FROM read_csv('{name}', header = true, auto_detect = false, delim = ',', "
            f"quote = '\"', escape = '\"', columns = {{{columns}}}, parallel = false, "
            "strict_mode = true)"
        )
    except duckdb.Error as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise MedallionError(
            f"{path} is not a CSV file of {len(header)} columns: {'; '.join(lines[:3])}"
        ) from None
    for column in table.columns:
        _check_column(con, path, column)
    _check_keys(con, path, table)
    casts = ", ".join(f"{_value(c)} AS {c.sql}" for c in table.columns)
    macros.provide(con, casts)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {relation} AS SELECT {casts} FROM _raw")
    con.execute("DROP TABLE _raw")
    row = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(row[0]) if row else 0


def _value(column: Column) -> str:
    """The checked text of a column as the column stores it."""
    kind = column.kind
    if kind.name == "datetime2" and kind.scale < 6:
        # Six digits decide how five are rounded.
        return from_ticks(f"ts_of(CAST({column.sql} AS TIMESTAMP))", kind)
    if kind.name in TEXT | MOMENTS - {"date"} | MONEY:
        return assign(Value(column.sql, nvarchar(MAX), has_columns=True), kind, column.name).sql
    return f"CAST({column.sql} AS {column.duckdb_type})"


def _header(path: Path, table: Table) -> list[str]:
    if not path.is_file():
        raise MedallionError(f"the file {path} is missing: it holds the rows of {table.full_name}")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file), [])
    except UnicodeDecodeError:
        raise MedallionError(f"{path} is not UTF-8 text: save it as UTF-8") from None
    if not header:
        raise MedallionError(f"{path} is empty: its first line names the columns")
    wanted = [c.name for c in table.columns]
    for name in wanted:
        if name not in header:
            raise MedallionError(f"{path} has no column {name!r}; {table.full_name} needs it")
    for name in header:
        if name not in wanted or header.count(name) > 1:
            raise MedallionError(
                f"{path} has the extra column {name!r}; {table.full_name} has {', '.join(wanted)}"
            )
    return header


def _check_column(con: duckdb.DuckDBPyConnection, path: Path, column: Column) -> None:
    name = column.sql
    if not column.nullable:
        row = con.execute(f"SELECT min(_line) FROM _raw WHERE {name} IS NULL").fetchone()
        if row and row[0] is not None:
            raise MedallionError(f"{path}, line {row[0]}: the key column {column.name!r} is empty")
    if column.max_chars is not None:
        fault, wish = (
            f"strlen({name}) > {column.max_chars} AND ts_units({name}) > {column.max_chars}",
            f"at most {column.max_chars} characters",
        )
    elif column.duckdb_type in PATTERNS:
        fault = (
            f"{name} IS NOT NULL AND ("
            f"NOT regexp_full_match({name}, '{PATTERNS[column.duckdb_type]}') OR"
            f" TRY_CAST({name} AS {column.duckdb_type}) IS NULL)"
        )
        wish = NAMES[column.duckdb_type]
    else:
        fault, wish = (
            f"{name} IS NOT NULL AND TRY_CAST({name} AS {column.duckdb_type}) IS NULL",
            f"a value of type {column.tsql_type}",
        )
    macros.provide(con, fault)
    row = con.execute(
        f"SELECT _line, {name} FROM _raw WHERE {fault} ORDER BY _line LIMIT 1"
    ).fetchone()
    if row:
        raise MedallionError(
            f"{path}, line {row[0]}, column {column.name!r}: {row[1]!r} is not {wish}"
        )


def _check_keys(con: duckdb.DuckDBPyConnection, path: Path, table: Table) -> None:
    keys = ", ".join(f"CAST({k.sql} AS {k.duckdb_type})" for k in table.keys)
    row = con.execute(
        f"SELECT list_sort(list(_line)), row({keys}) FROM _raw GROUP BY {keys} "
        "HAVING count(*) > 1 ORDER BY min(_line) LIMIT 1"
    ).fetchone()
    if row:
        names = ", ".join(quoted(k.name) for k in table.keys).replace('"', "")
        value = ", ".join(map(str, row[1]))
        raise MedallionError(
            f"{path}: the key {names} = {value} is on the lines {row[0][0]} and {row[0][1]}; "
            "keys are unique"
        )
