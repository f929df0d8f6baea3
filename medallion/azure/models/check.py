"""Compares a JSON document with a model, property by property."""

import datetime as dt
import enum
import re
import types
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from medallion.azure.models.fields import Field, Shape, bare, is_model, shape
from medallion.azure.models.words import a_model, either, kind_of, meant, the_model
from medallion.fault import step

Found = tuple[str, str, str]  # a path, the problem there, and the fix
NUMBER = re.compile(r"\s*[+-]?\d+(\.\d+)?\s*")
DURATION = re.compile(r"P(?=.)(\d+[YMWD])*(T(?=.)(\d+(\.\d+)?[HMS])*)?")
NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


@dataclass(frozen=True)
class Dialect:
    """How strictly a service reads, and what it accepts beyond its models.

    `texts_convert`: numbers and truth values may be texts. `same_case`: names of properties and
    enumerated values are case-sensitive. `sets_readonly`: read-only properties may be given.
    Properties (in lower case) and additional values are keyed by the model or the enumeration.
    """

    texts_convert: bool = False
    same_case: bool = True
    sets_readonly: bool = False
    properties: Mapping[str, Collection[str]] = field(default_factory=dict)
    values: Mapping[str, Collection[str]] = field(default_factory=dict)
    open_values: Collection[str] = ()
    optional: Collection[tuple[str, str]] = ()
    keys: Mapping[str, str] = field(default_factory=dict)  # discriminators, by model
    # Checks of a field beyond its type hint: the findings, and whether the hint applies too.
    special: Callable[[Field, Any, str], tuple[list[Found], bool]] | None = None


def compare(model: type, value: Any, path: str, dialect: Dialect) -> Iterator[Found]:
    """The violations of the model in a JSON value, each with its path below `path`."""
    yield from _object(shape(model), value, path, dialect, _lineage(model))


def _lineage(model: type) -> list[str]:
    return [base.__name__ for base in model.__mro__]


def _object(
    known: Shape, value: Any, path: str, dialect: Dialect, lineage: list[str]
) -> Iterator[Found]:
    if not isinstance(value, dict):
        yield path, f"expected an object, found {kind_of(value)}", "write a JSON object"
        return
    if known.kinds:
        key = dialect.keys.get(known.name, known.key)
        named = _get(value, key)
        if named is None:
            what = a_model(known.name)
            yield path, f"the required '{key}' is missing", f"add it; it names the type of {what}"
            return
        if not isinstance(named, str):
            yield step(path, key), f"expected text, found {kind_of(named)}", "name a type"
            return
        if named.lower() not in known.kinds:
            fix = meant(named, [name for name, _ in known.kinds.values()])
            yield step(path, key), f"'{named}' is not a type of {a_model(known.name)}", fix
            return
        model = known.kinds[named.lower()][1]
        known, lineage = shape(model), _lineage(model)
    for key, one in value.items():
        declared = known.fields.get(key.lower())
        if declared and (declared.name == key or not dialect.same_case):
            yield from _field(declared, one, step(path, key), dialect)
        elif not any(key.lower() in dialect.properties.get(name, ()) for name in lineage):
            fix = meant(key, [one.name for one in known.fields.values()])
            yield step(path, key), f"{the_model(known.name)} has no property '{key}'", fix
    given = {key.lower() for key, one in value.items() if one is not None}
    for key, declared in known.fields.items():
        optional = (known.name, declared.name) in dialect.optional
        if declared.required and not optional and key not in given:
            needs = f"add it; {the_model(known.name)} needs it"
            yield path, f"the required '{declared.name}' is missing", needs


def _field(declared: Field, value: Any, path: str, dialect: Dialect) -> Iterator[Found]:
    if value is None:
        return
    if declared.readonly and not dialect.sets_readonly:
        yield path, f"only the service sets '{declared.name}'", "remove it"
        return
    found, hinted = dialect.special(declared, value, path) if dialect.special else ([], True)
    yield from found
    if hinted and declared.hint is not Any:
        yield from _value(declared.hint, value, path, dialect)


