"""Texts in a template: distinguishes ARM expressions from literal texts.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions
"""

from typing import Any


def call(function: str, argument: str) -> str:
    """The expression that calls a function with one text."""
    return f"[{function}({quoted(argument)})]"


def quoted(text: str) -> str:
    """A text inside an expression."""
    return "'" + text.replace("'", "''") + "'"


def unescaped(value: Any) -> Any:
    """A copy with every escaped text unescaped, as a parameter file needs it."""
    if isinstance(value, dict):
        return {key: unescaped(one) for key, one in value.items()}
    if isinstance(value, list):
        return [unescaped(one) for one in value]
    return value[1:] if isinstance(value, str) and value.startswith("[[") else value


def escaped(value: Any) -> Any:
    """A copy in which no text is read as an expression.

    ARM reads a text as an expression when it begins with `[` and ends with `]`, as a table's name
    in T-SQL does. Any other text is literal and must not be escaped.
    """
    if isinstance(value, dict):
        return {key: escaped(one) for key, one in value.items()}
    if isinstance(value, list):
        return [escaped(one) for one in value]
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        return "[" + value
    return value
