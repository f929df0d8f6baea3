"""The texts and the JSON that Spark writes for values.

Source: https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html#cast and
https://docs.databricks.com/sql/language-manual/functions/to_json.html
"""

import base64
import datetime
import json
from collections.abc import Callable, Iterable
from decimal import Decimal

import numpy as np
import pyarrow as pa

Shown = Callable[[object], str]
_PLAIN = (1e-3, 1e7)  # numbers between these have no exponent, as in Java


def double_text(value: float, single: bool = False) -> str:
    """A DOUBLE, or a FLOAT, as Java prints it: `1.0E10`, `0.001`, `NaN`."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if single:
        shown = np.format_float_scientific(np.float32(value), unique=True, trim="-")
    else:
        shown = f"{Decimal(repr(value)):e}"
    mantissa, _, exponent = shown.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    if value == 0:
        return f"{sign}0.0"
    fraction, power = fraction.rstrip("0"), int(exponent or 0)
    if not _PLAIN[0] <= abs(value) < _PLAIN[1]:
        return f"{sign}{whole}.{fraction or '0'}E{power}"
    digits = whole + fraction
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    digits = digits.ljust(power + 2, "0")
    return f"{sign}{digits[: power + 1]}.{digits[power + 1 :]}"


def timestamp_text(value: datetime.datetime) -> str:
    """`2020-01-01 00:00:00.1`: a fraction without zeros at its end."""
    text = f"{value.year:04}-{value:%m-%d %H:%M:%S}"
    return f"{text}.{value.microsecond:06}".rstrip("0") if value.microsecond else text


def text_of(kind: pa.DataType) -> Shown:
    """The function that gives the text of a value of this type, as CAST does."""
    if pa.types.is_floating(kind):
        single = pa.types.is_float32(kind)
        return lambda value: double_text(value, single)  # type: ignore[arg-type]
    if pa.types.is_boolean(kind):
        return lambda value: "true" if value else "false"
    if pa.types.is_decimal(kind):
        return lambda value: f"{value:f}"
    if pa.types.is_timestamp(kind):
        return timestamp_text  # type: ignore[return-value]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or kind == pa.binary_view():
        return lambda value: value.decode("utf-8", "replace")  # type: ignore[attr-defined]
    if pa.types.is_map(kind):
        key, item = text_of(kind.key_type), text_of(kind.item_type)
        return lambda pairs: _joined(
            (f"{key(k)} -> {'null' if v is None else item(v)}" for k, v in pairs),  # type: ignore[attr-defined]
            "{}",
        )
    if pa.types.is_struct(kind):
        shown = [(field.name, text_of(field.type)) for field in kind]
        return lambda row: _joined(
            ("null" if row[name] is None else show(row[name]) for name, show in shown),  # type: ignore[index]
            "{}",
        )
    if pa.types.is_nested(kind):
        one = text_of(kind.value_type)
        return lambda values: _joined(("null" if v is None else one(v) for v in values), "[]")  # type: ignore[attr-defined]
    return str


def _joined(parts: Iterable[str], brackets: str) -> str:
    return f"{brackets[0]}{', '.join(parts)}{brackets[1]}"


def quoted_json(text: str) -> str:
    """A JSON string as Jackson writes it."""
    return json.dumps(text, ensure_ascii=False)


def json_of(kind: pa.DataType) -> Shown:
    """The function that gives the JSON of a value of this type. A struct omits its NULLs."""
    if pa.types.is_floating(kind):
        show = text_of(kind)
        return lambda value: show(value) if np.isfinite(value) else f'"{show(value)}"'  # type: ignore[call-overload]
    if pa.types.is_boolean(kind) or pa.types.is_decimal(kind) or pa.types.is_integer(kind):
        return text_of(kind)
    if pa.types.is_timestamp(kind):
        zone = "Z" if kind.tz else ""
        return lambda value: (
            f'"{value.year:04}-{value:%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}{zone}"'  # type: ignore[attr-defined]
        )
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or kind == pa.binary_view():
        return lambda value: f'"{base64.b64encode(value).decode()}"'  # type: ignore[arg-type]
    if pa.types.is_map(kind):
        key, item = text_of(kind.key_type), json_of(kind.item_type)
        return lambda pairs: (
            "{"
            + ",".join(
                f"{quoted_json(key(k))}:{'null' if v is None else item(v)}"
                for k, v in pairs  # type: ignore[attr-defined]
            )
            + "}"
        )
    if pa.types.is_struct(kind):
        shown = [(field.name, quoted_json(field.name), json_of(field.type)) for field in kind]
        return lambda row: (
            "{"
            + ",".join(
                f"{name}:{show(row[key])}"  # type: ignore[index]
                for key, name, show in shown
                if row[key] is not None  # type: ignore[index]
            )
            + "}"
        )
    if pa.types.is_nested(kind):
        one = json_of(kind.value_type)
        return lambda values: (
            "[" + ",".join("null" if v is None else one(v) for v in values) + "]"  # type: ignore[attr-defined]
        )
    return lambda value: quoted_json(str(value))
