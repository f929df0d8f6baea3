"""Delta tables on disk: where they live, and every write to them as one Delta commit.

The writer is delta-rs; reader version 1, no deletion vectors, no column mapping: what every reader
of Delta understands. Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

import json
import os
import re
import shutil
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, write_deltalake
from medallion.home import Home, refused_characters

from medallion_local.databricks_sql.catalog import Column
from medallion_local.databricks_sql.commits import durable
from medallion_local.databricks_sql.errors import SqlError
from medallion_local.databricks_sql.types import type_name

# What the writer does anyway, and has no property for. Another value it refuses by name.
_ALWAYS = {"delta.enableRowTracking": "false", "delta.checkpointPolicy": "classic"}


class Storage:
    """The folders of one home: managed tables in the warehouse, external ones in the lake."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._locks: dict[str, threading.RLock] = defaultdict(threading.RLock)
        self._guard = threading.Lock()

    def lock(self, folder: str) -> threading.RLock:
        """The lock that writers of a folder take in turn, so that no commit meets another."""
        with self._guard:
            return self._locks[folder]

    def managed_folder(self, schema: str, name: str) -> str:
        """A new folder for a managed table."""
        plain = (re.sub("[^A-Za-z0-9_]", "_", part) for part in (schema, name))
        return str(self._home.warehouse.joinpath("tables", *plain)) + f"-{uuid.uuid4().hex[:12]}"

    def lake_folder(self, url: str) -> str:
        """The folder that stands for `abfss://container@account.dfs.core.windows.net/path`."""
        parts = urlsplit(url)
        odd = parts.query or parts.fragment or refused_characters(parts.path)
        if parts.scheme not in ("abfss", "abfs") or not parts.username or odd:
            raise SqlError(
                f"[INVALID_LOCATION] {url!r} is not of the form "
                "abfss://container@account.dfs.core.windows.net/path."
            )
        folder = self._home.lake / parts.username / parts.path.lstrip("/")
        if not folder.resolve().is_relative_to(self._home.lake.resolve()):
            raise SqlError(f"[INVALID_LOCATION] {url!r} leads out of the lake.")
        return os.path.normpath(folder)

    def scratch(self) -> Path:
        """A new folder for the files of one statement."""
        folder = self._home.warehouse / "scratch" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        return folder

    def clear_scratch(self) -> None:
        """Remove what killed statements left."""
        shutil.rmtree(self._home.warehouse / "scratch", ignore_errors=True)

    def remove_orphans(self, used: set[str]) -> None:
        """Remove managed folders that no table names: dropped tables, and creations cut short."""
        for folder in (self._home.warehouse / "tables").glob("*/*"):
            if str(folder) not in used:
                shutil.rmtree(folder, ignore_errors=True)


def exists(folder: str) -> bool:
    """Whether the folder holds a Delta table."""
    return DeltaTable.is_deltatable(folder)


def columns_of(folder: str) -> list[Column]:
    """The columns of a Delta table, as its log has them."""
    schema = pa.schema(DeltaTable(folder).schema().to_arrow())
    return [
        Column(
            field.name,
            type_name(field.type),
            field.nullable,
            (field.metadata or {}).get(b"comment", b"").decode() or None,
        )
        for field in schema
    ]


def replace_table(
    folder: str,
    schema: pa.Schema,
    batches: Iterator[pa.RecordBatch],
    partition_by: list[str],
    properties: dict[str, str],
) -> int:
    """Make these rows the table's whole content, schema included, in one commit; the row count."""
    _refuse_void(schema)
    counted = _Counted(schema, batches)
    Path(folder).mkdir(parents=True, exist_ok=True)
    with durable(folder), counted.failing_as_it_did():
        write_deltalake(
            folder,
            counted.reader,
            mode="overwrite",
            schema_mode="overwrite",
            partition_by=partition_by,
            configuration=delta_properties(properties) or None,
        )
    set_properties(folder, properties)
    return counted.rows


def link_table(source: str, folder: str) -> None:
    """Make `folder` the table that `source` is now; the files, which never change, are shared."""
    with durable(folder):
        shutil.copytree(source, folder, copy_function=os.link)


def set_properties(folder: str, properties: dict[str, str]) -> None:
    """Commit those table properties that belong into the Delta log, if they are not there yet."""
    wanted = delta_properties(properties)
    table = DeltaTable(folder)
    if any(table.metadata().configuration.get(key) != value for key, value in wanted.items()):
        with durable(folder):
            table.alter.set_table_properties(wanted, raise_if_not_exists=False)


