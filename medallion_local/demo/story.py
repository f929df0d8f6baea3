"""The whole pipeline over several simulated days, and the reconciliation at its end."""

import datetime as dt
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from medallion import dbt
from medallion.console import out
from medallion.entities import logged_entities, read_entities
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, Home
from medallion.ingestion.request import IngestResult
from medallion.lakehouse import connected, rows
from medallion.report.write import write_report
from medallion.serving.contract import served_tables
from medallion_local.azure_sql import load
from medallion_local.azure_sql.database import SourceDatabase
from medallion_local.clean import clean
from medallion_local.data_factory.run import ingest
from medallion_local.data_factory.savings import full_reload_bytes
from medallion_local.generator import generate, simulate
from medallion_local.synapse.check import check

SHARED_DATASET = PROJECT_ROOT.parent / "shared" / "data" / "spotify" / "initial"
MARKER = "made-by-demo"
TABLES = tuple(entity.reported_as for entity in logged_entities())
COUNTED = {
    "bronze": [entity.bronze for entity in read_entities()],
    "silver": [
        *(f"dim_{name}" for name in ("user", "artist", "track", "date", "device")),
        "dim_subscription_plan",
        "dim_market",
        "fct_streams",
        "fct_subscription_changes",
    ],
    "snapshots": ["snap_markets", "snap_subscription_plans"],
    "quarantine": ["quarantined_plays", "quarantined_members"],
    "gold": [
        "mart_daily_listening",
        "mart_top_tracks_weekly",
        "mart_top_artists_weekly",
        "mart_user_engagement",
        "mart_user_retention",
        "mart_subscription_movements",
        "mart_catalog_health",
    ],
}


@dataclass
class Day:
    """One day: its source changes by table and kind, the ingestion, and the rows afterwards."""

    name: str
    changes: dict[str, dict[str, int]]
    ingested: IngestResult | None = None
    full_reload_bytes: int = 0
    rows: dict[str, int] = field(default_factory=dict)


@dataclass
class Story:
    """The demo so far: its days, the seconds of each step, the source's rows before day 1, and the
    report's page."""

    days: list[Day] = field(default_factory=list)
    steps: list[tuple[str, float]] = field(default_factory=list)
    first_rows: dict[str, int] = field(default_factory=dict)
    reconciliation: list[dict] = field(default_factory=list)
    report: Path | None = None


def run(home: Home, days: int, seed: int) -> Story:
    """Reset `home`, run the first load and build, then `days` days of changes, each with a build.

    Raises `MedallionError` when `home` holds a lakehouse that the demo did not create.
    """
    generate.require_sample()
    story = Story()
    log = home.root / "logs" / "demo.jsonl"
    _start_over(home)
    with _step(story, "warehouse up"):
        _medallion("up")
    with _step(story, "source: create, load, enable CDC"):
        _create_source(home)
    database = SourceDatabase.open(home.source_database)
    story.first_rows = {table: _count(database, f"dbo.{table}") for table in TABLES}
    _work_day(home, story, Day("first load", {}), log)
    for number in range(1, days + 1):
        with _step(story, f"day {number}: the source changes"):
            (changes,) = simulate.simulate(home.source_database, days=1, seed=seed + number)
        _work_day(home, story, Day(f"day {number}", changes), log)
    story.reconciliation = _reconcile(database, story.first_rows)
    return story


def _start_over(home: Home) -> None:
    marker = home.root / MARKER
    if (home.source_database.exists() or home.lake.exists()) and not marker.exists():
        raise MedallionError(
            f"{home.root} holds a lakehouse that the demo did not create: set another folder in"
            " MEDALLION_HOME, or remove this one with `medallion clean`"
        )
    clean(home)
    home.root.mkdir(parents=True)
    marker.touch()


def _create_source(home: Home) -> None:
    if SHARED_DATASET.is_dir():
        load.init_from_csv(home.source_database, SHARED_DATASET)
    else:
        generate.init_generated(
            home.source_database, users=500, streams_per_day=35, seed=1, days=30
        )


def _work_day(home: Home, story: Story, day: Day, log: Path) -> None:
    story.days.append(day)
    with _step(story, f"{day.name}: ingest"):
        day.ingested = ingest(home)
        if day.ingested.status != "Succeeded":
            raise MedallionError(f"the ingestion failed: {day.ingested.error}")
        day.full_reload_bytes = sum(full_reload_bytes(home).values())
    began = dt.datetime.now(dt.UTC)
    try:
        with _step(story, f"{day.name}: dbt build") as tell:
            build = ("build",) if day is story.days[0] else dbt.DAILY_BUILD
            dbt.run(
                *build, log=log, on_progress=lambda at: tell(f"{at.done}/{at.total} {at.node[:48]}")
            )
    except MedallionError:
        out.print(f"The report says more: {_report(home, story, day, began)}", soft_wrap=True)
        raise
    _report(home, story, day, began)
    with _step(story, f"{day.name}: check that Synapse can read it"):
        if found := check(served_tables(), home.lake):
            raise MedallionError(f"{found[0]} (`medallion synapse check` lists all)")
    with connected() as connection:
        counts = " union all ".join(
            f"select '{schema}.{table}' as name, count(*) as n from {schema}.{table}"
            for schema, tables in COUNTED.items()
            for table in tables
        )
        day.rows = {row["name"]: row["n"] for row in rows(connection, counts)}


def _report(home: Home, story: Story, day: Day, began: dt.datetime) -> Path:
    """Write the report about the build that began at a time; return the page's file."""
    with _step(story, f"{day.name}: report"):
        written = write_report(dbt.target_folder(), home.report, connected, since=began)
    story.report = written.file
    return written.file


def _reconcile(database: SourceDatabase, first_rows: dict[str, int]) -> list[dict]:
    """Per source table: the committed changes, the landed changes, and their outcomes."""
    with connected() as connection:
        outcomes = rows(connection, "select * from silver.reconciliation")
    reconciled = []
    for outcome in sorted(outcomes, key=lambda row: TABLES.index(row["source_table"])):
        table = outcome["source_table"]
        committed = first_rows[table] + _count(database, f"cdc.dbo_{table}_CT")
        kinds = [
            outcome[kind]
            for kind in ("before_images", "applied", "deleted", "collapsed", "superseded")
        ]
        accounted = sum(kinds) + outcome["quarantined"]
        reconciled.append({**outcome, "committed": committed, "balanced": committed == accounted})
    return reconciled


def _count(database: SourceDatabase, table: str) -> int:
    reader = database.query(f"SELECT COUNT_BIG(*) AS n FROM {table}")
    return reader.read_all().column("n")[0].as_py()


def _medallion(*arguments: str) -> None:
    """Run a command of this program in a child process, as a person would."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("medallion")), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise MedallionError(done.stdout.strip().removeprefix("error: "))


@contextmanager
def _step(story: Story, name: str) -> Iterator:
    """Show `name` with a clock while the block runs; the block can report its progress."""
    started = time.monotonic()
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[detail]}[/dim]"),
        console=out,
        transient=True,
        disable=not out.is_terminal,
    ) as progress:
        task = progress.add_task(name, detail="", total=None)
        yield lambda detail: progress.update(task, detail=detail)
    seconds = time.monotonic() - started
    story.steps.append((name, seconds))
    out.print(f"[green]✓[/green] {name} [dim]{seconds:.1f} s[/dim]")
