"""`medallion up`, `down` and `status`: the local SQL warehouse."""

from pathlib import Path
from typing import Annotated

import typer

from medallion.console import out
from medallion.home import home, home_here
from medallion_local.databricks_sql.engine_name import EngineName


def up(
    port: Annotated[
        int | None,
        typer.Option(help="Port on 127.0.0.1; by default the last one, or a free one."),
    ] = None,
    profiles_dir: Annotated[
        Path | None,
        typer.Option(
            help="The folder for profiles.yml; by default DBT_PROFILES_DIR, or the project."
        ),
    ] = None,
    engine: Annotated[
        EngineName | None,
        typer.Option(
            help="sail (fast) or spark (the reference); by default the last one, or sail."
        ),
    ] = None,
    catalog: Annotated[
        list[str] | None,
        typer.Option(
            help="Create this catalog; repeat it, or separate names by commas. dbt uses the first."
        ),
    ] = None,
    env: Annotated[
        bool, typer.Option("--env", help="Print only `export` lines for other programs.")
    ] = False,
) -> None:
    """Start the local warehouse in the background, and add it to dbt's profiles.yml.

    In another dbt project, the warehouse is in that project's folder `.medallion`.
    """
    from medallion_local.databricks_sql.lifecycle.bring_up import bring_up

    named = [name.strip() for one in catalog or () for name in one.split(",") if name.strip()]
    here = home_here() if named else home()
    report = bring_up(here, port, profiles_dir, engine, named)
    if not env:
        out.print(report, soft_wrap=True)
        return
    from medallion_local.databricks_sql.lifecycle.exports import exports
    from medallion_local.databricks_sql.lifecycle.state import read

    state = read(here)
    assert state is not None
    print(exports(here, state))


def down() -> None:
    """Stop the local warehouse; tables and views stay."""
    from medallion_local.databricks_sql.lifecycle.process import stop

    stopped = stop(home())
    out.print("The warehouse is stopped." if stopped else "The warehouse was not running.")


def status() -> None:
    """Report whether the local warehouse runs, and where."""
    from medallion_local.databricks_sql.lifecycle.condition import condition

    out.print(condition(home())[1], soft_wrap=True)
