"""Build the project on both engines from the same landed files, and compare after each step."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from conformance.target import HomeTarget
from parity.tables import Comparison, compare, read_tables

ENGINES = ("sail", "spark")
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

    @property
    def first(self) -> HomeTarget:
        """The home with the source."""
        return self.targets[ENGINES[0]]

    def build(self, name: str, *commands: str, refresh: bool = False) -> Step:
        """Run commands on the source, build on both engines, and compare all tables."""
        for command in commands:
            self.first.run(command)
        self._copy_landed()
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
        contents = [read_tables(target.profiles) for target in self.targets.values()]
        step = Step(name, seconds, compare(contents[0], contents[1], ENGINES))
        self.report(f"{name}: {len(step.tables)} tables, {len(step.differing)} differ")
        self.steps.append(step)
        return step

    def _copy_landed(self) -> None:
        """Replace the second home's landed files. Silver and gold in its lake stay."""
        for target in list(self.targets.values())[1:]:
            for name in _LANDED:
                shutil.rmtree(target.lake / name, ignore_errors=True)
                shutil.copytree(self.first.lake / name, target.lake / name)


@contextmanager
def two_homes(folder: Path, report: Callable[[str], None]) -> Iterator[Parity]:
    """A running warehouse on each engine, in folders of their own."""
    targets = {}
    for engine in ENGINES:
        (folder / engine).mkdir()
        targets[engine] = HomeTarget(folder / engine, engine=engine)
    try:
        for target in targets.values():
            target.up()
        yield Parity(targets, report)
    finally:
        for target in targets.values():
            target.down()
