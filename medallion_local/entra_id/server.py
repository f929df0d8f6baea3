"""Serves the tokens of a directory at the endpoints that azure-identity calls."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from medallion_local import http as web
from medallion_local.entra_id import entra, managed
from medallion_local.entra_id.directory import Directory

_FORM = 64 * 2**10  # maximum bytes of a request for a token, whose sender nobody knows yet


@dataclass(frozen=True)
class Endpoints:
    """The URLs of a directory: `authority` by HTTPS, `managed` by HTTP, as in Azure.

    A machine's endpoint in Azure answers everybody on the machine. Here the machine has other
    users, so `managed` contains the secret.
    """

    authority: str
    managed: str = field(repr=False)
    header: str = field(repr=False)

    @property
    def app_service(self) -> dict[str, str]:
        """The environment variables for the managed identity of an app."""
        return {
            "IDENTITY_ENDPOINT": f"{self.managed}/msi/token",
            "IDENTITY_HEADER": self.header,
        }

    @property
    def virtual_machine(self) -> dict[str, str]:
        """The environment variables for the managed identity of a machine."""
        return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": self.managed}


@contextmanager
def serving(directory: Directory, tls: ssl.SSLContext) -> Iterator[Endpoints]:
    """Serve a directory's tokens while the block runs, on free ports."""
    with (
        web.serving(partial(entra.respond, directory), tls, limit=_FORM) as authority_port,
        web.serving(partial(managed.respond, directory), limit=0) as managed_port,
    ):
        yield Endpoints(
            f"https://localhost:{authority_port}",
            f"http://127.0.0.1:{managed_port}/{directory.header}",
            directory.header,
        )
