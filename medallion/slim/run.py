"""Checks a change by its changed nodes alone: clone, build, compare, drop."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medallion.home import PROJECT_ROOT
from medallion.lock import single_run
from medallion.slim.dbt import Dbt
from medallion.slim.state import State, read_state

CHANGED = "state:modified+"
# The starting state of incremental models. A model with a changed contract cannot start from the
# existing rows: production will need a full refresh of it, so it is built from scratch here.
CLONED = f"{CHANGED},config.materialized:incremental,state:old"
CLONED_SNAPSHOTS = f"{CHANGED},resource_type:snapshot,state:old"
NOT_CLONED = "state:modified.contract"
RELATIONS = ("model", "seed", "snapshot")

Columns = dict[str, str]


@dataclass(frozen=True)
class Described:
    """A relation's row count, and the types of its columns by name."""

    rows: int
    columns: Columns


@dataclass(frozen=True)
class Built:
    """The result of one selected node; `seconds` are dbt's.

    `built` and `production` are the relations of this run and of production. Each is `None` where
    there is none: for a test, a new node, or a failed node.
    """

    unique_id: str
    status: str
    message: str
    seconds: float
    cloned: bool
    built: Described | None = None
    production: Described | None = None

    @property
    def kind(self) -> str:
        """`model`, `test`, `unit_test`, `seed` or `snapshot`."""
        return self.unique_id.split(".")[0]

    @property
    def name(self) -> str:
        """The node's name; a generic test's name lacks the hash that dbt appends."""
        return self.unique_id.split(".")[2]

    @property
    def failed(self) -> bool:
        """Whether it fails the check of the change."""
        return self.status in ("error", "fail", "runtime error")


@dataclass(frozen=True)
class Verdict:
    """All built and tested nodes; `full_refresh` are models whose contract changed."""

    nodes: list[Built]
    full_refresh: list[str]

    @property
    def failed(self) -> bool:
        """Whether any node fails the check of the change."""
        return any(node.failed for node in self.nodes)


def run(
    state: Path, target: str, artifacts: Path, keep: bool, on_command: Callable[[str], None]
) -> Verdict:
    """Build what differs from the manifest in `state`, in the schemas of `target`, then drop them.

    dbt's artifacts go to `artifacts` and never overwrite those of production. Raises
    `MedallionError` when there is no manifest, dbt rejects the project, or another run is active.
    """
    production = read_state(state)
    project = os.environ.get("DBT_PROJECT_DIR", str(PROJECT_ROOT))
    shared = ["--target", target, "--project-dir", project, "--target-path", str(artifacts)]
    with single_run(artifacts / "slim.lock", "slim run"):
        dbt = Dbt([*shared, "--no-version-check"], on_command)
        against = ["--state", str(state)]
        selected = dbt.listed("--select", CHANGED, *against)
        if not selected:
            return Verdict([], [])
        dbt.operation("drop_target_schemas", {})  # leftovers of an interrupted run
        try:
            nodes = _build(dbt, against, production)
        finally:
            if not keep:
                dbt.operation("drop_target_schemas", {})
    anew = [node.name for node in nodes if _begun_anew(node, dbt, production)]
    return Verdict(nodes, list(dict.fromkeys(anew)))


def _begun_anew(node: Built, dbt: Dbt, production: State) -> bool:
    """Whether the contract excluded the node from the clones, as in `NOT_CLONED`."""
    known = dbt.manifest.nodes.get(node.unique_id)
    is_incremental = known is not None and known.config.materialized == "incremental"
    return is_incremental and not node.cloned and production.place(node.unique_id) is not None


def _build(dbt: Dbt, against: list[str], production: State) -> list[Built]:
    clone = ["clone", "--select", CLONED, CLONED_SNAPSHOTS, "--exclude", NOT_CLONED]
    # The kept artifacts are those of the build.
    cloned = {one.node.unique_id for one in dbt.executed(*clone, *against, "--no-write-json")}
    results = dbt.executed("build", "--select", CHANGED, "--defer", "--favor-state", *against)
    pairs = [
        {
            "unique_id": one.node.unique_id,
            "built": [one.node.database, one.node.schema, one.node.alias],
            "production": production.place(one.node.unique_id),
        }
        for one in results
        if one.node.resource_type in RELATIONS and one.status == "success"
    ]
    compared = {
        one["unique_id"]: (_described(one["built"]), _described(one["production"]))
        for one in dbt.operation("compare_relations", {"pairs": pairs}) or []
    }
    return [
        Built(
            one.node.unique_id,
            str(one.status),
            " ".join((one.message or "").split()),
            one.execution_time,
            one.node.unique_id in cloned,
            *compared.get(one.node.unique_id, (None, None)),
        )
        for one in results
    ]


def _described(found: dict[str, Any] | None) -> Described | None:
    return None if found is None else Described(found["rows"], dict(found["columns"]))
