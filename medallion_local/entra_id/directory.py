"""The identities that can sign in to the emulators, and their resources."""

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
    """The managed identity of this machine, by client id, and the federated applications.

    `federated` maps a client id to the assertion that identifies it; a real directory checks the
    assertion's issuer, subject and audience. `header` is the secret that the machine's programs
    know: it is in the URLs of its endpoints, and an app also sends it as a header.
    """

    issuer: Issuer = field(default_factory=Issuer)
    managed: str = MANAGED
    federated: Mapping[str, str] = field(default_factory=dict)
    header: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
