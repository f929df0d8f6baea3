"""The structure, datasets and expressions of pipelines: one injected fault per rule."""

from pathlib import Path
from typing import Any

from medallion.adf.check import check
from support.injected_faults import (
    CHOOSE,
    COPY,
    EACH,
    IN_EACH,
    IN_IF,
    INNER,
    LOOK,
    OUT,
    OUTER,
    SETTINGS,
    TELL,
    URL,
    InjectedFault,
    branch,
    choose,
    copy,
    each,
    each_of,
    inside,
    lake,
    look,
    loop,
    outer,
    said,
    see,
    tell,
)
from support.small_factory import activity, at, expression, files, reference, write

STRUCTURE: list[InjectedFault] = [
    (
        "loop in a loop",
        lambda f: inside(f, "ForEach", loop()),
        OUTER,
        f"{IN_EACH}[2]",
        "Until 'Loop' is inside ForEach 'Each'",
        OUT,
    ),
    (
        "loop in a branch",
        lambda f: choose(f)["cases"][0]["activities"].append(loop()),
        OUTER,
        f"{CHOOSE}.typeProperties.cases[0].activities[1]",
        "Until 'Loop' is inside Switch 'Choose'",
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
        "Validation 'Valid' is inside ForEach 'Each'",
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
        "move some into another pipeline",
    ),
    (
        "number of parameters",
        lambda f: at(f, OUTER, "parameters").update(
            {f"p{number}": {"type": "string"} for number in range(50)}
        ),
        OUTER,
        "$.properties.parameters",
        "the pipeline has more than 50 parameters",
        "combine some into an object",
    ),
    (
        "name used twice",
        lambda f: at(f, INNER, "activities").append(activity("rest", "Wait", waitTimeInSeconds=1)),
        INNER,
        "$.properties.activities[1].name",
        "the activity name 'rest' is used twice",
        "rename one of them",
    ),
    (
        "unknown dependency",
        lambda f: outer(f, 3, "dependsOn", 0).update(activity="Keep"),
        OUTER,
        f"{TELL}.dependsOn[0].activity",
        "'Tell' depends on 'Keep', which is not in the same list",
        "name an activity of the same list",
    ),
    (
        "dependency named twice",
        lambda f: outer(f, 3, "dependsOn", 1).update(activity="Each"),
        OUTER,
        f"{TELL}.dependsOn[1].activity",
        "'Each' is named twice",
        "merge their dependencyConditions",
    ),
    (
        "Completed with Failed",
        lambda f: outer(f, 3, "dependsOn", 0).update(dependencyConditions=["Failed", "Completed"]),
        OUTER,
        f"{TELL}.dependsOn[0].dependencyConditions",
        "'Completed' is combined with 'Failed'",
        "write Completed alone, or Succeeded and Failed",
    ),
    (
        "Completed with Succeeded",
        lambda f: each(f)["activities"][1].update(
            dependsOn=[
                {
                    "activity": "If known",
                    "dependencyConditions": ["completed", "Skipped", "succeeded"],
                }
            ]
        ),
        OUTER,
        f"{IN_EACH}[1].dependsOn[0].dependencyConditions",
        "'completed' is combined with 'succeeded'",
        "write Completed alone, or Succeeded and Failed",
    ),
    (
        "cycle of dependencies",
        lambda f: at(f, INNER, "activities", 0)["dependsOn"].append(
            {"activity": "Rest", "dependencyConditions": ["Succeeded"]}
        ),
        INNER,
        "$.properties.activities[0].dependsOn",
        "'Rest' depends on itself in a cycle",
        "break the cycle",
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
        "use two Switches, or a Lookup",
    ),
    (
        "case twice",
        lambda f: choose(f)["cases"].append({"value": "one", "activities": []}),
        OUTER,
        f"{CHOOSE}.typeProperties.cases[1].value",
        "the case 'one' occurs twice",
        "remove one of them",
    ),
    (
        "retry interval",
        lambda f: tell(f)["policy"].update(retryIntervalInSeconds=5),
        OUTER,
        f"{TELL}.policy.retryIntervalInSeconds",
        "5 is not from 30 to 86400",
        "use a number in this range",
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


@each_of(*STRUCTURE)
def test_structure(tmp_path: Path, injected: Any) -> None:
    see(tmp_path, injected)


def test_branch_in_a_branch_is_a_warning(tmp_path: Path) -> None:
    found = files()
    inside(found, "IfCondition", branch())
    [warning] = check(write(tmp_path, found))
    assert (warning.path, warning.warning) == (f"{IN_IF}[1]", True)
    assert warning.message == "IfCondition 'Branch' is inside IfCondition 'If known'"


DATASETS: list[InjectedFault] = [
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


@each_of(*DATASETS)
def test_datasets(tmp_path: Path, injected: Any) -> None:
    see(tmp_path, injected)


EXPRESSIONS: list[InjectedFault] = [
    (
        "syntax in a plain text",
        lambda f: tell(f)["typeProperties"].update(url="@concat('a'"),
        OUTER,
        f"{TELL}.typeProperties.url",
        "Unable to parse expression '@concat('a'': expected ')' at position 12",
        "correct the expression",
    ),
    (
        "function inside a plain text",
        lambda f: look(f)["source"]["storeSettings"].update(wildcardFileName="@{utcNwo()}.json"),
        OUTER,
        f"{LOOK}.typeProperties.source.storeSettings.wildcardFileName",
        "the function 'utcNwo' does not exist",
        "did you mean 'utcNow'",
    ),
    (
        "parameter of a dataset in a plain text",
        lambda f: at(f, "dataset/files", "typeProperties", "location").update(
            fileName="@dataset().fiel"
        ),
        "dataset/files",
        f"{SETTINGS}.location.fileName",
        "there is no parameter 'fiel'",
        "did you mean 'file'",
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
        "function in a parameter called folder",
        lambda f: look(f)["dataset"].update(
            parameters={"file": "a", "folder": expression("@conact('a')")}
        ),
        OUTER,
        f"{LOOK}.typeProperties.dataset.parameters.folder.value",
        "the function 'conact' does not exist",
        "did you mean 'concat'",
    ),
    (
        "function in a translator",
        lambda f: copy(f, translator=expression("@jsn('{}')")),
        INNER,
        f"{COPY}.typeProperties.translator.value",
        "the function 'jsn' does not exist",
        "did you mean 'json'",
    ),
    (
        "number of arguments",
        said("@replace('a', 'b')"),
        OUTER,
        URL,
        "'replace' is called with 2 arguments, but takes 3",
        "pass that many",
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
        "activity 'Look' does not run before the activity that reads it",
        "add it to the dependsOn of this activity, or of one that contains it",
    ),
    (
        "activity inside another container",
        said("@activity('Keep').output"),
        OUTER,
        URL,
        "activity 'Keep' does not run before the activity that reads it",
        "add it to the dependsOn of this activity, or of one that contains it",
    ),
    (
        "item outside a loop",
        said("@item()"),
        OUTER,
        URL,
        "item() is used outside a ForEach",
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
        "correct one of them",
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
        "set a second variable first, and copy it to this one",
    ),
    (
        "default value of another type",
        lambda f: at(f, OUTER, "parameters", "mode").update(defaultValue=5),
        OUTER,
        "$.properties.parameters.mode.defaultValue",
        "the number 5 is the value of 'mode', whose type is string",
        "correct one of them",
    ),
    (
        "global parameter of another type",
        lambda f: at(f, "factory/small", "globalParameters", "hook").update(type="int"),
        "factory/small",
        "$.properties.globalParameters.hook.value",
        "a text is the value of 'hook', whose type is int",
        "correct one of them",
    ),
]


@each_of(*EXPRESSIONS)
def test_expressions(tmp_path: Path, injected: Any) -> None:
    see(tmp_path, injected)
