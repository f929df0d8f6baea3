"""What dbt left behind: the results of its last command, and the manifest of the project."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError

RUN_RESULTS, MANIFEST = "run_results.json", "manifest.json"
BUILDS = ("build", "run", "test", "seed", "snapshot", "retry")  # commands that report on tables
BUILT = ("model", "seed", "snapshot")
TESTED = ("test", "unit_test")
FAILED = ("error", "fail", "runtime error", "partial success")

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """The result of one node. `failures` is the number of rows that a data test found."""

    unique_id: str
    status: str
    seconds: float
    failures: int
    message: str
    sql: str

    @property
    def kind(self) -> str:
        """`model`, `test`, `unit_test`, `seed` or `snapshot`."""
        return self.unique_id.split(".")[0]

    @property
    def name(self) -> str:
        """The node's name, with its version; without the hash that dbt adds to a generic test."""
        parts = self.unique_id.split(".")
        return parts[2] if self.kind in TESTED else ".".join(parts[2:])


@dataclass(frozen=True)
class Build:
    """One command of dbt. Times are UTC; `seconds` is the time from its start to its results."""

    invocation: str
    command: str
    started_at: dt.datetime
    ended_at: dt.datetime
    outcomes: tuple[Outcome, ...]

    @property
    def seconds(self) -> float:
        """The duration of the command."""
        return (self.ended_at - self.started_at).total_seconds()

    @cached_property
    def models(self) -> list[Outcome]:
        """The results of tables and views."""
        return [one for one in self.outcomes if one.kind in BUILT]

    @cached_property
    def tests(self) -> list[Outcome]:
        """The results of tests."""
        return [one for one in self.outcomes if one.kind in TESTED]

    @property
    def statuses(self) -> Counter[str]:
        """The number of tests by status, with each kind of failure as `fail`."""
        return Counter("fail" if one.status in FAILED else one.status for one in self.tests)

    @property
    def failed(self) -> list[Outcome]:
        """The nodes that fail the build, and those that were skipped because of them."""
        return [one for one in self.outcomes if one.status in (*FAILED, "skipped")]


@dataclass(frozen=True)
class Manifest:
    """The project as dbt parsed it; `{}` if there is no manifest."""

    document: Node

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Models, tests, snapshots and sources by unique id."""
        return {**self.document.get("nodes", {}), **self.document.get("sources", {})}

    @cached_property
    def relations(self) -> dict[str, str]:
        """The full name of each built table by its own name."""
        return {
            node["alias"]: node["relation_name"]
            for node in self.document.get("nodes", {}).values()
            if node["resource_type"] in BUILT and node.get("relation_name")
        }

    def parents(self, unique_id: str) -> list[Node]:
        """The relations that a node reads directly."""
        found = self.nodes.get(unique_id, {}).get("depends_on", {}).get("nodes", [])
        return [self.nodes[one] for one in found if one in self.nodes]

    def claim(self, test: Outcome) -> tuple[str, str]:
        """A test in words, and its description: its table, column and kind, or its own name."""
        node = self.nodes.get(test.unique_id, {})
        attached = self.nodes.get(node.get("attached_node") or "", {}).get("name")
        metadata = node.get("test_metadata") or {}
        if not attached or not metadata:
            return test.name.replace("_", " "), " ".join((node.get("description") or "").split())
        column, kind = node.get("column_name"), metadata["kwargs"].get("rule") or metadata["name"]
        where = f"{attached}.{column}" if column else attached
        source = metadata["kwargs"].get("of")
        words = f"{where}: {kind.replace('_', ' ')}"
        return (f"{words} ({source})" if source else words), ""

    def limits(self, table: str) -> tuple[dt.timedelta | None, dt.timedelta | None]:
        """The ages at which a source's table is late, and very late."""
        for node in self.document.get("sources", {}).values():
            if table == f"dbo.{node['name']}":
                found = node.get("freshness") or {}
                return _age(found.get("warn_after")), _age(found.get("error_after"))
        return None, None


def personal(nodes: Iterable[Node]) -> set[str]:
    """The names of the columns that are tagged as personal."""
    return {
        name
        for node in nodes
        for name, column in node.get("columns", {}).items()
        if (column.get("databricks_tags") or {}).get("pii")
    }


def read_build(folder: Path, since: dt.datetime | None = None) -> Build:
    """Read `run_results.json`.

    Raises `MedallionError` if it is missing or damaged, if the command built nothing, or if it
    began before `since`: then it is the result of an earlier build.
    """
    document = _read(folder / RUN_RESULTS)
    metadata, command = document["metadata"], document.get("args", {}).get("which", "")
    if command not in BUILDS:
        raise MedallionError(
            f"The last dbt command was `dbt {command}`, which builds nothing: run `dbt build`."
        )
    started = _time(metadata["invocation_started_at"])
    if since and started < since:
        raise MedallionError(
            f"{RUN_RESULTS} belongs to a build that began {started:%F %T} UTC, before this run: "
            "dbt left no results of this run."
        )
    outcomes = tuple(_outcome(one) for one in document["results"])
    ended = _time(metadata["generated_at"])
    return Build(metadata["invocation_id"], f"dbt {command}", started, ended, outcomes)


def read_manifest(folder: Path) -> Manifest:
    """Read `manifest.json`. Raises `MedallionError` if it is missing or damaged."""
    return Manifest(_read(folder / MANIFEST))


def _read(file: Path) -> Node:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MedallionError(f"{file.name} does not exist in dbt's target folder.") from None
    except ValueError as error:
        raise MedallionError(f"{file.name} in dbt's target folder is not JSON: {error}.") from None
    if not isinstance(document, dict) or "metadata" not in document:
        raise MedallionError(f"{file.name} in dbt's target folder is not an artifact of dbt.")
    return document


def _outcome(one: Node) -> Outcome:
    return Outcome(
        one["unique_id"],
        one["status"],
        float(one["execution_time"]),
        int(one.get("failures") or 0),
        " ".join(str(one.get("message") or "").split()),
        one.get("compiled_code") or "",
    )


def _time(text: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _age(limit: Node | None) -> dt.timedelta | None:
    if not limit or not limit.get("count"):
        return None
    return dt.timedelta(**{f"{limit['period']}s": limit["count"]})
