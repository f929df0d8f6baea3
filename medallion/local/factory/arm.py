"""The ARM template of the Data Factory files: what Data Factory itself makes when it publishes.

What differs between environments is a parameter, named as Data Factory names it
(`ls_lake_properties_typeProperties_url`), with the value in the files as its default. Deploy by
`az deployment group create --template-file adf/arm/ARMTemplateForFactory.json`.
Source: https://learn.microsoft.com/azure/data-factory/continuous-integration-delivery
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
from medallion.local.factory.atomic import write_text

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
API_VERSION = "2018-06-01"
TYPES = {
    "linkedService": "linkedServices",
    "dataset": "datasets",
    "pipeline": "pipelines",
    "trigger": "triggers",
}
REFERENCES = {
    "LinkedServiceReference": "linkedServices",
    "DatasetReference": "datasets",
    "PipelineReference": "pipelines",
}
# Plain texts of linked services that name a resource of one environment.
ADDRESSES = ("url", "baseUrl", "server", "database")
Json = dict[str, Any]


def template(folder: Path) -> Json:
    """The deployment template of a folder in git layout."""
    factories = sorted((folder / "factory").glob("*.json"))
    if len(factories) != 1:
        raise MedallionError(f"{folder}/factory must hold the one factory's file.")
    factory = _read(factories[0])
    parameters: Json = {
        "factoryName": {"type": "string", "defaultValue": factory["name"]},
        "location": {"type": "string", "defaultValue": "[resourceGroup().location]"},
    }
    resources = [_factory(factory, parameters)]
    for kind in TYPES:
        for file in sorted((folder / kind).glob("*.json")):
            resources.append(_resource(kind, _read(file), parameters))
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": parameters,
        "resources": resources,
    }


def write(folder: Path) -> list[Path]:
    """Write the template into `arm/` of the folder; the files written."""
    target = folder / "arm" / "ARMTemplateForFactory.json"
    write_text(target, json.dumps(template(folder), indent=4, ensure_ascii=False) + "\n")
    return [target]


def _read(file: Path) -> Json:
    found: Json = json.loads(file.read_text(encoding="utf-8"))
    return found


def _factory(factory: Json, parameters: Json) -> Json:
    properties = _escaped(factory["properties"])
    for name, one in properties.get("globalParameters", {}).items():
        key = f"globalParameters_{name}_value"
        parameters[key] = {"type": one["type"], "defaultValue": one["value"]}
        one["value"] = f"[parameters('{key}')]"
    return {
        "type": "Microsoft.DataFactory/factories",
        "apiVersion": API_VERSION,
        "name": "[parameters('factoryName')]",
        "location": "[parameters('location')]",
        "identity": {"type": factory["identity"]["type"]},
        "properties": properties,
    }


def _resource(kind: str, resource: Json, parameters: Json) -> Json:
    name, properties = resource["name"], _escaped(resource["properties"])
    if kind == "linkedService":
        for key in ADDRESSES:
            value = properties["typeProperties"].get(key)
            if isinstance(value, str):
                parameter = f"{name}_properties_typeProperties_{key}"
                parameters[parameter] = {"type": "string", "defaultValue": value}
                properties["typeProperties"][key] = f"[parameters('{parameter}')]"
    return {
        "type": f"Microsoft.DataFactory/factories/{TYPES[kind]}",
        "apiVersion": API_VERSION,
        "name": f"[concat(parameters('factoryName'), '/{name}')]",
        "dependsOn": [_FACTORY_ID, *sorted({_id(*one) for one in _referenced(properties)})],
        "properties": properties,
    }


_FACTORY_ID = "[resourceId('Microsoft.DataFactory/factories', parameters('factoryName'))]"


def _id(type_name: str, name: str) -> str:
    kind = f"Microsoft.DataFactory/factories/{type_name}"
    return f"[resourceId('{kind}', parameters('factoryName'), '{name}')]"


def _referenced(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if "referenceName" in value:
            yield REFERENCES[value["type"]], value["referenceName"]
        for one in value.values():
            yield from _referenced(one)
    elif isinstance(value, list):
        for one in value:
            yield from _referenced(one)


def _escaped(value: Any) -> Any:
    """A copy in which a text that begins with `[` is not taken for an expression of ARM."""
    if isinstance(value, dict):
        return {key: _escaped(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_escaped(one) for one in value]
    if isinstance(value, str) and value.startswith("["):
        return "[" + value
    return value
