"""Sign-in to the emulator: reads the driver's connection string and attributes.

Source: https://learn.microsoft.com/sql/connect/odbc/using-azure-active-directory
"""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medallion_local.synapse.errors import LOGIN, TSqlError

# SQL_COPT_SS_ACCESS_TOKEN: the attribute with an access token, preceded by its length.
ACCESS_TOKEN = 1256
AUDIENCE = "https://database.windows.net"
SCOPE = f"{AUDIENCE}//.default"


@dataclass(frozen=True)
class Login:
    """The database that a connection requests, and the identity that signed in."""

    database: str
    identity: str


def sign_in(connection_string: str, attributes: Mapping[int, bytes]) -> Login:
    """The login of a connection. Raises error 18456 without a valid token for Azure SQL."""
    named = keywords(connection_string)
    token = attributes.get(ACCESS_TOKEN)
    way = named.get("authentication", "")
    if token is not None and way:
        raise TSqlError("Cannot use Access Token with any of Authentication, UID, PWD.", LOGIN)
    if token is not None:
        text = _unpacked(token)
    elif way.lower() == "activedirectorymsi":
        text = _of_the_machine(named.get("uid"))
    else:
        raise TSqlError(
            "Login failed for user ''. The connection has no credentials: set `authentication` "
            "of the dbt target to auto, cli, environment or ActiveDirectoryMsi (MSI sends none).",
            LOGIN,
        )
    return Login(named.get("database", "master"), _identity(text))


def keywords(connection_string: str) -> dict[str, str]:
    """The settings of a connection string by lower-case name; braces may contain semicolons."""
    found: dict[str, str] = {}
    rest = connection_string
    while rest:
        name, _, rest = rest.partition("=")
        if rest.startswith("{"):
            value, _, rest = rest[1:].partition("}")
            rest = rest.lstrip(";")
        else:
            value, _, rest = rest.partition(";")
        found[name.strip().lower()] = value
    return found


def _unpacked(attribute: bytes) -> str:
    """The token in the attribute's structure: four bytes of length, then a zero after each byte."""
    length = int.from_bytes(attribute[:4], "little")
    if length != len(attribute) - 4:
        raise TSqlError("The access token has another length than its structure states.", LOGIN)
    return attribute[4:].decode("utf-16-le")


def _of_the_machine(client: str | None) -> str:
    """Get a token for ActiveDirectoryMsi from the machine's token endpoint, as the driver does."""
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import CredentialUnavailableError, ManagedIdentityCredential

    try:
        return ManagedIdentityCredential(client_id=client).get_token(SCOPE).token
    except (ClientAuthenticationError, CredentialUnavailableError) as error:
        raise TSqlError(
            f"Login failed: the machine's identity returned no token ({error.message}).", LOGIN
        ) from error


def _identity(token: str) -> str:
    """The application that a token names, if the token is for Azure SQL and has not expired."""
    try:
        claims: dict[str, Any] = json.loads(_decoded(token.split(".")[1]))
        identity, audience, ends = claims["appid"], claims["aud"], claims["exp"]
    except (IndexError, ValueError, KeyError) as error:
        raise TSqlError("Login failed: the access token is not valid.", LOGIN) from error
    if audience.rstrip("/") != AUDIENCE:
        raise TSqlError(
            f"Login failed for user '<token-identified principal>': the token is for {audience}, "
            f"not for {AUDIENCE}.",
            LOGIN,
        )
    if ends <= time.time():
        raise TSqlError("Login failed for user '<token-identified principal>': expired.", LOGIN)
    return str(identity)


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
