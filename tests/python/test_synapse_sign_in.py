"""dbt's target `synapse` signs in by azure-identity, with the adapter as it is released.

Each test runs `dbt show` in a process of its own, with only what such a machine's environment has.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from medallion.home import PROJECT_ROOT, Home
from medallion.local.identity.directory import MANAGED
from medallion.local.synapse.login import keywords
from medallion.local.synapse.run import environment

from azure_room import APPLICATION, certificates_in, clean_environment, fake_az, room
from synapse_room import session

SHOW = ["show", "--target", "synapse", "--quiet", "--no-use-colors", "--inline"]


@pytest.fixture(scope="module")
def azure(tmp_path_factory):
    with room(certificates_in(tmp_path_factory.mktemp("tls"))) as made:
        yield made


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A home with a database of one view, and dbt's parsed project, which takes the most time."""
    folder = tmp_path_factory.mktemp("home")
    with session(folder):
        pass
    (folder / "profiles.yml").write_text((PROJECT_ROOT / "profiles.yml.example").read_text())
    return folder


def dbt(home: Path, folder: Path, way: str, **variables: str) -> tuple[str, list[dict]]:
    """What dbt says, and the logins that the driver saw, for a way of `authentication`."""
    trace = folder / "trace.jsonl"
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), *SHOW, "select plays from serving.mart"],
        cwd=PROJECT_ROOT,
        env=clean_environment()
        | environment(Home(home), {})
        | {
            "MEDALLION_HOME": str(home),
            "DBT_PROFILES_DIR": str(home),
            "DBT_LOG_PATH": str(folder),
            "MEDALLION_SYNAPSE_TRACE": str(trace),
            "SYNAPSE_AUTHENTICATION": way,
            "HOME": str(folder),  # no one's signed-in accounts
            "PATH": str(folder),
        }
        | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    seen = [json.loads(line) for line in trace.read_text().splitlines()] if trace.exists() else []
    return done.stdout + done.stderr, [one for one in seen if "login" in one]


def test_auto_takes_the_managed_identity_of_an_app(azure, home, tmp_path):
    said, logins = dbt(home, tmp_path, "auto", **azure.endpoints.app_service)
    assert "plays" in said, said
    assert {one["login"] for one in logins} == {MANAGED}
    assert azure.directory.issuer.issued[-1].audience == "https://database.windows.net"


def test_auto_takes_a_federated_workload_identity(azure, home, tmp_path):
    given = azure.workload(tmp_path)
    del given["MEDALLION_AZURE_AUTH"], given["MEDALLION_KEY_VAULT_URL"]
    said, logins = dbt(home, tmp_path, "auto", **given)
    assert "plays" in said, said
    assert {one["login"] for one in logins} == {APPLICATION}


def test_cli_takes_the_account_of_az(azure, home, tmp_path):
    fake_az(tmp_path, azure.endpoints)
    path = f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin"
    said, logins = dbt(home, tmp_path, "cli", PATH=path)
    assert "plays" in said, said
    assert {one["login"] for one in logins} == {MANAGED}
    assert "--resource https://database.windows.net/" in (tmp_path / "az.log").read_text()


def test_active_directory_msi_leaves_the_token_to_the_driver(azure, home, tmp_path):
    said, logins = dbt(home, tmp_path, "ActiveDirectoryMsi", **azure.endpoints.app_service)
    assert "plays" in said, said
    assert {one["login"] for one in logins} == {MANAGED}


def test_msi_sends_no_credentials(azure, home, tmp_path):
    """The trap: dbt-synapse takes the word, and connects as nobody. Why, its log alone tells."""
    said, logins = dbt(home, tmp_path, "MSI", **azure.endpoints.app_service)
    assert "'NoneType' object has no attribute 'cursor'" in said
    assert "The connection brought no credentials" in (tmp_path / "dbt.log").read_text()
    assert logins == []


def test_environment_without_its_variables_signs_in_as_nobody(home, tmp_path):
    said, logins = dbt(home, tmp_path, "environment")
    assert "EnvironmentCredential" in said
    assert logins == []


def test_braces_of_a_connection_string_hold_a_semicolon():
    text = "DRIVER={ODBC Driver 18};Database=medallion;UID={a;b};encrypt=Yes"
    assert keywords(text) == {
        "driver": "ODBC Driver 18",
        "database": "medallion",
        "uid": "a;b",
        "encrypt": "Yes",
    }
