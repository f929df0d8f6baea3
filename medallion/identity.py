"""Who signs in to Azure: the identity that this process has, without a secret of its own."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from medallion.errors import MedallionError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

VARIABLE = "MEDALLION_AZURE_AUTH"


def credential() -> "TokenCredential":
    """The credential that `MEDALLION_AZURE_AUTH` names: `auto` (by default), `managed_identity`,
    `workload_identity` or `cli`.

    `auto` takes the first that works of those, and of a developer's other tools. `AZURE_CLIENT_ID`
    chooses a user-assigned managed identity. No token is asked for yet; a credential that the
    machine lacks is told by the first request. Raises `MedallionError` for any other name, and for
    a workload identity of which a variable is missing.
    """
    chosen = os.environ.get(VARIABLE) or "auto"
    if chosen not in CREDENTIALS:
        known = ", ".join(CREDENTIALS)
        raise MedallionError(f"{VARIABLE} is '{chosen}'; it can be {known}.")
    return CREDENTIALS[chosen]()


# azure-identity takes half a second to import, which only a command that signs in should pay.


def _auto() -> "TokenCredential":
    from azure.identity import DefaultAzureCredential

    # an environment credential is a client's secret, and nothing here needs one
    return DefaultAzureCredential(exclude_environment_credential=True)


def _managed_identity() -> "TokenCredential":
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=os.environ.get("AZURE_CLIENT_ID"))


def _workload_identity() -> "TokenCredential":
    from azure.identity import WorkloadIdentityCredential

    try:
        return WorkloadIdentityCredential()
    except ValueError:
        raise MedallionError(
            f"{VARIABLE}=workload_identity needs AZURE_TENANT_ID, AZURE_CLIENT_ID and "
            "AZURE_FEDERATED_TOKEN_FILE, and one of them is missing."
        ) from None


def _cli() -> "TokenCredential":
    from azure.identity import AzureCliCredential

    return AzureCliCredential()


CREDENTIALS: dict[str, Callable[[], "TokenCredential"]] = {
    "auto": _auto,
    "managed_identity": _managed_identity,
    "workload_identity": _workload_identity,
    "cli": _cli,
}
