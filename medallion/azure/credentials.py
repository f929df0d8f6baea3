"""The identity that this process signs in to Azure with: azure-identity's classes, by name."""

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from medallion.errors import MedallionError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.exceptions import ClientAuthenticationError

VARIABLE = "MEDALLION_AZURE_AUTH"

# An endpoint that cannot be reached stays so: azure-identity alone would try for half a minute.
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
_MENDS = {
    "auto": f"run `az login`, or name the way in {VARIABLE} to learn what it lacks",
    "managed_identity": "run where Azure gives the machine an identity, and name a user-assigned "
    "one in AZURE_CLIENT_ID",
    "workload_identity": "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE as "
    "the federated credential says",
    "cli": "run `az login`",
}


def kind() -> str:
    """The way to sign in that MEDALLION_AZURE_AUTH names, else `auto`: all that apply, in turn."""
    named = os.environ.get(VARIABLE) or "auto"
    if named not in _KINDS:
        raise MedallionError(f"{VARIABLE} is '{named}': make it one of {', '.join(_KINDS)}.")
    return named


def credential() -> "TokenCredential":
    """The credential of that kind; nothing is asked of Azure before its first token."""
    # Without a handler Python prints azure-identity's long warnings beside our own sentence.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    chosen = kind()
    try:
        return _KINDS[chosen]()
    except ValueError as error:
        raise MedallionError(
            f"Signing in to Azure by {chosen} cannot start ({_brief(str(error))}): "
            f"{_MENDS[chosen]}."
        ) from error


def refusal(error: "ClientAuthenticationError") -> str:
    """One sentence for a sign-in that failed: the way, azure-identity's reason, the mend."""
    chosen = kind()
    return (
        f"Signing in to Azure by {chosen} failed ({_brief(str(error.message))}): {_MENDS[chosen]}."
    )


def _brief(message: str) -> str:
    """azure-identity's reason without its advice.

    A chain's message lists its attempts, one a line after a tab. The last is the one that found
    what it needs and yet failed; or it is the broker's, the end of the chain, after which no way
    is left.
    """
    attempts = [line.strip() for line in message.splitlines() if line.startswith("\t")]
    if attempts:
        last = attempts[-1]
        message = "none of its ways applies here" if last.startswith("Broker") else last
    return " ".join(message.split("To mitigate this issue")[0].split()).rstrip(".: ")
