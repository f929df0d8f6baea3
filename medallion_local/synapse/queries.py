"""Queries of a Synapse database, compiled to DuckDB's SQL by the shared compiler."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlglot import exp

from medallion_local.synapse.database import Database
from medallion_local.synapse.errors import TSqlError
from medallion_local.synapse.relations import Relations
from medallion_local.tsql import types
from medallion_local.tsql.compiler import Compiler
from medallion_local.tsql.queries import UNNAMED, Query
from medallion_local.tsql.scope import quoted
from medallion_local.tsql.values import Value, convert


@dataclass(frozen=True)
class Result:
    """The rows of a query, with the columns' names and T-SQL types."""

    columns: list[tuple[str, str]]
    rows: list[tuple]


def compiler(database: Database) -> Compiler:
    """A compiler for one statement."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return Compiler(Relations(database), now, database.behaviour)


def compiled(tree: exp.Expression, database: Database) -> Query:
    """A query whose rows go to the client. Creates the macros that it calls on the connection."""
    found = compiler(database).statement(tree)
    database.provide(found.sql)
    return found


def answer(tree: exp.Expression, database: Database) -> Result:
    """The rows of a query."""
    query = compiled(tree, database)
    columns = [
        ("" if name.startswith(UNNAMED) else name, (types.INT if kind == types.NULL else kind).text)
        for name, kind in query.columns
    ]
    return Result(columns, [tuple(map(_shown, row)) for row in database.rows(query.sql)])


def holds(condition: exp.Expression, database: Database) -> bool:
    """Whether a condition holds; its query then has a row."""
    return bool(database.rows(compiled(condition, database).sql))


def stored(tree: exp.Expression, database: Database) -> Query:
    """The query of a view or table: each column has a unique name and a type."""
    query = compiler(database).query(tree, nested=True)
    names = [name for name, _ in query.columns]
    for place, name in enumerate(names, 1):
        if name.startswith(UNNAMED):
            raise TSqlError(f"No column name was specified for column {place}.", 4511)
        if name in names[: place - 1]:
            raise TSqlError(f"The column '{name}' is specified more than once.", 4506)
    columns = [(name, types.INT if kind == types.NULL else kind) for name, kind in query.columns]
    sql = query.sql
    if columns != query.columns:
        listed = ", ".join(
            f"{convert(Value(f'_s.{quoted(name)}', own), kind).sql} AS {quoted(name)}"
            for (name, own), (_, kind) in zip(query.columns, columns, strict=True)
        )
        sql = f"SELECT {listed} FROM ({sql}) AS _s"
    database.provide(sql)
    return Query(sql, columns)


def _shown(value: object) -> object:
    """A value as the driver returns it: a uniqueidentifier is text."""
    return str(value).upper() if isinstance(value, uuid.UUID) else value
