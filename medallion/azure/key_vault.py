"""The secrets that dbt needs from Key Vault, for the environment of the process that is started.

Values go from the vault into the returned mapping, and from there into that process. They never
reach this process's environment, an argument, a file or a log.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from medallion.azure.credentials import credential
from medallion.azure.refusals import sentence
from medallion.errors import MedallionError

if TYPE_CHECKING:
    from azure.keyvault.secrets import KeyVaultSecret, SecretClient

VAULT_VARIABLE = "MEDALLION_KEY_VAULT_URL"

_WORKSPACE = {
    "DATABRICKS_HOST": "databricks-host",
    "DATABRICKS_HTTP_PATH": "databricks-http-path",
}
# By dbt target: the variables that profiles.yml needs, and their secrets. dbt masks the values of
# variables named DBT_ENV_SECRET_… in all its output and logs.
SECRETS: Mapping[str, Mapping[str, str]] = {
    "local": {},
    "local_ci": {},
    "dev": _WORKSPACE,
    "ci": _WORKSPACE | {"DATABRICKS_CLIENT_ID": "databricks-client-id"},
    "prod": _WORKSPACE
    | {
        "DATABRICKS_CLIENT_ID": "databricks-client-id",
        "DBT_ENV_SECRET_DATABRICKS_CLIENT_SECRET": "databricks-client-secret",
    },
    "synapse": {"SYNAPSE_SERVERLESS_ENDPOINT": "synapse-serverless-endpoint"},
    "synapse_dedicated": {"SYNAPSE_DEDICATED_ENDPOINT": "synapse-dedicated-endpoint"},
}

# A throttled vault names a pause in Retry-After, which the client respects; without one it waits
# 0, 1, 2, 4, 8 seconds. A failed connection is retried once, because a mistyped name never works.
_PATIENCE = {
    "retry_total": 5,
    "retry_status": 5,
    "retry_connect": 1,
    "retry_backoff_factor": 0.5,
    "connection_timeout": 10,
    "read_timeout": 30,
}


def environment(target: str, vault: str | None, base: Mapping[str, str]) -> dict[str, str]:
    """`base` plus the variables that a dbt target needs, each from its secret's current version.

    A non-empty variable in `base` wins and is not fetched; if none is missing, no vault is read.
    This returns when everything is fetched, and raises `MedallionError` otherwise.
    """
    if target not in SECRETS:
        raise MedallionError(
            f"The target '{target}' has no list of secrets: use one of {', '.join(SECRETS)}, "
            "or add it to SECRETS in medallion/azure/key_vault.py."
        )
    wanted = {name: secret for name, secret in SECRETS[target].items() if not base.get(name)}
    if not wanted:
        return dict(base)
    if not vault:
        raise MedallionError(
            f"The target '{target}' needs {', '.join(wanted)}: name the vault that holds them in "
            f"{VAULT_VARIABLE} or --vault, or set the variables yourself."
        )
    fetched = fetch(wanted.values(), vault)
    return dict(base) | {name: fetched[secret] for name, secret in wanted.items()}


def fetch(names: Iterable[str], vault: str) -> dict[str, str]:
    """The current values of a vault's secrets, by name; `vault` is its URL."""
    with _client(vault) as client:
        return {name: _value(client, name, vault) for name in names}


def _client(vault: str) -> "SecretClient":
    from azure.keyvault.secrets import SecretClient

    url = urlsplit(vault)
    if url.scheme != "https" or not url.hostname or "@" in url.netloc or url.path.strip("/"):
        raise MedallionError(
            f"'{vault}' is not a vault's URL: use one like https://kv-medallion.vault.azure.net"
        )
    # The client requests tokens for the resource in the vault's challenge, if that is the vault's
    # own domain. The emulator on the loopback sends Azure's, so the check is off only there.
    verify = not _is_loopback(url.hostname)
    return SecretClient(vault, credential(), verify_challenge_resource=verify, **_PATIENCE)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _value(client: "SecretClient", name: str, vault: str) -> str:
    from azure.core.exceptions import AzureError

    try:
        secret = client.get_secret(name)
    except AzureError as error:
        raise MedallionError(sentence(error, name, vault)) from error
    except ValueError as error:
        raise MedallionError(
            f"{vault} does not answer like the vault of that name ({error.args[0]}): check "
            "the address."
        ) from error
    except OSError as error:
        raise MedallionError(
            f"Reading from {vault} failed ({error}): check AZURE_FEDERATED_TOKEN_FILE and "
            "REQUESTS_CA_BUNDLE, the files that sign-in and HTTPS read."
        ) from error
    return _usable(secret, name, vault)


def _usable(secret: "KeyVaultSecret", name: str, vault: str) -> str:
    """The value, unless it is empty, not valid now, or impossible as a variable's value.

    Key Vault returns secrets before and after their dates, because the dates only inform.
    Source: https://learn.microsoft.com/azure/key-vault/secrets/about-secrets
    """
    now = datetime.now(UTC)
    starts, ends = secret.properties.not_before, secret.properties.expires_on
    if starts is not None and starts > now:
        raise MedallionError(
            f"The secret '{name}' in {vault} is not valid before {starts:%Y-%m-%d %H:%M} UTC: "
            "wait, or set a version that is valid now."
        )
    if ends is not None and ends <= now:
        raise MedallionError(
            f"The secret '{name}' in {vault} expired at {ends:%Y-%m-%d %H:%M} UTC: "
            "set a new version."
        )
    if not secret.value or "\0" in secret.value:
        raise MedallionError(
            f"The secret '{name}' in {vault} is empty or holds a NUL character: set a new version."
        )
    return secret.value
