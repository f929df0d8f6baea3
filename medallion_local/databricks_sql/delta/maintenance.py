"""OPTIMIZE, VACUUM, RESTORE and ANALYZE.

Sources: https://docs.databricks.com/sql/language-manual/delta-optimize.html, delta-vacuum.html,
delta-restore.html and sql-ref-syntax-aux-analyze-table.html
"""

import json
import re
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import Relation
from medallion_local.databricks_sql.catalog.formats import require_delta
from medallion_local.databricks_sql.commits import data_file, durable
from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.delta_log import log, time_travel
from medallion_local.databricks_sql.engine import Result, result_of
from medallion_local.databricks_sql.language.dialect import parse, quoted
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader

_SIZES = pa.struct(
    [
        ("min", pa.int64()),
        ("max", pa.int64()),
        ("avg", pa.float64()),
        ("totalFiles", pa.int64()),
        ("totalSize", pa.int64()),
    ]
)
_OPTIMIZED = pa.struct(
    [
        ("numFilesAdded", pa.int64()),
        ("numFilesRemoved", pa.int64()),
        ("filesAdded", _SIZES),
        ("filesRemoved", _SIZES),
        ("partitionsOptimized", pa.int64()),
        ("numBatches", pa.int64()),
        ("totalConsideredFiles", pa.int64()),
        ("totalFilesSkipped", pa.int64()),
        ("preserveInsertionOrder", pa.bool_()),
    ]
)
_RESTORED = (
    "table_size_after_restore",
    "num_of_files_after_restore",
    "num_removed_files",
    "num_restored_files",
    "removed_files_size",
    "restored_files_size",
)
_DEFAULT_HOURS = 168
_HOURS = {"hour": 1, "day": 24, "week": 168, "minute": 1 / 60, "second": 1 / 3600}


def table_of(context: Context, parts: tuple[str, ...]) -> Relation:
    """The table of that name. Raises for a view."""
    relation = context.relation(parts)
    require_delta(relation, "OPTIMIZE, VACUUM or RESTORE")
    if relation.is_view:
        raise SqlError(
            f"[EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE] {relation.full_name} is a view, not a table."
        )
    return relation


def optimize(context: Context, sql: str) -> Result:
    """OPTIMIZE table [FULL] [WHERE partitions] [ZORDER BY (columns)].

    A clustered table is sorted by its columns. Without new data since the last OPTIMIZE nothing is
    committed.
    """
    reader = Reader(sql)
    reader.expect("OPTIMIZE")
    relation = table_of(context, reader.name())
    full = reader.take("FULL")
    condition = reader.until("ZORDER") if reader.take("WHERE") else ""
    ordered: list[str] = []
    if reader.take("ZORDER", "BY"):
        ordered = reader.strings() if reader.sees("(") else [reader.identifier()]
    reader.finish()
    _check_optimize(relation, ordered, condition, full)
    columns = ordered or relation.clustered_by
    folder = relation.location
    with context.storage.lock(folder), durable(folder):
        table = DeltaTable(folder)
        before = table.version()
        metrics: dict = {}
        filters = _partition_filters(relation, condition) if condition else None
        operation = log.Operation(
            "OPTIMIZE",
            {
                "predicate": json.dumps([condition] if condition else []),
                "zOrderBy": json.dumps(ordered),
                "clusterBy": json.dumps(relation.clustered_by),
                "auto": "false",
            },
        )
        label = operation.properties()
        if columns and table.get_add_actions().num_rows:
            if full or ordered or _changed_since_optimize(folder):
                metrics = table.optimize.z_order(columns, filters, commit_properties=label)
        elif not columns:
            metrics = table.optimize.compact(filters, commit_properties=label)
        if DeltaTable(folder).version() == before:
            metrics = {}
    return _optimized(relation, metrics)


