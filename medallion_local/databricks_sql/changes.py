"""INSERT, MERGE, UPDATE, DELETE and TRUNCATE: each is one Delta commit.

delta-rs writes the rows of an INSERT. The engine runs MERGE, UPDATE and DELETE. Values are cast to
the type of their column, as Databricks' store assignment does.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import STREAMING, Relation
from medallion_local.databricks_sql.commits import durable
from medallion_local.databricks_sql.context import Context, affected
from medallion_local.databricks_sql.dialect import parse, quoted, render
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.errors import SqlError, unsupported
from medallion_local.databricks_sql.reader import Reader
from medallion_local.databricks_sql.types import type_name

_DELETES = "_replaces"


def writable(context: Context, parts: tuple[str, ...], streaming: bool = False) -> Relation:
    """The table of that name. Raises for a view, and for a streaming table unless it is allowed.

    Databricks allows any DML on a streaming table. Here only DML that erases personal data is.
    """
    relation = context.relation(parts)
    if relation.is_view or (
        relation.is_refreshed and not (streaming and relation.kind == STREAMING)
    ):
        raise SqlError(
            f"[EXPECT_TABLE_NOT_VIEW] {relation.full_name} is a {relation.kind.lower()}: "
            "only a table's rows can be changed."
        )
    return relation


def _parts(table: exp.Expression) -> tuple[str, ...]:
    return tuple(part.name for part in table.parts)


def insert(context: Context, tree: exp.Insert, sql: str) -> Result:
    """INSERT INTO or OVERWRITE, by position, by name or into listed columns."""
    named = tree.this.expressions if isinstance(tree.this, exp.Schema) else []
    table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if tree.args.get("partition") or tree.args.get("where"):
        raise unsupported(sql)
    relation = writable(context, _parts(table))
    with context.storage.lock(relation.location):
        schema = storage.table_schema(relation.location)
        query = _assigned(
            context,
            tree.expression,
            schema,
            [column.name for column in named],
            bool(tree.args.get("by_name")),
        )
        result = context.query(query)
        return affected(
            storage.append(
                relation.location,
                schema,
                _checked(result, schema, relation),
                overwrite=bool(tree.args.get("overwrite")),
            )
        )


def _assigned(
    context: Context,
    query: exp.Expression,
    schema: pa.Schema,
    listed: list[str],
    by_name: bool,
) -> exp.Expression:
    """The query's columns matched to the table's and cast. A column without a value is NULL."""
    found = _names(context, query)
    inner = [f"_{position}" for position in range(len(found))]
    if by_name:
        given = {name.lower(): alias for name, alias in zip(found, inner, strict=True)}
    else:
        targets = listed or schema.names
        if len(targets) != len(found):
            raise SqlError(
                f"[INSERT_COLUMN_ARITY_MISMATCH] The table expects {len(targets)} columns, "
                f"and the query has {len(found)}."
            )
        given = {name.lower(): alias for name, alias in zip(targets, inner, strict=True)}
    unknown = set(given) - {name.lower() for name in schema.names}
    if unknown:
        raise SqlError(f"[UNRESOLVED_COLUMN] The table has no column {', '.join(sorted(unknown))}.")
    casts = ", ".join(
        f"CAST({given.get(field.name.lower(), 'NULL')} AS {type_name(field.type)}) "
        f"AS {quoted(field.name)}"
        for field in schema
    )
    outer = parse(f"SELECT {casts} FROM (SELECT 1) AS _source({', '.join(inner)})")
    source = outer.find(exp.Subquery)
    assert source is not None
    source.set("this", query.this if _is_plain_subquery(query) else query)
    return outer


def _is_plain_subquery(query: exp.Expression) -> bool:
    return isinstance(query, exp.Subquery) and not query.alias and "with_" not in query.args


def _names(context: Context, query: exp.Expression) -> list[str]:
    if isinstance(query, exp.Values):
        first = query.expressions[0]
        count = len(first.expressions) if isinstance(first, exp.Tuple) else 1
        return [f"col{position}" for position in range(1, count + 1)]
    return context.columns(query.copy()).names


def _checked(result: Result, schema: pa.Schema, relation: Relation) -> Iterator[pa.RecordBatch]:
    for batch in result.batches:
        yield storage.checked(batch, schema, relation.full_name)


def insert_replacing(context: Context, sql: str) -> Result:
    """INSERT INTO … REPLACE ON (condition) query, or REPLACE WHERE condition query: one commit."""
    reader = Reader(sql)
    reader.expect("INSERT", "INTO")
    reader.take("TABLE")
    parts = reader.name()
    relation = writable(context, parts)
    alias = "target"
    if reader.take("AS") or not (reader.sees("REPLACE") or reader.sees("BY")):
        alias = reader.identifier()
    by_name = reader.take("BY", "NAME")
    reader.expect("REPLACE")
    with context.storage.lock(relation.location):
        schema = storage.table_schema(relation.location)
        if reader.take("ON"):
            condition = reader.parenthesised()
            query = parse(reader.parenthesised())
            source = reader.identifier() if reader.take("AS") or not reader.at_end else "source"
            reader.finish()
            return _replace_on(context, relation, schema, (alias, source), condition, query)
        reader.expect("WHERE")
        condition = reader.until("SELECT", "TABLE", "WITH", "VALUES")
        text = reader.rest()
        query = parse(f"SELECT * FROM {text[5:]}" if text[:5].upper() == "TABLE" else text)
        return _replace_where(context, relation, schema, condition, query, by_name)


def _replace_on(
    context: Context,
    relation: Relation,
    schema: pa.Schema,
    aliases: tuple[str, str],
    condition: str,
    query: exp.Expression,
) -> Result:
    """A MERGE that reads each source row twice: to delete the rows it replaces, and to insert."""
    target, source = aliases
    names = _names(context, query)
    if len(names) != len(schema.names):
        raise SqlError(
            f"[INSERT_COLUMN_ARITY_MISMATCH] {relation.full_name} has {len(schema.names)} columns, "
            f"and the query has {len(names)}."
        )
    columns = ", ".join(quoted(name) for name in schema.names)
    values = ", ".join(
        f"CAST({quoted(source)}.{quoted(name)} AS {type_name(field.type)})"
        for name, field in zip(names, schema, strict=True)
    )
    merge = parse(
        f"MERGE INTO {_path(relation)} AS {quoted(target)} "
        f"USING (SELECT *, TRUE AS {_DELETES} FROM (SELECT 1) AS _a "
        f"UNION ALL SELECT *, FALSE AS {_DELETES} FROM (SELECT 1) AS _b) AS {quoted(source)} "
        f"ON {quoted(source)}.{_DELETES} AND ({condition}) "
        f"WHEN MATCHED THEN DELETE "
        f"WHEN NOT MATCHED AND NOT {quoted(source)}.{_DELETES} "
        f"THEN INSERT ({columns}) VALUES ({values})"
    )
    for holder in list(merge.find_all(exp.Subquery)):
        if holder.alias in ("_a", "_b"):
            holder.set("this", query.copy())
    with context.resolved(merge) as text, durable(relation.location):
        return affected(context.engine.command(text, context.session.engine_settings))


def _replace_where(
    context: Context,
    relation: Relation,
    schema: pa.Schema,
    condition: str,
    query: exp.Expression,
    by_name: bool,
) -> Result:
    """Replace the content by the rows that do not satisfy the condition, and the new rows."""
    columns = ", ".join(quoted(name) for name in schema.names)
    added = render(_assigned(context, query, schema, [], by_name))
    content = parse(
        f"SELECT {columns} FROM {_path(relation)} "
        f"WHERE NOT coalesce(({condition}), FALSE) UNION ALL {added}"
    )
    result = context.query(content)
    rows = storage.append(
        relation.location, schema, _checked(result, schema, relation), overwrite=True
    )
    return affected(rows)


def merge(context: Context, tree: exp.Merge, sql: str) -> Result:
    """MERGE INTO, with every assigned value cast to its column's type.

    The source is run once, before the target is read, as in Delta Lake. If it has no rows,
    nothing is committed.
    """
    if tree.args.get("schema_evolution") or tree.args.get("with_schema_evolution"):
        raise unsupported(sql)
    relation = writable(context, _parts(tree.this))
    with context.storage.lock(relation.location):
        schema = storage.table_schema(relation.location)
        source = tree.args["using"].alias_or_name
        whens = tree.args["whens"].expressions
        for when in whens:
            _cast_action(when.args["then"], schema, source, sql)
        with _source_run(context, tree) as rows:
            if not rows and not any(when.args.get("source") for when in whens):
                return affected(0)
            with context.resolved(tree) as text, durable(relation.location):
                return affected(context.engine.command(text, context.session.engine_settings))


@contextmanager
def _source_run(context: Context, merge: exp.Merge) -> Iterator[int]:
    """Write the source rows of a MERGE to a file that replaces the source. Yields their number.

    Sail reads the source once to find the files to rewrite and once more to rewrite them.
    """
    using = merge.args["using"]
    result = context.query(exp.select("*").from_(using.copy()))
    folder = context.storage.scratch()
    try:
        rows = 0
        with pq.ParquetWriter(folder / "source.parquet", result.schema) as writer:
            for batch in result.batches:
                writer.write_batch(batch)
                rows += batch.num_rows
        staged = exp.to_table("parquet.x", dialect="spark")
        staged.set("this", exp.to_identifier(str(folder), True))
        staged.set("alias", _alias(using.alias_or_name))
        merge.set("using", staged)
        yield rows
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cast_action(action: exp.Expression, schema: pa.Schema, source: str, sql: str) -> None:
    """Cast the assignments of a WHEN clause. `*` becomes the table's columns from the source."""
    types = {field.name.lower(): type_name(field.type) for field in schema}

    def cast(value: exp.Expression, column: str) -> exp.Expression:
        if column.lower() not in types:
            raise SqlError(f"[UNRESOLVED_COLUMN] The MERGE's target has no column `{column}`.")
        return exp.cast(value.copy(), types[column.lower()], dialect="databricks")

    every = [exp.to_identifier(name, True) for name in schema.names]
    taken = [cast(exp.column(name.copy(), source), name.name) for name in every]
    if isinstance(action, exp.Update):
        if isinstance(action.expressions[0], exp.Star):
            pairs = zip(every, taken, strict=True)
            sets = [exp.EQ(this=exp.column(name), expression=value) for name, value in pairs]
        else:
            sets = [
                exp.EQ(this=item.this, expression=cast(item.expression, item.this.name))
                for item in action.expressions
            ]
        action.set("expressions", sets)
    elif isinstance(action, exp.Insert):
        if isinstance(action.this, exp.Star):
            columns, values = [exp.column(name) for name in every], taken
        else:
            columns = action.this.expressions
            values = [
                cast(value, column.name)
                for column, value in zip(columns, action.expression.expressions, strict=True)
            ]
        action.set("this", exp.Tuple(expressions=columns))
        action.set("expression", exp.Tuple(expressions=values))
    elif action.name.lower() != "delete":
        raise unsupported(sql)


