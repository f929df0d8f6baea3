"""Token endpoints of the managed identity: of an app (App Service) and of a machine (IMDS).

Sources: https://learn.microsoft.com/azure/app-service/overview-managed-identity,
https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
"""

import hmac
import time

from medallion_local.entra_id.directory import RESOURCES, Directory
from medallion_local.http import Answer, Request


def respond(directory: Directory, request: Request) -> Answer:
    """`GET /SECRET/msi/token` and `GET /SECRET/metadata/identity/oauth2/token`."""
    secret, *path = request.segments or ("",)
    if hmac.compare_digest(secret.encode(), directory.header.encode()):
        if path == ["msi", "token"]:
            return _app_service(directory, request)
        if path == ["metadata", "identity", "oauth2", "token"]:
            return _virtual_machine(directory, request)
    return Answer(404, {"error": "not_found"})


def _app_service(directory: Directory, request: Request) -> Answer:
    given = request.headers.get("X-IDENTITY-HEADER", "")
    if not hmac.compare_digest(given.encode(), directory.header.encode()):
        return Answer(401, {"statusCode": 401, "message": "The header X-IDENTITY-HEADER is wrong."})
    if request.query.get("api-version") != "2019-08-01":
        return Answer(400, {"statusCode": 400, "message": "Use api-version 2019-08-01."})
    if request.query.get("client_id", directory.managed) != directory.managed:
        return Answer(
            400,
            {
                "statusCode": 400,
                "message": "No User Assigned or Delegated Managed Identity found for specified "
                "ClientId/ResourceId/PrincipalId.",
            },
        )
    resource = request.query.get("resource", "").rstrip("/")
    if resource not in RESOURCES:
        return Answer(400, {"statusCode": 400, "message": f"The resource '{resource}' is unknown."})
    return Answer(200, _granted(directory, resource))


def _virtual_machine(directory: Directory, request: Request) -> Answer:
    if request.headers.get("Metadata") != "true":
        return _bad("invalid_request", "Required metadata header not specified")
    if request.query.get("api-version") != "2018-02-01":
        return _bad("invalid_request", "Use api-version 2018-02-01")
    if request.query.get("client_id", directory.managed) != directory.managed:
        return _bad("invalid_request", "Identity not found")
    resource = request.query.get("resource", "").rstrip("/")
    if resource not in RESOURCES:
        return _bad("invalid_resource", f"The resource '{resource}' is unknown")
    granted = _granted(directory, resource)
    remaining = int(granted["expires_on"]) - int(time.time())
    return Answer(200, granted | {"expires_in": str(remaining)})


def _granted(directory: Directory, resource: str) -> dict[str, str]:
    token, claims = directory.issuer.issue(directory.managed, resource)
    return {
        "access_token": token,
        "client_id": claims.identity,
        "expires_on": str(claims.expires),
        "resource": resource,
        "token_type": "Bearer",
    }


def _bad(error: str, why: str) -> Answer:
    return Answer(400, {"error": error, "error_description": why})
