"""The Data Factory that the environment variables name."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.azure.credentials import credential
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.datafactory import DataFactoryManagementClient

SUBSCRIPTION = "MEDALLION_SUBSCRIPTION_ID"
RESOURCE_GROUP = "MEDALLION_RESOURCE_GROUP"
NAME = "MEDALLION_FACTORY"
ENDPOINT = "MEDALLION_ARM_ENDPOINT"


@dataclass(frozen=True)
class Factory:
    """A Data Factory, and the management endpoint if it is not in the public Azure cloud."""

    subscription: str
    resource_group: str
    name: str
    endpoint: str | None = None

    @property
    def resource(self) -> str:
        """Its resource id in Azure."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.DataFactory/factories/{self.name}"
        )

    def monitor(self, run_id: str) -> str:
        """The URL of a run in Data Factory's monitor."""
        return f"https://adf.azure.com/en/monitoring/pipelineruns/{run_id}?factory={self.resource}"

    def cancelling(self, run_id: str) -> str:
        """The command that cancels a run and the runs that it started."""
        return (
            f"az datafactory pipeline-run cancel --is-recursive true --run-id {run_id} "
            f"--factory-name {self.name} --resource-group {self.resource_group}"
        )


def from_environment() -> Factory:
    """The factory that the variables name; the default name is the file name in `adf/factory/`.

    Raises `MedallionError` for a missing variable.
    """
    return Factory(
        _needed(SUBSCRIPTION, "the subscription that holds the Data Factory"),
        _needed(RESOURCE_GROUP, "the resource group that holds the Data Factory"),
        os.environ.get(NAME) or _published(),
        os.environ.get(ENDPOINT) or None,
    )


def connect(
    factory: Factory, signed_in: "TokenCredential | None" = None
) -> "DataFactoryManagementClient":
    """A client of the factory's management API; it sends no request yet."""
    # takes half a second to import; only a run in Azure needs it
    from azure.mgmt.datafactory import DataFactoryManagementClient

    return DataFactoryManagementClient(
        signed_in or credential(), factory.subscription, factory.endpoint
    )


def _needed(variable: str, what: str) -> str:
    if value := os.environ.get(variable):
        return value
    raise MedallionError(f"{variable} is not set; set it to {what}.")


def _published() -> str:
    found = sorted((PROJECT_ROOT / "adf" / "factory").glob("*.json"))
    if not found:
        raise MedallionError(f"{NAME} is not set and adf/factory/ has no file; set the variable.")
    return found[0].stem