def append(
    folder: str,
    schema: pa.Schema,
    batches: Iterator[pa.RecordBatch],
    overwrite: bool = False,
    transaction: tuple[str, int] | None = None,
    wider: bool = False,
) -> int:
    """Add rows (or make them the content) in one commit; if `wider`, with columns that are new."""
    counted = _Counted(schema, batches)
    commit = None
    if transaction is not None:
        name, version = transaction
        commit = CommitProperties(app_transactions=[Transaction(name, version, _milliseconds())])
    with durable(folder), counted.failing_as_it_did():
        write_deltalake(
            folder,
            counted.reader,
            mode="overwrite" if overwrite else "append",
            schema_mode="merge" if wider else None,
            commit_properties=commit,
        )
    return counted.rows


def checked(batch: pa.RecordBatch, schema: pa.Schema, table: str) -> pa.RecordBatch:
    """The rows under the table's own schema. Raises for a NULL in a NOT NULL column."""
    for field, column in zip(schema, batch.columns, strict=True):
        if not field.nullable and column.null_count:
            raise SqlError(
                f"[DELTA_NOT_NULL_CONSTRAINT_VIOLATED] NOT NULL constraint violated for column: "
                f"{field.name} of {table}."
            )
    return pa.RecordBatch.from_arrays(batch.columns, schema=schema)


def table_schema(folder: str) -> pa.Schema:
    """The Arrow schema of a Delta table."""
    return pa.schema(DeltaTable(folder).schema().to_arrow())


def transaction_version(folder: str, name: str) -> int:
    """The version last committed under an application's name; -1 for none."""
    version = DeltaTable(folder).transaction_version(name)
    return -1 if version is None else version


def widen(folder: str, columns: list[Column], schema: pa.Schema) -> None:
    """Commit the columns that the table does not have yet; those of before hold NULL in them."""
    if len(columns) > len(table_schema(folder)):
        fields = Schema.from_arrow(schema).fields
        types = {field.name: json.loads(field.type.to_json()) for field in fields}
        change_schema(folder, columns, types)


def change_schema(folder: str, columns: list[Column], types: dict[str, object]) -> None:
    """Commit new metadata only: nullability, comments, and added columns (type JSON in `types`).

    delta-rs has no call for nullability, so the commit is written here: a `metaData` action in the
    next version's file, created exclusively, as the protocol asks of a writer.
    """
    table = DeltaTable(folder)
    metadata = table.metadata()
    known = {f["name"].lower(): f for f in json.loads(table.schema().to_json())["fields"]}
    fields = []
    for column in columns:
        before = known.get(column.name.lower())
        kept = dict(before["metadata"]) if before else {}
        kept.pop("comment", None)
        if column.comment:
            kept["comment"] = column.comment
        fields.append(
            {
                "name": before["name"] if before else column.name,
                "type": before["type"] if before else types[column.name],
                "nullable": column.nullable,
                "metadata": kept,
            }
        )
    now = _milliseconds()
    actions = [
        {"commitInfo": {"timestamp": now, "operation": "CHANGE COLUMN", "operationParameters": {}}},
        {
            "metaData": {
                "id": str(metadata.id),
                "name": metadata.name,
                "description": metadata.description,
                "format": {"provider": "parquet", "options": {}},
                "schemaString": json.dumps({"type": "struct", "fields": fields}),
                "partitionColumns": metadata.partition_columns,
                "createdTime": metadata.created_time,
                "configuration": metadata.configuration,
            }
        },
    ]
    entry = Path(folder) / "_delta_log" / f"{table.version() + 1:020d}.json"
    staged = entry.with_name(f".{entry.name}.{uuid.uuid4().hex}.tmp")
    staged.write_text("\n".join(json.dumps(action) for action in actions) + "\n")
    try:
        with durable(folder):
            entry.hardlink_to(staged)
    finally:
        staged.unlink()


def delta_properties(properties: dict[str, str]) -> dict[str, str]:
    """Those table properties that belong into the Delta log, and that its writer does not know as
    what it always does."""
    return {
        key: value
        for key, value in properties.items()
        if key.startswith("delta.") and _ALWAYS.get(key) != value
    }


class _Counted:
    """A reader that counts the rows it hands on, and remembers what it failed with."""

    def __init__(self, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        self.rows = 0
        self._failure: Exception | None = None
        self.reader = pa.RecordBatchReader.from_batches(schema, self._count(batches))

    def _count(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            for batch in batches:
                self.rows += batch.num_rows
                yield batch
        except Exception as error:
            self._failure = error
            raise

    @contextmanager
    def failing_as_it_did(self) -> Iterator[None]:
        """The writer wraps what its reader raised; here it comes out as it was."""
        try:
            yield
        except Exception:
            if self._failure is not None:
                raise self._failure from None
            raise


def _refuse_void(schema: pa.Schema) -> None:
    for field in schema:
        if pa.types.is_null(field.type):
            raise SqlError(
                f"[UNSUPPORTED_DATATYPE] Column `{field.name}` has no type: cast its NULL to one."
            )


def _milliseconds() -> int:
    return int(time.time() * 1000)
