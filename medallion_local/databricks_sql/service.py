"""The Thrift service `TCLIService` of databricks-sql-connector. Names are the protocol's.

Results are sent as Arrow batches in the direct results of ExecuteStatement. Larger results are
fetched batch by batch. The client polls for a long statement.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from dataclasses import dataclass, field

import pyarrow as pa
from databricks.sql.thrift_api.TCLIService import ttypes as t

from medallion_local.databricks_sql import settings
from medallion_local.databricks_sql.complexity import check_size, too_complex
from medallion_local.databricks_sql.engine import Result, result_of
from medallion_local.databricks_sql.errors import SqlError, reported
from medallion_local.databricks_sql.metastore import SYSTEM
from medallion_local.databricks_sql.session import Session
from medallion_local.databricks_sql.statements import Warehouse
from medallion_local.databricks_sql.types import thrift_type
from medallion_local.databricks_sql.zoned import shown_in

log = logging.getLogger(__name__)

_OK = t.TStatus(statusCode=t.TStatusCode.SUCCESS_STATUS)
_PROTOCOL = t.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V7
_BYTES_PER_FETCH = 8 * 1024 * 1024
_SECONDS_BEFORE_POLLING = 20
_STATEMENTS_AT_ONCE = 16
_NO_SESSION = SqlError("[INVALID_HANDLE.SESSION_CLOSED] Invalid SessionHandle: it was closed.")
_NO_OPERATION = SqlError("[INVALID_HANDLE.OPERATION_NOT_FOUND] Invalid OperationHandle.")


@dataclass
class Operation:
    """An accepted statement: its result, once it exists, and how much of it was fetched."""

    handle: t.TOperationHandle
    result: Future
    batches: Iterator[pa.RecordBatch] | None = None
    pending: list[pa.RecordBatch] = field(default_factory=list)
    offset: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Service:
    """One method per call of the protocol."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._sessions: dict[bytes, Session] = {}
        self._operations: dict[bytes, Operation] = {}
        self._pool = ThreadPoolExecutor(_STATEMENTS_AT_ONCE, "statement")

    def OpenSession(self, req: t.TOpenSessionReq) -> t.TOpenSessionResp:
        """Open a session in the client's catalog and schema.

        The catalog must exist. The schema may be created later: dbt names its own before it does.
        """
        handle = _identifier()
        namespace = req.initialNamespace or t.TNamespace()
        asked = dict(req.configuration or {})
        named = namespace.catalogName or asked.pop("databricks.catalog", "")
        schema = namespace.schemaName or asked.pop("databricks.schema", "") or "default"
        try:
            given = settings.of_client(asked, self._warehouse.engine.name)
            catalog = self._warehouse.catalog.current_catalog(
                named or self._warehouse.first_catalog
            )
        except SqlError as error:
            return t.TOpenSessionResp(status=_failed(error), serverProtocolVersion=_PROTOCOL)
        session = Session(schema.lower(), given, catalog=catalog)
        self._sessions[handle.guid] = session
        return t.TOpenSessionResp(
            status=_OK,
            serverProtocolVersion=_PROTOCOL,
            sessionHandle=t.TSessionHandle(sessionId=handle, serverProtocolVersion=_PROTOCOL),
            configuration={},
            canUseMultipleCatalogs=True,
            initialNamespace=t.TNamespace(catalogName=catalog, schemaName=session.schema),
        )

    def CloseSession(self, req: t.TCloseSessionReq) -> t.TCloseSessionResp:
        """Remove the session and its temporary views."""
        self._sessions.pop(req.sessionHandle.sessionId.guid, None)
        return t.TCloseSessionResp(status=_OK)

    def GetInfo(self, req: t.TGetInfoReq) -> t.TGetInfoResp:
        """The name of this server."""
        value = t.TGetInfoValue(stringValue="Medallion local warehouse")
        return t.TGetInfoResp(status=_OK, infoValue=value)

    def ExecuteStatement(self, req: t.TExecuteStatementReq) -> t.TExecuteStatementResp:
        """Run a statement. The answer to a short one contains its result."""
        session = self._sessions.get(req.sessionHandle.sessionId.guid)
        if session is None:
            return t.TExecuteStatementResp(status=_failed(_NO_SESSION))
        if req.parameters:
            return t.TExecuteStatementResp(
                status=_failed(
                    SqlError("[UNSUPPORTED_FEATURE] Bound parameters are not supported.")
                )
            )
        statement = req.statement
        operation, direct = self._start(lambda: self._execute(session, statement))
        return t.TExecuteStatementResp(
            status=_OK, operationHandle=operation.handle, directResults=direct
        )

    def GetCatalogs(self, req: t.TGetCatalogsReq) -> t.TGetCatalogsResp:
        """List the catalogs."""
        rows = [{"TABLE_CAT": name} for name in [*self._warehouse.catalog.catalogs(), SYSTEM]]
        return self._listed(t.TGetCatalogsResp, ["TABLE_CAT"], rows)

    def GetSchemas(self, req: t.TGetSchemasReq) -> t.TGetSchemasResp:
        """The schemas whose name matches."""
        rows = [
            {"TABLE_SCHEM": name, "TABLE_CATALOG": catalog}
            for catalog in self._warehouse.catalog.catalogs()
            if _in(catalog, req.catalogName)
            for name in self._warehouse.catalog.schemas(catalog)
            if _like(name, req.schemaName)
        ]
        return self._listed(t.TGetSchemasResp, ["TABLE_SCHEM", "TABLE_CATALOG"], rows)

    def GetTables(self, req: t.TGetTablesReq) -> t.TGetTablesResp:
        """The tables and views whose names match."""
        rows = [
            {
                "TABLE_CAT": relation.catalog,
                "TABLE_SCHEM": relation.schema,
                "TABLE_NAME": relation.name,
                "TABLE_TYPE": "VIEW" if relation.is_view else "TABLE",
                "REMARKS": relation.comment or "",
            }
            for relation in self._warehouse.catalog.relations()
            if _in(relation.catalog, req.catalogName)
            and _like(relation.schema, req.schemaName)
            and _like(relation.name, req.tableName)
        ]
        names = ["TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE", "REMARKS"]
        return self._listed(t.TGetTablesResp, names, rows)

    def GetColumns(self, req: t.TGetColumnsReq) -> t.TGetColumnsResp:
        """The columns of the relations whose names match."""
        rows = [
            {
                "TABLE_CAT": relation.catalog,
                "TABLE_SCHEM": relation.schema,
                "TABLE_NAME": relation.name,
                "COLUMN_NAME": column.name,
                "TYPE_NAME": column.type.upper(),
                "REMARKS": column.comment or "",
            }
            for relation in self._warehouse.catalog.relations()
            if _in(relation.catalog, req.catalogName)
            and _like(relation.schema, req.schemaName)
            and _like(relation.name, req.tableName)
            for column in relation.columns
            if _like(column.name, req.columnName)
        ]
        names = ["TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "COLUMN_NAME", "TYPE_NAME", "REMARKS"]
        return self._listed(t.TGetColumnsResp, names, rows)

    def GetOperationStatus(self, req: t.TGetOperationStatusReq) -> t.TGetOperationStatusResp:
        """Whether a long statement has ended."""
        operation = self._operations.get(req.operationHandle.operationId.guid)
        if operation is None:
            return t.TGetOperationStatusResp(status=_failed(_NO_OPERATION))
        try:
            operation.result.exception(timeout=_SECONDS_BEFORE_POLLING)
        except StillRunning:
            return t.TGetOperationStatusResp(
                status=_OK, operationState=t.TOperationState.RUNNING_STATE
            )
        return _status(operation)

    def GetResultSetMetadata(self, req: t.TGetResultSetMetadataReq) -> t.TGetResultSetMetadataResp:
        """The columns of a result."""
        operation = self._operations.get(req.operationHandle.operationId.guid)
        if operation is None:
            return t.TGetResultSetMetadataResp(status=_failed(_NO_OPERATION))
        return _metadata(operation.result.result())

    def FetchResults(self, req: t.TFetchResultsReq) -> t.TFetchResultsResp:
        """The next batches of a result."""
        operation = self._operations.get(req.operationHandle.operationId.guid)
        if operation is None:
            return t.TFetchResultsResp(status=_failed(_NO_OPERATION))
        try:
            return self._fetched(operation)
        except Exception as error:
            return t.TFetchResultsResp(status=_failed(error))

    def CloseOperation(self, req: t.TCloseOperationReq) -> t.TCloseOperationResp:
        """Remove a result."""
        self._close(req.operationHandle.operationId.guid)
        return t.TCloseOperationResp(status=_OK)

    def CancelOperation(self, req: t.TCancelOperationReq) -> t.TCancelOperationResp:
        """Discard a statement that has not begun, or the rest of a result."""
        operation = self._operations.get(req.operationHandle.operationId.guid)
        if operation is not None:
            operation.result.cancel()
            self._close(req.operationHandle.operationId.guid)
        return t.TCancelOperationResp(status=_OK)

    def _execute(self, session: Session, statement: str) -> Result:
        try:
            check_size(statement)
            return shown_in(session.time_zone, self._warehouse.execute(session, statement))
        except SqlError:
            raise
        except RecursionError:
            raise too_complex("it is nested too deeply") from None
        except Exception:
            log.exception("statement failed: %s", statement)
            raise

    def _start(self, work: Callable[[], Result]) -> tuple[Operation, t.TSparkDirectResults | None]:
        handle = t.TOperationHandle(
            operationId=_identifier(),
            operationType=t.TOperationType.EXECUTE_STATEMENT,
            hasResultSet=True,
        )
        operation = Operation(handle, self._pool.submit(work))
        try:
            error = operation.result.exception(timeout=_SECONDS_BEFORE_POLLING)
        except StillRunning:
            self._operations[handle.operationId.guid] = operation
            return operation, None
        if error is not None:
            return operation, t.TSparkDirectResults(operationStatus=_status(operation))
        try:
            fetched = self._fetched(operation)
        except Exception as failure:
            status = _status_of(failure)
            return operation, t.TSparkDirectResults(operationStatus=status)
        if fetched.hasMoreRows:
            self._operations[handle.operationId.guid] = operation
        return operation, t.TSparkDirectResults(
            operationStatus=_status(operation),
            resultSetMetadata=fetched.resultSetMetadata,
            resultSet=fetched,
            closeOperation=None if fetched.hasMoreRows else t.TCloseOperationResp(status=_OK),
        )

    def _fetched(self, operation: Operation) -> t.TFetchResultsResp:
        result: Result = operation.result.result()
        with operation.lock:
            if operation.batches is None:
                operation.batches = result.batches
            taken, size = list(operation.pending), 0
            operation.pending = []
            for batch in operation.batches:
                if size >= _BYTES_PER_FETCH:
                    operation.pending = [batch]
                    break
                if batch.num_rows:
                    taken.append(batch)
                    size += batch.nbytes
            start = operation.offset
            operation.offset += sum(batch.num_rows for batch in taken)
        arrow = [
            t.TSparkArrowBatch(batch=batch.serialize().to_pybytes(), rowCount=batch.num_rows)
            for batch in taken
        ]
        return t.TFetchResultsResp(
            status=_OK,
            hasMoreRows=bool(operation.pending),
            results=t.TRowSet(startRowOffset=start, rows=[], arrowBatches=arrow),
            resultSetMetadata=_metadata(result),
        )

    def _close(self, guid: bytes) -> None:
        operation = self._operations.pop(guid, None)
        if operation is not None and operation.batches is not None:
            close = getattr(operation.batches, "close", None)
            if close is not None:
                close()

    def _listed(self, response: type, names: list[str], rows: list[dict]) -> object:
        schema = pa.schema([(name, pa.string()) for name in names])
        table = pa.Table.from_pylist(rows, schema=schema)
        operation, direct = self._start(lambda: result_of(table))
        return response(status=_OK, operationHandle=operation.handle, directResults=direct)


def _identifier() -> t.THandleIdentifier:
    return t.THandleIdentifier(guid=uuid.uuid4().bytes, secret=uuid.uuid4().bytes)


def _failed(error: BaseException) -> t.TStatus:
    told = reported(error)
    return t.TStatus(
        statusCode=t.TStatusCode.ERROR_STATUS,
        sqlState=told.sqlstate,
        errorMessage=told.message,
        displayMessage=told.message,
    )


def _status(operation: Operation) -> t.TGetOperationStatusResp:
    error = operation.result.exception()
    if error is not None:
        return _status_of(error)
    return t.TGetOperationStatusResp(
        status=_OK, operationState=t.TOperationState.FINISHED_STATE, hasResultSet=True
    )


def _status_of(error: BaseException) -> t.TGetOperationStatusResp:
    told = reported(error)
    return t.TGetOperationStatusResp(
        status=_OK,
        operationState=t.TOperationState.ERROR_STATE,
        sqlState=told.sqlstate,
        errorMessage=told.message,
        displayMessage=told.message,
        diagnosticInfo="",
    )


def _metadata(result: Result) -> t.TGetResultSetMetadataResp:
    columns = [
        t.TColumnDesc(columnName=f.name, typeDesc=thrift_type(f.type), position=position)
        for position, f in enumerate(result.schema, start=1)
    ]
    return t.TGetResultSetMetadataResp(
        status=_OK,
        schema=t.TTableSchema(columns=columns),
        resultFormat=t.TSparkRowSetType.ARROW_BASED_SET,
        lz4Compressed=False,
        arrowSchema=result.schema.serialize().to_pybytes(),
    )


def _in(catalog: str, wanted: str | None) -> bool:
    """Whether a catalog is the wanted one; it is no pattern, and None or an empty text is any."""
    return not wanted or catalog == wanted.lower()


def _like(name: str, pattern: str | None) -> bool:
    """Match a JDBC pattern: `%` any text, `_` any character, `\\` escapes; None matches all."""
    if not pattern:
        return True

    def match(text: str, rest: str) -> bool:
        if not rest:
            return not text
        if rest[0] == "%":
            return any(match(text[i:], rest[1:]) for i in range(len(text) + 1))
        if rest[0] == "\\" and len(rest) > 1:
            return text[:1] == rest[1] and match(text[1:], rest[2:])
        return bool(text) and rest[0] in ("_", text[0]) and match(text[1:], rest[1:])

    return match(name.lower(), pattern.lower())
