"""`python -m parity`: build on both engines, compare, and write docs/parity.md."""

import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.__main__ import play, reporter
from conformance.run import Run
from conformance.target import HomeTarget
from parity.page import Worlds, page
from parity.run import ENGINES, Parity, two_homes
from support.places import PROJECT

SEED = 20260101
BATCHES = 4
out = Console(highlight=False, soft_wrap=True)


def main(
    days: Annotated[int, typer.Option(help="Days to simulate after the first load.")] = 3,
    worlds: Annotated[int, typer.Option(help="Generated change logs, on each engine.")] = 200,
    seed: Annotated[int, typer.Option(help="Seed of the source and of the change logs.")] = SEED,
    write: Annotated[Path, typer.Option(help="The page.")] = PROJECT / "docs" / "parity.md",
) -> None:
    """Compare the tables of Sail and Spark. Exits with 1 if any row or type differs."""
    began = time.monotonic()
    report = reporter()
    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        with two_homes(Path(folder), report) as parity:
            story(parity, days, seed)
        agree = []
        for engine in ENGINES if worlds else ():
            report(f"{worlds} generated change logs on {engine}, compared with the oracle")
            home = Path(folder) / f"{engine}-worlds"
            home.mkdir()
            own = HomeTarget(home, engine=engine)
            with own.running():
                ok = play(Run(own, seed, report), worlds, BATCHES, 0, home, shrinking=False)
            agree.append(Worlds(engine, worlds, ok))
    write.write_text(page(parity.steps, agree, seed, time.monotonic() - began), encoding="utf-8")
    for step in parity.steps:
        for table in step.differing:
            out.print(f"{step.name}: {table.table}", *table.differences, sep="\n", markup=False)
    differing = sum(len(step.differing) for step in parity.steps)
    compared = sum(len(step.tables) for step in parity.steps)
    out.print(f"{compared} comparisons of tables, {differing} with differences: {write}")
    raise typer.Exit(1 if differing or not all(one.agree for one in agree) else 0)


def story(parity: Parity, days: int, seed: int) -> None:
    """The first load, some days, a backfill of all of them, and a full refresh."""
    init = f"medallion source init --generate --seed {seed}"
    parity.build("first load", init, "medallion ingest")
    for day in range(1, days + 1):
        parity.build(f"day {day}", "medallion source simulate --days 1", "medallion ingest")
    parity.build("backfill", "medallion ingest --from 2000-01-01 --to 2099-12-31 --allow-partial")
    parity.build("full refresh", refresh=True)


if __name__ == "__main__":
    typer.run(main)
