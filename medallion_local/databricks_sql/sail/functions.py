"""Functions of our own for what Sail computes in another way than Spark.

They are Arrow functions that Sail calls in this process: a batch in, a batch out. A function is
registered in a session when a statement first needs it.
"""

import math
import re
import threading
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from medallion_local.databricks_sql.sail.json_text import at_path, read_json
from medallion_local.databricks_sql.sail.texts import double_text, json_of, text_of

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

Work = Callable[..., pa.Array]
LARGEST_BATCH = 2**28  # bytes that a call of a function may make; Sail needs nine times as much
_PREFIX = "medallion_"
_DIGITS = Context(prec=120)
_needed: dict[str, tuple[Work, str]] = {}
_guard = threading.Lock()


def called(
    name: str, *arguments: exp.Expression, kind: str = "", work: Work | None = None
) -> exp.Expression:
    """A call of the function; `kind` and `work` are given for one that has several types."""
    if work is None:
        work, kind = _FUNCTIONS[name]
    full = _PREFIX + re.sub(r"\W+", "_", f"{name}_{kind}" if kind.startswith("decimal") else name)
    with _guard:
        _needed.setdefault(full, (work, kind))
    return exp.Anonymous(this=full, expressions=list(arguments))


def is_called(node: exp.Expression) -> bool:
    """Whether one of our functions is called in the tree."""
    return any(call.name.startswith(_PREFIX) for call in node.find_all(exp.Anonymous))


def register(session: "SparkSession", known: set[str]) -> None:
    """Register the functions that were needed so far and that the session does not know."""
    if len(known) == len(_needed):
        return
    from pyspark.sql.functions import arrow_udf

    with _guard:
        for name, (work, kind) in _needed.items():
            if name not in known:
                session.udf.register(name, arrow_udf(_typed(work), kind))
                known.add(name)


def _typed(work: Work) -> Work:
    """`work` without annotations: pyspark then takes it as a function of arrays."""

    def one(*arrays: pa.Array) -> pa.Array:
        return work(*arrays)

    return one


def _each(work: Callable, result: pa.DataType) -> Work:
    """A function of values as a function of arrays; NULL if an argument is NULL."""

    def of_arrays(*arrays: pa.Array) -> pa.Array:
        columns = [array.to_pylist() for array in arrays]
        return pa.array(
            [
                None if any(value is None for value in row) else work(*row)
                for row in zip(*columns, strict=True)
            ],
            result,
        )

    return of_arrays


def _text(values: pa.Array) -> pa.Array:
    if pa.types.is_string(values.type) or pa.types.is_integer(values.type):
        return values.cast(pa.string())
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), pa.string())
    show = text_of(values.type)
    return pa.array([None if v is None else show(v) for v in values.to_pylist()], pa.string())


def _json(values: pa.Array) -> pa.Array:
    show = json_of(values.type)
    return pa.array([None if v is None else show(v) for v in values.to_pylist()], pa.string())


def _whole(values: pa.Array) -> pa.Array:
    """Decimals without their fractions, as BIGINT."""

    def cut(value: Decimal) -> int:
        whole = int(value)
        if not -(2**63) <= whole < 2**63:
            raise ValueError(
                f'[CAST_OVERFLOW] The value {value} of the type "DECIMAL" cannot be cast to '
                '"BIGINT" due to an overflow. Use `try_cast` to tolerate overflow and return NULL '
                "instead."
            )
        return whole

    return _each(cut, pa.int64())(values)


def decimal_of(precision: int, scale: int, tolerant: bool) -> Work:
    """DOUBLE, FLOAT or STRING to a decimal, by the digits of its text."""
    unit = Decimal(1).scaleb(-scale)

    def convert(value: object, single: bool) -> Decimal | None:
        text = value.strip() if isinstance(value, str) else double_text(value, single)  # type: ignore[arg-type]
        try:
            number = Decimal(text)
        except ArithmeticError:
            number = Decimal("NaN")
        if not number.is_finite():
            if tolerant:
                return None
            raise ValueError(
                f"[CAST_INVALID_INPUT] The value '{value}' cannot be cast to "
                f'"DECIMAL({precision},{scale})" because it is malformed. Correct the value, or '
                "use `try_cast` to tolerate malformed input and return NULL instead."
            )
        return _fitting(number.quantize(unit, ROUND_HALF_UP, _DIGITS), precision, scale, tolerant)

    def work(values: pa.Array) -> pa.Array:
        single = pa.types.is_float32(values.type)
        kind = pa.decimal128(precision, scale)
        rows = [None if v is None else convert(v, single) for v in values.to_pylist()]
        return pa.array(rows, kind)

    return work


def _fitting(number: Decimal, precision: int, scale: int, tolerant: bool = False) -> Decimal | None:
    if number.copy_abs() < Decimal(10) ** (precision - scale):
        return number
    if tolerant:
        return None
    raise ValueError(
        f"[NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION] {number:f} cannot be represented as "
        f"Decimal({precision}, {scale})."
    )


def decimal_arithmetic(operator: type[exp.Expression], precision: int, scale: int) -> Work:
    """`+`, `-`, `*`, `/` or `%` of decimals, rounded half up to the result's scale."""
    unit = Decimal(1).scaleb(-scale)

    def compute(one: Decimal, other: Decimal) -> Decimal | None:
        if operator in (exp.Div, exp.Mod) and not other:
            name = ("DIVIDE", "Division") if operator is exp.Div else ("REMAINDER", "Remainder")
            raise ValueError(f"[{name[0]}_BY_ZERO] {name[1]} by zero.")
        value = _OPERATORS[operator](one, other)
        return _fitting(value.quantize(unit, ROUND_HALF_UP, _DIGITS), precision, scale)

    return _each(compute, pa.decimal128(precision, scale))


