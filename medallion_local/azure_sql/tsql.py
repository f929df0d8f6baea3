"""T-SQL of a source database: split scripts into batches, compile syntax trees to DuckDB's SQL."""

from datetime import datetime

import duckdb
from sqlglot import exp

from medallion.errors import MedallionError
from medallion_local.azure_sql.relations import Relations
from medallion_local.tsql import macros
from medallion_local.tsql.compiler import Compiler
from medallion_local.tsql.dialect import batches, parse
from medallion_local.tsql.errors import brief

__all__ = ["batches", "compiler", "condition", "describe", "parse", "query"]


def compiler(con: duckdb.DuckDBPyConnection, now: datetime) -> Compiler:
    """A compiler for one statement. Its clock functions return `now`."""
    return Compiler(Relations(con), now)


def query(con: duckdb.DuckDBPyConnection, tree: exp.Expression, now: datetime) -> str:
    """DuckDB's SQL of a query. The connection has the macros that it calls."""
    text = compiler(con, now).statement(tree).sql
    macros.provide(con, text)
    return text


def condition(con: duckdb.DuckDBPyConnection, tree: exp.Expression, now: datetime) -> str:
    """A DuckDB query that returns 1 if the condition holds, else NULL."""
    text = f"SELECT CASE WHEN {compiler(con, now).condition(tree)} THEN 1 END"
    macros.provide(con, text)
    return text


def describe(tree: exp.Expression) -> str:
    """A short description of the statement, for errors."""
    if isinstance(tree, exp.Delete) and not tree.this:
        tree = exp.Delete(this=tree.args["tables"][0], where=tree.args.get("where"))
    return f"the statement {brief(tree)!r}"


def refused(tree: exp.Expression) -> MedallionError:
    """The error for a statement that is not supported at all."""
    return MedallionError(f"{describe(tree)} is not supported by the Azure SQL emulator")
