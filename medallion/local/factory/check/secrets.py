"""Secrets that stand in the files, where they belong in Key Vault. None is ever printed.

A secret is told by its place (a SecureString, a property such as `accountKey`, a header such as
`Authorization`) or by its form (`AccountKey=…` in a connection string, the signature of a shared
access signature, a long key in base64). What a linked service encrypts for its integration runtime
(`encryptedCredential`) counts as one: it can be used by whoever deploys it there.
Source: https://learn.microsoft.com/azure/data-factory/store-credentials-in-key-vault
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from medallion.local.factory.check.resources import Resource
from medallion.local.models.fault import Fault, walk

PROPERTIES = {
    "accesskey",
    "accesskeysecret",
    "accesstoken",
    "accountkey",
    "apikey",
    "apitoken",
    "authorizationtoken",
    "clientsecret",
    "clustersshpassword",
    "clusterpassword",
    "consumersecret",
    "encryptedcredential",
    "functionkey",
    "licensekey",
    "passphrase",
    "password",
    "privatekey",
    "privatekeycontent",
    "pwd",
    "refreshtoken",
    "sastoken",
    "secretaccesskey",
    "securitytoken",
    "serviceprincipalcredential",
    "serviceprincipalkey",
    "servicetoken",
    "sharedaccesskey",
    "storagekey",
}
HEADERS = {
    "api-key",
    "authorization",
    "ocp-apim-subscription-key",
    "proxy-authorization",
    "x-api-key",
    "x-auth-token",
    "x-functions-key",
}
IN_CONNECTION = re.compile(
    r"(?:^|[;,&'\"\s{])(password|pwd|accountkey|sharedaccesskey|sharedaccesssignature|accesskey"
    r"|client[_ ]?secret)\s*=\s*([^;&\"']+)",
    re.IGNORECASE,
)
IN_ADDRESS = re.compile(
    r"[?&](sig|code|token|access_token|api_?key)=([^&\s\"']{16,})", re.IGNORECASE
)
BASE64_KEY = re.compile(  # of 32 or 64 bytes, as the keys of Azure's services are
    r"(?<![A-Za-z0-9+/=])(?:[A-Za-z0-9+/]{86}==|[A-Za-z0-9+/]{43}=)(?![=A-Za-z0-9+/])"
)
BEARER = re.compile(r"\b(?:bearer|basic)\s+([A-Za-z0-9+/_.~-]{12,}=*)", re.IGNORECASE)
MASK = re.compile(r"[*•xX]*|<[^>]*>|\{[^}]*\}")  # what stands where a secret was
MEND = "move it to Key Vault and refer to it by an AzureKeyVaultSecret"


def secrets(resource: Resource) -> Iterator[Fault]:
    """One fault per place that holds a secret."""
    secure = _secure_parameters(resource)
    for path, one in walk(resource.document, "$"):
        if resource.kind == "dataflow" and ".script" in path:
            continue
        message = ""
        if isinstance(one, dict):
            message = _secure_string(one)
        elif isinstance(one, str) and one:
            message = secret_in(path, one) if path not in secure else ""
            if path in secure and not _harmless(one):
                message = "a securestring parameter has its secret as default value"
        if message:
            yield resource.fault(path, message, MEND)


def _secure_parameters(resource: Resource) -> set[str]:
    return {
        f"$.properties.parameters.{name}.defaultValue"
        for name, one in resource.part("parameters").items()
        if isinstance(one, dict) and str(one.get("type")).lower() == "securestring"
    }


def _secure_string(value: dict[str, Any]) -> str:
    if str(value.get("type")).lower() != "securestring":
        return ""
    held = value.get("value")
    if isinstance(held, str) and not _harmless(held):
        return "a SecureString holds its secret as plain text"
    return ""


def secret_in(path: str, text: str) -> str:
    """What is secret about a text at a JSON path, or an empty text."""
    steps = re.sub(r"\['([^']*)'\]", r".\1", path).lower().split(".")
    name = steps[-1]
    if name == "defaultvalue" and steps[-2] in PROPERTIES and not _harmless(text):
        return f"the default value of '{steps[-2]}' is a secret in plain text"
    if name in PROPERTIES and not _harmless(text):
        return "an encrypted secret" if name == "encryptedcredential" else _PLAIN.format(name)
    if name in HEADERS and not _harmless(text):
        return f"the header '{name}' holds a secret in plain text"
    for found in IN_CONNECTION.finditer(text):
        if not _harmless(found[2].strip()):
            return f"the text holds a secret ('{found[1].lower()}=')"
    for found in IN_ADDRESS.finditer(text):
        if not _harmless(unquote(found[2])):
            return f"the address holds a secret ('{found[1].lower()}=')"
    if any(_mixed(found) for found in BEARER.findall(text)):
        return "the text holds an access token"
    if any(_mixed(found) for found in BASE64_KEY.findall(text)):
        return "the text holds a key in base64"
    return ""


_PLAIN = "'{}' is a secret in plain text"


def _harmless(text: str) -> bool:
    """Whether a text is an expression, a mask or a placeholder rather than a secret."""
    return "@" in text[:1] or "@{" in text or MASK.fullmatch(text) is not None


def _mixed(text: str) -> bool:
    """Whether letters of both cases and digits occur, as in what was drawn by chance."""
    return all(re.search(kind, text) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
