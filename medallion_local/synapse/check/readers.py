"""Two readers of Delta that share no code: delta-rs, and DuckDB's extension on delta-kernel."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from medallion.serving.contract import Table
from medallion_local.synapse.check.finding import Finding

MEND = "rebuild with `dbt run --full-refresh --select {}`, and run the check again"


def delta_extension() -> Path:
    """DuckDB's Delta extension from the package duckdb-extension-delta."""
    import duckdb_extension_delta

    root = Path(duckdb_extension_delta.__path__[0])
    return root / "extensions" / f"v{duckdb.__version__}" / "delta.duckdb_extension"


def connect(database: str = ":memory:", read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """DuckDB with the Delta extension; nothing is downloaded."""
    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    connection = duckdb.connect(database, read_only=read_only, config=offline)
    connection.execute("load '{}'".format(str(delta_extension()).replace("'", "''")))
    connection.execute("set timezone = 'UTC'")
    return connection


def scan(folder: Path) -> str:
    """The table function that reads a Delta table, for DuckDB's FROM."""
    return "delta_scan('{}')".format(str(folder).replace("'", "''"))


def disagreements(
    table: Table, folder: Path, connection: duckdb.DuckDBPyConnection
) -> Iterator[Finding]:
    """Rows that only one reader finds, and readers that fail."""
    try:
        one = DeltaTable(str(folder)).to_pyarrow_table()
    except Exception as error:  # every error of delta-rs is reported
        yield _failed(table, "deltalake", error)
        return
    names = ", ".join(f'"{name}"' for name in one.column_names)
    connection.register("one", one)
    try:
        connection.execute(f"create or replace temp table two as from {scan(folder)}")
        only = [
            _count(connection, f"select {names} from {a} except all select {names} from {b}")
            for a, b in (("one", "two"), ("two", "one"))
        ]
    except duckdb.Error as error:
        yield _failed(table, "DuckDB", error)
        return
    finally:
        connection.unregister("one")
    if any(only):
        yield Finding(
            table.name,
            f"only deltalake finds {only[0]} rows, only DuckDB finds {only[1]}",
            MEND.format(table.name),
        )


def too_long(
    table: Table, folder: Path, connection: duckdb.DuckDBPyConnection
) -> Iterator[Finding]:
    """Texts that are longer than the view's column; serverless would fail the query."""
    for column in table.columns:
        if not column.served or column.length is None:
            continue
        query = f'select max(strlen("{column.name}")) from {scan(folder)}'
        try:
            longest = _first(connection, query)
        except duckdb.Error:
            continue  # other checks report an unreadable table or a missing column
        if longest is not None and longest > column.length:
            yield Finding(
                table.name,
                f"a value of {column.name} has {longest} bytes, the view's column {column.length}",
                "raise meta.max_length of the column in the model's YAML, and rebuild the views",
            )


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    return _first(connection, f"select count(*) from ({rows})") or 0


def _first(connection: duckdb.DuckDBPyConnection, query: str) -> int | None:
    return connection.execute(query).fetchall()[0][0]


def _failed(table: Table, reader: str, error: Exception) -> Finding:
    reason = " ".join(str(error).split())[:200]
    return Finding(table.name, f"{reader} cannot read it ({reason})", MEND.format(table.name))
