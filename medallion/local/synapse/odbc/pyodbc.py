"""Stands for the module pyodbc in one process, that of `dbt --target synapse`: by its PYTHONPATH.

dbt-synapse is as it is released; below its driver lies the stand-in for the serverless pool. Names,
exceptions and types of values are pyodbc's: https://github.com/mkleehammer/pyodbc/wiki
"""

import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal

from medallion.home import home
from medallion.local.synapse.database import Database
from medallion.local.synapse.dedicated.pool import opened
from medallion.local.synapse.dedicated.session import session_of
from medallion.local.synapse.errors import DATABASE, LOGIN, SYNTAX, TSqlError
from medallion.local.synapse.login import sign_in
from medallion.local.synapse.queries import Result
from medallion.local.synapse.session import Executes

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
    """The root of the driver's errors."""


class InterfaceError(Error):
    """A login that is refused."""


class DatabaseError(Error):
    """An error of the database."""


class DataError(DatabaseError):
    """A value that is wrong."""


class OperationalError(DatabaseError):
    """A connection that cannot be made."""


class IntegrityError(DatabaseError):
    """A constraint that is broken."""


class InternalError(DatabaseError):
    """An error of the driver."""


class ProgrammingError(DatabaseError):
    """A statement that is refused."""


class NotSupportedError(DatabaseError):
    """A call that the driver lacks."""


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
    """One session. Everything is committed as it is run; a transaction ends in its batch."""

    def __init__(self, session: Executes) -> None:
        self._session = session
        self.timeout = 0
        self.closed = False

    def cursor(self) -> "Cursor":
        """A new cursor."""
        return Cursor(self._session)

    def add_output_converter(self, kind: int, convert: object) -> None:
        """Take a converter of datetimeoffset, of which there are none here."""

    def commit(self) -> None:
        """Do nothing: it is committed."""

    def rollback(self) -> None:
        """Do nothing: it is committed."""

    def close(self) -> None:
        """End the session."""
        self.closed = True


class Cursor:
    """Runs batches; holds the results of the last one."""

    def __init__(self, session: Executes) -> None:
        self._session = session
        self._results: list[Result] = []
        self._rows: list[tuple] = []
        self.description: list[tuple] | None = None
        self.rowcount = -1

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> "Cursor":
        """Run a batch. Parameters are refused: serving has none."""
        if parameters:
            raise NotSupportedError("0A000", "[0A000] The stand-in takes no parameters.")
        try:
            self._results = self._session.execute(sql)
        except TSqlError as error:
            raise _error(error, ProgrammingError) from error
        self._show()
        return self

    def nextset(self) -> bool:
        """Go on to the next result, if there is one."""
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
        """Forget the results."""
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
    return kind(state, f"[{state}] [Stand-in][SQL Server]{error} ({error.number})")
