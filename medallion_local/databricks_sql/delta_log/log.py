"""A table's Delta log: its commits, and the files of one version.

Source: https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
from deltalake import CommitProperties

from medallion_local.databricks_sql.commits import LOG
from medallion_local.databricks_sql.language.errors import SqlError

# delta-rs fixes the operation's name of its commits, so Databricks' name is in keys of its own.
_NAME, _PARAMETERS = "databricksOperation", "databricksParameters"
_COPIED, _COUNTED = "databricksCopiedFiles", "databricksMetrics"
_CHECKPOINT = ".checkpoint.parquet"
_METRICS = {
    "num_added_files": "numFiles",
    "num_removed_files": "numRemovedFiles",
    "num_added_rows": "numOutputRows",
    "execution_time_ms": "executionTimeMs",
}
_NOT_METRICS = {"num_partitions", "num_retries"}


@dataclass(frozen=True)
class Operation:
    """A commit's operation as DESCRIBE HISTORY shows it, and the files that COPY INTO read.

    `metrics` are those that delta-rs does not count.
    """

    name: str
    parameters: dict[str, str] = field(default_factory=dict)
    copied: tuple[str, ...] = ()
    metrics: dict[str, int] = field(default_factory=dict)

    @property
    def label(self) -> dict[str, str]:
        """The keys of `commitInfo` that hold it."""
        label = {_NAME: self.name, _PARAMETERS: json.dumps(self.parameters)}
        if self.metrics:
            label[_COUNTED] = json.dumps(self.metrics)
        return label | ({_COPIED: json.dumps(self.copied)} if self.copied else {})

    def properties(self) -> CommitProperties:
        """delta-rs's argument that writes it."""
        return CommitProperties(custom_metadata=self.label)


@dataclass(frozen=True)
class Commit:
    """One version of a table."""

    version: int
    info: dict
    added: list[dict]

    @property
    def milliseconds(self) -> int:
        """The time of the commit."""
        return int(self.info.get("timestamp") or 0)

    @property
    def time(self) -> datetime:
        """The time of the commit."""
        return datetime.fromtimestamp(self.milliseconds / 1000, UTC)

    @property
    def operation(self) -> str:
        """Databricks' name of the operation."""
        return self.info.get(_NAME) or self.info.get("operation", "")

    @property
    def parameters(self) -> dict[str, str]:
        """The operation's parameters as texts."""
        own = self.info.get(_PARAMETERS)
        found = json.loads(own) if own else self.info.get("operationParameters") or {}
        return {key: _text(value) for key, value in found.items()}

    @property
    def metrics(self) -> dict[str, str]:
        """The operation's metrics under Databricks' names."""
        found = {
            _METRICS.get(key, key): _text(value)
            for key, value in (self.info.get("operationMetrics") or {}).items()
            if key not in _NOT_METRICS
        }
        own = json.loads(self.info.get(_COUNTED, "{}"))
        found |= {key: _text(value) for key, value in own.items()}
        if "numFiles" in found and "numOutputRows" in found:
            found.setdefault("numOutputBytes", str(sum(file["size"] for file in self.added)))
        return found


def commits(folder: str) -> list[Commit]:
    """The commits whose log entries exist, the newest first."""
    return [_commit(entry) for entry in reversed(_entries(folder))]


def copied(folder: str) -> set[str]:
    """The files that COPY INTO has read since the table was created."""
    found: set[str] = set()
    for commit in commits(folder):
        found |= set(json.loads(commit.info.get(_COPIED, "[]")))
        if commit.operation.startswith("CREATE"):
            break
    return found


def last_commit(folder: str) -> Commit:
    """The newest commit."""
    return _commit(_entries(folder)[-1])


def metric(folder: str, *names: str) -> int | None:
    """The sum of these metrics of the newest commit; None if it has none of them."""
    metrics = last_commit(folder).metrics
    found = [int(metrics[name]) for name in names if name in metrics]
    return sum(found) if found else None


def require_version(folder: str, version: int) -> int:
    """`version`, if the table has it. Raises otherwise."""
    known = [int(entry.stem) for entry in _entries(folder)]
    if not known[0] <= version <= known[-1]:
        raise SqlError(
            f"[DELTA_VERSION_NOT_FOUND] Cannot time travel Delta table to version {version}. "
            f"Available versions: [{known[0]}, {known[-1]}]."
        )
    return version


def version_at(folder: str, when: datetime, after: bool = False) -> int:
    """The last version committed at or before `when`; with `after`, the first one at or after it.

    Raises for a time before the first or after the last commit, as Databricks does.
    """
    known = list(reversed(commits(folder)))
    shown = when.strftime("%Y-%m-%d %H:%M:%S.%f").rstrip("0").rstrip(".")
    if when > known[-1].time:
        raise SqlError(
            f"[DELTA_TIMESTAMP_GREATER_THAN_COMMIT] The provided timestamp ({shown}) is after the "
            f"latest version available to this table ({known[-1].time:%Y-%m-%d %H:%M:%S}). "
            "Please use a timestamp before or at it."
        )
    if after:
        return next(commit.version for commit in known if commit.time >= when)
    if when < known[0].time:
        raise SqlError(
            f"[DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION] The provided timestamp ({shown}) is "
            "before the earliest version available to this table "
            f"({known[0].time:%Y-%m-%d %H:%M:%S}). Please use a timestamp after it."
        )
    return max(commit.version for commit in known if commit.time <= when)


def actions(folder: str, version: int) -> Iterator[dict]:
    """The actions of one commit."""
    text = (Path(folder) / LOG / f"{version:020d}.json").read_text(encoding="utf-8")
    return (json.loads(line) for line in text.splitlines() if line)


def files_at(folder: str, version: int) -> dict[str, dict]:
    """The `add` actions of the files of a version, by path."""
    log = Path(folder) / LOG
    found: dict[str, dict] = {}
    checkpoints = [int(file.name[:20]) for file in log.glob(f"{'[0-9]' * 20}{_CHECKPOINT}")]
    start = max((each for each in checkpoints if each <= version), default=-1)
    if start >= 0:
        for row in pq.read_table(log / f"{start:020d}{_CHECKPOINT}", columns=["add"]).to_pylist():
            if add := row["add"]:
                add["partitionValues"] = dict(add.get("partitionValues") or [])
                found[add["path"]] = add
    for each in range(start + 1, version + 1):
        for action in actions(folder, each):
            if "add" in action:
                found[action["add"]["path"]] = action["add"]
            elif "remove" in action:
                found.pop(action["remove"]["path"], None)
    return found


def _entries(folder: str) -> list[Path]:
    return sorted((Path(folder) / LOG).glob(f"{'[0-9]' * 20}.json"))


def _commit(entry: Path) -> Commit:
    info: dict = {}
    added = []
    for line in entry.read_text(encoding="utf-8").splitlines():
        if line.startswith('{"commitInfo"'):
            info = json.loads(line)["commitInfo"]
        elif line.startswith('{"add"'):
            added.append(json.loads(line)["add"])
    return Commit(int(entry.stem), info, added)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
