"""`medallion synapse …`: what Synapse serves, and whether it can read it."""

from pathlib import Path
from typing import Annotated

import typer

from medallion.cli.console import out
from medallion.errors import MedallionError
from medallion.home import home

app = typer.Typer(no_args_is_help=True)


@app.command("check")
def check_readable(
    lake: Annotated[
        Path | None, typer.Option(help="The folder with the containers; by default the home's.")
    ] = None,
) -> None:
    """List what Synapse serverless could not read of the served tables' Delta folders.

    One line per finding: the table, the property, and the mend.
    """
    from medallion.synapse.check import check
    from medallion.synapse.contract import served_tables

    root, tables = lake or home().lake, served_tables()
    if not root.is_dir():
        raise MedallionError(f"There is no {root}: run `medallion ingest` and `dbt build` first.")
    found = check(tables, root)
    for one in found:
        out.print(str(one), markup=False, soft_wrap=True)
    out.print(f"{len(tables)} served tables, {len(found)} findings", soft_wrap=True)
    if found:
        raise typer.Exit(1)
