"""`medallion slim`: build the changes of a pull request and compare them with production."""

import gc
from pathlib import Path
from typing import Annotated

import typer

from medallion.console import out
from medallion.home import PROJECT_ROOT, home
from medallion.laptop import laptop

REPORT, PAGE = "report.md", "report.html"
LOCAL_TARGET = "local_ci"


def slim(
    state: Annotated[
        Path, typer.Option(help="The target folder of production's last `dbt build`.")
    ] = PROJECT_ROOT / "target",
    target: Annotated[
        str, typer.Option(help="A target whose schemas have a prefix (`DBT_SCHEMA`).")
    ] = LOCAL_TARGET,
    artifacts: Annotated[
        Path, typer.Option(help="The output folder of report.md, report.html and dbt's artifacts.")
    ] = PROJECT_ROOT / "target" / "slim",
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the schemas until the next run, which drops them.")
    ] = False,
    restricted: Annotated[
        bool,
        typer.Option(
            "--restricted",
            help="For an identity that may read neither landed files nor personal data: check that "
            "personal data is masked, and leave out changed models that read files.",
        ),
    ] = False,
) -> None:
    """Build and test the models that differ from production, in separate schemas, and drop these.

    Production's tables are read where the change needs them and cloned where they are incremental.
    They are never written. Exit 1 if a node fails. Starts the local target's warehouse if needed.
    """
    gc.disable()  # a short run keeps nearly all its objects: collection took a third of its time
    from medallion.page.render import html
    from medallion.slim.page import page_of
    from medallion.slim.report import markdown  # dbt is slow to import
    from medallion.slim.run import run

    if target == LOCAL_TARGET:
        out.print(laptop().start_warehouse(home()), soft_wrap=True)
    verdict = run(
        state,
        target,
        artifacts,
        keep,
        lambda command: out.print(command, markup=False),
        restricted=restricted,
    )
    text = markdown(verdict)
    (artifacts / REPORT).write_text(text, encoding="utf-8")
    (artifacts / PAGE).write_text(html(page_of(verdict)), encoding="utf-8")
    out.print(text, markup=False, soft_wrap=True)
    out.print(f"As a page: {artifacts / PAGE}", markup=False, soft_wrap=True)
    gc.freeze()  # otherwise the interpreter spends a second on a last collection at its end
    if verdict.failed:
        raise typer.Exit(1)
