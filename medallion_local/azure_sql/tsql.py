"""T-SQL of a source database: scripts cut into batches, and trees compiled to DuckDB's text."""

from datetime import datetime

import duckdb
from medallion.errors import MedallionError
from sqlglot import exp

from medallion_local.azure_sql.relations import Relations
from medallion_local.tsql import macros
from medallion_local.tsql.compiler import Compiler
from medallion_local.tsql.dialect import batches, parse
from medallion_local.tsql.errors import brief

__all__ = ["batches", "compiler", "condition", "describe", "parse", "query"]


def compiler(con: duckdb.DuckDBPyConnection, now: datetime) -> Compiler:
    """A compiler for one statement; its clocks read `now`."""
    return Compiler(Relations(con), now)


def query(con: duckdb.DuckDBPyConnection, tree: exp.Expression, now: datetime) -> str:
    """DuckDB's text of a query; the connection has the macros that it calls."""
    text = compiler(con, now).statement(tree).sql
    macros.provide(con, text)
    return text


def condition(con: duckdb.DuckDBPyConnection, tree: exp.Expression, now: datetime) -> str:
    """DuckDB's query of 1 when the condition holds, else of NULL."""
    text = f"SELECT CASE WHEN {compiler(con, now).condition(tree)} THEN 1 END"
    macros.provide(con, text)
    return text


def describe(tree: exp.Expression) -> str:
    """The statement in a few words, for errors."""
    if isinstance(tree, exp.Delete) and not tree.this:
        tree = exp.Delete(this=tree.args["tables"][0], where=tree.args.get("where"))
    return f"the statement {brief(tree)!r}"


def refused(tree: exp.Expression) -> MedallionError:
    """The refusal of a whole statement."""
    return MedallionError(f"{describe(tree)} is not supported by the stand-in for Azure SQL")
