"""The check of the Data Factory files: what is under adf/, and one planted fault per rule."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from medallion.cli import app
from medallion.errors import MedallionError
from medallion.local.factory.check import check
from medallion.local.factory.files import ADF_FOLDER
from typer.testing import CliRunner

from small_factory import activity, at, expression, files, reference, write

Files = dict[str, dict[str, Any]]
OUTER, INNER = "pipeline/outer", "pipeline/inner"
LOOK = "$.properties.activities[0]"
EACH = "$.properties.activities[1]"
CHOOSE = "$.properties.activities[2]"
TELL = "$.properties.activities[3]"
SETTINGS = "$.properties.typeProperties"


def outer(found: Files, *keys: str | int) -> Any:
    return at(found, OUTER, "activities", *keys)


def look(found: Files) -> Any:
    return outer(found, 0, "typeProperties")


def each(found: Files) -> Any:
    return outer(found, 1, "typeProperties")


def choose(found: Files) -> Any:
    return outer(found, 2, "typeProperties")


def tell(found: Files) -> Any:
    return outer(found, 3)


def lake(found: Files) -> Any:
    return at(found, "linkedService/lake", "typeProperties")


def call(found: Files) -> Any:
    return each(found)["activities"][0]["typeProperties"]["ifTrueActivities"][0]["typeProperties"]


def recurrence(found: Files) -> Any:
    return at(found, "trigger/hourly", "typeProperties", "recurrence")


def window(found: Files, **settings: Any) -> None:
    """Make a tumbling window trigger beside the hourly one."""
    found["trigger/window"] = {
        "name": "window",
        "properties": {
            "type": "TumblingWindowTrigger",
            "pipeline": {
                "pipelineReference": reference("Pipeline", "inner"),
                "parameters": {"table": "@trigger().outputs.windowStartTime", "size": 1},
            },
            "typeProperties": {
                "frequency": "Hour",
                "interval": 1,
                "startTime": "2025-01-01T00:00:00Z",
                "maxConcurrency": 1,
                **settings,
            },
        },
    }


CALL = f"{EACH}.typeProperties.activities[0].typeProperties.ifTrueActivities[0].typeProperties"
EXPRESSION_MEND = 'write {"value": "@…", "type": "Expression"}'
VAULT_MEND = "move it to Key Vault and refer to it by an AzureKeyVaultSecret"
OUT = "move it into a pipeline of its own and call that by ExecutePipeline"
ENTITY = r"begin with a letter, a digit or _ and use none of < > * # . % & : \ + ? /"
LONG = "a" * 56

# A plant, the file in which the fault is, its path, what is wrong, and the mend.
Plant = tuple[str, Callable[[Files], Any], str, str, str, str]
MODELS: list[Plant] = [
    (
        "misspelt property",
        lambda f: look(f).update(firstRowOnyl=True),
        OUTER,
        f"{LOOK}.typeProperties.firstRowOnyl",
        "LookupActivity has no property 'firstRowOnyl'",
        "did you mean 'firstRowOnly'",
    ),
    (
        "unknown property",
        lambda f: at(f, OUTER).update(frobnication={}),
        OUTER,
        "$.properties.frobnication",
        "Pipeline has no property 'frobnication'",
        "write activities, annotations, concurrency, description, folder, parameters, policy, "
        "runDimensions or variables",
    ),
    (
        "property in a subclass of a source",
        lambda f: look(f)["source"]["storeSettings"].update(recursiv=True),
        OUTER,
        f"{LOOK}.typeProperties.source.storeSettings.recursiv",
        "AzureBlobFSReadSettings has no property 'recursiv'",
        "did you mean 'recursive'",
    ),
    (
        "missing property",
        lambda f: each(f).pop("items"),
        OUTER,
        f"{EACH}.typeProperties",
        "the required 'items' is missing",
        "add it; ForEachActivity needs it",
    ),
    (
        "unknown activity",
        lambda f: tell(f).update(type="WebActivty"),
        OUTER,
        f"{TELL}.type",
        "'WebActivty' is no type of an activity",
        "did you mean 'WebActivity'",
    ),
    (
        "unknown linked service type",
        lambda f: at(f, "linkedService/vault").update(type="AzureKeyVolt"),
        "linkedService/vault",
        "$.properties.type",
        "'AzureKeyVolt' is no type of a linked service",
        "did you mean 'AzureKeyVault'",
    ),
    (
        "missing type",
        lambda f: at(f, "dataset/files").pop("type"),
        "dataset/files",
        "$.properties",
        "the required 'type' is missing",
        "add it: what a dataset this is",
    ),
    (
        "enumeration",
        lambda f: recurrence(f).update(frequency="Hourly"),
        "trigger/hourly",
        f"{SETTINGS}.recurrence.frequency",
        "'Hourly' is not among the known values",
        "did you mean 'Hour'",
    ),
    (
        "dependency condition",
        lambda f: outer(f, 1, "dependsOn", 0).update(dependencyConditions=["Success"]),
        OUTER,
        f"{EACH}.dependsOn[0].dependencyConditions[0]",
        "'Success' is not among the known values",
        "write Completed, Failed, Skipped or Succeeded",
    ),
    (
        "parameter's type",
        lambda f: at(f, INNER, "parameters", "table").update(type="strng"),
        INNER,
        "$.properties.parameters.table.type",
        "'strng' is not among the known values",
        "did you mean 'String'",
    ),
    (
        "truth value",
        lambda f: each(f).update(isSequential="yes"),
        OUTER,
        f"{EACH}.typeProperties.isSequential",
        "a text stands where true or false belongs",
        "write true or false",
    ),
    (
        "whole number",
        lambda f: each(f).update(batchCount=expression("@item()")),
        OUTER,
        f"{EACH}.typeProperties.batchCount",
        "an Expression object stands where a whole number belongs",
        "write a whole number",
    ),
    (
        "text",
        lambda f: at(f, OUTER).update(description=5),
        OUTER,
        "$.properties.description",
        "the number 5 stands where text belongs",
        "write text",
    ),
    (
        "array",
        lambda f: tell(f).update(dependsOn={}),
        OUTER,
        f"{TELL}.dependsOn",
        "an object stands where an array belongs",
        "write a JSON array",
    ),
    (
        "object",
        lambda f: each(f).update(items="@variables('seen')"),
        OUTER,
        f"{EACH}.typeProperties.items",
        "a text stands where an object belongs",
        "write a JSON object",
    ),
    (
        "type that only the documentation says",
        lambda f: look(f).update(firstRowOnly="maybe"),
        OUTER,
        f"{LOOK}.typeProperties.firstRowOnly",
        "a text stands where true or false belongs",
        "write boolean JSON or an Expression object",
    ),
    (
        "minimum",
        lambda f: tell(f)["policy"].update(retry=-1),
        OUTER,
        f"{TELL}.policy.retry",
        "-1 is less than 0",
        "write 0 or more",
    ),
    (
        "time span",
        lambda f: tell(f)["policy"].update(timeout="ten minutes"),
        OUTER,
        f"{TELL}.policy.timeout",
        "'ten minutes' is no time span",
        "write d.hh:mm:ss, such as 0.12:00:00",
    ),
    (
        "time",
        lambda f: recurrence(f).update(startTime="tomorrow"),
        "trigger/hourly",
        f"{SETTINGS}.recurrence.startTime",
        "a text is no time",
        "write ISO 8601, such as 2025-01-31T00:00:00Z",
    ),
]
NAMES: list[Plant] = [
    (
        "other name inside",
        lambda f: f[INNER].update(name="other"),
        INNER,
        "$.name",
        "the name inside is 'other', that of the file 'inner'",
        "rename one of both",
    ),
    (
        "no name",
        lambda f: f[INNER].pop("name"),
        INNER,
        "$",
        "the required 'name' is missing",
        "write 'inner'",
    ),
    (
        "letter",
        lambda f: tell(f).update(name="Tell: all"),
        OUTER,
        f"{TELL}.name",
        "'Tell: all' is no name for an activity",
        ENTITY,
    ),
    (
        "length",
        lambda f: tell(f).update(name=LONG),
        OUTER,
        f"{TELL}.name",
        "the name has 56 characters, more than 55",
        "shorten it",
    ),
    (
        "integration runtime",
        lambda f: f.update(
            {"integrationRuntime/a_b": {**f["integrationRuntime/ir"], "name": "a_b"}}
        ),
        "integrationRuntime/a_b",
        "$.name",
        "'a_b' is no name for this",
        "use letters, digits and single dashes between them",
    ),
    (
        "twice but for case",
        lambda f: f.update({"linkedService/VAULT": {**f["linkedService/vault"], "name": "VAULT"}}),
        "linkedService/vault",
        "$.name",
        "'linkedService/VAULT.json' differs from this only in case, which the service ignores",
        "rename one of both",
    ),
]
REFERENCES: list[Plant] = [
    (
        "dataset",
        lambda f: look(f)["dataset"].update(referenceName="flies"),
        OUTER,
        f"{LOOK}.typeProperties.dataset.referenceName",
        "there is no dataset 'flies'",
        "did you mean 'files'",
    ),
    (
        "integration runtime",
        lambda f: f.pop("integrationRuntime/ir"),
        "linkedService/lake",
        "$.properties.connectVia.referenceName",
        "there is no integration runtime 'ir'",
        "add integrationRuntime/ir.json or correct it",
    ),
    (
        "credential",
        lambda f: lake(f).update(credential=reference("Credential", "me")),
        "linkedService/lake",
        f"{SETTINGS}.credential.referenceName",
        "there is no credential 'me'",
        "add credential/me.json or correct it",
    ),
    (
        "pipeline of a trigger",
        lambda f: at(f, "trigger/hourly", "pipelines", 0, "pipelineReference").update(
            referenceName="gone"
        ),
        "trigger/hourly",
        "$.properties.pipelines[0].pipelineReference.referenceName",
        "there is no pipeline 'gone'",
        "add pipeline/gone.json or correct it",
    ),
    (
        "kind of a reference",
        lambda f: look(f)["dataset"].update(type="DatasetRef"),
        OUTER,
        f"{LOOK}.typeProperties.dataset.type",
        "'DatasetRef' is not among the known values",
        "did you mean 'DatasetReference'",
    ),
    (
        "unknown parameter",
        lambda f: call(f)["parameters"].update(tabel="a"),
        OUTER,
        f"{CALL}.parameters.tabel",
        "pipeline 'inner' has no parameter 'tabel'",
        "did you mean 'table'",
    ),
    (
        "missing parameter",
        lambda f: call(f)["parameters"].pop("table"),
        OUTER,
        f"{CALL}.parameters",
        "pipeline 'inner' needs its parameter 'table'",
        "pass it, or give it a default value there",
    ),
    (
        "missing parameter of a trigger",
        lambda f: at(f, "trigger/hourly", "pipelines", 0, "parameters").pop("size"),
        "trigger/hourly",
        "$.properties.pipelines[0].parameters",
        "pipeline 'inner' needs its parameter 'size'",
        "pass it, or give it a default value there",
    ),
    (
        "missing parameter of a dataset",
        lambda f: look(f)["dataset"].pop("parameters"),
        OUTER,
        f"{LOOK}.typeProperties.dataset",
        "dataset 'files' needs its parameter 'file'",
        "pass it, or give it a default value there",
    ),
    (
        "number for text",
        lambda f: call(f)["parameters"].update(table=5),
        OUTER,
        f"{CALL}.parameters.table",
        "the number 5 is passed to 'table' of inner, whose type is string",
        "pass what that type takes",
    ),
    (
        "text for number",
        lambda f: call(f)["parameters"].update(size="big"),
        OUTER,
        f"{CALL}.parameters.size",
        "a text is passed to 'size' of inner, whose type is int",
        "pass what that type takes",
    ),
    (
        "circle",
        lambda f: at(f, INNER, "activities").append(
            activity(
                "Back",
                "ExecutePipeline",
                pipeline=reference("Pipeline", "inner"),
                parameters={"table": "a", "size": 1},
            )
        ),
        INNER,
        "$.properties.activities[1].typeProperties.pipeline.referenceName",
        "pipeline 'inner' calls itself in a circle",
        "break the circle; a loop is an Until activity",
    ),
]


def inside(found: Files, kind: str, one: dict[str, Any]) -> None:
    """Put an activity into the ForEach, or into the If that stands in it."""
    block = each(found)["activities"]
    (block if kind == "ForEach" else block[0]["typeProperties"]["ifTrueActivities"]).append(one)


def loop(name: str = "Loop") -> dict[str, Any]:
    rest = [activity("Rest", "Wait", waitTimeInSeconds=1)]
    return activity(name, "Until", expression=expression("@equals(1, 1)"), activities=rest)


def branch(name: str = "Branch") -> dict[str, Any]:
    return activity(name, "IfCondition", expression=expression("@equals(1, 1)"))


IN_EACH = f"{EACH}.typeProperties.activities"
IN_IF = f"{IN_EACH}[0].typeProperties.ifTrueActivities"
STRUCTURE: list[Plant] = [
    (
        "loop in a loop",
        lambda f: inside(f, "ForEach", loop()),
        OUTER,
        f"{IN_EACH}[2]",
        "Until 'Loop' stands inside ForEach 'Each'",
        OUT,
    ),
    (
        "loop in a branch",
        lambda f: choose(f)["cases"][0]["activities"].append(loop()),
        OUTER,
        f"{CHOOSE}.typeProperties.cases[0].activities[1]",
        "Until 'Loop' stands inside Switch 'Choose'",
        OUT,
    ),
    (
        "branch in a branch",
        lambda f: inside(f, "IfCondition", branch()),
        OUTER,
        f"{IN_IF}[1]",
        "IfCondition 'Branch' stands inside IfCondition 'If known'",
        OUT,
    ),
    (
        "validation in a loop",
        lambda f: inside(
            f,
            "ForEach",
            activity(
                "Valid",
                "Validation",
                dataset=reference("Dataset", "files", parameters={"file": "a"}),
            ),
        ),
        OUTER,
        f"{IN_EACH}[2]",
        "Validation 'Valid' stands inside ForEach 'Each'",
        OUT,
    ),
    (
        "number of activities",
        lambda f: at(f, INNER, "activities").extend(
            activity(f"Rest {number}", "Wait", waitTimeInSeconds=1) for number in range(120)
        ),
        INNER,
        "$.properties.activities",
        "the pipeline has 121 activities, more than 120",
        "move some into a pipeline of their own",
    ),
    (
        "number of parameters",
        lambda f: at(f, OUTER, "parameters").update(
            {f"p{number}": {"type": "string"} for number in range(50)}
        ),
        OUTER,
        "$.properties.parameters",
        "the pipeline has more than 50 parameters",
        "pass an object instead of some",
    ),
    (
        "name used twice",
        lambda f: at(f, INNER, "activities").append(activity("rest", "Wait", waitTimeInSeconds=1)),
        INNER,
        "$.properties.activities[1].name",
        "the activity name 'rest' is used twice",
        "rename one of both",
    ),
    (
        "unknown dependency",
        lambda f: outer(f, 3, "dependsOn", 0).update(activity="Keep"),
        OUTER,
        f"{TELL}.dependsOn[0].activity",
        "'Tell' depends on 'Keep', which is not beside it",
        "name an activity of the same list",
    ),
    (
        "dependency named twice",
        lambda f: outer(f, 3, "dependsOn", 1).update(activity="Each"),
        OUTER,
        f"{TELL}.dependsOn[1].activity",
        "'Each' is named twice",
        "join their dependencyConditions",
    ),
    (
        "circle of dependencies",
        lambda f: at(f, INNER, "activities", 0)["dependsOn"].append(
            {"activity": "Rest", "dependencyConditions": ["Succeeded"]}
        ),
        INNER,
        "$.properties.activities[0].dependsOn",
        "'Rest' depends on itself in a circle",
        "break the circle",
    ),
    (
        "parallel turns",
        lambda f: each(f).update(batchCount=51),
        OUTER,
        f"{EACH}.typeProperties.batchCount",
        "51 is not from 1 to 50",
        "write 50 or less",
    ),
    (
        "number of cases",
        lambda f: choose(f)["cases"].extend({"value": str(n), "activities": []} for n in range(25)),
        OUTER,
        f"{CHOOSE}.typeProperties.cases",
        "the Switch has 26 cases, more than 25",
        "use two Switches, or look the answer up",
    ),
    (
        "case twice",
        lambda f: choose(f)["cases"].append({"value": "one", "activities": []}),
        OUTER,
        f"{CHOOSE}.typeProperties.cases[1].value",
        "the case 'one' stands twice",
        "remove one of both",
    ),
    (
        "retry interval",
        lambda f: tell(f)["policy"].update(retryIntervalInSeconds=5),
        OUTER,
        f"{TELL}.policy.retryIntervalInSeconds",
        "5 is not from 30 to 86400",
        "write a number of seconds in that",
    ),
    (
        "timeout",
        lambda f: tell(f)["policy"].update(timeout="7.00:00:01"),
        OUTER,
        f"{TELL}.policy.timeout",
        "'7.00:00:01' is longer than 7 days",
        "write 7.00:00:00 or less",
    ),
    (
        "concurrency",
        lambda f: at(f, OUTER).update(concurrency=0),
        OUTER,
        "$.properties.concurrency",
        "0 is less than 1",
        "write 1",
    ),
]


def copy(found: Files, **changed: Any) -> None:
    """Put a Copy of a JSON file into the inner pipeline."""
    store = {"type": "AzureBlobFSReadSettings"}
    one = activity(
        "Copy",
        "Copy",
        source={"type": "JsonSource", "storeSettings": store},
        sink={"type": "JsonSink", "storeSettings": {"type": "AzureBlobFSWriteSettings"}},
    )
    one["inputs"] = [reference("Dataset", "files", parameters={"file": "a"})]
    one["outputs"] = [reference("Dataset", "files", parameters={"file": "b"})]
    for key, value in changed.items():
        (one if key in ("inputs", "outputs") else one["typeProperties"])[key] = value
    at(found, INNER, "activities").append(one)


COPY = "$.properties.activities[1]"
DATASETS: list[Plant] = [
    (
        "other format of a source",
        lambda f: look(f)["source"].update(type="ParquetSource"),
        OUTER,
        f"{LOOK}.typeProperties.source.type",
        "the source is ParquetSource, but dataset 'files' is Json",
        "use JsonSource",
    ),
    (
        "other format of a sink",
        lambda f: copy(f, sink={"type": "AzureSqlSink"}),
        INNER,
        f"{COPY}.typeProperties.sink.type",
        "the sink is AzureSqlSink, but dataset 'files' is Json",
        "use JsonSink",
    ),
    (
        "other store",
        lambda f: look(f)["source"]["storeSettings"].update(type="AzureBlobStorageReadSettings"),
        OUTER,
        f"{LOOK}.typeProperties.source.storeSettings.type",
        "the settings are AzureBlobStorageReadSettings, but 'files' is at AzureBlobFSLocation",
        "use the ReadSettings of that store",
    ),
    (
        "no input",
        lambda f: copy(f, inputs=[]),
        INNER,
        COPY,
        "a Copy has one dataset in 'inputs', not 0",
        "name one",
    ),
]


def said(text: str) -> Callable[[Files], Any]:
    """Plant an expression as the address that the Web activity calls."""
    return lambda f: tell(f)["typeProperties"].update(url=expression(text))


URL = f"{TELL}.typeProperties.url.value"
EXPRESSIONS: list[Plant] = [
    (
        "outside an Expression object",
        lambda f: tell(f)["typeProperties"].update(url="@pipeline().globalParameters.hook"),
        OUTER,
        f"{TELL}.typeProperties.url",
        "a text with an expression stands outside an Expression object",
        EXPRESSION_MEND,
    ),
    (
        "inside a text outside an Expression object",
        lambda f: look(f)["source"]["storeSettings"].update(wildcardFileName="@{utcNow()}.json"),
        OUTER,
        f"{LOOK}.typeProperties.source.storeSettings.wildcardFileName",
        "a text with an expression stands outside an Expression object",
        EXPRESSION_MEND,
    ),
    (
        "outside an Expression object in a dataset",
        lambda f: at(f, "dataset/files", "typeProperties", "location").update(
            fileName="@dataset().file"
        ),
        "dataset/files",
        f"{SETTINGS}.location.fileName",
        "a text with an expression stands outside an Expression object",
        EXPRESSION_MEND,
    ),
    (
        "syntax",
        said("@concat('a'"),
        OUTER,
        URL,
        "Unable to parse expression '@concat('a'': expected ')' at position 12",
        "correct the expression",
    ),
    (
        "function",
        said("@conact('a')"),
        OUTER,
        URL,
        "the function 'conact' does not exist",
        "did you mean 'concat'",
    ),
    (
        "number of arguments",
        said("@replace('a', 'b')"),
        OUTER,
        URL,
        "'replace' is called with 2 arguments, but takes 3",
        "pass as many",
    ),
    (
        "length",
        said(f"@concat('{'a' * 8192}')"),
        OUTER,
        URL,
        "the expression has 8203 characters, more than 8192",
        "compute parts of it in Set Variable activities",
    ),
    (
        "variable",
        said("@variables('nmae')"),
        OUTER,
        URL,
        "there is no variable 'nmae'",
        "did you mean 'name'",
    ),
    (
        "parameter",
        said("@{pipeline().parameters['mood']}"),
        OUTER,
        URL,
        "there is no parameter 'mood'",
        "did you mean 'mode'",
    ),
    (
        "global parameter",
        said("@pipeline().globalParameters.hock"),
        OUTER,
        URL,
        "there is no global parameter 'hock'",
        "did you mean 'hook'",
    ),
    (
        "parameter of a dataset",
        lambda f: at(f, "dataset/files", "typeProperties", "location").update(
            fileName=expression("@dataset().fiel")
        ),
        "dataset/files",
        f"{SETTINGS}.location.fileName.value",
        "there is no parameter 'fiel'",
        "did you mean 'file'",
    ),
    (
        "parameter of a linked service",
        lambda f: lake(f).update(url="https://@{linkedService().acount}.dfs.core.windows.net"),
        "linkedService/lake",
        f"{SETTINGS}.url",
        "there is no parameter 'acount'",
        "did you mean 'account'",
    ),
    (
        "unknown activity",
        said("@activity('Lok').output"),
        OUTER,
        URL,
        "there is no activity 'Lok' in the pipeline",
        "did you mean 'look'",
    ),
    (
        "activity that runs at the same time",
        lambda f: choose(f).update(on=expression("@activity('Look').output.firstRow.a")),
        OUTER,
        f"{CHOOSE}.typeProperties.on.value",
        "activity 'Look' does not run before the one that reads it",
        "name it in dependsOn, here or in a container of this",
    ),
    (
        "activity inside another container",
        said("@activity('Keep').output"),
        OUTER,
        URL,
        "activity 'Keep' does not run before the one that reads it",
        "name it in dependsOn, here or in a container of this",
    ),
    (
        "item outside a loop",
        said("@item()"),
        OUTER,
        URL,
        "item() stands outside a ForEach",
        "move it into one, or read something else",
    ),
    (
        "unknown variable set",
        lambda f: each(f)["activities"][1]["typeProperties"].update(variableName="nam"),
        OUTER,
        f"{IN_EACH}[1].typeProperties.variableName",
        "there is no variable 'nam'",
        "did you mean 'name'",
    ),
    (
        "variable set to another type",
        lambda f: each(f)["activities"][1]["typeProperties"].update(value=["a"]),
        OUTER,
        f"{IN_EACH}[1].typeProperties.value",
        "an array is set to 'name', whose type is String",
        "correct one of both",
    ),
    (
        "text appended to",
        lambda f: each(f)["activities"][1].update(type="AppendVariable"),
        OUTER,
        f"{IN_EACH}[1].typeProperties.variableName",
        "the variable 'name' has the type String; only an Array can be appended",
        "set it, or make it an Array",
    ),
    (
        "variable that reads itself",
        lambda f: each(f)["activities"][1]["typeProperties"].update(
            value=expression("@concat(variables('Name'), 'b')")
        ),
        OUTER,
        f"{IN_EACH}[1].typeProperties.value.value",
        "the variable 'name' is set to a value that reads it",
        "set a second variable first, and this from that",
    ),
    (
        "default value of another type",
        lambda f: at(f, OUTER, "parameters", "mode").update(defaultValue=5),
        OUTER,
        "$.properties.parameters.mode.defaultValue",
        "the number 5 is the value of 'mode', whose type is string",
        "correct one of both",
    ),
    (
        "global parameter of another type",
        lambda f: at(f, "factory/small", "globalParameters", "hook").update(type="int"),
        "factory/small",
        "$.properties.globalParameters.hook.value",
        "a text is the value of 'hook', whose type is int",
        "correct one of both",
    ),
]
OTHER = reference("Trigger", "hourly")
SELF = {"type": "SelfDependencyTumblingWindowTriggerReference", "offset": "01:00:00"}
ON_HOURLY = {"type": "TumblingWindowTriggerDependencyReference", "referenceTrigger": OTHER}
TRIGGERS: list[Plant] = [
    (
        "interval",
        lambda f: recurrence(f).update(interval=0),
        "trigger/hourly",
        f"{SETTINGS}.recurrence.interval",
        "0 is less than 1",
        "write 1 or more",
    ),
    (
        "end",
        lambda f: recurrence(f).update(endTime="2024-01-01T00:00:00Z"),
        "trigger/hourly",
        f"{SETTINGS}.recurrence.endTime",
        "the trigger ends before it starts",
        "write a time after startTime",
    ),
    (
        "hour",
        lambda f: recurrence(f).update(schedule={"hours": [1, 24]}),
        "trigger/hourly",
        f"{SETTINGS}.recurrence.schedule.hours[1]",
        "24 is not from 0 to 23",
        "correct it",
    ),
    (
        "short window",
        lambda f: window(f, frequency="Minute", interval=4),
        "trigger/window",
        f"{SETTINGS}.interval",
        "a window of 4 minutes is shorter than 5",
        "write 5 or more",
    ),
    (
        "windows at once",
        lambda f: window(f, maxConcurrency=51),
        "trigger/window",
        f"{SETTINGS}.maxConcurrency",
        "51 is not from 1 to 50",
        "correct it",
    ),
    (
        "retry of a window",
        lambda f: window(f, retryPolicy={"count": 1, "intervalInSeconds": 1}),
        "trigger/window",
        f"{SETTINGS}.retryPolicy.intervalInSeconds",
        "1 is not from 30 to 86400",
        "correct it",
    ),
    (
        "later window of its own",
        lambda f: window(f, dependsOn=[SELF]),
        "trigger/window",
        f"{SETTINGS}.dependsOn[0].offset",
        "a window can depend on earlier windows of its own trigger only",
        "write a negative time span",
    ),
    (
        "dependency without windows",
        lambda f: window(f, dependsOn=[ON_HOURLY]),
        "trigger/window",
        f"{SETTINGS}.dependsOn[0].referenceTrigger.referenceName",
        "trigger 'hourly' has no windows to depend on",
        "name a tumbling window trigger",
    ),
    (
        "number of dependencies",
        lambda f: window(f, dependsOn=[{**SELF, "offset": f"-0{n}:00:00"} for n in range(6)]),
        "trigger/window",
        f"{SETTINGS}.dependsOn",
        "there are 6 dependencies, more than 5",
        "remove some",
    ),
]
KEY = "q7Zp0Vt3bN8xR2mWcYk5sLdHj1uGf9aEoIeTiQwXyA4BvCnMzK6rPlSgDhFjJkUo0123456789ABCDEFGHIJab=="
SECRETS: list[Plant] = [
    (
        "secure string",
        lambda f: lake(f).update(servicePrincipalKey={"type": "SecureString", "value": "hidden1"}),
        "linkedService/lake",
        f"{SETTINGS}.servicePrincipalKey",
        "a SecureString holds its secret as plain text",
        VAULT_MEND,
    ),
    (
        "account key",
        lambda f: lake(f).update(accountKey="hidden1"),
        "linkedService/lake",
        f"{SETTINGS}.accountKey",
        "'accountkey' is a secret in plain text",
        VAULT_MEND,
    ),
    (
        "encrypted credential",
        lambda f: lake(f).update(encryptedCredential="hidden1"),
        "linkedService/lake",
        f"{SETTINGS}.encryptedCredential",
        "an encrypted secret",
        VAULT_MEND,
    ),
    (
        "connection string",
        lambda f: f.update(
            {
                "linkedService/sql": {
                    "name": "sql",
                    "properties": {
                        "type": "AzureSqlDatabase",
                        "typeProperties": {
                            "connectionString": "Server=s;User ID=u;Password=hidden1"
                        },
                    },
                }
            }
        ),
        "linkedService/sql",
        f"{SETTINGS}.connectionString",
        "the text holds a secret ('password=')",
        VAULT_MEND,
    ),
    (
        "signature",
        lambda f: tell(f)["typeProperties"].update(
            url="https://x/y?sv=1&sig=hidden1hidden1hidden1"
        ),
        OUTER,
        f"{TELL}.typeProperties.url",
        "the address holds a secret ('sig=')",
        VAULT_MEND,
    ),
    (
        "header",
        lambda f: tell(f)["typeProperties"]["headers"].update({"x-functions-key": "hidden1"}),
        OUTER,
        f"{TELL}.typeProperties.headers['x-functions-key']",
        "the header 'x-functions-key' holds a secret in plain text",
        VAULT_MEND,
    ),
    (
        "token in an expression",
        said("@concat('Bearer hidden1HIDDEN1hidden1')"),
        OUTER,
        URL,
        "the text holds an access token",
        VAULT_MEND,
    ),
    (
        "key",
        lambda f: tell(f)["typeProperties"]["body"].update(text=KEY),
        OUTER,
        f"{TELL}.typeProperties.body.text",
        "the text holds a key in base64",
        VAULT_MEND,
    ),
    (
        "parameter of a trigger",
        lambda f: (
            at(f, INNER, "parameters").update(password={"type": "string"}),
            at(f, "trigger/hourly", "pipelines", 0, "parameters").update(password="hidden1"),
            call(f)["parameters"].update(password=expression("@item().secret")),
        ),
        "trigger/hourly",
        "$.properties.pipelines[0].parameters.password",
        "'password' is a secret in plain text",
        VAULT_MEND,
    ),
    (
        "default value",
        lambda f: at(f, OUTER, "parameters").update(
            password={"type": "string", "defaultValue": "hidden1"}
        ),
        OUTER,
        "$.properties.parameters.password.defaultValue",
        "the default value of 'password' is a secret in plain text",
        VAULT_MEND,
    ),
    (
        "secret of a request's body",
        lambda f: tell(f)["typeProperties"].update(body="grant=x&client_secret=hidden1&scope=y"),
        OUTER,
        f"{TELL}.typeProperties.body",
        "the text holds a secret ('client_secret=')",
        VAULT_MEND,
    ),
    (
        "default value of a securestring",
        lambda f: at(f, OUTER, "parameters").update(
            token={"type": "securestring", "defaultValue": "hidden1"}
        ),
        OUTER,
        "$.properties.parameters.token.defaultValue",
        "a securestring parameter has its secret as default value",
        VAULT_MEND,
    ),
]
PLANTS = {
    "models": MODELS,
    "names": NAMES,
    "references": REFERENCES,
    "structure": STRUCTURE,
    "datasets": DATASETS,
    "expressions": EXPRESSIONS,
    "triggers": TRIGGERS,
    "secrets": SECRETS,
}


def test_files_of_this_project_have_no_fault() -> None:
    assert [str(one) for one in check(ADF_FOLDER)] == []


def test_small_factory_has_no_fault(tmp_path: Path) -> None:
    found = files()
    window(found, dependsOn=[{**SELF, "offset": "-01:00:00"}])
    copy(found)
    assert [str(one) for one in check(write(tmp_path, found))] == []


@pytest.mark.parametrize(
    "plant",
    [pytest.param(one[1:], id=f"{kind}: {one[0]}") for kind in PLANTS for one in PLANTS[kind]],
)
def test_planted_fault_is_found_where_it_is(tmp_path: Path, plant: Any) -> None:
    change, file, path, message, mend = plant
    found = files()
    change(found)
    faults = check(write(tmp_path, found))
    told = [(one.file, one.path, one.message, one.mend) for one in faults if not one.warning]
    assert (f"{file}.json", path, message, mend) in told
    # What else is told is a consequence of the same fault.
    assert all(one[0] == f"{file}.json" for one in told), told
    assert not any("hidden1" in str(one) or KEY in str(one) for one in faults)


def service(found: Files, name: str, kind: str, **settings: Any) -> None:
    """Add a linked service."""
    properties = {"type": kind, "annotations": [], "typeProperties": settings}
    found[f"linkedService/{name}"] = {"name": name, "properties": properties}


def runtime(found: Files, name: str, kind: str, **settings: Any) -> None:
    """Add an integration runtime."""
    properties = {"type": kind, "typeProperties": settings}
    found[f"integrationRuntime/{name}"] = {"name": name, "properties": properties}


def source(found: Files, **settings: Any) -> None:
    """Copy from a REST service into a table."""
    link = reference("LinkedService", "rest")
    service(found, "rest", "RestService", url="https://x", authenticationType="Anonymous")
    for name, kind in (("rest", "RestResource"), ("table", "AzurePostgreSqlTable")):
        properties = {"type": kind, "linkedServiceName": link, "typeProperties": {}}
        found[f"dataset/{name}"] = {"name": name, "properties": properties}
    copy(
        found,
        source={"type": "RestSource", **settings},
        sink={"type": "AzurePostgreSQLSink"},
        inputs=[reference("Dataset", "rest")],
        outputs=[reference("Dataset", "table")],
    )


def return_value(found: Files) -> None:
    value = {"type": "Expression", "content": "@variables('name')"}
    one = activity(
        "Return",
        "SetVariable",
        variableName="pipelineReturnValue",
        setSystemVariable=True,
        value=[{"key": "password", "value": value}],
    )
    at(found, OUTER, "activities").append(one)


def until(found: Files) -> None:
    """A loop whose condition reads an activity inside it."""
    one = loop()
    one["typeProperties"]["expression"] = expression("@equals(activity('Rest 2').status, 'x')")
    one["typeProperties"]["activities"][0]["name"] = "Rest 2"
    at(found, OUTER, "activities").append(one)


def filtered(found: Files) -> None:
    items, condition = expression("@variables('seen')"), expression("@equals(item(), 1)")
    one = activity("Filter", "Filter", items=items, condition=condition)
    at(found, OUTER, "activities").append(one)


def data_flow(found: Files) -> None:
    """A data flow as older versions of Studio wrote it, over a dataset with a parameter."""
    part = {"name": "in", "script": "source() ~> in", "dataset": reference("Dataset", "files")}
    settings = {"sources": [part], "sinks": [], "transformations": [{"name": "t", "script": "@x"}]}
    properties = {"type": "MappingDataFlow", "typeProperties": settings}
    found["dataflow/flow"] = {"name": "flow", "properties": properties}
    compute = {"coreCount": 8, "computeType": "General"}
    flow = reference("DataFlow", "flow")
    one = activity("Flow", "ExecuteDataFlow", dataflow=flow, compute=compute, traceLevel="Fine")
    at(found, OUTER, "activities").append(one)


WRITTEN_BY_STUDIO: list[tuple[str, Callable[[Files], Any]]] = [
    ("note of publishing", lambda f: at(f, OUTER).update(lastPublishTime="2024-01-01T00:00:00Z")),
    ("type of the resource", lambda f: f[OUTER].update(type="Microsoft.DataFactory/x", etag="1")),
    ("no activities", lambda f: at(f, INNER).pop("activities")),
    ("Boolean variable", lambda f: at(f, OUTER, "variables").update(b={"type": "Boolean"})),
    ("truth value as text", lambda f: each(f).update(isSequential="true")),
    ("number as text", lambda f: each(f).update(batchCount="5")),
    ("null", lambda f: look(f).update(firstRowOnly=None)),
    ("case of a parameter", lambda f: look(f)["dataset"].update(parameters={"FILE": "a"})),
    ("case of a function", said("@ToUpper(variables('NAME'))")),
    ("Expression without an expression", said("https://x/{id}")),
    ("text of an address", said("https://me@x.com/@me?a=@b")),
    ("T-SQL variable", said("DECLARE @day date = '2025-01-01'; SELECT @day")),
    ("escaped sign", said("@@concat")),
    (
        "plain expression that a call passes",
        lambda f: call(f)["parameters"].update(table="@pipeline().RunId"),
    ),
    (
        "plain expression that a dataset is given",
        lambda f: look(f)["dataset"].update(parameters={"file": "@{utcNow()}.json"}),
    ),
    (
        "user property",
        lambda f: tell(f).update(userProperties=[{"name": "a", "value": "@{utcNow()}"}]),
    ),
    ("return value", return_value),
    ("loop's condition", until),
    ("filter's item", filtered),
    ("span with a fraction", lambda f: source(f, requestInterval="00.00:00:00.010")),
    (
        "headers of a source",
        lambda f: source(f, additionalHeaders={"Authorization": expression("@pipeline().RunId")}),
    ),
    ("data flow", data_flow),
    (
        "object as text",
        lambda f: at(f, "factory/small", "globalParameters").update(
            o={"type": "object", "value": "{ text }"}
        ),
    ),
    (
        "no properties of the factory",
        lambda f: (
            f["factory/small"].pop("properties"),
            tell(f)["typeProperties"].update(url="https://x"),
        ),
    ),
    (
        "runtime of the service's own",
        lambda f: at(f, "linkedService/lake").update(
            connectVia=reference("IntegrationRuntime", "AutoResolveIntegrationRuntime")
        ),
    ),
    (
        "shared runtime",
        lambda f: runtime(
            f, "shared", "SelfHosted", linkedInfo={"resourceId": "/x", "authorizationType": "Rbac"}
        ),
    ),
    (
        "masked secret",
        lambda f: runtime(
            f,
            "ssis",
            "Managed",
            ssisProperties={
                "catalogInfo": {
                    "catalogAdminPassword": {"type": "SecureString", "value": "**********"},
                    "catalogPricingTier": "S1",
                }
            },
        ),
    ),
    (
        "cluster",
        lambda f: service(
            f,
            "bricks",
            "AzureDatabricks",
            domain="https://x",
            authentication="MSI",
            newClusterNumOfWorker="1",
            clusterOption="Fixed",
        ),
    ),
    (
        "connection without a secret",
        lambda f: service(
            f,
            "sql",
            "AzureSqlDatabase",
            connectionString="Encrypt=True;Data Source=s;User ID=u;Connection Timeout=30",
        ),
    ),
    ("placeholder", lambda f: tell(f)["typeProperties"].update(body="a=b&client_secret=<secret>")),
    (
        "description of a token",
        lambda f: tell(f).update(description="Basic authentication; Bearer tokens"),
    ),
    (
        "trigger without a pipeline",
        lambda f: (window(f), f["trigger/window"]["properties"].pop("pipeline")),
    ),
]


@pytest.mark.parametrize("change", [pytest.param(one[1], id=one[0]) for one in WRITTEN_BY_STUDIO])
def test_what_studio_writes_is_no_fault(tmp_path: Path, change: Callable[[Files], Any]) -> None:
    found = files()
    change(found)
    assert [str(one) for one in check(write(tmp_path, found))] == []


def test_settings_of_an_inactive_activity_may_be_unfinished(tmp_path: Path) -> None:
    found = files()
    tell(found).update(state="Inactive", onInactiveMarkAs="Succeeded")
    tell(found)["typeProperties"] = {"url": "@concat('a')"}
    assert check(write(tmp_path, found)) == []
    del tell(found)["state"]
    assert len(check(write(tmp_path, found))) == 2


def test_variable_set_by_parallel_turns_is_a_warning(tmp_path: Path) -> None:
    found = files()
    each(found)["isSequential"] = False
    [warning] = check(write(tmp_path, found))
    assert (warning.path, warning.warning) == (f"{IN_EACH}[1].typeProperties", True)
    done = CliRunner().invoke(app, ["factory", "check", str(tmp_path)])
    assert done.exit_code == 0
    assert "warning: 'name' is set in a ForEach" in done.output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "the file is not JSON (Expecting property name enclosed in double quotes"),
        (b"", "the file is not JSON (Expecting value"),
        ("{}".encode("utf-16"), "the file is not UTF-8"),
        (b"[]", "the file holds no JSON object"),
        (b'{"name": "odd", "properties": []}', "an array stands where an object belongs"),
        (b'{"name": "odd"}', "an object belongs"),
        (b'{"name": "odd", "name": "odd", "properties": {}}', "the property 'name' stands twice"),
        (b'\xef\xbb\xbf{"name": "odd", "properties": {}}', "begins with a byte order mark"),
        (b"[" * 100_000, "the JSON is nested too deeply"),
    ],
)
def test_odd_files_are_told_without_a_traceback(
    tmp_path: Path, content: bytes, message: str
) -> None:
    folder = write(tmp_path, files())
    (folder / "pipeline" / "odd.json").write_bytes(content)
    [fault] = check(folder)
    assert fault.file == "pipeline/odd.json"
    assert message in fault.message


@pytest.mark.parametrize("value", [None, 5, "text", [], {}, [None], [5], {"a": None}])
def test_no_value_anywhere_makes_a_traceback(tmp_path: Path, value: Any) -> None:
    for key in files():
        for name in (
            "activities",
            "typeProperties",
            "parameters",
            "variables",
            "pipelines",
            "type",
        ):
            found = files()
            found[key]["properties"][name] = value
            check(write(tmp_path, found))
    for name in ("dependsOn", "typeProperties", "policy", "name", "userProperties"):
        found = files()
        for index in range(4):
            outer(found, index)[name] = value
        check(write(tmp_path, found))


def test_a_factory_with_only_pipelines_is_checked_too(tmp_path: Path) -> None:
    found = {INNER: files()[INNER]}
    assert check(write(tmp_path, found)) == []


def test_folder_that_is_no_factory_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MedallionError, match="is no Data Factory folder"):
        check(tmp_path)
    with pytest.raises(MedallionError, match="is no folder"):
        check(tmp_path / "missing")


def test_command_prints_one_line_per_fault_in_order_and_fails(tmp_path: Path) -> None:
    folder = tmp_path / "adf"
    shutil.copytree(ADF_FOLDER, folder)
    file = folder / "pipeline" / "pl_alert.json"
    file.write_text(file.read_text().replace('"webhook": {', '"webhok": {'))
    runs = [CliRunner().invoke(app, ["factory", "check", str(folder)]) for _ in range(2)]
    assert runs[0].exit_code == 1
    assert runs[0].output == runs[1].output
    *lines, count = runs[0].output.splitlines()
    assert all(line.startswith("pipeline/pl_") and ".json: $.properties" in line for line in lines)
    assert any("there is no parameter 'webhook'; did you mean 'webhok'." in line for line in lines)
    assert f"{len(lines)} faults, 0 warnings" in count
