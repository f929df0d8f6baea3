"""Delta tables on disk: their folders, and every write to them as one Delta commit.

The writer is delta-rs with reader version 1, without deletion vectors or column mapping, so that
every Delta reader understands it. Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

import json
import os
import re
import shutil
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, write_deltalake

from medallion.home import Home, refused_characters
from medallion_local.databricks_sql.catalog import Column
from medallion_local.databricks_sql.catalog.delta_column_names import check_partition_columns
from medallion_local.databricks_sql.catalog.object_names import check_object_name
from medallion_local.databricks_sql.commits import data_file, durable
from medallion_local.databricks_sql.delta_log.log import Operation, files_at
from medallion_local.databricks_sql.engine import CATALOG
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.types import type_name
from medallion_local.lake_paths import LakePathError, links_below, path_in, require_inside

# Spark's name of the metadata by which a STRING column remembers that it is a VARCHAR or CHAR.
LENGTH = b"__CHAR_VARCHAR_TYPE_STRING"
_SHOWN = 100  # characters of a table's name in the name of its folder
_CLUSTERED_ROWS = 1_000_000  # sorted together
# The properties that the log gets: every reader and writer without table features knows them.
_LOGGED = {
    "delta.appendOnly",
    "delta.checkpointInterval",
    "delta.dataSkippingNumIndexedCols",
    "delta.dataSkippingStatsColumns",
    "delta.deletedFileRetentionDuration",
    "delta.enableExpiredLogCleanup",
    "delta.logRetentionDuration",
}
# Databricks' other properties. The catalog records them: they change no answer, or this warehouse
# does itself what they ask for. https://docs.databricks.com/delta/table-properties.html
_RECORDED = (
    "delta.autoOptimize.",
    "delta.castIcebergTimeType",
    "delta.checkpoint.",
    "delta.checkpointPolicy",
    "delta.columnMapping.",
    "delta.compatibility.",
    "delta.enableChangeDataFeed",
    "delta.enableDeletionVectors",
    "delta.enableIcebergCompatV",
    "delta.enableInCommitTimestamps",
    "delta.enableIcebergWriterCompatV",
    "delta.enableRowTracking",
    "delta.enableTypeWidening",
    "delta.enableVariantShredding",
    "delta.feature.",
    "delta.isolationLevel",
    "delta.managedDataSkippingStatsColumns",
    "delta.minReaderVersion",
    "delta.minWriterVersion",
    "delta.parquet.",
    "delta.randomPrefixLength",
    "delta.randomizeFilePrefixes",
    "delta.setTransactionRetentionDuration",
    "delta.targetFileSize",
    "delta.tuneFileSizesForRewrites",
    "delta.universalFormat.",
    "delta.workloadBasedColumns.",
)


class Storage:
    """The folders of one home: managed tables in the warehouse, external ones in the lake."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._locks: dict[str, threading.RLock] = defaultdict(threading.RLock)
        self._guard = threading.Lock()

    @property
    def lake(self) -> Path:
        """The folder of the containers."""
        return self._home.lake

    def lock(self, folder: str) -> threading.RLock:
        """The lock that writers of a folder take in turn, so that commits do not conflict."""
        with self._guard:
            return self._locks[folder]

    def managed_folder(self, schema: str, name: str, catalog: str = CATALOG) -> str:
        """A new folder for a managed table. An id makes it unique; the names are for people."""
        check_object_name(name)
        above = schema if catalog == CATALOG else f"{catalog}-{schema}"
        plain = (re.sub("[^A-Za-z0-9_-]", "_", part)[:_SHOWN] for part in (above, name))
        return str(self._home.warehouse.joinpath("tables", *plain)) + f"-{uuid.uuid4().hex[:12]}"

    def lake_folder(self, url: str) -> str:
        """The local folder for `abfss://container@account.dfs.core.windows.net/path`."""
        parts = urlsplit(url)
        odd = parts.query or parts.fragment or refused_characters(parts.path)
        if parts.scheme not in ("abfss", "abfs") or not parts.username or odd:
            raise SqlError(
                f"[INVALID_LOCATION] {url!r} does not have the form "
                "abfss://container@account.dfs.core.windows.net/path."
            )
        try:
            return str(path_in(self._home.lake, parts.username, parts.path))
        except LakePathError as error:
            raise SqlError(
                f"[INVALID_LOCATION] {url!r} is not a path of the lake: {error}."
            ) from None

    def readable_folder(self, path: str) -> str:
        """The folder that a query names, as in ``delta.`path` ``: in the lake, or of this storage.

        The engine follows symbolic links in it, so each of them must lead to such a place.
        """
        folder = self.lake_folder(path) if "://" in path else path
        own = [(self._home.warehouse / name).resolve() for name in ("tables", "scratch")]
        roots = (self._home.lake.resolve(), *own)
        try:
            require_inside(Path(folder), *roots)
            for link in links_below(Path(folder)):
                require_inside(link, *roots)
        except LakePathError as error:
            raise SqlError(f"[INVALID_LOCATION] {path!r} cannot be read: {error}.") from None
        return folder

    def scratch(self) -> Path:
        """A new folder for the files of one statement."""
        folder = self._home.warehouse / "scratch" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        return folder

    def clear_scratch(self) -> None:
        """Remove the files of interrupted statements."""
        shutil.rmtree(self._home.warehouse / "scratch", ignore_errors=True)

    def remove_orphans(self, used: set[str]) -> None:
        """Remove managed folders that no table names: dropped tables, and interrupted creations."""
        for folder in (self._home.warehouse / "tables").glob("*/*"):
            if str(folder) not in used:
                shutil.rmtree(folder, ignore_errors=True)


