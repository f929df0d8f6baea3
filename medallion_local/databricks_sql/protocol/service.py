"""The Thrift service `TCLIService` of Databricks' clients. Names are the protocol's.

A short result is in the direct results of its statement. Clients that do not ask for direct
results, and those of a longer statement, poll for it, and fetch the rows in pieces.
"""

import logging
import uuid
from collections.abc import Callable

import pyarrow as pa
from databricks.sql.thrift_api.TCLIService import ttypes as t

from medallion_local.databricks_sql import settings
from medallion_local.databricks_sql.engine import Result, result_of
from medallion_local.databricks_sql.language.complexity import check_size, too_complex
from medallion_local.databricks_sql.language.errors import SqlError, reported
from medallion_local.databricks_sql.protocol.jdbc_metadata import Metadata
from medallion_local.databricks_sql.protocol.operations import (
    CLOSED,
    Operation,
    Operations,
    Patience,
)
from medallion_local.databricks_sql.protocol.parameters import Parameter, bound
from medallion_local.databricks_sql.protocol.row_sets import Form, metadata, row_set
from medallion_local.databricks_sql.protocol.zoned import shown_in
from medallion_local.databricks_sql.session import Session
from medallion_local.databricks_sql.statements import Warehouse

log = logging.getLogger(__name__)

_OK = t.TStatus(statusCode=t.TStatusCode.SUCCESS_STATUS)
_PROTOCOL = t.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V8
_BYTES_PER_FETCH = 8 * 1024 * 1024
_ROWS_PER_FETCH = 1_000_000
# A client knows the statement's handle, with which it can cancel, only after the first answer.
_SECONDS_OF_DIRECT_RESULTS = 0.5
_SECONDS_PER_POLL = 0.25
_NO_SESSION = SqlError("[INVALID_HANDLE.SESSION_CLOSED] Invalid SessionHandle: it was closed.")


