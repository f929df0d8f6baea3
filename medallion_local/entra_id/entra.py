"""Entra's token endpoint, for applications with a federated credential.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
The error codes are documented; the error texts are from memory.
"""

import hmac
from urllib.parse import parse_qsl

from medallion_local.entra_id.directory import RESOURCES, Directory
from medallion_local.http import Answer, Request

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def respond(directory: Directory, request: Request) -> Answer:
    """`POST /TENANT/oauth2/v2.0/token` with a federated assertion."""
    if request.method != "POST" or request.segments[1:] != ("oauth2", "v2.0", "token"):
        return Answer(404, {"error": "not_found", "error_description": "Not supported locally."})
    form = dict(parse_qsl(request.body.decode()))
    if request.segments[0] != directory.issuer.tenant:
        return _refused(400, "invalid_request", 90002, f"Tenant '{request.segments[0]}' not found.")
    if form.get("grant_type") != "client_credentials" or (
        form.get("client_assertion_type") != _ASSERTION
    ):
        return _refused(
            400, "unsupported_grant_type", 70003, "Only federated credentials are supported."
        )
    client = form.get("client_id", "")
    known = directory.federated.get(client)
    if known is None:
        return _refused(
            400, "unauthorized_client", 700016, f"Application '{client}' was not found."
        )
    if not hmac.compare_digest(form.get("client_assertion", "").encode(), known.encode()):
        return _refused(
            401,
            "invalid_client",
            700213,
            "No matching federated identity record found for presented assertion.",
        )
    scope = form.get("scope", "")
    audience = scope.removesuffix("/.default").rstrip("/")
    if not scope.endswith("/.default") or audience not in RESOURCES:
        return _refused(400, "invalid_scope", 70011, f"The scope '{scope}' is not valid.")
    token, _ = directory.issuer.issue(client, audience)
    lifetime = directory.issuer.lifetime
    return Answer(
        200,
        {
            "token_type": "Bearer",
            "expires_in": lifetime,
            "ext_expires_in": lifetime,
            "access_token": token,
        },
    )


def _refused(status: int, error: str, code: int, why: str) -> Answer:
    return Answer(
        status,
        {"error": error, "error_description": f"AADSTS{code}: {why}", "error_codes": [code]},
    )
