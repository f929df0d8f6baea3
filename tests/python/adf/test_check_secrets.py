"""Secrets outside Key Vault: one injected secret per rule, none of which is printed."""

import json
from pathlib import Path
from typing import Any

import pytest

from medallion.adf.check import check
from medallion.adf.check.resources import Resource
from medallion.adf.check.secrets import secret_in
from medallion.adf.check.secure import secure
from medallion.adf.files import ADF_FOLDER
from support.injected_faults import (
    INNER,
    OUTER,
    SETTINGS,
    TELL,
    URL,
    VAULT_FIX,
    InjectedFault,
    call,
    each_of,
    lake,
    said,
    see,
    tell,
)
from support.small_factory import at, expression, files, write

KEY = "hidden13bN8xR2mWcYk5sLdHj1uGf9aEoIeTiQwXyA4BvCnMzK6rPlSgDhFjJkUo0123456789ABCDEFGHIJab=="
SECRETS: list[InjectedFault] = [
    (
        "secure string",
        lambda f: lake(f).update(servicePrincipalKey={"type": "SecureString", "value": "hidden1"}),
        "linkedService/lake",
        f"{SETTINGS}.servicePrincipalKey",
        "a SecureString holds its secret as plain text",
        VAULT_FIX,
    ),
    (
        "account key",
        lambda f: lake(f).update(accountKey="hidden1"),
        "linkedService/lake",
        f"{SETTINGS}.accountKey",
        "'accountkey' is a secret in plain text",
        VAULT_FIX,
    ),
    (
        "connection string",
        lambda f: f.update(
            {
                "linkedService/sql": {
                    "name": "sql",
                    "properties": {
                        "type": "AzureSqlDatabase",
                        "typeProperties": {
                            "connectionString": "Server=s;User ID=u;Password=hidden1"
                        },
                    },
                }
            }
        ),
        "linkedService/sql",
        f"{SETTINGS}.connectionString",
        "the text holds a secret ('password=')",
        VAULT_FIX,
    ),
    (
        "signature",
        lambda f: tell(f)["typeProperties"].update(
            url="https://x/y?sv=1&sig=hidden1hidden1hidden1"
        ),
        OUTER,
        f"{TELL}.typeProperties.url",
        "the address holds a secret ('sig=')",
        VAULT_FIX,
    ),
    (
        "header",
        lambda f: tell(f)["typeProperties"]["headers"].update({"x-functions-key": "hidden1"}),
        OUTER,
        f"{TELL}.typeProperties.headers['x-functions-key']",
        "the header 'x-functions-key' holds a secret in plain text",
        VAULT_FIX,
    ),
    (
        "token in an expression",
        said("@concat('Bearer hidden1HIDDEN1hidden1')"),
        OUTER,
        URL,
        "the text holds an access token",
        VAULT_FIX,
    ),
    (
        "key",
        lambda f: tell(f)["typeProperties"]["body"].update(text=KEY),
        OUTER,
        f"{TELL}.typeProperties.body.text",
        "the text holds a key in base64",
        VAULT_FIX,
    ),
    (
        "parameter of a trigger",
        lambda f: (
            at(f, INNER, "parameters").update(password={"type": "string"}),
            at(f, "trigger/hourly", "pipelines", 0, "parameters").update(password="hidden1"),
            call(f)["parameters"].update(password=expression("@item().secret")),
        ),
        "trigger/hourly",
        "$.properties.pipelines[0].parameters.password",
        "'password' is a secret in plain text",
        VAULT_FIX,
    ),
    (
        "default value",
        lambda f: at(f, OUTER, "parameters").update(
            password={"type": "string", "defaultValue": "hidden1"}
        ),
        OUTER,
        "$.properties.parameters.password.defaultValue",
        "the default value of 'password' is a secret in plain text",
        VAULT_FIX,
    ),
    (
        "secret of a request's body",
        lambda f: tell(f)["typeProperties"].update(body="grant=x&client_secret=hidden1&scope=y"),
        OUTER,
        f"{TELL}.typeProperties.body",
        "the text holds a secret ('client_secret=')",
        VAULT_FIX,
    ),
    (
        "default value of a securestring",
        lambda f: at(f, OUTER, "parameters").update(
            token={"type": "securestring", "defaultValue": "hidden1"}
        ),
        OUTER,
        "$.properties.parameters.token.defaultValue",
        "a securestring parameter has its secret as default value",
        VAULT_FIX,
    ),
]


@each_of(*SECRETS)
def test_secrets(tmp_path: Path, injected: Any) -> None:
    see(tmp_path, injected)


def test_encrypted_credential_is_a_warning(tmp_path: Path) -> None:
    found = files()
    lake(found).update(encryptedCredential="hidden1")
    [warning] = check(write(tmp_path, found))
    assert (warning.path, warning.warning) == (f"{SETTINGS}.encryptedCredential", True)
    assert "hidden1" not in str(warning)


