"""Access tokens: JSON web tokens with Entra's claims, signed with a key of this process.

Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field

TENANT = "00000000-0000-0000-0000-000000000001"


class TokenError(Exception):
    """The reason why a resource rejects a token."""


@dataclass(frozen=True)
class Claims:
    """A token's claims: an identity's client id, a resource's URI, a tenant's id, and the expiry in
    seconds since the epoch."""

    identity: str
    audience: str
    tenant: str
    expires: int


@dataclass
class Issuer:
    """Issues and checks the tokens of one tenant, which are valid for `lifetime` seconds.

    `issued` are the claims of all tokens so far, oldest first.
    """

    tenant: str = TENANT
    lifetime: int = 3600
    issued: list[Claims] = field(default_factory=list)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def issue(self, identity: str, audience: str) -> tuple[str, Claims]:
        """A token for a resource, such as `https://vault.azure.net`, and its claims."""
        now = int(time.time())
        claims = Claims(identity, audience, self.tenant, now + self.lifetime)
        payload = {
            "aud": claims.audience,
            "iss": f"https://sts.windows.net/{claims.tenant}/",
            "tid": claims.tenant,
            "appid": claims.identity,
            "iat": now,
            "nbf": now,
            "exp": claims.expires,
            "jti": secrets.token_hex(8),
        }
        signed = f"{_encoded({'typ': 'JWT', 'alg': 'HS256'})}.{_encoded(payload)}"
        self.issued.append(claims)
        return f"{signed}.{self._signature(signed)}", claims

    def check(self, token: str) -> Claims:
        """A token's claims. Raises `TokenError` if it has expired or is not from this issuer."""
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(signed).encode()):
            raise TokenError("the signature is not this tenant's")
        said = json.loads(_decoded(signed.partition(".")[2]))
        if said["exp"] <= time.time():
            raise TokenError("the token has expired")
        return Claims(said["appid"], said["aud"], said["tid"], said["exp"])

    def revoke(self) -> None:
        """Invalidate every token issued so far, whatever its expiry."""
        self._key = secrets.token_bytes(32)

    def _signature(self, signed: str) -> str:
        digest = hmac.digest(self._key, signed.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _encoded(content: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
