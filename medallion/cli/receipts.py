"""`medallion receipts verify`: the proof that the landed windows cover the change log."""

from pathlib import Path
from typing import Annotated

import typer

from medallion.console import out
from medallion.home import home
from medallion.ingestion.verification import Proof, prove

app = typer.Typer(no_args_is_help=True, help="Verify the receipts of the landed data.")


@app.callback()
def _receipts() -> None:
    """The receipts of the landed data."""


@app.command()
def verify(
    lake: Annotated[
        Path | None, typer.Option(help="A copy of the storage account; by default the local lake.")
    ] = None,
) -> None:
    """Prove from receipts and files that no change is missing and none was altered.

    One line per table; exit 1 if a window is missing or overlaps, or a file was changed.
    """
    proofs = prove(lake or home().lake)
    for proof in proofs:
        for line in lines(proof):
            out.print(line, markup=False, highlight=False, soft_wrap=True)
    if any(proof.faults for proof in proofs):
        raise typer.Exit(1)


def lines(proof: Proof) -> list[str]:
    """One line for the table, and one for each note and each fault."""
    verdict = "proven" if proof.windows else "unfinished"
    if proof.faults:
        verdict = f"{len(proof.faults)} faults"
    span = f" {proof.first_lsn} … {proof.last_lsn}" if proof.windows else ""
    summary = (
        f"{proof.table}: {verdict}; {proof.windows} windows{span} "
        f"and {proof.backfills} backfills, {proof.rows:,} rows in {proof.files} files"
    )
    notes = [f"  note: {note}" for note in proof.notes]
    return [summary, *notes, *(f"  FAULT: {fault}" for fault in proof.faults)]
