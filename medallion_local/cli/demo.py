"""`medallion demo`: the whole pipeline over several simulated days, with progress on the screen."""

from typing import Annotated

import typer

from medallion.errors import MedallionError
from medallion.home import home


def demo(
    days: Annotated[int, typer.Option(min=0, help="Simulated days after the first load.")] = 3,
    seed: Annotated[int, typer.Option(help="Seed of the simulated changes.")] = 7,
) -> None:
    """Run the pipeline from the source to gold, several times, and show the reconciliation."""
    from medallion_local.demo import story, summary

    finished = story.run(home(), days, seed)
    summary.show(finished)
    if not all(one["balanced"] for one in finished.reconciliation):
        raise MedallionError("the reconciliation does not balance: see the table above")
