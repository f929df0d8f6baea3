"""Streaming tables over `read_files`: append-only, each landed file taken exactly once.

As Spark's structured streaming does it: the batch's files are written to a source log first, then
the rows are committed together with the batch's number as a Delta transaction identifier. A batch
whose number the table does not hold never happened, whatever its log says.
Source: https://github.com/delta-io/delta/blob/master/PROTOCOL.md#transaction-identifiers

With `allowOverwrites => true`, a file that was replaced under its name (another size or time) is
taken again: its rows come twice rather than not at all, and what reads bronze drops duplicates.
"""

import json
import os
from pathlib import Path

import pyarrow as pa
from sqlglot import exp

from medallion.local.warehouse import storage
from medallion.local.warehouse.catalog import STREAMING, Column, Relation
from medallion.local.warehouse.context import Context, done
from medallion.local.warehouse.definitions import definition, target
from medallion.local.warehouse.dialect import parse, quoted
from medallion.local.warehouse.engine import Result
from medallion.local.warehouse.errors import SqlError, unsupported
from medallion.local.warehouse.files import LandedFile, ReadFiles
from medallion.local.warehouse.session import Session
from medallion.local.warehouse.tables import query_text
from medallion.local.warehouse.types import type_name

_APPLICATION = "medallion.streaming"


class SourceLog:
    """Which files each batch took: `_stream/<batch>.json` in the table's folder."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder) / "_stream"

    def taken(self, last_batch: int) -> set[tuple]:
        """The files of all batches up to the last that was committed."""
        found: set[tuple] = set()
        for file in self._folder.glob("*.json"):
            if int(file.stem) <= last_batch:
                found.update(tuple(identity) for identity in json.loads(file.read_text()))
        return found

    def write(self, batch: int, files: list[LandedFile]) -> None:
        """Record a batch before it is committed; what a killed attempt left is replaced."""
        self._folder.mkdir(parents=True, exist_ok=True)
        staged = self._folder / f".{batch:020d}.tmp"
        with staged.open("w") as out:
            json.dump([file.identity for file in files], out)
            out.flush()
            os.fsync(out.fileno())
        staged.replace(self._folder / f"{batch:020d}.json")


def create(context: Context, tree: exp.Create, sql: str) -> Result:
    """CREATE [OR REFRESH] STREAMING TABLE: made whole with its first batch, or not at all."""
    key = context.session.key(target(tree))
    context.catalog.require_schema(key[0])
    before = context.catalog.find(key)
    if before is not None and before.kind != STREAMING:
        raise SqlError(f"[TABLE_OR_VIEW_ALREADY_EXISTS] {before.full_name} already exists.")
    if before is not None and tree.args.get("exists"):
        return done()
    if before is not None and not tree.args.get("refresh"):
        raise SqlError(f"[TABLE_OR_VIEW_ALREADY_EXISTS] {before.full_name} already exists.")
    clauses = definition(tree, sql)
    if clauses.url or clauses.constraints:
        raise unsupported(sql)
    schema = context.columns(tree.expression)
    named = {column.name.lower(): column for column in clauses.columns}
    if named and set(named) != {name.lower() for name in schema.names}:
        raise SqlError(
            f"[STREAMING_TABLE_COLUMNS] {key[0]}.{key[1]} declares other columns than its query."
        )
    columns = [
        Column(
            field.name,
            type_name(field.type),
            named[field.name.lower()].nullable if named else True,
            named[field.name.lower()].comment if named else None,
        )
        for field in schema
    ]
    relation = Relation(
        schema=key[0],
        name=key[1],
        kind=STREAMING,
        columns=columns,
        location=before.location if before else context.storage.managed_folder(*key),
        query=query_text(sql),
        query_schema=context.session.schema,
        comment=clauses.comment,
        properties=clauses.properties,
        tags=before.tags if before else {},
        partitioned_by=clauses.partitioned_by,
        clustered_by=clauses.clustered_by,
        cluster_auto=clauses.cluster_auto,
    )
    with context.storage.lock(relation.location):
        if before is None:
            empty = pa.schema(
                pa.field(f.name, f.type, c.nullable) for f, c in zip(schema, columns, strict=True)
            )
            storage.replace_table(
                relation.location, empty, iter(()), relation.partitioned_by, relation.properties
            )
        elif [(c.name, c.type) for c in before.columns] != [(c.name, c.type) for c in columns]:
            raise SqlError(
                f"[STREAMING_TABLE_SCHEMA_CHANGED] {relation.full_name} has other columns than "
                "its new query: drop it, or run a full refresh."
            )
        _ingest(context, relation)
    context.catalog.put(relation)
    return done()


def refresh(context: Context, parts: tuple[str, ...], full: bool, sql: str) -> Result:
    """REFRESH STREAMING TABLE: append the rows of the files that came since."""
    relation = context.relation(parts)
    if relation.kind != STREAMING or full:
        raise unsupported(sql)
    with context.storage.lock(relation.location):
        _ingest(context, relation)
    return done()


def _ingest(context: Context, relation: Relation) -> int:
    """One batch of all new files; without any, no commit. The number of rows."""
    log = SourceLog(relation.location)
    last = storage.transaction_version(relation.location, _APPLICATION)
    taken = log.taken(last)
    new: list[LandedFile] = []

    names = {url for url, *_ in taken}

    def choose(source: ReadFiles, files: list[LandedFile]) -> list[LandedFile]:
        fresh = [file for file in files if tuple(file.identity) not in taken]
        if not source.allow_overwrites:
            fresh = [file for file in fresh if file.url not in names]
        new.extend(fresh)
        return fresh

    schema = storage.table_schema(relation.location)
    casts = ", ".join(
        f"CAST({quoted(f.name)} AS {type_name(f.type)}) AS {quoted(f.name)}" for f in schema
    )
    query = parse(f"SELECT {casts} FROM (SELECT 1) AS _source")
    holder = query.find(exp.Subquery)
    assert holder is not None
    holder.set("this", parse(relation.query))
    owner = Context(
        context.catalog, context.storage, context.engine, Session(schema=relation.query_schema)
    )
    with owner.resolved(query, choose, streaming=True) as text:
        if not new:
            return 0
        result = context.engine.query(text)
        log.write(last + 1, new)
        return storage.append(
            relation.location,
            schema,
            (pa.RecordBatch.from_arrays(b.columns, schema=schema) for b in result.batches),
            transaction=(_APPLICATION, last + 1),
        )
