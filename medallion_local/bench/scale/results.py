"""The measured figures of each size, kept as JSON beside the page that shows them."""

import json
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path

from medallion_local.bench.measured import Cpu, Measured

FIRST, NOTHING, DAY, WORST, TESTS = "first build", "nothing new", "day", "worst day", "tests"
STEPS = (FIRST, NOTHING, DAY, WORST, TESTS)
ENGINES = ("sail", "spark", "duckdb")


@dataclass
class Runs:
    """All runs of one step on one engine, and the bytes that its last run wrote."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[Cpu] = field(default_factory=list)
    peak_bytes: int = 0
    bytes: int = 0

    def add(self, one: Measured) -> None:
        """Add a run."""
        self.seconds.append(round(one.seconds, 2))
        self.cpu.append(Cpu(*(round(part, 2) for part in asdict(one.cpu).values())))
        self.peak_bytes = max(self.peak_bytes, one.peak_bytes)

    @property
    def median(self) -> float:
        """The median of the wall-clock seconds."""
        return statistics.median(self.seconds)

    @property
    def work(self) -> float:
        """The median of the CPU seconds of all parts."""
        return statistics.median(one.total for one in self.cpu)

    @property
    def parts(self) -> Cpu:
        """The median of the CPU seconds of each part."""
        return Cpu(
            *(
                statistics.median(getattr(one, part) for one in self.cpu)
                for part in ("command", "warehouse", "engine")
            )
        )


@dataclass
class Approach:
    """What one approach did in a step: its seconds, and its rows against the true ones."""

    name: str
    step: str
    seconds: float
    rows: int
    wrong: int
    missing: int


@dataclass
class Result:
    """The figures of one size. `differing` names the tables that DuckDB computes otherwise."""

    plays: int
    days: int
    users: int
    seed: int
    landed_plays: dict[str, int]
    landed_rows: dict[str, int]
    landed_bytes: dict[str, int]
    ingest_seconds: dict[str, float]
    engines: dict[str, dict[str, Runs]] = field(default_factory=dict)
    differing: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    approaches: list[Approach] = field(default_factory=list)
    load: dict[str, float] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)
    measured_on: str = ""
    commit: str = ""


def read(file: Path) -> dict[int, Result]:
    """The results by plays; none if the file does not exist."""
    if not file.is_file():
        return {}
    return {int(plays): _result(one) for plays, one in json.loads(file.read_text()).items()}


def write(results: dict[int, Result], file: Path) -> None:
    """Replace the file."""
    shown = {str(plays): asdict(results[plays]) for plays in sorted(results)}
    file.write_text(json.dumps(shown, indent=1) + "\n", encoding="utf-8")


def merged(old: Result | None, new: Result) -> Result:
    """The new result, with the engines and approaches of the old one that were not run now."""
    if old is not None:
        new.engines = old.engines | new.engines
        new.differing = old.differing | new.differing
        new.approaches = new.approaches or old.approaches
        new.load = old.load | new.load
        new.commands = old.commands | new.commands
    return new


def _result(one: dict) -> Result:
    engines = {
        engine: {
            step: Runs(**runs | {"cpu": [Cpu(**cpu) for cpu in runs["cpu"]]})
            for step, runs in steps.items()
        }
        for engine, steps in one["engines"].items()
    }
    approaches = [Approach(**each) for each in one["approaches"]]
    return Result(**one | {"engines": engines, "approaches": approaches})
