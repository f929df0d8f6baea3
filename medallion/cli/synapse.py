"""`medallion synapse models`: the serving models, made from the contracts."""

import typer

from medallion.cli.only_check import OnlyCheck, write_or_check

app = typer.Typer(no_args_is_help=True)


@app.callback()
def synapse() -> None:
    """Keeps `models` a subcommand: otherwise typer would merge it into `synapse`."""


@app.command("models")
def serving_models(only_check: OnlyCheck = False) -> None:
    """Write models/serving/serverless/ from the contracts of the marts and dimensions."""
    from medallion.serving.models import made_files

    write_or_check(made_files(), only_check)
