"""The rows of a query as Azure SQL's driver types them, streamed in Arrow batches."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from medallion.errors import MedallionError
from medallion.local.source.connection import sentences

BATCH_ROWS = 65_536


def stream(con: duckdb.DuckDBPyConnection, sql: str, close: bool) -> pa.RecordBatchReader:
    """The rows of DuckDB's `sql`; when `close`, the connection ends with the reader."""
    try:
        with sentences():
            result = con.execute(sql)
            kinds = [str(column[1]) for column in result.description]
            reader = result.to_arrow_reader(BATCH_ROWS)
    except BaseException:
        if close:
            con.close()
        raise
    # DuckDB sums integers to 128 bits, where T-SQL has bigint; a decimal(38, 0) is left alone.
    fields = [
        field.with_type(pa.int64()) if kind == "HUGEINT" else field
        for field, kind in zip(reader.schema, kinds, strict=True)
    ]
    schema = pa.schema(fields)
    return pa.RecordBatchReader.from_batches(schema, _batches(con, reader, schema, close))


def _batches(
    con: duckdb.DuckDBPyConnection, reader: pa.RecordBatchReader, schema: pa.Schema, close: bool
) -> Iterator[pa.RecordBatch]:
    try:
        with sentences():
            for batch in reader:
                yield batch if batch.schema == schema else batch.cast(schema)
    except pa.ArrowInvalid:
        raise MedallionError(
            "Msg 8115: Arithmetic overflow error converting expression to data type bigint."
        ) from None
    finally:
        reader.close()
        if close:
            con.close()
