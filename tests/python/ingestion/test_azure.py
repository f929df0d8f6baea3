"""Ingestions in Azure: the real management client against a factory on the loopback."""

import _thread
import dataclasses
import datetime as dt
import json
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.datafactory.models import RunFilterParameters, RunQueryFilter, RunQueryOrderBy
from typer.testing import CliRunner, Result

from medallion.adf.files import FactoryFiles
from medallion.cli import app
from medallion.errors import MedallionError
from medallion.home import Home
from medallion.ingestion.azure import landed as landing
from medallion.ingestion.azure import run as azure
from medallion.ingestion.azure.monitor import Monitor
from medallion.ingestion.azure.run import Pace
from medallion.ingestion.azure.settings import connect, from_environment
from medallion.ingestion.request import IngestResult, arguments, tables
from medallion_local.data_factory.run import ingest as ingest_here
from medallion_local.http import Answer
from support.management_api import GROUP, NAME, ManagementApi, management_api, slow, tiny
from support.raw_http import status_before_body
from support.source_home import change, landed, make, rows
from support.vault_servers import certificates_in, live_in

TABLES = [one["table"] for one in tables()]
QUICK = Pace(first=0.02, longest=0.1)
HASTY = Pace(first=0.02, longest=0.1, appearing=0.3, silent=0.3, queued=0.3)
WHOLE = {"table": "", "from_date": "", "to_date": ""}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return certificates_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def factory(certificates, monkeypatch, tmp_path):
    """Serves factories of tiny pipelines, with the environment of a machine that may use them."""

    @contextmanager
    def opened(
        *, broken: str = "", seconds: float = 0, page_size: int = 100, operator: bool = True
    ) -> Iterator[ManagementApi]:
        home = Home(tmp_path / "home")
        with slow(seconds) as url:
            files = tiny(tmp_path / "adf", url, broken)
            with management_api(
                home, certificates, files, page_size=page_size, operator=operator
            ) as made:
                live_in(made.environment, monkeypatch)
                yield made

    return opened


def ingest(
    made: ManagementApi, parameters: dict[str, str] = WHOLE, pace: Pace = QUICK
) -> IngestResult:
    with connect(made.factory) as client:
        run_id = azure.start(client, made.factory, parameters, pace)
        return azure.follow(client, made.factory, run_id, lambda *reported: None, pace)


def refused(made: ManagementApi, parameters: dict[str, str] = WHOLE, pace: Pace = QUICK) -> str:
    with pytest.raises(MedallionError) as failed:
        ingest(made, parameters, pace)
    assert "\n" not in str(failed.value)
    return str(failed.value)


def command(*options: str) -> Result:
    return CliRunner().invoke(app, ["ingest", *options])