@pytest.mark.parametrize(
    "pair",
    [
        {"variableName": "dbPassword", "value": "Hidden!1"},
        {"variableName": "password", "value": expression("@concat('hid', 'den1')")},
        {"name": "Authorization", "value": "Basic bWU6aGlkZGVu"},
    ],
)
def test_secret_beside_its_name(tmp_path: Path, pair: dict[str, Any]) -> None:
    found = files()
    tell(found)["userProperties"] = [pair]
    reported = [one for one in check(write(tmp_path, found)) if one.fix == VAULT_FIX]
    [fault] = reported
    assert fault.path.startswith(f"{TELL}.userProperties[0].value")
    pair["value"] = "@variables('name')"
    assert not [one for one in check(write(tmp_path, found)) if one.fix == VAULT_FIX]


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.h1dd3nh1dd3nh1dd3n"
SPELLED_OUT: dict[str, str] = {
    "CREATE USER u WITH PASSWORD = 'hidden1'": "the script holds a secret ('password')",
    "ALTER LOGIN l WITH PASSWORD=N'hidden1', CHECK_POLICY = OFF": "('password')",
    "CREATE LOGIN l WITH PASSWORD = 0x0200F0A1B2C3 HASHED": "('password')",
    "@concat('CREATE USER u WITH PASSWORD = ''hidden1''')": "('password')",
    "@concat('CREATE USER ', variables('u'), ' WITH PASSWORD=', '''hidden1''')": "('password')",
    "CREATE USER @{item().u} WITH PASSWORD = 'hidden1'": "('password')",
    "EXEC('CREATE USER u WITH PASSWORD = ''hidden1''')": "('password')",
    "CREATE MASTER KEY ENCRYPTION BY PASSWORD = 'hidden1'": "('password')",
    "OPEN SYMMETRIC KEY k DECRYPTION BY PASSWORD = 'hidden1'": "('password')",
    "EXEC sp_addlinkedsrvlogin 's', @rmtpassword = N'hidden1'": "('rmtpassword')",
    "EXEC sp_addlogin 'me', 'hidden1'": "('sp_addlogin')",
    "DECLARE @dbPassword nvarchar(50) = 'hidden1'": "('dbpassword')",
    "CREATE USER u IDENTIFIED BY 'hidden1'": "('identified by')",
    "create user u identified by hidden1": "('identified by')",
    "CREATE USER u IDENTIFIED WITH sha2 BY 'hidden1'": "('identified with sha2 by')",
    "CREATE ROLE r LOGIN PASSWORD 'hidden1'": "('password')",
    "CREATE DATABASE SCOPED CREDENTIAL c WITH IDENTITY = 'me', SECRET = 'hidden1'": "('secret')",
    "COPY INTO t FROM 'x' WITH (CREDENTIAL=(IDENTITY='a', SECRET='hidden1'))": "('secret')",
    "SELECT DecryptByPassPhrase('hidden1', c) FROM t": "('decryptbypassphrase')",
    "SELECT * FROM OPENROWSET('SQLNCLI', 'Server=s;Uid=u;Pwd=hidden1;', 'SELECT 1')": "('pwd=')",
    "Server=s;User ID=u;Password='hidden1'": "('password')",
    "AccountName=a;AccountKey=hidden1": "('accountkey=')",
    "Server=s;User ID = u;Password = hidden1": "('password=')",
    "@concat('Server=', item().s, ';Password=hidden1')": "('password=')",
    "sv=2023&sp=r&sig=hidden1hidden1%2Bhidden1%3D": "the address holds a secret ('sig=')",
    "@concat(variables('url'), '?sig=hidden1hidden1hidden1')": "('sig=')",
    "sig=hidden1hidden1hidden1": "('sig=')",
    "https://me:hidden1@host/x": "the address holds a password",
    '{"user": "me", "password": "hidden1"}': "the text holds a secret ('password')",
    """@concat('{"client_secret":"hidden1","a":"', variables('a'), '"}')""": "('client_secret')",
    "grant_type=refresh_token&refresh_token=hidden1": "('refresh_token=')",
    "@concat('Bearer ', 'h1dd3nH1DD3Nh1dd3n')": "the text holds an access token",
    f"token {JWT}": "the text holds a signed access token",
    "-----BEGIN RSA PRIVATE KEY-----\nh": "the text holds a private key",
    "dapi" + "0123456789abcdef" * 2: "the text holds a token of Databricks",
    "abc8Q~" + "h1dd3n.h1dd3n~h1dd3n-h1dd3n_h1dd3n"[:33]: "the text holds a client secret of Entra",
}