def _check_optimize(relation: Relation, ordered: list[str], condition: str, full: bool) -> None:
    known = {column.name.lower() for column in relation.columns}
    parted = {name.lower() for name in relation.partitioned_by}
    clustered = relation.clustered_by or relation.cluster_auto
    for name in ordered:
        if name.lower() not in known:
            raise SqlError(
                f"[DELTA_ZORDERING_COLUMN_DOES_NOT_EXIST] Z-Ordering column {name} does not exist "
                f"in the schema of {relation.full_name}."
            )
        if name.lower() in parted:
            raise SqlError(
                f"[DELTA_ZORDERING_ON_PARTITION_COLUMN] {name} is a partition column. "
                "Z-Ordering can only be performed on data columns."
            )
    if clustered and ordered:
        raise SqlError(
            "[DELTA_CLUSTERING_WITH_ZORDER_BY] OPTIMIZE command for Delta table with Liquid "
            "clustering cannot specify ZORDER BY. Please remove ZORDER BY."
        )
    if clustered and condition:
        raise SqlError(
            "[DELTA_CLUSTERING_WITH_PARTITION_PREDICATE] OPTIMIZE command for Delta table with "
            "Liquid clustering doesn't support partition predicates. Please remove the predicates."
        )
    if full and not clustered:
        raise SqlError(
            "[DELTA_OPTIMIZE_FULL_NOT_SUPPORTED] OPTIMIZE FULL is only supported for clustered "
            "tables with non-empty clustering columns."
        )


def _partition_filters(relation: Relation, condition: str) -> list[tuple[str, str, object]]:
    """`a = 1 AND b = 'x'` over partition columns as delta-rs's filters."""
    from sqlglot import exp

    tree = parse(f"SELECT 1 WHERE {condition}").args["where"].this
    parted = {name.lower(): name for name in relation.partitioned_by}
    found: list[tuple[str, str, object]] = []
    for part in tree.flatten() if isinstance(tree, exp.And) else [tree]:
        column = part.this
        if not isinstance(column, exp.Column) or column.name.lower() not in parted:
            raise SqlError(
                f"[DELTA_NON_PARTITION_COLUMN_REFERENCE] Predicate references non-partition column "
                f"in: {condition}. Only the partition columns may be referenced: "
                f"[{', '.join(relation.partitioned_by)}]."
            )
        symbol = {exp.EQ: "=", exp.NEQ: "!=", exp.GT: ">", exp.GTE: ">=", exp.LT: "<"} | {
            exp.LTE: "<="
        }
        if type(part) not in symbol or not isinstance(part.expression, exp.Literal):
            raise unsupported(f"OPTIMIZE … WHERE {condition} (compare with a literal)")
        found.append((parted[column.name.lower()], symbol[type(part)], part.expression.name))
    return found


def _changed_since_optimize(folder: str) -> bool:
    for commit in log.commits(folder):
        if commit.operation == "OPTIMIZE":
            return False
        if commit.added:
            return True
    return False


def _optimized(relation: Relation, metrics: dict) -> Result:
    shown: dict[str, object] = {
        field.name: metrics.get(field.name, 0)
        for field in _OPTIMIZED
        if not pa.types.is_struct(field.type)
    }
    shown["preserveInsertionOrder"] = False
    for name in ("filesAdded", "filesRemoved"):
        text = metrics.get(name)
        sizes = json.loads(text) if isinstance(text, str) else text
        shown[name] = sizes or {"avg": 0.0, "totalFiles": 0, "totalSize": 0}
    row = {"path": relation.external_url or relation.location, "metrics": shown}
    schema = pa.schema([("path", pa.string()), ("metrics", _OPTIMIZED)])
    return result_of(pa.Table.from_pylist([row], schema=schema))


def vacuum(context: Context, sql: str) -> Result:
    """VACUUM table [FULL | LITE] [RETAIN n HOURS] [DRY RUN]: removes files out of use."""
    reader = Reader(sql)
    reader.expect("VACUUM")
    relation = table_of(context, reader.name())
    hours: float | None = None
    dry = False
    while not reader.at_end:
        if reader.take("RETAIN"):
            hours = float(reader.identifier())
            reader.expect("HOURS")
        elif reader.take("DRY", "RUN"):
            dry = True
        elif not (reader.take("FULL") or reader.take("LITE")):
            raise unsupported(sql)
    kept = _retention(relation)
    if hours is not None and hours < kept:
        raise SqlError(
            "[DELTA_VACUUM_RETENTION_PERIOD_TOO_SHORT] Are you sure you would like to vacuum files "
            f"with such a low retention period? Use a value not less than {kept:g} hours, or lower "
            "the table's delta.deletedFileRetentionDuration."
        )
    folder = relation.location
    with context.storage.lock(folder), durable(folder):
        found = DeltaTable(folder).vacuum(
            retention_hours=int(kept if hours is None else hours),
            dry_run=dry,
            enforce_retention_duration=False,
            full=True,
        )
    root = relation.external_url or folder
    paths = [f"{root}/{path}" for path in sorted(found)] if dry else [root]
    return result_of(pa.table({"path": pa.array(paths, pa.string())}))


