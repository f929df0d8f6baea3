"""`python -m conformance`: compare a lakehouse with the oracle, on generated change logs."""

import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from conformance.run import Run
from conformance.scenario import read_all, to_json
from conformance.shrink import shrink
from conformance.target import BuildFailed, CommandTarget, HomeTarget
from medallion_local.databricks_sql.engine_name import EngineName
from oracle import PUBLISHED
from support.places import PROJECT

REGRESSIONS = Path(__file__).parent / "regressions"
ROWS_SHOWN = 3
MOST_SEEDS = 2**31
out = Console(highlight=False, soft_wrap=True)


def main(
    scenarios: Annotated[int, typer.Option(help="Number of change logs to generate.")] = 1000,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the generator; by default a random one.")
    ] = None,
    batches: Annotated[int, typer.Option(min=1, help="Number of batches per log.")] = 4,
    kills: Annotated[int, typer.Option(help="Builds to kill: dbt and the warehouse in turn.")] = 0,
    lake: Annotated[Path | None, typer.Option(help="Folder of another project's files.")] = None,
    build: Annotated[str | None, typer.Option(help="Command that builds the project.")] = None,
    refresh: Annotated[
        str | None, typer.Option(help="Command that rebuilds it from bronze.")
    ] = None,
    profiles: Annotated[Path | None, typer.Option(help="Folder of its dbt profile.")] = None,
    project: Annotated[
        Path | None, typer.Option(help="Copy of this project to run instead of it.")
    ] = None,
    engine: Annotated[EngineName, typer.Option(help="The local warehouse's engine.")] = "sail",
    keep: Annotated[Path, typer.Option(help="Folder for shrunk failures.")] = REGRESSIONS,
    shrinking: Annotated[
        bool, typer.Option("--shrink/--no-shrink", help="Shrink failing scenarios.")
    ] = True,
) -> None:
    """Compare the published tables with docs/history.md. Exits with 1 if any row differs."""
    chosen = secrets.randbelow(MOST_SEEDS) if seed is None else seed
    out.print(f"seed {chosen}: {scenarios} scenarios in {batches} batches, {kills} kills")
    if lake or profiles:
        if not (lake and build and profiles):
            raise typer.BadParameter("For another project, pass --lake, --build and --profiles.")
        if kills:
            raise typer.BadParameter("--kills works only with this project's builds: remove it.")
        foreign = CommandTarget(lake.resolve(), profiles.resolve(), build, refresh)
        ok = play(Run(foreign, chosen, reporter()), scenarios, batches, 0, keep, shrinking)
    else:
        with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
            own = HomeTarget(Path(folder), project.resolve() if project else PROJECT, engine=engine)
            if build:
                own.build_command = build
            with own.running():
                ok = play(Run(own, chosen, reporter()), scenarios, batches, kills, keep, shrinking)
    raise typer.Exit(0 if ok else 1)


def reporter() -> Callable[[str], None]:
    """A function that prints a line with the seconds since the start."""
    began = time.monotonic()
    return lambda line: out.print(f"{time.monotonic() - began:6.0f} s  {line}")


def play(
    run: Run, scenarios: int, batches: int, kills: int, keep: Path, shrinking: bool = True
) -> bool:
    """Run the suite, print the result, and keep the shrunk failures. Returns whether all agrees."""
    kept = read_all(REGRESSIONS)
    run.populate(scenarios, batches, [*kept.values()])
    try:
        run.play(max([batches, *(len(one.batches) for one in kept.values())]), kills)
    except BuildFailed as error:
        out.print(str(error), markup=False)
        return False
    report(run, scenarios, [*kept])
    if run.differences and shrinking:
        keep.mkdir(parents=True, exist_ok=True)
        for name, scenario in shrink(run):
            (keep / f"{name}.json").write_text(to_json(scenario))
            out.print(f"shrunk, and kept as {keep / name}.json:\n{to_json(scenario)}")
    return not run.differences


def report(run: Run, scenarios: int, kept: list[str]) -> None:
    """Print per table how many scenarios agree, then the first rows that differ."""
    total = len(run.world.scenarios)
    table = Table("published table", "scenarios that agree")
    for name in PUBLISHED:
        if name in run.lacking:
            table.add_row(name, "missing")
            continue
        wrong = len(run.tables.get(name, ()))
        note = " and rows of no single scenario" if name in run.mismatched else ""
        table.add_row(
            name, f"{total - wrong} of {total}" + (f", not {wrong}{note}" if wrong or note else "")
        )
    out.print(table)
    for column in sorted(name for name in run.lacking if name.count(".") == 2):
        out.print(f"missing column: {column}")
    for one in run.differences:
        for line in one.lines(ROWS_SHOWN):
            out.print(line, markup=False)
    for number in sorted(run.guilty):
        if number >= scenarios and number - scenarios < len(kept):
            out.print(f"the kept scenario {kept[number - scenarios]} differs")
    if not run.refreshed:
        out.print("not refreshed: pass --refresh to compare a full refresh")
    for kill in run.kills:
        out.print(str(kill))


if __name__ == "__main__":
    typer.run(main)
