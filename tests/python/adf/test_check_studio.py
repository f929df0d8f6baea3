"""Content that Data Factory Studio writes, and public factories contain, is not a fault."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medallion.adf.check import check
from support.injected_faults import (
    INNER,
    OUTER,
    Files,
    call,
    copy,
    each,
    look,
    loop,
    said,
    tell,
    window,
)
from support.small_factory import activity, at, expression, files, reference, write


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
    ("note of its author", lambda f: at(f, OUTER).update(lastModifiedByObjectId="a")),
    ("type of the resource", lambda f: f[OUTER].update(type="Microsoft.DataFactory/x", etag="1")),
    ("no activities", lambda f: at(f, INNER).pop("activities")),
    ("Boolean variable", lambda f: at(f, OUTER, "variables").update(b={"type": "Boolean"})),
    ("truth value as text", lambda f: each(f).update(isSequential="true")),
    ("number as text", lambda f: each(f).update(batchCount="5")),
    ("null", lambda f: tell(f)["policy"].update(secureInput=None)),
    ("case of a parameter", lambda f: look(f)["dataset"].update(parameters={"FILE": "a"})),
    ("case of a function", said("@ToUpper(variables('NAME'))")),
    ("Expression without an expression", said("https://x/{id}")),
    ("text of an address", said("https://me@x.com/@me?a=@b")),
    ("T-SQL variable", said("DECLARE @day date = '2025-01-01'; SELECT @day")),
    (
        "default value that begins with the sign",
        lambda f: at(f, "dataset/files", "parameters", "file").update(defaultValue="@concat("),
    ),
    ("column names", lambda f: copy(f, translator={"mappings": [{"sink": {"name": "@time"}}]})),
    ("escaped sign", said("@@concat")),
    (
        "settings of the factory",
        lambda f: at(f, "factory/small").update(
            globalConfigurations={"PipelineBillingEnabled": "true"}
        ),
    ),
    (
        "plain expression in a setting",
        lambda f: tell(f)["typeProperties"].update(url="@pipeline().globalParameters.hook"),
    ),
    (
        "plain expression in a dataset",
        lambda f: at(f, "dataset/files", "typeProperties", "location").update(
            fileName="@dataset().file", folderPath="@concat('a/', dataset().file)"
        ),
    ),
    (
        "any outcome but skipped",
        lambda f: tell(f)["dependsOn"][0].update(dependencyConditions=["Succeeded", "Failed"]),
    ),
    (
        "any outcome",
        lambda f: tell(f)["dependsOn"][0].update(dependencyConditions=["Completed", "Skipped"]),
    ),
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
        "object as a parameter's text",
        lambda f: at(f, OUTER, "parameters", "mode").update(defaultValue={"a": 1}),
    ),
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
        "password that is a parameter",
        lambda f: (
            service(
                f,
                "server",
                "SqlServer",
                server="s",
                database="d",
                authenticationType="SQL",
                userName="@{linkedService().user}",
                password="@{linkedService().password}",
            ),
            f["linkedService/server"]["properties"].update(
                parameters={"user": {"type": "string"}, "password": {"type": "string"}}
            ),
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
def test_files_that_studio_writes_have_no_fault(
    tmp_path: Path, change: Callable[[Files], Any]
) -> None:
    found = files()
    change(found)
    assert [str(one) for one in check(write(tmp_path, found))] == []


def test_settings_of_another_store_that_studio_left_behind_are_a_warning(tmp_path: Path) -> None:
    found = files()
    one = activity(
        "Meta",
        "GetMetadata",
        dataset=reference("Dataset", "files", parameters={"file": "a"}),
        fieldList=["exists"],
        storeSettings={"type": "AzureBlobStorageReadSettings"},
    )
    at(found, OUTER, "activities").append(one)
    [warning] = check(write(tmp_path, found))
    assert warning.warning
    assert "the settings are AzureBlobStorageReadSettings" in warning.message


def test_settings_of_an_inactive_activity_may_be_unfinished(tmp_path: Path) -> None:
    found = files()
    tell(found).update(state="Inactive", onInactiveMarkAs="Succeeded")
    tell(found)["typeProperties"] = {"url": "@concat('a'"}
    copy(found, inputs=[reference("Dataset", "files")])
    at(found, INNER, "activities", 1)["state"] = "Inactive"
    assert check(write(tmp_path, found)) == []
    del tell(found)["state"], at(found, INNER, "activities", 1)["state"]
    assert len(check(write(tmp_path, found))) == 3
