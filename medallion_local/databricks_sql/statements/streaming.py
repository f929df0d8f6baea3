"""Streaming tables over `read_files` and over Delta tables: append-only.

Each landed file is read exactly once, and so is each row that was appended to a source table
(delta_source.py).

As in Spark's structured streaming, a batch's files are written to the source log first. Then the
rows are committed together with the batch's number (source_log.py).

With `allowOverwrites => true`, a file that was replaced under its name (another size or time) is
read again. So its rows may occur twice, but none are lost; readers of bronze remove duplicates.
"""

import shutil
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import STREAMING, Column, Relation
from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.definitions import (
    Definition,
    definition,
    keeps,
    relation_of,
    target,
)
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.language.dialect import parse, quoted
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.session import of_query
from medallion_local.databricks_sql.statements.expectations import Checks, check_rules
from medallion_local.databricks_sql.statements.tables import created, query_text
from medallion_local.databricks_sql.streams import delta_source, event_log
from medallion_local.databricks_sql.streams.files import FileChanged, LandedFile, ReadFiles
from medallion_local.databricks_sql.streams.source_log import Batch, SourceLog
from medallion_local.databricks_sql.streams.stateful import refuse_stateful
from medallion_local.databricks_sql.streams.streaming_ddl import StreamingDdl, cut
from medallion_local.databricks_sql.types import type_name

_ATTEMPTS = 3


def create(context: Context, sql: str) -> Result:
    """CREATE [OR REFRESH] STREAMING TABLE: created with its complete first batch, or not at all."""
    ddl = cut(sql)
    tree, key = created(context, ddl.plain, sql)
    with context.storage.lock("/".join(key)):
        before = context.catalog.find(key)
        if keeps(before, STREAMING, tree, bool(tree.args.get("refresh"))):
            return done()
        relation, schema = _declared(context, tree, ddl, before, sql)
        with context.storage.lock(relation.location):
            if before is None:
                storage.replace_table(
                    relation.location,
                    schema,
                    iter(()),
                    relation.partitioned_by,
                    relation.properties,
                )
            else:
                relation, schema = _in_order(before, relation, schema)
                _refuse_other_shape(before, relation)
            _take(context, relation, schema)
            if before is not None:
                storage.widen(relation.location, relation.columns, schema)
                storage.set_properties(relation.location, relation.properties)
            context.catalog.put(relation)
    return done()


def _declared(
    context: Context, tree: exp.Create, ddl: StreamingDdl, before: Relation | None, sql: str
) -> tuple[Relation, pa.Schema]:
    """The table that the statement defines, and its Arrow schema."""
    clauses = definition(tree, ddl.plain, context.session)
    if clauses.url or clauses.constraints:
        raise unsupported(sql)
    key = context.session.key(target(tree))
    if tree.expression.find(exp.Stream) is None:
        raise SqlError(
            f"[STREAMING_TABLE_QUERY_INVALID] {key[0]}.{key[1]} needs a streaming query: write "
            "STREAM before its source."
        )
    refuse_stateful(tree.expression)
    schema = context.columns(tree.expression)
    columns = _columns(schema, clauses, ".".join(key), before)
    relation = relation_of(
        context.session,
        key,
        STREAMING,
        clauses,
        before,
        query_text(ddl.plain),
        columns=columns,
        location=before.location if before else context.storage.managed_folder(*key),
        expectations=ddl.expectations,
        schedule=ddl.schedule or "MANUAL",
    )
    check_rules(context, relation)
    fields = zip(schema, columns, strict=True)
    return relation, pa.schema(pa.field(f.name, f.type, c.nullable) for f, c in fields)


def _columns(
    schema: pa.Schema, clauses: Definition, name: str, before: Relation | None
) -> list[Column]:
    """The columns of a definition. Those that the table has already keep their tags."""
    tags = {column.name.lower(): column.tags for column in before.columns} if before else {}
    named = {column.name.lower(): column for column in clauses.columns}
    if named and set(named) != {name.lower() for name in schema.names}:
        raise SqlError(f"[STREAMING_TABLE_COLUMNS] {name} and its query have different columns.")
    return [
        Column(
            field.name,
            type_name(field.type),
            named[field.name.lower()].nullable if named else True,
            named[field.name.lower()].comment if named else None,
            mask=named[field.name.lower()].mask if named else None,
            tags=tags.get(field.name.lower(), {}),
        )
        for field in schema
    ]


def _in_order(before: Relation, now: Relation, schema: pa.Schema) -> tuple[Relation, pa.Schema]:
    """The table's existing columns in their order, followed by the new ones."""
    held = [column.name.lower() for column in before.columns]
    names = [column.name.lower() for column in now.columns]
    order = sorted(
        range(len(names)), key=lambda n: held.index(names[n]) if names[n] in held else len(held) + n
    )
    columns = [now.columns[n] for n in order]
    return replace(now, columns=columns), pa.schema([schema.field(n) for n in order])