def _value(hint: Any, value: Any, path: str, dialect: Dialect) -> Iterator[Found]:
    arguments, origin = bare(hint), typing.get_origin(hint)
    union = origin in (typing.Union, types.UnionType)
    if value is None or hint is Any or (Any in arguments and union):
        return
    if union:
        enums = [one for one in arguments if isinstance(one, type) and issubclass(one, enum.Enum)]
        if enums:
            yield from _enumerated(enums[0], value, path, dialect)
        else:
            yield from _value(arguments[0], value, path, dialect)
    elif origin is typing.Literal:
        yield from _literal(list(arguments), value, path, dialect)
    elif origin is list:
        if not isinstance(value, list):
            yield path, f"expected an array, found {kind_of(value)}", "write a JSON array"
            return
        for index, one in enumerate(value):
            yield from _value(arguments[0], one, step(path, index), dialect)
    elif origin is dict:
        if not isinstance(value, dict):
            yield path, f"expected an object, found {kind_of(value)}", "write a JSON object"
            return
        for key, one in value.items():
            yield from _value(arguments[1], one, step(path, key), dialect)
    elif isinstance(hint, Shape):
        yield from _object(hint, value, path, dialect, [hint.name])
    elif is_model(hint):
        yield from _object(shape(hint), value, path, dialect, _lineage(hint))
    elif hint in NAMES:
        yield from _primitive(hint, value, path, dialect)
    elif hint in (dt.datetime, dt.date):
        yield from _time(value, path)
    elif hint is dt.timedelta:
        yield from _duration(value, path)


def _enumerated(known: type[enum.Enum], value: Any, path: str, dialect: Dialect) -> Iterator[Found]:
    values = [str(one.value) for one in known]
    if not isinstance(value, str):
        yield path, f"expected text, found {kind_of(value)}", f"write {either(values)}"
    elif known.__name__ not in dialect.open_values:
        more = dialect.values.get(known.__name__, ())
        yield from _among([*values, *more], values, value, path, dialect)


def _literal(known: list[Any], value: Any, path: str, dialect: Dialect) -> Iterator[Found]:
    values = [str(one.value) if isinstance(one, enum.Enum) else str(one) for one in known]
    yield from _among(values, values, str(value), path, dialect)


def _among(
    taken: list[str], shown: list[str], value: str, path: str, dialect: Dialect
) -> Iterator[Found]:
    same = value in taken
    if not same and not (not dialect.same_case and value.lower() in [one.lower() for one in taken]):
        yield path, f"'{value}' is not among the known values", meant(value, shown)


def _primitive(hint: type, value: Any, path: str, dialect: Dialect) -> Iterator[Found]:
    right = isinstance(value, hint) and not (hint is not bool and isinstance(value, bool))
    if hint is float and isinstance(value, int):
        right = not isinstance(value, bool)
    elif hint is int and isinstance(value, float):
        right = value.is_integer()
    elif dialect.texts_convert and isinstance(value, str):
        if hint is bool:
            right = value.lower() in ("true", "false")
        elif hint in (int, float):
            right = bool(NUMBER.fullmatch(value))
    if not right:
        yield path, f"expected {NAMES[hint]}, found {kind_of(value)}", f"write {NAMES[hint]}"


def _time(value: Any, path: str) -> Iterator[Found]:
    try:
        dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        yield (
            path,
            f"{kind_of(value)} is not a time",
            "write ISO 8601, such as 2025-01-31T00:00:00Z",
        )


def _duration(value: Any, path: str) -> Iterator[Found]:
    if not isinstance(value, str) or not DURATION.fullmatch(value):
        yield path, f"{kind_of(value)} is not a duration", "write ISO 8601, such as PT5M"


def _get(value: Mapping[str, Any], key: str) -> Any:
    return next((one for name, one in value.items() if name.lower() == key.lower()), None)
