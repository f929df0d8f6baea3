"""Names of JSON values, models and fixes in the sentences of the checks."""

import re
from difflib import get_close_matches
from typing import Any


def is_expression(value: Any) -> bool:
    """Whether a JSON value is one of Data Factory's Expression objects."""
    return isinstance(value, dict) and str(value.get("type")).lower() == "expression"


def kind_of(value: Any) -> str:
    """A JSON value in few words; a text is not quoted, because it may be a secret."""
    match value:
        case dict():
            return "an Expression object" if is_expression(value) else "an object"
        case list():
            return "an array"
        case str():
            return "a text"
        case bool():
            return str(value).lower()
        case None:
            return "null"
    return f"the number {value}"


def meant(given: str, known: list[str]) -> str:
    """The fix of an unknown name: the most similar known one, or all if they are few."""
    by_case = {one.lower(): one for one in known}
    close = get_close_matches(given.lower(), by_case, n=1, cutoff=0.7)
    if close:
        return f"did you mean '{by_case[close[0]]}'"
    return f"write {either(sorted(known))}" if 0 < len(known) <= 12 else "correct or remove it"


def either(values: list[str]) -> str:
    """`a, b or c`."""
    return ", ".join(values[:-1]) + " or " + values[-1] if len(values) > 1 else values[0]


def a_model(name: str) -> str:
    """A model's name in plain words with its article: `a linked service`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def the_model(name: str) -> str:
    """A model's name in a sentence."""
    return name.removesuffix("TypeProperties")