def _refuse_other_shape(before: Relation, now: Relation) -> None:
    held, wanted = _shape(before), _shape(now)
    added = wanted[len(held) :]
    if wanted[: len(held)] != held or not all(nullable for *_, nullable in added):
        raise SqlError(
            f"[STREAMING_TABLE_SCHEMA_CHANGED] The new query of {now.full_name} may only add "
            "columns, but existing ones differ: drop the table, or run a full refresh."
        )
    if before.partitioned_by != now.partitioned_by:
        raise SqlError(
            f"[STREAMING_TABLE_PARTITIONS_CHANGED] The partitions of {now.full_name} changed: "
            "drop the table, or run a full refresh."
        )


def _shape(relation: Relation) -> list[tuple[str, str, bool]]:
    return [(column.name, column.type, column.nullable) for column in relation.columns]


def refresh(context: Context, parts: tuple[str, ...], full: bool) -> Result:
    """REFRESH STREAMING TABLE name [FULL]: read the new files, or with FULL all current files.

    A full refresh is one commit: its readers see the old rows or the new ones.
    """
    key = context.session.key(parts)
    with context.storage.lock("/".join(key)):
        relation = context.relation(parts)
        if relation.kind != STREAMING:
            raise SqlError(
                f"[STREAMING_TABLE_OPERATION_NOT_ALLOWED] {relation.full_name} is a "
                f"{relation.kind.lower()}: only a streaming table can be refreshed."
            )
        with context.storage.lock(relation.location):
            _take(context, relation, storage.table_schema(relation.location), full)
    return done()


def _take(context: Context, relation: Relation, schema: pa.Schema, full: bool = False) -> int:
    """Run a batch. Repeat it with a new listing if a file changes meanwhile. Returns the rows."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return _batch(context, relation, schema, full)
        except FileChanged:
            continue
    return _batch(context, relation, schema, full)


def _batch(context: Context, relation: Relation, schema: pa.Schema, full: bool) -> int:
    """Read all new files in one commit. Without new files there is no commit."""
    log = SourceLog(relation.location)
    number = log.last() + 1
    taken = set() if full else log.taken()
    held = {} if full else log.positions()
    names = {url for url, *_ in taken}
    new: list[LandedFile] = []
    reached: dict[str, delta_source.Position] = {}
    appended: list[str] = []
    folders: list[Path] = []

    def choose(source: ReadFiles, files: list[LandedFile]) -> list[LandedFile]:
        if not source.stream:
            return files
        fresh = [file for file in files if tuple(file.identity) not in taken]
        if not source.allow_overwrites:
            fresh = [file for file in fresh if file.url not in names]
        new.extend(fresh)
        return fresh

    def follow(source: Relation) -> str:
        name = source.full_name
        position = reached.setdefault(name, delta_source.latest(source))
        folder = context.storage.scratch()
        folders.append(folder)
        if delta_source.stage(source, held.get(name), position, folder):
            appended.append(name)
        return str(folder)

    checks = Checks(relation)
    owner = Context(context.catalog, context.storage, context.engine, of_query(relation))
    query = checks.over(_cast(relation, schema))
    try:
        with owner.resolved(query, choose, streaming=True, follow=follow) as text:
            if not new and not appended and not full:
                return 0
            result = context.engine.query(text)

            def rows() -> Iterator[pa.RecordBatch]:
                """The rows. The writer commits when they end, so the counts are complete."""
                for batch in result.batches:
                    yield storage.checked(checks.apply(batch, schema), schema, relation.full_name)
                entry = event_log.event(checks.counts())
                files = [file.identity for file in new]
                positions = {name: list(astuple(one)) for name, one in reached.items()}
                log.write(number, Batch(files, full, entry, positions))

            return storage.append(
                relation.location,
                schema,
                storage.clustered(rows(), relation.clustered_by),
                overwrite=full,
                transaction=log.transaction(number),
                wider=len(schema) > len(storage.table_schema(relation.location)),
            )
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def _cast(relation: Relation, schema: pa.Schema) -> exp.Expression:
    """The table's query, with its columns in the table's order and types."""
    casts = ", ".join(
        f"CAST({quoted(f.name)} AS {type_name(f.type)}) AS {quoted(f.name)}" for f in schema
    )
    query = parse(f"SELECT {casts} FROM (SELECT 1) AS _source")
    holder = query.find(exp.Subquery)
    assert holder is not None
    holder.set("this", parse(relation.query))
    return query
