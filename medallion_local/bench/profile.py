"""A profile of one build: CPU of dbt, of the warehouse's Python and of the engine; statements."""

import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from medallion.console import out
from medallion.home import Home
from medallion_local.bench.measured import GIB, Measured, down, measure, source_init, up

NODES = 15
_COMMENT = re.compile(r"^(\s+|/\*.*?\*/|--[^\n]*\n)+", re.DOTALL)
_KINDS = (
    r"DESCRIBE TABLE EXTENDED.*AS JSON",
    r"COMMENT ON \w+",
    r"CREATE OR REPLACE \w+",
    r"(CREATE|ALTER|DROP|SHOW|REFRESH|MERGE|INSERT|DELETE|UPDATE|OPTIMIZE|DESCRIBE) \w+",
    r"\w+",
)


@dataclass
class Statements:
    """The statements of a build by kind, the exact repeats among them, and the connections."""

    count: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    repeats: int = 0
    connections: int = 0


def profile(plays: int, users: int, days: int, seed: int) -> None:
    """Land generated data, build it twice, and print a profile of each build."""
    with tempfile.TemporaryDirectory(prefix="medallion-profile-") as folder:
        home = Home(Path(folder))
        try:
            for command in (source_init(plays, users, days, seed), ["medallion", "ingest"]):
                measure(" ".join(command[:3]), command, home.root)
            up(home)
            for title in ("The first build", "A build with nothing new"):
                out.print(f"{title} …")
                _show(*_profiled(title, home))
        finally:
            down(home)


def _profiled(title: str, home: Home) -> tuple[Measured, Statements, list[tuple[str, float]]]:
    logs = home.root / "profile"
    for old in logs.glob("dbt.log*"):
        old.unlink()
    log = ["--log-format-file", "json", "--log-level-file", "debug", "--log-path", str(logs)]
    log += ["--log-file-max-bytes", "0"]  # one file, however long
    measured = measure(title, ["dbt", *log, "build"], home.root)
    results = json.loads((home.root / "target" / "run_results.json").read_text(encoding="utf-8"))
    nodes = [(one["unique_id"], one["execution_time"]) for one in results["results"]]
    return measured, statements(logs / "dbt.log"), sorted(nodes, key=lambda one: -one[1])


def statements(log: Path) -> Statements:
    """Count the statements of a debug log that dbt wrote as JSON."""
    found, sent, running = Statements(), Counter[str](), dict[str, str]()
    for event in _events(log):
        name, data = event["info"]["name"], event["data"]
        thread = event["info"]["thread"]
        if name == "NewConnectionOpening":
            found.connections += 1
        elif name == "SQLQuery":
            sql = _COMMENT.sub("", data["sql"])
            running[thread] = kind_of(sql)
            found.count[kind_of(sql)] += 1
            sent[sql] += 1
        elif name == "SQLQueryStatus" and thread in running:
            found.seconds[running[thread]] += data["elapsed"]
    found.repeats = sum(count - 1 for count in sent.values())
    return found


def kind_of(sql: str) -> str:
    """The first words of a statement."""
    text = " ".join(sql.split())
    for kind in _KINDS:
        if match := re.match(kind, text, re.IGNORECASE):
            words = match[0].split()
            return "DESCRIBE … AS JSON" if words[-1].upper() == "JSON" else match[0].upper()
    return "other"


def _events(log: Path) -> Iterator[dict]:
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("{"):
                yield json.loads(line)


def _show(measured: Measured, sent: Statements, nodes: list[tuple[str, float]]) -> None:
    cpu = measured.cpu
    out.print(
        f"{measured.seconds:.1f} s; {cpu.total:.1f} CPU-s: dbt {cpu.command:.1f}, the warehouse's "
        f"Python {cpu.warehouse:.1f}, the engine {cpu.engine:.1f}; peak memory "
        f"{measured.peak_bytes / GIB:.2f} GiB",
        soft_wrap=True,
    )
    table = Table(title="Statements", title_justify="left", title_style="bold")
    for column in ("kind", "count", "seconds"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    for kind, count in sent.count.most_common():
        table.add_row(kind, f"{count:,}", f"{sent.seconds.get(kind, 0.0):.1f}")
    out.print(table)
    out.print(
        f"{sum(sent.count.values()):,} statements over {sent.connections:,} connections; "
        f"{sent.repeats:,} of them are exact repeats."
    )
    slow = Table(title=f"The {NODES} slowest nodes", title_justify="left", title_style="bold")
    slow.add_column("node")
    slow.add_column("seconds", justify="right")
    for name, seconds in nodes[:NODES]:
        slow.add_row(name, f"{seconds:.1f}")
    out.print(slow)
