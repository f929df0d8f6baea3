"""Ingestions that crash, overlap, or lose their state: nothing is lost, and a rerun recovers."""

import dataclasses
import json
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from medallion.adf.files import FactoryFiles
from medallion.errors import MedallionError
from medallion.home import Home
from medallion_local import http as web
from medallion_local.azure_sql.database import SourceDatabase
from medallion_local.data_factory.crash import activities
from medallion_local.data_factory.engine import run_pipeline
from medallion_local.data_factory.events import Event
from medallion_local.data_factory.run import ingest, laptop
from medallion_local.github.server import REPOSITORY
from medallion_local.http import Answer
from support.alert_vault import alert_vault
from support.landing_oracle import Reader, check_landed
from support.source_home import change, landed, make, rows

STATUSES = {"InProgress": "before", "Succeeded": "after", "Failed": "after"}
USERS = {"table": "DimUser"}
DAYS = {"from_date": "2025-01-03", "to_date": "2025-01-03"}


class Killed(BaseException):
    """Represents the end of the process."""


Boundary = tuple[str, str, str]


class Meddler:
    """Commits to the source around a boundary, and ends the run at its first occurrence."""

    def __init__(
        self, home: Home, dies_at: Boundary | None = None, commits: tuple[int, ...] = (5, 40)
    ) -> None:
        self.home, self.dies_at, self.commits = home, dies_at, commits
        self.seen: list[Boundary] = []

    def __call__(self, event: Event) -> None:
        if event.status not in STATUSES:
            return
        if event.activity == "Wait for capture":
            SourceDatabase.open(self.home.source_database).execute(
                "EXEC sys.sp_cdc_start_job @job_type = N'capture'"
            )
        self.seen.append((event.pipeline, event.activity, STATUSES[event.status]))
        if len(self.seen) in self.commits:
            commit(self.home, len(self.seen))
        if self.seen[-1] == self.dies_at:
            commit(self.home, len(self.seen))
            raise Killed


def commit(home: Home, number: int) -> None:
    """One transaction at the current time: an update, an insert or a delete."""
    statements = (
        f"UPDATE dbo.DimUser SET country = N'C{number}' WHERE user_id = 1",
        "INSERT INTO dbo.DimUser (user_id, user_name) "
        "SELECT COALESCE(MAX(user_id), 0) + 1, N'New' FROM dbo.DimUser",
        "DELETE FROM dbo.DimUser WHERE user_id = (SELECT MAX(user_id) FROM dbo.DimUser)",
    )
    SourceDatabase.open(home.source_database).execute(statements[number % 3])


@contextmanager
def webhook() -> Iterator[str]:
    """A server that accepts every alert."""
    with web.serving(lambda request: Answer(200)) as port:
        yield f"http://127.0.0.1:{port}"


def run(home: Home, pipeline: str, parameters: dict, listener: Callable) -> str:
    """Run a pipeline with an idle Databricks job and no pauses. Returns its status or error."""
    with (
        webhook() as url,
        alert_vault(url) as (alerts, _),
        laptop(home, listener=listener, alerts=alerts) as environment,
    ):
        here = dataclasses.replace(
            environment, jobs={"0": lambda parameters: job(home)}, pause=lambda seconds: None
        )
        record = run_pipeline(here, pipeline, parameters).record
        return record.error["message"] if record.error else record.status


def job(home: Home) -> None:
    """The Databricks job: it builds nothing, and fails if a test requests it."""
    if (home.root / "job fails").exists():
        raise MedallionError("the job failed")


def nothing(given: Home | Event) -> None:
    """Do nothing to prepare, fix or observe a run."""


def loaded(home: Home) -> None:
    assert ingest(home, "DimUser").status == "Succeeded"
    change(home, "UPDATE dbo.DimUser SET country = N'Spain' WHERE user_id = 1", "2025-01-03")


def capture_lags(home: Home) -> None:
    """The first load then sees changes that are committed but not captured yet."""
    source = SourceDatabase.open(home.source_database)
    source.execute("EXEC sys.sp_cdc_stop_job @job_type = N'capture'")
    change(home, "DELETE FROM dbo.DimUser WHERE user_id = 3", "2025-01-03")


def window_is_unfinished(home: Home) -> None:
    loaded(home)
    with pytest.raises(Killed):
        run(home, "pl_ingest", USERS, Meddler(home, ("pl_land_window", "Write pin", "after")))
    change(home, "UPDATE dbo.DimUser SET country = N'Chile' WHERE user_id = 2", "2025-01-04")


def file_has_no_receipt(home: Home) -> None:
    loaded(home)
    with pytest.raises(Killed):
        run(home, "pl_ingest", USERS, Meddler(home, ("pl_land_file", "Copy rows", "after")))


def everything_landed(home: Home) -> None:
    loaded(home)
    assert ingest(home, "DimUser").status == "Succeeded"


def job_and_reference_fail(home: Home) -> None:
    loaded(home)
    (home.root / "job fails").touch()
    reference = home.github / REPOSITORY / "markets.csv"
    reference.unlink()
    reference.mkdir()


