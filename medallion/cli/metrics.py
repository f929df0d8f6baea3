"""`medallion metrics models`: metric views and a Power BI model, made from the metrics."""

from typing import Annotated

import typer

from medallion.console import out

app = typer.Typer(no_args_is_help=True)


@app.callback()
def metrics() -> None:
    """Keeps `models` a subcommand: otherwise typer would merge it into `metrics`."""


@app.command("models")
def metric_models(
    only_check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when a file is out of date.")
    ] = False,
) -> None:
    """Write the metric views and the Power BI model from models/semantic/_metrics.yml."""
    from medallion.semantic.made import made_files

    files = made_files()
    if only_check:
        files.require_current()
        return
    files.write()
    out.print(f"wrote {len(files.texts)} files to {files.folder}", markup=False, soft_wrap=True)
