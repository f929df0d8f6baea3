"""A vault and an identity service on the loopback, and the environment for their clients."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.identity import ManagedIdentityCredential
from azure.keyvault.secrets import SecretClient

from medallion_local.certificates import Certificates, ensure, files_in, server_context, trusting
from medallion_local.entra_id.directory import Directory
from medallion_local.entra_id.server import Endpoints
from medallion_local.entra_id.server import serving as serving_identity
from medallion_local.entra_id.tokens import Issuer
from medallion_local.key_vault.access import OFFICER, Access
from medallion_local.key_vault.server import Vault
from medallion_local.key_vault.server import serving as serving_vault

APPLICATION = "00000000-0000-0000-0000-00000000b001"
ASSERTION = "the-token-that-the-platform-writes"
PROD = {
    "databricks-host": "adb-1234.5.azuredatabricks.net",
    "databricks-http-path": "/sql/1.0/warehouses/abcdef",
    "databricks-client-id": "service-principal-id",
    "databricks-client-secret": "dose-correct-horse-battery-staple",
}


@dataclass
class VaultServers:
    """The objects that tests change (`vault`, `directory`), and the clients' addresses."""

    url: str
    vault: Vault
    directory: Directory
    endpoints: Endpoints
    certificates: Certificates

    @property
    def tokens(self) -> int:
        """The number of tokens requested so far."""
        return len(self.directory.issuer.issued)

    def put(self, **secrets: str) -> None:
        """Set secrets, as an operator does in Azure's portal; underscores stand for hyphens."""
        for name, value in secrets.items():
            self.vault.store.put(name.replace("_", "-"), value)

    def environment(self, *, trusted: bool = True, identity: bool = True) -> dict[str, str]:
        """The variables of a process on a machine with a managed identity."""
        given = {"MEDALLION_KEY_VAULT_URL": self.url, "MEDALLION_AZURE_AUTH": "managed_identity"}
        if trusted:
            given["REQUESTS_CA_BUNDLE"] = str(trusting(self.certificates, None))
        return given | (self.endpoints.app_service if identity else {})

    def workload(self, folder: Path) -> dict[str, str]:
        """The variables of a process that the platform gives a federated token."""
        file = folder / "federated-token"
        file.write_text(ASSERTION)
        return self.environment(identity=False) | {
            "MEDALLION_AZURE_AUTH": "workload_identity",
            "AZURE_AUTHORITY_HOST": self.endpoints.authority,
            "AZURE_TENANT_ID": self.directory.issuer.tenant,
            "AZURE_CLIENT_ID": APPLICATION,
            "AZURE_FEDERATED_TOKEN_FILE": str(file),
        }

    def client(self, **options: object) -> SecretClient:
        """The real client. The environment of the test defines its trust and its sign-in."""
        options = {"verify_challenge_resource": False, "retry_total": 2} | options
        return SecretClient(self.url, ManagedIdentityCredential(), **options)


@contextmanager
def vault_servers(certificates: Certificates, lifetime: int = 3600) -> Iterator[VaultServers]:
    """A vault with the secrets of the target prod. The machine's identity is its officer."""
    tls = server_context(certificates)
    directory = Directory(Issuer(lifetime=lifetime), federated={APPLICATION: ASSERTION})
    with serving_identity(directory, tls) as endpoints:
        issuer = directory.issuer
        roles = {directory.managed: OFFICER, APPLICATION: OFFICER}
        vault = Vault(Access(issuer, endpoints.authority, issuer.tenant, roles))
        with serving_vault(vault, tls) as url:
            made = VaultServers(url, vault, directory, endpoints, certificates)
            for name, value in PROD.items():
                vault.store.put(name, value)
            yield made


def certificates_in(folder: Path) -> Certificates:
    """A certificate authority and a server's certificate that it issued."""
    return ensure(files_in(folder))


def fake_az(folder: Path, endpoints: Endpoints) -> Path:
    """An `az` that gets a token from the identity service, answers like the real one, and writes
    its arguments to `az.log` beside it."""
    program = folder / "az"
    program.write_text(
        f"""#!{sys.executable} -S
import json, sys, urllib.request
open({str(folder / "az.log")!r}, "a").write(" ".join(sys.argv[1:]) + "\\n")
resource = sys.argv[sys.argv.index("--resource") + 1]
request = urllib.request.Request(
    {endpoints.managed!r} + "/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
    + resource, headers={{"Metadata": "true"}})
granted = json.load(urllib.request.urlopen(request))
print(json.dumps({{"accessToken": granted["access_token"], "tokenType": "Bearer",
    "expiresOn": "2999-01-01 00:00:00.000000", "expires_on": 32472144000,
    "subscription": "s", "tenant": "t"}}))
"""
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def clean_environment() -> dict[str, str]:
    """This environment without any variable that Azure's clients or the commands read."""
    prefixes = ("AZURE_", "IDENTITY_", "IMDS_", "MSI_", "MEDALLION_", "DATABRICKS_", "DBT_")
    named = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SYNAPSE_SERVERLESS_ENDPOINT"}
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(prefixes)
        and name not in named
        and not name.lower().endswith("_proxy")
    }


def live_in(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Set that environment in this process, and remove all its other variables of Azure."""
    clean = clean_environment()
    for name in set(os.environ) - set(clean):
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
