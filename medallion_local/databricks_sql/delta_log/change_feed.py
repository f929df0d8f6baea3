"""`table_changes`: the rows that each commit inserted, updated and deleted.

The changes are found from the files that a commit added and removed. Unchanged rows of a rewritten
file cancel out; an UPDATE that leaves a row as it was shows no change.
Source: https://docs.databricks.com/delta/delta-change-data-feed.html
"""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from medallion_local.databricks_sql.catalog import Relation
from medallion_local.databricks_sql.commits import data_file
from medallion_local.databricks_sql.delta_log import log
from medallion_local.databricks_sql.language.errors import SqlError, unsupported

PROPERTY = "delta.enableChangeDataFeed"
_MORE = (
    pa.field("_change_type", pa.string()),
    pa.field("_commit_version", pa.int64()),
    pa.field("_commit_timestamp", pa.timestamp("us", "UTC")),
)
_RESHAPES = ("RENAME COLUMN", "DROP COLUMNS", "CHANGE COLUMN")
Row = tuple
Change = tuple[str, Row]


def changes(relation: Relation, schema: pa.Schema, start: int, end: int | None) -> pa.Table:
    """The changed rows of the versions from `start` to `end`, with Databricks' three columns."""
    known = {commit.version: commit for commit in log.commits(relation.location)}
    latest = max(known)
    last = latest if end is None else min(end, latest)
    if start > latest:
        raise SqlError(
            f"[DELTA_INVALID_CDC_RANGE] CDC range from start {start} is invalid: the last version "
            f"of {relation.full_name} is {latest}."
        )
    if start > last:
        raise SqlError(
            f"[DELTA_INVALID_CDC_RANGE] CDC range from start {start} to end {end} was invalid. End "
            "cannot be before start."
        )
    first = _enabled(known)
    if first is None or start < first or start not in known:
        raise SqlError(
            f"[DELTA_MISSING_CHANGE_DATA] Error getting change data for range [{start}, {last}] as "
            f"change data was not recorded for version [{start}]. If you've enabled change data "
            "feed on this table, use `DESCRIBE HISTORY` to see when it was first enabled."
        )
    plain = pa.schema([pa.field(f.name, f.type) for f in schema])
    rows: list[dict] = []
    for version in range(start, last + 1):
        commit = known[version]
        for kind, row in _of_commit(relation, commit, plain):
            found = dict(zip(plain.names, row, strict=True))
            rows.append(
                found
                | {
                    "_change_type": kind,
                    "_commit_version": version,
                    "_commit_timestamp": commit.time,
                }
            )
    return pa.Table.from_pylist(rows, schema=pa.schema([*plain, *_MORE]))


def _enabled(known: dict[int, log.Commit]) -> int | None:
    """The version from which on changes are recorded without a gap."""
    since = None
    for version in sorted(known):
        commit = known[version]
        names = commit.parameters.get("properties", "")
        if PROPERTY not in names:
            if commit.operation.startswith("CREATE"):
                since = None
            continue
        values = json.loads(names)
        on = isinstance(values, dict) and values.get(PROPERTY, "").lower() == "true"
        since = (version if since is None else since) if on else None
    return since


def _of_commit(relation: Relation, commit: log.Commit, schema: pa.Schema) -> list[Change]:
    actions = list(log.actions(relation.location, commit.version))
    added = [a["add"] for a in actions if "add" in a and a["add"].get("dataChange", True)]
    removed = [
        a["remove"] for a in actions if "remove" in a and a["remove"].get("dataChange", True)
    ]
    if not added and not removed:
        return []
    if commit.operation in _RESHAPES:
        raise SqlError(
            "[DELTA_CHANGE_DATA_FEED_INCOMPATIBLE_DATA_SCHEMA] Retrieving table changes between "
            f"versions that include {commit.version} failed: {commit.operation} changed the schema "
            f"of {relation.full_name}."
        )
    before, after = (_rows(relation, files, schema) for files in (removed, added))
    replaces = commit.operation == "WRITE" and "predicate" not in commit.parameters
    if replaces or commit.operation.startswith("CREATE"):
        return [("delete", row) for row in before] + [("insert", row) for row in after]
    gone = list((Counter(before) - Counter(after)).elements())
    come = list((Counter(after) - Counter(before)).elements())
    if commit.operation == "UPDATE":
        return _pairs(gone, come)
    if commit.operation == "MERGE" and int(commit.metrics.get("numTargetRowsUpdated", 0)):
        return _merged(relation, commit, schema, gone, come)
    return [("delete", row) for row in gone] + [("insert", row) for row in come]


