"""Runs of pipelines: dependencies, outcomes, retries, timeouts, events, crashes."""

import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from medallion.errors import MedallionError
from medallion.home import Home
from medallion_local import http as web
from medallion_local.data_factory.engine import run_pipeline
from medallion_local.data_factory.environment import Environment
from medallion_local.data_factory.events import Event
from medallion_local.data_factory.run import laptop
from medallion_local.data_factory.shared import Shared, Stopped
from medallion_local.http import Answer, Request
from support.alert_vault import alert_vault
from support.factory_folder import Factory, Json, activity, append, fail, status


@pytest.fixture
def factory(tmp_path: Path) -> Factory:
    return Factory(tmp_path)


def test_activities_run_in_the_order_of_their_dependencies(factory: Factory) -> None:
    run = factory.run(append("B", 2, {"A": "Succeeded"}), append("A", 1))
    assert run.scope.variables["a"] == [1, 2]


def test_failure_that_is_handled_leaves_the_run_green(factory: Factory) -> None:
    run = factory.run(fail("A"), append("B", 1, {"A": "Failed"}))
    assert (run.record.status, status(run, "B")) == ("Succeeded", "Succeeded")


def test_do_if_else_is_red_when_the_success_path_was_skipped(factory: Factory) -> None:
    run = factory.run(
        fail("A"), append("B", 1, {"A": "Succeeded"}), append("C", 1, {"A": "Failed"})
    )
    assert run.record.status == "Failed"
    assert run.record.error is not None and run.record.error["failedActivity"] == "A"


def test_failed_or_skipped_on_the_last_activity_catches_any_failure(factory: Factory) -> None:
    for first in (fail("A"), append("A", 0)):
        run = factory.run(
            first, append("B", 1, {"A": "Succeeded"}), append("C", 2, {"B": "Failed|Skipped"})
        )
        caught = first["type"] == "Fail"
        assert status(run, "C") == ("Succeeded" if caught else "Skipped")
        assert run.record.status == "Succeeded"


def test_completed_takes_failure_but_not_skipping(factory: Factory) -> None:
    run = factory.run(
        fail("A"), append("B", 1, {"A": "Succeeded"}), append("C", 1, {"B": "Completed"})
    )
    assert status(run, "C") == "Skipped"
    assert factory.run(fail("A"), append("B", 1, {"A": "Completed"})).record.status == "Succeeded"


def test_retries_wait_and_stop_at_the_first_success(factory: Factory) -> None:
    policy = {"retry": 2, "retryIntervalInSeconds": 30}
    web = activity("W", "WebActivity", method="GET", url="http://127.0.0.1:9/nothing")
    run = factory.run({**web, "policy": policy})
    assert run.record.status == "Failed"
    assert factory.pauses == [30.0, 30.0]
    assert run.record.activities[-1]["retryAttempt"] == 2


def test_inactive_activity_counts_as_it_is_marked(factory: Factory) -> None:
    inactive = {**fail("A"), "state": "Inactive", "onInactiveMarkAs": "Succeeded"}
    assert factory.run(inactive, append("B", 1, {"A": "Succeeded"})).record.status == "Succeeded"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (activity("A", "DatabricksNotebook"), "Activity type 'DatabricksNotebook'"),
        (append("A", "@frob()"), "'frob' is not defined"),
        (activity("A", "SetVariable", variableName="w", value=1), "uses the variable 'w'"),
        (activity("A", "IfCondition", expression="@string('x')"), "must be of type Boolean"),
        (activity("A", "ForEach", items="@string('x')", activities=[]), "must be of type Array"),
        (
            activity("A", "SetVariable", variableName="v", value="@{variables('v')}x"),
            "rejects",
        ),
    ],
)
def test_failing_activity_names_the_cause(factory: Factory, given: Json, named: str) -> None:
    run = factory.run(given)
    assert run.record.error is not None and named in run.record.error["message"]


def test_unsupported_dataset_service_and_property_are_named(factory: Factory) -> None:
    service = {"linkedServiceName": {"referenceName": "s"}, "type": "Parquet"}
    dataset = {"referenceName": "d", "type": "DatasetReference"}
    look = activity("L", "Lookup", dataset=dataset, source={"type": "SnowflakeSource"})
    factory.add("dataset", "d", service)
    factory.add("linkedService", "s", {"type": "Snowflake"})
    message = factory.run(look).record.error["message"]  # type: ignore[index]
    assert "Linked service type 'Snowflake'" in message
    factory.add("linkedService", "s", {"type": "AzureBlobFS"})
    message = factory.run(look).record.error["message"]  # type: ignore[index]
    assert "'SnowflakeSource on AzureBlobFS'" in message
    web = activity(
        "W", "WebActivity", method="GET", url="http://x", authentication={"type": "Basic"}
    )
    message = factory.run(web).record.error["message"]  # type: ignore[index]
    assert "Web authentication 'Basic'" in message