def remove(folder: Path) -> None:
    """Remove the files of one statement."""
    shutil.rmtree(folder, ignore_errors=True)


def exists(folder: str) -> bool:
    """Whether the folder holds a Delta table."""
    return DeltaTable.is_deltatable(folder)


def is_in_use(folder: str) -> bool:
    """Whether the folder has any files."""
    return Path(folder).is_dir() and any(Path(folder).iterdir())


def layout_of(folder: str) -> tuple[list[str], dict[str, str]]:
    """The columns that a Delta table is partitioned by, and its properties, from its log."""
    found = DeltaTable(folder).metadata()
    return list(found.partition_columns), dict(found.configuration)


def columns_of(folder: str) -> list[Column]:
    """The columns of a Delta table, from its log."""
    schema = pa.schema(DeltaTable(folder).schema().to_arrow())
    return [
        Column(
            field.name,
            (field.metadata or {}).get(LENGTH, type_name(field.type).encode()).decode(),
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
    operation: Operation | None = None,
) -> int:
    """Replace the table's content and schema by these rows in one commit. Returns the row count."""
    _refuse_void(schema)
    check_partition_columns(partition_by)
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
            commit_properties=operation.properties() if operation else None,
        )
    set_properties(folder, properties)
    return counted.rows


def clone_version(source: str, folder: str, version: int, operation: Operation) -> list[int]:
    """Make `folder` a table with a version's files, linked. Returns the files' sizes."""
    table = DeltaTable(source, version=version)
    files = files_at(source, version)
    for path in files:
        target = data_file(Path(folder), path)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(data_file(Path(source), path), target)
    log = Path(folder) / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    kept = ("path", "partitionValues", "size", "modificationTime", "stats")
    info = {"timestamp": _milliseconds(), "operation": operation.name, "operationParameters": {}}
    actions: list[dict] = [
        {"commitInfo": info | operation.label},
        {"protocol": _protocol(table)},
        {"metaData": _metadata(table) | {"id": str(uuid.uuid4()), "createdTime": _milliseconds()}},
    ]
    for add in files.values():
        actions.append({"add": {key: add.get(key) for key in kept} | {"dataChange": True}})
    with durable(folder):
        text = "\n".join(json.dumps(action) for action in actions) + "\n"
        (log / f"{0:020d}.json").write_text(text)
    return [add["size"] for add in files.values()]


