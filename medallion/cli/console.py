"""The two consoles that every command writes to."""

from rich.console import Console
from rich.markup import escape

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def complain(error: Exception) -> None:
    """Print `error` as one line on standard error."""
    err.print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True)
