"""References of expressions to activities and to a run: injected faults, and valid cases."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medallion.adf.check import check
from support.injected_faults import (
    CALL,
    EACH,
    INNER,
    OUTER,
    SETTINGS,
    URL,
    Files,
    InjectedFault,
    call,
    copy,
    each,
    each_of,
    lake,
    look,
    outer,
    said,
    see,
    window,
)
from support.small_factory import activity, at, expression, files, reference, write

Json = dict[str, Any]
READ = "pipeline/read"
READS = "$.properties.activities[1].typeProperties.value.value"


def reading(one: Json, text: str) -> Callable[[Files], Any]:
    """A pipeline in which a second activity reads the first one."""

    def change(found: Files) -> None:
        after = activity("Read", "SetVariable", (one["name"],), variableName="v")
        after["typeProperties"]["value"] = expression(text)
        variables = {"v": {"type": "String"}}
        properties = {"activities": [one, after], "variables": variables}
        found[READ] = {"name": "read", "properties": properties}

    return change


def lookup(**settings: Any) -> Json:
    source = {"type": "JsonSource"}
    dataset = reference("Dataset", "files", parameters={"file": "a"})
    return activity("Look", "Lookup", source=source, dataset=dataset, **settings)


def metadata(*fields: Any) -> Json:
    dataset = reference("Dataset", "files", parameters={"file": "a"})
    return activity("Meta", "GetMetadata", dataset=dataset, fieldList=list(fields))


def copied() -> Json:
    files_ = files()
    copy(files_)
    found: Json = at(files_, INNER, "activities", 1)
    return found


def script() -> Json:
    one = activity("Script", "Script", scripts=[{"type": "Query", "text": "SELECT 1 AS a"}])
    return {**one, "linkedServiceName": reference("LinkedService", "lake")}


def procedure() -> Json:
    one = activity("Proc", "SqlServerStoredProcedure", storedProcedureName="dbo.p")
    return {**one, "linkedServiceName": reference("LinkedService", "lake")}


def called() -> Json:
    target = reference("Pipeline", "inner")
    given = {"table": "a", "size": 1}
    return activity("Call", "ExecutePipeline", pipeline=target, parameters=given)


def filtered() -> Json:
    items = expression("@createArray(1)")
    return activity("Keep", "Filter", items=items, condition=expression("@equals(item(), 1)"))


def web() -> Json:
    return activity("Web", "WebActivity", url="https://x", method="GET")


def returning(keys: list[str]) -> Callable[[Files], Any]:
    """The called pipeline returns values."""

    def change(found: Files) -> None:
        value = [{"key": key, "value": {"type": "String", "content": "a"}} for key in keys]
        settings = {"variableName": "pipelineReturnValue", "setSystemVariable": True}
        one = activity("Return", "SetVariable", **settings, value=value)
        at(found, INNER, "activities").append(one)

    return change


WRONG: list[tuple[str, Json, str, str, str]] = [
    (
        "misspelt first row",
        lookup(),
        "@activity('Look').output.firstRows.a",
        "the output of Lookup 'Look' has no 'firstRows'",
        "did you mean 'firstRow'",
    ),
    (
        "misspelt first row in a text",
        lookup(firstRowOnly=True),
        "SELECT '@{activity('Look').output['firstrows']['a']}'",
        "the output of Lookup 'Look' has no 'firstrows'",
        "did you mean 'firstRow'",
    ),
    (
        "first row of all rows",
        lookup(firstRowOnly=False),
        "@activity('Look').output.firstRow.a",
        "the output of Lookup 'Look' has no 'firstRow'",
        "read value[0], or set firstRowOnly to true",
    ),
    (
        "all rows of the first row",
        lookup(),
        "@string(activity('look').output.value)",
        "the output of Lookup 'Look' has no 'value'",
        "read firstRow, or set firstRowOnly to false",
    ),
    (
        "count of the first row",
        lookup(firstRowOnly=True),
        "@string(activity('Look').output.count)",
        "the output of Lookup 'Look' has no 'count'",
        "read firstRow, or set firstRowOnly to false",
    ),
    (
        "unknown output of a Lookup",
        lookup(),
        "@activity('Look').output.rows",
        "the output of Lookup 'Look' has no 'rows'",
        "it has firstRow",
    ),
    (
        "property of an array",
        lookup(firstRowOnly=False),
        "@activity('Look').output.value.a",
        "'value' of Lookup 'Look' is an array, which has no 'a'",
        "name an item: value[0].a",
    ),
    (
        "item of the first row",
        lookup(),
        "@activity('Look').output.firstRow[0].a",
        "'firstRow' of Lookup 'Look' is an object, which has no items",
        "name a column of it",
    ),
    (
        "no output",
        lookup(),
        "@activity('Look').firstRow.a",
        "'firstRow' of activity 'Look' is in its output",
        "write activity('Look').output.firstRow",
    ),
    (
        "misspelt output",
        web(),
        "@activity('Web').ouput.a",
        "an activity has no 'ouput'",
        "did you mean 'output'",
    ),
    (
        "misspelt error",
        web(),
        "@activity('Web').error.mesage",
        "an activity's error has no 'mesage'",
        "did you mean 'message'",
    ),
    (
        "misspelt rows of a Copy",
        copied(),
        "@string(activity('Copy').output.rowCopied)",
        "the output of Copy 'Copy' has no 'rowCopied'",
        "did you mean 'rowsCopied'",
    ),
    (
        "rows of a Copy",
        copied(),
        "@activity('Copy').output.firstRow.a",
        "the output of Copy 'Copy' has no 'firstRow'",
        "read rowsCopied and the like, or use a Lookup",
    ),
    (
        "metadata that was not asked for",
        metadata("exists"),
        "@string(activity('Meta').output.childItems)",
        "the output of GetMetadata 'Meta' has no 'childItems'",
        "add 'childItems' to its fieldList",
    ),
    (
        "misspelt metadata",
        metadata("exists", "childItems"),
        "@string(activity('Meta').output.childItem)",
        "the output of GetMetadata 'Meta' has no 'childItem'",
        "did you mean 'childItems'",
    ),
    (
        "property of a file",
        metadata("childItems"),
        "@activity('Meta').output.childItems[0].size",
        "an item of 'childItems' of GetMetadata 'Meta' has no 'size'",
        "it has name and type",
    ),
    (
        "rows of a procedure",
        procedure(),
        "@activity('Proc').output.firstRow.a",
        "the output of SqlServerStoredProcedure 'Proc' has no 'firstRow'",
        "a stored procedure's rows are lost: call it in a Lookup or a Script",
    ),
    (
        "rows of a Script",
        script(),
        "@activity('Script').output.value[0].a",
        "the output of Script 'Script' has no 'value'",
        "read resultSets[0].rows",
    ),
    (
        "misspelt sets of a Script",
        script(),
        "@activity('Script').output.resultSet[0].rows[0].a",
        "the output of Script 'Script' has no 'resultSet'",
        "did you mean 'resultSets'",
    ),
    (
        "misspelt rows of a Script",
        script(),
        "@activity('Script').output.resultSets[0].row[0].a",
        "an item of 'resultSets' of Script 'Script' has no 'row'",
        "it has rowCount and rows",
    ),
    (
        "misspelt output of a Filter",
        filtered(),
        "@string(activity('Keep').output.FilteredItemCount)",
        "the output of Filter 'Keep' has no 'FilteredItemCount'",
        "did you mean 'FilteredItemsCount'",
    ),
    (
        "misspelt output of a call",
        called(),
        "@activity('Call').output.pipelineReturnValues.a",
        "the output of ExecutePipeline 'Call' has no 'pipelineReturnValues'",
        "did you mean 'pipelineReturnValue'",
    ),
    (
        "value that is not returned",
        called(),
        "@activity('Call').output.pipelineReturnValue.rows",
        "pipeline 'inner' returns no 'rows'",
        "return it there with Set Variable",
    ),
]


@pytest.mark.parametrize("wrong", [pytest.param(one[1:], id=one[0]) for one in WRONG])
def test_property_that_an_output_does_not_have(
    tmp_path: Path, wrong: tuple[Json, str, str, str]
) -> None:
    one, text, message, fix = wrong
    see(tmp_path, (reading(one, text), READ, READS, message, fix))


RIGHT: list[tuple[str, Json, str]] = [
    ("case", lookup(), "@activity('Look').output.FirstRow.a"),
    ("common property", lookup(), "@activity('Look').output.effectiveIntegrationRuntime"),
    ("optional property", lookup(), "@string(activity('Look').output?.value)"),
    (
        "rows that an expression chooses",
        lookup(firstRowOnly=expression("@equals(1, 1)")),
        "@string(activity('Look').output.value)",
    ),
    ("all rows as text", lookup(firstRowOnly="false"), "@activity('Look').output.value[0].a"),
    ("count", lookup(firstRowOnly=False), "@string(activity('Look').output.count)"),
    ("counts of a Copy", copied(), "@string(activity('Copy').output.rowsCopied)"),
    ("details of a Copy", copied(), "@activity('Copy').output.executionDetails[0].source.type"),
    ("errors", copied(), "@activity('Copy').output.errors[0].Message"),
    ("error", copied(), "@activity('Copy').Error.message"),
    ("moments", copied(), "@activity('Copy').ExecutionStartTime"),
    ("new property", copied(), "@string(activity('Copy').output.somethingNew)"),
    ("metadata", metadata("childItems"), "@activity('Meta').output.childItems[0].name"),
    (
        "metadata that an expression names",
        metadata(expression("@concat('exists')")),
        "@string(activity('Meta').output.exists)",
    ),
    ("Script", script(), "@activity('Script').output.resultSets[0].rows[0].a"),
    ("answer of a service", web(), "@activity('Web').output.firstRows"),
    ("Filter", filtered(), "@string(activity('Keep').output.Value)"),
    ("run of a call", called(), "@activity('Call').output.pipelineRunId"),
]


@pytest.mark.parametrize("right", [pytest.param(one[1:], id=one[0]) for one in RIGHT])
def test_property_that_an_output_has(tmp_path: Path, right: tuple[Json, str]) -> None:
    found = files()
    reading(*right)(found)
    assert [str(one) for one in check(write(tmp_path, found))] == []


def test_returned_values_are_those_of_the_pipeline_that_is_called(tmp_path: Path) -> None:
    found = files()
    returning(["Rows", "files"])(found)
    reading(called(), "@activity('Call').output.pipelineReturnValue.rows")(found)
    assert check(write(tmp_path, found)) == []
    reading(called(), "@activity('Call').output.pipelineReturnValue.row")(found)
    [fault] = check(write(tmp_path, found))
    assert fault.fix == "did you mean 'Rows'"


def over_files(found: Files) -> None:
    """The loop iterates over the files of a folder."""
    at(found, OUTER, "activities").append(metadata("childItems"))
    outer(found, 1, "dependsOn", 0).update(activity="Meta")
    each(found)["items"] = expression("@activity('Meta').output.childItems")
    call(found)["parameters"]["size"] = expression("@item().size")


RUN: list[InjectedFault] = [
    (
        "system variable",
        said("@pipeline().RunIdentifier"),
        OUTER,
        URL,
        "there is no system variable 'RunIdentifier'",
        "read another",
    ),
    (
        "misspelt parameters",
        said("@pipeline().parameter.mode"),
        OUTER,
        URL,
        "there is no system variable 'parameter'",
        "did you mean 'parameters'",
    ),
    (
        "dataset in a pipeline",
        said("@dataset().file"),
        OUTER,
        URL,
        "dataset() cannot be read in a pipeline",
        "it reads a dataset's own parameters",
    ),
    (
        "linked service in a dataset",
        lambda f: at(f, "dataset/files", "typeProperties", "location").update(
            fileName=expression("@linkedService().account")
        ),
        "dataset/files",
        f"{SETTINGS}.location.fileName.value",
        "linkedService() cannot be read in a dataset",
        "it reads a linked service's own parameters",
    ),
    (
        "item in a dataset",
        lambda f: at(f, "dataset/files", "typeProperties", "location").update(
            fileName="@{item().file}.json"
        ),
        "dataset/files",
        f"{SETTINGS}.location.fileName",
        "item() cannot be read in a dataset",
        "pass the value as a parameter",
    ),
    (
        "variable in a linked service",
        lambda f: lake(f).update(url="@{variables('url')}"),
        "linkedService/lake",
        f"{SETTINGS}.url",
        "variables() cannot be read in a linked service",
        "pass the value as a parameter",
    ),
    (
        "activity in a trigger",
        lambda f: at(f, "trigger/hourly", "pipelines", 0, "parameters").update(
            table="@activity('Rest').output"
        ),
        "trigger/hourly",
        "$.properties.pipelines[0].parameters.table",
        "activity() cannot be read in a trigger",
        "pass the value as a parameter",
    ),
    (
        "window of a schedule",
        lambda f: at(f, "trigger/hourly", "pipelines", 0, "parameters").update(
            table="@trigger().outputs.windowStartTime"
        ),
        "trigger/hourly",
        "$.properties.pipelines[0].parameters.table",
        "a ScheduleTrigger has no 'outputs'",
        "it has scheduledTime, startTime",
    ),
    (
        "file of a schedule",
        lambda f: at(f, "trigger/hourly", "pipelines", 0, "parameters").update(
            table="@triggerBody().fileName"
        ),
        "trigger/hourly",
        "$.properties.pipelines[0].parameters.table",
        "a ScheduleTrigger has no body",
        "read trigger(), or use an event trigger",
    ),
    (
        "misspelt window",
        lambda f: (
            window(f),
            at(f, "trigger/window", "pipeline", "parameters").update(
                table="@trigger().outputs.windowStart"
            ),
        ),
        "trigger/window",
        "$.properties.pipeline.parameters.table",
        "the outputs of a TumblingWindowTrigger have no 'windowStart'",
        "did you mean 'windowStartTime'",
    ),
    (
        "property of a folder's file",
        over_files,
        OUTER,
        f"{CALL}.parameters.size.value",
        "an item of 'childItems' has no 'size'",
        "it has name and type",
    ),
]


@each_of(*RUN)
def test_system_variables_that_a_run_lacks(tmp_path: Path, injected: Any) -> None:
    see(tmp_path, injected)


def ended(kind: str) -> Callable[[Files], Any]:
    """After a container, an activity reads one inside the container."""

    def change(found: Files) -> None:
        rest = [activity("Deep", "Wait", waitTimeInSeconds=1)]
        yes = expression("@equals(1, 1)")
        settings: Json = {
            "Until": {"expression": yes, "activities": rest},
            "IfCondition": {"expression": yes, "ifTrueActivities": rest},
            "Switch": {
                "on": expression("@concat('a')"),
                "cases": [{"value": "a", "activities": rest}],
            },
            "ForEach": {"items": expression("@createArray(1)"), "activities": rest},
        }[kind]
        one = activity("Around", kind, **settings)
        reading(one, "@activity('Deep').status")(found)

    return change


@pytest.mark.parametrize("kind", ["Until", "IfCondition", "Switch"])
def test_activity_inside_can_be_read_after_its_container(tmp_path: Path, kind: str) -> None:
    found = files()
    ended(kind)(found)
    assert [str(one) for one in check(write(tmp_path, found))] == []
    at(found, READ, "activities", 1)["dependsOn"] = []
    [fault] = check(write(tmp_path, found))
    assert "activity 'Deep' does not run before the activity that reads it" in fault.message


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("@activity('Look').output", "the output"),
        ("@activity('Look').output.firstRow", "the first row"),
    ],
)
def test_loop_over_an_object(tmp_path: Path, text: str, what: str) -> None:
    def change(found: Files) -> None:
        each(found)["items"] = expression(text)
        look(found)["firstRowOnly"] = what != "the first row"

    message = f"{what} of Lookup 'Look' is an object, not an array"
    fix = "read output.value, with firstRowOnly set to false"
    place = f"{EACH}.typeProperties.items.value"
    found = files()
    each(found)["items"] = expression("@activity('Look').output.value")
    assert check(write(tmp_path, found)) == []
    see(tmp_path, (change, OUTER, place, message, fix))


def test_each_turn_of_a_loop_has_outputs_of_its_own(tmp_path: Path) -> None:
    message = "activity 'Deep' does not run before the activity that reads it"
    fix = "add it to the dependsOn of this activity, or of one that contains it"
    see(tmp_path, (ended("ForEach"), READ, READS, message, fix))
