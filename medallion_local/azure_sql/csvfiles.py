"""CSV files named after the tables. An error names the file, line, column and value."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from medallion.errors import MedallionError
from medallion_local import delimited
from medallion_local.azure_sql.catalog import Column, Table, quoted
from medallion_local.tsql import macros
from medallion_local.tsql.types import MAX, MOMENTS, MONEY, TEXT, nvarchar
from medallion_local.tsql.values import Value, assign, from_ticks

# A day from the year 1 on: SQL Server has no year 0.
_DAY = r"(\d{3}[1-9]|\d{2}[1-9]\d|\d[1-9]\d{2}|[1-9]\d{3})-\d{2}-\d{2}"
# The form that a value must have before it is cast: DuckDB's own cast would round 1.5 to 2.
PATTERNS = {
    "DATE": _DAY,
    "TIMESTAMP": _DAY + r"([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?Z?)?",
    "INT": r"[+-]?\d+",
    "BIGINT": r"[+-]?\d+",
}
# Rows of the objects that exist at once. With 65,536, the garbage collector took half of the time.
_ROWS = 4_096
_ROWS_OF_AN_INSERT = 65_536
NAMES = {"DATE": "a date", "TIMESTAMP": "a timestamp", "INT": "an integer", "BIGINT": "an integer"}


def read(con: duckdb.DuckDBPyConnection, path: Path, table: Table, relation: str) -> int:
    """Read and check `path` into the temporary table `relation`. Returns the number of rows.

    The relation has the table's columns and `_line`, the line on which the row begins. It keeps the
    order of the file. Empty strings are NULL. Columns may come in any order. A missing or an extra
    column is an error.
    """
    try:
        found = _opened(path, table)
        _load_texts(con, delimited.same_width(found.records, len(found.header)), found.header)
    except delimited.DelimitedTextError as error:
        raise MedallionError(f"{path}, {error}") from None
    for column in table.columns:
        _check_column(con, path, column)
    casts = ", ".join(f"{_value(c)} AS {c.sql}" for c in table.columns)
    macros.provide(con, casts)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {relation} AS SELECT _line, {casts} FROM _raw ORDER BY _line"
    )
    con.execute("DROP TABLE _raw")
    row = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(row[0]) if row else 0


def repeated_keys(
    con: duckdb.DuckDBPyConnection, path: Path, table: Table, relation: str, strict: bool
) -> int:
    """The number of keys that occur in several rows of `relation`. If `strict`, an error."""
    keys = ", ".join(k.sql for k in table.keys)
    rows = con.execute(
        f"SELECT list_sort(list(_line))[:2], {keys} FROM {relation} GROUP BY {keys} "
        "HAVING count(*) > 1 ORDER BY min(_line)"
    ).fetchall()
    if rows and strict:
        (first, second), *values = rows[0]
        names = ", ".join(k.name for k in table.keys)
        raise MedallionError(
            f"{path}: the key {names} = {', '.join(map(str, values))} is on the lines {first} and "
            f"{second}; with --strict each key must be unique"
        )
    return len(rows)


def _value(column: Column) -> str:
    """The checked text of a column, converted to the column's type."""
    kind = column.kind
    if kind.name == "datetime2" and kind.scale < 6:
        # Keep six digits: they decide how the value is rounded to five.
        return from_ticks(f"ts_of(CAST({column.sql} AS TIMESTAMP))", kind)
    if kind.name in TEXT | MOMENTS - {"date"} | MONEY:
        return assign(Value(column.sql, nvarchar(MAX), has_columns=True), kind, column.name).sql
    return f"CAST({column.sql} AS {column.duckdb_type})"


@dataclass(frozen=True)
class _Opened:
    """A file's header, and the records below it."""

    header: list[str]
    records: Iterator[delimited.Record]


def _opened(path: Path, table: Table) -> _Opened:
    if not path.is_file():
        raise MedallionError(f"the file {path} is missing: it has the rows of {table.full_name}")
    records = delimited.read(path)
    _, fields = next(records, (1, []))
    if not fields:
        raise MedallionError(f"{path} is empty: its first line must name the columns")
    header = [name or "" for name in fields]
    wanted = [c.name for c in table.columns]
    for name in wanted:
        if name not in header:
            raise MedallionError(f"{path} has no column {name!r}; {table.full_name} needs it")
    for name in header:
        if name not in wanted or header.count(name) > 1:
            raise MedallionError(
                f"{path} has the extra column {name!r}; {table.full_name} has {', '.join(wanted)}"
            )
    return _Opened(header, records)


def _load_texts(
    con: duckdb.DuckDBPyConnection, records: Iterator[delimited.Record], header: list[str]
) -> None:
    """Fill the temporary table `_raw` with the records' texts and line numbers."""
    fields = [("_line", pa.int64()), *((name, pa.string()) for name in header)]
    schema = pa.schema(fields)
    columns = ", ".join(f"{quoted(name)} VARCHAR" for name in header)
    con.execute(f"CREATE OR REPLACE TEMP TABLE _raw (_line BIGINT, {columns})")
    waiting: list[pa.RecordBatch] = []
    for batch in _batches(records, schema):
        waiting.append(batch)
        if len(waiting) * _ROWS >= _ROWS_OF_AN_INSERT:
            _insert(con, waiting)
            waiting = []
    if waiting:
        _insert(con, waiting)


def _batches(records: Iterator[delimited.Record], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while rows := list(islice(records, _ROWS)):
        texts = zip(*(values for _, values in rows), strict=True)
        arrays = [
            pa.array([line for line, _ in rows], pa.int64()),
            *(pa.array([text or None for text in column], pa.string()) for column in texts),
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _insert(con: duckdb.DuckDBPyConnection, batches: list[pa.RecordBatch]) -> None:
    con.register("_batch", pa.Table.from_batches(batches))
    con.execute("INSERT INTO _raw SELECT * FROM _batch")
    con.unregister("_batch")


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