class Service:
    """One method per call of the protocol."""

    def __init__(self, warehouse: Warehouse, patience: Patience | None = None) -> None:
        self.warehouse = warehouse
        self._metadata = Metadata(warehouse.catalog)
        self._sessions: dict[bytes, Session] = {}
        self.operations = Operations(warehouse.engine, patience)

    def OpenSession(self, req: t.TOpenSessionReq) -> t.TOpenSessionResp:
        """Open a session in the client's catalog and schema.

        The catalog must exist. The schema may be created later: dbt names its own before it does.
        """
        handle = t.THandleIdentifier(guid=uuid.uuid4().bytes, secret=uuid.uuid4().bytes)
        namespace = req.initialNamespace or t.TNamespace()
        asked = dict(req.configuration or {})
        named = namespace.catalogName or asked.pop("databricks.catalog", "")
        schema = namespace.schemaName or asked.pop("databricks.schema", "") or "default"
        try:
            given = settings.of_client(asked, self.warehouse.engine.name)
            catalog = self.warehouse.catalog.current_catalog(named or self.warehouse.first_catalog)
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
        """Remove the session, its temporary views and its results."""
        guid = req.sessionHandle.sessionId.guid
        self._sessions.pop(guid, None)
        self.operations.close_session(guid)
        return t.TCloseSessionResp(status=_OK)

    def GetInfo(self, req: t.TGetInfoReq) -> t.TGetInfoResp:
        """The name of this server."""
        value = t.TGetInfoValue(stringValue="Medallion local warehouse")
        return t.TGetInfoResp(status=_OK, infoValue=value)

    def ExecuteStatement(self, req: t.TExecuteStatementReq) -> t.TExecuteStatementResp:
        """Run a statement. The answer to a short one contains its result."""
        session = self._sessions.get(req.sessionHandle.sessionId.guid)
        parameters = [_parameter(one) for one in req.parameters or []]

        def work() -> Result:
            assert session is not None
            return self.execute(session, req.statement, parameters)

        limit = req.resultRowLimit or None
        seconds = settings.timeout(session.settings) if session is not None else None
        return self._answer(t.TExecuteStatementResp, req, work, Form.of(req), limit, seconds)

    def execute(self, session: Session, sql: str, parameters: list[Parameter]) -> Result:
        """Run a statement with bound parameters."""
        try:
            check_size(sql)
            result = self.warehouse.execute(session, bound(sql, parameters))
            return shown_in(session.time_zone, result)
        except SqlError:
            raise
        except RecursionError:
            raise too_complex("it is nested too deeply") from None
        except Exception:
            log.exception("statement failed: %s", sql)
            raise

    def GetCatalogs(self, req: t.TGetCatalogsReq) -> t.TGetCatalogsResp:
        """List the catalogs."""
        return self._listed(t.TGetCatalogsResp, req, self._metadata.catalogs)

    def GetSchemas(self, req: t.TGetSchemasReq) -> t.TGetSchemasResp:
        """The schemas whose name matches."""
        return self._listed(
            t.TGetSchemasResp,
            req,
            lambda: self._metadata.schemas(req.catalogName, req.schemaName),
        )

    def GetTables(self, req: t.TGetTablesReq) -> t.TGetTablesResp:
        """The tables and views whose names match."""
        return self._listed(
            t.TGetTablesResp,
            req,
            lambda: self._metadata.tables(
                req.catalogName, req.schemaName, req.tableName, req.tableTypes
            ),
        )

    def GetTableTypes(self, req: t.TGetTableTypesReq) -> t.TGetTableTypesResp:
        """The types of tables."""
        return self._listed(t.TGetTableTypesResp, req, self._metadata.table_types)

    def GetColumns(self, req: t.TGetColumnsReq) -> t.TGetColumnsResp:
        """The columns of the relations whose names match."""
        return self._listed(
            t.TGetColumnsResp,
            req,
            lambda: self._metadata.columns(
                req.catalogName, req.schemaName, req.tableName, req.columnName
            ),
        )

    def GetTypeInfo(self, req: t.TGetTypeInfoReq) -> t.TGetTypeInfoResp:
        """The types of columns."""
        return self._listed(t.TGetTypeInfoResp, req, self._metadata.type_info)

    def GetPrimaryKeys(self, req: t.TGetPrimaryKeysReq) -> t.TGetPrimaryKeysResp:
        """The primary key of a table."""
        return self._listed(
            t.TGetPrimaryKeysResp,
            req,
            lambda: self._metadata.primary_keys(req.catalogName, req.schemaName, req.tableName),
        )

    def GetCrossReference(self, req: t.TGetCrossReferenceReq) -> t.TGetCrossReferenceResp:
        """The foreign keys of a table, to a table, or between two."""
        parent = (req.parentCatalogName, req.parentSchemaName, req.parentTableName)
        child = (req.foreignCatalogName, req.foreignSchemaName, req.foreignTableName)
        return self._listed(
            t.TGetCrossReferenceResp, req, lambda: self._metadata.foreign_keys(parent, child)
        )

    def GetFunctions(self, req: t.TGetFunctionsReq) -> t.TGetFunctionsResp:
        """The functions that users created."""
        return self._listed(t.TGetFunctionsResp, req, self._metadata.functions)

    def GetOperationStatus(self, req: t.TGetOperationStatusReq) -> t.TGetOperationStatusResp:
        """Whether a statement has ended."""
        operation = self.operations.find(req.operationHandle.operationId.guid)
        if operation is None:
            return t.TGetOperationStatusResp(status=_failed(CLOSED))
        if not operation.ended(_SECONDS_PER_POLL):
            return t.TGetOperationStatusResp(
                status=_OK, operationState=t.TOperationState.RUNNING_STATE
            )
        return _status(operation)

    def GetResultSetMetadata(self, req: t.TGetResultSetMetadataReq) -> t.TGetResultSetMetadataResp:
        """The columns of a result."""
        guid = req.operationHandle.operationId.guid
        operation = self.operations.find(guid)
        try:
            if operation is None:
                raise CLOSED
            return metadata(operation.result.schema, operation.form)
        except Exception as error:
            return t.TGetResultSetMetadataResp(status=_failed(error))

    def FetchResults(self, req: t.TFetchResultsReq) -> t.TFetchResultsResp:
        """The next rows of a result."""
        operation = self.operations.find(req.operationHandle.operationId.guid)
        try:
            if operation is None:
                raise CLOSED
            return self._fetched(operation, req.maxRows, bool(req.includeResultSetMetadata))
        except Exception as error:
            return t.TFetchResultsResp(status=_failed(error))

    def CloseOperation(self, req: t.TCloseOperationReq) -> t.TCloseOperationResp:
        """Remove a result."""
        self.operations.close(req.operationHandle.operationId.guid)
        return t.TCloseOperationResp(status=_OK)

    def CancelOperation(self, req: t.TCancelOperationReq) -> t.TCancelOperationResp:
        """Interrupt a statement, or discard the rest of its result."""
        self.operations.cancel(req.operationHandle.operationId.guid)
        return t.TCancelOperationResp(status=_OK)

    def _listed(self, response: type, req: object, rows: Callable[[], pa.Table]) -> object:
        """The answer to a metadata call. All clients read it as columns of values."""
        return self._answer(response, req, lambda: result_of(rows()), Form(arrow=False))

    def _answer(
        self,
        response: type,
        req: object,
        work: Callable[[], Result],
        form: Form,
        limit: int | None = None,
        seconds: float | None = None,
    ) -> object:
        """Start `work`. The answer contains its result if the client asks for it and it is fast."""
        session = req.sessionHandle.sessionId.guid  # type: ignore[attr-defined]
        if session not in self._sessions:
            return response(status=_failed(_NO_SESSION))
        self.operations.clients.seen(session)
        operation = self.operations.start(session, work, limit, seconds)
        guid = operation.id.bytes
        operation.form = form
        handle = t.TOperationHandle(
            operationId=t.THandleIdentifier(guid=guid, secret=guid),
            operationType=t.TOperationType.EXECUTE_STATEMENT,
            hasResultSet=True,
        )
        wanted = req.getDirectResults  # type: ignore[attr-defined]
        if wanted is None or not operation.ended(_SECONDS_OF_DIRECT_RESULTS):
            return response(status=_OK, operationHandle=handle)
        direct = t.TSparkDirectResults(operationStatus=_status(operation))
        if operation.error is None:
            try:
                fetched = self._fetched(operation, wanted.maxRows, True)
            except Exception as failure:
                direct.operationStatus = _status_of(failure)
            else:
                direct.resultSetMetadata = fetched.resultSetMetadata
                direct.resultSet = fetched
                if not fetched.hasMoreRows:
                    direct.closeOperation = t.TCloseOperationResp(status=_OK)
                    self.operations.close(guid)
        else:
            self.operations.close(guid)
        return response(status=_OK, operationHandle=handle, directResults=direct)

    def _fetched(
        self, operation: Operation, rows: int | None, described: bool
    ) -> t.TFetchResultsResp:
        form = operation.form
        start, batches, more = operation.take(rows or _ROWS_PER_FETCH, _BYTES_PER_FETCH)
        schema = operation.result.schema
        return t.TFetchResultsResp(
            status=_OK,
            hasMoreRows=more,
            results=row_set(start, batches, schema, form),
            resultSetMetadata=metadata(schema, form) if described else None,
        )


