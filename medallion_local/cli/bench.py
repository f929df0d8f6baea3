"""`medallion bench`: the project at scale, backfills, the warehouse's overhead, and savings."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medallion.home import PROJECT_ROOT

MILLION = 1_000_000
USERS_PER_MILLION = 20_000


class Part(StrEnum):
    """The parts that can be measured separately."""

    SCALE = "scale"
    BACKFILLS = "backfills"
    OVERHEAD = "overhead"
    SAVINGS = "savings"


class Engine(StrEnum):
    """What the scale is measured on."""

    SAIL = "sail"
    SPARK = "spark"
    DUCKDB = "duckdb"


def bench(
    size: Annotated[float, typer.Option(min=0.001, help="Millions of plays.")] = 1,
    days: Annotated[int, typer.Option(help="Days over which the plays are spread.")] = 90,
    seed: Annotated[int, typer.Option(help="Seed of the generated data.")] = 1,
    only: Annotated[
        Part | None,
        typer.Option(
            help="Measure only the project at scale, the backfills, the warehouse's overhead, "
            "or the savings (rows, bytes)."
        ),
    ] = None,
    engine: Annotated[
        list[Engine] | None,
        typer.Option(help="Measure the scale only on this, or these; by default on all installed."),
    ] = None,
    runs: Annotated[
        int, typer.Option(min=1, help="Runs of each step of the scale, if it is short.")
    ] = 3,
    profile: Annotated[
        bool, typer.Option("--profile", help="Print only a profile of two builds of the size.")
    ] = False,
    churn: Annotated[
        str,
        typer.Option(
            help="For the savings: shares of the rows that change in a day, in %, comma-separated."
        ),
    ] = "0.1,1,5,20",
    churn_streams: Annotated[
        int, typer.Option(help="For the savings: plays in the source, of a tenth as many users.")
    ] = 200_000,
    transactions: Annotated[
        int, typer.Option(min=1, help="For the savings: transactions per day of changes.")
    ] = 24,
    hardest: Annotated[
        bool,
        typer.Option(
            help="For the savings: also change 1 % in one transaction per row; one more minute."
        ),
    ] = True,
    docs: Annotated[
        Path, typer.Option(help="The output folder of benchmarks.md, savings.md and their charts.")
    ] = PROJECT_ROOT / "docs",
) -> None:
    """Measure builds, backfills, overhead and savings on generated data in separate lakehouses.

    Scale: the project on each engine, the same SQL in DuckDB, and the approaches that others use,
    on the same landed files. Savings: for each churn, the bytes and rows that a day lands,
    compared with a full reload. Exit 1 if a change of the source is not in the lake.
    """
    from medallion_local import charts
    from medallion_local.bench import backfills, overhead, savings, sweep
    from medallion_local.bench import profile as profiles
    from medallion_local.bench.scale import page, run
    from medallion_local.bench.scale.landing import Size

    plays, users = round(size * MILLION), max(100, round(size * USERS_PER_MILLION))
    if profile:
        profiles.profile(plays, users, days, seed)
        return
    shares = sweep.shares(churn)
    parts = [only] if only else list(Part)
    if Part.SAVINGS in parts or Part.SCALE in parts:
        charts.require()
    if Part.SCALE in parts:
        named = [one.value for one in engine or ()]
        sizes = Size(plays, days, users, seed)
        run.compare(sizes, named, runs, lambda result: page.show(page.report(result, docs)))
    if Part.BACKFILLS in parts:
        backfills.backfills(plays, users, days, seed)
    if Part.OVERHEAD in parts:
        overhead.overhead()
    if Part.SAVINGS in parts:
        source = sweep.Source(churn_streams, churn_streams // 10, days, seed, transactions)
        savings.report(sweep.sweep(source, shares, hardest), docs)