def test_dependency_cycle_and_wrong_parameters_do_not_start(factory: Factory) -> None:
    with pytest.raises(MedallionError, match="depends on itself"):
        factory.run(append("A", 1, {"B": "Succeeded"}), append("B", 1, {"A": "Succeeded"}))
    with pytest.raises(MedallionError, match="Parameter 'p' of pipeline 'pl' needs a value"):
        factory.run(append("A", 1), parameters={"p": {"type": "string"}})
    with pytest.raises(MedallionError, match="has no pipeline 'nope'"):
        run_pipeline(factory.environment(), "nope")


def test_path_outside_the_lake_is_refused(factory: Factory) -> None:
    location = {"type": "AzureBlobFSLocation", "fileSystem": "control", "fileName": "../../x"}
    properties = {"type": "Json", "linkedServiceName": {"referenceName": "s"}}
    factory.add("dataset", "d", {**properties, "typeProperties": {"location": location}})
    factory.add("linkedService", "s", {"type": "AzureBlobFS"})
    run = factory.run(activity("G", "GetMetadata", dataset={"referenceName": "d"}, fieldList=[]))
    assert run.record.error is not None and "no '.' or '..'" in run.record.error["message"]


def test_alert_is_posted_as_json_to_the_webhook(tmp_path: Path) -> None:
    got: list[Json] = []

    def respond(request: Request) -> Answer:
        got.append(json.loads(request.body))
        return Answer(200)

    message = 'a "quoted" C:\\path\nand a line'
    given = {"subject": "dbo.T", "run_id": "r", "message": message}
    events: list[Event] = []
    home = Home(tmp_path)
    with web.serving(respond) as port:
        url = f"http://127.0.0.1:{port}/a-bearer-secret"
        with alert_vault(url) as (alerts, _), laptop(home, None, events.append, alerts) as here:
            run = run_pipeline(here, "pl_alert", given)
    assert run.record.status == "Succeeded"
    [body] = got
    assert body["text"] == f"local: dbo.T failed in run r: {message.replace(chr(10), ' ')}"
    stored = [file.read_text() for file in here.runs.rglob("*") if file.is_file()]
    assert stored and not any("a-bearer-secret" in one for one in [*stored, str(events)])


def test_without_the_name_of_a_webhook_nothing_is_read(tmp_path: Path) -> None:
    given = {"subject": "dbo.T", "run_id": "r", "message": "m"}
    run = run_pipeline(Environment(Home(tmp_path)), "pl_alert", given)
    assert run.record.status == "Succeeded"


def test_an_alert_fails_with_its_reason_when_the_vault_refuses(tmp_path: Path) -> None:
    given = {"subject": "dbo.T", "run_id": "r", "message": "m"}
    home = Home(tmp_path)
    with alert_vault("https://hooks.example") as (alerts, vault):
        vault.access.roles = {}
        with laptop(home, None, None, alerts) as here:
            run = run_pipeline(here, "pl_alert", given)
    assert run.record.error is not None and "403" in run.record.error["message"]


class Killed(BaseException):
    """A worker that stops with an error."""


def test_conditions_of_one_dependency_are_alternatives_and_dependencies_add_up(
    factory: Factory,
) -> None:
    run = factory.run(
        fail("A"),
        append("B", 1),
        append("Either", 2, {"A": "Succeeded|Failed"}),
        append("Both", 3, {"A": "Failed", "B": "Succeeded"}),
        append("Not both", 4, {"A": "Succeeded", "B": "Succeeded"}),
        append("After skip", 5, {"Not both": "Skipped"}),
    )
    assert sorted(run.scope.variables["a"]) == [1, 2, 3, 5]
    assert status(run, "Not both") == "Skipped"
    assert run.record.status == "Succeeded"


def test_do_if_skip_else_is_green(factory: Factory) -> None:
    run = factory.run(
        fail("A"),
        append("B", 1, {"A": "Succeeded"}),
        append("C", 2, {"A": "Failed"}),
        append("D", 3, {"B": "Skipped"}),
    )
    assert run.record.status == "Succeeded"


def test_the_leaf_rule_holds_inside_control_activities(factory: Factory) -> None:
    handled = [fail("A"), append("B", 1, {"A": "Failed"})]
    unhandled = [fail("X", message="bad"), append("Y", 1, {"X": "Succeeded"})]
    for kind, properties in (
        ("IfCondition", {"expression": "@bool(1)", "ifTrueActivities": ...}),
        ("Switch", {"on": "a", "cases": [], "defaultActivities": ...}),
        ("ForEach", {"items": "@createArray(1)", "activities": ...}),
        ("Until", {"expression": "@bool(1)", "activities": ...}),
    ):
        for inner, message in ((handled, None), (unhandled, "Inner activity name: X, Error: bad")):
            given = {k: inner if v is ... else v for k, v in properties.items()}
            error = factory.run(activity("It", kind, **given)).record.error
            assert (error is None) if message is None else message in error["message"], kind


