"""A Delta log parsed from its files, without any Delta library.

Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

Action = Mapping[str, Any]
ACTIONS = ("protocol", "metaData", "add", "remove")


@dataclass(frozen=True)
class Log:
    """The newest protocol and metadata, the `add` of each live file, and the v2 checkpoints."""

    protocol: Action
    metadata: Action
    adds: tuple[Action, ...]
    v2_checkpoints: tuple[str, ...]

    @cached_property
    def features(self) -> set[str]:
        """The table features that readers and writers must support."""
        return {
            *(self.protocol.get("readerFeatures") or ()),
            *(self.protocol.get("writerFeatures") or ()),
        }

    @cached_property
    def configuration(self) -> dict[str, str]:
        """The table properties that writers must follow."""
        return dict(self.metadata.get("configuration") or {})

    @cached_property
    def fields(self) -> list[Action]:
        """The columns: `name`, `type`, `nullable`, `metadata`."""
        return json.loads(self.metadata["schemaString"])["fields"]


class LogError(Exception):
    """The folder has no Delta log, or versions are missing in the log."""


def read_log(folder: Path) -> Log:
    """The log of the table in `folder`, reduced to its newest version."""
    log = folder / "_delta_log"
    commits = sorted(file for file in log.glob("*.json") if file.stem.isdigit())
    checkpoints = [
        file for file in log.glob("*.checkpoint*") if file.suffix in (".parquet", ".json")
    ]
    v2 = tuple(sorted(file.name for file in checkpoints if not _is_classic(file)))
    classic = [file for file in checkpoints if _is_classic(file)]
    last = max((_version(file) for file in classic), default=-1)
    parts = [file for file in classic if _version(file) == last]
    rest = [file for file in commits if _version(file) > last]
    if not parts and not rest:
        raise LogError("has no _delta_log with a commit")
    whole = [_version(file) for file in rest] == list(range(last + 1, last + 1 + len(rest)))
    # With v2 checkpoints older commits may have been removed; the remaining ones are sufficient.
    if not whole and not v2:
        raise LogError(f"has no commit in its log for the version after {last}")
    return _folded(v2, [*_checkpointed(parts), *(a for file in rest for a in _lines(file))])


def _version(file: Path) -> int:
    return int(file.name.split(".")[0])


def _is_classic(file: Path) -> bool:
    """`N.checkpoint.parquet`, or a part `N.checkpoint.n.of.parquet` of one; v2 has a UUID there."""
    middle = file.name.split(".")[2:-1]
    return file.suffix == ".parquet" and all(part.isdigit() for part in middle)


def _lines(file: Path) -> Iterator[Action]:
    for line in file.read_text().splitlines():
        if line.strip():
            yield json.loads(line)


def _checkpointed(parts: list[Path]) -> Iterator[Action]:
    for file in parts:
        known = [name for name in pq.read_schema(file).names if name in ACTIONS]
        for row in pq.read_table(file, columns=known).to_pylist(maps_as_pydicts="lossy"):
            yield {name: value for name, value in row.items() if value is not None}


def _folded(v2: tuple[str, ...], actions: list[Action]) -> Log:
    protocol: Action = {}
    metadata: Action = {}
    adds: dict[str, Action] = {}
    for action in actions:
        protocol = action.get("protocol", protocol)
        metadata = action.get("metaData", metadata)
        if "add" in action:
            adds[action["add"]["path"]] = action["add"]
        if "remove" in action:
            adds.pop(action["remove"]["path"], None)
    if not metadata and not v2:
        raise LogError("has a log without metadata")
    return Log(protocol, metadata or {"schemaString": '{"fields": []}'}, tuple(adds.values()), v2)
