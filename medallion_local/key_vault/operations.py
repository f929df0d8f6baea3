"""The operations on a vault's secrets: from their JSON to the store and back.

Source: https://learn.microsoft.com/rest/api/keyvault/secrets. Unlike in Azure, deletion and
recovery are complete when the request is answered.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from medallion_local.http import Answer, Request
from medallion_local.key_vault import access
from medallion_local.key_vault.errors import VaultError, bad_parameter
from medallion_local.key_vault.store import Secret, Store, Version

_PAGE = 25


@dataclass(frozen=True)
class Call:
    """An operation's request, and the store on which it works."""

    store: Store
    request: Request

    @property
    def body(self) -> dict:
        """The request's JSON object."""
        try:
            content = json.loads(self.request.body)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise bad_parameter("The request's body is not a JSON object.")
        return content

    def attributes(self) -> dict[str, object]:
        """The attributes that the body sets, under their names in the store."""
        body = self.body
        given = body.get("attributes") or {}
        named = {
            "enabled": given.get("enabled"),
            "not_before": given.get("nbf"),
            "expires": given.get("exp"),
            "content_type": body.get("contentType"),
            "tags": body.get("tags"),
        }
        return {name: value for name, value in named.items() if value is not None}

    def id(self, secret: Secret, version: Version | None = None) -> str:
        """The URL of a secret, or of one version of it."""
        path = f"secrets/{secret.name}" + (f"/{version.id}" if version else "")
        return f"https://{self.request.headers['Host']}/{path}"

    def properties(self, secret: Secret, version: Version, versioned: bool = True) -> dict:
        """The description of a version, without its value."""
        attributes = {
            "enabled": version.enabled,
            "nbf": version.not_before,
            "exp": version.expires,
            "created": version.created,
            "updated": version.updated,
            "recoveryLevel": "Recoverable+Purgeable",
            "recoverableDays": 90,
        }
        bundle = {
            "id": self.id(secret, version if versioned else None),
            "attributes": {name: value for name, value in attributes.items() if value is not None},
            "tags": version.tags,
        }
        return bundle | ({"contentType": version.content_type} if version.content_type else {})

    def bundle(self, secret: Secret, version: Version) -> dict:
        """The description of a version, with its value."""
        return self.properties(secret, version) | {"value": version.value}

    def deletion(self, secret: Secret) -> dict:
        """The description of a deleted secret."""
        return self.properties(secret, secret.version()) | {
            "recoveryId": self.id(secret).replace("/secrets/", "/deletedsecrets/"),
            "deletedDate": secret.deleted,
            "scheduledPurgeDate": (secret.deleted or 0) + 90 * 24 * 3600,
        }

    def page(self, items: list[dict]) -> Answer:
        """A page of a list, with the link to the next one."""
        query = self.request.query
        try:
            size = int(query.get("maxresults", _PAGE))
            start = int(query.get("$skiptoken", 0))
        except ValueError:
            raise bad_parameter("maxresults and $skiptoken must be numbers.") from None
        if not 1 <= size <= _PAGE:
            raise bad_parameter(f"maxresults must be a number from 1 to {_PAGE}.")
        link = None
        if start + size < len(items):
            link = (
                f"https://{self.request.headers['Host']}/{'/'.join(self.request.segments)}"
                f"?api-version={query['api-version']}&$skiptoken={start + size}&maxresults={size}"
            )
        return Answer(200, {"value": items[start : start + size], "nextLink": link})


def _get(call: Call, name: str, id: str | None = None) -> Answer:
    secret = call.store.get(name)
    version = secret.version(id)
    if not version.enabled:
        raise VaultError(
            403,
            "Forbidden",
            "Operation get is not allowed on a disabled secret.",
            "SecretDisabled",
        )
    return Answer(200, call.bundle(secret, version))


def _put(call: Call, name: str) -> Answer:
    value = call.body.get("value")
    if not isinstance(value, str):
        raise bad_parameter("The secret's value is missing.")
    return Answer(200, call.bundle(*call.store.put(name, value, **call.attributes())))


def _patch(call: Call, name: str, id: str) -> Answer:
    return Answer(200, call.properties(*call.store.change(name, id, **call.attributes())))


def _list(call: Call) -> Answer:
    secrets = call.store.all()
    return call.page([call.properties(each, each.version(), versioned=False) for each in secrets])


def _versions(call: Call, name: str) -> Answer:
    secret = call.store.get(name)
    return call.page([call.properties(secret, version) for version in secret.versions])


def _delete(call: Call, name: str) -> Answer:
    return Answer(200, call.deletion(call.store.delete(name)))


def _deleted(call: Call, name: str) -> Answer:
    return Answer(200, call.deletion(call.store.deleted(name)))


def _recover(call: Call, name: str) -> Answer:
    secret = call.store.recover(name)
    return Answer(200, call.properties(secret, secret.version()))


def _purge(call: Call, name: str) -> Answer:
    call.store.purge(name)
    return Answer(204)


# Method, path with an asterisk per name, the permission that it needs, and its function.
OPERATIONS: tuple[tuple[str, str, str, Callable[..., Answer]], ...] = (
    ("GET", "secrets", access.LIST, _list),
    ("GET", "secrets/*", access.READ, _get),
    ("GET", "secrets/*/versions", access.LIST, _versions),
    ("GET", "secrets/*/*", access.READ, _get),
    ("PUT", "secrets/*", access.WRITE, _put),
    ("PATCH", "secrets/*/*", access.UPDATE, _patch),
    ("DELETE", "secrets/*", access.DELETE, _delete),
    ("GET", "deletedsecrets/*", access.LIST, _deleted),
    ("POST", "deletedsecrets/*/recover", access.RECOVER, _recover),
    ("DELETE", "deletedsecrets/*", access.PURGE, _purge),
)
