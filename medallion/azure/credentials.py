"""The identity with which this process signs in to Azure: azure-identity's classes by name."""

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from medallion.errors import MedallionError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.exceptions import ClientAuthenticationError

VARIABLE = "MEDALLION_AZURE_AUTH"

# Do not retry an endpoint that cannot be reached: azure-identity would retry for half a minute.
_PATIENCE: dict[str, Any] = {"retry_connect": 1}


def _auto() -> "TokenCredential":
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential(**_PATIENCE)


def _managed_identity() -> "TokenCredential":
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(
        client_id=os.environ.get("AZURE_CLIENT_ID") or None, **_PATIENCE
    )


def _workload_identity() -> "TokenCredential":
    from azure.identity import WorkloadIdentityCredential

    return WorkloadIdentityCredential(**_PATIENCE)


def _cli() -> "TokenCredential":
    from azure.identity import AzureCliCredential

    return AzureCliCredential(process_timeout=30)


_KINDS: dict[str, Callable[[], "TokenCredential"]] = {
    "auto": _auto,
    "managed_identity": _managed_identity,
    "workload_identity": _workload_identity,
    "cli": _cli,
}
_FIXES = {
    "auto": f"run `az login`, or set {VARIABLE} to one method to see the missing settings",
    "managed_identity": "run on an Azure resource with an identity, and set AZURE_CLIENT_ID for a "
    "user-assigned one",
    "workload_identity": "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE to "
    "the values of the federated credential",
    "cli": "run `az login`",
}


def kind() -> str:
    """The sign-in method in MEDALLION_AZURE_AUTH, or `auto`, which tries all methods in turn."""
    named = os.environ.get(VARIABLE) or "auto"
    if named not in _KINDS:
        raise MedallionError(f"{VARIABLE} is '{named}': set it to one of {', '.join(_KINDS)}.")
    return named


def credential() -> "TokenCredential":
    """The credential for that method; Azure is not contacted before the first token request."""
    # Without a handler Python prints azure-identity's long warnings next to our own message.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    chosen = kind()
    try:
        return _KINDS[chosen]()
    except ValueError as error:
        raise MedallionError(
            f"Signing in to Azure by {chosen} cannot start ({_brief(str(error))}): "
            f"{_FIXES[chosen]}."
        ) from error


def refusal(error: "ClientAuthenticationError") -> str:
    """One sentence for a failed sign-in: the method, azure-identity's reason and the fix."""
    chosen = kind()
    return (
        f"Signing in to Azure by {chosen} failed ({_brief(str(error.message))}): {_FIXES[chosen]}."
    )


def _brief(message: str) -> str:
    """azure-identity's reason without its advice.

    The message of a chain lists one attempt per line, after a tab. The last attempt is the one that
    found its settings and failed, or the broker's. The broker is the end of the chain, so no method
    is left after it.
    """
    attempts = [line.strip() for line in message.splitlines() if line.startswith("\t")]
    if attempts:
        last = attempts[-1]
        message = "no method applies here" if last.startswith("Broker") else last
    return " ".join(message.split("To mitigate this issue")[0].split()).rstrip(".: ")
