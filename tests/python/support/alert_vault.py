"""A vault that holds the address of a webhook, as the factory reads it before it reports."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from medallion_local.certificates import ensure, files_in, server_context, trusting
from medallion_local.data_factory.run import VAULT, Alerts
from medallion_local.entra_id.tokens import Issuer
from medallion_local.key_vault.access import USER, Access
from medallion_local.key_vault.server import Vault, serving

FACTORY = "00000000-0000-0000-0000-00000000fac7"
SECRET = "alert-webhook"


@contextmanager
def alert_vault(webhook: str) -> Iterator[tuple[Alerts, Vault]]:
    """Serve the emulated vault; the identity of the factory may read its secrets."""
    with TemporaryDirectory() as folder:
        certificates = ensure(files_in(Path(folder)))
        issuer = Issuer()
        vault = Vault(Access(issuer, "https://login.example", issuer.tenant, {FACTORY: USER}))
        vault.store.put(SECRET, webhook)
        trusted = {"SSL_CERT_FILE": str(trusting(certificates, None))}
        with (
            serving(vault, server_context(certificates)) as url,
            mock.patch.dict(os.environ, trusted),
        ):
            token, _ = issuer.issue(FACTORY, VAULT)
            yield Alerts(f"{url}/", token, SECRET), vault
