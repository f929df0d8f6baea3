"""`medallion.azure.key_vault` with Azure's clients: the fetched secrets, and each refusal."""

import logging
import os
import re
import socket
import time
from datetime import UTC, datetime

import pytest
import yaml

from medallion.azure import key_vault as secrets
from medallion.azure.key_vault import SECRETS, environment, fetch
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion_local.entra_id.tokens import Issuer
from medallion_local.key_vault.access import USER
from medallion_local.key_vault.errors import VaultError
from support.vault_servers import PROD, certificates_in, live_in, vault_servers

SECRET = "DBT_ENV_SECRET_DATABRICKS_CLIENT_SECRET"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return certificates_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def azure(certificates, monkeypatch):
    with vault_servers(certificates) as made:
        live_in(made.environment(), monkeypatch)
        yield made


def sentence(azure, name: str = "databricks-host") -> str:
    """The error of a failed fetch: one line that names the vault."""
    with pytest.raises(MedallionError) as failed:
        fetch([name], azure.url)
    said = str(failed.value)
    assert "\n" not in said
    assert ": " in said and said.endswith(".")
    return said


def test_profiles_and_table_need_the_same_variables():
    profile = yaml.safe_load((PROJECT_ROOT / "profiles.yml.example").read_text())["medallion"]
    required = re.compile(r"env_var\('(\w+)'\)")
    for target, output in profile["outputs"].items():
        asked = {name for value in output.values() for name in required.findall(str(value))}
        assert asked == set(SECRETS[target]), target
    assert set(profile["outputs"]) == set(SECRETS)


def test_prod_gets_each_variable_from_its_secret(azure):
    got = environment("prod", azure.url, {"HOME": "/home/me"})
    assert got == {
        "HOME": "/home/me",
        "DATABRICKS_HOST": PROD["databricks-host"],
        "DATABRICKS_HTTP_PATH": PROD["databricks-http-path"],
        "DATABRICKS_CLIENT_ID": PROD["databricks-client-id"],
        SECRET: PROD["databricks-client-secret"],
    }
    assert azure.tokens == 1
    assert not set(got.values()) & set(os.environ.values()) & set(PROD.values())


def test_a_set_variable_wins_and_an_empty_one_counts_as_unset(azure):
    base = {"DATABRICKS_HOST": "mine", "DATABRICKS_HTTP_PATH": ""}
    got = environment("dev", azure.url, base)
    assert got["DATABRICKS_HOST"] == "mine"
    assert got["DATABRICKS_HTTP_PATH"] == PROD["databricks-http-path"]
    assert not any("databricks-host" in request for request in azure.vault.requests)


def test_no_vault_is_read_when_nothing_is_missing(azure):
    assert environment("local", None, {"A": "b"}) == {"A": "b"}
    ready = {"DATABRICKS_HOST": "x", "DATABRICKS_HTTP_PATH": "y"}
    assert environment("dev", None, ready) == ready
    assert azure.vault.requests == []


def test_without_a_vault_the_missing_variables_are_named():
    with pytest.raises(MedallionError, match="needs DATABRICKS_HTTP_PATH: name the vault"):
        environment("dev", None, {"DATABRICKS_HOST": "x"})
    with pytest.raises(MedallionError, match="target 'prd' has no list of secrets"):
        environment("prd", None, {})


@pytest.mark.parametrize(
    "vault",
    [
        "kv-medallion",
        "http://localhost:1",
        "https://",
        "https://me@kv-medallion.vault.azure.net",
        "https://kv-medallion.vault.azure.net/secrets/x",
    ],
)
def test_an_invalid_vault_url_is_refused(azure, vault):
    with pytest.raises(MedallionError, match="is not a vault's URL"):
        fetch(["x"], vault)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("kv-medallion.vault.azure.net", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
    ],
)
def test_only_the_loopback_escapes_the_challenge_check(host, loopback):
    assert secrets._is_loopback(host) is loopback


