"""The command line: `medallion COMMAND`, one module per group of commands."""

import sys
from pathlib import Path

import typer

from medallion import disk
from medallion.cli import (
    demo,
    factory,
    infra,
    quarantine,
    receipts,
    source,
    synapse,
    vault,
    warehouse,
)
from medallion.cli.bench import bench
from medallion.cli.clean import clean_home
from medallion.cli.console import complain
from medallion.cli.repair import repair
from medallion.cli.run import run
from medallion.cli.site import describe, site
from medallion.cli.slim import slim
from medallion.clone import require_own
from medallion.errors import MedallionError

app = typer.Typer(
    name="medallion",
    help="The lakehouse's operator commands; all run locally unless --target names Azure.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(source.app, name="source", help="The source database, which stands in for Azure SQL.")
app.add_typer(factory.app, name="factory", help="The Data Factory files under adf/.")
app.add_typer(infra.app, name="infra", help="The infrastructure template under infra/.")
app.add_typer(receipts.app, name="receipts")
app.add_typer(vault.app, name="vault")
app.add_typer(synapse.app, name="synapse", help="Synapse's tables, here and in Azure.")
app.command("demo")(demo.demo)
app.command("bench")(bench)
app.command("clean")(clean_home)
app.command("run", context_settings={"allow_interspersed_args": False})(run)
app.command("slim")(slim)
app.command("repair")(repair)
app.command("ingest")(factory.ingest)
app.command("quarantine")(quarantine.quarantine)
app.command("rules")(quarantine.rules)
app.command("describe")(describe)
app.command("site")(site)
app.command("up")(warehouse.up)
app.command("down")(warehouse.down)
app.command("status")(warehouse.status)


def main() -> None:
    """Run a command; a `MedallionError` becomes one sentence on standard error, and status 1.

    So does a disk error: a full disk, a read-only disk, or missing permissions.
    """
    try:
        require_own(Path.cwd())
        app()
    except MedallionError as error:
        complain(error)
        sys.exit(1)
    except Exception as error:
        told = disk.sentence(error)
        if told is None:
            raise
        complain(MedallionError(told))
        sys.exit(1)
