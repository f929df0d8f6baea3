"""`medallion bench`: times, the warehouse's overhead, and the savings of change data capture."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medallion.home import PROJECT_ROOT


class Part(StrEnum):
    """The parts that can be measured separately."""

    TIMINGS = "timings"
    OVERHEAD = "overhead"
    SAVINGS = "savings"


def bench(
    streams: Annotated[int, typer.Option(help="Minimum plays in the first load.")] = 1_000_000,
    users: Annotated[int, typer.Option(help="Listeners.")] = 20_000,
    days: Annotated[int, typer.Option(help="Days over which the plays are spread.")] = 90,
    seed: Annotated[int, typer.Option(help="Seed of the generated data.")] = 1,
    churn: Annotated[
        str, typer.Option(help="Shares of the rows that change in a day, in %, comma-separated.")
    ] = "0.1,1,5,20",
    churn_streams: Annotated[
        int, typer.Option(help="Plays in the source for the savings.")
    ] = 200_000,
    transactions: Annotated[int, typer.Option(min=1, help="Transactions per day of changes.")] = 24,
    hardest: Annotated[
        bool,
        typer.Option(help="Also change 1 % in one transaction per row; takes one more minute."),
    ] = True,
    only: Annotated[
        Part | None,
        typer.Option(
            help="Measure only timings (seconds, memory), the warehouse's overhead, "
            "or savings (rows, bytes)."
        ),
    ] = None,
    docs: Annotated[
        Path, typer.Option(help="The output folder of savings.md and savings.png.")
    ] = PROJECT_ROOT / "docs",
) -> None:
    """Measure loads, increments and their savings on generated data in separate lakehouses.

    First it measures seconds and memory of a first load and a day, and what the warehouse adds to
    its engine. Then, for each churn, it
    compares the bytes and rows that a day lands with a full reload. Exit 1 if a change of the
    source is not in the lake.
    """
    from medallion_local.bench import overhead, picture, savings, sweep, timings

    shares = sweep.shares(churn)
    parts = [only] if only else list(Part)
    if Part.SAVINGS in parts:
        picture.require()
    if Part.TIMINGS in parts:
        timings.timings(streams, users, days, seed)
    if Part.OVERHEAD in parts:
        overhead.overhead()
    if Part.SAVINGS in parts:
        source = sweep.Source(churn_streams, users, days, seed, transactions)
        savings.report(sweep.sweep(source, shares, hardest), docs)
