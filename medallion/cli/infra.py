"""Checks of the infrastructure template."""

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from medallion import infra as resource_manager
from medallion.console import out
from medallion.infra import INFRA_FOLDER

app = typer.Typer(no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(help="The folder of template.json and parameters.*.json.")]


@app.command("check")
def check(folder: Folder = INFRA_FOLDER) -> None:
    """List the faults that Azure, or a rule of this project, would reject in the template.

    One line per fault: the files, the JSON path, the problem and the fix.
    """
    found = resource_manager.check(folder)
    for one in found:
        out.print(str(one), markup=False, soft_wrap=True)
    out.print(f"{folder}: {len(found)} faults", soft_wrap=True)
    if found:
        raise typer.Exit(1)


@app.command("show")
def show(folder: Folder = INFRA_FOLDER) -> None:
    """List the resources that each parameter file deploys."""
    for made in resource_manager.deployments(folder):
        shown = Table(title=made.file, box=box.SIMPLE, title_justify="left")
        for heading in ("type", "name"):
            shown.add_column(heading, overflow="fold")
        for one in made.resources:
            shown.add_row(one.type, one.name)
        out.print(shown)
