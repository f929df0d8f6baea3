"""The values that become template parameters, by Data Factory's default parameterization.

Source: https://learn.microsoft.com/azure/data-factory/continuous-integration-delivery-resource-manager-custom-parameters
"""

from collections.abc import Iterator
from typing import Any

from medallion.adf.arm_template.texts import call
from medallion.adf.check.resources import Json, Resource

# Properties of a linked service's `typeProperties` that keep their value as the default.
KEPT = (
    "aadResourceId",
    "accessKeyId",
    "accountName",
    "baseUrl",
    "batchUri",
    "clientId",
    "clusterResourceGroup",
    "clusterSshUserName",
    "clusterUserName",
    "database",
    "databaseName",
    "dataLakeStoreUri",
    "environmentUrl",
    "functionAppUrl",
    "host",
    "hostKeyFingerprint",
    "hostSubscriptionId",
    "poolName",
    "resourceGroupName",
    "server",
    "servicePrincipalId",
    "serviceEndpoint",
    "subscriptionId",
    "systemNumber",
    "tenant",
    "url",
    "userId",
    "userName",
    "username",
)
# The properties that are secrets when they are texts: a short name, and no default.
SECRET = ("connectionString", "encryptedCredential", "sasToken", "sasUri")
OTHER_KINDS = {
    "credential": (("typeProperties", "resourceId"),),
    "dataset": (("typeProperties", "folderPath"), ("typeProperties", "fileName")),
    "managedPrivateEndpoint": (("groupId",), ("privateLinkResourceId",)),
    "trigger": (("typeProperties", "scope"),),
}
# ARM's parameter types; it has no type for fractions.
TYPES = {str: "string", bool: "bool", int: "int", list: "array", dict: "object"}


class Parameters:
    """The parameters of a template, in the order in which its resources need them.

    Default values are texts of the template, already escaped by the caller.
    """

    def __init__(self) -> None:
        self.declared: dict[str, Json] = {}

    def add(self, name: str, kind: str, *default: Any) -> str:
        """Declare a parameter, and return the expression that reads it."""
        self.declared[name] = {"type": kind}
        for value in default:
            self.declared[name]["defaultValue"] = value
        return call("parameters", name)

    def of_value(self, name: str, value: Any) -> Any:
        """The expression for a value that becomes a parameter's default, or the value itself."""
        kind = TYPES.get(type(value))
        return value if kind is None else self.add(name, kind, value)

    def take(self, resource: Resource, properties: Json) -> None:
        """Replace parameterized values in an escaped copy of a resource's properties."""
        name = resource.stem
        if resource.kind == "linkedService":
            settings = properties.get("typeProperties")
            self._linked_service(name, settings if isinstance(settings, dict) else {})
        for path in OTHER_KINDS.get(resource.kind, ()):
            holder: Any = properties
            for key in path[:-1]:
                holder = holder.get(key) if isinstance(holder, dict) else None
            if isinstance(holder, dict) and isinstance(holder.get(path[-1]), str):
                full = "_".join((name, "properties", *path))
                holder[path[-1]] = self.add(full, "string", holder[path[-1]])
        if resource.kind == "trigger":
            for called, given in _passed(properties):
                for key, value in given.items():
                    given[key] = self.of_value(
                        f"{name}_properties_{called}_parameters_{key}", value
                    )

    def _linked_service(self, name: str, settings: Json) -> None:
        for key, value in settings.items():
            if isinstance(value, str) and key in KEPT:
                full = f"{name}_properties_typeProperties_{key}"
                settings[key] = self.add(full, "string", value)
            elif isinstance(value, str) and key in SECRET:
                settings[key] = self.add(f"{name}_{key}", "secureString")
            elif isinstance(value, dict) and value.get("type") == "SecureString":
                value["value"] = self.add(f"{name}_{key}", "secureString")


def _passed(trigger: Json) -> Iterator[tuple[str, Json]]:
    """The pipelines that a trigger runs, with the parameters that it passes."""
    several = trigger.get("pipelines")
    for one in (*(several if isinstance(several, list) else ()), trigger.get("pipeline")):
        if not isinstance(one, dict) or not isinstance(one.get("parameters"), dict):
            continue
        reference = one.get("pipelineReference")
        if isinstance(reference, dict):
            yield str(reference.get("referenceName")), one["parameters"]