def _pairs(before: list[Row], after: list[Row]) -> list[Change]:
    return [("update_preimage", row) for row in before] + [
        ("update_postimage", row) for row in after
    ]


def _merged(
    relation: Relation, commit: log.Commit, schema: pa.Schema, gone: list[Row], come: list[Row]
) -> list[Change]:
    """A MERGE's changes. A removed and an added row with equal keys of its ON clause are a pair."""
    others = ("numTargetRowsInserted", "numTargetRowsDeleted")
    if not any(int(commit.metrics.get(name, 0)) for name in others):
        return _pairs(gone, come)
    text = " ".join(
        value
        for name, value in commit.parameters.items()
        if name in ("mergePredicate", "predicate")
    )
    words = {word.lower() for word in re.findall(r"\w+", text)}
    keys = [place for place, name in enumerate(schema.names) if name.lower() in words]
    new: dict[Row, list[Row]] = defaultdict(list)
    for row in come:
        new[tuple(row[place] for place in keys)].append(row)
    before, after, deleted = [], [], []
    for row in gone:
        same = new.get(tuple(row[place] for place in keys))
        if same:
            before.append(row)
            after.append(same.pop())
        else:
            deleted.append(row)
    inserted = [row for rows in new.values() for row in rows]
    counts = (len(inserted), len(deleted))
    if not keys or counts != tuple(int(commit.metrics.get(name, 0)) for name in others):
        raise unsupported(
            f"table_changes over version {commit.version} of {relation.full_name}, whose MERGE "
            "changed its own keys"
        )
    return (
        [("delete", row) for row in deleted]
        + _pairs(before, after)
        + [("insert", row) for row in inserted]
    )


def _rows(relation: Relation, files: list[dict], schema: pa.Schema) -> list[Row]:
    found: list[Row] = []
    for file in files:
        path = data_file(Path(relation.location), file["path"])
        try:
            table = pq.ParquetFile(path).read()
        except FileNotFoundError:
            raise SqlError(
                f"[DELTA_CHANGE_DATA_FILE_NOT_FOUND] File {path} of {relation.full_name} cannot be "
                "found: VACUUM removed it."
            ) from None
        found += zip(*(column.to_pylist() for column in _columns(table, file, schema)), strict=True)
    return [tuple(_hashable(value) for value in row) for row in found]


def _columns(table: pa.Table, file: dict, schema: pa.Schema) -> list[pa.ChunkedArray | pa.Array]:
    values = file.get("partitionValues") or {}
    columns = []
    for field in schema:
        if field.name in values:
            text = pa.array([values[field.name]] * table.num_rows, pa.string())
            columns.append(_cast(text, field.type))
        elif field.name in table.column_names:
            columns.append(table.column(field.name).cast(field.type))
        else:
            columns.append(pa.nulls(table.num_rows, field.type))
    return columns


def _cast(text: pa.Array, kind: pa.DataType) -> pa.Array:
    """A partition's value, as the log writes it, in its column's type."""
    if pa.types.is_timestamp(kind) and kind.tz:
        return pc.assume_timezone(text.cast(pa.timestamp("us")), "UTC").cast(kind)
    return text.cast(kind)


def _hashable(value: object) -> object:
    if isinstance(value, list | dict):
        raise unsupported("table_changes of a table with arrays, maps or structs")
    return value
