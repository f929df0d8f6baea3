"""Checks JSON against the models of `azure-mgmt-datafactory`, by reflection.

The models say which properties an object has, which it must have, and what their values are; an
object's subclass is told by its `type`. Where a model says `any`, its docstring says more, such as
"Type: boolean (or Expression with resultType boolean)", and that is what counts. Names of
properties and of enumerated values are compared without regard to case, as the service does.
Source: https://learn.microsoft.com/python/api/azure-mgmt-datafactory/azure.mgmt.datafactory.models
"""

import datetime as dt
import enum
import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

# Takes half a second: nothing but the check may import this module.
from azure.mgmt.datafactory import models as public
from azure.mgmt.datafactory.models import _models as all_models

from medallion.local.factory.check import beyond
from medallion.local.factory.check.fault import step

Found = tuple[str, str, str]  # a path, what is wrong there, and the mend
ROOTS: dict[str, type] = {
    "factory": all_models.FactoryProperties,
    "managedVirtualNetwork": all_models.ManagedVirtualNetwork,
    "managedPrivateEndpoint": all_models.ManagedPrivateEndpoint,
    "credential": all_models.Credential,
    "integrationRuntime": all_models.IntegrationRuntime,
    "linkedService": all_models.LinkedService,
    "dataset": all_models.Dataset,
    "dataflow": all_models.DataFlow,
    "pipeline": all_models.Pipeline,
    "trigger": all_models.Trigger,
}
DOCUMENTED = re.compile(r":ivar (\w+): (.*?) :vartype")
SAID_TYPE = re.compile(r"\bType: ([A-Za-z]+)( of objects| of strings)?(, SecureString)?")
SPAN = re.compile(r"(\d+[.:])?\d\d?:[0-5]\d(:[0-5]\d(\.\d{1,7})?)?|\d+")
NUMBER = re.compile(r"\s*[+-]?\d+(\.\d+)?\s*")
NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
Json = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """A property of a model: its name in JSON, its type hint, and what its docstring says."""

    name: str
    hint: Any
    required: bool
    said: str  # "string", "boolean", "integer" and the like, or empty
    span: bool  # whether the text has the form of a time span
    minimum: int | None


def check_model(kind: str, properties: Any, path: str = "$.properties") -> Iterator[Found]:
    """What in a resource's properties the model of its kind does not allow."""
    yield from _object(ROOTS[kind], properties, path)


def is_expression(value: Any) -> bool:
    """Whether a JSON value is an object that stands for an expression's result."""
    return isinstance(value, dict) and str(value.get("type")).lower() == "expression"


@cache
def fields(model: type) -> dict[str, Field]:
    """The properties of a model by their names in lower case."""
    hints = typing.get_type_hints(model, {**vars(typing), **vars(all_models), "_models": public})
    found: dict[str, Field] = {}
    said = _docstrings(model)
    for base in reversed(model.__mro__):
        for attribute, one in vars(base).items():
            if attribute.startswith("_") or not hasattr(one, "_rest_name_input"):
                continue
            name = one._rest_name_input or attribute
            text = said.get(attribute, "")
            hint = hints.get(attribute, Any)
            matched = SAID_TYPE.search(text) if hint in (Any, Any | None) else None
            least = re.search(r"minimum: (\d+)", text)
            found[name.lower()] = Field(
                name,
                hint,
                "Required." in text and (model.__name__, name) not in beyond.OPTIONAL,
                ""
                if not matched or matched[3] or name.lower() in beyond.ANY_JSON
                else matched[1].lower(),
                r"(\d+)\.)?" in text.replace("\\\\", "\\"),
                int(least[1]) if least else None,
            )
    return found


def _docstrings(model: type) -> dict[str, str]:
    return {
        attribute: text
        for base in reversed(model.__mro__)
        for attribute, text in DOCUMENTED.findall(re.sub(r"\s+", " ", base.__doc__ or "") + " ")
    }


@cache
def subclasses(model: type) -> dict[str, tuple[str, type]]:
    """The concrete models that the discriminator tells apart: lower case to name and model."""
    found: dict[str, tuple[str, type]] = {}
    for key, one in vars(model).get("__mapping__", {}).items():
        if "__mapping__" in vars(one):
            found |= subclasses(one)
        else:
            name = str(key.value) if isinstance(key, enum.Enum) else str(key)
            found[name.lower()] = name, one
    return found


def _object(model: type, value: Any, path: str) -> Iterator[Found]:
    if not isinstance(value, dict):
        yield path, f"{_told(value)} stands where an object belongs", "write a JSON object"
        return
    known = subclasses(model)
    if known:
        key = beyond.DISCRIMINATORS.get(model.__name__, "type")
        named = _get(value, key)
        if named is None:
            yield path, f"the required '{key}' is missing", f"add it: what {_a(model)} this is"
            return
        if not isinstance(named, str):
            yield step(path, key), f"{_told(named)} stands where text belongs", "name a type"
            return
        if named.lower() not in known:
            mend = _meant(named, [name for name, _ in known.values()])
            yield step(path, key), f"'{named}' is no type of {_a(model)}", mend
            return
        model = known[named.lower()][1]
    declared = fields(model)
    for key, one in value.items():
        if key.lower() in declared:
            yield from _field(declared[key.lower()], one, step(path, key))
        elif not _allowed(model, key):
            mend = _meant(key, [one.name for one in declared.values()])
            yield step(path, key), f"{_the(model)} has no property '{key}'", mend
    given = {key.lower() for key, one in value.items() if one is not None}
    for key, field in declared.items():
        if field.required and key not in given:
            yield path, f"the required '{field.name}' is missing", f"add it; {_the(model)} needs it"


