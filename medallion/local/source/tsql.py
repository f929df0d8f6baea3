"""T-SQL of a source database: split scripts into batches, compile syntax trees to DuckDB's SQL."""

from datetime import datetime

import duckdb
from sqlglot import exp

from medallion.errors import MedallionError
from medallion.local.source.relations import Relations
from medallion.local.tsql import macros
from medallion.local.tsql.compiler import Compiler
from medallion.local.tsql.dialect import Plain, parse
from medallion.local.tsql.errors import brief

__all__ = ["batches", "compiler", "condition", "describe", "parse", "query"]


def batches(script: str) -> list[str]:
    """The batches of a script. As in sqlcmd, a line `GO` separates them."""
    tokens = Plain().tokenize(script)
    found: list[str] = []
    start = 0
    for index, token in enumerate(tokens):
        first = index == 0 or tokens[index - 1].line < token.line
        last = index + 1 == len(tokens) or tokens[index + 1].line > token.line
        if first and last and token.text.upper() == "GO":
            found.append(script[start : token.start])
            start = token.end + 1
    found.append(script[start:])
    return [batch for batch in found if Plain().tokenize(batch)]


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