def job_and_reference_are_back(home: Home) -> None:
    (home.root / "job fails").unlink()
    (home.github / REPOSITORY / "markets.csv").rmdir()


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
    """A pipeline, its preconditions, and the operator's actions before the next run."""

    pipeline: str
    parameters: dict
    prepare: Callable[[Home], None] = loaded
    repair: Callable[[Home], None] = nothing
    commits: tuple[int, ...] = (5, 40)


SCENARIOS = {
    "first load while capture lags": Scenario("pl_ingest", USERS, capture_lags),
    "increment": Scenario("pl_ingest_and_build", {}),
    "backfill": Scenario("pl_backfill", {**USERS, **DAYS}),
    "new column": Scenario("pl_ingest", USERS, column_is_new),
    "unfinished window": Scenario("pl_ingest", USERS, window_is_unfinished),
    "file without receipt": Scenario("pl_ingest", USERS, file_has_no_receipt),
    "nothing new": Scenario("pl_ingest", USERS, everything_landed, commits=()),
    "failing job and reference": Scenario(
        "pl_ingest_and_build", {}, job_and_reference_fail, job_and_reference_are_back
    ),
    "truncated log": Scenario("pl_ingest_and_build", {}, log_is_truncated, restored),
}


@pytest.fixture(scope="module")
def covered() -> set[Boundary]:
    """The boundaries at which a run has crashed so far."""
    return set()


@pytest.mark.long
@pytest.mark.parametrize("name", SCENARIOS)
def test_run_that_crashes_at_any_boundary_loses_nothing(
    name: str, tmp_path: Path, covered: set[Boundary]
) -> None:
    """A scenario skips the boundaries at which an earlier scenario crashed.

    A crash before an activity equals a crash after the previous event: nothing runs in between.
    """
    scenario, template, home = SCENARIOS[name], make(tmp_path), Home(tmp_path / "copy")
    scenario.prepare(template)
    shutil.copytree(template.root, home.root)
    undisturbed = Meddler(home, commits=scenario.commits)
    run(home, scenario.pipeline, scenario.parameters, undisturbed)
    ends = (one for one in undisturbed.seen if one[2] == "after")
    points = [one for one in dict.fromkeys(ends) if one not in covered]
    for point in points:
        shutil.rmtree(home.root)
        shutil.copytree(template.root, home.root)
        with pytest.raises(Killed):
            dying = Meddler(home, point, scenario.commits)
            run(home, scenario.pipeline, scenario.parameters, dying)
        reader = Reader(home, "DimUser")
        reader.read()
        scenario.repair(home)
        if scenario.pipeline == "pl_backfill":
            assert run(home, "pl_backfill", scenario.parameters, nothing) == "Succeeded"
        assert run(home, "pl_ingest", USERS, Meddler(home)) == "Succeeded"
        assert run(home, "pl_ingest", USERS, nothing) == "Succeeded"
        check_landed(reader, "user_id")
    covered |= set(points)
    assert points


@pytest.mark.long
def test_every_activity_was_a_boundary(covered: set[Boundary]) -> None:
    """Only activities that state why a run fails are excluded: there is one per reason."""
    expected = {
        (pipeline, activity["name"], "after")
        for pipeline, activity in activities(FactoryFiles())
        if activity["type"] != "Fail"
    }
    assert expected - covered == set()


OVERLAPS = ("Pin window", "Write pin", "Count rows", "Copy rows", "Leave receipt", "Read back")


@pytest.mark.parametrize("activity", OVERLAPS)
@pytest.mark.parametrize("prepare", [nothing, loaded], ids=["first load", "increment"])
def test_two_runs_at_once_move_no_watermark_backwards(
    tmp_path: Path, prepare: Callable, activity: str
) -> None:
    """A whole second run passes while the first is in an activity; then the source continues."""
    home = make(tmp_path)
    prepare(home)
    overtaken = []

    def overtake(event: Event) -> None:
        if (event.activity, event.status) == (activity, "Succeeded") and not overtaken:
            commit(home, 0)
            overtaken.append(run(home, "pl_ingest", USERS, nothing))
            overtaken.append(json.loads(watermark(home).read_text())["lsn"])

    slow = run(home, "pl_ingest", USERS, overtake)
    assert overtaken[0] == "Succeeded"
    assert slow == "Succeeded" or "another run was faster" in slow
    assert json.loads(watermark(home).read_text())["lsn"] >= overtaken[1]
    assert run(home, "pl_ingest", USERS, nothing) == "Succeeded"
    check_landed(Reader(home, "DimUser"), "user_id")


