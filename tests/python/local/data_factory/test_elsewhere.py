"""Other teams' factories: files as Studio writes them, and substitutes for their services."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from medallion.cli import app
from medallion.errors import MedallionError
from medallion_local.data_factory.elsewhere import run_elsewhere
from medallion_local.data_factory.engine import Run, run_pipeline
from medallion_local.data_factory.events import Event
from support.factory_folder import Factory, Json, activity, append, fail, status

STUDIO = {"name": "adf", "location": "westeurope", "identity": {"type": "SystemAssigned"}}


@pytest.fixture
def factory(tmp_path: Path) -> Factory:
    return Factory(tmp_path)


def raw(factory: Factory, place: str, content: Any) -> Path:
    """Write a file of the factory without changes."""
    file = factory.folder / "adf" / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def pipeline(factory: Factory, *activities: Json, **properties: Any) -> None:
    factory.add("pipeline", "pl", {"activities": activities, **properties})


def elsewhere(factory: Factory, **settings: Any) -> Run:
    files = factory.environment().files
    return run_elsewhere(factory.home, files, "pl", {}, factory.listener, **settings)


@pytest.mark.parametrize("properties", [{}, {"activities": None, "variables": None}])
def test_a_pipeline_without_activities_succeeds_at_once(factory: Factory, properties: Json) -> None:
    factory.add("pipeline", "p", properties)
    assert run_pipeline(factory.environment(), "p").record.status == "Succeeded"


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (STUDIO, {}),
        ({**STUDIO, "properties": None}, {}),
        ({**STUDIO, "properties": {"globalParameters": None}}, {}),
        (
            {"properties": {"globalParameters": {"n": {"type": "Int", "value": "5"}}}},
            {"n": 5},
        ),
    ],
)
def test_global_parameters_of_a_factory_file_as_studio_writes_it(
    factory: Factory, document: Json, found: Json
) -> None:
    raw(factory, "factory/adf.json", document)
    run = factory.run(append("A", "@pipeline().globalParameters"))
    assert run.scope.variables["a"] == [found]


def test_a_broken_file_stops_only_pipelines_that_need_it(factory: Factory) -> None:
    for place in ("factory/adf.json", "pipeline/other.json", "dataset/d.json", "trigger/t.json"):
        raw(factory, place, "{broken")
    raw(factory, "publish_config.json", "[]")
    assert factory.run(append("A", 1)).record.status == "Succeeded"
    with pytest.raises(MedallionError, match=r"adf\.json is not JSON"):
        factory.run(append("A", "@pipeline().GlobalParameters.x"))
    (factory.folder / "adf" / "factory" / "adf.json").unlink()
    look = activity("L", "Lookup", dataset={"referenceName": "d"}, source={"type": "JsonSource"})
    call = activity("C", "ExecutePipeline", pipeline={"referenceName": "other"})
    run = factory.run(look, call, append("After", 1, {"L": "Failed", "C": "Failed"}))
    assert status(run, "After") == "Succeeded"
    assert "d.json is not JSON" in run.scope.activities["L"]["error"]["message"]


def test_files_of_two_factories_that_disagree_are_named(factory: Factory) -> None:
    for name, value in (("dev", 1), ("prod", 2)):
        declared = {"globalParameters": {"n": {"type": "int", "value": value}}}
        raw(factory, f"factory/{name}.json", {"name": name, "properties": declared})
    assert factory.run(append("A", 1)).record.status == "Succeeded"
    with pytest.raises(MedallionError, match="'n' different values"):
        factory.run(append("A", "@pipeline().globalParameters.n"))


def test_byte_order_mark_case_and_spaces_do_not_matter(factory: Factory) -> None:
    inner = {"name": "My Child", "properties": {"activities": [], "parameters": {"P": {}}}}
    raw(factory, "Pipeline/My Child.json", "\ufeff" + json.dumps(inner))
    outer = {
        "activities": [
            activity("Set It", "SetVariable", variableName="V", value="x"),
            activity(
                *("Call", "ExecutePipeline"),
                {"set it": "Succeeded"},
                pipeline={"referenceName": "my child"},
                parameters={"p": "@activity('SET IT').output.value"},
            ),
        ],
        "variables": {"v": {"type": "String"}},
    }
    raw(factory, "Pipeline/Outer.json", {"name": "outer", "properties": outer})
    run = run_pipeline(factory.environment(), "OUTER")
    assert (run.record.status, run.scope.variables) == ("Succeeded", {"v": "x"})


@pytest.mark.parametrize(
    ("activities", "named"),
    [
        ([{"type": "Wait"}], "An activity of pipeline 'pl' has no name"),
        ([{"name": "A"}], "'A' of pipeline 'pl' has no type"),
        (["A"], "An activity of pipeline 'pl' has no name"),
        ([append("A", 1), append("a", 2)], "The activity name 'a' of pipeline 'pl' is used twice"),
        ([append("A", 1, {"B": "Succeeded"})], "'A' of pipeline 'pl' depends on 'B', which is not"),
        (
            [append("B", 1), {**append("A", 1), "dependsOn": [{"activity": "B"}]}],
            "'A' of pipeline 'pl' depends on 'B' by the conditions none",
        ),
        ([append("A", 1, {"A": "Succeeded"})], "depends on itself in a cycle"),
    ],
)
def test_a_pipeline_that_azure_would_not_publish_does_not_start(
    factory: Factory, activities: list[Any], named: str
) -> None:
    with pytest.raises(MedallionError, match=named):
        factory.run(*activities)
    assert factory.events == []


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"name": "A", "type": "Switch"}, "Switch 'A' has no typeProperties"),
        ({"name": "A", "type": "Copy", "typeProperties": []}, "Copy 'A' has no typeProperties"),
        (activity("A", "Wait"), "Wait 'A' lacks its property 'waitTimeInSeconds'"),
        (activity("A", "AzureFunctionActivity"), "'AzureFunctionActivity' in activity 'A' has no"),
        (activity("A", "ExecutePipeline", pipeline={"referenceName": "x"}), "has no pipeline 'x'"),
        (
            activity("A", "WebActivity", method="GET", url="https://example.com/x"),
            "WebActivity 'A' would call 'example.com'",
        ),
    ],
)
def test_an_activity_that_cannot_run_fails_by_its_name_when_it_is_reached(
    factory: Factory, given: Json, named: str
) -> None:
    off = activity("Off", "IfCondition", expression="@bool(0)", ifTrueActivities=[given])
    pipeline(factory, off)
    assert elsewhere(factory).record.status == "Succeeded"
    pipeline(factory, {**given, "policy": {"retry": 0}})
    error = elsewhere(factory).record.error
    assert error is not None and named in error["message"]


def test_a_refusal_is_not_tried_again(factory: Factory) -> None:
    run = factory.run({**activity("A", "Custom"), "policy": {"retry": 3}})
    assert (run.record.activities[0]["retryAttempt"], factory.pauses) == (0, [])


def add_storage(factory: Factory, kind: str = "AzureBlobStorage") -> None:
    """A dataset of a file in a storage account that needs a secret."""
    secret = {"type": "AzureKeyVaultSecret", "store": {"referenceName": "none"}}
    factory.add(
        "linkedService", "Blobs", {"type": kind, "typeProperties": {"connectionString": secret}}
    )
    location = {"type": "AzureBlobStorageLocation", "container": "incoming", "fileName": "a.json"}
    properties = {"type": "Json", "linkedServiceName": {"referenceName": "Blobs"}}
    factory.add("dataset", "d", {**properties, "typeProperties": {"location": location}})


def test_a_linked_service_needs_a_place_on_this_machine(factory: Factory, tmp_path: Path) -> None:
    add_storage(factory)
    dataset = {"referenceName": "d"}
    pipeline(factory, activity("L", "Lookup", dataset=dataset, source={"type": "JsonSource"}))
    error = elsewhere(factory).record.error
    assert (
        error is not None
        and "The linked service 'Blobs' has no local replacement" in error["message"]
    )
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming" / "a.json").write_text('{"k": 1}')
    run = elsewhere(factory, places={"blobs": str(tmp_path)})
    assert run.scope.activities["L"]["output"] == {"firstRow": {"k": 1}}


def test_validation_waits_until_the_file_is_there(factory: Factory, tmp_path: Path) -> None:
    add_storage(factory)
    wait = activity("V", "Validation", dataset={"referenceName": "d"}, sleep=1, minimumSize=2)
    pipeline(factory, wait)
    wait["typeProperties"]["timeout"] = "0.00:00:00"
    pipeline(factory, wait)
    error = elsewhere(factory, places={"blobs": str(tmp_path)}).record.error
    assert error is not None and error["errorCode"] == "ActivityTimeout"
    del wait["typeProperties"]["timeout"]

    def come(event: Event) -> None:
        (tmp_path / "incoming").mkdir(exist_ok=True)
        (tmp_path / "incoming" / "a.json").write_text("{}")

    factory.listener = come
    pipeline(factory, wait)
    assert elsewhere(factory, places={"blobs": str(tmp_path)}).record.status == "Succeeded"


def command(factory: Factory, *options: str) -> Result:
    folder = str(factory.folder / "adf")
    return CliRunner().invoke(app, ["factory", "run", "--adf", folder, *options])


@pytest.fixture
def at_home(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> Factory:
    monkeypatch.setenv("MEDALLION_HOME", str(factory.home.root))
    return factory


def test_command_shows_the_run_as_a_tree(at_home: Factory) -> None:
    loop = activity(
        *("Each", "ForEach"),
        items="@range(0, pipeline().parameters.n)",
        activities=[
            activity("Call", "ExecutePipeline", pipeline={"referenceName": "child"}),
            fail("Second", {"Call": "Failed"}, message="no @{item()}"),
        ],
    )
    secret = activity("Secret", "SetVariable", variableName="v", value="hidden")
    secret["policy"] = {"secureOutput": True}
    pipeline(
        at_home,
        *(loop, secret),
        parameters={"n": {"type": "int"}},
        variables={"v": {"type": "String"}},
    )
    at_home.add("pipeline", "child", {"activities": [fail("Inner", message="boom")]})
    shown = command(at_home, "pl", "--parameter", "n=30")
    lines = shown.output.splitlines()
    assert lines[0].startswith("pl Failed in ")
    for part in ("✗ Each ForEach Failed", "item 29", "✗ Call ExecutePipeline Failed"):
        assert any(part in line for line in lines), part
    assert "✗ Inner Fail Failed" in shown.output and "E1: boom" in shown.output
    assert "hidden" not in shown.output
    assert "pl failed: Activity failed" in str(shown.exception)


def test_command_omits_successful_items(at_home: Factory) -> None:
    pipeline(
        at_home,
        activity("Each", "ForEach", items="@range(0, 25)", activities=[append("A", "@item()")]),
        variables={"a": {"type": "Array"}},
    )
    shown = command(at_home, "pl")
    assert shown.exit_code == 0, shown.output
    assert "item 19" in shown.output and "item 20" not in shown.output
    assert "and 5 more items that did not fail" in shown.output
    assert shown.output.splitlines()[-1] == "pl: Succeeded"


def test_command_is_red_when_a_refusal_was_handled(at_home: Factory) -> None:
    variables = {"a": {"type": "Array"}}
    pipeline(at_home, activity("A", "Custom"), append("B", 1, {"A": "Failed"}), variables=variables)
    shown = command(at_home, "pl")
    assert shown.exit_code == 1
    assert "'Custom' in activity 'A' has no local replacement" in str(shown.exception)
    assert "The pipeline continued as if the activity had failed" in str(shown.exception)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--parameter", "text=5", "--parameter", "list=[1]"], {"text": "5", "list": [1]}),
        (["--parameters", '{"text": "a", "list": []}'], {"text": "a", "list": []}),
        (["--parameters", '{"list": []}', "--parameter", "TEXT=a=b"], {"text": "a=b", "list": []}),
    ],
)
def test_command_takes_parameters_by_their_types(
    at_home: Factory, options: list[str], found: Json
) -> None:
    parameters = {"text": {"type": "string"}, "list": {"type": "Array"}}
    pipeline(at_home, parameters=parameters)
    assert command(at_home, "pl", *options).exit_code == 0
    [record] = (at_home.home.factory / "runs").iterdir()
    assert json.loads(record.read_text())["parameters"] == found


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["none"], "has no pipeline 'none'"),
        (["pl"], "Parameter 'n' of pipeline 'pl' needs a value"),
        (["pl", "--parameter", "n"], "--parameter needs the form name=value"),
        (["pl", "--parameter", "n=x"], "'n' of pipeline 'pl' is of type int, but its value is"),
        (["pl", "--parameter", "m=1", "--parameter", "n=1"], "has no parameter 'm'"),
        (["pl", "--parameters", "nowhere.json"], "nowhere.json cannot be read"),
        (["pl", "--parameters", "{"], "--parameters is not JSON"),
    ],
)
def test_command_reports_mistakes_in_one_sentence(
    at_home: Factory, options: list[str], named: str
) -> None:
    pipeline(at_home, parameters={"n": {"type": "int"}})
    shown = command(at_home, *options)
    assert isinstance(shown.exception, MedallionError) and named in str(shown.exception)
    assert "\n" not in str(shown.exception)


def test_command_needs_a_factory_folder_and_protects_the_projects_own(at_home: Factory) -> None:
    assert "has no pipelines" in str(command(at_home, "pl").exception)
    own = CliRunner().invoke(app, ["factory", "run", "pl_alert", "--online"])
    assert "are only for another factory" in str(own.exception)
