"""What a statement can fail with."""


class SqlError(Exception):
    """A statement's failure, told in one sentence that the client shows; never a server's fault."""


def excerpt(sql: str, length: int = 160) -> str:
    """The beginning of a statement on one line, to name it."""
    line = " ".join(sql.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def unsupported(statement: str) -> SqlError:
    """The error for a statement that this warehouse cannot serve, naming it."""
    return SqlError(f"[UNSUPPORTED_FEATURE] The local warehouse cannot serve: {excerpt(statement)}")
