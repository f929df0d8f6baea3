"""`medallion run`: runs a command with the secrets of its dbt target in its environment."""

import os
from pathlib import Path
from typing import Annotated

import typer

from medallion import child, private
from medallion.console import complain
from medallion.errors import MedallionError


def run(
    command: Annotated[list[str], typer.Argument(help="The command and its arguments.")],
    target: Annotated[
        str | None,
        typer.Option(
            help="The dbt target whose secrets are fetched; by default dbt's own --target, else "
            "DBT_TARGET, else local, which needs none. dbt gets the target in DBT_TARGET."
        ),
    ] = None,
    vault: Annotated[
        str | None,
        typer.Option(
            envvar="MEDALLION_KEY_VAULT_URL",
            help="The Key Vault, such as https://kv-medallion.vault.azure.net.",
        ),
    ] = None,
) -> None:
    """Run a command, such as `dbt build --target prod`, with its secrets from Key Vault.

    The secrets are the variables that profiles.yml reads. Each run reads them
    again, and only the command gets them. A variable that is already set wins.
    MEDALLION_AZURE_AUTH selects the sign-in to Azure: auto, managed_identity,
    workload_identity or cli.
    """
    from medallion.azure.key_vault import environment

    base = dict(os.environ)
    if target:
        base["DBT_TARGET"] = target
    chosen = target or _target_of(command) or base.get("DBT_TARGET") or "local"
    given = environment(chosen, vault, base)
    try:
        with private.as_before():
            status = child.run(command, given)
    except FileNotFoundError:
        complain(MedallionError(f"The command '{command[0]}' does not exist: check PATH."))
        status = child.NOT_FOUND
    except OSError as error:
        complain(MedallionError(f"'{command[0]}' cannot be started: {error.strerror}."))
        status = child.NOT_EXECUTABLE
    raise typer.Exit(status)


def _target_of(command: list[str]) -> str | None:
    """The target in dbt's own arguments, if the command is dbt."""
    if Path(command[0]).name != "dbt":
        return None
    arguments = iter(command[1:])
    found = None
    for argument in arguments:
        if argument in ("--target", "-t"):
            found = next(arguments, None)
        elif argument.startswith("--target="):
            found = argument.removeprefix("--target=")
    return found
