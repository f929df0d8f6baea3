"""`medallion synapse up`, `pool`, `sql` and `check`: the pools on this machine."""

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table as RichTable

from medallion.cli.synapse import app
from medallion.console import out, steps
from medallion.errors import MedallionError
from medallion.home import home


@app.command("up")
def up() -> None:
    """Create the local serverless pool's database, and build its views as dbt does in Azure.

    No server listens: query it with `medallion synapse sql`.
    """
    from medallion.serving.contract import served_tables
    from medallion_local.synapse.run import DATABASE, build, make_database

    here = home()
    served = served_tables()
    if not served:
        raise MedallionError(
            "The project has no table to serve: run `medallion new table`, or write a mart."
        )
    unbuilt = [one.name for one in served if not one.folder(here.lake).is_dir()]
    if unbuilt:
        raise MedallionError(
            f"{len(unbuilt)} of the served tables are not built, such as {unbuilt[0]}: run "
            "`medallion ingest` and `dbt build`."
        )
    make_database(here)
    with steps() as show:
        step = "dbt build --target synapse"
        show(step)
        build(here, lambda one: show(step, f"{one.node} ({one.done})"))
    out.print(f"The views are in {DATABASE}. Query them in T-SQL, for example", soft_wrap=True)
    out.print(
        f'medallion synapse sql "SELECT TOP (5) * FROM serving.{served[0].name}"',
        markup=False,
        soft_wrap=True,
    )


@app.command("pool")
def pool() -> None:
    """Export gold, and load it into the local dedicated pool as dbt does in Azure.

    The pool keeps its data: the next run loads only changes.
    """
    from medallion_local.synapse.dedicated.run import POOL, build, export, make_pool

    here = home()
    with steps() as show:
        show("dbt run-operation export_gold")
        export(here)
        make_pool(here)
        step = "dbt build --target synapse_dedicated"
        show(step)
        build(here, on_progress=lambda one: show(step, one.node))
    said = f"The tables are in {POOL}: query them with `medallion synapse sql --pool`."
    out.print(said, markup=False, soft_wrap=True)


@app.command("sql")
def sql(
    text: Annotated[str, typer.Argument(help="One batch of T-SQL.")],
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of rows to show.")] = 50,
    dedicated: Annotated[bool, typer.Option("--pool", help="Query the dedicated pool.")] = False,
) -> None:
    """Query the local serverless or dedicated pool in T-SQL, and show the rows."""
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
        Path | None, typer.Option(help="The folder of the containers; by default the home's lake.")
    ] = None,
) -> None:
    """List the properties of the served Delta tables that Synapse serverless cannot read.

    One line per finding: the table, the property and the fix.
    """
    from medallion.serving.contract import served_tables
    from medallion_local.synapse.check import check

    root, tables = lake or home().lake, served_tables()
    if not root.is_dir():
        raise MedallionError(
            f"{root} does not exist: run `medallion ingest` and `dbt build` first."
        )
    found = check(tables, root)
    for one in found:
        out.print(str(one), markup=False, soft_wrap=True)
    out.print(f"{len(tables)} served tables, {len(found)} findings", soft_wrap=True)
    if found:
        raise typer.Exit(1)
