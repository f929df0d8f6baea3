"""Rebuild the tables that were reset to an earlier version, and everything downstream of them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from medallion import dbt
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, Home
from medallion_local.repair.finding import Finding
from medallion_local.repair.tables import Damage


def rebuild(home: Home, undone: list[Damage], stay_up: bool) -> Iterator[Finding]:
    """Run one `dbt build` without tests from the tables downstream. Its errors become findings.

    It uses --full-refresh, from which bronze and snapshots are exempt: rows that were read from an
    undone commit may come again under the same commit number, together with other rows.
    """
    from medallion_local.databricks_sql.lifecycle.process import start, stop
    from medallion_local.databricks_sql.lifecycle.profiles import write_profile

    if not undone:
        return
    state, _ = start(home)
    named = os.environ.get("DBT_PROFILES_DIR")
    write_profile(Path(named).expanduser() if named else PROJECT_ROOT, home, state)
    try:
        nodes = _nodes(home)
        known = [one for one in undone if str(one.table) in nodes]
        reason = _build(home, sorted(nodes[str(one.table)] for one in known)) if known else ""
    except MedallionError as error:
        known, reason = undone, str(error)
    finally:
        if not stay_up:
            stop(home)
    for one in undone:
        what = f"{one.table}: {one.why}"
        if one not in known:
            yield Finding(what, "undone; no model of this project builds it, so rebuild it by hand")
        elif reason:
            yield Finding(what, f"undone, but not rebuilt: {reason}")
        else:
            yield Finding(what, "undone and rebuilt", restored=True)


def _build(home: Home, nodes: list[str]) -> str:
    """Build the nodes with everything downstream. Returns the reason if it fails, else ''."""
    selected = [f"{node}+" for node in nodes]
    tests = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    try:
        dbt.run(
            *("build", "--full-refresh", "--select", *selected, *tests),
            log=home.root / "logs" / "repair.jsonl",
            environment={"MEDALLION_HOME": str(home.root)},
        )
    except MedallionError as error:
        return str(error)
    return ""


def _nodes(home: Home) -> dict[str, str]:
    """`schema.table` → the node's selector, for the default target."""
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "ls", "--output", "json"]
    command += ["--output-keys", "name", "alias", "schema", "version", "resource_type"]
    for kind in ("model", "snapshot", "seed"):
        command += ["--resource-type", kind]
    ran = subprocess.run(
        command,
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"MEDALLION_HOME": str(home.root)},
    )
    if ran.returncode:
        lines = [line for line in ran.stdout.splitlines() if line.strip()] or ["it gave no reason"]
        raise MedallionError(f"`dbt ls` failed: {lines[-1]}")
    found: dict[str, str] = {}
    for line in ran.stdout.splitlines():
        if line.startswith("{"):
            node = json.loads(line)
            version = node.get("version")
            name = node["name"] if version is None else f"{node['name']}.v{version}"
            found[f"{node['schema']}.{node['alias']}"] = name
    return found
