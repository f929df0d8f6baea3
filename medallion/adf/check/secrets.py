"""Finds secrets in the files that belong in Key Vault. No secret is ever printed.

A secret is recognized by its place (a SecureString, a property such as `accountKey`, a header such
as `Authorization`) or by its form (`AccountKey=…` in a connection string, `WITH PASSWORD = '…'` in
a script, the signature of a shared access signature, a long key in base64). An expression is
checked through its literal texts.

Studio writes `encryptedCredential` when a password is typed in. It is the id of a credential that
the service keeps, or that an integration runtime has encrypted. It works only in that factory, so
it is a warning.
Source: https://learn.microsoft.com/azure/data-factory/store-credentials-in-key-vault
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from medallion.adf.check.resources import Resource
from medallion.adf.check.texts import GAP, spoken
from medallion.adf.places import wrapped
from medallion.fault import Fault, step, walk

# Names of properties, parameters and variables, without the separators between their words.
PROPERTIES = {
    "accesskey",
    "accesskeysecret",
    "accesstoken",
    "accountkey",
    "apikey",
    "apitoken",
    "authorizationtoken",
    "bearertoken",
    "clientsecret",
    "clustersshpassword",
    "clusterpassword",
    "consumersecret",
    "encryptedcredential",
    "functionkey",
    "licensekey",
    "passphrase",
    "passwd",
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
# Longer names with these endings hold a secret, unless the text is the name of one in Key Vault.
ENDINGS = (
    "password",
    "pwd",
    "passphrase",
    "accesskey",
    "accountkey",
    "apikey",
    "storagekey",
    "accesstoken",
    "bearertoken",
    "sastoken",
    "clientsecret",
)
DRAWN = re.compile(r"(?=.*[A-Za-z])(?=.*[^A-Za-z])(?![A-Za-z0-9]+([-_ ][A-Za-z0-9]+)+$).{6,}")
HEADERS = {
    "api-key",
    "authorization",
    "ocp-apim-subscription-key",
    "proxy-authorization",
    "x-api-key",
    "x-auth-token",
    "x-functions-key",
}
# `Password=…` of a connection string, and `client_secret=…` of a form in a request.
IN_CONNECTION = re.compile(
    r"(^|[;,&?'\"\s{(])(user[ _]?password|password|pwd|accountkey|sharedaccesskey"
    r"|sharedaccesssignature|accesskey|secret[ _]?access[ _]?key|client[_ ]?secret|refresh_token"
    r"|access[_ ]?token|api[_ ]?key)\s*=\s*(?!N')([^;&\"'\s][^;&\"']*)",
    re.IGNORECASE,
)
# Comparisons in SQL can have no quotes: `WHERE password=u.password`
SQL = re.compile(r"\b(?:select|update|insert|delete|merge|where|join)\b", re.IGNORECASE)
IN_ADDRESS = re.compile(
    r"(?:[?&](?=\w)|(?:^|[;,\s'\"])(?=sig=))(sig|code|token|access_token|api_?key|subscription-key)="
    r"([^&;\s\"']{16,})",
    re.IGNORECASE,
)
# `https://user:password@host`
IN_AUTHORITY = re.compile(r"://[^/\s:@'\"?#]+:([^/\s@'\"?#]+)@[\w\[\0{$<]")
# `{"password": "…"}` as the text of a request's body
IN_JSON = re.compile(
    r"[\"'](password|passwd|pwd|client_?secret|account_?key|access_?key|api_?key"
    r"|access_?token|refresh_?token|private_?key|passphrase)\\?[\"']\s*:\s*\\?[\"']"
    r"([^\"'\\]+)",
    re.IGNORECASE,
)
# In SQL a quoted text follows; inside a quoted text its quotes are doubled.
_QUOTED = r"N?'{1,4}([^']+)'"
IN_SQL = (
    # WITH PASSWORD = '…', ENCRYPTION BY PASSWORD = '…', @rmtpassword = '…'
    re.compile(r"(\b\w*password|\bpwd|\bpassphrase)\s*=\s*" + _QUOTED, re.IGNORECASE),
    re.compile(r"\b(password)\s*=\s*(0x[0-9a-f]{8,})", re.IGNORECASE),
    # DECLARE @password nvarchar(20) = '…'
    re.compile(
        r"@(\w*(?:password|pwd|secret)\w*)\s+(?:as\s+)?\w+(?:\s*\([^)]*\))?\s*=\s*" + _QUOTED,
        re.IGNORECASE,
    ),
    # CREATE USER u IDENTIFIED BY '…', or without quotes in Oracle
    re.compile(
        r"\b(?:create|alter|grant)\b[^;]{0,400}?\b(identified\s+(?:with\s+\w+\s+)?by)\s+(?:password\s+)?"
        + _QUOTED,
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:create|alter|grant)\b[^;]{0,400}?\b(identified\s+by)\s+(?!values\b|password\b)"
        r"\"?([^\s'\";]+)",
        re.IGNORECASE,
    ),
    # CREATE USER u PASSWORD '…', as PostgreSQL writes it
    re.compile(
        r"\b(?:create|alter)\s+(?:user|role)\b[^;']{0,400}\b(password)\s+" + _QUOTED, re.IGNORECASE
    ),
    re.compile(r"\b((?:en|de)cryptbypassphrase)\s*\(\s*" + _QUOTED, re.IGNORECASE),
    re.compile(r"\b(sp_addlogin)\s+N?'[^']*'\s*,\s*" + _QUOTED, re.IGNORECASE),
)
# CREDENTIAL … WITH IDENTITY = '…', SECRET = '…'; in other texts "secret" has other meanings
OF_CREDENTIAL = re.compile(r"\b(secret)\s*=\s*" + _QUOTED, re.IGNORECASE)
BASE64_KEY = re.compile(  # of 32 or 64 bytes, like the keys of Azure's services
    r"(?<![A-Za-z0-9+/=])(?:[A-Za-z0-9+/]{86}==|[A-Za-z0-9+/]{43}=)(?![=A-Za-z0-9+/])"
)
BEARER = re.compile(r"\b(?:bearer|basic)\s+([A-Za-z0-9+/_.~-]{12,}=*)", re.IGNORECASE)
SCHEME = re.compile(r"(?:bearer|basic|token|sharedkey|sharedaccesssignature|apikey)\b", re.I)
# Tokens whose issuers use a recognizable form.
ISSUED = (
    (re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"), "a signed access token"),
    (re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"), "a private key"),
    (re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_\w{50,}"), "a token of GitHub"),
    (re.compile(r"\bdapi[0-9a-f]{32}"), "a token of Databricks"),
    (re.compile(r"\b[\w~.-]{3}\dQ~[\w~.-]{31,34}"), "a client secret of Entra ID"),
)
# Placeholders of a secret: ****, <secret>, {0}, $(pwd), #{pwd}#, __pwd__
MASK = re.compile(
    r"[*•xX.]*|<.*>|\{.*\}|\[.*\]|\$\(.*\)|\$\{?\w+\}?|#\{.*\}#?|__\w+__|%\w+%|\(.*\)"
    r"|\?|:\w+|\w"
    # Answers, types and names rather than secrets
    r"|yes|no|true|false|null|none|n/a|string|text|n?varchar|password|secret|pwd"
    r"|(?:your|enter|insert|replace|placeholder|redacted|removed|masked)[\w .-]*",
    re.IGNORECASE,
)
ENCRYPTED_FIX = "refer to a secret in Key Vault by an AzureKeyVaultSecret, or use an identity"
FIX = "move it to Key Vault and refer to it by an AzureKeyVaultSecret"
ENCRYPTED = "encryptedcredential"


def secrets(resource: Resource) -> Iterator[Fault]:
    """One fault per place that holds a secret; an encrypted secret is a warning."""
    secure = _secure_parameters(resource)
    reported: set[str] = set()
    for path, one in walk(resource.document, "$"):
        if resource.kind == "dataflow" and ".script" in path:
            continue
        message = ""
        if isinstance(one, dict):
            message = _secure_string(one)
            for inner, found in _named_values(path, one):
                reported.add(inner)
                yield resource.fault(inner, found, FIX)
        elif isinstance(one, str) and one and path not in reported:
            if _words(_steps(path)[-1]) == ENCRYPTED:
                if not _harmless(one):
                    yield resource.fault(path, _ENCRYPTED, ENCRYPTED_FIX, warning=True)
                continue
            message = secret_in(path, one) if path not in secure else ""
            if path in secure and not _harmless(one):
                message = "a securestring parameter has its secret as default value"
        if message:
            yield resource.fault(path, message, FIX)


def _named_values(path: str, pair: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A `value` with its name in the same object, as in a header or a variable that is set."""
    name = pair.get("name", pair.get("variableName"))
    value: Any = pair.get("value")
    inner = step(path, "value")
    if key := wrapped(value):
        value, inner = value[key], step(inner, key)
    if not isinstance(name, str) or not isinstance(value, str):
        return
    if message := _by_name(name.lower(), value):
        yield inner, message


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
    """Describe the secret in a text at a JSON path, or return an empty text."""
    steps = _steps(path)
    default = steps[-1] == "defaultvalue"
    while len(steps) > 1 and steps[-1] in ("value", "content", "defaultvalue"):
        steps.pop()  # the `value` of an Expression object, a parameter or a variable
    if default and _by_name(steps[-1], text):
        return f"the default value of '{steps[-1]}' is a secret in plain text"
    if found := _by_name(steps[-1], text):
        return found
    return next((found for one in spoken(text) if (found := _said(one))), "")


