"""Delta tables with a torn log or data: they go back to the last complete version.

A table's commits are valid up to the first that cannot be read or whose files are missing. That
commit and all later ones are undone: their log entries are moved away. A streaming table's list of
read files has the same numbers, so the next refresh reads those files again.
Source: https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medallion.home import Home
from medallion_local.databricks_sql.commits import LAST_CHECKPOINT, LOG, data_file
from medallion_local.repair.finding import Finding

STREAMING = "STREAMING_TABLE"
BATCHES = "medallion.streaming"  # the application name of source_log.py's commits
_FIRST = 0


@dataclass(frozen=True)
class Table:
    """A table of the catalog."""

    schema: str
    name: str
    kind: str
    folder: Path

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Damage:
    """The first commit to undo (None for none), the reason, and files to remove in any case.

    `stuck` is the reason why the table cannot go back, or ''.
    """

    table: Table
    why: str
    first: int | None
    torn: tuple[Path, ...] = ()
    stuck: str = ""

    @property
    def finding(self) -> Finding:
        """The finding before anything is done."""
        if self.stuck:
            return Finding(f"{self.table}: {self.why}", self.stuck)
        if self.first is None:
            return Finding(f"{self.table}: {self.why}", "would be removed; its log is complete")
        back = "would be created again" if self.first == _FIRST else f"back to {self.first - 1}"
        return Finding(f"{self.table}: {self.why}", f"{back}, then rebuilt")


class _Torn(Exception):
    """A commit that is not complete."""


def trash(home: Home) -> Path:
    """The folder to which undone entries are moved."""
    return home.root / "repair"


def catalog(home: Home) -> list[Table]:
    """The warehouse's tables, read without disturbing a running warehouse."""
    file = home.warehouse / "catalog.sqlite"
    if not file.is_file():
        return []
    with sqlite3.connect(file) as db:
        bodies = [json.loads(body) for (body,) in db.execute("select body from relations")]
    db.close()
    found = [Table(b["schema"], b["name"], b["kind"], home.root / b["location"]) for b in bodies]
    return sorted((t for t in found if t.kind != "VIEW"), key=str)


def find(home: Home) -> Iterator[Damage]:
    """The damaged tables."""
    for table in catalog(home):
        if (damage := examine(home, table)) is not None:
            yield damage


def examine(home: Home, table: Table) -> Damage | None:
    """The damage in a table's folder, or None."""
    log = table.folder / LOG
    entries = _entries(log)
    torn, base = _checkpoints(log)
    whys = [f"{one.name} is torn" for one in torn]
    first, why = _first_torn(log, entries, base)
    while True:
        end = (first if first is not None else max([*entries, base]) + 1) - 1
        if end < max(base, _FIRST):
            first, why = _FIRST, why or "it has no commit"
            break
        bad = _first_without_files(table, entries, base, end)
        if bad is None:
            break
        first, why = bad
    if first is None and not torn:
        return None
    whys += [why] if why else []
    return Damage(
        table, "; ".join(whys), first, tuple(torn), _stuck(home, table, entries, first, base)
    )


def _entries(log: Path) -> dict[int, Path]:
    return {int(one.stem): one for one in log.glob("*.json") if one.stem.isdigit()}


def _checkpoints(log: Path) -> tuple[list[Path], int]:
    """Torn checkpoints and hints, and the version of the newest complete checkpoint, else -1."""
    torn, whole = [], {-1}
    for one in sorted(log.glob("*.checkpoint*.parquet")):
        if _is_parquet(one):
            whole.add(int(one.name.split(".")[0]))
        else:
            torn.append(one)
    hint = log / LAST_CHECKPOINT
    if hint.exists():
        try:
            version = json.loads(hint.read_text(encoding="utf-8"))["version"]
        except (ValueError, KeyError, TypeError):
            version = None
        if version not in whole - {-1}:
            torn.append(hint)
    return torn, max(whole)


def _is_parquet(file: Path) -> bool:
    try:
        pq.read_metadata(file)
    except (OSError, pa.ArrowException):
        return False
    return True


def _first_torn(log: Path, entries: dict[int, Path], base: int) -> tuple[int | None, str]:
    """The first commit after the checkpoint that is missing or cannot be read."""
    for version in range(base + 1, max([*entries, base]) + 1):
        if version not in entries:
            return version, f"the commit {version} is missing"
        try:
            _actions(entries[version])
            _check_batch(log.parent, entries[version])
        except _Torn as error:
            return version, f"the commit {version} is torn: {error}"
    return None, ""


def _actions(entry: Path) -> list[dict[str, Any]]:
    """A commit's actions. Raises `_Torn`."""
    try:
        lines = entry.read_text(encoding="utf-8").splitlines()
        actions = [json.loads(line) for line in lines]
    except ValueError:
        raise _Torn("its entry is truncated or is not JSON") from None
    if not actions or not all(isinstance(one, dict) for one in actions):
        raise _Torn("its entry is empty")
    if int(entry.stem) == _FIRST and not {"metaData", "protocol"} <= {
        k for a in actions for k in a
    }:
        raise _Torn("its entry lacks the table's schema")
    for info in (one["commitInfo"] for one in actions if "commitInfo" in one):
        metrics = info.get("operationMetrics") or {}
        added = metrics.get("num_added_files") if info.get("operation") == "WRITE" else None
        if isinstance(added, int) and added != sum("add" in one for one in actions):
            raise _Torn(f"its entry does not name the {added} files that it added")
    return actions


