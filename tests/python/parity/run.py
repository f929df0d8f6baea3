"""Build the project on both engines from the same landed files, and compare after each step."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

from conformance.target import HomeTarget
from medallion_local.databricks_sql.engine_name import EngineName
from parity.tables import Comparison, compare, read_tables

ENGINES: tuple[EngineName, ...] = get_args(EngineName)
# Both warehouses' clocks stand still during a step, so that times of a build are equal too.
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_LANDED = ("bronze", "control")


@dataclass
class Step:
    """A step of the run: the seconds that each engine needed, and every table's comparison."""

    name: str
    seconds: dict[str, float]
    tables: list[Comparison]

    @property
    def differing(self) -> list[Comparison]:
        """The tables that differ."""
        return [one for one in self.tables if one.differences]


@dataclass
class Parity:
    """Two homes. The source and ingestion are in the first; the landed files are in both."""

    targets: dict[str, HomeTarget]
    report: Callable[[str], None]
    steps: list[Step] = field(default_factory=list)

    def build(self, name: str, *commands: str, refresh: bool = False) -> Step:
        """Run commands on the source, build on both engines, and compare all tables."""
        source, copy = self.targets.values()
        for command in commands:
            source.run(command)
        for landed in _LANDED:  # silver and gold in the lake stay
            shutil.rmtree(copy.lake / landed, ignore_errors=True)
            shutil.copytree(source.lake / landed, copy.lake / landed)
        seconds = {}
        for engine, target in self.targets.items():
            target.stop_clock(_FIRST + timedelta(days=len(self.steps)))
            began = time.monotonic()
            if refresh:
                target.refresh()
            else:
                target.build()
            seconds[engine] = time.monotonic() - began
            self.report(f"{name} on {engine}: {seconds[engine]:.0f} s")
        contents = (read_tables(source.profiles), read_tables(copy.profiles))
        step = Step(name, seconds, compare(*contents, ENGINES))
        self.report(f"{name}: {len(step.tables)} tables, {len(step.differing)} differ")
        self.steps.append(step)
        return step


@contextmanager
def two_homes(folder: Path, report: Callable[[str], None]) -> Iterator[Parity]:
    """A running warehouse on each engine, in folders of their own."""
    with ExitStack() as stack:
        targets = {}
        for engine in ENGINES:
            (folder / engine).mkdir()
            targets[engine] = HomeTarget(folder / engine, engine=engine)
            stack.enter_context(targets[engine].running())
        yield Parity(targets, report)