def _allowed(model: type, key: str) -> bool:
    return any(key.lower() in beyond.PROPERTIES.get(base.__name__, ()) for base in model.__mro__)


def _field(field: Field, value: Any, path: str) -> Iterator[Found]:
    if value is None:
        return
    if field.said and not is_expression(value):
        yield from _said(field, value, path)
    elif field.hint is not Any:
        yield from _value(field.hint, value, path)
    if field.span and isinstance(value, str) and "@" not in value and not SPAN.fullmatch(value):
        yield path, f"'{value}' is no time span", "write d.hh:mm:ss, such as 0.12:00:00"


def _said(field: Field, value: Any, path: str) -> Iterator[Found]:
    """Against what the docstring says, with what the service converts by itself."""
    text = isinstance(value, str)
    if text and "@" in value:
        return  # an expression, or what should be one: the check of expressions tells
    good = {
        "string": not isinstance(value, list)
        and not (isinstance(value, dict) and "type" not in value),
        "boolean": isinstance(value, bool) or (text and value.lower() in ("true", "false", "")),
        "integer": (isinstance(value, (int, float)) and not isinstance(value, bool))
        or (text and (not value or NUMBER.fullmatch(value))),
    }
    named = {"string": "text", "boolean": "true or false", "integer": "a whole number"}
    if not good.get(field.said, True):
        yield path, f"{_told(value)} stands where {named[field.said]} belongs", _literal(field.said)
    if field.minimum is not None and isinstance(value, int) and value < field.minimum:
        yield path, f"{value} is less than {field.minimum}", f"write {field.minimum} or more"


def _literal(said: str) -> str:
    return f"write {said} JSON or an Expression object"


def _value(hint: Any, value: Any, path: str) -> Iterator[Found]:
    arguments = [one for one in typing.get_args(hint) if one is not type(None)]
    origin = typing.get_origin(hint)
    if value is None or hint is Any or (Any in arguments and origin is typing.Union):
        return
    if origin is typing.Union:
        enums = [one for one in arguments if isinstance(one, type) and issubclass(one, enum.Enum)]
        if enums:
            yield from _enumerated(enums[0], value, path)
        else:
            yield from _value(arguments[0], value, path)
    elif origin is list:
        if not isinstance(value, list):
            yield path, f"{_told(value)} stands where an array belongs", "write a JSON array"
            return
        for index, one in enumerate(value):
            yield from _value(arguments[0], one, step(path, index))
    elif origin is dict:
        if not isinstance(value, dict):
            yield path, f"{_told(value)} stands where an object belongs", "write a JSON object"
            return
        for key, one in value.items():
            yield from _value(arguments[1], one, step(path, key))
    elif isinstance(hint, type) and "_is_model" in dir(hint):
        yield from _object(hint, value, path)
    elif hint in NAMES:
        yield from _primitive(hint, value, path)
    elif hint is dt.datetime:
        yield from _time(value, path)


def _enumerated(known: type[enum.Enum], value: Any, path: str) -> Iterator[Found]:
    values = [str(one.value) for one in known]
    more = beyond.VALUES.get(known.__name__, ())
    if not isinstance(value, str):
        yield path, f"{_told(value)} stands where text belongs", f"write {_either(values)}"
    elif known.__name__ in beyond.OPEN_VALUES:
        return
    elif value.lower() not in [one.lower() for one in (*values, *more)]:
        yield path, f"'{value}' is not among the known values", _meant(value, values)


def _primitive(hint: type, value: Any, path: str) -> Iterator[Found]:
    right = isinstance(value, hint) and not (hint is not bool and isinstance(value, bool))
    # The service reads numbers and truth values from texts, as people's files show.
    if hint is bool and isinstance(value, str):
        right = value.lower() in ("true", "false")
    elif hint in (int, float) and isinstance(value, str):
        right = bool(NUMBER.fullmatch(value))
    elif hint is float and isinstance(value, int):
        right = not isinstance(value, bool)
    elif hint is int and isinstance(value, float):
        right = value.is_integer()
    if not right:
        yield path, f"{_told(value)} stands where {NAMES[hint]} belongs", f"write {NAMES[hint]}"


def _time(value: Any, path: str) -> Iterator[Found]:
    try:
        dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        yield path, f"{_told(value)} is no time", "write ISO 8601, such as 2025-01-31T00:00:00Z"


def _get(value: Json, key: str) -> Any:
    return next((one for name, one in value.items() if name.lower() == key.lower()), None)


def _told(value: Any) -> str:
    """A JSON value in few words; a text is not quoted, as it may be a secret."""
    match value:
        case dict():
            return "an Expression object" if is_expression(value) else "an object"
        case list():
            return "an array"
        case str():
            return "a text"
        case bool():
            return str(value).lower()
    return f"the number {value}"


def _meant(given: str, known: list[str]) -> str:
    by_case = {one.lower(): one for one in known}
    close = get_close_matches(given.lower(), by_case, n=1, cutoff=0.7)
    if close:
        return f"did you mean '{by_case[close[0]]}'"
    return f"write {_either(sorted(known))}" if len(known) <= 12 else "correct or remove it"


def _either(values: list[str]) -> str:
    return ", ".join(values[:-1]) + " or " + values[-1] if len(values) > 1 else values[0]


def _a(model: type) -> str:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.__name__).lower()
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _the(model: type) -> str:
    return model.__name__.removesuffix("TypeProperties")
