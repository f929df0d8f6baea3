"""`medallion slim`: what a pull request changed, built and compared with production."""

import gc
from pathlib import Path
from typing import Annotated

import typer

from medallion.cli.console import out
from medallion.home import PROJECT_ROOT, home
from medallion.laptop import laptop

REPORT = "report.md"
LOCAL_TARGET = "local_ci"


def slim(
    state: Annotated[
        Path, typer.Option(help="The target folder of production's last `dbt build`.")
    ] = PROJECT_ROOT / "target",
    target: Annotated[
        str, typer.Option(help="A target whose schemas have a prefix (`DBT_SCHEMA`).")
    ] = LOCAL_TARGET,
    artifacts: Annotated[
        Path, typer.Option(help="The folder that takes report.md and dbt's artifacts.")
    ] = PROJECT_ROOT / "target" / "slim",
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the schemas, to look at; the next run drops them.")
    ] = False,
) -> None:
    """Build and test what differs from production, in schemas of its own, and drop them.

    Production's tables are read where the change needs them, cloned where they are incremental, and
    never written. Exit 1 if a node fails. The local target's warehouse is started if need be.
    """
    gc.disable()  # a short run keeps nearly all that it makes: collecting took a third of its time
    from medallion.slim.report import markdown  # dbt is slow to import
    from medallion.slim.run import run

    if target == LOCAL_TARGET:
        out.print(laptop().start_warehouse(home()), soft_wrap=True)
    verdict = run(state, target, artifacts, keep, lambda command: out.print(command, markup=False))
    text = markdown(verdict)
    (artifacts / REPORT).write_text(text, encoding="utf-8")
    out.print(text, markup=False, soft_wrap=True)
    gc.freeze()  # else the interpreter collects it all once more as it ends, for a second
    if verdict.failed:
        raise typer.Exit(1)
