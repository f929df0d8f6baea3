"""`AzureSqlDatabase`: the local source database, which accepts the same T-SQL."""

import base64
import datetime as dt
import decimal
from typing import Any

import pyarrow as pa

from medallion_local.azure_sql.database import SourceDatabase, query_in
from medallion_local.data_factory.environment import Environment


def query(environment: Environment, service: str, tsql: str) -> pa.RecordBatchReader:
    """Stream the rows of a query to the database of a linked service."""
    environment.on_tsql(tsql)
    return SourceDatabase.open(environment.database(service)).query(tsql)


def execute(environment: Environment, service: str, tsql: str) -> int:
    """Run a script and return the number of affected rows."""
    environment.on_tsql(tsql)
    return SourceDatabase.open(environment.database(service)).execute(tsql)


def result_sets(environment: Environment, service: str, tsql: str) -> list[list[dict[str, Any]]]:
    """Run a script; return the rows of each statement that has a result, as JSON objects."""
    if query_in(tsql):
        with query(environment, service, tsql) as reader:
            return [_read(reader)]
    environment.on_tsql(tsql)
    found: list[list[dict[str, Any]]] = []
    database = SourceDatabase.open(environment.database(service))
    database.execute(tsql, show=lambda reader: found.append(_read(reader)))
    return found


def _read(reader: pa.RecordBatchReader) -> list[dict[str, Any]]:
    return [row for batch in reader for row in json_rows(batch)]


def type_name(kind: pa.DataType) -> str:
    """Data Factory's name of a column's type."""
    named = (
        (pa.types.is_boolean, "Boolean"),
        (pa.types.is_int64, "Int64"),
        (pa.types.is_int32, "Int32"),
        (pa.types.is_integer, "Int16"),
        (pa.types.is_float32, "Single"),
        (pa.types.is_floating, "Double"),
        (pa.types.is_decimal, "Decimal"),
        (pa.types.is_date, "DateTime"),
        (pa.types.is_timestamp, "DateTime"),
        (pa.types.is_time, "TimeSpan"),
        (pa.types.is_binary, "Byte[]"),
        (pa.types.is_fixed_size_binary, "Byte[]"),
    )
    return next((name for holds, name in named if holds(kind)), "String")


def json_value(value: Any) -> Any:
    """A column's value in Data Factory's JSON form."""
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    return value


def json_rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """A batch's rows as JSON objects."""
    return [{k: json_value(v) for k, v in row.items()} for row in batch.to_pylist()]
