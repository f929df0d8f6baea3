"""One sentence for each error of Key Vault, of signing in and of the network."""

import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from medallion.azure.credentials import refusal

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError, HttpResponseError


def sentence(error: "AzureError", name: str, vault: str) -> str:
    """Why the secret `name` cannot be read from `vault`, and the fix."""
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
    """Explain an HTTP error of the vault."""
    if error.status_code == 401:
        return (
            f"{vault} rejects the access token ({_reason(error)}): sign in to the "
            "tenant that the vault belongs to."
        )
    if error.status_code == 403 and _inner_code(error) == "SecretDisabled":
        return f"The secret '{name}' in {vault} is disabled: enable it, or set a new version."
    if error.status_code == 403:
        return (
            f"{vault} does not let this identity read the secret '{name}' "
            f"({_inner_code(error) or _reason(error)}): grant the role 'Key Vault Secrets User', "
            "and check that the vault's firewall allows this machine."
        )
    if error.status_code == 404:
        return f"{vault} has no secret '{name}': set it, or recover it if it was deleted."
    if error.status_code == 429:
        return (
            f"{vault} is throttled and still answered 429 after the last retry for '{name}': "
            "try again in a minute."
        )
    if error.status_code is not None and error.status_code >= 500:
        return (
            f"{vault} answered {error.status_code} for the secret '{name}' ({_reason(error)}): try "
            "again, and look at Azure's status page if the error persists."
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
    """Explain a request without an answer; it may have been a request of the sign-in."""
    request = getattr(getattr(error, "inner_exception", None), "request", None)
    address = urlsplit(getattr(request, "url", None) or vault).netloc
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return (
            f"The certificate of {address} is not trusted here: check the address, and add its "
            "certificate authority to REQUESTS_CA_BUNDLE only if you know it."
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return f"The host {address} does not exist: check the address, or this machine's DNS."
    return (
        f"{address} does not answer ({type(error).__name__}): check the address, the network and "
        "the vault's firewall."
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and its causes, which azure-core, requests and urllib3 keep in different places."""
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
