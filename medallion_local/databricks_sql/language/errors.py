"""Errors of statements, as clients see them: `[CONDITION] A sentence. SQLSTATE: 22012`.

Source: https://docs.databricks.com/error-messages/index.html
"""

import re
from dataclasses import dataclass

from medallion import disk
from medallion_local.databricks_sql.language.conditions import INTERNAL, sqlstate

_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)?)\]\s*")
_STATE = re.compile(r"SQLSTATE: ?([0-9A-Z]{5})")

# Text that only a program understands: paths, structures and numbered columns.
_INTERNAL = re.compile(
    r"\w::\w|\w \{|\w\(\w+\(|#\d|0x[0-9a-f]{4}|\.rs:|Traceback|<class |Utf8|\b[iu](?:32|64)\b"
)
_PREFIX = re.compile(
    r"^(?:(?:[Ii]nvalid argument(?: error)?|Execution error|Error during planning|Compute error|"
    r"Internal error|Arrow error|External error|Cast error|Schema error|Parser error|"
    r"type_coercion|This feature is not implemented): )+"
)
# dbt begins each statement with a comment that would fill a message. The pattern needs re.DOTALL.
# Its possessive `*+` never tries another way, of which many blanks would have exponentially many.
LEADING_COMMENTS = r"(?:\s|/\*.*?\*/|--[^\n]*(?:\n|\Z))*+"
_COMMENTS = re.compile(rf"\A{LEADING_COMMENTS}", re.DOTALL)
# A write check that this warehouse adds to a query as `raise_error`.
_OWN = re.compile(r"^\[USER_RAISED_EXCEPTION\] (\[DELTA_.*?)(?:\s*SQLSTATE: P0001)?$", re.DOTALL)
_LIBRARIES = ("deltalake", "_internal", "duckdb", "_duckdb", "pyarrow")


class SqlError(Exception):
    """The failure of a statement: one sentence for the client. It is never an internal error."""


@dataclass(frozen=True)
class Reported:
    """An error as every client gets it: its text has the condition and the SQLSTATE."""

    message: str
    condition: str
    sqlstate: str


def _unwrapped(text: str) -> str:
    own = _OWN.match(text)
    return own[1] if own else text


def reported(error: BaseException) -> Reported:
    """The error for a client. An exception that is no `SqlError` shows nothing of the program."""
    if isinstance(error, SqlError):
        text = _unwrapped(str(error))
    elif lost := disk.sentence(error):
        text = f"[IO_ERROR] {lost}"
    elif type(error).__module__.partition(".")[0] in _LIBRARIES:
        text = f"[INTERNAL_ERROR] {type(error).__name__}: {plain(str(error))}"
    else:
        text = (
            f"[INTERNAL_ERROR] The warehouse failed with {type(error).__name__}: "
            "see the warehouse's log, and report it as a bug."
        )
    found = _CONDITION.match(text)
    if found is None:
        text, condition = f"[INTERNAL_ERROR] {text}", "INTERNAL_ERROR"
    else:
        condition = found[1]
    stated = _STATE.search(text)
    if stated is not None:
        return Reported(text, condition, stated[1])
    state = sqlstate(condition) if found is not None else INTERNAL
    return Reported(f"{text.rstrip()} SQLSTATE: {state}", condition, state)


def named(text: str) -> str | None:
    """The part of an engine's message from its condition to its SQLSTATE, on one line, or None.

    A position that follows is left out: it is one in the engine's text of the statement.
    """
    found = _CONDITION.search(text)
    if found is None:
        return None
    text = text[found.start() :]
    stated = _STATE.search(text)
    lines = text[: stated.end()] if stated is not None else text.partition("\n")[0]
    return " ".join(lines.split())


def plain(message: str) -> str:
    """A library's message if it reads as a sentence, or a sentence that says where it is."""
    line = _PREFIX.sub("", message.strip().partition("\n")[0])
    if len(line) > 300 or _INTERNAL.search(line):
        return "the statement cannot be planned or run; see the warehouse's log."
    return line if line.endswith((".", "!", "?")) else f"{line}."


def excerpt(sql: str, length: int = 160) -> str:
    """The beginning of a statement on one line, without its leading comments, for messages."""
    line = " ".join(_COMMENTS.sub("", sql).split())
    return line if len(line) <= length else line[: length - 1] + "…"


def unsupported(statement: str) -> SqlError:
    """The error for a statement that this warehouse does not support, which it names."""
    return SqlError(
        f"[UNSUPPORTED_FEATURE] The local warehouse does not support: {excerpt(statement)}"
    )
