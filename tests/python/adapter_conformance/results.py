"""The outcomes of a run, and the failures that are expected."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent
FIGURES = FOLDER / "figures.json"


@dataclass
class Suite:
    """The numbers of tests of a suite, by outcome."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0


@dataclass
class Outcomes:
    """Each test's outcome on an engine, and the message of those that failed."""

    engine: str
    tests: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> set[str]:
        """The tests that failed."""
        return {test for test, outcome in self.tests.items() if outcome == "failed"}

    @property
    def suites(self) -> dict[str, Suite]:
        """The numbers by suite."""
        found: dict[str, Suite] = {}
        for test, outcome in sorted(self.tests.items()):
            suite = found.setdefault(test.partition(".")[0], Suite())
            setattr(suite, outcome, getattr(suite, outcome) + 1)
        return found


def read(file: Path, engine: str) -> Outcomes:
    """The outcomes that the plugin `target` recorded. A test that failed in any phase failed."""
    found = Outcomes(engine)
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        entry = json.loads(line)
        name = entry["test"]
        if found.tests.get(name) != "failed":
            found.tests[name] = entry["outcome"]
            found.messages[name] = entry["message"]
    return found


def expected_failures(engine: str) -> Path:
    """The file with one expected failure a line, and its reason after a `#`."""
    return FOLDER / "expected_failures" / f"{engine}.txt"


def read_expected(engine: str) -> dict[str, str] | None:
    """The reason of each expected failure; None before the first run."""
    file = expected_failures(engine)
    if not file.exists():
        return None
    lines = (line.partition("#") for line in file.read_text(encoding="utf-8").splitlines())
    return {test.strip(): reason.strip() for test, _, reason in lines if test.strip()}


def write_expected(engine: str, tests: Iterable[str]) -> None:
    """Replace the file."""
    file = expected_failures(engine)
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(f"{test}\n" for test in sorted(tests)), encoding="utf-8")


def remember(outcomes: Outcomes) -> None:
    """Keep an engine's outcomes for the page, which shows both engines' last runs."""
    known = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    known[outcomes.engine] = dict(sorted(outcomes.tests.items()))
    FIGURES.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def remembered() -> list[Outcomes]:
    """The last outcomes of each engine."""
    known = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    return [Outcomes(engine, tests) for engine, tests in known.items()]
