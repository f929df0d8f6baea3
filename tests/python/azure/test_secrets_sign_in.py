"""Each way to sign in, by azure-identity's own class, and the message when it fails."""

import os
import sys

import pytest

from medallion.azure.key_vault import fetch
from medallion.errors import MedallionError
from medallion_local.entra_id.directory import MANAGED
from support.vault_servers import (
    APPLICATION,
    PROD,
    certificates_in,
    fake_az,
    live_in,
    vault_servers,
)

ELSEWHERE = "00000000-0000-0000-0000-00000000ffff"
HOST = {"databricks-host": PROD["databricks-host"]}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return certificates_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def azure(certificates, monkeypatch, tmp_path):
    with vault_servers(certificates) as made:
        live_in(made.environment(identity=False), monkeypatch)
        # No az, pwsh or azd of this machine, and no signed-in accounts.
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("HOME", str(tmp_path))
        yield made


def read(azure) -> dict[str, str]:
    return fetch(["databricks-host"], azure.url)


def who(azure) -> str:
    """The identity that signed in last."""
    return azure.directory.issuer.issued[-1].identity


def sentence(azure) -> str:
    with pytest.raises(MedallionError) as failed:
        read(azure)
    assert "\n" not in str(failed.value)
    assert not any(request.endswith("200") for request in azure.vault.requests)
    return str(failed.value)


