"""Who can sign in on this laptop, and for which resources."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from medallion_local.entra_id.tokens import Issuer

MANAGED = "00000000-0000-0000-0000-00000000a001"
RESOURCES = frozenset(
    {
        "https://vault.azure.net",
        "https://storage.azure.com",
        "https://database.windows.net",
        "https://management.azure.com",
    }
)


@dataclass
class Directory:
    """The managed identity of this machine, by its client id, and federated applications.

    `federated` gives a client id the assertion that it is known by; a real directory checks an
    assertion's issuer, subject and audience instead. `header` is what an app must show for tokens.
    """

    issuer: Issuer = field(default_factory=Issuer)
    managed: str = MANAGED
    federated: Mapping[str, str] = field(default_factory=dict)
    header: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