def _protocol(table: DeltaTable) -> dict:
    found = table.protocol()
    protocol: dict = {
        "minReaderVersion": found.min_reader_version,
        "minWriterVersion": found.min_writer_version,
    }
    if found.reader_features:
        protocol["readerFeatures"] = found.reader_features
    if found.writer_features:
        protocol["writerFeatures"] = found.writer_features
    return protocol


def _metadata(table: DeltaTable) -> dict:
    """The `metaData` action of a version."""
    metadata = table.metadata()
    return {
        "id": str(metadata.id),
        "name": metadata.name,
        "description": metadata.description,
        "format": {"provider": "parquet", "options": {}},
        "schemaString": table.schema().to_json(),
        "partitionColumns": metadata.partition_columns,
        "createdTime": metadata.created_time,
        "configuration": metadata.configuration,
    }


def set_properties(folder: str, properties: dict[str, str]) -> bool:
    """Commit the table properties that belong in the Delta log. Returns whether any was new."""
    wanted = delta_properties(properties)
    table = DeltaTable(folder)
    known = table.metadata().configuration
    changes = any(known.get(key) != value for key, value in wanted.items())
    if changes:
        with durable(folder):
            table.alter.set_table_properties(
                wanted,
                raise_if_not_exists=False,
                commit_properties=Operation(
                    "SET TBLPROPERTIES", {"properties": json.dumps(properties)}
                ).properties(),
            )
    return changes


