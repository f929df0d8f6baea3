"""Runs all checks, those of the emulators too if they are installed."""

from collections.abc import Iterator

from medallion import laptop
from medallion.doctor import environment, state
from medallion.errors import MedallionError
from medallion.finding import Finding, fault, note
from medallion.home import home


def examine() -> Iterator[Finding]:
    """The findings, in the order in which their causes would appear."""
    yield from environment.examine()
    try:
        here = home()
    except MedallionError as error:
        yield fault("home", str(error), "Set MEDALLION_HOME to another folder.")
        return
    yield from state.examine(here)
    if lacking := laptop.missing():
        fix = f"Run `pip install '.[{laptop.EXTRA}]'` in the project to work on this machine."
        yield note("emulators", f"The emulators need {', '.join(lacking)}.", fix)
    else:
        yield from laptop.laptop().examine(here)
