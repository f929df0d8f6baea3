"""A small factory in git layout without faults, for the tests of the check and the template."""

import copy
import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def expression(text: str) -> Json:
    return {"value": text, "type": "Expression"}


def reference(kind: str, name: str, **more: Any) -> Json:
    return {"referenceName": name, "type": f"{kind}Reference", **more}


def activity(name: str, kind: str, after: tuple[str, ...] = (), **settings: Any) -> Json:
    after_each = [{"activity": one, "dependencyConditions": ["Succeeded"]} for one in after]
    return {"name": name, "type": kind, "dependsOn": after_each, "typeProperties": settings}


FILES: dict[str, Json] = {
    "factory/small": {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {"globalParameters": {"hook": {"type": "string", "value": "https://x"}}},
    },
    "integrationRuntime/ir": {"properties": {"type": "SelfHosted"}},
    "linkedService/vault": {
        "properties": {
            "type": "AzureKeyVault",
            "typeProperties": {"baseUrl": "https://v.vault.azure.net/"},
        }
    },
    "linkedService/lake": {
        "properties": {
            "type": "AzureBlobFS",
            "parameters": {"account": {"type": "string", "defaultValue": "lake"}},
            "connectVia": reference("IntegrationRuntime", "ir"),
            "typeProperties": {
                "url": "https://@{linkedService().account}.dfs.core.windows.net",
                "accountKey": {
                    "type": "AzureKeyVaultSecret",
                    "store": reference("LinkedService", "vault"),
                    "secretName": "lake",
                },
            },
        }
    },
    "dataset/files": {
        "properties": {
            "type": "Json",
            "linkedServiceName": reference("LinkedService", "lake"),
            "parameters": {"file": {"type": "string"}},
            "typeProperties": {
                "location": {
                    "type": "AzureBlobFSLocation",
                    "fileName": expression("@dataset().file"),
                    "fileSystem": "bronze",
                }
            },
        }
    },
    "pipeline/inner": {
        "properties": {
            "activities": [activity("Rest", "Wait", waitTimeInSeconds=1)],
            "parameters": {"table": {"type": "string"}, "size": {"type": "int"}},
        }
    },
    "pipeline/outer": {
        "properties": {
            "description": "Reads @ nothing, and @{nothing}.",
            "activities": [
                activity(
                    "Look",
                    "Lookup",
                    source={
                        "type": "JsonSource",
                        "storeSettings": {"type": "AzureBlobFSReadSettings", "recursive": True},
                    },
                    dataset=reference("Dataset", "files", parameters={"file": "a.json"}),
                    firstRowOnly=False,
                ),
                activity(
                    "Each",
                    "ForEach",
                    ("Look",),
                    items=expression("@activity('Look').output.value"),
                    isSequential=True,
                    batchCount=5,
                    activities=[
                        activity(
                            "If known",
                            "IfCondition",
                            expression=expression("@equals(item().name, variables('name'))"),
                            ifTrueActivities=[
                                activity(
                                    "Call",
                                    "ExecutePipeline",
                                    pipeline=reference("Pipeline", "inner"),
                                    parameters={"table": expression("@item().name"), "size": 3},
                                    waitOnCompletion=True,
                                )
                            ],
                        ),
                        activity("Keep", "SetVariable", variableName="name", value="b"),
                    ],
                ),
                activity(
                    "Choose",
                    "Switch",
                    on=expression("@pipeline().parameters.mode"),
                    cases=[
                        {"value": "one", "activities": [activity("A", "Wait", waitTimeInSeconds=1)]}
                    ],
                ),
                {
                    **activity(
                        "Tell",
                        "WebActivity",
                        ("Each", "Choose"),
                        url=expression("@pipeline().globalParameters.hook"),
                        method="POST",
                        headers={"Authorization": "@concat('Bearer ', variables('name'))"},
                        body={"text": "done"},
                    ),
                    "policy": {"timeout": "0.00:10:00", "retry": 1, "retryIntervalInSeconds": 30},
                },
            ],
            "parameters": {"mode": {"type": "string", "defaultValue": "one"}},
            "variables": {
                "name": {"type": "String", "defaultValue": "a"},
                "seen": {"type": "Array"},
            },
            "annotations": [],
        }
    },
    "trigger/hourly": {
        "properties": {
            "type": "ScheduleTrigger",
            "runtimeState": "Stopped",
            "pipelines": [
                {
                    "pipelineReference": reference("Pipeline", "inner"),
                    "parameters": {"table": "@trigger().scheduledTime", "size": 1},
                }
            ],
            "typeProperties": {
                "recurrence": {
                    "frequency": "Hour",
                    "interval": 1,
                    "startTime": "2025-01-01T00:00:00Z",
                    "timeZone": "UTC",
                }
            },
        }
    },
}


def files() -> dict[str, Json]:
    """The factory's documents by `kind/name`. Callers may change them."""
    return {key: {"name": key.split("/")[1], **copy.deepcopy(FILES[key])} for key in FILES}


def write(folder: Path, documents: dict[str, Json]) -> Path:
    """Write documents under a folder, and return it."""
    for key, document in documents.items():
        file = folder / f"{key}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document), encoding="utf-8")
    return folder


def at(documents: dict[str, Json], key: str, *keys: str | int) -> Any:
    """The value under `properties` of a document that the keys lead to."""
    found: Any = documents[key]["properties"]
    for one in keys:
        found = found[one]
    return found
