"""Ingestions that die, overlap, or lose what they stand on: nothing is lost, a rerun heals."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from medallion.home import Home
from medallion.local.factory.crash import activities
from medallion.local.factory.engine import run_pipeline
from medallion.local.factory.events import Event
from medallion.local.factory.files import FactoryFiles
from medallion.local.factory.run import ingest, laptop
from medallion.local.source.database import SourceDatabase

from factory_home import change, make
from landing_oracle import Reader, check_landed

STATUSES = {"InProgress": "before", "Succeeded": "after", "Failed": "after"}
USERS = {"table": "DimUser"}
DAYS = {"from_date": "2025-01-03", "to_date": "2025-01-03"}
MARKETS = {"reference": {"name": "markets", "file": "markets.csv"}, "run_id": "first"}
NOWHERE = "http://127.0.0.1:9/nobody"


class Killed(BaseException):
    """Stands for the end of the process."""


Boundary = tuple[str, str, str]


class Meddler:
    """Commits to the source around a boundary, and ends the run there, at its first occurrence."""

    def __init__(self, home: Home, dies_at: Boundary | None = None) -> None:
        self.home, self.dies_at = home, dies_at
        self.seen: list[Boundary] = []

    def __call__(self, event: Event) -> None:
        if event.status not in STATUSES:
            return
        if event.activity == "Wait for capture":
            SourceDatabase.open(self.home.source_database).execute(
                "EXEC sys.sp_cdc_start_job @job_type = N'capture'"
            )
        self.seen.append((event.pipeline, event.activity, STATUSES[event.status]))
        if len(self.seen) in (5, 40):
            commit(self.home, len(self.seen))
        if self.seen[-1] == self.dies_at:
            commit(self.home, len(self.seen))
            raise Killed


def commit(home: Home, number: int) -> None:
    """One transaction of the present: an update, an insert or a delete."""
    statements = (
        f"UPDATE dbo.DimUser SET country = N'C{number}' WHERE user_id = 1",
        "INSERT INTO dbo.DimUser (user_id, user_name) "
        "SELECT COALESCE(MAX(user_id), 0) + 1, N'New' FROM dbo.DimUser",
        "DELETE FROM dbo.DimUser WHERE user_id = (SELECT MAX(user_id) FROM dbo.DimUser)",
    )
    SourceDatabase.open(home.source_database).execute(statements[number % 3])


def run(home: Home, pipeline: str, parameters: dict, listener: Callable) -> str:
    """Run a pipeline, with an idle Databricks job and no pauses; its status or error."""
    with laptop(home, listener=listener, alert_webhook=NOWHERE) as environment:
        here = dataclasses.replace(
            environment, jobs={"0": lambda parameters: None}, pause=lambda seconds: None
        )
        record = run_pipeline(here, pipeline, parameters).record
        return record.error["message"] if record.error else record.status


def nothing(given: Home | Event) -> None:
    """Prepare, mend, or listen to, nothing."""


def loaded(home: Home) -> None:
    assert ingest(home, "DimUser").status == "Succeeded"
    change(home, "UPDATE dbo.DimUser SET country = N'Spain' WHERE user_id = 1", "2025-01-03")


def capture_lags(home: Home) -> None:
    """The first load then meets changes that are committed, but not captured yet."""
    source = SourceDatabase.open(home.source_database)
    source.execute("EXEC sys.sp_cdc_stop_job @job_type = N'capture'")
    change(home, "DELETE FROM dbo.DimUser WHERE user_id = 3", "2025-01-03")


def column_is_new(home: Home) -> None:
    loaded(home)
    change(home, "ALTER TABLE dbo.DimUser ADD nickname nvarchar(20) NULL", "2025-01-03")


def watermark(home: Home) -> Path:
    return home.lake / "control" / "watermarks" / "dbo.DimUser.json"


def log_is_truncated(home: Home) -> None:
    loaded(home)
    kept = watermark(home)
    kept.rename(home.root / "kept.json")
    kept.write_text('{"lsn": "0x00FFFFFF000000000001"}')


def restored(home: Home) -> None:
    (home.root / "kept.json").rename(watermark(home))


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A pipeline, what precedes it, and what an operator does before it runs again."""

    pipeline: str
    parameters: dict
    prepare: Callable[[Home], None] = loaded
    mend: Callable[[Home], None] = nothing


SCENARIOS = {
    "first load while capture lags": Scenario("pl_ingest", USERS, capture_lags),
    "increment": Scenario("pl_ingest_and_build", {}),
    "backfill": Scenario("pl_backfill", {**USERS, **DAYS}),
    "new column": Scenario("pl_ingest", USERS, column_is_new),
    "truncated log": Scenario("pl_ingest_and_build", {}, log_is_truncated, restored),
}


@pytest.fixture(scope="module")
def covered() -> set[Boundary]:
    """The boundaries at which a run has died so far."""
    return set()


@pytest.mark.parametrize("name", SCENARIOS)
def test_run_that_dies_at_any_boundary_loses_nothing(
    name: str, tmp_path: Path, covered: set[Boundary]
) -> None:
    """A scenario leaves out the boundaries at which an earlier one has died."""
    scenario, template, home = SCENARIOS[name], make(tmp_path), Home(tmp_path / "copy")
    scenario.prepare(template)
    shutil.copytree(template.root, home.root)
    undisturbed = Meddler(home)
    run(home, scenario.pipeline, scenario.parameters, undisturbed)
    points = [one for one in dict.fromkeys(undisturbed.seen) if one not in covered]
    for point in points:
        shutil.rmtree(home.root)
        shutil.copytree(template.root, home.root)
        with pytest.raises(Killed):
            run(home, scenario.pipeline, scenario.parameters, Meddler(home, point))
        reader = Reader(home, "DimUser")
        reader.read()
        scenario.mend(home)
        if scenario.pipeline == "pl_backfill":
            assert run(home, "pl_backfill", scenario.parameters, nothing) == "Succeeded"
        assert run(home, "pl_ingest", USERS, Meddler(home)) == "Succeeded"
        assert run(home, "pl_ingest", USERS, nothing) == "Succeeded"
        check_landed(reader, "user_id")
    covered |= set(points)
    assert points


def test_every_activity_was_a_boundary(covered: set[Boundary]) -> None:
    """Only activities that say why a run fails are left out: there is one per reason."""
    expected = {
        (pipeline, activity["name"], moment)
        for pipeline, activity in activities(FactoryFiles())
        for moment in ("before", "after")
        if activity["type"] != "Fail"
    }
    assert expected - covered == set()
