"""`medallion synapse models`: the serving models, made from the contracts."""

from typing import Annotated

import typer

from medallion.console import out
from medallion.errors import MedallionError

app = typer.Typer(no_args_is_help=True)


@app.callback()
def synapse() -> None:
    """Keeps `models` a subcommand: otherwise typer would merge it into `synapse`."""


@app.command("models")
def serving_models(
    only_check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when a file is out of date.")
    ] = False,
) -> None:
    """Write models/serving/serverless/ from the contracts of the marts and dimensions."""
    from medallion import private
    from medallion.serving import models
    from medallion.serving.contract import served_tables

    wanted = models.texts(served_tables())
    if only_check:
        if found := models.stale(wanted):
            raise MedallionError(
                f"{models.FOLDER} is out of date with the contracts ({', '.join(found[:3])}): run "
                "`medallion synapse models`."
            )
        return
    with private.as_before():
        models.write(wanted)
    out.print(f"wrote {len(wanted)} files to {models.FOLDER}", markup=False, soft_wrap=True)
