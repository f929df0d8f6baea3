"""Time and memory of the first load, a day's increment and each backfill, for any data size."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psutil
from rich.table import Table

from medallion.console import out
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, Home
from medallion_local.azure_sql.database import SourceDatabase

GIB = 1024**3
SAMPLE_SECONDS = 0.2


@dataclass(frozen=True)
class Measured:
    """One step: wall-clock seconds, and the peak resident memory of all its processes."""

    step: str
    seconds: float
    peak_bytes: int


def timings(streams: int, users: int, days: int, seed: int) -> None:
    """Measure and print the first load, a day's increment and each kind of backfill."""
    with tempfile.TemporaryDirectory(prefix="medallion-bench-") as folder:
        home = Path(folder)
        generate = ["--generate", f"--users={users}", f"--days={days}", f"--seed={seed}"]
        try:
            measured = _measure_all(
                home,
                {
                    "warehouse up": ["medallion", "up"],
                    "source init": [
                        *("medallion", "source", "init", *generate),
                        f"--streams-per-day={-(-streams // days)}",
                    ],
                    "first ingest": ["medallion", "ingest"],
                    "first dbt build": ["dbt", "build"],
                    "source simulate": ["medallion", "source", "simulate", f"--seed={seed}"],
                    "day's ingest": ["medallion", "ingest"],
                    "day's dbt build": ["dbt", "build"],
                    "dbt build, nothing new": ["dbt", "build"],
                },
            )
            measured += _measure_all(home, _backfills(_last_day(home)))
        finally:
            measure("down", ["medallion", "down"], home)
    _show(f"{streams:,} plays of {users:,} users over {days} days", measured)


def _backfills(day: date) -> dict[str, list[str]]:
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


def measure(step: str, command: list[str], home: Path) -> Measured:
    """Run a command in a child process. Raises `MedallionError` with its last output on failure."""
    program, *arguments = command
    places = {"MEDALLION_HOME": home, "DBT_PROFILES_DIR": home}
    places |= {"DBT_TARGET_PATH": home / "target", "DBT_LOG_PATH": home / "logs"}
    started = time.monotonic()
    with subprocess.Popen(
        [str(Path(sys.executable).with_name(program)), *arguments],
        cwd=PROJECT_ROOT,
        env=os.environ | {name: str(path) for name, path in places.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        peak = _Peak(home)
        printed, _ = process.communicate()
        seconds = time.monotonic() - started
        peak.stop()
    if process.returncode:
        end = "\n".join(printed.splitlines()[-20:])
        raise MedallionError(f"`{' '.join(command)}` failed while it was measured:\n{end}")
    return Measured(step, seconds, peak.bytes)


class _Peak:
    """Samples the memory of every process that works in `home`, including their children."""

    def __init__(self, home: Path) -> None:
        self.bytes = 0
        self._home = str(home)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stopped.wait(SAMPLE_SECONDS):
            self.bytes = max(self.bytes, sum(map(self._resident, psutil.process_iter())))

    def _resident(self, process: psutil.Process) -> int:
        try:
            ours = process.environ().get("MEDALLION_HOME") == self._home
            return process.memory_info().rss if ours else 0
        except psutil.Error:  # the process ended, or belongs to another user
            return 0


def _show(title: str, measured: list[Measured]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in ("step", "seconds", "of the first build", "peak memory, GiB"):
        table.add_column(column, justify="left" if column == "step" else "right")
    first_build = next(one.seconds for one in measured if one.step == "first dbt build")
    for one in measured:
        ratio = f"{one.seconds / first_build:.2f}"
        table.add_row(one.step, f"{one.seconds:.1f}", ratio, f"{one.peak_bytes / GIB:.2f}")
    out.print(table)
