"""The emulators' commands, which join those of `medallion.cli`; one module per group."""

import typer

from medallion_local.cli import source, vault, warehouse
from medallion_local.cli.bench import bench
from medallion_local.cli.clean import clean_home
from medallion_local.cli.demo import demo
from medallion_local.cli.repair import repair


def register(app: typer.Typer) -> None:
    """Add the commands. This is the entry point `medallion.commands` of the distribution."""
    # These two add commands to groups of medallion.cli as they are imported.
    from medallion_local.cli import factory, synapse  # noqa: F401

    app.add_typer(
        source.app,
        name="source",
        help="Use the local source database, an emulator of Azure SQL.",
    )
    app.add_typer(vault.app, name="vault")
    app.command("up")(warehouse.up)
    app.command("down")(warehouse.down)
    app.command("status")(warehouse.status)
    app.command("repair")(repair)
    app.command("demo")(demo)
    app.command("bench")(bench)
    app.command("clean")(clean_home)
