"""`medallion report`: one page about the last build, with its history."""

import datetime as dt
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from medallion import dbt
from medallion.console import out
from medallion.errors import MedallionError
from medallion.home import home


def report(
    to: Annotated[
        Path | None,
        typer.Option(
            help="The folder of the page and its history; by default report/ in the home."
        ),
    ] = None,
    artifacts: Annotated[
        Path | None, typer.Option(help="dbt's target folder, with the results of the build.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            envvar="DBT_TARGET", help="The target of profiles.yml; by default the profile's own."
        ),
    ] = None,
    since: Annotated[
        dt.datetime | None,
        typer.Option(
            help="UTC. An older build is not reported: its results are named as missing.",
            formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"],
        ),
    ] = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="Exit 1 if the build failed or left no results.")
    ] = False,
) -> None:
    """Write one HTML page about the last `dbt build`: what landed, tests, times, and the marts.

    The page loads nothing from the network. Its history has a record per build. Whatever is missing
    is named on the page.
    """
    from medallion.lakehouse import connected
    from medallion.report.write import write_report  # slow to import

    written = write_report(
        artifacts or dbt.target_folder(),
        to or home().report,
        partial(connected, target=target),
        since=since.replace(tzinfo=dt.UTC) if since else None,
    )
    out.print(escape(written.verdict), soft_wrap=True)
    out.print(str(written.file), markup=False, soft_wrap=True)
    if only_check and written.build_failed:
        raise MedallionError("the build failed or left no results: see the report")
