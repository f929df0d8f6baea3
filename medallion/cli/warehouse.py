"""`medallion up`, `down` and `status`: the local SQL warehouse."""

import os
from pathlib import Path
from typing import Annotated

import typer

from medallion.cli.console import out
from medallion.home import PROJECT_ROOT, home


def up(
    port: Annotated[
        int | None,
        typer.Option(help="Port on 127.0.0.1; by default the last one, or a free one."),
    ] = None,
    profiles_dir: Annotated[
        Path | None,
        typer.Option(
            help="The folder for profiles.yml; by default DBT_PROFILES_DIR, or the project."
        ),
    ] = None,
) -> None:
    """Start the local warehouse in the background, and add it to dbt's profiles.yml."""
    from medallion.local.warehouse.process import start
    from medallion.local.warehouse.profiles import write_profile
    from medallion.local.warehouse.state import copied_from

    if original := copied_from(home()):
        out.print(
            f"{home().root} is a copy of {original}: it gets its own warehouse.",
            soft_wrap=True,
        )
    state, started = start(home(), port)
    named = os.environ.get("DBT_PROFILES_DIR")
    folder = profiles_dir or (Path(named).expanduser() if named else PROJECT_ROOT)
    write_profile(folder, home(), state)
    word = "is up" if started else "already runs"
    out.print(f"The warehouse {word} on 127.0.0.1:{state.port}.", soft_wrap=True)


def down() -> None:
    """Stop the local warehouse; tables and views stay."""
    from medallion.local.warehouse.process import stop

    stopped = stop(home())
    out.print("The warehouse is stopped." if stopped else "The warehouse was not running.")


def status() -> None:
    """Report whether the local warehouse runs, and where."""
    from medallion.local.warehouse.process import answers, is_moved, running
    from medallion.local.warehouse.state import copied_from

    state = running(home())
    if original := copied_from(home()):
        out.print(
            f"{home().root} is a copy of {original} and does not use its warehouse: start its "
            "own with `medallion up`.",
            soft_wrap=True,
        )
    elif state is not None and is_moved(home(), state):
        out.print(
            f"The warehouse still runs on {state.home}, the former place of this home: run "
            "`medallion up` to restart it here.",
            soft_wrap=True,
        )
    elif state is None:
        out.print("The warehouse is down: start it with `medallion up`.")
    elif answers(home(), state):
        out.print(f"The warehouse runs on 127.0.0.1:{state.port}, process {state.pid}.")
    else:
        out.print(f"The warehouse's process {state.pid} runs but does not answer: restart it.")
