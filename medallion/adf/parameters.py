"""The values of a pipeline's parameters and variables, by their declared types.

Type names are Data Factory's, in any case. The service's treatment of a value of another type is
from memory: a text that can be parsed as the type is converted, and anything else is rejected.
"""

import copy
import json
from typing import Any

from medallion.adf.language.errors import ActivityError
from medallion.adf.language.values import to_json, to_text, type_name
from medallion.errors import MedallionError

VARIABLE_DEFAULTS: dict[str, Any] = {
    "string": "",
    "boolean": False,
    "bool": False,
    "integer": 0,
    "int": 0,
    "float": 0.0,
    "array": [],
    "object": {},
}
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "securestring": (str,),
    "boolean": (bool,),
    "bool": (bool,),
    "integer": (int,),
    "int": (int,),
    "float": (float, int),
    "array": (list,),
    "object": (dict,),
}


def is_of(value: Any, kind: str) -> bool:
    """Whether a value is of a declared type; null has any type, and unknown types accept any."""
    types = TYPES.get(kind.lower())
    if value is None or types is None:
        return True
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def is_text(kind: str) -> bool:
    """Whether values of a declared type are texts; unknown types count as texts."""
    return str in TYPES.get(kind.lower(), (str,))


def parameter_values(
    pipeline: str, declared: dict[str, Any], given: dict[str, Any]
) -> dict[str, Any]:
    """The value of each declared parameter. Raises `MedallionError` for a missing or unknown one.

    The names of the given parameters are case-insensitive.
    """
    known = {name.lower() for name in declared}
    if unknown := sorted(name for name in given if name.lower() not in known):
        raise MedallionError(
            f"Pipeline '{pipeline}' has no parameter '{unknown[0]}'; "
            f"it has {', '.join(declared) or 'none'}."
        )
    values, found = {}, {name.lower(): value for name, value in given.items()}
    for name, one in declared.items():
        if name.lower() not in found and "defaultValue" not in one:
            raise MedallionError(f"Parameter '{name}' of pipeline '{pipeline}' needs a value.")
        value = found.get(name.lower(), copy.deepcopy(one.get("defaultValue")))
        what = f"Parameter '{name}' of pipeline '{pipeline}'"
        values[name] = typed(what, str(one.get("type", "")), value)
    return values


def typed(what: str, kind: str, value: Any) -> Any:
    """Convert a value to its declared type; `what` names it in the `MedallionError`."""
    if is_of(value, kind):
        return value
    if kind.lower() in ("string", "securestring"):
        return to_json(value) if isinstance(value, (dict, list)) else to_text(value)
    if isinstance(value, str):
        try:
            read = json.loads(value.lower() if kind.lower().startswith("bool") else value)
        except ValueError:
            read = None
        if read is not None and is_of(read, kind):
            return read
    raise MedallionError(f"{what} is of type {kind}, but its value is {to_json(value)}.")


def variable_types(declared: dict[str, Any]) -> dict[str, str]:
    """The declared type of each variable."""
    return {name: str(one.get("type", "String")) for name, one in declared.items()}


def variable_values(declared: dict[str, Any]) -> dict[str, Any]:
    """Each variable's default value, or the empty value of its type."""
    values = {}
    for name, kind in variable_types(declared).items():
        default = declared[name].get("defaultValue", VARIABLE_DEFAULTS.get(kind.lower(), ""))
        check_variable(name, kind, default)
        values[name] = copy.deepcopy(default)
    return values


def check_variable(name: str, kind: str, value: Any) -> None:
    """Raise `ActivityError` for a value that a variable of this type cannot hold."""
    if not is_of(value, kind):
        raise ActivityError(
            f"The variable '{name}' of type '{kind}' cannot be initialized or updated with value "
            f"of type '{type_name(value)}'. The variable '{name}' only supports values of types "
            f"'{kind}'.",
            "InvalidVariableValue",
        )
