"""Reads the properties of an object from the models of Azure's management libraries.

Two generators have made these libraries. The newer one declares `rest_field`s with type hints and a
visibility. The older one has an `_attribute_map` from attributes to JSON paths (`properties.name`
flattens an object into its parent) and a `_validation`. It names enumerations only in the docstring
(`:vartype x: str or ~…models.Name`). Both become the same `Shape` here.
Source: https://github.com/Azure/autorest.python, https://github.com/Azure/typespec
"""

import datetime as dt
import enum
import re
import sys
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType, NoneType
from typing import Any

DOCUMENTED = re.compile(r":ivar (\w+): (.*?) :vartype \w+: (.*?)(?= :ivar |$)")
ENUMERATED = re.compile(r"\bor ~[\w.]*\.(\w+)$")
PLAIN: Mapping[str, Any] = {
    "str": str,
    "bool": bool,
    "int": int,
    "long": int,
    "float": float,
    "decimal": float,
    "iso-8601": dt.datetime,
    "rfc-1123": dt.datetime,
    "date": dt.date,
    "duration": dt.timedelta,
    "object": Any,
    "bytearray": str,
}


@dataclass(frozen=True)
class Field:
    """A property: its name in JSON, the type hint of its value, and its documentation.

    In a hint a model's class or a `Shape` means an object. `readonly` means that only the service
    sets it, and `text` is the sentence in the model's docstring.
    """

    name: str
    hint: Any
    required: bool
    readonly: bool
    text: str


@dataclass(frozen=True, eq=False)
class Shape:
    """An object: its properties and its concrete kinds, both by their lower-case names.

    `key` is the discriminator. `kinds` holds the name and the class of each model that it selects.
    """

    name: str
    fields: Mapping[str, Field]
    kinds: Mapping[str, tuple[str, type]]
    key: str


def is_model(hint: Any) -> bool:
    """Whether a type hint is one of a library's models."""
    return isinstance(hint, type) and ("_is_model" in dir(hint) or hasattr(hint, "_attribute_map"))


@cache
def shape(model: type) -> Shape:
    """The shape of a model's object."""
    older = hasattr(model, "_attribute_map")
    return Shape(
        model.__name__,
        _mapped_fields(model) if older else _rest_fields(model),
        _mapped_kinds(model) if older else _rest_kinds(model),
        _key(model),
    )


def _rest_fields(model: type) -> dict[str, Field]:
    module = _module(model)
    hints = typing.get_type_hints(model, {**vars(typing), **vars(module), "_models": module})
    said, found = _docstrings(model), {}
    for base in reversed(model.__mro__):
        for attribute, one in vars(base).items():
            if attribute.startswith("_") or not hasattr(one, "_rest_name_input"):
                continue
            name, hint = one._rest_name_input or attribute, hints.get(attribute, Any)
            text = said.get(attribute, ("", ""))[0]
            readonly = one._visibility == ["read"]
            required = "Required." in text and not readonly
            found[name.lower()] = Field(name, hint, required, readonly, text)
    return found


def _rest_kinds(model: type) -> dict[str, tuple[str, type]]:
    found: dict[str, tuple[str, type]] = {}
    for key, one in vars(model).get("__mapping__", {}).items():
        if "__mapping__" in vars(one):
            found |= _rest_kinds(one)
        else:
            name = str(key.value) if isinstance(key, enum.Enum) else str(key)
            found[name.lower()] = name, one
    return found


def _key(model: type) -> str:
    mapped = vars(model).get("_subtype_map")
    if mapped:
        attribute = next(iter(mapped))
        return str(vars(model)["_attribute_map"][attribute]["key"]).replace("\\.", ".")
    for base in model.__mro__:
        for attribute, one in vars(base).items():
            if getattr(one, "_is_discriminator", False):
                return str(one._rest_name_input or attribute)
    return "type"


def _mapped_kinds(model: type) -> dict[str, tuple[str, type]]:
    found: dict[str, tuple[str, type]] = {}
    for names in vars(model).get("_subtype_map", {}).values():
        for name, class_name in names.items():
            one = getattr(_module(model), class_name)
            found |= _mapped_kinds(one) or {name.lower(): (name, one)}
    return found


def _mapped_fields(model: Any) -> dict[str, Field]:
    """The fields of an older model, with flattened properties restored to their own objects."""
    said = _docstrings(model)
    tree: dict[str, Any] = {}
    for attribute, one in model._attribute_map.items():
        if not one["key"]:
            continue  # the object's additional properties, which have no names
        *parents, name = [
            step.replace("\\.", ".") for step in re.split(r"(?<!\\)\.", str(one["key"]))
        ]
        rules = model._validation.get(attribute, {})
        text, kind = said.get(attribute, ("", ""))
        field = Field(
            name,
            _mapped_hint(str(one["type"]), kind, _module(model)),
            bool(rules.get("required")) and not rules.get("readonly") and not rules.get("constant"),
            bool(rules.get("readonly")),
            text,
        )
        here = tree
        for parent in parents:
            here = here.setdefault(parent, {})
        here[name] = field
    return _planted(tree, model.__name__)


def _planted(tree: Mapping[str, Any], name: str) -> dict[str, Field]:
    found = {}
    for key, one in tree.items():
        if isinstance(one, Field):
            found[key.lower()] = one
            continue
        inner = _planted(one, f"{name}.{key}")
        required = any(field.required for field in inner.values())
        readonly = all(field.readonly for field in inner.values())
        group = Shape(f"{name}.{key}", inner, {}, "type")
        found[key.lower()] = Field(key, group, required, readonly, "")
    return found


def _mapped_hint(kind: str, documented: str, module: ModuleType) -> Any:
    """The type hint of an older library's type: `[Rule]`, `{str}`, `iso-8601`, `Rule`, `str`."""
    if kind.startswith("["):
        return list[_mapped_hint(kind[1:-1], documented.strip("[]"), module)]  # type: ignore[misc]
    if kind.startswith("{"):
        return dict[str, _mapped_hint(kind[1:-1], "", module)]  # type: ignore[misc]
    if kind == "str" and (named := ENUMERATED.search(documented)):
        known = getattr(module, named[1], None)
        if isinstance(known, type) and issubclass(known, enum.Enum):
            return typing.Union[str, known]  # noqa: UP007 - it is made at run time
    return PLAIN[kind] if kind in PLAIN else getattr(module, kind)


def _docstrings(model: type) -> dict[str, tuple[str, str]]:
    """By attribute, the sentence and the type in a model's docstring."""
    found: dict[str, tuple[str, str]] = {}
    for base in reversed(model.__mro__):
        text = re.sub(r"\s+", " ", base.__doc__ or "").strip()
        for attribute, said, kind in DOCUMENTED.findall(text):
            found[attribute] = said, kind.strip()
    return found


def _module(model: type) -> ModuleType:
    """The public module of a model's library: its models and its enumerations."""
    return sys.modules[model.__module__.rpartition(".")[0]]


def bare(hint: Any) -> list[Any]:
    """The alternatives of a union that are not None; any other hint alone."""
    return [one for one in typing.get_args(hint) if one is not NoneType]
