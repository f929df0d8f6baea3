"""Faults that the service's models find in every file: one injected fault per rule."""

from pathlib import Path
from typing import Any

from support.injected_faults import (
    EACH,
    INNER,
    LOOK,
    OUTER,
    SETTINGS,
    TELL,
    InjectedFault,
    each,
    each_of,
    look,
    outer,
    recurrence,
    see,
    tell,
)
from support.small_factory import at, expression

MODELS: list[InjectedFault] = [
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
        "'WebActivty' is not a type of an activity",
        "did you mean 'WebActivity'",
    ),
    (
        "unknown linked service type",
        lambda f: at(f, "linkedService/vault").update(type="AzureKeyVolt"),
        "linkedService/vault",
        "$.properties.type",
        "'AzureKeyVolt' is not a type of a linked service",
        "did you mean 'AzureKeyVault'",
    ),
    (
        "missing type",
        lambda f: at(f, "dataset/files").pop("type"),
        "dataset/files",
        "$.properties",
        "the required 'type' is missing",
        "add it; it names the type of a dataset",
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
        "expected true or false, found a text",
        "write true or false",
    ),
    (
        "whole number",
        lambda f: each(f).update(batchCount=expression("@item()")),
        OUTER,
        f"{EACH}.typeProperties.batchCount",
        "expected a whole number, found an Expression object",
        "write a whole number",
    ),
    (
        "text",
        lambda f: at(f, OUTER).update(description=5),
        OUTER,
        "$.properties.description",
        "expected text, found the number 5",
        "write text",
    ),
    (
        "array",
        lambda f: tell(f).update(dependsOn={}),
        OUTER,
        f"{TELL}.dependsOn",
        "expected an array, found an object",
        "write a JSON array",
    ),
    (
        "object",
        lambda f: each(f).update(items="@variables('seen')"),
        OUTER,
        f"{EACH}.typeProperties.items",
        "expected an object, found a text",
        "write a JSON object",
    ),
    (
        "type that only the documentation says",
        lambda f: look(f).update(firstRowOnly="maybe"),
        OUTER,
        f"{LOOK}.typeProperties.firstRowOnly",
        "expected true or false, found a text",
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
        "'ten minutes' is not a time span",
        "write d.hh:mm:ss, such as 0.12:00:00",
    ),
    (
        "time",
        lambda f: recurrence(f).update(startTime="tomorrow"),
        "trigger/hourly",
        f"{SETTINGS}.recurrence.startTime",
        "a text is not a time",
        "write ISO 8601, such as 2025-01-31T00:00:00Z",
    ),
]


@each_of(*MODELS)
def test_models(tmp_path: Path, injected: Any) -> None:
    see(tmp_path, injected)
