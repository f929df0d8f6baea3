"""The Key Vault emulator, used through the real azure-keyvault-secrets and azure-identity."""

from datetime import UTC, datetime

import pytest
import requests
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceRequestError,
)

from medallion_local.key_vault.access import USER
from support.raw_http import status_before_body
from support.vault_servers import certificates_in, live_in, vault_servers


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return certificates_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def azure(certificates, monkeypatch):
    with vault_servers(certificates) as made:
        live_in(made.environment(), monkeypatch)
        yield made


def test_first_request_is_challenged_and_one_token_serves_many(azure):
    client = azure.client()
    for name in ("databricks-host", "databricks-http-path", "databricks-client-id"):
        client.get_secret(name)
    assert azure.vault.requests == [
        "GET /secrets/databricks-host 401",
        "GET /secrets/databricks-host 200",
        "GET /secrets/databricks-http-path 200",
        "GET /secrets/databricks-client-id 200",
    ]
    assert azure.tokens == 1
    assert azure.directory.issuer.issued[0].audience == "https://vault.azure.net"


def test_challenge_names_tenant_and_resource(azure):
    answer = requests.get(f"{azure.url}/secrets/x", params={"api-version": "7.4"}, timeout=60)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer authorization="{azure.endpoints.authority}/{azure.directory.issuer.tenant}", '
        'resource="https://vault.azure.net"'
    )
    assert answer.json()["error"]["code"] == "Unauthorized"


def test_a_caller_without_a_token_is_refused_before_its_body(azure):
    url, authority = f"{azure.url}/secrets/x?api-version=7.4", azure.certificates.authority
    assert status_before_body(url, authority, token="nonsense") == 401
    assert azure.vault.requests == ["PUT /secrets/x 401"]


def test_client_that_verifies_the_challenge_sends_no_token(azure):
    with pytest.raises(ValueError, match="does not match the requested domain"):
        azure.client(verify_challenge_resource=True).get_secret("databricks-host")
    assert azure.tokens == 0