def test_a_host_off_the_loopback_gets_no_token_unless_the_challenge_names_its_domain(
    azure, monkeypatch
):
    """The local vault under another name: the client checks the challenge, as for a real vault."""
    resolve = socket.getaddrinfo

    def as_if_resolved(host, *arguments, **options):
        return resolve("127.0.0.1" if host == "vault.example.org" else host, *arguments, **options)

    from medallion_local.certificates import server_context
    from medallion_local.key_vault.server import serving

    monkeypatch.setattr(socket, "getaddrinfo", as_if_resolved)
    import trustme

    authority = trustme.CA()
    chain = azure.certificates.authority.with_name("example.pem")
    chain.write_bytes(
        authority.issue_cert("vault.example.org").private_key_and_cert_chain_pem.bytes()
    )
    bundle = azure.certificates.authority.with_name("example-bundle.pem")
    bundle.write_bytes(authority.cert_pem.bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    named = type(azure.certificates)(bundle, bundle, chain)
    with serving(azure.vault, server_context(named)) as url:
        elsewhere = url.replace("localhost", "vault.example.org")
        with pytest.raises(MedallionError, match="does not match the requested domain"):
            fetch(["databricks-host"], elsewhere)
    assert azure.vault.requests == ["GET /secrets/databricks-host 401"]
    assert azure.tokens == 0


def test_a_missing_secret_is_named_with_its_vault(azure):
    assert sentence(azure, "absent") == (
        f"{azure.url} has no secret 'absent': set it, or recover it if it was deleted."
    )


def test_a_deleted_secret_is_missing(azure):
    azure.vault.store.delete("databricks-host")
    assert "recover it" in sentence(azure)


def test_a_reader_may_read_and_others_see_the_missing_role(azure):
    azure.vault.access.roles[azure.directory.managed] = USER
    assert fetch(["databricks-host"], azure.url) == {"databricks-host": PROD["databricks-host"]}
    del azure.vault.access.roles[azure.directory.managed]
    said = sentence(azure)
    assert "ForbiddenByRbac" in said and "'Key Vault Secrets User'" in said


def test_a_disabled_secret_is_reported_as_disabled(azure):
    azure.vault.store.put("databricks-host", "x", enabled=False)
    assert "'databricks-host' in " in sentence(azure) and "is disabled" in sentence(azure)


def test_a_secret_outside_its_validity_is_not_used(azure):
    past = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
    azure.vault.store.put("databricks-host", "x", expires=past)
    assert "expired at 2020-01-01 00:00 UTC" in sentence(azure)
    azure.vault.store.put("databricks-host", "x", not_before=int(time.time()) + 86400)
    assert "is not valid before" in sentence(azure)
    azure.vault.store.put("databricks-host", "x", expires=int(time.time()) + 86400)
    assert fetch(["databricks-host"], azure.url) == {"databricks-host": "x"}


@pytest.mark.parametrize("value", ["", "two\0parts"])
def test_a_value_that_no_variable_can_hold_is_refused(azure, value):
    azure.vault.store.put("databricks-host", value)
    assert "is empty or holds a NUL" in sentence(azure)
    assert "two" not in sentence(azure)


def test_a_throttled_vault_is_given_the_pause_that_it_asks_for(azure):
    azure.vault.throttle(2, seconds=0.4)
    before = time.monotonic()
    assert fetch(["databricks-host"], azure.url) == {"databricks-host": PROD["databricks-host"]}
    assert time.monotonic() - before >= 0.8
    assert [request[-3:] for request in azure.vault.requests] == ["401", "429", "429", "200"]


def test_a_vault_that_stays_throttled_ends_in_a_sentence(azure):
    azure.vault.throttle(100, seconds=0.01)
    assert "still answered 429" in sentence(azure)
    assert sum(request.endswith("429") for request in azure.vault.requests) == 6


def test_a_failing_vault_is_retried_and_then_reported(azure):
    fault = VaultError(503, "ServiceUnavailable", "Busy", headers={"Retry-After": "0.01"})
    azure.vault.disturb(2, fault)
    assert fetch(["databricks-host"], azure.url)
    azure.vault.disturb(100, fault)
    assert "answered 503" in sentence(azure)


def test_a_revoked_sign_in_is_reported(azure):
    azure.vault.access.issuer = Issuer()
    assert "rejects the access token" in sentence(azure)


def test_a_vault_of_another_tenant_is_reported(azure):
    azure.vault.access.tenant = "00000000-0000-0000-0000-000000000002"
    said = sentence(azure)
    assert "AKV10032" in said and "sign in to the tenant" in said


def test_an_untrusted_certificate_is_reported(azure, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    said = sentence(azure)
    assert "is not trusted here" in said and "REQUESTS_CA_BUNDLE" in said
    assert azure.tokens == 0


def test_a_missing_bundle_is_reported(azure, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent.pem")
    assert "/nonexistent.pem" in sentence(azure)


def test_an_unknown_host_is_reported(azure):
    with pytest.raises(MedallionError, match=r"The host kv-nowhere\.invalid does not exist"):
        fetch(["x"], "https://kv-nowhere.invalid")


def test_a_closed_port_is_reported(azure):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(MedallionError, match=f"localhost:{port} does not answer"):
        fetch(["x"], f"https://localhost:{port}")


def test_no_secret_and_no_token_is_ever_logged(azure, caplog):
    caplog.set_level(logging.DEBUG)
    issued = []
    issue = azure.directory.issuer.issue
    azure.directory.issuer.issue = lambda *who: issued.append(issue(*who)) or issued[-1]
    environment("prod", azure.url, {})
    azure.vault.store.delete("databricks-client-id")
    with pytest.raises(MedallionError):
        environment("prod", azure.url, {})
    names = {record.name.split(".")[0] for record in caplog.records}
    assert {"azure", "urllib3"} <= names
    assert "/secrets/databricks-host" in caplog.text
    for value in [*PROD.values(), *(token for token, _ in issued)]:
        assert value not in caplog.text
