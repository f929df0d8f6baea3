"""Replaces the module pyodbc in the process of `dbt --target synapse`, through its PYTHONPATH.

dbt-synapse itself is unchanged. This driver sends its statements to the emulated serverless pool.
Names, exceptions and types of values are pyodbc's: https://github.com/mkleehammer/pyodbc/wiki
"""

import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal

from medallion.home import home
from medallion_local.synapse.database import Database
from medallion_local.synapse.dedicated.pool import opened
from medallion_local.synapse.dedicated.session import session_of
from medallion_local.synapse.errors import DATABASE, LOGIN, SYNTAX, TSqlError
from medallion_local.synapse.login import sign_in
from medallion_local.synapse.queries import Result
from medallion_local.synapse.session import Executes

version = "5.3.0"
apilevel, threadsafety, paramstyle = "2.0", 1, "qmark"
pooling = True

_STATES = {LOGIN: "28000", DATABASE: "42000", SYNTAX: "42000"}
_TYPES: dict[str, type] = {
    **dict.fromkeys(("bigint", "int", "smallint", "tinyint"), int),
    **dict.fromkeys(("float", "real"), float),
    **dict.fromkeys(("decimal", "money", "smallmoney"), Decimal),
    **dict.fromkeys(("datetime", "datetime2", "smalldatetime"), datetime),
    **dict.fromkeys(("binary", "varbinary"), bytes),
    "bit": bool,
    "date": date,
    "time": time,
}
_databases: dict[str, Database] = {}
_lock = threading.Lock()


class Error(Exception):
    """The base class of the driver's errors."""


class InterfaceError(Error):
    """The login was rejected."""


class DatabaseError(Error):
    """The database raised an error."""


class DataError(DatabaseError):
    """A value is not valid."""


class OperationalError(DatabaseError):
    """The connection cannot be opened."""


class IntegrityError(DatabaseError):
    """A constraint is violated."""


class InternalError(DatabaseError):
    """The driver raised an error."""


class ProgrammingError(DatabaseError):
    """The statement was rejected."""


class NotSupportedError(DatabaseError):
    """The driver does not support the call."""


def connect(
    connection_string: str,
    *,
    attrs_before: Mapping[int, bytes] | None = None,
    autocommit: bool = False,
    timeout: int = 0,
) -> "Connection":
    """Sign in, and open the database that the connection string names."""
    try:
        login = sign_in(connection_string, attrs_before or {})
        database = _database(login.database)
    except TSqlError as error:
        raise _error(error, InterfaceError) from error
    return Connection(session_of(database, login.identity))


class Connection:
    """One session. Each statement is committed at once, and a transaction ends in its batch."""

    def __init__(self, session: Executes) -> None:
        self._session = session
        self.timeout = 0
        self.closed = False

    def cursor(self) -> "Cursor":
        """A new cursor."""
        return Cursor(self._session)

    def add_output_converter(self, kind: int, convert: object) -> None:
        """Ignore a converter for datetimeoffset: no value here has this type."""

    def commit(self) -> None:
        """Do nothing: each statement is already committed."""

    def rollback(self) -> None:
        """Do nothing: each statement is already committed."""

    def close(self) -> None:
        """End the session."""
        self.closed = True


class Cursor:
    """Runs batches, and keeps the results of the last one."""

    def __init__(self, session: Executes) -> None:
        self._session = session
        self._results: list[Result] = []
        self._rows: list[tuple] = []
        self.description: list[tuple] | None = None
        self.rowcount = -1

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> "Cursor":
        """Run a batch. Parameters are rejected; the serving models use none."""
        if parameters:
            raise NotSupportedError("0A000", "[0A000] The emulator does not support parameters.")
        try:
            self._results = self._session.execute(sql)
        except TSqlError as error:
            raise _error(error, ProgrammingError) from error
        self._show()
        return self

    def nextset(self) -> bool:
        """Go to the next result; false if there is none."""
        self._results = self._results[1:]
        self._show()
        return bool(self._results)

    def fetchone(self) -> tuple | None:
        """The next row."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple]:
        """The next rows."""
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def fetchall(self) -> list[tuple]:
        """The rest of the rows."""
        taken, self._rows = self._rows, []
        return taken

    def close(self) -> None:
        """Discard the results."""
        self._results, self._rows = [], []

    def _show(self) -> None:
        if not self._results:
            self.description, self._rows = None, []
            return
        result = self._results[0]
        self.description = [
            (name, _python_type(kind), None, None, None, None, True)
            for name, kind in result.columns
        ]
        self._rows = list(result.rows)


def drivers() -> list[str]:
    """The names of the drivers that are installed."""
    return ["ODBC Driver 18 for SQL Server"]


def _python_type(kind: str) -> type:
    return _TYPES.get(kind.partition("(")[0], str)


def _database(name: str) -> Database:
    with _lock:
        if name not in _databases:
            _databases[name] = opened(home(), name)
        return _databases[name]


def _error(error: TSqlError, kind: type[Error]) -> Error:
    state = _STATES.get(error.number, "42000")
    return kind(state, f"[{state}] [Emulator][SQL Server]{error} ({error.number})")
