"""`medallion describe`: the documented and the undocumented objects of the project."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from medallion import dbt
from medallion.console import out


def describe(
    manifest: Annotated[
        Path | None, typer.Option(help="By default manifest.json in dbt's target folder.")
    ] = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="Exit 1 if any description is missing.")
    ] = False,
) -> None:
    """Count the descriptions of all dbt objects, including columns and arguments of macros.

    One line for each missing description. It reads the result of `dbt compile` and needs no rows.
    """
    from medallion.site.coverage import things  # sqlglot and dbt are slow to import
    from medallion.site.project import read_project
    from medallion.site.queries import read_queries

    project = read_project(manifest or dbt.target_folder() / "manifest.json")
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
