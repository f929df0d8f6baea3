"""`python -m adapter_conformance`: run the public classes, and write the page."""

import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from adapter_conformance import results
from adapter_conformance.classes import public_classes
from adapter_conformance.not_applicable import reason
from adapter_conformance.page import page
from adapter_conformance.target import RESULTS, TARGET
from medallion.home import Home
from medallion_local.databricks_sql.engine_name import EngineName
from medallion_local.databricks_sql.lifecycle import exports, process, profiles
from support.places import PROJECT

PAGE = PROJECT / "docs" / "warehouse_conformance.md"
PACKAGES = ("dbt-tests-adapter", "dbt-databricks", "dbt-core")
out = Console(highlight=False, soft_wrap=True)


def main(
    engine: Annotated[list[str] | None, typer.Option(help="sail or spark; repeat it.")] = None,
    select: Annotated[str, typer.Option(help="An expression of `pytest -k`.")] = "",
) -> None:
    """Run the classes on each engine.

    Exits with 1 for a failure that is not expected, and for an expected one that passes: remove it
    from the list, which only shrinks. A run of selected classes neither writes the page nor checks
    that expected failures still fail.
    """
    wrong = 0
    for name in engine or ["sail", "spark"]:
        outcomes = run(name, select)  # type: ignore[arg-type]
        wrong += judge(outcomes, whole=not select)
        if not select:
            results.remember(outcomes)
    if not select:
        applicable = sum(reason(each) is None for each in public_classes())
        versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
        PAGE.write_text(page(results.remembered(), applicable, versions), encoding="utf-8")
    raise typer.Exit(1 if wrong else 0)


def run(engine: EngineName, select: str) -> results.Outcomes:
    """Run the classes on a new warehouse, in another process."""
    with tempfile.TemporaryDirectory(prefix="adapter-conformance-") as folder:
        home, recorded = Home(Path(folder) / "home"), Path(folder) / "results"
        state, _ = process.start(home, engine=engine, catalog="conformance")
        environment = os.environ | exports.variables(home, state)
        environment |= {
            "MEDALLION_HOME": str(home.root),
            TARGET: json.dumps(profiles.local_output(home, state)),
            RESULTS: str(recorded),
        }
        plugins = ["-p", "dbt.tests.fixtures.project", "-p", "adapter_conformance.target"]
        chosen = ["-k", select] if select else []
        cases = str(Path(__file__).parent / "cases.py")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:warnings", "--tb=line", *plugins]
        try:
            subprocess.run(
                [*command, "-o", "python_files=cases.py", cases, *chosen],
                env=environment,
                cwd=folder,
                check=False,
            )
        finally:
            process.stop(home)
        return results.read(recorded, engine)


def judge(outcomes: results.Outcomes, whole: bool) -> int:
    """Compare with the expected failures, and return how many tests differ."""
    known = results.read_expected(outcomes.engine)
    if known is None and whole:
        results.write_expected(outcomes.engine, outcomes.failed)
    expected = outcomes.failed if known is None else set(known)
    new = outcomes.failed - expected
    fixed = {one for one in expected - outcomes.failed if whole or one in outcomes.tests}
    for test in sorted(new):
        out.print(f"{outcomes.engine}: {test} failed: {outcomes.messages[test]}", markup=False)
    for test in sorted(fixed):
        file = results.expected_failures(outcomes.engine)
        out.print(f"{outcomes.engine}: {test} passes or is gone: remove it from {file}")
    passed = sum(one == "passed" for one in outcomes.tests.values())
    out.print(f"{outcomes.engine}: {passed} passed, {len(outcomes.failed)} failed")
    return len(new) + len(fixed)


if __name__ == "__main__":
    typer.run(main)
