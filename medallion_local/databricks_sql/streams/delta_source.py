"""A Delta table as the source of a stream: the rows that were appended since a version.

A stream reads a snapshot first, then the files of each later commit. It is append-only: a commit
that removes rows is an error, as on Databricks. The rows are read through a folder which has the
table's files under their own names, and a Delta log of its own. So the engine applies the table's
partitions, column mapping and deletion vectors.

Source: https://docs.delta.io/latest/delta-streaming.html#delta-table-as-a-source
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deltalake import DeltaTable

from medallion_local.databricks_sql.catalog import Relation
from medallion_local.databricks_sql.commits import LOG
from medallion_local.databricks_sql.language.errors import SqlError

# It would need a commit timestamp in the copied log.
_IN_COMMIT_TIMESTAMPS = "delta.enableInCommitTimestamps"


@dataclass(frozen=True)
class Position:
    """How far a stream has read: the table's id, and its version."""

    table: str
    version: int


def latest(relation: Relation) -> Position:
    """The table's current position."""
    table = DeltaTable(relation.location)
    return Position(str(table.metadata().id), table.version())


def stage(relation: Relation, since: Position | None, until: Position, folder: Path) -> bool:
    """Make `folder` a Delta table of the rows after `since`. Returns whether there are any.

    Raises if the table is another one than before, or if a commit changed or deleted rows.
    """
    if since is not None and since.table != until.table:
        raise SqlError(
            f"[DIFFERENT_DELTA_TABLE_READ_BY_STREAMING_SOURCE] {relation.full_name} was created "
            "again since the last refresh: run a full refresh of the streaming table."
        )
    source = Path(relation.location)
    for entry in source.iterdir():
        if entry.name != LOG:
            (folder / entry.name).symlink_to(entry)
    log = folder / LOG
    log.mkdir()
    if since is None:
        _link_snapshot(source / LOG, log, until.version)
        return True
    added: list[dict] = []
    for version in range(since.version + 1, until.version + 1):
        added += _appended(relation, version)
    head = _head(source / LOG, relation, until.version)
    lines = "\n".join(json.dumps(action) for action in [*head, *added])
    (log / f"{0:020d}.json").write_text(lines + "\n", encoding="utf-8")
    return bool(added)


def _link_snapshot(source: Path, log: Path, version: int) -> None:
    """Share the log's entries up to a version."""
    for entry in source.iterdir():
        number = entry.name.partition(".")[0]
        if number.isdigit() and int(number) <= version:
            os.link(entry, log / entry.name)


def _appended(relation: Relation, version: int) -> Iterator[dict]:
    """The files that a commit appended. Raises if it removed rows."""
    actions = list(_actions(Path(relation.location) / LOG, version, relation))
    removes = any(one["remove"].get("dataChange", True) for one in actions if "remove" in one)
    adds = [one for one in actions if "add" in one and one["add"].get("dataChange", True)]
    if removes and adds:
        raise SqlError(
            "[DELTA_SOURCE_TABLE_IGNORE_CHANGES] Detected a data update (for example UPDATE, MERGE "
            f"or INSERT OVERWRITE) in {relation.full_name} at version {version}: a stream reads "
            "only appended rows. Run a full refresh of the streaming table."
        )
    if removes:
        raise SqlError(
            f"[DELTA_SOURCE_IGNORE_DELETE] Detected deleted data in {relation.full_name} at "
            f"version {version}: a stream reads only appended rows. Run a full refresh of the "
            "streaming table."
        )
    yield from adds


def _actions(log: Path, version: int, relation: Relation) -> Iterator[dict]:
    file = log / f"{version:020d}.json"
    if not file.exists():
        raise SqlError(
            f"[DELTA_VERSIONS_NOT_CONTIGUOUS] Version {version} of {relation.full_name} is no "
            "longer in its log: run a full refresh of the streaming table."
        )
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def _head(log: Path, relation: Relation, version: int) -> list[dict]:
    """The protocol and the metadata of a version."""
    found: dict[str, dict] = {}
    while len(found) < 2 and version >= 0:
        for action in _actions(log, version, relation):
            for kind in ("protocol", "metaData"):
                if kind in action:
                    found.setdefault(kind, action)
        version -= 1
    found["metaData"]["metaData"].get("configuration", {}).pop(_IN_COMMIT_TIMESTAMPS, None)
    return [found["protocol"], found["metaData"]]
