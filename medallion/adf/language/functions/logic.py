"""Comparisons: two numbers, or two texts by their code units; never a number with a text."""

from typing import Any

from medallion.adf.language.functions.registry import boolean, function, wrong_type
from medallion.adf.language.values import is_number, same, type_name, wide


@function("equals", 2, None)
def equals(first: Any, *others: Any) -> bool:
    """Whether all values have the same type and value; 1 equals 1.0, 'a' does not equal 'A'."""
    return all(same(first, other) for other in others)


@function("not", 1)
def negation(value: Any) -> bool:
    """The opposite of a Boolean."""
    return not boolean("not", 1, value)


def _order(name: str, left: Any, right: Any) -> int:
    if not (is_number(left) or isinstance(left, str)):
        raise wrong_type(name, 1, "Integer, Float or String", left)
    if is_number(left) != is_number(right) or not (is_number(right) or isinstance(right, str)):
        raise wrong_type(name, 2, type_name(left), right)
    if isinstance(left, str):
        left, right = wide(left), wide(right)
    return (left > right) - (left < right)


@function("greater", 2)
def greater(left: Any, right: Any) -> bool:
    """Whether the first is greater."""
    return _order("greater", left, right) > 0


@function("greaterOrEquals", 2)
def greater_or_equals(left: Any, right: Any) -> bool:
    """Whether the first is greater or equal."""
    return _order("greaterOrEquals", left, right) >= 0


@function("less", 2)
def less(left: Any, right: Any) -> bool:
    """Whether the first is less."""
    return _order("less", left, right) < 0


@function("lessOrEquals", 2)
def less_or_equals(left: Any, right: Any) -> bool:
    """Whether the first is less or equal."""
    return _order("lessOrEquals", left, right) <= 0
