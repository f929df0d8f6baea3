"""`python -m medallion_local.capacity` writes the page; `… measure` measures the lakehouse."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from medallion.console import complain
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, home
from medallion_local.capacity.parameters import FILE

app = typer.Typer(add_completion=False)


@app.callback(invoke_without_command=True)
def write(
    context: typer.Context,
    docs: Annotated[
        Path, typer.Option(help="The output folder of scale.md and scale.png.")
    ] = PROJECT_ROOT / "docs",
) -> None:
    """Simulate the fact table at ten billion plays, and write scale.md and scale.png."""
    if context.invoked_subcommand:
        return
    from medallion_local.capacity.page import report

    for file in report(docs):
        typer.echo(f"Written: {file}")


@app.command()
def measure() -> None:
    """Measure the lakehouse under MEDALLION_HOME, and write measured.json."""
    from medallion_local.capacity.measure import measure

    with tempfile.TemporaryDirectory() as scratch:
        found = measure(home(), Path(scratch))
    FILE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    typer.echo(f"Written: {FILE}")


def main() -> None:
    """Run the command; a `MedallionError` becomes one sentence, and status 1."""
    try:
        app()
    except MedallionError as error:
        complain(error)
        sys.exit(1)


if __name__ == "__main__":
    main()
