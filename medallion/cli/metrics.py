"""`medallion metrics models`: metric views and a Power BI model, made from the metrics."""

import typer

from medallion.cli.only_check import OnlyCheck, write_or_check

app = typer.Typer(no_args_is_help=True)


@app.callback()
def metrics() -> None:
    """Keeps `models` a subcommand: otherwise typer would merge it into `metrics`."""


@app.command("models")
def metric_models(only_check: OnlyCheck = False) -> None:
    """Write the metric views and the Power BI model from models/semantic/_metrics.yml."""
    from medallion.semantic.made import made_files

    write_or_check(made_files(), only_check)
