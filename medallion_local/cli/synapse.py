"""`medallion synapse up`, `pool`, `sql` and `check`: the pools on this machine."""

from pathlib import Path
from typing import Annotated

import typer
from medallion.cli.console import err, out
from medallion.cli.synapse import app
from medallion.errors import MedallionError
from medallion.home import home
from rich import box
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table as RichTable


@app.command("up")
def up() -> None:
    """Make the serverless pool's database here, and build the views in it as dbt does in Azure.

    Nothing listens: `medallion synapse sql` asks it.
    """
    from medallion_local.synapse.run import DATABASE, build, make_database

    here = home()
    if not here.lake.is_dir():
        raise MedallionError(f"There is no {here.lake}: run `medallion ingest` and `dbt build`.")
    make_database(here)
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=err, transient=True) as shown:
        task = shown.add_task("dbt build --target synapse")
        build(here, lambda one: shown.update(task, description=f"{one.node} ({one.done})"))
    out.print(f"The views stand in {DATABASE}. Ask them in T-SQL, such as", soft_wrap=True)
    out.print(
        'medallion synapse sql "SELECT TOP (5) * FROM serving.mart_daily_listening"',
        markup=False,
        soft_wrap=True,
    )


@app.command("pool")
def pool() -> None:
    """Export gold, and load a dedicated pool's stand-in with it as dbt does in Azure.

    It keeps what was loaded: the next run loads what has changed.
    """
    from medallion_local.synapse.dedicated.run import POOL, build, export, make_pool

    here = home()
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=err, transient=True) as shown:
        task = shown.add_task("dbt run-operation export_gold")
        export(here)
        make_pool(here)
        shown.update(task, description="dbt build --target synapse_dedicated")
        build(here, on_progress=lambda one: shown.update(task, description=one.node))
    said = f"The tables stand in {POOL}: `medallion synapse sql --pool` asks it."
    out.print(said, markup=False, soft_wrap=True)


@app.command("sql")
def sql(
    text: Annotated[str, typer.Argument(help="One batch of T-SQL.")],
    limit: Annotated[int, typer.Option(min=1, help="Show so many rows.")] = 50,
    dedicated: Annotated[bool, typer.Option("--pool", help="Ask the dedicated pool.")] = False,
) -> None:
    """Ask the local serverless pool, or the dedicated one, in T-SQL, and show the rows."""
    from medallion_local.synapse.dedicated.pool import opened
    from medallion_local.synapse.dedicated.run import POOL
    from medallion_local.synapse.dedicated.session import session_of
    from medallion_local.synapse.run import DATABASE

    database = opened(home(), POOL if dedicated else DATABASE, read_only=True)
    try:
        results = session_of(database).execute(text)
    finally:
        database.close()
    for result in results:
        table = RichTable(box=box.SIMPLE)
        for name, _ in result.columns:
            table.add_column(name)
        for row in result.rows[:limit]:
            table.add_row(*("NULL" if value is None else escape(str(value)) for value in row))
        out.print(table)
        if len(result.rows) > limit:
            out.print(f"… and {len(result.rows) - limit:,} more; --limit shows more.")


@app.command("check")
def check_readable(
    lake: Annotated[
        Path | None, typer.Option(help="The folder with the containers; by default the home's.")
    ] = None,
) -> None:
    """List what Synapse serverless could not read of the served tables' Delta folders.

    One line per finding: the table, the property, and the mend.
    """
    from medallion.serving.contract import served_tables

    from medallion_local.synapse.check import check

    root, tables = lake or home().lake, served_tables()
    if not root.is_dir():
        raise MedallionError(f"There is no {root}: run `medallion ingest` and `dbt build` first.")
    found = check(tables, root)
    for one in found:
        out.print(str(one), markup=False, soft_wrap=True)
    out.print(f"{len(tables)} served tables, {len(found)} findings", soft_wrap=True)
    if found:
        raise typer.Exit(1)
