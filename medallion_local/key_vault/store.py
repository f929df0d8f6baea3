"""Secrets, their versions and attributes, and deleted but recoverable secrets; in memory."""

import re
import secrets
import threading
import time
from dataclasses import dataclass, field, replace

from medallion_local.key_vault.errors import VaultError, bad_parameter, not_found

_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")


@dataclass(frozen=True)
class Version:
    """One value of a secret. Times are seconds since the epoch.

    `not_before` and `expires` are informational: Key Vault returns the value outside them, too.
    """

    id: str
    value: str = field(repr=False)
    created: int
    updated: int
    enabled: bool = True
    not_before: int | None = None
    expires: int | None = None
    content_type: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Secret:
    """A secret's name as first written, and its versions, oldest first."""

    name: str
    versions: list[Version] = field(default_factory=list)
    deleted: int | None = None

    def version(self, id: str | None = None) -> Version:
        """The version with this id, or the current version."""
        if id is None:
            return self.versions[-1]
        for version in self.versions:
            if version.id == id:
                return version
        raise not_found(f"{self.name}/{id}")


class Store:
    """The secrets of a vault, by case-insensitive name. Failures raise `VaultError`."""

    def __init__(self) -> None:
        self._secrets: dict[str, Secret] = {}
        self._deleted: dict[str, Secret] = {}
        self._lock = threading.RLock()

    def put(self, name: str, value: str, **attributes: object) -> tuple[Secret, Version]:
        """Add a new current version."""
        if not _NAME.fullmatch(name):
            raise bad_parameter(
                f"The secret's name '{name}' must be 1 to 127 letters, digits or hyphens."
            )
        now = int(time.time())
        version = Version(secrets.token_hex(16), value, now, now)
        version = replace(version, **attributes)  # type: ignore[arg-type]
        with self._lock:
            if name.lower() in self._deleted:
                raise VaultError(
                    409,
                    "Conflict",
                    f"Secret {name} is currently in a deleted but recoverable state, and its name "
                    "cannot be reused; in this state, the secret can only be recovered or purged.",
                    "ObjectIsDeletedButRecoverable",
                )
            secret = self._secrets.setdefault(name.lower(), Secret(name))
            secret.versions.append(version)
            return secret, version

    def get(self, name: str) -> Secret:
        """The secret, unless it is deleted."""
        return self._found(self._secrets, name)

    def all(self) -> list[Secret]:
        """All secrets that are not deleted, by name."""
        with self._lock:
            return [self._secrets[name] for name in sorted(self._secrets)]

    def change(self, name: str, id: str, **attributes: object) -> tuple[Secret, Version]:
        """Change the attributes of one version."""
        with self._lock:
            secret = self.get(name)
            before = secret.version(id)
            after = replace(before, updated=int(time.time()), **attributes)  # type: ignore[arg-type]
            secret.versions[secret.versions.index(before)] = after
            return secret, after

    def delete(self, name: str) -> Secret:
        """Delete a secret. It stays recoverable."""
        secret = self._move(name, self._secrets, self._deleted)
        secret.deleted = int(time.time())
        return secret

    def deleted(self, name: str) -> Secret:
        """A secret that is deleted but not purged."""
        return self._found(self._deleted, name)

    def recover(self, name: str) -> Secret:
        """Undo a deletion."""
        secret = self._move(name, self._deleted, self._secrets)
        secret.deleted = None
        return secret

    def purge(self, name: str) -> None:
        """Remove a deleted secret permanently."""
        self._move(name, self._deleted, {})

    def _found(self, secrets: dict[str, Secret], name: str) -> Secret:
        with self._lock:
            if name.lower() not in secrets:
                raise not_found(name)
            return secrets[name.lower()]

    def _move(self, name: str, source: dict[str, Secret], target: dict[str, Secret]) -> Secret:
        with self._lock:
            secret = target[name.lower()] = self._found(source, name)
            del source[name.lower()]
            return secret
