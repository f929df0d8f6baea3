"""Errors with SQL Server's numbers, errors for unsupported T-SQL, and translated DuckDB errors."""

import re

from sqlglot import exp
from sqlglot.errors import SqlglotError

from medallion.errors import MedallionError
from medallion_local.tsql.dialect import Plain

DATE_TEXT = "Msg 241: Conversion failed when converting date and/or time from character string."
DIVIDE = "Msg 8134: Divide by zero error encountered."
_ENGINE = {
    "INT8": "tinyint",
    "UINT8": "tinyint",
    "INT16": "smallint",
    "INT32": "int",
    "INT64": "bigint",
    "INT128": "numeric",
}


def brief(tree: exp.Expression) -> str:
    """A short text of a statement or construct."""
    try:
        text = tree.sql(dialect=Plain)
    except (SqlglotError, ValueError):
        text = tree.key
    text = " ".join(text.split())
    return text[:77] + "…" if len(text) > 78 else text


def unsupported(what: str) -> MedallionError:
    """The error for an unsupported construct, which it names."""
    return MedallionError(f"{what} is not supported by the emulator's T-SQL")


def overflow(kind: str, source: str = "expression") -> str:
    """SQL Server's message 8115."""
    return f"Msg 8115: Arithmetic overflow error converting {source} to data type {kind}."


def translated(message: str) -> str | None:
    """SQL Server's text for an error that DuckDB raises while it computes; None for others."""
    if found := re.search(r"Overflow in (?:\w+ ?)+ of (\w+)", message):
        return overflow(_ENGINE.get(found[1], "numeric"))
    if "Overflow in division" in message or "Overflow on abs" in message:
        return overflow("int")
    if "Overflow in negation" in message or "Overflow in HUGEINT" in message:
        return overflow("numeric")
    if found := re.search(r"out of range for the destination type (\w+)", message):
        return overflow(_ENGINE.get(found[1], "numeric"))
    if found := re.search(r"Failed to cast decimal value .* to type (\w+)", message):
        return overflow(_ENGINE.get(found[1], "numeric"))
    lost = r"(Could not cast|Casting) value .* to (type )?DECIMAL|convert string .* to DECIMAL"
    if re.search(lost, message):
        return overflow("numeric", "numeric")
    if "More than one row returned by a subquery" in message:
        return "Msg 512: Subquery returned more than 1 value."
    if "Out of buffer" in message or "sum is out of range" in message.lower():
        return overflow("numeric")
    return None
