"""What the errors of Key Vault, of signing in and of the network mean: one sentence each."""

import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from medallion.azure.credentials import refusal

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError, HttpResponseError


def sentence(error: "AzureError", name: str, vault: str) -> str:
    """Why the secret `name` cannot be had from `vault`, and what mends it."""
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

    host = urlsplit(vault).netloc
    if isinstance(error, HttpResponseError):
        request = getattr(error.response, "request", None)
        if request is not None and urlsplit(request.url).netloc == host:
            return _refused(error, name, vault)
        if isinstance(error, ClientAuthenticationError):
            return refusal(error)
    return _unreachable(error, vault)


def _refused(error: "HttpResponseError", name: str, vault: str) -> str:
    """What the vault's own answer means."""
    if error.status_code == 401:
        return (
            f"{vault} refuses the token that it was shown ({_reason(error)}): sign in to the "
            "tenant that the vault belongs to."
        )
    if error.status_code == 403 and _inner_code(error) == "SecretDisabled":
        return f"The secret '{name}' in {vault} is disabled: enable it, or set a new version."
    if error.status_code == 403:
        return (
            f"{vault} does not let this identity read the secret '{name}' "
            f"({_inner_code(error) or _reason(error)}): give it the role 'Key Vault Secrets User', "
            "and see that the vault's firewall lets this machine in."
        )
    if error.status_code == 404:
        return f"{vault} has no secret '{name}': set it, or recover it if it was deleted."
    if error.status_code == 429:
        return (
            f"{vault} has too many requests and still answered 429 when the retries for '{name}' "
            "were spent: try again in a minute."
        )
    if error.status_code is not None and error.status_code >= 500:
        return (
            f"{vault} answered {error.status_code} for the secret '{name}' ({_reason(error)}): try "
            "again, and look at Azure's status if it stays so."
        )
    return (
        f"{vault} answered {error.status_code} for the secret '{name}' ({_reason(error)}): check "
        "the vault's address and the secret's name."
    )


def _reason(error: "HttpResponseError") -> str:
    said = error.error.message if error.error else error.reason
    return " ".join(str(said).split()).rstrip(".")


def _inner_code(error: "HttpResponseError") -> str | None:
    inner = error.error.innererror if error.error else None
    return str(inner["code"]) if inner and "code" in inner else None


def _unreachable(error: BaseException, vault: str) -> str:
    """What kept a request from being answered; it may have gone to where the identity signs in."""
    request = getattr(getattr(error, "inner_exception", None), "request", None)
    address = urlsplit(getattr(request, "url", None) or vault).netloc
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return (
            f"The certificate that {address} shows is not trusted here: check the address, and "
            "name its authority in REQUESTS_CA_BUNDLE only if you know it."
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return f"There is no host {address}: check the address, or this machine's DNS."
    return (
        f"{address} does not answer ({type(error).__name__}): check the address, the network and "
        "the vault's firewall."
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it was raised for, wherever azure-core, requests and urllib3 keep
    them."""
    seen: set[int] = set()
    left: list[object] = [error]
    while left:
        each = left.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        kept = [getattr(each, name, None) for name in ("inner_exception", "reason")]
        left += [each.__cause__, each.__context__, *kept, *each.args]