def checked_decimal(precision: int, scale: int) -> Work:
    """A decimal that fails where it has too many digits."""
    return _each(lambda value: _fitting(value, precision, scale), pa.decimal128(precision, scale))


_OPERATORS: dict[type[exp.Expression], Callable[[Decimal, Decimal], Decimal]] = {
    exp.Add: _DIGITS.add,
    exp.Sub: _DIGITS.subtract,
    exp.Mul: _DIGITS.multiply,
    exp.Div: _DIGITS.divide,
    exp.Mod: _DIGITS.remainder,
}


def rounded_decimal(precision: int, scale: int) -> Work:
    """A decimal rounded half to even, for `bround`."""

    def work(values: pa.Array, digits: pa.Array) -> pa.Array:
        def one(value: Decimal, places: int) -> Decimal:
            return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, _DIGITS).quantize(
                Decimal(1).scaleb(-scale), ROUND_DOWN, _DIGITS
            )

        return _each(one, pa.decimal128(precision, scale))(values, digits)

    return work


def _rounded(rounding: str) -> Callable[[float, int], float]:
    def one(value: float, places: int) -> float:
        if not math.isfinite(value):
            return value
        unit = Decimal(1).scaleb(-places)
        return float(Decimal(repr(value)).quantize(unit, rounding, _DIGITS))

    return one


def _rint(values: pa.Array) -> pa.Array:
    return pc.round(values.cast(pa.float64()), round_mode="half_to_even")


def _initcap(text: str) -> str:
    """Only a blank begins a new word."""
    return " ".join(word[:1].upper() + word[1:].lower() for word in text.split(" "))


def _conv(text: str, one: int, other: int) -> str | None:
    """A number in base `one` in base `other`, by 64-bit numbers without a sign."""
    text = text.strip()
    if not (2 <= one <= 36 and 2 <= abs(other) <= 36) or not text:
        return None
    negative = text.startswith("-")
    value = 0
    for character in text[negative:].lower():
        digit = int(character, 36) if character.isascii() and character.isalnum() else 36
        if digit >= one:
            break
        value = value * one + digit
    if value >= 2**64:
        raise ValueError("[ARITHMETIC_OVERFLOW] Overflow in function conv().")
    if negative:
        value = (-value) % 2**64
    sign = ""
    if other < 0:
        value = value - 2**64 if value >= 2**63 else value
        sign, value = ("-", -value) if value < 0 else ("", value)
    digits = ""
    while value:
        value, rest = divmod(value, abs(other))
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rest] + digits
    return sign + (digits or "0")


def _boolean(text: str) -> bool | None:
    word = text.strip().lower()
    if word in ("t", "true", "y", "yes", "1"):
        return True
    return False if word in ("f", "false", "n", "no", "0") else None


def _strict_boolean(text: str) -> bool:
    found = _boolean(text)
    if found is None:
        raise ValueError(
            f"[CAST_INVALID_INPUT] The value '{text}' of the type \"STRING\" cannot be cast to "
            '"BOOLEAN" because it is malformed. Correct the value, or use `try_cast` to tolerate '
            "malformed input and return NULL instead."
        )
    return found


def _outside(index: int, count: int) -> str:
    raise ValueError(
        f"[INVALID_ARRAY_INDEX] The index {index} is out of bounds. The array has {count} elements."
    )


def _get_json(text: str, path: str) -> str | None:
    found, value = read_json(text)
    return at_path(value, path) if found else None


def widths(format_: str) -> int:
    """At most how many characters the widths and precisions of a format of printf add."""
    return sum(int(digits) for digits in _NUMBERS.findall(format_))


def _bounded(counts: pa.Array, values: pa.Array) -> pa.Array:
    """True; raises if that many copies of the values have more bytes than memory is for them."""
    if pa.types.is_string(values.type) or pa.types.is_binary(values.type):
        sizes = pc.binary_length(values).cast(pa.float64())
    else:
        mean = values.nbytes / max(1, len(values))
        sizes = pa.array([max(mean, 8.0)] * len(values), pa.float64())
    total = pc.sum(pc.multiply(pc.max_element_wise(counts.cast(pa.float64()), 0.0), sizes))
    if (total.as_py() or 0) > LARGEST_BATCH:
        raise ValueError(
            "[UNSUPPORTED_FEATURE] The embedded engine does not support results of more than "
            f"{LARGEST_BATCH // 2**20} MiB in {len(counts)} rows; `medallion up --engine spark` "
            "supports them."
        )
    return pa.array([True] * len(counts))


_NUMBERS = re.compile(r"\d+")
_STRING = pa.string()
_FUNCTIONS: dict[str, tuple[Work, str]] = {
    "text": (_text, "string"),
    "json": (_json, "string"),
    "whole": (_whole, "bigint"),
    "rint": (_rint, "double"),
    "round": (_each(_rounded(ROUND_HALF_UP), pa.float64()), "double"),
    "bround": (_each(_rounded(ROUND_HALF_EVEN), pa.float64()), "double"),
    "initcap": (_each(_initcap, _STRING), "string"),
    "outside": (_each(_outside, _STRING), "string"),
    "conv": (_each(_conv, _STRING), "string"),
    "boolean": (_each(_strict_boolean, pa.bool_()), "boolean"),
    "try_boolean": (_each(_boolean, pa.bool_()), "boolean"),
    "get_json_object": (_each(_get_json, _STRING), "string"),
    "widths": (_each(widths, pa.float64()), "double"),
    "bounded": (_bounded, "boolean"),
    "characters": (_each(list, pa.list_(_STRING)), "array<string>"),
}
