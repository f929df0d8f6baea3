"""Checks a change by its changed nodes alone: clone, build, compare, drop."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.lock import single_run
from medallion.slim.compare import with_rows
from medallion.slim.dbt import Dbt
from medallion.slim.results import Built, Described, Verdict
from medallion.slim.state import Place, State, read_state
from medallion.slim.values import LARGEST

CHANGED = "state:modified+"
# The starting state of incremental models. A model with a changed contract cannot start from the
# existing rows: production will need a full refresh of it, so it is built from scratch here.
CLONED = f"{CHANGED},config.materialized:incremental,state:old"
CLONED_SNAPSHOTS = f"{CHANGED},resource_type:snapshot,state:old"
NOT_CLONED = "state:modified.contract"
CHANGED_INCREMENTAL = "state:modified,config.materialized:incremental,state:old"
# What only an identity that may read landed files can build: these models read them.
READS_FILES = "state:modified,config.materialized:streaming_table"
MASK = "***"  # as in sql/databricks/03_personal_data.sql
RELATIONS = ("model", "seed", "snapshot")


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
            check_built(dbt, production, state)
            return Verdict([], [], excluded)
        dbt.operation("drop_target_schemas", {})  # leftovers of an interrupted run
        try:
            nodes = _build(dbt, against, production, artifacts, without, personal)
        finally:
            if not keep:
                dbt.operation("drop_target_schemas", {})
    anew = [
        node.name
        for node in nodes
        if node.name not in personal and _begun_anew(node, dbt, production)
    ]
    return Verdict(nodes, list(dict.fromkeys(anew)), excluded)


def check_built(dbt: Dbt, production: State, state: Path) -> None:
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
    dbt: Dbt,
    against: list[str],
    production: State,
    artifacts: Path,
    without: list[str],
    uncloned: list[str],
) -> list[Built]:
    clone = ["clone", *clone_selection([*without, *uncloned])]
    # The kept artifacts are those of the build.
    cloned = {one.node.unique_id for one in dbt.executed(*clone, *against, "--no-write-json")}
    build = ["build", *changed_selection(without)]
    results = dbt.executed(*build, "--defer", "--favor-state", *against)
    nodes = [
        Built(
            one.node.unique_id,
            str(one.status),
            " ".join((one.message or "").split()),
            one.execution_time,
            one.node.unique_id in cloned,
        )
        for one in results
    ]
    places = {
        one.node.unique_id: [one.node.database, one.node.schema, one.node.alias]
        for one in results
        if one.node.resource_type in RELATIONS and one.status == "success"
        if one.node.config.materialized != "metric_view"  # has no rows to count
    }
    nodes = _compared(dbt, nodes, places, production)
    refreshed = _refreshed(dbt, nodes, against, artifacts / "full_refresh")
    if refreshed:
        nodes = _compared(dbt, [refreshed.get(one.name, one) for one in nodes], places, production)
    return with_rows(dbt, nodes, places, production)


def _refreshed(
    dbt: Dbt, nodes: list[Built], against: list[str], artifacts: Path
) -> dict[str, Built]:
    """The changed models that were built on a clone, built again from scratch; by name.

    On a clone, a model computes only what arrived since. A fault in its other rows would not show.
    """
    changed = {one.split(".")[2] for one in dbt.listed("--select", CHANGED_INCREMENTAL, *against)}
    small = {
        one.name: one
        for one in nodes
        if one.cloned and one.name in changed and one.production
        if one.production.rows <= LARGEST and not one.failed
    }
    if not small:
        return {}
    again = ["run", "--full-refresh", "--select", *small, "--defer", "--favor-state", *against]
    results = dbt.executed(*again, artifacts=artifacts)
    return {
        one.node.name: replace(
            small[one.node.name],
            refreshed=True,
            status=str(one.status),
            message=" ".join((one.message or "").split()),
        )
        for one in results
    }


def _compared(
    dbt: Dbt, nodes: list[Built], places: dict[str, Place], production: State
) -> list[Built]:
    """The nodes with the row counts and columns of both relations."""
    pairs = [
        {"unique_id": unique_id, "built": place, "production": production.place(unique_id)}
        for unique_id, place in places.items()
    ]
    found = {
        one["unique_id"]: (_described(one["built"]), _described(one["production"]))
        for one in dbt.operation("compare_relations", {"pairs": pairs}) or []
    }
    return [
        replace(one, built=built, production=theirs)
        for one in nodes
        for built, theirs in (found.get(one.unique_id, (None, None)),)
    ]


def _described(found: dict[str, Any] | None) -> Described | None:
    return None if found is None else Described(found["rows"], dict(found["columns"]))
