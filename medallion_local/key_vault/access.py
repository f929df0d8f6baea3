"""Authentication by a request's bearer token, and authorization by the role of its identity.

Sources: https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses,
https://learn.microsoft.com/azure/key-vault/general/rbac-guide
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from medallion_local.entra_id.tokens import Issuer, TokenError
from medallion_local.key_vault.errors import VaultError

RESOURCE = "https://vault.azure.net"
READ, LIST = "secrets/getSecret/action", "secrets/readMetadata/action"
WRITE, UPDATE = "secrets/setSecret/action", "secrets/update/action"
DELETE, RECOVER, PURGE = "secrets/delete", "secrets/recover/action", "secrets/purge/action"

USER = "Key Vault Secrets User"
OFFICER = "Key Vault Secrets Officer"
ROLES: Mapping[str, frozenset[str]] = {
    USER: frozenset({READ, LIST}),
    OFFICER: frozenset({READ, LIST, WRITE, UPDATE, DELETE, RECOVER, PURGE}),
}


@dataclass
class Access:
    """A vault's tenant, the issuer of its tokens, and the role of each client id."""

    issuer: Issuer
    authority: str
    tenant: str
    roles: Mapping[str, str] = field(default_factory=dict)

    def identify(self, token: str) -> str:
        """The client id behind an access token; else 401 with the challenge."""
        if not token:
            raise self._challenge("AKV10000: Request is missing a Bearer or PoP token.")
        try:
            claims = self.issuer.check(token)
        except TokenError as error:
            raise self._challenge(f"Error validating token: {error}.", invalid=True) from error
        if claims.audience != RESOURCE:
            raise self._challenge(
                f"AKV10022: Invalid audience. Expected {RESOURCE}, found: {claims.audience}.", True
            )
        if claims.tenant != self.tenant:
            raise self._challenge(
                f"AKV10032: Invalid issuer. Expected one of https://sts.windows.net/{self.tenant}/,"
                f" found https://sts.windows.net/{claims.tenant}/.",
                invalid=True,
            )
        return claims.identity

    def demand(self, identity: str, action: str) -> None:
        """Raise 403 unless the identity's role allows the action."""
        if action in ROLES.get(self.roles.get(identity, ""), frozenset()):
            return
        raise VaultError(
            403,
            "Forbidden",
            "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny "
            "assignments or role definitions were changed recently, please observe propagation "
            f"time.\r\nCaller: appid={identity}\r\nAction: 'Microsoft.KeyVault/vaults/{action}'",
            "ForbiddenByRbac",
        )

    def _challenge(self, message: str, invalid: bool = False) -> VaultError:
        said = f'Bearer authorization="{self.authority}/{self.tenant}", resource="{RESOURCE}"'
        if invalid:
            said += ', error="invalid_token"'
        return VaultError(401, "Unauthorized", message, headers={"WWW-Authenticate": said})
