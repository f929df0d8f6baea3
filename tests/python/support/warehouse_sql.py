"""A warehouse of a home, through the real databricks-sql-connector."""

from collections.abc import Callable

import pytest
from databricks.sql.client import Connection

from medallion.errors import MedallionError
from medallion.home import Home
from medallion_local.databricks_sql.engine_name import EngineName
from medallion_local.databricks_sql.lifecycle import client, process
from medallion_local.databricks_sql.spark import distribution


def _lacking() -> str:
    """A sentence that says what the engine Spark lacks on this machine; empty if it can start."""
    try:
        distribution.prepare()
    except MedallionError as error:
        return str(error)
    return ""


# The engines for `pytest.mark.parametrize`; a test on Spark is skipped where Spark is missing.
needs_spark = pytest.mark.skipif(bool(_lacking()), reason=_lacking())
SPARK = pytest.param("spark", marks=needs_spark)
ENGINES = ["sail", SPARK]

_opened: list[Connection] = []


def close_all() -> None:
    """Close everything that the tests opened. At interpreter exit it would log after pytest."""
    while _opened:
        _opened.pop().close()


class Started:
    """The running warehouse; each call of `connect` is a session of its own."""

    def __init__(
        self, home: Home, engine: EngineName | None = None, catalog: str | None = None
    ) -> None:
        self.home = home
        self.state, _ = process.start(home, engine=engine, catalog=catalog)
        self._connection = None

    def connect(self, token: str | None = None, **options: object) -> Connection:
        """A connection; `options` are those of `databricks.sql.connect`."""
        given = {
            "access_token": token or self.state.token,
            "schema": "default",
            "use_inline_params": "silent",
            "_retry_stop_after_attempts_count": 2,
            "_socket_timeout": 60,
        }
        connection = client.connect(self.home, self.state, **given | options)
        _opened.append(connection)
        return connection

    def run(self, statement: str, connection=None) -> None:
        with (connection or self._shared()).cursor() as cursor:
            cursor.execute(statement)

    def rows(self, statement: str, connection=None) -> list[tuple]:
        with (connection or self._shared()).cursor() as cursor:
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()]

    def fails(self, statement: str) -> str:
        return failing(lambda: self.run(statement))

    def _shared(self):
        if self._connection is None:
            self._connection = self.connect()
        return self._connection


def a_warehouse(*statements: str, engines: list | None = ENGINES) -> object:
    """A fixture for a module: a new warehouse on each engine, after these statements.

    `engines=None` gives one on the default engine.
    """

    @pytest.fixture(scope="module", params=engines)
    def warehouse(request, tmp_path_factory):
        home = Home(tmp_path_factory.mktemp("warehouse"))
        started = Started(home, getattr(request, "param", None))
        for statement in statements:
            started.run(statement)
        yield started
        close_all()
        process.stop(home)

    return warehouse


def failing(work: Callable[[], object]) -> str:
    """The message of the error that `work` must raise."""
    try:
        work()
    except Exception as error:
        return str(error)
    raise AssertionError("no error was raised")
