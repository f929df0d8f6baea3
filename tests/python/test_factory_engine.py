"""Control flow: what Data Factory does when activities succeed, fail and are skipped."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from medallion.errors import MedallionError
from medallion.home import Home
from medallion.local.factory.engine import Run, run_pipeline
from medallion.local.factory.environment import Environment
from medallion.local.factory.files import FactoryFiles

Json = dict[str, Any]


class Factory:
    """A factory folder that a test fills."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pauses: list[float] = []

    def add(self, kind: str, name: str, properties: Json) -> None:
        file = self.folder / "adf" / kind / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"name": name, "properties": properties}))

    def run(self, *activities: Json, **properties: Any) -> Run:
        """Run a pipeline of these activities; its variables are one text `v` and one array `a`."""
        variables = {"v": {"type": "String"}, "a": {"type": "Array"}}
        self.add("pipeline", "pl", {"activities": activities, "variables": variables, **properties})
        return run_pipeline(self.environment(), "pl")

    def environment(self) -> Environment:
        home, files = Home(self.folder / "home"), FactoryFiles(self.folder / "adf")
        return Environment(home, files, pause=self.pauses.append)


@pytest.fixture
def factory(tmp_path: Path) -> Factory:
    return Factory(tmp_path)


def activity(name: str, kind: str, after: Json | None = None, **properties: Any) -> Json:
    depends = [
        {"activity": one, "dependencyConditions": conditions.split("|")}
        for one, conditions in (after or {}).items()
    ]
    return {"name": name, "type": kind, "dependsOn": depends, "typeProperties": properties}


def append(name: str, value: Any, after: Json | None = None) -> Json:
    return activity(name, "AppendVariable", after, variableName="a", value=value)


def fail(name: str, after: Json | None = None, message: str = "boom") -> Json:
    return activity(name, "Fail", after, message=message, errorCode="E1")


def status(run: Run, name: str) -> str:
    return str(run.scope.activities[name]["status"])


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


def test_for_each_runs_all_items_and_then_fails(factory: Factory) -> None:
    inner = [
        append("Add", "@item()"),
        activity(
            *("Even", "IfCondition"),
            {"Add": "Succeeded"},
            expression="@equals(mod(item(), 2), 0)",
            ifTrueActivities=[fail("No", message="even @{item()}")],
        ),
    ]
    run = factory.run(activity("Loop", "ForEach", items="@createArray(1, 2, 3)", activities=inner))
    assert run.scope.variables["a"] == [1, 2, 3]
    assert run.record.error is not None and run.record.error["message"].endswith("Error: even 2")
    assert run.record.error["errorCode"] == "E1"


def test_switch_filter_until_and_variables(factory: Factory) -> None:
    run = factory.run(
        activity("F", "Filter", items="@range(1, 4)", condition="@greater(item(), 2)"),
        activity(
            *("S", "Switch"),
            {"F": "Succeeded"},
            on="@string(length(activity('F').output.Value))",
            cases=[{"value": "2", "activities": [append("Two", "two")]}],
            defaultActivities=[fail("Other")],
        ),
        activity(
            *("U", "Until"),
            {"S": "Succeeded"},
            expression="@equals(length(variables('a')), 3)",
            timeout="0.00:01:00",
            activities=[append("More", "more")],
        ),
        activity(
            "V", "SetVariable", {"U": "Succeeded"}, variableName="v", value="@{variables('a')}"
        ),
    )
    assert run.record.status == "Succeeded"
    assert run.scope.variables["v"] == '["two","more","more"]'


def test_child_pipeline_returns_values_and_passes_on_its_failure(factory: Factory) -> None:
    entry = {"key": "n", "value": {"type": "Expression", "content": "@pipeline().parameters.n"}}
    returning = activity(
        *("R", "SetVariable"),
        variableName="pipelineReturnValue",
        value=[entry],
        setSystemVariable=True,
    )
    parameters = {"n": {"type": "int"}}
    factory.add("pipeline", "child", {"activities": [returning], "parameters": parameters})
    factory.add("pipeline", "bad", {"activities": [fail("X")]})
    call = {"pipeline": {"referenceName": "child"}, "parameters": {"n": "@add(1, 1)"}}
    run = factory.run(
        activity("C", "ExecutePipeline", **call),
        append("A", "@activity('C').output.pipelineReturnValue.n", {"C": "Succeeded"}),
    )
    assert run.scope.variables["a"] == [2]
    run = factory.run(activity("C", "ExecutePipeline", pipeline={"referenceName": "bad"}))
    assert run.record.error is not None
    assert run.record.error["message"] == "Operation on target X failed: boom"


def test_inactive_activity_counts_as_it_is_marked(factory: Factory) -> None:
    inactive = {**fail("A"), "state": "Inactive", "onInactiveMarkAs": "Succeeded"}
    assert factory.run(inactive, append("B", 1, {"A": "Succeeded"})).record.status == "Succeeded"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (activity("A", "DatabricksNotebook"), "Activity type 'DatabricksNotebook'"),
        (append("A", "@frob()"), "'frob' is not defined"),
        (activity("A", "SetVariable", variableName="w", value=1), "names the variable 'w'"),
        (activity("A", "IfCondition", expression="@string('x')"), "must be of type Boolean"),
        (activity("A", "ForEach", items="@string('x')", activities=[]), "must be of type Array"),
        (
            activity("A", "SetVariable", variableName="v", value="@{variables('v')}x"),
            "refuses",
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
    web = activity("W", "WebActivity", method="GET", url="http://x", authentication={"type": "MSI"})
    message = factory.run(web).record.error["message"]  # type: ignore[index]
    assert "Property 'authentication'" in message


def test_dependency_cycle_and_wrong_parameters_do_not_start(factory: Factory) -> None:
    with pytest.raises(MedallionError, match="depends on itself"):
        factory.run(append("A", 1, {"B": "Succeeded"}), append("B", 1, {"A": "Succeeded"}))
    with pytest.raises(MedallionError, match="Parameter 'p' of pipeline 'pl' needs a value"):
        factory.run(append("A", 1), parameters={"p": {"type": "string"}})
    with pytest.raises(MedallionError, match="No pipeline 'nope'"):
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

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/"
    message = 'a "quoted" C:\\path\nand a line'
    given = {"subject": "dbo.T", "run_id": "r", "message": message}
    run = run_pipeline(Environment(Home(tmp_path)), "pl_alert", {"webhook": url, **given})
    thread.join()
    server.server_close()
    assert run.record.status == "Succeeded"
    [body] = got
    assert body["text"] == f"local: dbo.T failed in run r: {message.replace(chr(10), ' ')}"
    silent = run_pipeline(Environment(Home(tmp_path)), "pl_alert", {"webhook": "", **given})
    assert silent.record.status == "Succeeded"
