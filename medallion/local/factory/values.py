"""JSON values as Data Factory's expression language names and prints them."""

import json
from typing import Any

INTEGER_MINIMUM = -(2**63)
INTEGER_MAXIMUM = 2**63 - 1


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


def to_json(value: Any) -> str:
    """Compact JSON: what `string()` gives for arrays and objects. A float keeps its `.0`."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def to_text(value: Any) -> str:
    """What a value becomes inside `concat()`, `string()` and `@{…}`: null is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (list, dict)):
        return to_json(value)
    return str(value)


def is_number(value: Any) -> bool:
    """Whether a value is an integer or a float; a Boolean is neither."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(left: Any, right: Any) -> bool:
    """Equality by value and type, where 1 equals 1.0 and true does not equal 1."""
    if is_number(left) and is_number(right):
        return bool(left == right)
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    return bool(left == right)
