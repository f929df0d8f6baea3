"""The consoles for standard output and standard error, used by every command."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn

# A pipe or a log has no width; rich's default of 80 columns would cut the numbers in wide tables.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
err = Console(stderr=True, highlight=False)
INTERRUPTED = 130  # a shell reports this status for a command that Ctrl-C ended


def complain(error: Exception) -> None:
    """Print `error` as one line on standard error."""
    err.print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True)


@contextmanager
def steps() -> Iterator[Callable[..., None]]:
    """Show what a command does on standard error; yields `show(step, detail="")`.

    A terminal shows a spinner, the step and its latest detail. A pipe or a log gets each step once,
    as a line.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task, last = progress.add_task(""), ""

        def show(step: str, detail: str = "") -> None:
            nonlocal last
            if not err.is_terminal and step != last:
                err.print(f"{step} …", markup=False)
            last = step
            progress.update(task, description=escape(f"{step} {detail}"))

        yield show
