"""The resources of the template, each after the resources that it refers to."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from medallion.adf.arm_template.parameters import Parameters
from medallion.adf.arm_template.texts import escaped, quoted
from medallion.adf.check.references import ALWAYS_THERE
from medallion.adf.check.references import KINDS as REFERENCES
from medallion.adf.check.resources import KINDS, NESTED, Factory, Json, Resource
from medallion.errors import MedallionError
from medallion.fault import walk

API_VERSION = "2018-06-01"
FACTORY = "Microsoft.DataFactory/factories"
FACTORY_ID = f"[concat('{FACTORY}/', parameters('factoryName'))]"
TYPES = {
    "credential": "credentials",
    "dataflow": "dataflows",
    "dataset": "datasets",
    "integrationRuntime": "integrationRuntimes",
    "linkedService": "linkedServices",
    "managedVirtualNetwork": "managedVirtualNetworks",
    NESTED: "managedPrivateEndpoints",
    "pipeline": "pipelines",
    "trigger": "triggers",
}


def resources(factory: Factory, parameters: Parameters) -> list[Json]:
    """All resources, by kind and name; their parameters are added to `parameters`."""
    ordered = sorted(factory.resources, key=lambda one: (KINDS.index(one.kind), one.file))
    itself = [one for one in ordered if one.kind == "factory"]
    made = [part for one in itself for part in _factory(one, parameters)]
    for one in ordered:
        if one.kind != "factory":
            made.append(_resource(factory, one, parameters, after_factory=bool(itself)))
    return made


def _factory(resource: Resource, parameters: Parameters) -> Iterator[Json]:
    """The factory; Data Factory deploys its global parameters as a resource `default`."""
    document = resource.document
    properties = {k: v for k, v in resource.properties.items() if k != "globalParameters"}
    location = document.get("location", "[resourceGroup().location]")
    parameters.declared["dataFactory_location"] = {"type": "string", "defaultValue": location}
    identity = document.get("identity")
    made = {
        "type": FACTORY,
        "apiVersion": API_VERSION,
        "name": "[parameters('factoryName')]",
        "location": "[parameters('dataFactory_location')]",
        "properties": escaped(properties),
        "dependsOn": [],
    }
    if isinstance(identity, dict):  # Azure assigns the identity when it creates the factory
        made["identity"] = {
            k: v for k, v in identity.items() if k in ("type", "userAssignedIdentities")
        }
    yield made
    declared = resource.part("globalParameters")
    if declared:
        yield {
            "type": f"{FACTORY}/globalparameters",
            "apiVersion": API_VERSION,
            "name": _name("default"),
            "properties": {
                name: {
                    "type": one.get("type"),
                    "value": parameters.of_value(
                        f"default_properties_{name}_value", escaped(one.get("value"))
                    ),
                }
                for name, one in declared.items()
                if isinstance(one, dict)
            },
            "dependsOn": ["[variables('factoryId')]"],
        }


def _resource(
    factory: Factory, resource: Resource, parameters: Parameters, after_factory: bool
) -> Json:
    before = {_id(one) for one in _referenced(factory, resource)}
    if resource.kind == NESTED:
        # Two of them may lead to one storage account, which refuses a second operation meanwhile.
        endpoints = [one for one in factory.resources if one.kind == NESTED]
        before |= {_id(one) for one in endpoints[: endpoints.index(resource)][-1:]}
    properties: Json = escaped(resource.properties)
    properties.pop("lastPublishTime", None)  # metadata of Studio
    parameters.take(resource, properties)
    types, names = _path(resource)
    return {
        "type": "/".join((FACTORY, *types)),
        "apiVersion": API_VERSION,
        "name": _name(*names),
        "properties": properties,
        "dependsOn": ["[variables('factoryId')]"] * after_factory + sorted(before),
    }


def _path(resource: Resource) -> tuple[list[str], list[str]]:
    """The types and the names of a resource's path below the factory."""
    if resource.kind == NESTED:
        network = PurePosixPath(resource.file).parts[1]
        return [TYPES["managedVirtualNetwork"], TYPES[NESTED]], [network, resource.stem]
    return [TYPES[resource.kind]], [resource.stem]


def _name(*names: str) -> str:
    return f"[concat(parameters('factoryName'), {quoted('/' + '/'.join(names))})]"


def _id(resource: Resource) -> str:
    types, names = _path(resource)
    path = "".join(f"/{kind}/{name}" for kind, name in zip(types, names, strict=True))
    return f"[concat(variables('factoryId'), {quoted(path)})]"


def _referenced(factory: Factory, resource: Resource) -> Iterator[Resource]:
    """The resources that a resource refers to. Raises `MedallionError` for a missing one."""
    if resource.kind == NESTED:
        network = factory.find("managedVirtualNetwork", PurePosixPath(resource.file).parts[1])
        if network is not None:
            yield network
    for path, one in walk(resource.properties, "$.properties"):
        name: Any = one.get("referenceName") if isinstance(one, dict) else None
        kind = REFERENCES.get(str(one.get("type"))) if isinstance(name, str) else None
        if kind is None or name.lower() in ALWAYS_THERE:
            continue
        target = factory.find(kind, name)
        if target is None:
            raise MedallionError(
                f"{factory.folder / resource.file} refers at {path} to the {kind} '{name}', "
                f"which does not exist; add {kind}/{name}.json or correct the name."
            )
        yield target
