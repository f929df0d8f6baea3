"""`medallion vault serve`: a local Key Vault, to try `medallion run` without Azure."""

import time
from contextlib import suppress
from typing import Annotated

import typer

from medallion.console import out
from medallion.home import home

app = typer.Typer(no_args_is_help=True, help="Serve a local Key Vault.")


@app.callback()
def vault() -> None:
    """Keeps `serve` a subcommand: otherwise typer would merge it into `vault`."""


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; by default a free one.")] = 0,
) -> None:
    """Serve a vault with a placeholder for each secret that dbt needs, until Ctrl-C.

    Nothing is stored: secrets and identities are new each time.
    """
    from medallion.azure.key_vault import SECRETS, VAULT_VARIABLE
    from medallion_local.certificates import ensure, files_in, server_context, trusting
    from medallion_local.entra_id.directory import Directory
    from medallion_local.entra_id.server import serving as serving_identity
    from medallion_local.key_vault.access import OFFICER, Access
    from medallion_local.key_vault.server import Vault
    from medallion_local.key_vault.server import serving as serving_vault

    files = ensure(files_in(home().root / "vault" / "tls"))
    bundle = trusting(files, None)
    tls = server_context(files)
    directory = Directory()
    with serving_identity(directory, tls) as endpoints:
        roles = {directory.managed: OFFICER}
        issuer = directory.issuer
        served = Vault(Access(issuer, endpoints.authority, issuer.tenant, roles))
        for name in {name for wanted in SECRETS.values() for name in wanted.values()}:
            served.store.put(name, f"placeholder-of-{name}")
        with serving_vault(served, tls, port) as url:
            out.print(f"The vault is at {url} until Ctrl-C. In another terminal:", soft_wrap=True)
            named = {
                VAULT_VARIABLE: url,
                "MEDALLION_AZURE_AUTH": "managed_identity",
                **endpoints.app_service,
                "REQUESTS_CA_BUNDLE": str(bundle),
            }
            for name, value in named.items():
                out.print(f"export {name}={value}", soft_wrap=True)
            out.print("medallion run --target prod -- env | grep DATABRICKS", soft_wrap=True)
            with suppress(KeyboardInterrupt):
                while True:
                    time.sleep(3600)
