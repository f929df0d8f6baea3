"""The history of the report: one JSON file per build.

A file per build, not one file that grows: a Databricks volume accepts no appends, and a report that
is written twice replaces its own record.
"""

import json
import uuid
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from medallion.report.artifacts import Build

FOLDER = "history"
SHOWN = 60  # builds in the charts


@dataclass(frozen=True)
class Record:
    """One build, as later reports need it. Times are UTC texts, `tests` is status and rows by id.

    A figure that the report could not get is missing from its dictionary, or None.
    """

    invocation: str
    command: str
    started_at: str
    ended_at: str
    seconds: float
    landed: int | None = None
    unaccounted: int | None = None
    rules: dict[str, int] = field(default_factory=dict)
    hours_since_check: dict[str, float] = field(default_factory=dict)
    models: dict[str, float] = field(default_factory=dict)
    tests: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def statuses(self) -> dict[str, int]:
        """The number of tests by status."""
        found: dict[str, int] = {}
        for status, _ in self.tests.values():
            found[status] = found.get(status, 0) + 1
        return found


@dataclass(frozen=True)
class History:
    """The records before the current build, oldest first, and the files that are damaged."""

    records: tuple[Record, ...] = ()
    damaged: tuple[str, ...] = ()


def record_of(
    build: Build,
    *,
    landed: int | None,
    unaccounted: int | None,
    rules: dict[str, int],
    hours_since_check: dict[str, float],
) -> Record:
    """The record of a build."""
    return Record(
        build.invocation,
        build.command,
        build.started_at.isoformat(timespec="seconds"),
        build.ended_at.isoformat(timespec="seconds"),
        round(build.seconds, 1),
        landed,
        unaccounted,
        rules,
        hours_since_check,
        {one.name: round(one.seconds, 2) for one in build.models if one.status == "success"},
        {one.unique_id: (one.status, one.failures) for one in build.tests},
    )


def read_history(folder: Path) -> History:
    """The newest records of a report's folder."""
    records, damaged = [], []
    for file in sorted((folder / FOLDER).glob("*.json"))[-SHOWN - 1 :]:
        try:
            records.append(_record(file))
        except (ValueError, TypeError, KeyError, AttributeError):
            damaged.append(file.name)
    return History(tuple(records), tuple(damaged))


def write_record(folder: Path, record: Record) -> None:
    """Add a record, or replace the record of the same build."""
    stamp = "".join(letter for letter in record.ended_at[:19] if letter.isdigit())
    name = f"{stamp}_{record.invocation[:8]}.json"
    replace_text(folder / FOLDER / name, json.dumps(asdict(record), indent=1) + "\n")


def replace_text(file: Path, text: str) -> None:
    """Write a file beside its place and move it there: a reader sees all of it or the old one.

    No fsync, unlike `medallion.atomic`: a volume may not have it, and a report is easily repeated.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{uuid.uuid4().hex}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def _record(file: Path) -> Record:
    document = json.loads(file.read_text(encoding="utf-8"))
    known = {one.name for one in fields(Record)}
    record = Record(**{name: value for name, value in document.items() if name in known})
    tests = {name: (str(found[0]), int(found[1])) for name, found in record.tests.items()}
    float(record.seconds), record.models.items(), record.rules.items()
    return Record(**{**asdict(record), "tests": tests})
