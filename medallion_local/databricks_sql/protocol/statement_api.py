"""The Statement Execution API of `databricks-sdk`, with results inline.

Source: https://docs.databricks.com/api/workspace/statementexecution and
https://docs.databricks.com/dev-tools/sql-execution-tutorial.html
"""

import base64
import io
import json
import re
from collections import OrderedDict
from datetime import UTC, datetime
from uuid import UUID

import pyarrow as pa

from medallion_local.databricks_sql import settings
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.language.errors import SqlError, reported
from medallion_local.databricks_sql.protocol.operations import Operation
from medallion_local.databricks_sql.protocol.parameters import Parameter
from medallion_local.databricks_sql.protocol.row_sets import texts
from medallion_local.databricks_sql.protocol.service import Service
from medallion_local.databricks_sql.session import Session
from medallion_local.databricks_sql.statements import Warehouse
from medallion_local.databricks_sql.types import type_name
from medallion_local.http import Answer, Request

STATEMENTS = ("api", "2.0", "sql", "statements")
WAREHOUSES = ("api", "2.0", "sql", "warehouses")
WAREHOUSE = "local"
_INLINE_BYTES = 25 * 1024 * 1024
_REMEMBERED = 100
_TYPE_NAMES = {
    "BIGINT": "LONG",
    "SMALLINT": "SHORT",
    "TINYINT": "BYTE",
    "VOID": "NULL",
    "TIMESTAMP_NTZ": "TIMESTAMP",
}
_FORMATS = ("JSON_ARRAY", "ARROW_STREAM")


class _BadRequest(Exception):
    """The request itself is wrong: HTTP 400."""


class StatementApi:
    """Answers requests below `/api/2.0/sql`. Each statement has a session of its own."""

    def __init__(self, service: Service, warehouse: Warehouse) -> None:
        self._service = service
        self._warehouse = warehouse
        self._answers: OrderedDict[str, tuple[Operation, dict, dict | None]] = OrderedDict()

    def respond(self, request: Request) -> Answer:
        """The answer to a request with a valid token."""
        try:
            if request.segments[: len(WAREHOUSES)] == WAREHOUSES:
                return self._warehouses(request)
            rest = request.segments[len(STATEMENTS) :]
            if request.method == "POST" and not rest:
                return Answer(200, self._execute(_body(request)))
            if rest and rest[0] not in self._answers:
                return _error(404, "NOT_FOUND", f"The statement {rest[0]} does not exist.")
            if request.method == "GET" and len(rest) == 1:
                return Answer(200, self._answer(rest[0], 0))
            if request.method == "POST" and rest[1:] == ("cancel",):
                self._service.operations.cancel(UUID(rest[0]).bytes)
                return Answer(200, {})
            if request.method == "GET" and rest[1:3] == ("result", "chunks") and len(rest) == 4:
                answer = self._answer(rest[0], 0)
                if rest[3] != "0" or "result" not in answer:
                    return _error(404, "NOT_FOUND", f"The result has no chunk {rest[3]}.")
                return Answer(200, answer["result"])
        except _BadRequest as error:
            return _error(400, "INVALID_PARAMETER_VALUE", str(error))
        return _error(404, "ENDPOINT_NOT_FOUND", "The local warehouse has no such endpoint.")

    def _warehouses(self, request: Request) -> Answer:
        one = {"id": WAREHOUSE, "name": "local", "state": "RUNNING", "num_clusters": 1,
               "cluster_size": "2X-Small", "warehouse_type": "PRO",
               "enable_serverless_compute": False}  # fmt: skip
        rest = request.segments[len(WAREHOUSES) :]
        if request.method == "GET" and not rest:
            return Answer(200, {"warehouses": [one]})
        if request.method == "GET" and rest == (WAREHOUSE,):
            return Answer(200, one)
        return _error(404, "RESOURCE_DOES_NOT_EXIST", f"The only warehouse is '{WAREHOUSE}'.")

    def _execute(self, asked: dict) -> dict:
        statement = asked.get("statement")
        if not isinstance(statement, str) or asked.get("warehouse_id") != WAREHOUSE:
            raise _BadRequest(f"Give a statement, and '{WAREHOUSE}' as its warehouse_id.")
        if asked.get("disposition", "INLINE") != "INLINE":
            raise _BadRequest("The local warehouse has only the disposition INLINE.")
        if asked.get("format", "JSON_ARRAY") not in _FORMATS:
            raise _BadRequest(f"The format must be one of {', '.join(_FORMATS)}.")
        parameters = [
            Parameter(one.get("type") or "STRING", one.get("value"), one.get("name"))
            for one in asked.get("parameters") or []
        ]

        def work() -> Result:
            catalogs = self._warehouse.catalog
            named = asked.get("catalog") or self._warehouse.first_catalog
            schema = (asked.get("schema") or "default").lower()
            session = Session(schema, catalog=catalogs.current_catalog(named))
            return self._service.execute(session, statement, parameters)

        operation = self._service.operations.start(
            b"statements", work, asked.get("row_limit"), settings.timeout({})
        )
        name = str(operation.id)
        self._answers[name] = (operation, asked, None)
        while len(self._answers) > _REMEMBERED:
            self._forget(next(iter(self._answers)))
        seconds = _seconds(asked.get("wait_timeout", "10s"))
        answer = self._answer(name, seconds)
        if seconds and asked.get("on_wait_timeout") == "CANCEL" and _is_running(answer):
            self._service.operations.cancel(operation.id.bytes)
            return self._answer(name, 0)
        return answer

    def _forget(self, name: str) -> None:
        operation, _, _ = self._answers.pop(name)
        self._service.operations.close(operation.id.bytes)

    def _answer(self, name: str, seconds: float) -> dict:
        operation, asked, known = self._answers[name]
        if known is not None:
            return known
        if not operation.ended(seconds):
            return {"statement_id": name, "status": {"state": "RUNNING"}}
        try:
            if operation.error is not None:
                raise operation.error
            answer = {"statement_id": name, "status": {"state": "SUCCEEDED"}}
            answer |= _content(operation, asked)
        except Exception as error:
            failure = reported(error)
            state = "CANCELED" if operation.cancelled else "FAILED"
            problem = {"error_code": "BAD_REQUEST", "message": failure.message}
            answer = {
                "statement_id": name,
                "status": {"state": state, "error": problem, "sql_state": failure.sqlstate},
            }
        self._service.operations.close(operation.id.bytes)
        self._answers[name] = (operation, asked, answer)
        return answer


