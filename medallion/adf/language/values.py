"""JSON values: their names, texts and comparison in Data Factory's expression language."""

import base64
import binascii
import json
import re
from typing import Any

INTEGER_MINIMUM = -(2**63)
INTEGER_MAXIMUM = 2**63 - 1

# The characters that Newtonsoft.Json escapes in addition to every JSON writer's.
ESCAPED = re.compile("[\x85\u2028\u2029\ud800-\udfff]")


def type_name(value: Any) -> str:
    """The name of a value's type in Data Factory's error messages."""
    if value is None:
        return "Null"
    for kind, name in (
        (bool, "Boolean"),
        (int, "Integer"),
        (float, "Float"),
        (str, "String"),
        (list, "Array"),
        (dict, "Object"),
    ):
        if isinstance(value, kind):
            return name
    return type(value).__name__


def float_text(value: float) -> str:
    """A float as .NET prints it: the shortest digits that read back, as `1E+15` or `1E-05` if long.

    Source: https://learn.microsoft.com/dotnet/standard/base-types/standard-numeric-format-strings
    """
    sign, digits, exponent = _decimal(value)
    if exponent >= 15 or exponent < -4:
        mantissa = digits[0] + ("." + digits[1:] if digits[1:] else "")
        return f"{sign}{mantissa}E{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole, fraction = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
    return f"{sign}{whole}{'.' + fraction if fraction else ''}"


def _decimal(value: float) -> tuple[str, str, int]:
    """A float's sign, its shortest digits, and the exponent of the first digit."""
    mantissa, _, exponent = f"{value!r}".partition("e")
    sign, mantissa = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    if not digits:
        return sign, "0", 0
    return sign, digits.rstrip("0"), int(exponent or 0) + len(whole) - 1 - leading


def to_json(value: Any) -> str:
    """Compact JSON, as `string()` returns for arrays and objects. A float keeps its `.0`."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{to_json(k)}:{to_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(to_json, value)) + "]"
    if isinstance(value, float):
        printed = float_text(value)
        return printed if re.search(r"[.E]", printed) else printed + ".0"
    printed = json.dumps(value, ensure_ascii=False)
    return ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", printed)


def binary_content(value: Any) -> bytes | None:
    """The bytes of the language's binary object `{"$content-type": …, "$content": base64}`."""
    if not isinstance(value, dict) or value.keys() != {"$content-type", "$content"}:
        return None
    try:
        return base64.b64decode(str(value["$content"]), validate=True)
    except (binascii.Error, ValueError):
        return None


def to_text(value: Any) -> str:
    """A value's text in `concat()`, `string()` and `@{…}`: null is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, (list, dict)):
        content = binary_content(value)
        return to_json(value) if content is None else content.decode(errors="replace")
    return str(value)


def is_number(value: Any) -> bool:
    """Whether a value is an integer or a float; a Boolean is neither."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(left: Any, right: Any) -> bool:
    """Equality by value and type, where 1 equals 1.0 and true does not equal 1."""
    if is_number(left) and is_number(right):
        return bool(left == right)
    return _alike(left, right, same)


def identical(left: Any, right: Any) -> bool:
    """Equality by value and type, where 1 does not equal 1.0, nor 0.0 -0.0."""
    if isinstance(left, float) and isinstance(right, float):
        return repr(left) == repr(right)
    return _alike(left, right, identical)


def _alike(left: Any, right: Any, compare: Any) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(compare, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(compare(left[k], right[k]) for k in left)
    return bool(left == right)


def wide(text: str) -> str:
    """The text with each UTF-16 code unit as one character, which .NET counts and slices."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    units = memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H")
    return "".join(map(chr, units))


def narrow(text: str) -> str:
    """The inverse of `wide`: pairs of surrogates become characters again."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
