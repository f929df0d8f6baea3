"""dbt's target `synapse` signs in with azure-identity, through the released adapter.

Each test opens the adapter's connection in a process with only the environment of such a machine.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from medallion.home import Home
from medallion_local.entra_id.directory import MANAGED
from medallion_local.synapse.login import keywords
from medallion_local.synapse.run import environment
from support.places import SUPPORT
from support.serverless_pool import session
from support.vault_servers import (
    APPLICATION,
    certificates_in,
    clean_environment,
    fake_az,
    vault_servers,
)

PROGRAM = SUPPORT / "synapse_sign_in.py"
AUDIENCE = "https://database.windows.net"


@pytest.fixture(scope="module")
def azure(tmp_path_factory):
    with vault_servers(certificates_in(tmp_path_factory.mktemp("tls"))) as made:
        yield made


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    with session(folder):
        pass
    return folder


def sign_in(home: Path, folder: Path, way: str, **variables: str) -> str:
    """The identity that signed in with a kind of `authentication`; else the adapter's error."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM)],
        env=clean_environment()
        | environment(Home(home), {})
        | {
            "MEDALLION_HOME": str(home),
            "SYNAPSE_AUTHENTICATION": way,
            "HOME": str(folder),  # no signed-in accounts
            "PATH": str(folder),
        }
        | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout or done.stderr).strip()


def test_auto_takes_the_managed_identity_of_an_app(azure, home, tmp_path):
    said = sign_in(home, tmp_path, "auto", **azure.endpoints.app_service)
    assert said == MANAGED
    assert azure.directory.issuer.issued[-1].audience == AUDIENCE


def test_auto_takes_a_federated_workload_identity(azure, home, tmp_path):
    given = azure.workload(tmp_path)
    del given["MEDALLION_AZURE_AUTH"], given["MEDALLION_KEY_VAULT_URL"]
    said = sign_in(home, tmp_path, "auto", **given)
    assert said == APPLICATION


def test_cli_takes_the_account_of_az(azure, home, tmp_path):
    fake_az(tmp_path, azure.endpoints)
    path = f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin"
    said = sign_in(home, tmp_path, "cli", PATH=path)
    assert said == MANAGED
    assert f"--resource {AUDIENCE}/" in (tmp_path / "az.log").read_text()


def test_active_directory_msi_leaves_the_token_to_the_driver(azure, home, tmp_path):
    said = sign_in(home, tmp_path, "ActiveDirectoryMsi", **azure.endpoints.app_service)
    assert said == MANAGED


def test_msi_sends_no_credentials(azure, home, tmp_path):
    """A trap: dbt-synapse accepts the keyword and connects without an identity."""
    said = sign_in(home, tmp_path, "MSI", **azure.endpoints.app_service)
    assert "The connection has no credentials" in said


def test_environment_without_its_variables_cannot_sign_in(home, tmp_path):
    assert "EnvironmentCredential" in sign_in(home, tmp_path, "environment")


def test_driver_that_gets_no_token_says_so(azure, home, tmp_path):
    wrong = azure.endpoints.app_service | {"IDENTITY_HEADER": "wrong"}
    assert "identity returned no token" in sign_in(home, tmp_path, "ActiveDirectoryMsi", **wrong)


def test_braces_of_a_connection_string_hold_a_semicolon():
    text = "DRIVER={ODBC Driver 18};Database=medallion;UID={a;b};encrypt=Yes"
    assert keywords(text) == {
        "driver": "ODBC Driver 18",
        "database": "medallion",
        "uid": "a;b",
        "encrypt": "Yes",
    }
