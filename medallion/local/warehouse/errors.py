"""What a statement can fail with."""


class SqlError(Exception):
    """A statement's failure, told in one sentence that the client shows; never a server's fault."""


def unsupported(statement: str) -> SqlError:
    """The error for a statement that this warehouse cannot serve, naming it."""
    line = " ".join(statement.split())
    shown = line if len(line) <= 160 else line[:159] + "…"
    return SqlError(f"[UNSUPPORTED_FEATURE] The local warehouse cannot serve: {shown}")
