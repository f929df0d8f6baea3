"""Checks a change by its changed nodes alone: clone, build, compare, drop."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
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
# What only an identity that may read landed files can build: these models read them.
READS_FILES = "state:modified,config.materialized:streaming_table"
MASK = "***"  # as in sql/databricks/03_personal_data.sql
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
    """All built and tested nodes; `full_refresh` are models whose contract changed.

    `left_out` are the changed models that read landed files, which a restricted run does not build.
    """

    nodes: list[Built]
    full_refresh: list[str]
    left_out: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether any node fails the check of the change."""
        return any(node.failed for node in self.nodes)


def run(
    state: Path,
    target: str,
    artifacts: Path,
    keep: bool,
    on_command: Callable[[str], None],
    *,
    restricted: bool = False,
) -> Verdict:
    """Build what differs from the manifest in `state`, in the schemas of `target`, then drop them.

    dbt's artifacts go to `artifacts` and never overwrite those of production. A `restricted` run is
    that of an identity that may read neither landed files nor personal data: it leaves out changed
    models that read files, and everything downstream of them. Raises `MedallionError` when there is
    no manifest, dbt rejects the project, another run is active, a restricted run can read personal
    data, or nothing differs because nothing was ever built.
    """
    production = read_state(state)
    project = os.environ.get("DBT_PROJECT_DIR", str(PROJECT_ROOT))
    shared = ["--target", target, "--project-dir", project, "--target-path", str(artifacts)]
    with single_run(artifacts / "slim.lock", "slim run"):
        dbt = Dbt([*shared, "--no-version-check"], on_command)
        against = ["--state", str(state)]
        excluded: list[str] = []
        personal: list[str] = []
        if restricted:
            _check_masks(dbt, production)
            # A clone copies files, which no mask covers; Databricks does not document whether it
            # refuses. These nodes are built from scratch, from masked rows.
            personal = [unique_id.split(".")[2] for unique_id in production.personal]
            files = dbt.listed("--select", READS_FILES, *against)
            excluded = [one.split(".")[2] for one in files if one.startswith("model.")]
        without = [f"{name}+" for name in excluded]
        if not dbt.listed(*changed_selection(without), *against):
            _check_built(dbt, production, state)
            return Verdict([], [], excluded)
        dbt.operation("drop_target_schemas", {})  # leftovers of an interrupted run
        try:
            nodes = _build(dbt, against, production, without, personal)
        finally:
            if not keep:
                dbt.operation("drop_target_schemas", {})
    anew = [
        node.name
        for node in nodes
        if node.name not in personal and _begun_anew(node, dbt, production)
    ]
    return Verdict(nodes, list(dict.fromkeys(anew)), excluded)


def _check_built(dbt: Dbt, production: State, state: Path) -> None:
    """Refuse a manifest whose tables were not built, as that of `dbt parse` in an empty home."""
    places = list(production.places.values())
    missing = dbt.operation("missing_relations", {"places": places})
    if missing and len(missing) == len(places):
        raise MedallionError(
            f"None of the {len(places)} relations in {state / 'manifest.json'} exists, such as "
            f"{missing[0]}: run `dbt build`, or name production's target folder by --state."
        )


def _check_masks(dbt: Dbt, production: State) -> None:
    """Refuse to run if this identity reads unmasked values in a column tagged as personal.

    A policy that is missing, or that exempts the wrong group, would otherwise stay unnoticed.
    """
    columns = [
        [*production.places[unique_id], name]
        for unique_id, names in production.personal.items()
        for name in names
    ]
    readable = dbt.operation("unmasked_columns", {"columns": columns, "mask": MASK})
    if readable:
        raise MedallionError(
            f"This identity can read personal data: {', '.join(readable)}. Run "
            "sql/databricks/03_personal_data.sql, and check the members of its EXCEPT groups."
        )


def _begun_anew(node: Built, dbt: Dbt, production: State) -> bool:
    """Whether the contract excluded the node from the clones, as in `NOT_CLONED`."""
    known = dbt.manifest.nodes.get(node.unique_id)
    is_incremental = known is not None and known.config.materialized == "incremental"
    return is_incremental and not node.cloned and production.place(node.unique_id) is not None


def changed_selection(without: list[str]) -> list[str]:
    """The arguments that select what is built and tested."""
    return ["--select", CHANGED, *(["--exclude", *without] if without else [])]


def clone_selection(without: list[str]) -> list[str]:
    """The arguments that select the nodes that start from a copy of production's rows."""
    return ["--select", CLONED, CLONED_SNAPSHOTS, "--exclude", NOT_CLONED, *without]


def _build(
    dbt: Dbt, against: list[str], production: State, without: list[str], uncloned: list[str]
) -> list[Built]:
    clone = ["clone", *clone_selection([*without, *uncloned])]
    # The kept artifacts are those of the build.
    cloned = {one.node.unique_id for one in dbt.executed(*clone, *against, "--no-write-json")}
    build = ["build", *changed_selection(without)]
    results = dbt.executed(*build, "--defer", "--favor-state", *against)
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
