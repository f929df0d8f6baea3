"""The command line: `medallion COMMAND`, one module per command or group of commands."""

import sys
from pathlib import Path
from typing import NoReturn

import typer
from rich.markup import escape

from medallion import disk, laptop, private
from medallion.cli import factory, infra, metrics, new, receipts, synapse
from medallion.cli.describe import describe
from medallion.cli.doctor import doctor
from medallion.cli.erase import erase
from medallion.cli.ingest import ingest
from medallion.cli.quarantine import quarantine
from medallion.cli.report import report
from medallion.cli.rules import rules
from medallion.cli.run import run
from medallion.cli.site import site
from medallion.cli.slim import slim
from medallion.clone import require_own
from medallion.console import INTERRUPTED, complain, err
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, home, is_project

_WITHOUT_EMULATORS = (
    "The laptop's commands, such as `source`, `up` and `demo`, need the emulators: run "
    + escape(f"`pip install '.[{laptop.EXTRA}]'` in the project.")
)
app = typer.Typer(
    name="medallion",
    help="The lakehouse's operator commands; all run locally unless --target names Azure.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog=_WITHOUT_EMULATORS if laptop.missing() else None,
)
app.add_typer(factory.app, name="factory", help="Check and run the Data Factory under adf/.")
app.add_typer(infra.app, name="infra", help="Check the infrastructure template under infra/.")
app.add_typer(metrics.app, name="metrics", help="Make metric views and the Power BI model.")
app.add_typer(new.app, name="new", help="Create a project, or add a table of the source to it.")
app.add_typer(receipts.app, name="receipts")
app.add_typer(
    synapse.app, name="synapse", help="Serve gold by Synapse: models, checks, local pools."
)
app.command("ingest")(ingest)
app.command("run", context_settings={"allow_interspersed_args": False})(run)
app.command("slim")(slim)
app.command("quarantine")(quarantine)
app.command("erase")(erase)
app.command("report")(report)
app.command("rules")(rules)
app.command("describe")(describe)
app.command("site")(site)
app.command("doctor")(doctor)
laptop.register_commands(app)


def main() -> None:
    """Run a command; a `MedallionError` becomes one sentence on standard error, and status 1.

    So does a disk error: a full disk, a read-only disk, or missing permissions.
    """
    private.keep_private()
    try:
        require_own(Path.cwd())
        app()
    except SystemExit as end:
        if not _is_interrupt(end):
            raise
        _end_interrupted()
    except MedallionError as error:
        complain(error)
        sys.exit(1)
    except Exception as error:
        if _is_interrupt(error):
            _end_interrupted()
        sentence = disk.sentence(error) or _installation(error)
        if sentence is None:
            raise
        complain(MedallionError(sentence))
        sys.exit(1)


def _is_interrupt(error: BaseException) -> bool:
    """Whether Ctrl-C is an exception's first cause: click and DuckDB turn it into their own."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return isinstance(error, KeyboardInterrupt)


def _end_interrupted() -> NoReturn:
    """Say what still runs, and exit as a shell expects."""
    left = "" if laptop.missing() else laptop.laptop().left_running(home())
    err.print(f"Interrupted. {left}".rstrip(), soft_wrap=True)
    sys.exit(INTERRUPTED)


def _installation(error: Exception) -> str | None:
    """The sentence for an error whose cause is a missing package or project; None for others."""
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("medallion"):
        return (
            f"This command needs the package {error.name}, which is not installed: run `make dev` "
            "in the project."
        )
    if isinstance(error, FileNotFoundError) and not is_project(PROJECT_ROOT):
        return f"{PROJECT_ROOT} is not in a clone of the project: run the command in the clone."
    return None
