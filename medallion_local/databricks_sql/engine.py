"""An engine runs Spark SQL in which every table is a folder, and returns Arrow.

There are two: Sail, in this process, and Apache Spark with Delta Lake, in a process of its own.
Both are reached by Spark Connect. An engine has no tables: names are resolved to Delta folders
before a statement gets here.
"""

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pyarrow as pa
from sqlglot import exp

from medallion import disk
from medallion_local.databricks_sql.engine_name import EngineName
from medallion_local.databricks_sql.language.complexity import too_complex
from medallion_local.databricks_sql.language.dialect import first_line
from medallion_local.databricks_sql.language.errors import SqlError, named
from medallion_local.databricks_sql.types import plain_schema

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

CATALOG = "medallion"
STATEMENTS_AT_ONCE = 16  # more wait for one to end
Settings = Mapping[str, str]
_UNREADABLE = "Exception deserializing response"  # protobuf reads messages of 100 levels
NO_SETTINGS: Settings = MappingProxyType({})
# The columns (name in lowercase, Databricks type) of each table, by its address in the tree.
Columns = Mapping[str, Sequence[tuple[str, str]]]
NO_COLUMNS: Columns = MappingProxyType({})


@dataclass
class Result:
    """A statement's rows: their schema, and batches that can be read once."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    affected: int | None = None  # the number of rows that a DML statement changed

    def table(self) -> pa.Table:
        """All rows at once; for small results."""
        return pa.Table.from_batches(list(self.batches), self.schema)

    def rows(self) -> list[dict]:
        """All rows as dictionaries; for small results."""
        return self.table().to_pylist()


def result_of(table: pa.Table) -> Result:
    """A result that is already in memory."""
    return Result(table.schema, iter(table.to_batches()))


class Engine(ABC):
    """A Spark Connect server, and sessions to it: one for each set of settings.

    `settings` are Spark's own, for example `spark.sql.session.timeZone`. Statements with the same
    settings share a session.
    """

    name: EngineName
    # What the engine cannot evaluate in the condition of a DELETE.
    beyond_delete: tuple[type[exp.Expression], ...] = (exp.Query,)
    has_recursion = True  # recursive common table expressions
    copies_rows_slowly = False  # in a MERGE

    def __init__(self) -> None:
        # Without it, an environment that also has Apache Spark makes functions for a Spark in this
        # process, and there is none.
        os.environ.setdefault("SPARK_CONNECT_MODE_ENABLED", "1")
        self._sessions: dict[frozenset, SparkSession] = {}
        self._guard = threading.Lock()
        self._running = threading.local()
        self._interrupted: set[str] = set()
        self._python: dict[str, tuple[Callable, str]] = {}
        self._known_python: dict[int, set[str]] = {}

    @abstractmethod
    def _connect(self) -> "SparkSession":
        """A new session to the server."""

    @abstractmethod
    def stop(self) -> None:
        """End the server."""

    def disconnect(self) -> None:
        """Close the sessions. Without it, pyspark looks for the server when the process ends."""
        with self._guard:
            while self._sessions:
                _, session = self._sessions.popitem()
                session.stop()

    @abstractmethod
    def adapt(self, tree: exp.Expression, columns: Columns = NO_COLUMNS) -> None:
        """Rewrite a resolved tree to one that this engine answers as Databricks does.

        Raises `SqlError` for a tree that the engine would answer wrongly. `tree` is changed itself;
        its root is a holder that stays. `columns` are those of the tables that the tree reads.
        """

    def add_python(self, name: str, work: Callable, returns: str) -> None:
        """Let statements call a function in Python, which returns values of that type."""
        with self._guard:
            self._python.setdefault(name, (work, returns))

    def adapt_to_zone(self, tree: exp.Expression) -> None:  # noqa: B027
        """Raise for a tree that this engine answers wrongly in a time zone other than UTC."""

    def address(self, folder: str | Path) -> str:
        """The name by which the engine finds a folder."""
        return str(folder)

    def shown(self, message: str) -> str:
        """A message of the engine, with the folders' own names in place of their addresses."""
        return message

    def query(self, sql: str, settings: Settings = NO_SETTINGS) -> Result:
        """Run a query. Waits for the first batch; the other batches are streamed."""
        from pyspark.sql.connect.plan import SQL

        client = self._tagged(settings).client
        stream = client.to_table_as_iterator(SQL(sql).to_proto(client), {})
        batches = self._batches(stream, sql)
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

    def schema(self, sql: str, settings: Settings = NO_SETTINGS) -> pa.Schema:
        """The columns of a query, which is only analysed: an empty result would cost a job."""
        from pyspark.sql.connect.plan import SQL
        from pyspark.sql.pandas.types import to_arrow_schema

        client = self._session(settings).client
        try:
            found = client.schema(SQL(sql).to_proto(client))
        except Exception as error:
            raise self.sql_error(error, sql) from None
        return plain_schema(to_arrow_schema(found, timezone="UTC"))

    def command(self, sql: str, settings: Settings = NO_SETTINGS) -> int:
        """Run a MERGE, UPDATE or DELETE. Returns the number of rows that it changed."""
        try:
            table = self._tagged(settings).sql(sql).toArrow()
        except Exception as error:
            raise self.sql_error(error, sql) from None
        self._require(self._tag)
        return int(table.column(0)[0].as_py() or 0) if table.num_rows else 0

    @contextmanager
    def interruptible(self, tag: str) -> Iterator[None]:
        """Let `interrupt(tag)` end the statements that this thread runs inside the block."""
        self._running.tag = tag
        try:
            yield
        finally:
            self._running.tag = None

    def interrupt(self, tag: str) -> None:
        """End the statements that were started under that tag. They raise OPERATION_CANCELED."""
        self._interrupted.add(tag)
        with self._guard:
            sessions = list(self._sessions.values())
        for session in sessions:
            with suppress(Exception):
                session.interruptTag(tag)

    @property
    def _tag(self) -> str | None:
        return getattr(self._running, "tag", None)

    def _require(self, tag: str | None) -> None:
        """Raise if the statement was interrupted. Sail then ends its rows without an error."""
        if tag is not None and tag in self._interrupted:
            raise SqlError("[OPERATION_CANCELED] The statement was cancelled.")

    def _tagged(self, settings: Settings) -> "SparkSession":
        """The session, in which this thread's next statement has the thread's tag."""
        tag = self._tag
        self._require(tag)
        session = self._session(settings)
        session.client.clear_tags()
        if tag is not None:
            session.client.add_tag(tag)
        return session

    def sql_error(self, error: Exception, sql: str = "") -> Exception:
        """The engine's error as one sentence with its condition; `sql` is the engine's text."""
        if isinstance(error, SqlError):
            return error
        if lost := disk.sentence(error):
            return SqlError(f"[IO_ERROR] {lost}")
        message = self.shown(str(error).strip())
        if _UNREADABLE in message:
            return too_complex(
                "its result has types that are nested deeper than the protocol allows"
            )
        return self.translated(message, sql)

    def translated(self, message: str, sql: str) -> SqlError:
        """The error of a message: Spark's own have a condition, and the others only a sentence."""
        return SqlError(named(message) or first_line(message))

    def _session(self, settings: Settings) -> "SparkSession":
        key = frozenset(settings.items())
        with self._guard:
            session = self._sessions.get(key)
            if session is None:
                session = self._connect()
                # A loopback connection needs no reattaching. The client's release of a result takes
                # a lock, which hung when the garbage collector closed an abandoned result during
                # another release.
                session.client.disable_reattachable_execute()
                for name, value in {"spark.sql.session.timeZone": "UTC", **settings}.items():
                    session.conf.set(name, value)
                self._sessions[key] = session
            known = self._known_python.setdefault(id(session), set())
            for name in self._python.keys() - known:
                session.udf.register(name, *self._python[name])
                known.add(name)
            return session

    def _batches(self, stream: Iterator, sql: str) -> Iterator[pa.RecordBatch]:
        tag = self._tag
        try:
            for item in stream:
                if isinstance(item, pa.Table):
                    empty = pa.RecordBatch.from_pylist([], schema=item.schema)
                    yield from item.to_batches() or [empty]
        except Exception as error:
            self._require(tag)
            raise self.sql_error(error, sql) from None
        self._require(tag)


def _as_plain(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    if batch.schema.equals(schema):
        return batch
    arrays = [
        column if column.type == field.type else column.cast(field.type, safe=False)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