def use(monkeypatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_the_managed_identity_of_an_app(azure, monkeypatch):
    use(monkeypatch, **azure.endpoints.app_service)
    assert read(azure) == HOST
    assert who(azure) == MANAGED


def test_the_managed_identity_of_a_machine(azure, monkeypatch):
    use(monkeypatch, **azure.endpoints.virtual_machine, AZURE_CLIENT_ID=MANAGED)
    assert read(azure) == HOST
    assert who(azure) == MANAGED


def test_a_managed_identity_that_the_app_does_not_have(azure, monkeypatch):
    use(monkeypatch, **azure.endpoints.app_service, AZURE_CLIENT_ID=APPLICATION)
    said = sentence(azure)
    assert said.startswith("Signing in to Azure by managed_identity failed")
    assert "No User Assigned or Delegated Managed Identity" in said


def test_a_wrong_identity_header(azure, monkeypatch):
    use(monkeypatch, **azure.endpoints.app_service | {"IDENTITY_HEADER": "wrong"})
    assert "X-IDENTITY-HEADER is wrong" in sentence(azure)


def test_workload_federation(azure, monkeypatch, tmp_path):
    use(monkeypatch, **azure.workload(tmp_path))
    assert read(azure) == HOST
    assert who(azure) == APPLICATION


def test_workload_federation_reads_many_secrets_with_one_token(azure, monkeypatch, tmp_path):
    use(monkeypatch, **azure.workload(tmp_path))
    assert fetch(PROD, azure.url) == PROD
    assert azure.tokens == 1


def test_a_federated_token_that_is_not_known(azure, monkeypatch, tmp_path):
    use(monkeypatch, **azure.workload(tmp_path))
    (tmp_path / "federated-token").write_text("forged")
    said = sentence(azure)
    assert "AADSTS700213" in said and "AZURE_FEDERATED_TOKEN_FILE" in said
    assert "forged" not in said


@pytest.mark.parametrize(
    ("variable", "code"), [("AZURE_TENANT_ID", "not configured"), ("AZURE_CLIENT_ID", "700016")]
)
def test_a_federated_credential_of_another_tenant_or_application(
    azure, monkeypatch, tmp_path, variable, code
):
    use(monkeypatch, **azure.workload(tmp_path) | {variable: ELSEWHERE})
    assert code in sentence(azure)


def test_the_tenant_that_entra_does_not_know(azure, monkeypatch, tmp_path):
    """Client and vault agree on a tenant that Entra does not know."""
    azure.vault.access.tenant = ELSEWHERE
    use(
        monkeypatch,
        **azure.workload(tmp_path) | {"AZURE_TENANT_ID": ELSEWHERE},
    )
    assert "AADSTS90002" in sentence(azure)


def test_workload_federation_without_its_variables_or_file(azure, monkeypatch, tmp_path):
    use(monkeypatch, **azure.workload(tmp_path))
    (tmp_path / "federated-token").unlink()
    assert "AZURE_FEDERATED_TOKEN_FILE" in sentence(azure)
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE")
    assert "cannot start" in sentence(azure) and "token_file_path" in sentence(azure)


def test_an_identity_service_that_is_not_trusted_is_named(azure, monkeypatch, tmp_path):
    """The client trusts the vault but not Entra's emulator: the message names the untrusted one."""
    other = certificates_in(tmp_path / "other")
    with vault_servers(other) as elsewhere:
        use(
            monkeypatch,
            **azure.workload(tmp_path) | {"AZURE_AUTHORITY_HOST": elsewhere.endpoints.authority},
        )
        said = sentence(azure)
    assert elsewhere.endpoints.authority.removeprefix("https://") in said
    assert "is not trusted here" in said


def test_the_cli(azure, monkeypatch, tmp_path):
    fake_az(tmp_path, azure.endpoints)
    use(monkeypatch, MEDALLION_AZURE_AUTH="cli")
    assert read(azure) == HOST
    assert (tmp_path / "az.log").read_text().splitlines() == [
        "account get-access-token --output json --resource https://vault.azure.net "
        f"--tenant {azure.directory.issuer.tenant}"
    ]


def test_a_token_that_the_vault_rejects_is_requested_again(azure, monkeypatch, tmp_path):
    """The CLI's token is valid for long, but the vault has revoked it."""
    fake_az(tmp_path, azure.endpoints)
    use(monkeypatch, MEDALLION_AZURE_AUTH="cli")
    names = iter(["databricks-host", "databricks-http-path"])

    def each():
        yield next(names)
        azure.directory.issuer.revoke()
        yield next(names)

    assert len(fetch(each(), azure.url)) == 2
    assert [request[-3:] for request in azure.vault.requests] == ["401", "200", "401", "200"]
    assert azure.tokens == 2


def test_the_cli_that_is_not_installed_or_not_signed_in(azure, monkeypatch, tmp_path):
    use(monkeypatch, MEDALLION_AZURE_AUTH="cli")
    assert sentence(azure) == (
        "Signing in to Azure by cli failed (Azure CLI not found on path): run `az login`."
    )
    program = tmp_path / "az"
    program.write_text(f"#!{sys.executable} -S\nimport sys; sys.exit('Please run az login')\n")
    program.chmod(0o755)
    assert "Please run 'az login'" in sentence(azure)


def test_auto_takes_what_applies(azure, monkeypatch, tmp_path):
    fake_az(tmp_path, azure.endpoints)
    use(monkeypatch, **azure.endpoints.app_service, MEDALLION_AZURE_AUTH="auto")
    assert read(azure) == HOST
    assert not (tmp_path / "az.log").exists()
    use(monkeypatch, **azure.workload(tmp_path) | {"MEDALLION_AZURE_AUTH": ""})
    assert read(azure) == HOST
    assert who(azure) == APPLICATION


def test_auto_names_the_way_that_applied_and_failed(azure, monkeypatch, tmp_path):
    use(
        monkeypatch,
        **azure.workload(tmp_path),
    )
    use(monkeypatch, MEDALLION_AZURE_AUTH="auto")
    (tmp_path / "federated-token").write_text("forged")
    said = sentence(azure)
    assert "by auto failed (WorkloadIdentityCredential: " in said and "AADSTS700213" in said


def test_auto_where_nothing_applies(azure, monkeypatch):
    # A machine's endpoint that answers without an identity. Otherwise the client waits for one.
    use(monkeypatch, **azure.endpoints.virtual_machine)
    use(monkeypatch, AZURE_CLIENT_ID=APPLICATION, MEDALLION_AZURE_AUTH="auto")
    said = sentence(azure)
    assert said.startswith("Signing in to Azure by auto failed (no method applies here)")
    assert "`az login`" in said


def test_a_way_that_is_not_known(azure, monkeypatch):
    use(monkeypatch, MEDALLION_AZURE_AUTH="password")
    assert sentence(azure) == (
        "MEDALLION_AZURE_AUTH is 'password': set it to one of auto, managed_identity, "
        "workload_identity, cli."
    )


def test_nothing_is_left_in_our_own_environment(azure, monkeypatch):
    use(monkeypatch, **azure.endpoints.app_service)
    before = dict(os.environ)
    read(azure)
    assert dict(os.environ) == before
