"""Time and memory of each backfill of docs/runbooks/backfill.md, for any data size."""

import tempfile
from datetime import date
from pathlib import Path

from rich.table import Table

from medallion.console import out
from medallion.errors import MedallionError
from medallion.home import Home
from medallion_local.azure_sql.database import SourceDatabase
from medallion_local.bench.measured import GIB, Measured, down, measure, source_init


def backfills(streams: int, users: int, days: int, seed: int) -> None:
    """Measure and print the first load, a day, and each kind of backfill."""
    with tempfile.TemporaryDirectory(prefix="medallion-bench-") as folder:
        home = Path(folder)
        try:
            measured = _measure_all(
                home,
                {
                    "warehouse up": ["medallion", "up"],
                    "source init": source_init(streams, users, days, seed),
                    "first ingest": ["medallion", "ingest"],
                    "first dbt build": ["dbt", "build"],
                    "source simulate": ["medallion", "source", "simulate", f"--seed={seed}"],
                    "day's ingest": ["medallion", "ingest"],
                    "day's dbt build": ["dbt", "build"],
                    "dbt build, nothing new": ["dbt", "build"],
                },
            )
            measured += _measure_all(home, _commands(_last_day(home)))
        finally:
            down(Home(home))
    _show(f"{streams:,} plays of {users:,} users over {days} days", measured)


def _commands(day: date) -> dict[str, list[str]]:
    """The commands of docs/runbooks/backfill.md for a range of one day."""
    mart = ["dbt", "run", "--select", "mart_daily_listening"]
    return {
        "a day landed again": ["medallion", "ingest", f"--from={day}", f"--to={day}"],
        "dbt build of it": ["dbt", "build"],
        "full refresh": ["dbt", "run", "--full-refresh"],
        "full refresh, bronze too": [
            *("dbt", "run", "--full-refresh", "--vars", "{allow_bronze_full_refresh: true}")
        ],
        "full refresh of a mart": [*mart, "--full-refresh"],
        "a day of a mart": [*mart, "--vars", f"{{rebuild_from: {day}, rebuild_to: {day}}}"],
    }


def _last_day(home: Path) -> date:
    last = SourceDatabase.open(Home(home).source_database).last_commit()
    if last is None:
        raise MedallionError("The generated source has no transactions, so no day can land again.")
    return last.date()


def _measure_all(home: Path, steps: dict[str, list[str]]) -> list[Measured]:
    measured = []
    for step, command in steps.items():
        out.print(f"{step} …", end=" ")
        measured.append(measure(step, command, home))
        out.print(f"{measured[-1].seconds:.1f} s")
    return measured


def _show(title: str, measured: list[Measured]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in ("step", "seconds", "of the first build", "peak memory, GiB"):
        table.add_column(column, justify="left" if column == "step" else "right")
    first_build = next(one.seconds for one in measured if one.step == "first dbt build")
    for one in measured:
        ratio = f"{one.seconds / first_build:.2f}"
        table.add_row(one.step, f"{one.seconds:.1f}", ratio, f"{one.peak_bytes / GIB:.2f}")
    out.print(table)
