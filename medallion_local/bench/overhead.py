"""What the local warehouse adds to its engine: per statement, and per row that is fetched.

The same queries go to Sail in this process, and through databricks-sql-connector, TLS and Thrift to
a warehouse in another process.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from medallion.console import out
from medallion.home import Home
from medallion_local.databricks_sql.lifecycle import process
from medallion_local.databricks_sql.lifecycle.client import connect
from medallion_local.databricks_sql.sail.engine import SailEngine

STATEMENTS = 200
ROWS = 1_000_000
RUNS = 5
_STATEMENT = "SELECT 1"
_ROWS = (
    "SELECT id, id * 1.5 AS amount, concat('track ', CAST(id AS STRING)) AS name, "
    f"date_add(DATE'2020-01-01', CAST(id % 1000 AS INT)) AS day FROM range({ROWS})"
)


@dataclass(frozen=True)
class Times:
    """Seconds of each repetition, from the engine alone and through the warehouse."""

    engine: list[float]
    warehouse: list[float]

    @property
    def added(self) -> float:
        """The seconds that the warehouse adds, by the medians."""
        return statistics.median(self.warehouse) - statistics.median(self.engine)

    @property
    def share(self) -> float:
        """The same, as a share of the engine's time."""
        return self.added / statistics.median(self.engine)


def overhead() -> None:
    """Measure and print what the warehouse adds to statements and to fetched rows."""
    with tempfile.TemporaryDirectory(prefix="medallion-bench-") as folder:
        home = Home(Path(folder))
        state, _ = process.start(home, engine="sail")
        engine = SailEngine()
        try:
            with connect(home, state) as connection, connection.cursor() as cursor:

                def through(sql: str) -> None:
                    cursor.execute(sql)
                    cursor.fetchall_arrow()

                def alone(sql: str) -> None:
                    engine.query(sql).table()

                statements = _compared(_STATEMENT, STATEMENTS, alone, through)
                rows = _compared(_ROWS, RUNS, alone, through)
        finally:
            engine.disconnect()
            process.stop(home)
    _show(statements, rows)


def _compared(
    sql: str, repetitions: int, alone: Callable[[str], None], through: Callable[[str], None]
) -> Times:
    """Both in turn, so that a change of the machine's load affects both."""
    times = Times([], [])
    for number in range(repetitions + 1):
        for run, seconds in ((alone, times.engine), (through, times.warehouse)):
            began = time.perf_counter()
            run(sql)
            if number:  # the first one also opens sessions
                seconds.append(time.perf_counter() - began)
    return times


def _show(statements: Times, rows: Times) -> None:
    table = Table(title="The warehouse beside its engine", title_justify="left", title_style="bold")
    for column in ("", "engine: min, median, max", "warehouse: min, median, max", "added"):
        table.add_column(column, justify="left" if not column else "right")
    for name, times, added in (
        (f"{STATEMENTS} statements", statements, f"{statements.added * 1000:.1f} ms each"),
        (f"{RUNS} fetches of {ROWS:,} rows", rows, f"{rows.share:.0%}"),
    ):
        table.add_row(name, _spread(times.engine), _spread(times.warehouse), added)
    out.print(table)


def _spread(seconds: list[float]) -> str:
    found = (min(seconds), statistics.median(seconds), max(seconds))
    return ", ".join(f"{1000 * each:.1f}" for each in found) + " ms"
