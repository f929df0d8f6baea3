"""Conversions between types, and base64, data-URI and percent encodings.

The `…ToBinary` functions give the language's binary object: a base64 content with its type.
"""

import base64 as codec
import binascii
import json
import re
from typing import Any
from urllib.parse import quote, unquote

from medallion.local.factory.errors import ExpressionError
from medallion.local.factory.functions.registry import function, text, wrong_type
from medallion.local.factory.values import INTEGER_MAXIMUM, INTEGER_MINIMUM, to_text

BINARY_TYPE = "application/octet-stream"


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
    """An integer, or the text of one; nothing is rounded."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+\s*", value):
        number = int(value)
        if INTEGER_MINIMUM <= number <= INTEGER_MAXIMUM:
            return number
    raise _refused("int", value, "an integer")


@function("float", 1)
def floating(value: Any) -> float:
    """A number, or the text of one, as a float."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and re.fullmatch(
        r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", value
    ):
        return float(value)
    raise _refused("float", value, "a float")


@function("bool", 1)
def boolean(value: Any) -> bool:
    """A number (zero is false), or the text `true` or `false`."""
    if isinstance(value, (bool, int, float)):
        return bool(value)
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise _refused("bool", value, "a Boolean")


@function("coalesce", 1, None)
def coalesce(*values: Any) -> Any:
    """The first value that is not null."""
    return next((value for value in values if value is not None), None)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


@function("json", 1)
def from_json(value: Any) -> Any:
    """The value of a JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_constant=_no_constant)
    except ValueError:
        raise _refused("json", value, "JSON") from None


def _decoded(name: str, value: str) -> bytes:
    try:
        return codec.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise _refused(name, value, "bytes, because it is not base64") from None


def _as_text(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _refused(name, "(binary)", "text, because it is not UTF-8") from None


def _binary(content: bytes, kind: str = BINARY_TYPE) -> dict[str, str]:
    return {"$content-type": kind, "$content": codec.b64encode(content).decode()}


def _content(name: str, value: Any) -> bytes:
    if isinstance(value, dict) and "$content" in value:
        return _decoded(name, value["$content"])
    if isinstance(value, str):
        return value.encode()
    raise wrong_type(name, 1, "String", value)


@function("binary", 1)
def binary(value: Any) -> dict[str, str]:
    """The bytes of a text."""
    return _binary(_content("binary", value))


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
    return _as_text(name, _decoded(name, text(name, 1, value)))


@function("decodeBase64", 1)
def decode_base64(value: Any) -> str:
    """The older name of `base64ToString`."""
    return base64_to_string(value)


@function("dataUri", 1)
def data_uri(value: Any) -> str:
    """The data URI of a text."""
    return "data:text/plain;charset=utf-8;base64," + base64(value)


def _uri_content(name: str, value: Any) -> tuple[bytes, str]:
    matched = re.fullmatch(r"data:([^,]*?)(;base64)?,(.*)", text(name, 1, value), re.DOTALL)
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
    return _as_text("dataUriToString", _uri_content("dataUriToString", value)[0])


@function("decodeDataUri", 1)
def decode_data_uri(value: Any) -> dict[str, str]:
    """The older name of `dataUriToBinary`."""
    return _binary(*_uri_content("decodeDataUri", value))


@function("uriComponent", 1)
def uri_component(value: Any) -> str:
    """The text with percent signs for what a URI cannot hold."""
    return quote(text("uriComponent", 1, value), safe="-_.~")


@function("encodeUriComponent", 1)
def encode_uri_component(value: Any) -> str:
    """The older name of `uriComponent`."""
    return uri_component(value)


@function("uriComponentToString", 1)
def uri_component_to_string(value: Any) -> str:
    """The text that a percent-encoded text stands for."""
    return unquote(text("uriComponentToString", 1, value))


@function("decodeUriComponent", 1)
def decode_uri_component(value: Any) -> str:
    """The older name of `uriComponentToString`."""
    return uri_component_to_string(value)


@function("uriComponentToBinary", 1)
def uri_component_to_binary(value: Any) -> dict[str, str]:
    """The bytes that a percent-encoded text stands for."""
    return _binary(uri_component_to_string(value).encode())
