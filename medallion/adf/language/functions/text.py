"""String functions on UTF-16 code units: searches ignore case, replacements do not.

Case and white space follow .NET's invariant culture.
"""

import uuid
from collections.abc import Callable
from typing import Any

from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.functions.registry import function, integer, text
from medallion.adf.language.values import narrow, to_text, wide

# Source: https://learn.microsoft.com/dotnet/api/system.char.iswhitespace
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def _recased(value: str, change: Callable[[str], str]) -> str:
    """Change each character separately, unless it would become several: ß stays ß."""
    if value.isascii():
        return change(value)
    return "".join(new if len(new := change(old)) == 1 else old for old in value)


def _folded(name: str, value: Any, part: Any) -> tuple[str, str]:
    """Two texts, folded for a case-insensitive search."""
    whole, wanted = wide(text(name, 1, value)), wide(text(name, 2, part))
    return _recased(whole, str.upper), _recased(wanted, str.upper)


@function("concat", 1, None)
def concat(*parts: Any) -> str:
    """Join the texts of the values; null is the empty text."""
    return "".join(map(to_text, parts))


@function("startsWith", 2)
def starts_with(value: Any, prefix: Any) -> bool:
    """Whether a text begins with another, ignoring case."""
    whole, wanted = _folded("startsWith", value, prefix)
    return whole.startswith(wanted)


@function("endsWith", 2)
def ends_with(value: Any, suffix: Any) -> bool:
    """Whether a text ends with another, ignoring case."""
    whole, wanted = _folded("endsWith", value, suffix)
    return whole.endswith(wanted)


@function("indexOf", 2)
def index_of(value: Any, part: Any) -> int:
    """The position of the first occurrence, ignoring case; -1 without one."""
    whole, wanted = _folded("indexOf", value, part)
    return whole.find(wanted)


@function("lastIndexOf", 2)
def last_index_of(value: Any, part: Any) -> int:
    """The position of the last occurrence, ignoring case; -1 without one."""
    whole, wanted = _folded("lastIndexOf", value, part)
    return whole.rfind(wanted)


@function("replace", 3)
def replace(value: Any, old: Any, new: Any) -> str:
    """Replace every occurrence of a text, case-sensitive."""
    if not text("replace", 2, old):
        raise ExpressionError("The template function 'replace' cannot replace the empty text.")
    return text("replace", 1, value).replace(old, text("replace", 3, new))


@function("split", 2)
def split(value: Any, delimiter: Any) -> list[str]:
    """The parts between delimiters, including empty ones; an empty delimiter splits nothing."""
    if not text("split", 2, delimiter):
        return [text("split", 1, value)]
    return text("split", 1, value).split(delimiter)


@function("substring", 2, 3)
def substring(value: Any, start: Any, length: Any = None) -> str:
    """A part of a text by its start and length; the start must lie inside it."""
    whole = wide(text("substring", 1, value))
    begin = integer("substring", 2, start)
    size = len(whole) - begin if length is None else integer("substring", 3, length)
    if not (0 <= begin < len(whole)) or size < 0 or begin + size > len(whole):
        raise ExpressionError(
            f"The template function 'substring' got start {begin} and length {size} "
            f"for a text of {len(whole)} characters; they must lie inside it."
        )
    return narrow(whole[begin : begin + size])


@function("toLower", 1)
def to_lower(value: Any) -> str:
    """The text in lower case."""
    return _recased(text("toLower", 1, value), str.lower)


@function("toUpper", 1)
def to_upper(value: Any) -> str:
    """The text in upper case."""
    return _recased(text("toUpper", 1, value), str.upper)


@function("trim", 1)
def trim(value: Any) -> str:
    """The text without leading and trailing white space."""
    return text("trim", 1, value).strip(WHITE_SPACE)


@function("guid", 0, 1)
def guid(form: Any = "D") -> str:
    """A new random identifier in one of .NET's forms N, D, B, P or X."""
    value = uuid.uuid4()
    forms = {
        "N": value.hex,
        "D": str(value),
        "B": f"{{{value}}}",
        "P": f"({value})",
        "X": _in_parts(value),
    }
    try:
        return forms[text("guid", 1, form).upper()]
    except KeyError:
        raise ExpressionError(
            f"The template function 'guid' does not support the format '{form}'."
        ) from None


def _in_parts(value: uuid.UUID) -> str:
    first = f"0x{value.time_low:08x},0x{value.time_mid:04x},0x{value.time_hi_version:04x}"
    last = ",".join(f"0x{byte:02x}" for byte in value.bytes[8:])
    return f"{{{first},{{{last}}}}}"
