"""`medallion repair`: restore data that a power cut or a full disk damaged."""

from typing import Annotated

import typer

from medallion.console import out
from medallion.home import home


def repair(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the damage, and change nothing.")
    ] = False,
) -> None:
    """List damaged files, control files and tables, and restore them.

    A landed file lands again while the source still has its changes. A table is reset to its last
    complete commit, and dbt rebuilds it. Exit 0 if no damage is left, else 1. Do not run it during
    a build.
    """
    from medallion_local.repair import repair as run

    found = 0
    left = 0
    for one in run(home(), dry_run):
        found += 1
        left += not one.restored
        out.print(str(one), markup=False, highlight=False, soft_wrap=True)
    if not found:
        out.print("Nothing is damaged.")
    elif dry_run:
        out.print(f"{found} damaged; `medallion repair` restores what can be restored.")
    else:
        out.print(f"{found - left} restored, {left} left.")
    if left:
        raise typer.Exit(1)
