"""`medallion synapse models`: the serving models, made from the contracts."""

from typing import Annotated

import typer

from medallion.console import out

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
    from medallion.serving.models import made_files

    files = made_files()
    if only_check:
        files.require_current()
        return
    files.write()
    out.print(f"wrote {len(files.texts)} files to {files.folder}", markup=False, soft_wrap=True)