def test_client_trusts_only_its_configured_authorities(azure, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(ServiceRequestError, match="CERTIFICATE_VERIFY_FAILED"):
        azure.client(retry_total=0).get_secret("databricks-host")
    named = azure.client(connection_verify=str(azure.certificates.authority))
    assert named.get_secret("databricks-host").value


def test_client_does_not_read_ssl_cert_file(azure, monkeypatch):
    """It reads only REQUESTS_CA_BUNDLE, so `medallion vault serve` prints that variable."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv("SSL_CERT_FILE", str(azure.certificates.authority))
    with pytest.raises(ServiceRequestError, match="CERTIFICATE_VERIFY_FAILED"):
        azure.client(retry_total=0).get_secret("databricks-host")


def test_versions_are_kept_and_the_last_is_current(azure):
    client = azure.client()
    first = client.set_secret("rotated", "one", tags={"owner": "data"}, content_type="text/plain")
    client.set_secret("rotated", "two")
    assert client.get_secret("rotated").value == "two"
    old = client.get_secret("ROTATED", first.properties.version)
    assert (old.value, old.properties.tags) == ("one", {"owner": "data"})
    assert old.properties.content_type == "text/plain"
    versions = list(client.list_properties_of_secret_versions("rotated"))
    assert [each.name for each in versions] == ["rotated", "rotated"]
    with pytest.raises(ResourceNotFoundError, match="SecretNotFound"):
        client.get_secret("rotated", "0" * 32)


def test_lists_come_in_pages(azure):
    client = azure.client()
    names = {f"many-{number:03}" for number in range(60)}
    for name in names:
        azure.vault.store.put(name, "x")
    pages = [list(page) for page in client.list_properties_of_secrets().by_page()]
    assert [len(page) for page in pages] == [25, 25, 14]
    listed = [each.name for page in pages for each in page]
    assert len(listed) == len(set(listed))
    assert names <= set(listed)
    small = client.list_properties_of_secrets(max_page_size=10).by_page()
    assert len(list(next(small))) == 10


def test_disabled_versions_are_refused_and_dates_only_inform(azure):
    client = azure.client()
    past = datetime(2020, 1, 1, tzinfo=UTC)
    client.set_secret("expired", "still given", expires_on=past, not_before=past)
    assert client.get_secret("expired").value == "still given"
    assert client.get_secret("expired").properties.expires_on == past
    version = client.get_secret("databricks-host").properties.version
    assert not client.update_secret_properties("databricks-host", version, enabled=False).enabled
    with pytest.raises(HttpResponseError) as refused:
        client.get_secret("databricks-host")
    assert (refused.value.status_code, refused.value.error.code) == (403, "Forbidden")
    assert refused.value.error.innererror["code"] == "SecretDisabled"
    client.update_secret_properties("databricks-host", version, enabled=True)
    assert client.get_secret("databricks-host").value


def test_deleted_secrets_are_gone_until_recovered_or_purged(azure):
    client = azure.client()
    client.begin_delete_secret("databricks-host").wait()
    with pytest.raises(ResourceNotFoundError):
        client.get_secret("databricks-host")
    assert client.get_deleted_secret("databricks-host").deleted_date is not None
    with pytest.raises(ResourceExistsError, match="recoverable"):
        client.set_secret("databricks-host", "x")
    client.begin_recover_deleted_secret("databricks-host").wait()
    assert client.get_secret("databricks-host").value
    client.begin_delete_secret("databricks-host").wait()
    client.purge_deleted_secret("databricks-host")
    client.set_secret("databricks-host", "anew")
    assert client.get_secret("databricks-host").value == "anew"


def test_a_reader_may_not_write_and_others_may_not_read(azure):
    azure.vault.access.roles[azure.directory.managed] = USER
    client = azure.client()
    assert client.get_secret("databricks-host").value
    with pytest.raises(HttpResponseError) as refused:
        client.set_secret("databricks-host", "x")
    assert refused.value.error.innererror["code"] == "ForbiddenByRbac"
    del azure.vault.access.roles[azure.directory.managed]
    with pytest.raises(HttpResponseError) as refused:
        client.get_secret("databricks-host")
    assert refused.value.status_code == 403


def test_a_token_about_to_expire_is_replaced(certificates, monkeypatch):
    with vault_servers(certificates, lifetime=60) as short:
        live_in(short.environment(), monkeypatch)
        client = short.client()
        client.get_secret("databricks-host")
        client.get_secret("databricks-host")
        assert short.tokens == 2


def test_an_expired_token_is_refused(certificates, monkeypatch):
    with vault_servers(certificates, lifetime=-1) as late:
        live_in(late.environment(), monkeypatch)
        with pytest.raises(ClientAuthenticationError, match="has expired"):
            late.client().get_secret("databricks-host")


def test_a_token_of_another_tenant_or_for_another_resource_is_refused(azure):
    issuer = azure.directory.issuer
    token, _ = issuer.issue(azure.directory.managed, "https://storage.azure.com")
    answer = _get_with(azure, token)
    assert "AKV10022" in answer.json()["error"]["message"]
    token, _ = issuer.issue(azure.directory.managed, "https://vault.azure.net")
    assert _get_with(azure, token).status_code == 200
    assert _get_with(azure, token[:-2]).status_code == 401
    assert _get_with(azure, "nonsense").status_code == 401
    azure.vault.access.tenant = "another"
    answer = _get_with(azure, token)
    assert answer.status_code == 401
    assert "AKV10032" in answer.json()["error"]["message"]
    assert "WWW-Authenticate" in answer.headers


def test_an_unsupported_request_is_named(azure):
    client = azure.client(retry_total=0)
    with pytest.raises(HttpResponseError, match="does not serve POST /secrets/x/backup"):
        client.backup_secret("x")
    token, _ = azure.directory.issuer.issue(azure.directory.managed, "https://vault.azure.net")
    answer = _get_with(azure, token, version="1.0")
    assert answer.status_code == 400
    assert "(1.0) is not recognized" in answer.json()["error"]["message"]
    with pytest.raises(HttpResponseError, match="letters, digits or hyphens"):
        client.set_secret("no_underscores", "x")


def _get_with(azure, token: str, version: str = "7.4") -> requests.Response:
    return requests.get(
        f"{azure.url}/secrets/databricks-host",
        params={"api-version": version},
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