def _failed(error: BaseException) -> t.TStatus:
    failure = reported(error)
    return t.TStatus(
        statusCode=t.TStatusCode.ERROR_STATUS,
        sqlState=failure.sqlstate,
        errorMessage=failure.message,
        displayMessage=failure.message,
    )


def _status(operation: Operation) -> t.TGetOperationStatusResp:
    error = operation.error
    if error is not None:
        return _status_of(error, operation.cancelled)
    return t.TGetOperationStatusResp(
        status=_OK,
        operationState=t.TOperationState.FINISHED_STATE,
        hasResultSet=True,
        numModifiedRows=operation.result.affected,
    )


def _status_of(error: BaseException, cancelled: bool = False) -> t.TGetOperationStatusResp:
    failure = reported(error)
    state = t.TOperationState
    return t.TGetOperationStatusResp(
        status=_OK,
        operationState=state.CANCELED_STATE if cancelled else state.ERROR_STATE,
        sqlState=failure.sqlstate,
        errorMessage=failure.message,
        displayMessage=failure.message,
        diagnosticInfo="",
    )


def _parameter(
    given: t.TSparkParameter | t.TSparkParameterValueArg, inner: bool = False
) -> Parameter:
    """The parameter as the protocol has it: an argument's value is text."""
    value = given.value
    if isinstance(value, t.TSparkParameterValue):
        if value.stringValue is not None:
            value = value.stringValue
        elif value.booleanValue is not None:
            value = str(value.booleanValue)
        else:
            value = None if value.doubleValue is None else repr(value.doubleValue)
    return Parameter(
        kind=given.type or "STRING",
        value=value,
        name=None if inner or given.ordinal else given.name or None,
        arguments=tuple(_parameter(one, inner=True) for one in given.arguments or []),
    )