def test_inactive_activity_marked_as_failed_or_skipped(factory: Factory) -> None:
    inactive = {**append("A", 1), "state": "Inactive", "onInactiveMarkAs": "Failed"}
    assert factory.error(inactive)["message"] == "Activity 'A' is inactive and marked as failed."
    inactive["onInactiveMarkAs"] = "Skipped"
    run = factory.run(inactive, append("B", 2, {"A": "Succeeded"}))
    assert (status(run, "B"), run.record.status) == ("Skipped", "Succeeded")


def test_an_activity_leaves_its_run_and_its_error(factory: Factory) -> None:
    parts = ("error.errorCode", "error.failureType", "error.target", "Status", "ActivityType")
    values = "; ".join(f"@{{activity('A').{part}}}" for part in parts)
    run = factory.run(fail("A", message="no"), append("B", values, {"A": "Failed"}))
    assert run.scope.variables["a"] == ["E1; UserError; A; Failed; Fail"]
    left = run.scope.activities["A"]
    assert left["executionStartTime"] <= left["executionEndTime"]
    assert len(left["activityRunId"]) == 36 and left["duration"].startswith("0:00:00")


def test_control_activities_are_not_retried(factory: Factory) -> None:
    run = factory.run({**fail("A"), "policy": {"retry": 3}})
    assert run.record.activities[0]["retryAttempt"] == 0 and factory.pauses == []


def looking(name: str, **policy: Any) -> Json:
    """A `GetMetadata` of a missing file, and the resources that it needs."""
    dataset = {"referenceName": "d", "type": "DatasetReference"}
    found = activity(name, "GetMetadata", dataset=dataset, fieldList=["exists"])
    return {**found, "policy": policy}


def add_lake(factory: Factory) -> None:
    location = {"type": "AzureBlobFSLocation", "fileSystem": "control", "fileName": "x"}
    properties = {"type": "Json", "linkedServiceName": {"referenceName": "s"}}
    factory.add("dataset", "d", {**properties, "typeProperties": {"location": location}})
    factory.add("linkedService", "s", {"type": "AzureBlobFS"})


def test_an_attempt_over_its_timeout_fails(factory: Factory) -> None:
    add_lake(factory)
    assert factory.run(looking("G", timeout="0.00:01:00")).record.status == "Succeeded"
    error = factory.error(looking("G", timeout="0.00:00:00"))
    assert error["errorCode"] == "ActivityTimeout" and "timeout of 0 s" in error["message"]


def test_a_missing_property_is_a_sentence(factory: Factory) -> None:
    assert factory.error(activity("A", "ForEach", items="@createArray(1)"))["message"] == (
        "ForEach 'A' lacks its property 'activities'."
    )


def test_a_property_of_a_wrong_type_is_a_sentence(factory: Factory) -> None:
    add_lake(factory)
    for given, named in (
        (looking("A", retry="often"), "'A' has an invalid property value"),
        (looking("A", timeout="soon"), "The timeout 'soon'"),
        (
            activity("A", "ForEach", items="@createArray(1)", activities=[], batchCount="many"),
            "'A' has an invalid property value",
        ),
    ):
        assert named in factory.error(given)["message"]
    assert factory.run(looking("A", retry="@add(1, 1)")).record.status == "Succeeded"


def reported(factory: Factory) -> list[tuple[str, str]]:
    return [(event.activity, event.status) for event in factory.events]


def test_events_come_right_before_and_after_each_body(factory: Factory) -> None:
    inner = [fail("X"), append("Y", 1, {"X": "Succeeded"})]
    factory.run(activity("If", "IfCondition", expression="@bool(1)", ifTrueActivities=inner))
    assert reported(factory) == [
        ("If", "InProgress"),
        ("X", "InProgress"),
        ("X", "Failed"),
        ("Y", "Skipped"),
        ("If", "Failed"),
    ]


@pytest.mark.parametrize("at", [("A", "InProgress"), ("A", "Succeeded"), ("B", "Skipped")])
def test_a_listener_that_crashes_ends_the_run_at_once(
    factory: Factory, at: tuple[str, str]
) -> None:
    def listen(event: Event) -> None:
        factory.events.append(event)
        if (event.activity, event.status) == at:
            raise Killed

    factory.listener = listen
    factory.add("pipeline", "child", {"activities": [append("A", 1), append("Z", 1)]})
    call = activity(
        "Call", "ExecutePipeline", {"B": "Skipped"}, pipeline={"referenceName": "child"}
    )
    with pytest.raises(Killed):
        factory.run(append("A", 1), append("B", 2, {"A": "Failed"}), call)
    assert reported(factory)[-1] == at
    [record] = (json.loads(file.read_text()) for file in (factory.home.factory / "runs").iterdir())
    assert record["status"] == "Cancelled"


