"""The embedded engine: Sail's Spark Connect server in this process, and one session to it.

The session has no tables: names are resolved to Delta folders before a statement gets here.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from medallion import disk
from medallion_local.databricks_sql.address import Addresses
from medallion_local.databricks_sql.dialect import first_line
from medallion_local.databricks_sql.errors import SqlError
from medallion_local.databricks_sql.types import plain_schema

CATALOG = "medallion"


@dataclass
class Result:
    """A statement's rows: their schema, and batches that can be read once."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]

    def table(self) -> pa.Table:
        """All rows at once; for small results."""
        return pa.Table.from_batches(list(self.batches), self.schema)

    def rows(self) -> list[dict]:
        """All rows as dictionaries; for small results."""
        return self.table().to_pylist()


def result_of(table: pa.Table) -> Result:
    """A result that is already in memory."""
    return Result(table.schema, iter(table.to_batches()))


class Engine:
    """Runs Spark SQL in which all tables are folders."""

    def __init__(self) -> None:
        os.environ.setdefault("RUST_LOG", "warn")
        # Above this, DataFusion's sorts and joins spill, so a million rows need less than 4 GiB.
        os.environ.setdefault("SAIL_RUNTIME__MEMORY_POOL__TYPE", "greedy")
        # Measured: merging a day's changes into a fact of a million plays needs more than 2 GiB.
        os.environ.setdefault("SAIL_RUNTIME__MEMORY_POOL__GREEDY__MAX_SIZE", str(4 * 1024**3))
        # By default the session ends after 15 minutes without requests; this is a century.
        os.environ.setdefault("SAIL_SPARK__SESSION_TIMEOUT_SECS", str(100 * 365 * 24 * 3600))
        self.addresses = Addresses()
        from pysail.spark import SparkConnectServer
        from pyspark.sql.connect.session import SparkSession

        self._server = SparkConnectServer("127.0.0.1", 0)
        self._server.start(background=True)
        _, port = self._server.listening_address
        self._spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
        # A loopback connection needs no reattaching. The client's release of a result takes a lock,
        # which hung when the garbage collector closed an abandoned result during another release.
        self._spark.client.disable_reattachable_execute()
        self._spark.conf.set("spark.sql.session.timeZone", "UTC")

    def query(self, sql: str) -> Result:
        """Run a query. Waits for the first batch; the other batches are streamed."""
        from pyspark.sql.connect.plan import SQL

        client = self._spark.client
        stream = client.to_table_as_iterator(SQL(sql).to_proto(client), {})
        batches = self._batches(stream)
        try:
            first = next(batches)
        except StopIteration:
            raise SqlError("[INTERNAL_ERROR] The engine answered without a schema.") from None
        schema = plain_schema(first.schema)

        def remaining() -> Iterator[pa.RecordBatch]:
            yield _as_plain(first, schema)
            for batch in batches:
                yield _as_plain(batch, schema)

        return Result(schema, remaining())

    def schema(self, sql: str) -> pa.Schema:
        """The columns of a query, which is planned but not run."""
        return self.query(f"SELECT * FROM (\n{sql}\n) LIMIT 0").schema

    def command(self, sql: str) -> int:
        """Run a MERGE, UPDATE or DELETE. Returns the number of rows that it changed."""
        try:
            table = self._spark.sql(sql).toArrow()
        except Exception as error:
            raise self._sql_error(error) from None
        return int(table.column(0)[0].as_py() or 0) if table.num_rows else 0

    def stop(self) -> None:
        """End the session and the server."""
        self._spark.stop()
        self._server.stop()
        self.addresses.close()

    def _batches(self, stream: Iterator) -> Iterator[pa.RecordBatch]:
        try:
            for item in stream:
                if isinstance(item, pa.Table):
                    empty = pa.RecordBatch.from_pylist([], schema=item.schema)
                    yield from item.to_batches() or [empty]
        except Exception as error:
            raise self._sql_error(error) from None

    def _sql_error(self, error: Exception) -> Exception:
        """The engine's error as one sentence, without the protocol's envelope."""
        if isinstance(error, SqlError):
            return error
        if lost := disk.sentence(error):
            return SqlError(f"[IO_ERROR] {lost}")
        message = self.addresses.shown(first_line(error))
        if "to Timestamp(ns)" in message:
            return SqlError(
                "[UNSUPPORTED] The embedded engine combines a DATE with a TIMESTAMP only between "
                f"the years 1677 and 2262: cast the DATE to TIMESTAMP. ({message})"
            )
        return SqlError(message)


def _as_plain(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    if batch.schema.equals(schema):
        return batch
    arrays = [
        column if column.type == field.type else column.cast(field.type, safe=False)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
