"""Tables in Markdown, and blocks that are folded until a reader opens them."""

from collections.abc import Iterable, Iterator, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A Markdown table, line by line."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def folded(summary: str, body: str) -> str:
    """A block of Markdown under a line that opens it."""
    lines = (f"    {line}" if line else "" for line in body.splitlines())
    return f'??? folded "{summary}"\n\n' + "\n".join(lines)
