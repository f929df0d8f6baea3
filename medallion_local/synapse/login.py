"""Who signs in to the stand-in: by the connection string and attributes that a driver is given.

Source: https://learn.microsoft.com/sql/connect/odbc/using-azure-active-directory
"""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medallion_local.synapse.errors import LOGIN, TSqlError

# SQL_COPT_SS_ACCESS_TOKEN: the attribute that holds a token, its length before it.
ACCESS_TOKEN = 1256
AUDIENCE = "https://database.windows.net"
SCOPE = f"{AUDIENCE}//.default"


@dataclass(frozen=True)
class Login:
    """The database that a connection asks for, and the identity that it showed."""

    database: str
    identity: str


def sign_in(connection_string: str, attributes: Mapping[int, bytes]) -> Login:
    """The login, if the connection brings a token for Azure SQL; else error 18456."""
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
            "Login failed for user ''. The connection brought no credentials: set `authentication` "
            "of the dbt target to auto, cli, environment or ActiveDirectoryMsi (MSI sends none).",
            LOGIN,
        )
    return Login(named.get("database", "master"), _identity(text))


def keywords(connection_string: str) -> dict[str, str]:
    """The settings of a connection string, by lower-case name; braces may hold a semicolon."""
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
    """A token from its structure: four bytes of length, then a zero after each byte."""
    length = int.from_bytes(attribute[:4], "little")
    if length != len(attribute) - 4:
        raise TSqlError("The access token's length is not that of its structure.", LOGIN)
    return attribute[4:].decode("utf-16-le")


def _of_the_machine(client: str | None) -> str:
    """What the driver does for ActiveDirectoryMsi: it asks the machine's own token endpoint."""
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import CredentialUnavailableError, ManagedIdentityCredential

    try:
        return ManagedIdentityCredential(client_id=client).get_token(SCOPE).token
    except (ClientAuthenticationError, CredentialUnavailableError) as error:
        raise TSqlError(
            f"Login failed: the machine's identity gives no token ({error.message}).", LOGIN
        ) from error


def _identity(token: str) -> str:
    """The application that a token names, if it is for Azure SQL and in its time."""
    try:
        claims: dict[str, Any] = json.loads(_decoded(token.split(".")[1]))
        identity, audience, ends = claims["appid"], claims["aud"], claims["exp"]
    except (IndexError, ValueError, KeyError) as error:
        raise TSqlError("Login failed: the access token is none.", LOGIN) from error
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