def clustered(
    batches: Iterator[pa.RecordBatch], columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """The rows sorted by the columns, in portions: readers skip pages by their statistics.

    It stands for liquid clustering, which Databricks does when it writes and in OPTIMIZE.
    """
    if not columns:
        yield from batches
        return
    portion: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        portion.append(batch)
        count += batch.num_rows
        if count >= _CLUSTERED_ROWS:
            yield from _sorted(portion, columns)
            portion, count = [], 0
    yield from _sorted(portion, columns)


def _sorted(portion: list[pa.RecordBatch], columns: Sequence[str]) -> list[pa.RecordBatch]:
    if not portion:
        return []
    table = pa.Table.from_batches(portion)
    names = {name.lower(): name for name in table.column_names}
    keys = [(names[name.lower()], "ascending") for name in columns if name.lower() in names]
    return (table.sort_by(keys) if keys else table).to_batches()  # no key is a field of a struct


def append(
    folder: str,
    schema: pa.Schema,
    batches: Iterator[pa.RecordBatch],
    overwrite: bool = False,
    transaction: tuple[str, int] | None = None,
    wider: bool = False,
    operation: Operation | None = None,
    predicate: str = "",
) -> int:
    """Append (or replace) rows in one commit. With `wider`, new columns are added to the table.

    With `predicate`, in delta-rs's SQL, only the rows that satisfy it are replaced.
    """
    counted = _Counted(schema, batches)
    commit = operation.properties() if operation else None
    if transaction is not None:
        name, version = transaction
        commit = CommitProperties(app_transactions=[Transaction(name, version, _milliseconds())])
    with durable(folder), counted.failing_as_it_did():
        write_deltalake(
            folder,
            counted.reader,
            mode="overwrite" if overwrite else "append",
            schema_mode="merge" if wider else None,
            predicate=predicate or None,
            commit_properties=commit,
        )
    return counted.rows


def checked(batch: pa.RecordBatch, schema: pa.Schema, table: str) -> pa.RecordBatch:
    """The rows with the table's own schema. Raises for a NULL in a NOT NULL column."""
    for field, column in zip(schema, batch.columns, strict=True):
        if not field.nullable and column.null_count:
            raise SqlError(
                f"[DELTA_NOT_NULL_CONSTRAINT_VIOLATED] NOT NULL constraint violated for column: "
                f"{field.name} of {table}."
            )
    return pa.RecordBatch.from_arrays(batch.columns, schema=schema)


def adopted(columns: list[Column], folder: str) -> list[Column]:
    """The columns of the table's current version, with what the catalog knows about them."""
    known = {column.name.lower(): column for column in columns}
    adopted = []
    for found in columns_of(folder):
        before = known.get(found.name.lower(), found)
        kind = before.type if same_type(before.type, found.type) else found.type
        adopted.append(replace(before, type=kind, nullable=found.nullable))
    return adopted


def same_type(declared: str, stored: str) -> bool:
    """Whether a column declared so is stored so: Delta stores `varchar(n)` as a string."""
    return declared == stored or (stored == "string" and declared.startswith(("char", "varchar")))


def table_schema(folder: str) -> pa.Schema:
    """The Arrow schema of a Delta table."""
    return pa.schema(DeltaTable(folder).schema().to_arrow())


def transaction_version(folder: str, name: str) -> int:
    """The last committed version of an application's transactions; -1 for none."""
    version = DeltaTable(folder).transaction_version(name)
    return -1 if version is None else version


def widen(folder: str, columns: list[Column], schema: pa.Schema) -> None:
    """Commit the columns that the table does not have yet. Existing rows have NULL in them."""
    if len(columns) > len(table_schema(folder)):
        fields = Schema.from_arrow(schema).fields
        types = {field.name: json.loads(field.type.to_json()) for field in fields}
        change_schema(folder, columns, types, Operation("ADD COLUMNS"))


def change_schema(
    folder: str,
    columns: list[Column],
    types: dict[str, object],
    operation: Operation | None = None,
) -> None:
    """Commit only new metadata: nullability, comments, and added columns (type JSON in `types`).

    delta-rs has no call for nullability, so this function writes the commit itself: a `metaData`
    action in the file of the next version, created exclusively, as the protocol requires.
    """
    known = {
        f["name"].lower(): f for f in json.loads(DeltaTable(folder).schema().to_json())["fields"]
    }
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
    schema = json.dumps({"type": "struct", "fields": fields})
    _commit_metadata(folder, operation or Operation("CHANGE COLUMN"), schemaString=schema)


def unset_properties(folder: str, names: set[str]) -> None:
    """Commit the metadata without these properties."""
    kept = {
        key: value
        for key, value in DeltaTable(folder).metadata().configuration.items()
        if key not in names
    }
    operation = Operation("UNSET TBLPROPERTIES", {"properties": json.dumps(sorted(names))})
    _commit_metadata(folder, operation, configuration=kept)


def _commit_metadata(folder: str, operation: Operation, **fields: object) -> None:
    metadata = _metadata(DeltaTable(folder))
    _commit(folder, operation, [{"metaData": metadata | fields}])


def _commit(folder: str, operation: Operation, actions: list[dict]) -> None:
    """Write the file of the next version, which must not exist, as the protocol requires."""
    info = {"timestamp": _milliseconds(), "operation": operation.name, "operationParameters": {}}
    actions = [{"commitInfo": info | operation.label}, *actions]
    entry = Path(folder) / "_delta_log" / f"{DeltaTable(folder).version() + 1:020d}.json"
    staged = entry.with_name(f".{entry.name}.{uuid.uuid4().hex}.tmp")
    staged.write_text("\n".join(json.dumps(action) for action in actions) + "\n")
    try:
        with durable(folder):
            entry.hardlink_to(staged)
    finally:
        staged.unlink()


def record(folder: str, operation: Operation) -> None:
    """Commit an operation that changes nothing in the log: the catalog holds what it changed."""
    _commit(folder, operation, [])


def delta_properties(properties: dict[str, str]) -> dict[str, str]:
    """The table properties to write to the Delta log. Raises for an unknown Delta property."""
    for key in properties:
        if key.startswith("delta.") and key not in _LOGGED and not key.startswith(_RECORDED):
            raise SqlError(
                f"[DELTA_UNKNOWN_CONFIGURATION] Unknown configuration was specified: {key}."
            )
    return {key: value for key, value in properties.items() if key in _LOGGED}


class _Counted:
    """A reader that counts its rows and remembers its error."""

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
        """Raise the reader's original error instead of the one in which the writer wraps it."""
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
