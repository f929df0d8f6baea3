"""Sail's Spark Connect server in this process."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql.engine import (
    NO_COLUMNS,
    NO_SETTINGS,
    STATEMENTS_AT_ONCE,
    Columns,
    Engine,
    Settings,
)
from medallion_local.databricks_sql.language.complexity import limit_subqueries
from medallion_local.databricks_sql.language.dialect import first_line, parse, render
from medallion_local.databricks_sql.language.errors import SqlError, reported
from medallion_local.databricks_sql.sail import functions
from medallion_local.databricks_sql.sail.address import Addresses
from medallion_local.databricks_sql.sail.errors import translated
from medallion_local.databricks_sql.sail.grammar.bridge import bridge_grammar
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.names import column_name
from medallion_local.databricks_sql.sail.private_server import PrivateServer
from medallion_local.databricks_sql.sail.rule_set import rewrite
from medallion_local.databricks_sql.sail.zones import refuse_outside_utc

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

# Planning time doubles with each: 15 in each other take 0.1 s, 20 take 3 s, 30 an hour.
_SUBQUERIES = 15
_DATA_EXCEPTION = "22"  # the class of an SQLSTATE: a value is wrong, and the query is not


class SailEngine(Engine):
    """The embedded engine. It starts in less than a second, and lacks some of Spark's SQL."""

    name = "sail"
    # Its DELETE fails on functions that its planner replaces, such as `coalesce`.
    beyond_delete = (exp.Query, exp.Anonymous)
    has_recursion = False
    copies_rows_slowly = True

    def __init__(self) -> None:
        super().__init__()
        os.environ.setdefault("RUST_LOG", "warn")
        # Above this, DataFusion's sorts and joins spill, so a million rows need less than 4 GiB.
        os.environ.setdefault("SAIL_RUNTIME__MEMORY_POOL__TYPE", "greedy")
        # Measured: merging a day's changes into a fact of a million plays needs more than 2 GiB.
        os.environ.setdefault("SAIL_RUNTIME__MEMORY_POOL__GREEDY__MAX_SIZE", str(4 * 1024**3))
        # A statement keeps a thread of Sail's runtime busy per partition. Without free threads, no
        # other statement and no cancel is answered. A plan of one partition ignores a cancel.
        partitions = max(2, _cores())
        os.environ.setdefault("SAIL_EXECUTION__DEFAULT_PARALLELISM", str(partitions))
        os.environ.setdefault("TOKIO_WORKER_THREADS", str(STATEMENTS_AT_ONCE * partitions + 2))
        # By default the session ends after 15 minutes without requests; this is a century.
        os.environ.setdefault("SAIL_SPARK__SESSION_TIMEOUT_SECS", str(100 * 365 * 24 * 3600))
        self._addresses = Addresses()
        self._registered: dict[int, set[str]] = {}
        self._server = PrivateServer()

    def _connect(self) -> "SparkSession":
        from pyspark.sql.connect.client.retries import DefaultPolicy
        from pyspark.sql.connect.session import SparkSession

        builder = SparkSession.builder.channelBuilder(self._server.channel_builder())
        session = builder.create()
        # A lost connection is replaced at once. By default, pyspark waits ten minutes for a server.
        session.client.set_retry_policies([DefaultPolicy(max_retries=3)])
        return session

    def _session(self, settings: Settings) -> "SparkSession":
        if self._server.exhausted:
            raise SqlError(
                "[INTERNAL_ERROR] The warehouse lost its connections to the embedded engine: run "
                "`medallion down`, then `medallion up`."
            )
        session = super()._session(settings)
        functions.register(session, self._registered.setdefault(id(session), set()))
        return session

    def stop(self) -> None:
        """Remove the links. The server ends with this process; alone it would need seconds."""
        self._server.close()
        self._addresses.close()

    def adapt(self, tree: exp.Expression, columns: Columns = NO_COLUMNS) -> None:
        """Rewrite what Sail lacks or answers differently; see `differences`."""

        def planned(sql: str) -> pa.Schema:
            holder = exp.Paren(this=parse(sql))
            rewrite(holder, Kinds(columns))
            return self.schema(render(holder.this))

        limit_subqueries(tree, _SUBQUERIES)
        # The tree changes meanwhile, so no type is remembered from one SELECT to the next.
        bridge_grammar(tree, planned, lambda select: Kinds(columns).names_read(select))
        rewrite(tree, Kinds(columns))

    def schema(self, sql: str, settings: Settings = NO_SETTINGS) -> pa.Schema:
        """The columns of a query, which is planned: Sail's analysis does not coerce types.

        A plan evaluates constants. If that fails, the analysis names the columns.
        """
        try:
            return self.query(f"SELECT * FROM (\n{sql}\n) LIMIT 0", settings).schema
        except SqlError as error:
            if not reported(error).sqlstate.startswith(_DATA_EXCEPTION):
                raise
            return super().schema(_without_zero_divisors(sql), settings)

    def adapt_to_zone(self, tree: exp.Expression) -> None:
        """Refuse what Sail answers only in UTC."""
        refuse_outside_utc(tree)

    def address(self, folder: str | Path) -> str:
        """A path that Sail can find: a link if the path is not plain."""
        return self._addresses.of(folder)

    def shown(self, message: str) -> str:
        """`message` with the folders instead of the links."""
        return self._addresses.shown(message)

    def translated(self, message: str, sql: str) -> SqlError:
        """The error as Databricks words it, or with the name of a limit of Sail."""
        if "to Timestamp(ns)" in message:
            return SqlError(
                "[UNSUPPORTED] The embedded engine combines a DATE with a TIMESTAMP only between "
                f"the years 1677 and 2262: cast the DATE to TIMESTAMP. ({first_line(message)})"
            )
        return translated(message, sql, self._columns)

    def _columns(self, source: str) -> list[str]:
        """The columns of a source; none if it cannot be read. Called only for a message."""
        try:
            return self.schema(f"SELECT * FROM {source}").names
        except Exception:
            return []


def _without_zero_divisors(sql: str) -> str:
    """A query of the same columns, in which no divisor is 0: Sail's analysis raises for that."""
    tree = parse(sql)
    for node in list(tree.find_all(exp.Div, exp.IntDiv, exp.Mod, exp.Anonymous)):
        divisor = node.expressions[-1:] if isinstance(node, exp.Anonymous) else [node.expression]
        for literal in [each for one in divisor for each in one.find_all(exp.Literal)]:
            in_type = isinstance(literal.parent, exp.DataTypeParam)
            if not literal.is_string and not literal.name.strip("0.") and not in_type:
                _keep_name(literal)
                literal.replace(exp.Abs(this=literal.copy()))
    return render(tree, keep=False)


def _keep_name(node: exp.Expression) -> None:
    """Name the selected expression that contains `node`, if it has no alias."""
    while node.parent is not None and not isinstance(node.parent, exp.Query | exp.Alias):
        node = node.parent
    if isinstance(node.parent, exp.Select) and node.arg_key == "expressions":
        alias = exp.Alias(alias=exp.to_identifier(column_name(node), quoted=True))
        node.replace(alias)
        alias.set("this", node)


def _cores() -> int:
    """The processor cores that this process may use, under Linux with its container's quota."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        cores = min(cores, max(1, int(quota) // int(period)))
    return cores
