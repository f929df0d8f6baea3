"""Run the same landed files through each engine, step by step, and compare their tables."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psutil

from medallion.console import out
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, Home
from medallion_local.bench.measured import Measured, down, measure, up
from medallion_local.bench.scale import approaches, comparison, results
from medallion_local.bench.scale.comparison import Columns, Contents
from medallion_local.bench.scale.landing import Landing, Size, add, copied, land
from medallion_local.bench.scale.results import DAY, FIRST, NOTHING, TESTS, WORST, Result, Runs
from medallion_local.databricks_sql.spark import distribution

# Models, seeds and snapshots. The tests are measured separately.
BUILD = ["dbt", "build", "--exclude-resource-types", "test", "unit_test"]
TEST = ["dbt", "test", "--exclude-resource-type", "unit_test"]
COMPILE = ["dbt", "compile"]
SHORT_SECONDS = 120
LAKES = {NOTHING: "first", DAY: "day", WORST: "worst"}
Steps = dict[str, Runs]


def compare(size: Size, engines: list[str], most: int, save: Callable[[Result], object]) -> None:
    """Measure a size on the engines, `most` times; without engines, on all that are installed.

    `save` gets the result after each engine, so that an interrupted comparison keeps its figures.
    """
    wanted = engines or [one for one in results.ENGINES if one != "spark" or _spark()]
    chosen = [one for one in results.ENGINES if one in wanted]  # DuckDB last: it is compared
    named = " ".join(f"--engine {one}" for one in engines)
    command = (
        f"medallion bench --only scale --size {size.plays / 1_000_000:g} --runs {most} {named}"
    )
    with tempfile.TemporaryDirectory(prefix="medallion-bench-") as name, ExitStack() as homes:
        folder = Path(name)
        out.print(f"landing {size.plays:,} plays …")
        landing = land(size, folder / "landed")
        result = _described(size, landing)
        contents: dict[str, dict[str, Contents]] = {}
        columns: Columns = {}
        built: dict[str, Home] = {}
        for engine in chosen:
            if engine == "duckdb":
                own = _lower_bound(landing, folder / "duckdb", result, columns, most)
            else:
                home = _first_built(engine, landing, folder, result, most)
                built[engine] = homes.enter_context(home)
                columns = columns or comparison.columns_of(built[engine])
                own = {FIRST: comparison.of_lakehouse(built[engine], columns)}
                own |= _days(engine, built[engine], landing, result, columns, most)
            contents[engine] = own
            result.differing = _differing(contents)
            result.commands[engine] = command.strip()
            result.load[engine] = round(psutil.getloadavg()[2], 1)
            save(result)
        if "sail" in built:
            out.print("the approaches of others …")
            result.approaches = approaches.run(built["sail"], landing)
            save(result)


def _spark() -> bool:
    try:
        distribution.prepare()
    except MedallionError:
        return False
    return True


def _described(size: Size, landing: Landing) -> Result:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return Result(
        size.plays,
        size.days,
        size.users,
        size.seed,
        {step: files.plays for step, files in landing.files.items()},
        {step: files.rows for step, files in landing.files.items()},
        {step: files.bytes for step, files in landing.files.items()},
        {step: round(one.seconds, 2) for step, one in landing.ingests.items()},
        measured_on=f"{datetime.now(UTC):%Y-%m-%d}",
        commit=commit.stdout.strip(),
    )


@contextmanager
def _first_built(
    engine: str, landing: Landing, folder: Path, result: Result, most: int
) -> Iterator[Home]:
    """A home after the measured first build and tests; its warehouse is stopped."""
    steps = result.engines.setdefault(engine, {})
    home = Home(folder / engine)

    def first() -> Measured:
        _remove(home)
        add(landing.lakes["first"], home)
        up(home, engine)
        return measure(FIRST, BUILD, home.root)

    try:
        steps[FIRST] = _repeated(f"{engine}: {FIRST}", most, first)
        steps[FIRST].bytes = _written(home)
        steps[TESTS] = _repeated(
            f"{engine}: {TESTS}", most, lambda: measure(TESTS, TEST, home.root)
        )
        down(home)
        yield home
    finally:
        _remove(home)


def _days(
    engine: str, built: Home, landing: Landing, result: Result, columns: Columns, most: int
) -> dict[str, Contents]:
    """Measure each step after the first build, always from a copy of the home that it left."""
    found: dict[str, Contents] = {}
    for step, lake in LAKES.items():
        last = Home(built.root.with_name(f"{engine}-{lake}"))
        once = partial(_day, engine, built, landing.lakes[lake], last, step)
        try:
            result.engines[engine][step] = _repeated(f"{engine}: {step}", most, once)
            result.engines[engine][step].bytes = _written(last) - _written(built)
            found[step] = comparison.of_lakehouse(last, columns)
        finally:
            _remove(last)
    return found


def _day(engine: str, built: Home, lake: Path, home: Home, step: str) -> Measured:
    """Add the files of a lake to a copy of a home, and measure its build."""
    _remove(home)
    copied(built, home.root)
    add(lake, home)
    up(home, engine)
    measured = measure(step, BUILD, home.root)
    down(home)
    return measured


def _remove(home: Home) -> None:
    down(home)
    shutil.rmtree(home.root, ignore_errors=True)


def _lower_bound(
    landing: Landing, folder: Path, result: Result, columns: Columns, most: int
) -> dict[str, Contents]:
    """Build everything in DuckDB, from the files of each step: it has no increments."""
    manifest = _compiled(folder / "compiled")
    steps = result.engines["duckdb"] = {}
    found = {}
    for step, lake in {FIRST: "first", DAY: "day", WORST: "worst"}.items():
        database = folder / f"{lake}.duckdb"

        def build(step: str = step, lake: str = lake, database: Path = database) -> Measured:
            database.unlink(missing_ok=True)
            module = "medallion_local.bench.scale.lower_bound"
            command = ["python", "-m", module, manifest, landing.lakes[lake], database]
            return measure(step, [str(each) for each in command], folder)

        steps[step] = _repeated(f"duckdb: {step}", most, build)
        steps[step].bytes = database.stat().st_size
        if columns:
            found[step] = comparison.of_database(database, columns)
    return found


def _compiled(folder: Path) -> Path:
    """The manifest of the project, compiled against an empty warehouse: as for a first build."""
    home = Home(folder)
    folder.mkdir(parents=True)
    try:
        up(home)
        measure("compile", COMPILE, home.root)
    finally:
        down(home)
    return folder / "target" / "manifest.json"


def _repeated(name: str, most: int, once: Callable[[], Measured]) -> Runs:
    """One run, and further ones unless it took more than two minutes."""
    out.print(f"{name} …", end=" ")
    runs = Runs()
    while len(runs.seconds) < most and not any(one > SHORT_SECONDS for one in runs.seconds):
        runs.add(once())
    out.print(f"{runs.median:.1f} s, {runs.work:.1f} CPU-s, {len(runs.seconds)} runs")
    return runs


def _differing(contents: dict[str, dict[str, Contents]]) -> dict[str, dict[str, list[str]]]:
    """Per engine and step, the tables that differ from those on Sail."""
    ours = contents.get("sail", {})
    return {
        engine: {
            step: [name for name, one in tables.items() if one != ours[step][name]]
            for step, tables in steps.items()
            if step in ours
        }
        for engine, steps in contents.items()
        if engine != "sail"
    }


def _written(home: Home) -> int:
    """The bytes of all files of the tables, also of those that no table refers to any more."""
    folders = (home.warehouse / "tables", home.lake / "silver", home.lake / "gold")
    return sum(one.stat().st_size for each in folders for one in each.rglob("*") if one.is_file())