@pytest.mark.parametrize("text", SPELLED_OUT)
def test_secret_that_a_text_spells_out(text: str) -> None:
    found = secret_in("$.properties.activities[0].typeProperties.text", text)
    assert SPELLED_OUT[text] in found
    assert "hidden1" not in found


HARMLESS = [
    "CREATE USER u WITH PASSWORD = '$(password)'",
    "CREATE USER u WITH PASSWORD = '<password>'",
    "CREATE USER u WITH PASSWORD = '@{activity('Vault').output.value}'",
    "@concat('CREATE USER u WITH PASSWORD = ''', activity('Vault').output.value, '''')",
    "@concat('Server=s;Password=', activity('Vault').output.value, ';Encrypt=true')",
    "@concat('Bearer ', activity('Token').output.access_token)",
    '@concat(\'{"password":"\', pipeline().parameters.secret, \'","a":"b"}\')',
    "SELECT * FROM users u JOIN v ON u.password = v.password",
    "SELECT password, secret FROM users WHERE name = 'me'",
    "UPDATE users SET password = NULL",
    "SELECT 'Password' AS kind WHERE x = 'y'",
    "CREATE USER u FROM EXTERNAL PROVIDER",
    "CREATE DATABASE SCOPED CREDENTIAL c WITH IDENTITY = 'Managed Identity'",
    "ALTER USER u IDENTIFIED BY VALUES '***'",
    "SELECT secret = 'abc' FROM t",
    "SELECT * FROM u JOIN v ON u.id=v.id AND password=v.password WHERE (pwd=?)",
    "SELECT * FROM u WHERE has_password = 'Y' OR must_change_password = 'false'",
    "Rows are identified by the key; each is identified by 'id'",
    '{"password": "string", "columns": ["password"]}',
    "error code=abcdefghijklmnopqrst",
    "Enter the user and the password 'here'",
    '{"password": "***", "client_secret": "{{secret}}"}',
    "https://host:8080/path@x",
    "https://vault.azure.net/secrets/password?api-version=7.0",
    "postgresql://@{item().user}:@{item().password}@host/db",
    "client_id=a&client_secret=@{activity('Vault').output.value}",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_text_without_a_secret(text: str) -> None:
    assert secret_in("$.properties.activities[0].typeProperties.text", text) == ""


@pytest.mark.parametrize(
    ("name", "text", "secret"),
    [
        ("headers.Authorization", "@concat('Basic ', 'bWU6aGlkZGVu')", True),
        ("headers.Authorization", "Basic bWU6aGlkZGVu", True),
        ("headers.Authorization.value", "@concat('Basic ', 'bWU6aGlkZGVu')", True),
        ("headers.Authorization.value", "@concat('Bearer ', variables('token'))", False),
        ("headers.Authorization", "Bearer @{variables('token')}", False),
        ("headers['x-api-key']", "@pipeline().parameters.key", False),
        ("headers['x-api-key'].value", "@{'hidden1'}", True),
        ("password.value", "@concat('hid', 'den1')", True),
        ("password.value", "@concat(pipeline().parameters.a, 'b')", False),
        ("password", "@linkedService().password", False),
        ("baseParameters.bearerToken", "hidden1", True),
        ("globalParameters.sql_password.value", "Hidden!1", True),
        ("parameters.AdminPassword.defaultValue", "Hidden!1", True),
        ("storedProcedureParameters.Pwd.value.value", "@concat('hid', 'den1')", True),
        ("parameters.sqlPassword.defaultValue", "sql-password-2", False),
        ("parameters.sqlPassword.defaultValue", "", False),
        ("parameters.passwordSecretName.defaultValue", "Hidden!1", False),
    ],
)
def test_secret_in_its_place(name: str, text: str, secret: bool) -> None:
    assert bool(secret_in(f"$.properties.typeProperties.{name}", text)) is secret


def alert(**changes: Any) -> Resource:
    """The pipeline that reads the webhook, with changed policies of its activities."""
    document = json.loads((ADF_FOLDER / "pipeline" / "pl_alert.json").read_text("utf-8"))
    [condition] = document["properties"]["activities"]
    for activity in condition["typeProperties"]["ifTrueActivities"]:
        activity["policy"] |= changes.get(activity["name"].split()[0], {})
    return Resource("pipeline", "pl_alert", document)


def test_a_secret_of_the_vault_is_hidden_in_the_monitor() -> None:
    assert list(secure(alert())) == []


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"Read": {"secureOutput": False}}, "'Read webhook' reads a vault, and the monitor shows"),
        ({"Post": {"secureInput": False}}, "it uses the hidden output of 'Read webhook'"),
    ],
)
def test_a_secret_that_the_monitor_shows_is_a_warning(changes: Any, wanted: str) -> None:
    [found] = secure(alert(**changes))
    assert wanted in str(found) and found.warning
