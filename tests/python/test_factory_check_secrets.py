"""Secrets outside Key Vault: one planted one per rule, none of which is printed."""

from pathlib import Path
from typing import Any

from factory_plants import (
    INNER,
    OUTER,
    SETTINGS,
    TELL,
    URL,
    VAULT_MEND,
    Plant,
    call,
    lake,
    plants,
    said,
    see,
    tell,
)
from small_factory import at, expression

KEY = "hidden13bN8xR2mWcYk5sLdHj1uGf9aEoIeTiQwXyA4BvCnMzK6rPlSgDhFjJkUo0123456789ABCDEFGHIJab=="
SECRETS: list[Plant] = [
    (
        "secure string",
        lambda f: lake(f).update(servicePrincipalKey={"type": "SecureString", "value": "hidden1"}),
        "linkedService/lake",
        f"{SETTINGS}.servicePrincipalKey",
        "a SecureString holds its secret as plain text",
        VAULT_MEND,
    ),
    (
        "account key",
        lambda f: lake(f).update(accountKey="hidden1"),
        "linkedService/lake",
        f"{SETTINGS}.accountKey",
        "'accountkey' is a secret in plain text",
        VAULT_MEND,
    ),
    (
        "encrypted credential",
        lambda f: lake(f).update(encryptedCredential="hidden1"),
        "linkedService/lake",
        f"{SETTINGS}.encryptedCredential",
        "an encrypted secret",
        VAULT_MEND,
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
        VAULT_MEND,
    ),
    (
        "signature",
        lambda f: tell(f)["typeProperties"].update(
            url="https://x/y?sv=1&sig=hidden1hidden1hidden1"
        ),
        OUTER,
        f"{TELL}.typeProperties.url",
        "the address holds a secret ('sig=')",
        VAULT_MEND,
    ),
    (
        "header",
        lambda f: tell(f)["typeProperties"]["headers"].update({"x-functions-key": "hidden1"}),
        OUTER,
        f"{TELL}.typeProperties.headers['x-functions-key']",
        "the header 'x-functions-key' holds a secret in plain text",
        VAULT_MEND,
    ),
    (
        "token in an expression",
        said("@concat('Bearer hidden1HIDDEN1hidden1')"),
        OUTER,
        URL,
        "the text holds an access token",
        VAULT_MEND,
    ),
    (
        "key",
        lambda f: tell(f)["typeProperties"]["body"].update(text=KEY),
        OUTER,
        f"{TELL}.typeProperties.body.text",
        "the text holds a key in base64",
        VAULT_MEND,
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
        VAULT_MEND,
    ),
    (
        "default value",
        lambda f: at(f, OUTER, "parameters").update(
            password={"type": "string", "defaultValue": "hidden1"}
        ),
        OUTER,
        "$.properties.parameters.password.defaultValue",
        "the default value of 'password' is a secret in plain text",
        VAULT_MEND,
    ),
    (
        "secret of a request's body",
        lambda f: tell(f)["typeProperties"].update(body="grant=x&client_secret=hidden1&scope=y"),
        OUTER,
        f"{TELL}.typeProperties.body",
        "the text holds a secret ('client_secret=')",
        VAULT_MEND,
    ),
    (
        "default value of a securestring",
        lambda f: at(f, OUTER, "parameters").update(
            token={"type": "securestring", "defaultValue": "hidden1"}
        ),
        OUTER,
        "$.properties.parameters.token.defaultValue",
        "a securestring parameter has its secret as default value",
        VAULT_MEND,
    ),
]


@plants(*SECRETS)
def test_secrets(tmp_path: Path, plant: Any) -> None:
    see(tmp_path, plant)
