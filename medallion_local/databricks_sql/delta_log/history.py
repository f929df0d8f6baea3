"""DESCRIBE HISTORY and DESCRIBE DETAIL, with Databricks' columns.

Sources: https://docs.databricks.com/delta/history.html and
https://docs.databricks.com/delta/table-details.html
"""

from datetime import UTC, datetime

import pyarrow as pa
from deltalake import DeltaTable

from medallion_local.databricks_sql.catalog import Relation
from medallion_local.databricks_sql.catalog.formats import require_delta
from medallion_local.databricks_sql.delta_log import log
from medallion_local.databricks_sql.language.errors import SqlError

_USER = "local"
_TIME = pa.timestamp("us", "UTC")
_TEXTS = pa.map_(pa.string(), pa.string())
_HISTORY = pa.schema(
    [
        ("version", pa.int64()),
        ("timestamp", _TIME),
        ("userId", pa.string()),
        ("userName", pa.string()),
        ("operation", pa.string()),
        ("operationParameters", _TEXTS),
        (
            "job",
            pa.struct(
                [
                    (name, pa.string())
                    for name in ("jobId", "jobName", "jobRunId", "runId", "jobOwnerId")
                ]
                + [("triggerType", pa.string())]
            ),
        ),
        ("notebook", pa.struct([("notebookId", pa.string())])),
        ("clusterId", pa.string()),
        ("readVersion", pa.int64()),
        ("isolationLevel", pa.string()),
        ("isBlindAppend", pa.bool_()),
        ("operationMetrics", _TEXTS),
        ("userMetadata", pa.string()),
        ("engineInfo", pa.string()),
    ]
)
_DETAIL = pa.schema(
    [
        ("format", pa.string()),
        ("id", pa.string()),
        ("name", pa.string()),
        ("description", pa.string()),
        ("location", pa.string()),
        ("createdAt", _TIME),
        ("lastModified", _TIME),
        ("partitionColumns", pa.list_(pa.string())),
        ("clusteringColumns", pa.list_(pa.string())),
        ("numFiles", pa.int64()),
        ("sizeInBytes", pa.int64()),
        ("properties", _TEXTS),
        ("minReaderVersion", pa.int32()),
        ("minWriterVersion", pa.int32()),
        ("tableFeatures", pa.list_(pa.string())),
        ("statistics", _TEXTS),
        ("clusterByAuto", pa.bool_()),
    ]
)
# The writer version that has a feature, if the table has no list of features.
_LEGACY = {
    "appendOnly": 2,
    "invariants": 2,
    "checkConstraints": 3,
    "changeDataFeed": 4,
    "generatedColumns": 4,
    "columnMapping": 5,
    "identityColumns": 6,
}
_WITH_LIST = 7
_FEATURES = {
    "delta.enableChangeDataFeed": "changeDataFeed",
    "delta.enableTypeWidening": "typeWidening",
    "delta.enableDeletionVectors": "deletionVectors",
    "delta.enableRowTracking": "rowTracking",
    "delta.enableInCommitTimestamps": "inCommitTimestamp",
}


def history(relation: Relation) -> pa.Table:
    """The table's commits, the newest first."""
    _require_table(relation)
    require_delta(relation, "DESCRIBE HISTORY")
    rows = [
        {
            "version": commit.version,
            "timestamp": commit.time,
            "userId": _USER,
            "userName": _USER,
            "operation": commit.operation,
            "operationParameters": list(commit.parameters.items()),
            "readVersion": commit.version - 1 if commit.version else None,
            "isolationLevel": "WriteSerializable",
            "isBlindAppend": _appends(commit),
            "operationMetrics": list(commit.metrics.items()),
            "engineInfo": commit.info.get("engineInfo"),
        }
        for commit in log.commits(relation.location)
    ]
    return pa.Table.from_pylist(rows, schema=_HISTORY)


def detail(relation: Relation) -> pa.Table:
    """One row about the table."""
    _require_table(relation)
    table = DeltaTable(relation.location)
    files = pa.table(table.get_add_actions(flatten=True)).column("size_bytes").to_pylist()
    reader, writer, features = _protocol(relation)
    row = {
        "format": relation.provider,
        "id": str(table.metadata().id),
        "name": relation.full_name,
        "description": relation.comment,
        "location": relation.external_url or relation.location,
        "createdAt": datetime.fromtimestamp(relation.created, UTC),
        "lastModified": log.last_commit(relation.location).time,
        "partitionColumns": table.metadata().partition_columns,
        "clusteringColumns": relation.clustered_by,
        "numFiles": len(files),
        "sizeInBytes": sum(files),
        "properties": sorted(relation.properties.items()),
        "minReaderVersion": reader,
        "minWriterVersion": writer,
        "tableFeatures": features,
        "statistics": [],
        "clusterByAuto": relation.cluster_auto,
    }
    return pa.Table.from_pylist([row], schema=_DETAIL)


def _protocol(relation: Relation) -> tuple[int, int, list[str]]:
    """The reader's and writer's version and the features that Databricks' table would have.

    The files and the log of this warehouse need no feature: it computes such columns itself.
    """
    found = {"appendOnly", "invariants"}
    for key, value in relation.properties.items():
        if key in _FEATURES and value.lower() == "true":
            found.add(_FEATURES[key])
        elif key.startswith("delta.feature."):
            found.add(key.removeprefix("delta.feature."))
        elif key == "delta.columnMapping.mode" and value.lower() != "none":
            found.add("columnMapping")
    if relation.clustered_by or relation.cluster_auto:
        found |= {"clustering", "domainMetadata"}
    if any(constraint.kind == "CHECK" for constraint in relation.constraints):
        found.add("checkConstraints")
    listed = any(feature not in _LEGACY for feature in found)
    writer = _WITH_LIST if listed else max(_LEGACY[feature] for feature in found)
    reader = 1
    if found & {"deletionVectors", "typeWidening"}:
        reader = 3
    elif "columnMapping" in found:
        reader = 2
    return reader, writer, sorted(found)


def _appends(commit: log.Commit) -> bool:
    if "isBlindAppend" in commit.info:
        return bool(commit.info["isBlindAppend"])
    return commit.parameters.get("mode") == "Append"


def _require_table(relation: Relation) -> None:
    if relation.is_view:
        raise SqlError(
            f"[EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE] {relation.full_name} is a view: "
            "it has no Delta log."
        )