def _content(operation: Operation, asked: dict) -> dict:
    """The manifest and the only chunk of a result."""
    schema = operation.result.schema
    limit = min(asked.get("byte_limit") or _INLINE_BYTES, _INLINE_BYTES)
    _, batches, more = operation.take(2**31, limit)
    if more and not asked.get("byte_limit"):
        raise SqlError(
            "[RESULT_SIZE_LIMIT_EXCEEDED] An inline result has at most 25 MiB: give a row_limit or "
            "a byte_limit, or read it by databricks-sql-connector."
        )
    table = pa.Table.from_batches(batches, schema)
    arrow = asked.get("format") == "ARROW_STREAM"
    chunk = {"chunk_index": 0, "row_offset": 0, "row_count": table.num_rows}
    if arrow:
        content: dict = {"attachment": base64.b64encode(_stream(table)).decode()}
    else:
        columns = [_texts(column) for column in table.columns]
        content = {"data_array": [list(row) for row in zip(*columns, strict=True)]}
    manifest = {
        "format": "ARROW_STREAM" if arrow else "JSON_ARRAY",
        "schema": {
            "column_count": len(schema),
            "columns": [_column(place, field) for place, field in enumerate(schema)],
        },
        "total_chunk_count": 1 if table.num_rows else 0,
        "chunks": [chunk] if table.num_rows else [],
        "total_row_count": table.num_rows,
        "total_byte_count": table.nbytes,
        "truncated": more or table.num_rows == asked.get("row_limit"),
    }
    return {"manifest": manifest, "result": chunk | content}


def _column(place: int, field: pa.Field) -> dict:
    text = type_name(field.type).upper()
    column = {"name": field.name, "position": place, "type_text": text}
    base = re.split(r"[(<]", text, maxsplit=1)[0]
    column["type_name"] = _TYPE_NAMES.get(base, base)
    if pa.types.is_decimal(field.type):
        column |= {"type_precision": field.type.precision, "type_scale": field.type.scale}
    return column


def _texts(column: pa.ChunkedArray) -> list[str | None]:
    if pa.types.is_timestamp(column.type):
        return [None if value is None else _iso(value) for value in column.to_pylist()]
    if pa.types.is_binary(column.type):
        return [
            None if value is None else base64.b64encode(value).decode()
            for value in column.to_pylist()
        ]
    return texts(column)


def _iso(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat(timespec="milliseconds")
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _stream(table: pa.Table) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)s", text)
    if found is None or (int(found[1]) and not 5 <= int(found[1]) <= 50):
        raise _BadRequest("The wait_timeout must be '0s', or from '5s' to '50s'.")
    return int(found[1])


def _is_running(answer: dict) -> bool:
    return answer["status"]["state"] == "RUNNING"


def _body(request: Request) -> dict:
    try:
        asked = json.loads(request.body)
    except ValueError:
        raise _BadRequest("The body is not JSON.") from None
    if not isinstance(asked, dict):
        raise _BadRequest("The body is not a JSON object.")
    return asked


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"error_code": code, "message": message})
