"""The consoles for standard output and standard error, used by every command."""

import sys

from rich.console import Console
from rich.markup import escape

# A pipe or a log has no width; rich's default of 80 columns would cut the numbers in wide tables.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
err = Console(stderr=True, highlight=False)


def complain(error: Exception) -> None:
    """Print `error` as one line on standard error."""
    err.print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True)