def _by_name(name: str, text: str) -> str:
    """Describe the secret by the name of its property, header, parameter or variable."""
    words, whole = _words(name), spoken(text)[0].strip()
    if name in HEADERS:
        whole = SCHEME.sub("", whole, count=1).strip()
        return "" if _harmless(whole) else f"the header '{name}' holds a secret in plain text"
    drawn = words.endswith(ENDINGS) and DRAWN.fullmatch(whole)
    if (words in PROPERTIES or drawn) and not _harmless(whole):
        return "an encrypted secret" if words == ENCRYPTED else _PLAIN.format(name)
    return ""


def _words(name: str) -> str:
    return re.sub(r"[-_ ]", "", name.lower())


_PLAIN = "'{}' is a secret in plain text"
_ENCRYPTED = "this credential works only in the factory in which it was typed"


def _steps(path: str) -> list[str]:
    return re.sub(r"\['([^']*)'\]", r".\1", path).lower().split(".")


def _said(text: str) -> str:
    """Describe the secret in a text by its form alone."""
    compared = SQL.search(text) is not None
    for found in IN_CONNECTION.finditer(text):
        blanks = text[found.end(2)].isspace()  # rare in a connection string
        if (compared and found[1] not in (";", "'", '"')) or (blanks and found[1] not in (";", "")):
            continue
        if not _harmless(found[3].strip()):
            return f"the text holds a secret ('{found[2].lower()}=')"
    for pattern in (*IN_SQL, *((OF_CREDENTIAL,) if "credential" in text.lower() else ())):
        for found in pattern.finditer(text):
            if not _harmless(found[2].strip()):
                return f"the script holds a secret ('{' '.join(found[1].lower().split())}')"
    for found in IN_ADDRESS.finditer(text):
        if not _harmless(unquote(found[2])):
            return f"the address holds a secret ('{found[1].lower()}=')"
    if any(not _harmless(found) for found in IN_AUTHORITY.findall(text)):
        return "the address holds a password"
    for found in IN_JSON.finditer(text):
        if not _harmless(found[2].strip()):
            return f"the text holds a secret ('{found[1].lower()}')"
    if any(_mixed(found) for found in BEARER.findall(text)):
        return "the text holds an access token"
    for issued, kind in ISSUED:
        if issued.search(text):
            return f"the text holds {kind}"
    if any(_mixed(found) for found in BASE64_KEY.findall(text)):
        return "the text holds a key in base64"
    return ""


def _harmless(text: str) -> bool:
    """Whether a text is an expression, a mask or a placeholder rather than a secret."""
    return "@" in text[:1] or "@{" in text or GAP in text or MASK.fullmatch(text) is not None


def _mixed(text: str) -> bool:
    """Whether letters of both cases and digits occur, as in random text."""
    return all(re.search(kind, text) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
