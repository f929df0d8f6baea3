"""One sentence for each error of Azure."""

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from medallion.azure.credentials import VARIABLE, refusal
from medallion.errors import MedallionError
from medallion.ingestion.azure.settings import NAME, RESOURCE_GROUP, SUBSCRIPTION, Factory

BUSY = (408, 429, 500, 502, 503, 504)


def passing(error: AzureError) -> bool:
    """Whether the same request may succeed later: Azure is busy, or the network is down."""
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        return error.status_code in BUSY
    return isinstance(error, ServiceRequestError | ServiceResponseError)


def unclear(error: AzureError) -> bool:
    """Whether Azure may have processed the request although no success was reported."""
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        return error.status_code >= 500
    return isinstance(error, ServiceResponseError)


def requested_pause(error: HttpResponseError) -> float | None:
    """The seconds until the next attempt that Azure asks for, if it does."""
    after = getattr(error.response, "headers", {}).get("Retry-After")
    return float(after) if after and after.isdigit() else None


def reason(error: AzureError) -> str:
    """The error's status and message, for use in parentheses."""
    status = error.status_code if isinstance(error, HttpResponseError) else None
    return _why(error) if status is None else f"{status} {_code(error)}"


def as_error(error: AzureError, factory: Factory, doing: str) -> MedallionError:
    """The error as a sentence; `doing` names the request, such as `start pl_ingest`."""
    where = f"the factory '{factory.name}'"
    status = error.status_code if isinstance(error, HttpResponseError) else None
    if status is None and isinstance(error, ClientAuthenticationError):
        return MedallionError(refusal(error))
    if status is None:
        return MedallionError(f"Azure cannot be reached to {doing}: {_line(error.message)}.")
    code = _code(error)
    if status == 401:
        return MedallionError(
            f"Azure does not accept the sign-in (401 {code}): sign in to the tenant of the "
            f"subscription {factory.subscription}, or choose another identity with {VARIABLE}."
        )
    if status == 403:
        return MedallionError(
            f"This identity may not {doing} in {where} (403 {code}): grant it the role Data "
            f"Factory Contributor on the resource group '{factory.resource_group}'."
        )
    if status == 404:
        return MedallionError(
            f"Azure finds nothing to {doing} in {where} of the resource group "
            f"'{factory.resource_group}' (404 {code}): check {NAME}, {RESOURCE_GROUP} and "
            f"{SUBSCRIPTION}, and that adf/ is published."
        )
    return MedallionError(f"Azure did not {doing} in {where} ({status} {code}): {_why(error)}.")


def _code(error: AzureError) -> str:
    return str(getattr(getattr(error, "error", None), "code", None) or "without a code")


def _why(error: AzureError) -> str:
    return _line(str(getattr(getattr(error, "error", None), "message", None) or error.message))


def _line(message: str) -> str:
    """The first line of a message, without its full stop."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else "Azure gave no reason"
