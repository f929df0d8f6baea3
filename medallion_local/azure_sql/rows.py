"""The rows of a query with the types of Azure SQL's driver, streamed in Arrow batches."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from medallion_local.azure_sql.connection import sentences

BATCH_ROWS = 65_536


def stream(con: duckdb.DuckDBPyConnection, sql: str, close: bool) -> pa.RecordBatchReader:
    """The rows of DuckDB's `sql`. With `close`, the connection closes when the reader ends."""
    try:
        with sentences():
            result = con.execute(sql)
            reader = result.to_arrow_reader(BATCH_ROWS)
    except BaseException:
        if close:
            con.close()
        raise
    return pa.RecordBatchReader.from_batches(reader.schema, _batches(con, reader, close))


def _batches(
    con: duckdb.DuckDBPyConnection, reader: pa.RecordBatchReader, close: bool
) -> Iterator[pa.RecordBatch]:
    try:
        with sentences():
            yield from reader
    finally:
        reader.close()
        if close:
            con.close()