def _check_batch(table: Path, entry: Path) -> None:
    """Raise `_Torn` unless the list of files that a streaming table's commit read exists."""
    for action in _actions(entry):
        if (number := _batch(action)) is None:
            continue
        try:
            stored = json.loads((table / "_stream" / f"{number:020d}.json").read_text())
            files = stored if isinstance(stored, list) else stored["files"]
            assert all(len(one) == 3 for one in files)
        except (OSError, ValueError, KeyError, TypeError, AssertionError):
            raise _Torn(f"the list of files that batch {number} read is damaged") from None


def _batch(action: dict[str, Any]) -> int | None:
    transaction = action.get("txn") or {}
    return int(transaction["version"]) if transaction.get("appId") == BATCHES else None


def _first_without_files(
    table: Table, entries: dict[int, Path], base: int, end: int
) -> tuple[int, str] | None:
    """The first commit that added a damaged file which the version `end` needs."""
    live: dict[str, tuple[int, int]] = {}  # path → size, version
    if base > -1:
        [checkpoint] = sorted((table.folder / LOG).glob(f"{base:020d}.checkpoint*.parquet"))[:1]
        for row in pq.read_table(checkpoint, columns=["add"])["add"].to_pylist():
            if row:
                live[row["path"]] = (row["size"], _FIRST)
    for version in range(base + 1, end + 1):
        for action in _actions(entries[version]):
            if "remove" in action:
                live.pop(action["remove"]["path"], None)
            if "add" in action:
                live[action["add"]["path"]] = (action["add"]["size"], version)
    bad = []
    for path, (size, version) in live.items():
        file = data_file(table.folder, path)
        if not file.is_file():
            bad.append((version, f"{file.name} is missing"))
        elif file.stat().st_size != size or not _is_parquet(file):
            bad.append((version, f"{file.name} is damaged"))
    return min(bad) if bad else None


def _stuck(home: Home, table: Table, entries: dict[int, Path], first: int | None, base: int) -> str:
    """The reason why a table cannot go back: its rows would be lost. Else ''."""
    if first is None:
        return ""
    if table.schema == "snapshots" and first == _FIRST:
        return "a snapshot's history exists nowhere else: restore its folder from a backup"
    if table.kind != STREAMING:
        return ""
    if first <= base:
        return "only its checkpoint names the files that it read: restore the folder"
    gone = sorted(_taken_files_that_are_gone(home, table, entries, first))
    if not gone:
        return ""
    return f"would lose the rows of {len(gone)} files that are not in the lake ({gone[0]}, …)"


def _taken_files_that_are_gone(
    home: Home, table: Table, entries: dict[int, Path], first: int
) -> Iterator[str]:
    for version, entry in entries.items():
        if version < first:
            continue
        try:
            numbers = [n for one in _actions(entry) if (n := _batch(one)) is not None]
            for number in numbers:
                stored = json.loads((table.folder / "_stream" / f"{number:020d}.json").read_text())
                files = stored if isinstance(stored, list) else stored["files"]
                for url, *_ in files:
                    if not lake_file(home, url).is_file():
                        yield lake_file(home, url).name
        except (_Torn, OSError, ValueError, KeyError):
            continue  # this commit can no longer be read


def lake_file(home: Home, url: str) -> Path:
    """The lake's file for `abfss://container@account.dfs.core.windows.net/path`."""
    container, _, rest = url.partition("://")[2].partition("@")
    return home.lake / container / rest.partition("/")[2]


def undo(home: Home, damage: Damage) -> bool:
    """Move torn entries away. Returns whether the table went back and must be rebuilt."""
    if damage.stuck:
        return False
    log = damage.table.folder / LOG
    kept = trash(home) / f"{damage.table}"
    for file in damage.torn:
        _move(file, kept)
    if damage.first is None:
        return False
    if damage.first == _FIRST:
        _move(damage.table.folder, kept)
        _forget(home, damage.table)
        return True
    for file in log.iterdir():
        number = file.name.split(".")[0]
        if number.isdigit() and int(number) >= damage.first:
            _move(file, kept)
    (log / LAST_CHECKPOINT).unlink(missing_ok=True)
    return True


def _move(path: Path, folder: Path) -> None:
    """Move a file or folder into `folder`, under a new name if an earlier one has its name."""
    folder.mkdir(parents=True, exist_ok=True)
    place, number = folder / path.name, 1
    while place.exists():
        number += 1
        place = folder / f"{path.name}.{number}"
    if path.exists():
        shutil.move(path, place)


def _forget(home: Home, table: Table) -> None:
    with sqlite3.connect(home.warehouse / "catalog.sqlite") as db:
        key = (table.schema, table.name)
        db.execute("delete from relations where schema = ? and name = ?", key)
    db.close()
