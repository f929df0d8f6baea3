"""Errors of statements."""


class SqlError(Exception):
    """The failure of a statement: one sentence for the client. It is never an internal error."""


def excerpt(sql: str, length: int = 160) -> str:
    """The beginning of a statement on one line, for messages."""
    line = " ".join(sql.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def unsupported(statement: str) -> SqlError:
    """The error for a statement that this warehouse does not support, which it names."""
    return SqlError(
        f"[UNSUPPORTED_FEATURE] The local warehouse does not support: {excerpt(statement)}"
    )
