"""Conversions between types, and base64, data-URI and percent encodings.

The `…ToBinary` functions return the language's binary object: base64 content with its type.
"""

import base64 as codec
import binascii
import json
import math
import re
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.functions.markup import as_json
from medallion.adf.language.functions.registry import function, text, wrong_type
from medallion.adf.language.values import (
    INTEGER_MAXIMUM,
    INTEGER_MINIMUM,
    binary_content,
    is_number,
    to_text,
)

BINARY_TYPE = "application/octet-stream"

# The syntax of .NET's double.Parse in the invariant culture: '1,500.5' has a thousands separator.
FLOAT = re.compile(r"[+-]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def _refused(name: str, value: Any, target: str) -> ExpressionError:
    return ExpressionError(
        f"The template language function '{name}' was invoked with '{to_text(value)}', "
        f"which cannot be converted to {target}."
    )


@function("string", 1)
def string(value: Any) -> str:
    """The text of a value; arrays and objects become compact JSON."""
    return to_text(value)


@function("int", 1)
def integer(value: Any) -> int:
    """An integer, a Boolean as 1 or 0, or the text of an integer; there is no rounding."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+\s*", value):
        number = int(value)
        if INTEGER_MINIMUM <= number <= INTEGER_MAXIMUM:
            return number
    raise _refused("int", value, "an integer")


@function("float", 1)
def floating(value: Any) -> float:
    """A number, or the text of one, as a float."""
    if is_number(value):
        return float(value)
    if isinstance(value, str) and FLOAT.fullmatch(value.strip()):
        number = float(value.replace(",", ""))
        if math.isfinite(number):
            return number
    raise _refused("float", value, "a float")


@function("bool", 1)
def boolean(value: Any) -> bool:
    """A number (zero is false), or the text `true` or `false`."""
    if isinstance(value, (bool, int, float)):
        return bool(value)
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise _refused("bool", value, "a Boolean")


def _no_constant(name: str) -> Any:
    raise ValueError(name)


@function("json", 1)
def from_json(value: Any) -> Any:
    """The value of a JSON text, also inside a binary; an XML text's object; for null, `{}`."""
    if value is None:
        return {}
    content = binary_content(value)
    source = value if content is None else content.decode(errors="replace")
    if not isinstance(source, str):
        return source
    if source.lstrip().startswith("<"):
        return as_json(source)
    try:
        return json.loads(source, parse_constant=_no_constant)
    except ValueError:
        raise _refused("json", source, "JSON") from None


def _decoded(name: str, value: str) -> bytes:
    try:
        return codec.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise _refused(name, value, "bytes, because it is not base64") from None


def _as_text(content: bytes) -> str:
    """Decode UTF-8 as .NET does, with U+FFFD for invalid bytes."""
    return content.decode(errors="replace")


def _binary(content: bytes, kind: str = BINARY_TYPE) -> dict[str, str]:
    return {"$content-type": kind, "$content": codec.b64encode(content).decode()}


def _utf8(value: str) -> bytes:
    return value.encode(errors="replace")


def _content(name: str, value: Any) -> bytes:
    content = binary_content(value)
    return _utf8(text(name, 1, value)) if content is None else content


@function("binary", 1)
def binary(value: Any) -> dict[str, str]:
    """The bytes of a value's text."""
    if value is None:
        raise wrong_type("binary", 1, "String", value)
    content = binary_content(value)
    return _binary(_utf8(to_text(value)) if content is None else content)


@function("base64", 1)
def base64(value: Any) -> str:
    """The base64 text of a text's bytes."""
    return codec.b64encode(_content("base64", value)).decode()


@function("base64ToBinary", 1)
def base64_to_binary(value: Any) -> dict[str, str]:
    """The bytes of a base64 text."""
    return _binary(_decoded("base64ToBinary", text("base64ToBinary", 1, value)))


@function("base64ToString", 1)
def base64_to_string(value: Any) -> str:
    """The text that a base64 text encodes."""
    name = "base64ToString"
    return _as_text(_decoded(name, text(name, 1, value)))


@function("decodeBase64", 1)
def decode_base64(value: Any) -> str:
    """The older name of `base64ToString`."""
    return base64_to_string(value)


@function("dataUri", 1)
def data_uri(value: Any) -> str:
    """The data URI of a text, or of a binary with its own type."""
    kind = "text/plain;charset=utf-8"
    if binary_content(value) is not None:
        kind = value["$content-type"]
    return f"data:{kind};base64,{base64(value)}"


def _uri_content(name: str, value: Any) -> tuple[bytes, str]:
    """The bytes in a data URI and their media type."""
    pattern = re.compile(r"data:([^,]*?)(;base64)?,(.*)", re.DOTALL | re.IGNORECASE)
    matched = pattern.fullmatch(text(name, 1, value))
    if matched is None:
        raise _refused(name, value, "bytes, because it is not a data URI")
    kind, encoded, content = matched.groups()
    plain = _decoded(name, content) if encoded else unquote(content).encode()
    return plain, kind or "text/plain"


@function("dataUriToBinary", 1)
def data_uri_to_binary(value: Any) -> dict[str, str]:
    """The bytes in a data URI."""
    return _binary(*_uri_content("dataUriToBinary", value))


@function("dataUriToString", 1)
def data_uri_to_string(value: Any) -> str:
    """The text in a data URI."""
    return _as_text(_uri_content("dataUriToString", value)[0])


@function("decodeDataUri", 1)
def decode_data_uri(value: Any) -> Any:
    """The content of a data URI by its media type: a text, a JSON value, or a binary."""
    content, kind = _uri_content("decodeDataUri", value)
    media = kind.split(";")[0].strip().lower()
    if media.startswith("text/"):
        return _as_text(content)
    if media == "application/json":
        return from_json(_as_text(content))
    return _binary(content, kind)


@function("uriComponent", 1, None)
def uri_component(*values: Any) -> str:
    """The values' texts joined and percent-encoded for a URI."""
    return quote(_utf8("".join(map(to_text, values))), safe="-_.~")


@function("encodeUriComponent", 1, None)
def encode_uri_component(*values: Any) -> str:
    """The older name of `uriComponent`."""
    return uri_component(*values)


@function("uriComponentToString", 1)
def uri_component_to_string(value: Any) -> str:
    """Decode a percent-encoded text; a plus sign is a space."""
    return unquote_plus(text("uriComponentToString", 1, value))


@function("decodeUriComponent", 1)
def decode_uri_component(value: Any) -> str:
    """The older name of `uriComponentToString`."""
    return uri_component_to_string(value)


@function("uriComponentToBinary", 1)
def uri_component_to_binary(value: Any) -> dict[str, str]:
    """The bytes of a percent-encoded text."""
    return _binary(_utf8(uri_component_to_string(value)))
