"""`medallion describe` and `medallion site`: the coverage of descriptions, and the docs site."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from medallion.cli.console import err, out
from medallion.home import PROJECT_ROOT, Home

SITE = PROJECT_ROOT / "target" / "site"


def describe(
    manifest: Annotated[
        Path | None, typer.Option(help="By default manifest.json in dbt's target folder.")
    ] = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="Exit 1 if any description is missing.")
    ] = False,
) -> None:
    """Count the descriptions of everything that dbt knows, down to columns and arguments.

    One line for each missing description. It reads the result of `dbt compile` and needs no rows.
    """
    from medallion.site.coverage import things  # sqlglot and dbt are slow to import
    from medallion.site.project import read_project
    from medallion.site.queries import read_queries

    target = Path(os.environ.get("DBT_TARGET_PATH") or PROJECT_ROOT / "target")
    project = read_project(manifest or target / "manifest.json")
    found = things(project, read_queries(project))
    lacking = [one for one in found if one.lacks]
    for one in lacking:
        out.print(str(one), markup=False, soft_wrap=True)
    every, without = (Counter(one.kind for one in some) for some in (found, lacking))
    every.setdefault("seeds", 0)  # reported even if there are none
    out.print(_counted(every, without))
    if only_check and lacking:
        raise typer.Exit(1)


def _counted(every: Counter[str], without: Counter[str]) -> Table:
    table = Table("", "described", "of", "share", box=box.SIMPLE)
    total = "all"
    for kind, count in [*every.items(), (total, every.total())]:
        described = count - (without.total() if kind == total else without[kind])
        table.add_row(
            kind, f"{described:,}", f"{count:,}", f"{described / count:.1%}" if count else "–"
        )
    return table


def site(
    to: Annotated[Path, typer.Option(help="The output folder of the site.")] = SITE,
) -> None:
    """Build the docs site: the pages of docs/, the data dictionary, and dbt's own docs.

    The project is built without rows, in a separate warehouse, so the site shows the project as it
    is written. The content of your own warehouse has no influence.
    """
    from medallion import dbt
    from medallion.site.build import build_site

    work = to.resolve().with_name(f"{to.name}-build")
    shutil.rmtree(work, ignore_errors=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=err, transient=True) as shown, _empty_warehouse(work) as env:
        task = shown.add_task("dbt build --empty")
        kinds = ("--resource-type", "model", "--resource-type", "snapshot")
        full, docs, log = work / "full", work / "docs", work / "dbt.log"
        dbt.run("build", "--empty", *kinds, "--target-path", str(full), log=log, environment=env)
        shown.update(task, description="dbt docs generate")
        parsed = ("--partial-parse-file-path", str(full / "partial_parse.msgpack"))
        dbt.run(
            *("docs", "generate", "--static", "--target-path", str(docs), *parsed),
            log=log,
            environment=env,
        )
        shown.update(task, description="mkdocs build")
        built = build_site(full, docs, work / "pages", to.resolve())
    traced = built.columns - built.untraced
    said = f"{built.pages} pages, {built.relationships} relationships, {traced} of {built.columns}"
    out.print(f"{said} columns traced.", soft_wrap=True)
    out.print(f"See it: python -m http.server --directory {to}", markup=False, soft_wrap=True)


@contextmanager
def _empty_warehouse(work: Path) -> Iterator[dict[str, str]]:
    """An empty warehouse while the block runs; yields the environment variables for dbt."""
    from medallion.local.warehouse.process import start, stop
    from medallion.local.warehouse.profiles import write_profile

    home = Home(work / "home")
    home.root.mkdir(parents=True)
    state, _ = start(home, None)
    try:
        write_profile(home.root, home, state)
        yield {
            "MEDALLION_HOME": str(home.root),
            "DBT_PROFILES_DIR": str(home.root),
            "DBT_LOG_PATH": str(work / "logs"),
        }
    finally:
        stop(home)