def _retention(relation: Relation) -> float:
    """The hours for which the table keeps removed files."""
    text = relation.properties.get("delta.deletedFileRetentionDuration", "").lower()
    found = re.search(r"(\d+)\s*(second|minute|hour|day|week)s?", text)
    return int(found[1]) * _HOURS[found[2]] if found else _DEFAULT_HOURS


def restore(context: Context, sql: str) -> Result:
    """RESTORE [TABLE] name [TO] VERSION | TIMESTAMP AS OF …"""
    reader = Reader(sql)
    reader.expect("RESTORE")
    reader.take("TABLE")
    relation = table_of(context, reader.name())
    reader.take("TO")
    folder = relation.location
    with context.storage.lock(folder):
        version = time_travel.version_in(context.engine, reader, folder)
        reader.finish()
        now = DeltaTable(folder)
        before, wanted = log.files_at(folder, now.version()), log.files_at(folder, version)
        missing = [path for path in wanted if not data_file(Path(folder), path).exists()]
        if missing:
            raise SqlError(
                f"[DELTA_CANNOT_RESTORE_TABLE_VERSION] Cannot restore table to version {version}: "
                f"{len(missing)} of its files were removed by VACUUM."
            )
        operation = log.Operation("RESTORE", {"version": str(version), "timestamp": ""})
        with durable(folder):
            now.restore(version, commit_properties=operation.properties())
        columns = storage.adopted(relation.columns, folder)
        if columns != relation.columns:
            context.catalog.change(relation.key, columns=columns)
    removed = [add["size"] for path, add in before.items() if path not in wanted]
    restored = [add["size"] for path, add in wanted.items() if path not in before]
    sizes = sum(add["size"] for add in wanted.values())
    numbers = (sizes, len(wanted), len(removed), len(restored), sum(removed), sum(restored))
    return result_of(
        pa.table(
            {
                name: pa.array([number], pa.int64())
                for name, number in zip(_RESTORED, numbers, strict=True)
            }
        )
    )


def analyze(context: Context, sql: str) -> Result:
    """ANALYZE TABLE name [PARTITION …] COMPUTE STATISTICS …: counted, and shown by DESCRIBE."""
    reader = Reader(sql)
    reader.expect("ANALYZE")
    if not reader.take("TABLE"):
        raise unsupported(sql)
    relation = table_of(context, reader.name())
    if reader.take("PARTITION"):
        raise unsupported(sql)
    if reader.take("COMPUTE", "DELTA", "STATISTICS"):
        reader.finish()
        return done()
    reader.expect("COMPUTE", "STATISTICS")
    scan = not reader.take("NOSCAN")
    if reader.take("FOR"):
        _check_listed(relation, reader, sql)
    reader.finish()
    table = DeltaTable(relation.location)
    size = sum(pa.table(table.get_add_actions(flatten=True)).column("size_bytes").to_pylist())
    text = f"{size} bytes"
    if scan:
        count = parse(f"SELECT count(*) AS n FROM delta.{quoted(relation.location)}")
        text += f", {context.query(count).rows()[0]['n']} rows"
    context.catalog.change(relation.key, statistics=text)
    return done()


def _check_listed(relation: Relation, reader: Reader, sql: str) -> None:
    if reader.take("ALL", "COLUMNS"):
        return
    reader.expect("COLUMNS")
    known = {column.name.lower() for column in relation.columns}
    while not reader.at_end:
        name = reader.identifier()
        if name.lower() not in known:
            raise SqlError(
                f"[COLUMN_NOT_FOUND] The column `{name}` cannot be found in {relation.full_name}."
            )
        if not reader.take(",") and not reader.at_end:
            raise unsupported(sql)
