"""`medallion factory …`: checks of the Data Factory files under `adf/`, and their ARM template."""

from pathlib import Path
from typing import Annotated

import typer

from medallion.adf.files import ADF_FOLDER
from medallion.cli.only_check import OnlyCheck
from medallion.console import out
from medallion.errors import MedallionError

app = typer.Typer(no_args_is_help=True)


@app.command("eval")
def evaluate(
    file: Annotated[
        Path,
        typer.Option(
            "--cases",
            help="JSON: a context, and expressions with answers.",
        ),
    ],
) -> None:
    """Evaluate recorded expressions and list each answer that differs from the recorded one."""
    from medallion.adf.language import cases  # the engine is slow to import

    loaded = cases.load(file)
    differing = cases.disagreements(loaded)
    for line in differing:
        out.print(line, markup=False, soft_wrap=True)
    out.print(f"{len(loaded['cases'])} expressions, {len(differing)} differences")
    if differing:
        raise typer.Exit(1)


@app.command("check")
def check_files(
    folder: Annotated[Path, typer.Argument(help="A Data Factory in git layout.")] = ADF_FOLDER,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
) -> None:
    """List the faults that the Data Factory service would reject, and secrets in the files.

    One line per fault: the file, the JSON path, the problem and the fix. Warnings are listed too;
    they make the command fail only with --strict.
    """
    from medallion.adf.check import check

    found = check(folder)
    for one in found:
        out.print(str(one), markup=False, soft_wrap=True)
    faults = sum(not one.warning for one in found)
    out.print(f"{folder}: {faults} faults, {len(found) - faults} warnings", soft_wrap=True)
    if faults or (strict and found):
        raise typer.Exit(1)


@app.command("arm")
def arm_template(
    folder: Annotated[Path, typer.Argument(help="A Data Factory in git layout.")] = ADF_FOLDER,
    only_check: OnlyCheck = False,
) -> None:
    """Write the ARM template that deploys the files, and its parameters, to arm/ in the folder."""
    from medallion import private
    from medallion.adf import arm_template as arm

    if only_check:
        if found := arm.stale(folder):
            names = " and ".join(str(file) for file in found)
            raise MedallionError(f"{names}: out of date; run `medallion factory arm`.")
        return
    with private.as_before():
        written = arm.write(folder)
    for file in written:
        out.print(f"wrote {file}", markup=False, soft_wrap=True)
