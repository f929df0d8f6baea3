"""Checks that a literal fits the declared type of a parameter, a variable or a global parameter.

Studio sometimes writes numbers and truth values as texts, and an object or an array as JSON text;
the service accepts those. A parameter of type string accepts an object or an array and holds its
JSON text; a variable does not.
"""

import re
from collections.abc import Iterator
from typing import Any

from medallion.adf.check.resources import Resource
from medallion.adf.check.texts import looks_evaluated
from medallion.fault import Fault, step

NUMBER = re.compile(r"\s*[+-]?\d+(\.\d+)?([eE][+-]?\d+)?\s*")


def misfit(wanted: Any, value: Any, parameter: bool = True) -> str:
    """Describe a literal that does not fit the type; an empty text when it fits.

    The type of an Expression object is known only at run time.
    """
    if value is None or (isinstance(value, dict) and str(value.get("type")) == "Expression"):
        return ""
    text = isinstance(value, str)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    fits = {
        "string": text or (parameter and isinstance(value, (dict, list))),
        "securestring": text or isinstance(value, dict),
        "int": number or (text and (not value or NUMBER.fullmatch(value))),
        "integer": number or (text and (not value or NUMBER.fullmatch(value))),
        "float": number or (text and (not value or NUMBER.fullmatch(value))),
        "bool": isinstance(value, bool) or (text and value.lower() in ("true", "false", "")),
        "boolean": isinstance(value, bool) or (text and value.lower() in ("true", "false", "")),
        "array": isinstance(value, list) or (text and not value.strip().startswith("{")),
        "object": not isinstance(value, bool) and not number,
    }
    if fits.get(str(wanted).lower(), True):
        return ""
    return {str: "a text", bool: "a truth value", list: "an array", dict: "an object"}.get(
        type(value), f"the number {value}"
    )


def defaults(resource: Resource) -> Iterator[Fault]:
    """The default values and global values that do not fit their own types."""
    for part, key in (
        ("parameters", "defaultValue"),
        ("variables", "defaultValue"),
        ("globalParameters", "value"),
    ):
        for name, one in resource.part(part).items():
            if not isinstance(one, dict):
                continue
            wrong = misfit(one.get("type"), one.get(key), part != "variables")
            path = step(step(step("$.properties", part), name), key)
            if wrong:
                message = f"{wrong} is the value of '{name}', whose type is {one.get('type')}"
                yield resource.fault(path, message, "correct one of them")
            elif isinstance(one.get(key), str) and looks_evaluated(one[key]):
                message = f"the value of '{name}' looks like an expression, but is taken literally"
                yield resource.fault(path, message, "pass it where it is used", warning=True)
