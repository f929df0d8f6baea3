"""`medallion bench`: how long things take, and what change data capture saves."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from medallion.home import PROJECT_ROOT


class Part(StrEnum):
    """What can be measured alone."""

    TIMINGS = "timings"
    SAVINGS = "savings"


def bench(
    streams: Annotated[int, typer.Option(help="Plays in the first load, at least.")] = 1_000_000,
    users: Annotated[int, typer.Option(help="Listeners.")] = 20_000,
    days: Annotated[int, typer.Option(help="Days that the plays spread over.")] = 90,
    seed: Annotated[int, typer.Option(help="Seed of the generated data.")] = 1,
    churn: Annotated[
        str, typer.Option(help="Shares of the rows that a day changes, in %, with commas.")
    ] = "0.1,1,5,20",
    churn_streams: Annotated[int, typer.Option(help="Plays of the source that churns.")] = 200_000,
    transactions: Annotated[
        int, typer.Option(min=1, help="Transactions of a day that churns.")
    ] = 24,
    hardest: Annotated[
        bool, typer.Option(help="Also 1 % in as many transactions as rows, a minute more.")
    ] = True,
    only: Annotated[
        Part | None, typer.Option(help="timings: seconds and memory; savings: the churns.")
    ] = None,
    docs: Annotated[
        Path, typer.Option(help="The folder that takes savings.md and savings.png.")
    ] = PROJECT_ROOT / "docs",
) -> None:
    """Measure loads, increments and what they save, on generated data in lakehouses of their own.

    First seconds and memory of a first load and a day. Then, for each churn, the bytes and rows
    that a day lands against a full reload; exit 1 if a change of the source is not in the lake.
    """
    from medallion_local.bench import picture, savings, sweep, timings

    shares = sweep.shares(churn)
    if only != Part.TIMINGS:
        picture.require()
    if only != Part.SAVINGS:
        timings.timings(streams, users, days, seed)
    if only != Part.TIMINGS:
        source = sweep.Source(churn_streams, users, days, seed, transactions)
        savings.report(sweep.sweep(source, shares, hardest), docs)
