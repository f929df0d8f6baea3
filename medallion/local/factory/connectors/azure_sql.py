"""`AzureSqlDatabase`: the source database's stand-in, which takes the same T-SQL."""

import base64
import datetime as dt
import decimal
from typing import Any

import pyarrow as pa

from medallion.local.factory.environment import Environment
from medallion.local.source.database import SourceDatabase


def query(environment: Environment, tsql: str) -> pa.RecordBatchReader:
    """Stream the rows of a query."""
    return SourceDatabase.open(environment.home.source_database).query(tsql)


def execute(environment: Environment, tsql: str) -> None:
    """Run a statement that gives no rows."""
    SourceDatabase.open(environment.home.source_database).execute(tsql)


def json_value(value: Any) -> Any:
    """A column's value as Data Factory puts it into JSON."""
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
