"""Delta tables in a folder: delta-rs writes them, then tests append log entries by hand."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from medallion.serving.contract import Column, Table

ROWS = pa.table(
    {
        "day": pa.array([1, 2], pa.int32()).cast(pa.date32()),
        "country": ["Chile", "Åland"],
        "plays": pa.array([3, None], pa.int64()),
        "_is_deleted": [False, False],
    }
)
MART = Table(
    "mart",
    "gold",
    "Plays.",
    (
        Column("day", "date", "The day."),
        Column("country", "string", "The country.", 6),
        Column("plays", "bigint", "The plays."),
        Column("_is_deleted", "boolean", "False."),
    ),
)


def plain(lake: Path, rows: pa.Table = ROWS, **options: Any) -> Path:
    """Write a table that every Delta reader can read. Returns its folder."""
    folder = MART.folder(lake)
    write_deltalake(str(folder), rows, **options)
    return folder


def commit(folder: Path, *actions: dict[str, Any]) -> None:
    """Append a version to the log."""
    log = folder / "_delta_log"
    version = max(int(file.stem) for file in log.glob("*.json")) + 1
    text = "\n".join(json.dumps(action) for action in actions)
    (log / f"{version:020d}.json").write_text(text + "\n")


def last(folder: Path, kind: str) -> dict[str, Any]:
    """The newest action of a kind, such as `metaData`."""
    found = {}
    for file in sorted((folder / "_delta_log").glob("*.json")):
        for line in file.read_text().splitlines():
            found |= {kind: json.loads(line).get(kind)} if kind in json.loads(line) else {}
    return found[kind]


def configure(folder: Path, **properties: str) -> None:
    """Commit table properties. Underscores in their names stand for dots."""
    metadata = last(folder, "metaData")
    named = {name.replace("_", "."): value for name, value in properties.items()}
    configuration = metadata["configuration"] | named
    commit(folder, {"metaData": metadata | {"configuration": configuration}})


def retype(folder: Path, column: str, kind: Any) -> None:
    """Commit another type for a column, in the log only."""
    metadata = last(folder, "metaData")
    schema = json.loads(metadata["schemaString"])
    for field in schema["fields"]:
        if field["name"] == column:
            field["type"] = kind
    commit(folder, {"metaData": metadata | {"schemaString": json.dumps(schema)}})


def protocol(folder: Path, reader: int, *features: str, readers: tuple[str, ...] = ()) -> None:
    """Commit a protocol: the reader version, features of writers, and features of readers."""
    reported: dict[str, Any] = {"minReaderVersion": reader, "minWriterVersion": 7}
    reported["writerFeatures"] = [*features, *readers]
    if reader == 3:
        reported["readerFeatures"] = [*readers]
    commit(folder, {"protocol": reported})