def update(context: Context, tree: exp.Update) -> Result:
    """UPDATE."""
    relation = writable(context, _parts(tree.this), streaming=True)
    with context.storage.lock(relation.location):
        matching = _matching(context, tree) if context.engine.name == "sail" else None
        with context.resolved(tree) as text, durable(relation.location):
            changed = context.engine.command(text, context.session.engine_settings)
            return affected(changed if matching is None else matching)


def _matching(context: Context, tree: exp.Update) -> int:
    """The rows that an UPDATE will change. Sail returns the rows of the files that it rewrites."""
    query = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_(tree.this.copy())
    if tree.args.get("where"):
        query.set("where", tree.args["where"].copy())
    return context.query(query).rows()[0]["n"]


def delete(context: Context, tree: exp.Delete) -> Result:
    """DELETE. The engine rejects a subquery, so then the remaining rows are rewritten."""
    relation = writable(context, _parts(tree.this), streaming=True)
    where = tree.args.get("where")
    with context.storage.lock(relation.location):
        if where is None or where.find(exp.Query) is None:
            with context.resolved(tree) as text, durable(relation.location):
                return affected(context.engine.command(text, context.session.engine_settings))
        schema = storage.table_schema(relation.location)
        columns = ", ".join(quoted(name) for name in schema.names)
        stays = parse(f"SELECT {columns} FROM {_path(relation)} WHERE NOT coalesce(x, FALSE)")
        stays.find(exp.Table).set("alias", tree.this.args.get("alias") or _alias(relation.name))
        stays.find(exp.Anonymous).set("expressions", [where.this, exp.false()])
        count = parse(f"SELECT count(*) AS n FROM {_path(relation)}")
        before = context.query(count).rows()[0]["n"]
        result = context.query(stays)
        left = storage.append(
            relation.location, schema, _checked(result, schema, relation), overwrite=True
        )
        return affected(before - left)


def truncate(context: Context, tree: exp.TruncateTable) -> Result:
    """TRUNCATE TABLE."""
    relation = writable(context, _parts(tree.expressions[0]))
    with context.storage.lock(relation.location):
        schema = storage.table_schema(relation.location)
        storage.append(relation.location, schema, iter(()), overwrite=True)
    return affected(0)


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(name, True))


def _path(relation: Relation) -> str:
    return f"delta.{quoted(relation.location)}"
