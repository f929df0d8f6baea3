"""String functions: searches ignore case, replacements and `contains` do not."""

import uuid
from typing import Any

from medallion.local.factory.errors import ExpressionError
from medallion.local.factory.functions.registry import function, integer, text
from medallion.local.factory.values import to_text


@function("concat", 1, None)
def concat(*parts: Any) -> str:
    """Join the texts of the values; null is the empty text."""
    return "".join(map(to_text, parts))


@function("startsWith", 2)
def starts_with(value: Any, prefix: Any) -> bool:
    """Whether a text begins with another, ignoring case."""
    return text("startsWith", 1, value).lower().startswith(text("startsWith", 2, prefix).lower())


@function("endsWith", 2)
def ends_with(value: Any, suffix: Any) -> bool:
    """Whether a text ends with another, ignoring case."""
    return text("endsWith", 1, value).lower().endswith(text("endsWith", 2, suffix).lower())


@function("indexOf", 2)
def index_of(value: Any, part: Any) -> int:
    """Where a part first stands, ignoring case; -1 if nowhere."""
    return text("indexOf", 1, value).lower().find(text("indexOf", 2, part).lower())


@function("lastIndexOf", 2)
def last_index_of(value: Any, part: Any) -> int:
    """Where a part last stands, ignoring case; -1 if nowhere."""
    return text("lastIndexOf", 1, value).lower().rfind(text("lastIndexOf", 2, part).lower())


@function("replace", 3)
def replace(value: Any, old: Any, new: Any) -> str:
    """Replace every occurrence of a text, minding case."""
    if not text("replace", 2, old):
        raise ExpressionError("The template function 'replace' cannot replace the empty text.")
    return text("replace", 1, value).replace(old, text("replace", 3, new))


@function("split", 2)
def split(value: Any, delimiter: Any) -> list[str]:
    """The parts of a text between delimiters, empty ones too."""
    if not text("split", 2, delimiter):
        return [text("split", 1, value)]
    return text("split", 1, value).split(delimiter)


@function("substring", 2, 3)
def substring(value: Any, start: Any, length: Any = None) -> str:
    """A part of a text by its start and length, which must lie inside it."""
    whole = text("substring", 1, value)
    begin = integer("substring", 2, start)
    size = len(whole) - begin if length is None else integer("substring", 3, length)
    if not (0 <= begin < len(whole)) or size < 0 or begin + size > len(whole):
        raise ExpressionError(
            f"The template function 'substring' was given start {begin} and length {size} "
            f"for a text of {len(whole)} characters; they must lie inside it."
        )
    return whole[begin : begin + size]


@function("toLower", 1)
def to_lower(value: Any) -> str:
    """The text in lower case."""
    return text("toLower", 1, value).lower()


@function("toUpper", 1)
def to_upper(value: Any) -> str:
    """The text in upper case."""
    return text("toUpper", 1, value).upper()


@function("trim", 1)
def trim(value: Any) -> str:
    """The text without white space around it."""
    return text("trim", 1, value).strip()


@function("guid", 0, 1)
def guid(form: Any = "D") -> str:
    """A new random identifier in one of .NET's forms N, D, B or P."""
    value = uuid.uuid4()
    forms = {"N": value.hex, "D": str(value), "B": f"{{{value}}}", "P": f"({value})"}
    try:
        return forms[text("guid", 1, form).upper()]
    except KeyError:
        raise ExpressionError(f"The template function 'guid' knows no format '{form}'.") from None
