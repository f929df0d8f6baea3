"""Arithmetic on 64-bit integers and floats; an integer result stays an integer."""

import math
import random
from collections.abc import Callable
from typing import Any

from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.functions.registry import function, integer, wrong_type
from medallion.adf.language.values import INTEGER_MAXIMUM, INTEGER_MINIMUM, is_number

LONGEST_RANGE = 100_000  # from the reference of Logic Apps, which shares the language


def _number(name: str, position: int, value: Any) -> int | float:
    if not is_number(value):
        raise wrong_type(name, position, "Integer or Float", value)
    return value


def _arithmetic(
    name: str, left: Any, right: Any, operate: Callable[[Any, Any], Any]
) -> int | float:
    try:
        result = operate(_number(name, 1, left), _number(name, 2, right))
    except OverflowError:
        result = math.inf
    if isinstance(result, int) and not INTEGER_MINIMUM <= result <= INTEGER_MAXIMUM:
        raise ExpressionError(f"The template function '{name}' overflows a 64-bit integer.")
    if not math.isfinite(result):
        raise ExpressionError(f"The template function '{name}' overflows a 64-bit float.")
    return result


@function("add", 2)
def add(left: Any, right: Any) -> int | float:
    """The sum."""
    return _arithmetic("add", left, right, lambda a, b: a + b)


@function("sub", 2)
def sub(left: Any, right: Any) -> int | float:
    """The difference."""
    return _arithmetic("sub", left, right, lambda a, b: a - b)


@function("mul", 2)
def mul(left: Any, right: Any) -> int | float:
    """The product."""
    return _arithmetic("mul", left, right, lambda a, b: a * b)


def _quotient(left: Any, right: Any) -> int | float:
    if right == 0:
        raise ExpressionError("The template function 'div' cannot divide by zero.")
    if isinstance(left, int) and isinstance(right, int):
        whole = abs(left) // abs(right)
        return whole if (left < 0) == (right < 0) else -whole
    return left / right


@function("div", 2)
def div(left: Any, right: Any) -> int | float:
    """The quotient; for integers rounded towards zero."""
    return _arithmetic("div", left, right, _quotient)


def _remainder(left: Any, right: Any) -> int | float:
    if right == 0:
        raise ExpressionError("The template function 'mod' cannot divide by zero.")
    if isinstance(left, int) and isinstance(right, int):
        return left - right * int(_quotient(left, right))
    return math.fmod(left, right)


@function("mod", 2)
def mod(left: Any, right: Any) -> int | float:
    """The remainder, with the sign of the first."""
    return _arithmetic("mod", left, right, _remainder)


def _extreme(name: str, values: tuple[Any, ...], choose: Callable[..., Any]) -> int | float:
    whole = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
    if not whole:
        raise ExpressionError(f"The template function '{name}' got an empty array.")
    return choose(_number(name, p, v) for p, v in enumerate(whole, 1))


@function("min", 1, None)
def minimum(*values: Any) -> int | float:
    """The minimum of numbers, or of an array."""
    return _extreme("min", values, min)


@function("max", 1, None)
def maximum(*values: Any) -> int | float:
    """The maximum of numbers, or of an array."""
    return _extreme("max", values, max)


@function("rand", 2)
def rand(low: Any, high: Any) -> int:
    """A random integer from `low` up to, but not including, `high`; `low` if both are equal."""
    if integer("rand", 1, low) > integer("rand", 2, high):
        raise ExpressionError(
            "The template function 'rand' needs a first parameter that is not above the second."
        )
    return random.randrange(low, max(high, low + 1))


@function("range", 2)
def sequence(start: Any, count: Any) -> list[int]:
    """An array of `count` integers from `start` on."""
    first, number = integer("range", 1, start), integer("range", 2, count)
    if not 0 <= number <= LONGEST_RANGE:
        raise ExpressionError(
            f"The template function 'range' needs a count from 0 to {LONGEST_RANGE}, not {number}."
        )
    return list(range(first, first + number))
