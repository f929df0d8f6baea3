"""Resolves a dataset reference to its linked service, with the parameters of both applied."""

from dataclasses import dataclass
from typing import Any

from medallion.adf.language.errors import ActivityError, not_supported
from medallion.adf.language.scope import Scope, resolve
from medallion.adf.places import Place
from medallion_local.data_factory.environment import Environment

STORAGE = ("AzureBlobFS", "AzureBlobStorage")
LINKED_SERVICES = (*STORAGE, "AzureSqlDatabase", "HttpServer", "AzureKeyVault")


@dataclass(frozen=True)
class Service:
    """A linked service: its type and its properties, with expressions evaluated."""

    name: str
    type: str
    properties: dict[str, Any]


@dataclass(frozen=True)
class Dataset:
    """A dataset: its type, its properties with expressions evaluated, and its linked service."""

    name: str
    type: str
    properties: dict[str, Any]
    service: Service

    @property
    def location(self) -> dict[str, Any]:
        """The location of a file dataset's file."""
        if "location" not in self.properties:
            raise ActivityError(f"Dataset '{self.name}' of type {self.type} has no location.")
        location: dict[str, Any] = self.properties["location"]
        return location


def open_dataset(environment: Environment, reference: dict[str, Any], scope: Scope) -> Dataset:
    """Resolve `{"referenceName": …, "type": "DatasetReference", "parameters": …}`."""
    name = reference["referenceName"]
    properties = environment.files.dataset(name)
    given = resolve(reference.get("parameters") or {}, scope)
    inside = Scope(dataset=_values(f"dataset '{name}'", properties, given))
    service = _service(environment, properties["linkedServiceName"], inside)
    return Dataset(
        name,
        properties["type"],
        resolve(properties.get("typeProperties", {}), inside, Place.SETTINGS),
        service,
    )


def _service(environment: Environment, reference: dict[str, Any], scope: Scope) -> Service:
    name = reference["referenceName"]
    properties = environment.files.linked_service(name)
    if properties["type"] not in LINKED_SERVICES:
        raise not_supported("Linked service type", properties["type"], f"linked service '{name}'")
    if environment.places is not None:
        environment.place(name)
        # Its local replacement needs no address and no sign-in; another factory may lack them.
        return Service(name, properties["type"], {})
    given = resolve(reference.get("parameters") or {}, scope)
    inside = Scope(linked_service=_values(f"linked service '{name}'", properties, given))
    content = resolve(properties.get("typeProperties", {}), inside, Place.SETTINGS)
    _check_secrets(environment, name, content)
    return Service(name, properties["type"], content)


def _values(owner: str, properties: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    declared = properties.get("parameters") or {}
    if unknown := sorted(set(given) - set(declared)):
        raise ActivityError(f"The {owner} has no parameter '{unknown[0]}'.")
    for name, one in declared.items():
        if name not in given and "defaultValue" not in one:
            raise ActivityError(f"Parameter '{name}' of {owner} needs a value.")
    return {name: given.get(name, one.get("defaultValue")) for name, one in declared.items()}


def _check_secrets(environment: Environment, owner: str, value: Any) -> None:
    """Check that each Key Vault reference names a secret and a vault; the value is never read."""
    if isinstance(value, list):
        for one in value:
            _check_secrets(environment, owner, one)
    if not isinstance(value, dict):
        return
    if value.get("type") == "AzureKeyVaultSecret":
        store = environment.files.linked_service(value.get("store", {}).get("referenceName", ""))
        if not value.get("secretName") or store["type"] != "AzureKeyVault":
            raise ActivityError(
                f"Linked service '{owner}' has a Key Vault reference without a secretName, "
                "or whose store is not an AzureKeyVault; correct it."
            )
    for one in value.values():
        _check_secrets(environment, owner, one)