@pytest.mark.parametrize("content", ["", "garbage", "[]", '{"lsn": "12"}', '{"lsn": null}'])
@pytest.mark.parametrize("kind", ["watermarks", "pins"])
def test_damaged_control_file_stops_the_table_by_name(
    tmp_path: Path, kind: str, content: str
) -> None:
    home = make(tmp_path)
    loaded(home)
    file = home.lake / "control" / kind / "dbo.DimUser.json"
    kept = file.read_text()
    file.write_text(content)
    before = len(landed(home, "DimUser"))
    result = ingest(home, "DimUser")
    assert result.status == "Failed" and result.error is not None
    assert f"control/{kind}/dbo.DimUser.json is damaged" in result.error
    assert len(landed(home, "DimUser")) == before
    file.write_text(kept)
    assert ingest(home, "DimUser").status == "Succeeded"
    check_landed(Reader(home, "DimUser"), "user_id")


def test_unavailable_source_that_returns_loses_nothing(tmp_path: Path) -> None:
    home = make(tmp_path)
    loaded(home)
    away = home.root / "away.duckdb"

    def leave(event: Event) -> None:
        if (event.activity, event.status) == ("Count rows", "Succeeded"):
            home.source_database.rename(away)

    assert "there is no source database" in run(home, "pl_ingest", USERS, leave)
    away.rename(home.source_database)
    assert run(home, "pl_ingest", USERS, nothing) == "Succeeded"
    check_landed(Reader(home, "DimUser"), "user_id")


def test_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    """The process may not write a file above 2 KiB, so the copy fails half-way."""
    home = make(tmp_path)
    loaded(home)
    before = landed(home, "DimUser")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(event: Event) -> None:
        if event.activity == "Copy rows":
            full = (2048, limits[1]) if event.status == "InProgress" else limits
            resource.setrlimit(resource.RLIMIT_FSIZE, full)

    reported = run(home, "pl_ingest", USERS, fill)
    assert "File too large" in reported
    assert landed(home, "DimUser") == before
    assert run(home, "pl_ingest", USERS, nothing) == "Succeeded"
    check_landed(Reader(home, "DimUser"), "user_id")


def test_late_capture_is_landed_again_at_the_claimed_lsn(tmp_path: Path) -> None:
    """A row that was deleted before the copy, but not captured yet, is in the first load."""
    home = make(tmp_path)
    capture_lags(home)
    meddler = Meddler(home)
    assert run(home, "pl_ingest", USERS, meddler) == "Succeeded"
    [late] = [file for file in landed(home, "DimUser") if file.name.endswith("_late.parquet")]
    restated = {(row["user_id"], row["_operation"], row["country"]) for row in rows(late)}
    assert (3, 2, "Chile") in restated
    assert run(home, "pl_ingest", USERS, nothing) == "Succeeded"
    check_landed(Reader(home, "DimUser"), "user_id")


def test_stopped_capture_job_fails_the_first_load(tmp_path: Path) -> None:
    home = make(tmp_path)
    capture_lags(home)
    folder = tmp_path / "adf"
    shutil.copytree(FactoryFiles().folder, folder)
    file = folder / "pipeline" / "pl_land_late.json"
    file.write_text(file.read_text().replace("0.01:00:00", "0.00:00:01"))
    result = ingest(home, "DimUser", files=FactoryFiles(folder))
    assert result.status == "Failed" and result.error is not None
    assert "Until capture has passed" in result.error or "timed out" in result.error
    assert not watermark(home).exists()


def test_a_listed_table_that_the_source_lacks_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "adf"
    shutil.copytree(FactoryFiles().folder, folder)
    file = folder / "pipeline" / "pl_ingest.json"
    file.write_text(file.read_text().replace("DimArtist", "DimAlbum"))
    result = ingest(make(tmp_path), "DimAlbum", files=FactoryFiles(folder))
    assert result.status == "Failed" and result.error is not None
    assert "says: the source has no table dbo.DimAlbum that this login may read;" in result.error
    assert "dropped" not in result.error


@pytest.mark.parametrize(
    ("tsql", "status", "reported"),
    [
        ("ALTER TABLE dbo.DimUser DROP COLUMN country", "Failed", "'country' was dropped"),
        (
            "ALTER TABLE dbo.DimUser ALTER COLUMN country nvarchar(300)",
            "Failed",
            "'country' was retyped from nvarchar(100) to nvarchar(300)",
        ),
        (
            "ALTER TABLE dbo.DimUser ADD nickname nvarchar(20) NULL",
            "Succeeded",
            "'nickname' (nvarchar(20)) was added and is not landed",
        ),
        (
            "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'DimUser', "
            "@role_name = NULL, @capture_instance = N'dbo_DimUser_2', "
            "@captured_column_list = N'user_id, country'",
            "Succeeded",
            "capture instance dbo_DimUser_2 captures",
        ),
    ],
)
def test_a_source_that_differs_from_the_list_is_reported_by_name(
    tmp_path: Path, tsql: str, status: str, reported: str
) -> None:
    home = make(tmp_path)
    loaded(home)
    before = len(landed(home, "DimUser"))
    change(home, tsql, "2025-01-04")
    result = ingest(home, "DimUser")
    assert result.status == status
    assert reported in (result.error or " ".join(result.notices))
    assert (len(landed(home, "DimUser")) == before) == (status == "Failed")