def error(code: str, status: int, **headers: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": "As the test wants it."}}, headers)


def test_a_run_is_followed_to_its_end_and_tells_what_each_table_landed(factory) -> None:
    reported = []
    with factory(seconds=1) as made, connect(made.factory) as client:
        run_id = azure.start(client, made.factory, WHOLE, QUICK)
        result = azure.follow(
            client, made.factory, run_id, lambda *one: reported.append(one), QUICK
        )
        windows = [one for one in made.runs.all() if one["pipelineName"] == "pl_ingest_window"]
        waits = [one for run in windows for one in made.runs.activities(run["runId"])[:1]]
    assert (result.run_id, result.status, result.error) == (run_id, "Succeeded", None)
    assert [one.table for one in result.receipts] == sorted(f"dbo.{name}" for name in TABLES)
    assert {(one.mode, one.rows_written, one.bytes, one.file) for one in result.receipts} == {
        ("increment", 7, 700, None)
    }
    assert [one.name for one in result.references] == ["markets", "subscription_plans"]
    assert 1 < result.seconds < 20
    first, second, *_ = sorted(waits, key=lambda one: one["activityRunStart"])
    assert second["activityRunStart"] < first["activityRunEnd"]
    assert all(one["durationInMs"] >= 1000 for one in waits)
    assert ("DimUser", "Take a while InProgress", False) in reported
    assert {one[0] for one in reported if one[2]} == {
        "pl_ingest",
        *TABLES,
        "markets",
        "subscription_plans",
    }


def test_the_failure_of_one_table_is_reported_and_the_others_land(factory) -> None:
    with factory(broken="DimTrack") as made:
        result = ingest(made)
    assert result.status == "Failed"
    assert result.error == "dbo.DimTrack: the log has a gap."
    assert {one.table for one in result.receipts} == {
        f"dbo.{name}" for name in TABLES if name != "DimTrack"
    }


def test_a_backfill_of_one_table_is_the_same_pipeline_with_dates(factory) -> None:
    with factory() as made:
        asked = arguments(TABLES, "dbo.factstream", "2025-01-02", "2025-01-03")
        result = ingest(made, asked)
        assert made.count("pl_ingest/createRun") == 1
    [receipt] = result.receipts
    assert (receipt.table, receipt.mode) == ("dbo.FactStream", "backfill")
    assert (receipt.from_date, receipt.to_date) == ("2025-01-02", "2025-01-03")


def test_pages_are_followed_to_the_last(factory) -> None:
    with factory(page_size=1, broken="DimDate") as made:
        result = ingest(made)
        assert made.count("queryPipelineRuns") > len(TABLES) * 2
    assert len(result.receipts) == len(TABLES) - 1
    assert result.error == "dbo.DimDate: the log has a gap."


def test_busy_and_broken_answers_are_retried(factory) -> None:
    after = {"Retry-After": "1"}
    with factory() as made:
        made.disturbances = [
            ("createRun", error("TooManyRequests", 429, **after)),
            ("GET pipelineruns", error("InternalServerError", 500)),
            ("queryPipelineRuns", error("TooManyRequests", 429, **after)),
            ("queryPipelineRuns", error("TooManyRequests", 429)),
            ("queryActivityruns", error("ServiceUnavailable", 503)),
        ]
        began = time.monotonic()
        result = ingest(made)
        assert time.monotonic() - began > 2
        assert made.disturbances == []
        assert made.count("createRun") == 2
    assert (result.status, len(result.receipts)) == ("Succeeded", len(TABLES))
    assert len(made.runs.all()) == 1 + 3 * len(TABLES) + 2


def test_a_caller_without_a_token_is_refused_before_its_body(factory, certificates) -> None:
    with factory() as made:
        url = f"{made.factory.endpoint}/subscriptions/x/queryPipelineRuns?api-version=2018-06-01"
        assert status_before_body(url, certificates.authority, "POST", "nonsense") == 401
        assert made.requests == []


def test_a_start_that_may_have_happened_is_not_repeated(factory) -> None:
    with factory() as made:
        made.disturbances = [("createRun", error("InternalServerError", 500))]
        said = refused(made)
        assert made.count("createRun") == 1
    assert said.startswith("Azure did not report whether it started pl_ingest")
    assert "(500 InternalServerError)" in said


def test_a_factory_that_stays_busy_is_given_up(factory) -> None:
    with factory() as made:
        made.disturbances = [("createRun", error("TooManyRequests", 429))] * 5
        assert "429 TooManyRequests" in refused(made)


def test_azure_that_falls_silent_is_given_up_while_the_run_goes_on(factory) -> None:
    with factory(seconds=0.2) as made:
        # the client itself tries each request four times, with pauses
        made.disturbances = [("GET pipelineruns", error("BadGateway", 502))] * 4
        said = refused(made, pace=HASTY)
    assert "has not answered for" in said
    assert "continues in Azure" in said


def test_a_caller_who_may_not_run_pipelines_sees_the_missing_role(factory) -> None:
    with factory(operator=False) as made:
        said = refused(made)
        assert made.runs.all() == []
    assert "may not start pl_ingest" in said
    assert "Data Factory Contributor" in said


def test_a_token_that_azure_does_not_accept(factory) -> None:
    with factory() as made:
        made.disturbances = [("createRun", error("ExpiredAuthenticationToken", 401))]
        assert "does not accept the sign-in (401 ExpiredAuthenticationToken)" in refused(made)


def test_no_sign_in_at_all(factory, monkeypatch) -> None:
    with factory() as made:
        monkeypatch.setenv("IDENTITY_HEADER", "wrong")
        assert refused(made).startswith("Signing in to Azure by managed_identity failed")


@pytest.mark.parametrize("wrong", ["subscription", "resource_group", "name"])
def test_a_factory_that_does_not_exist(factory, wrong: str) -> None:
    with factory() as made:
        made.factory = dataclasses.replace(made.factory, **{wrong: "other"})
        said = refused(made)
    assert "404" in said
    assert "MEDALLION_FACTORY" in said


def test_a_pipeline_that_was_not_published(factory) -> None:
    with factory() as made:
        (made.runs.files.folder / "pipeline" / "pl_ingest.json").unlink()
        said = refused(made)
    assert "404 EntityNotFound" in said
    assert "adf/ is published" in said


def test_a_host_that_does_not_exist(factory) -> None:
    with factory() as made:
        made.factory = dataclasses.replace(made.factory, endpoint="https://management.invalid")
        assert refused(made).startswith("Azure cannot be reached to start pl_ingest")


def test_a_run_that_disappears(factory) -> None:
    with factory(seconds=1.5) as made:
        answers = [error("PipelineRunNotFound", 404)] * 3
        made.whenever = lambda asked: (
            made.disturbances.extend(answers) if made.count("queryPipelineRuns") == 2 else None
        )
        answers = [("GET pipelineruns", one) for one in answers]
        assert "does not know the run" in refused(made)


def test_a_new_run_may_be_unknown_for_a_moment(factory) -> None:
    with factory() as made:
        made.disturbances = [("GET pipelineruns", error("PipelineRunNotFound", 404))] * 2
        assert ingest(made).status == "Succeeded"


def test_a_run_that_is_cancelled_in_azure(factory) -> None:
    with factory(seconds=1.5) as made, connect(made.factory) as client:
        run_id = azure.start(client, made.factory, WHOLE, QUICK)
        place = (made.factory.resource_group, made.factory.name)
        made.whenever = lambda asked: (
            made.runs.cancel(run_id) if made.count("queryActivityruns") == 1 else None
        )
        result = azure.follow(client, made.factory, run_id, lambda *reported: None, QUICK)
        statuses = {
            one.status
            for one in Monitor(client, made.factory).activities(
                run_id, client.pipeline_runs.get(*place, run_id).run_start
            )
        }
    assert result.status == "Cancelled"
    assert result.error == "The run was cancelled in Azure; the next run lands the missing data."
    assert len(result.receipts) < len(TABLES)
    assert "InProgress" not in statuses and "Cancelled" in statuses


def test_a_run_behind_another_waits_its_turn(factory) -> None:
    reported = []
    with factory(seconds=0.3) as made, connect(made.factory) as client:
        first = azure.start(client, made.factory, WHOLE, QUICK)
        second = azure.start(client, made.factory, WHOLE, QUICK)
        result = azure.follow(
            client, made.factory, second, lambda *one: reported.append(one), QUICK
        )
        before, after = made.runs.one(first), made.runs.one(second)
    assert reported[0] == ("pl_ingest", "Queued", False)
    assert result.status == "Succeeded"
    assert before["runEnd"] <= after["runStart"]
    assert {one.run_id for one in result.receipts} == {second}


def test_a_run_that_waits_too_long_is_left_to_azure(factory) -> None:
    with factory(seconds=1.5) as made, connect(made.factory) as client:
        azure.start(client, made.factory, WHOLE, QUICK)
        said = refused(made, pace=HASTY)
    assert "behind another run of pl_ingest" in said
    assert "continues in Azure" in said


def test_ctrl_c_leaves_the_run_in_azure_and_shows_how_to_cancel_it(factory) -> None:
    with factory(seconds=1.5) as made:
        pressed = []

        def press(asked: str) -> None:
            if made.count("queryPipelineRuns") == 2 and not pressed:
                pressed.append(asked)
                _thread.interrupt_main()

        made.whenever = press
        said = refused(made)
        [run_id] = [one["runId"] for one in made.runs.all() if one["pipelineName"] == "pl_ingest"]
        assert made.count("cancel") == 0
        assert made.runs.one(run_id)["status"] == "InProgress"
        with connect(made.factory) as client:
            place = (made.factory.resource_group, made.factory.name)
            client.pipeline_runs.cancel(*place, run_id, is_recursive=True)
    assert said.startswith(f"Stopped following; the run {run_id} continues in Azure")
    assert f"az datafactory pipeline-run cancel --is-recursive true --run-id {run_id}" in said
    assert made.runs.one(run_id)["status"] == "Cancelled"


def test_mistakes_are_found_before_anything_is_asked_of_azure(factory) -> None:
    with factory() as made:
        for options in (
            ["--table", "DimNone"],
            ["--from", "2025-01-03", "--to", "2025-01-02"],
            ["--from", "2025-01-03"],
            ["--from", "yesterday", "--to", "2025-01-02"],
            ["--crash-after", "Copy rows"],
        ):
            failed = command("--target", "prod", *options).exception
            assert isinstance(failed, MedallionError)
            here = command(*options).exception
            assert str(here) == str(failed) or "--crash-after" in options
        assert made.requests == []


def test_targets_are_those_of_the_profiles(factory) -> None:
    failed = command("--target", "production").exception
    assert str(failed) == (
        "The target 'production' cannot be ingested into; use one of local, dev, ci, prod."
    )
    assert "--no-wait needs a target in Azure" in str(command("--no-wait").exception)


@pytest.mark.parametrize("missing", ["MEDALLION_SUBSCRIPTION_ID", "MEDALLION_RESOURCE_GROUP"])
def test_settings_that_are_missing_are_named(factory, monkeypatch, missing: str) -> None:
    with factory():
        monkeypatch.delenv(missing)
        failed = command("--target", "dev").exception
    assert isinstance(failed, MedallionError)
    assert str(failed).startswith(f"{missing} is not set")


def test_the_factory_is_by_default_the_published_one(factory, monkeypatch) -> None:
    with factory() as made:
        assert from_environment() == made.factory
        monkeypatch.setenv("MEDALLION_FACTORY", "adf-other")
        assert from_environment().name == "adf-other"


def test_the_command_shows_the_windows_and_fails_as_the_run_does(factory) -> None:
    with factory(broken="DimUser"):
        result = command("--target", "prod")
    assert isinstance(result.exception, MedallionError)
    assert str(result.exception) == "The ingestion failed: dbo.DimUser: the log has a gap."
    assert "in adf-medallion: https://adf.azure.com/" in result.stderr
    assert "dbo.FactStream" in result.stdout
    assert "Failed in" in result.stdout


def test_the_command_need_not_wait(factory) -> None:
    with factory(seconds=0.2) as made:
        result = command("--target", "prod", "--no-wait")
        assert (result.exit_code, result.stdout) == (0, "")
        [started] = made.runs.all()[:1]
        assert started["runId"] in result.stderr
        assert made.count("queryPipelineRuns") == 0


def test_the_names_by_which_a_run_is_read_are_those_of_the_pipelines() -> None:
    pipelines = {name: FactoryFiles().pipeline(name) for name in landing.FOLLOWED}
    assert all("run_id" in one["parameters"] for one in pipelines.values())
    assert '"name": "Check columns"' in json.dumps(pipelines[landing.WINDOW])
    assert '"name": "Land file"' in json.dumps(pipelines[landing.REFERENCE])


def test_a_run_that_the_factory_refuses_has_failed(factory) -> None:
    with factory() as made:
        result = ingest(made, {"day": "2025-01-02"})
    assert result.status == "Failed"
    assert "has no parameter 'day'" in result.error


def test_the_monitor_filters_runs_and_activities(factory) -> None:
    with factory(broken="DimDate", page_size=3) as made, connect(made.factory) as client:
        run_id = ingest(made).run_id
        place, began = (GROUP, NAME), client.pipeline_runs.get(GROUP, NAME, run_id).run_start

        def runs(*filters: RunQueryFilter, token: str | None = None):
            return client.pipeline_runs.query_by_factory(*place, window(began, filters, token))

        chain = ["pl_ingest", "pl_ingest_table", "pl_ingest_window"]
        failed = runs(condition("Status", "Equals", "Failed")).value
        assert {one.pipeline_name for one in failed} == set(chain)
        above, child = sorted(failed, key=lambda one: chain.index(one.pipeline_name))[1:]
        assert child.invoked_by.pipeline_run_id == above.run_id
        assert above.invoked_by.pipeline_run_id == child.run_group_id == run_id
        assert child.message == "Operation on target If it is broken failed: " + (
            "Activity failed because an inner activity failed; "
            "Inner activity name: Gap, Error: the log has a gap."
        )
        assert runs(condition("RunGroupId", "In", "of no run")).value == []
        first = runs(condition("PipelineName", "NotIn", "pl_ingest", "pl_write_receipt"))
        assert len(first.value) == 3
        second = runs(
            condition("PipelineName", "NotIn", "pl_ingest", "pl_write_receipt"),
            token=first.continuation_token,
        )
        assert {one.run_id for one in first.value}.isdisjoint(one.run_id for one in second.value)
        found = client.activity_runs.query_by_pipeline_run(
            *place,
            child.run_id,
            window(began, [condition("ActivityType", "Equals", "WebActivity")]),
        )
        [asked] = found.value
        assert (asked.activity_name, asked.status) == ("Take a while", "Succeeded")
        assert asked.activity_run_start <= asked.activity_run_end
        late = window(began + dt.timedelta(days=2), [])
        assert client.pipeline_runs.query_by_factory(*place, late).value == []


def test_activities_without_an_emulator_are_refused_by_name(factory) -> None:
    with factory() as made, connect(made.factory) as client:
        place, now = (GROUP, NAME), dt.datetime.now(dt.UTC)
        sorted_by = RunFilterParameters(
            last_updated_after=now,
            last_updated_before=now,
            order_by=[RunQueryOrderBy(order_by="RunStart", order="ASC")],
        )
        for request, name in (
            (
                lambda: client.pipelines.create_run(*place, "pl_ingest", is_recovery=True),
                "isRecovery",
            ),
            (lambda: client.pipeline_runs.cancel(*place, "some-run"), "isRecursive"),
            (lambda: client.pipeline_runs.query_by_factory(*place, sorted_by), "orderBy"),
            (
                lambda: client.pipeline_runs.query_by_factory(
                    *place, window(now, [condition("LatestOnly", "Equals", "true")])
                ),
                "LatestOnly",
            ),
            (lambda: client.pipelines.get(*place, "pl_ingest"), "GET pipelines"),
        ):
            with pytest.raises(HttpResponseError, match=f"'{name}"):
                request()
        assert made.runs.all() == []


def test_a_run_in_azure_lands_what_a_local_run_lands(
    certificates, monkeypatch, tmp_path: Path
) -> None:
    homes = {}
    for name in ("here", "azure"):
        (tmp_path / name).mkdir()
        homes[name] = make(tmp_path / name)
    with management_api(homes["azure"], certificates) as made:
        live_in(made.environment, monkeypatch)
        here, there = ingest_here(homes["here"]), ingest(made, pace=Pace(first=0.5, longest=0.5))
        for home in homes.values():
            change(home, "UPDATE dbo.DimUser SET country = N'Spain'", "2025-01-03")
        ingest_here(homes["here"], "DimUser")
        increment = command("--target", "prod", "--table", "DimUser")
    assert (there.status, there.error) == ("Succeeded", None)
    local = sorted(here.receipts, key=lambda one: one.table)
    assert [_told(one) for one in there.receipts] == [_told(one) for one in local]
    assert {(one.name, one.bytes, bool(one.file)) for one in there.references} == {
        (one.name, one.bytes, bool(one.file)) for one in here.references
    }
    assert there.notices == here.notices
    assert increment.exit_code == 0
    assert re.search(r"dbo.DimUser +increment .* 6 ", increment.stdout)
    for table in TABLES:
        assert _content(homes["azure"], table) == _content(homes["here"], table)
    assert len(landed(homes["azure"], "DimUser")) == 2


def condition(operand: str, operator: str, *values: str) -> RunQueryFilter:
    return RunQueryFilter(operand=operand, operator=operator, values_property=list(values))


def window(
    after: dt.datetime, filters: Iterable[RunQueryFilter], token: str | None = None
) -> RunFilterParameters:
    return RunFilterParameters(
        last_updated_after=after,
        last_updated_before=dt.datetime.now(dt.UTC) + dt.timedelta(days=3),
        filters=list(filters),
        continuation_token=token,
    )


def _told(receipt) -> dict:
    """A receipt without the values that differ from run to run."""
    own = ("run_id", "started_at", "ended_at", "bytes", "md5")
    return {name: one for name, one in vars(receipt).items() if name not in own}


def _content(home: Home, table: str) -> dict[str, list[dict]]:
    return {
        file.name: [
            {name: one for name, one in row.items() if name not in ("_run_id", "_ingested_at")}
            for row in rows(file)
        ]
        for file in landed(home, table)
    }