def test_a_listener_that_crashes_ends_parallel_activities(factory: Factory) -> None:
    dead = threading.Event()

    def listen(event: Event) -> None:
        factory.events.append(event)
        if event.status == "Succeeded":
            dead.set()
            raise Killed

    factory.listener = listen
    factory.pause = lambda seconds: None if seconds == 1 else time.sleep(0.2 * dead.wait(60))
    waits = [activity(f"W{n}", "Wait", waitTimeInSeconds=n) for n in (1, 2, 3)]
    with pytest.raises(Killed):
        factory.run(*waits, append("After", 1, {"W2": "Succeeded"}))
    assert [event.status for event in factory.events].count("Succeeded") == 1
    assert factory.events[-1].activity == "W1"


def test_an_error_of_a_listener_is_not_a_failed_activity(factory: Factory) -> None:
    def listen(event: Event) -> None:
        raise ValueError("mine")

    factory.listener = listen
    with pytest.raises(RuntimeError, match="listener failed"):
        factory.run(activity("If", "IfCondition", expression="@bool(1)", ifTrueActivities=[]))


def test_an_interrupt_cancels_a_run_and_the_one_that_invoked_it(factory: Factory) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    factory.pause = interrupt
    wait = activity("W", "Wait", waitTimeInSeconds=1)
    factory.add("pipeline", "child", {"activities": [wait]})
    with pytest.raises(KeyboardInterrupt):
        factory.run(activity("C", "ExecutePipeline", pipeline={"referenceName": "child"}))
    runs = [json.loads(file.read_text()) for file in (factory.home.factory / "runs").iterdir()]
    assert sorted((run["pipeline"], run["status"]) for run in runs) == [
        ("child", "Cancelled"),
        ("pl", "Cancelled"),
    ]


def _press_ctrl_c() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


@pytest.mark.parametrize("how", ["Ctrl-C", "cancel"])
def test_a_stopped_run_does_not_wait(factory: Factory, how: str) -> None:
    factory.pause, shared = None, Shared()
    waits = [activity(f"W{n}", "Wait", waitTimeInSeconds=600) for n in range(2)]
    inner = activity("Each", "ForEach", items="@range(0, 3)", activities=waits)
    factory.add("pipeline", "child", {"activities": [inner]})
    call = {"pipeline": {"referenceName": "child"}, "waitOnCompletion": False}
    calls = activity("C", "ExecutePipeline", **call)
    factory.add("pipeline", "pl", {"activities": [*waits, calls]})
    stop = _press_ctrl_c if how == "Ctrl-C" else shared.stop
    timer, began = threading.Timer(0.5, stop), time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt if how == "Ctrl-C" else Stopped):
        run_pipeline(factory.environment(), "pl", shared=shared)
    assert time.monotonic() - began < 60
    runs = [json.loads(file.read_text()) for file in (factory.home.factory / "runs").iterdir()]
    assert [run["status"] for run in runs] == ["Cancelled", "Cancelled"]
    assert {event.status for event in factory.events} == {"InProgress", "Succeeded"}


def test_events_name_the_place_of_each_activity(factory: Factory) -> None:
    factory.add("pipeline", "child", {"activities": [append("A", "@pipeline().RunId")]})
    call = activity("C", "ExecutePipeline", pipeline={"referenceName": "child"})
    factory.run(activity("Each", "ForEach", items="@range(0, 2)", activities=[call]))
    ids = {one.activity_run_id: one for one in factory.events if one.ended}
    assert len(ids) == 5
    around = {
        (one.activity, one.iteration, ids[one.container].activity if one.container else None)
        for one in ids.values()
    }
    assert around == {
        ("Each", None, None),
        ("C", 0, "Each"),
        ("C", 1, "Each"),
        ("A", None, "C"),
    }
    assert all(one.started <= str(one.ended) for one in ids.values())


def test_independent_activities_run_at_the_same_time(factory: Factory) -> None:
    meeting = threading.Barrier(3, timeout=60)
    factory.pause = lambda seconds: meeting.wait() and None
    waits = [activity(f"W{n}", "Wait", waitTimeInSeconds=1) for n in range(3)]
    after = {f"W{n}": "Succeeded" for n in range(3)}
    run = factory.run(append("Last", "end", after), *waits)
    assert run.record.status == "Succeeded" and run.scope.variables["a"] == ["end"]
