"""Materialized views: the rows of a query in a Delta folder, computed again by each refresh.

Databricks may refresh incrementally; the rows are the same.
Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-create-materialized-view.html
"""

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import MATERIALIZED, Column, Key, Relation
from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.definitions import (
    Definition,
    definition,
    keeps,
    relation_of,
)
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.language.dialect import parse, quoted
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader
from medallion_local.databricks_sql.session import of_query
from medallion_local.databricks_sql.statements.expectations import Checks, check_rules
from medallion_local.databricks_sql.statements.tables import created, query_text
from medallion_local.databricks_sql.streams.streaming_ddl import StreamingDdl, cut_clauses
from medallion_local.databricks_sql.types import type_name

_CREATE = (
    ("CREATE", "MATERIALIZED", "VIEW"),
    ("CREATE", "OR", "REPLACE", "MATERIALIZED", "VIEW"),
)


def is_create(reader: Reader) -> bool:
    """Whether the statement is a CREATE MATERIALIZED VIEW."""
    return any(reader.sees(*words) for words in _CREATE)


def create(context: Context, sql: str) -> Result:
    """CREATE [OR REPLACE] MATERIALIZED VIEW: created with its rows, or not at all."""
    ddl, replaces = _cut(sql)
    tree, key = created(context, ddl.plain, sql)
    with context.storage.lock("/".join(key)):
        before = context.catalog.find(key)
        if keeps(before, MATERIALIZED, tree, replaces):
            return done()
        clauses = definition(tree, sql, context.session)
        if clauses.url or any(c.kind == "CHECK" for c in clauses.constraints):
            raise unsupported(sql)
        relation = relation_of(
            context.session,
            key,
            MATERIALIZED,
            clauses,
            before,
            query_text(ddl.plain),
            location=_folder(context, key, before, clauses),
            expectations=ddl.expectations,
            schedule=ddl.schedule or "MANUAL",
        )
        _compute(context, relation, relation.columns)
    return done()


def refresh(context: Context, parts: tuple[str, ...]) -> Result:
    """REFRESH MATERIALIZED VIEW: its readers see the old rows or the new ones."""
    key = context.session.key(parts)
    with context.storage.lock("/".join(key)):
        relation = context.relation(parts)
        if relation.kind != MATERIALIZED:
            raise SqlError(
                f"[EXPECT_MATERIALIZED_VIEW] {relation.full_name} is a {relation.kind.lower()}: "
                "only a materialized view can be refreshed by REFRESH MATERIALIZED VIEW."
            )
        _compute(context, relation, relation.columns)
    return done()


def _cut(sql: str) -> tuple[StreamingDdl, bool]:
    """The statement as a CREATE TABLE without further clauses, and whether it replaces."""
    reader = Reader(sql)
    reader.expect("CREATE")
    replaces = reader.take("OR", "REPLACE")
    reader.expect("MATERIALIZED", "VIEW")
    head = "CREATE TABLE "
    if reader.take("IF", "NOT", "EXISTS"):
        head += "IF NOT EXISTS "
    head += ".".join(quoted(part) for part in reader.name())
    return cut_clauses(reader, head), replaces


def _folder(context: Context, key: Key, before: Relation | None, now: Definition) -> str:
    if before is not None and before.partitioned_by == now.partitioned_by:
        return before.location
    return context.storage.managed_folder(*key)


def _compute(context: Context, relation: Relation, named: list[Column]) -> None:
    """Replace the view's rows by those of its query, and store its definition."""
    owner = replace(context, session=of_query(relation))
    query = parse(relation.query)
    if query.find(exp.Stream):
        raise SqlError(
            f"[STREAMING_QUERY_IN_MATERIALIZED_VIEW] {relation.full_name} reads a STREAM: create "
            "a streaming table."
        )
    found = owner.columns(query.copy())
    columns = _columns(relation, found, named)
    relation = replace(relation, columns=columns)
    check_rules(owner, relation)
    checks = Checks(relation)
    result = owner.query(checks.over(_named(query, found, columns)))
    fields = zip(result.schema, columns, strict=False)
    schema = pa.schema([pa.field(c.name, f.type, c.nullable) for f, c in fields])

    def rows() -> Iterator[pa.RecordBatch]:
        for batch in result.batches:
            yield storage.checked(checks.apply(batch, schema), schema, relation.full_name)

    with context.storage.lock(relation.location):
        storage.replace_table(
            relation.location, schema, rows(), relation.partitioned_by, relation.properties
        )
        stored = storage.columns_of(relation.location)
        types = [replace(c, type=s.type) for c, s in zip(columns, stored, strict=True)]
        context.catalog.put(replace(relation, columns=types))


def _columns(relation: Relation, found: pa.Schema, named: list[Column]) -> list[Column]:
    """The columns by the names of the definition, with the types of the query."""
    if not named:
        return [Column(field.name, type_name(field.type)) for field in found]
    if len(named) != len(found):
        raise SqlError(
            f"[CREATE_VIEW_COLUMN_ARITY_MISMATCH] {relation.full_name} names {len(named)} "
            f"columns, and its query has {len(found)}."
        )
    pairs = zip(named, found, strict=True)
    return [replace(column, type=column.type or type_name(field.type)) for column, field in pairs]


def _named(query: exp.Expression, found: pa.Schema, columns: list[Column]) -> exp.Expression:
    """The query with its columns named and cast as the view defines them."""
    inner = [f"_{position}" for position in range(len(columns))]
    items = [
        f"{alias} AS {quoted(column.name)}"
        if column.type == type_name(field.type)
        else f"CAST({alias} AS {column.type}) AS {quoted(column.name)}"
        for alias, column, field in zip(inner, columns, found, strict=True)
    ]
    outer = parse(f"SELECT {', '.join(items)} FROM (SELECT 1) AS _source({', '.join(inner)})")
    holder = outer.find(exp.Subquery)
    assert holder is not None
    holder.set("this", query)
    return outer
