"""Collects what the report says: dbt's artifacts, the lakehouse's answers, and the history."""

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from medallion.errors import MedallionError
from medallion.expectations import Rule, read_rules
from medallion.quarantine import counts_of
from medallion.report.artifacts import Build, Manifest, read_build, read_manifest
from medallion.report.failing_rows import failing_rows
from medallion.report.history import History, Record, read_history, record_of
from medallion.report.queries import Rows, ask

if TYPE_CHECKING:
    from databricks.sql.client import Connection

OUTCOMES = (
    *("before_images", "redelivered", "applied", "deleted"),
    *("collapsed", "superseded", "quarantined"),
)
SHOWN_TESTS = 20  # tests whose failing rows are queried
Found = TypeVar("Found")


@dataclass
class Facts:
    """Everything that the page shows. What could not be had is in `missing`, with its reason."""

    written_at: dt.datetime
    build: Build | None = None
    manifest: Manifest = field(default_factory=lambda: Manifest({}))
    answers: dict[str, Rows] = field(default_factory=dict)
    rules: dict[Rule, int] = field(default_factory=dict)
    failing: dict[str, Rows] = field(default_factory=dict)
    history: History = field(default_factory=History)
    record: Record | None = None
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def records(self) -> list[Record]:
        """The history with the current build at its end."""
        here = [self.record] if self.record else []
        known = {one.invocation for one in here}
        return [*(one for one in self.history.records if one.invocation not in known), *here]

    @property
    def previous(self) -> Record | None:
        """The build before this one."""
        before = self.records[:-1] if self.record else self.records
        return before[-1] if before else None

    def hours_since_check(self) -> dict[str, float]:
        """Per source table, the hours between the newest receipt and the report."""
        return {
            row["source"]: hours(row["checked_at"], self.written_at)
            for row in self.answers.get("checked", [])
            if row["checked_at"]
        }


Connected = Callable[[], AbstractContextManager["Connection"]]


def collect(
    artifacts: Path,
    folder: Path,
    connected: Connected,
    *,
    since: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> Facts:
    """Read `artifacts` (dbt's target folder), the history in `folder`, and the lakehouse.

    Nothing that is missing stops the report: `Facts.missing` names it.
    """
    facts = Facts(now or dt.datetime.now(dt.UTC))
    facts.build = _try(facts, "build", lambda: read_build(artifacts, since))
    facts.manifest = _try(facts, "manifest", lambda: read_manifest(artifacts)) or facts.manifest
    facts.history = read_history(folder)
    try:
        with connected() as connection:
            _ask(facts, connection)
    except MedallionError as error:
        facts.missing["lakehouse"] = str(error)
    if facts.build:
        facts.record = record_of(
            facts.build,
            landed=_total(facts.answers.get("reconciliation"), "landed"),
            unaccounted=unaccounted(facts.answers.get("reconciliation")),
            rules={f"{one.model}.{one.name}": count for one, count in facts.rules.items()},
            hours_since_check=facts.hours_since_check(),
        )
    return facts


def unaccounted(reconciliation: Rows | None) -> int | None:
    """The number of landed rows without an outcome; counts of both signs do not cancel out."""
    if not reconciliation:
        return None
    return sum(abs(left_over(row)) for row in reconciliation)


def left_over(row: Mapping[str, int]) -> int:
    """The landed rows of one table, less those with an outcome."""
    return row["landed"] - sum(row[name] for name in OUTCOMES)


def hours(since: str, until: dt.datetime) -> float:
    """The hours between a UTC text and a time."""
    return round((until - dt.datetime.fromisoformat(since)).total_seconds() / 3600, 2)


def _ask(facts: Facts, connection: "Connection") -> None:
    for name, question in ask(connection, facts.manifest.relations).items():
        answered = _try(facts, name, question)
        if answered is not None:
            facts.answers[name] = answered
    rules = _try(facts, "rules", lambda: _counted(connection))
    facts.rules = rules or {}
    bad = [one for one in (facts.build.tests if facts.build else []) if one.failures and one.sql]
    for test in [one for one in bad if one.kind == "test"][:SHOWN_TESTS]:
        get = partial(failing_rows, connection, test, facts.manifest)
        found = _try(facts, f"rows of {test.unique_id}", get)
        if found is not None:
            facts.failing[test.unique_id] = found


def _counted(connection: "Connection") -> dict[Rule, int]:
    from databricks.sql.exc import Error  # slow to import

    rules = read_rules()
    try:
        counts = counts_of(connection, rules)
    except Error as error:
        raise MedallionError(str(error).strip().splitlines()[0][:300]) from error
    return {one: counts[one.model, one.name] for one in rules}


def _try(facts: Facts, name: str, get: Callable[[], Found]) -> Found | None:
    try:
        return get()
    except MedallionError as error:
        facts.missing[name] = str(error)
        return None


def _total(rows: Rows | None, column: str) -> int | None:
    return sum(row[column] for row in rows) if rows else None
