"""The functions of ARM templates that compute a value only from their arguments.

Functions that read the deployment (`parameters`, `reference` and the like) are in `scope`. A
function that is in neither is an error with its name; nothing is approximated.
Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions
"""

import base64
import hashlib
import ipaddress
import itertools
import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

HOLE = re.compile(r"\{(\d+)\}")


def concat(*parts: Any) -> Any:
    """Texts, or arrays, concatenated."""
    if parts and all(isinstance(one, list) for one in parts):
        return [item for one in parts for item in one]
    if any(isinstance(one, (list, dict)) for one in parts):
        raise ValueError("concat needs only texts or only arrays")
    return "".join(text(one) for one in parts)


def text(value: Any) -> str:
    """A value as the function `string` formats it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def format_text(template: str, *values: Any) -> str:
    """Replace `{0}` and the like by the values; .NET's other formats are not supported."""
    if re.search(r"\{(?!\d+\})", template):
        raise ValueError(f"format supports only placeholders such as {{0}}, not '{template}'")
    return HOLE.sub(lambda hole: text(values[int(hole[1])]), template)


def unique(*parts: Any) -> str:
    """Replaces Azure's hash: 13 lower-case characters, the same for the same texts."""
    digest = hashlib.sha256("-".join(text(one) for one in parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:13]


def guid(*parts: Any) -> str:
    """Replaces Azure's name-based identifier: the same for the same texts."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "-".join(text(one) for one in parts)))


def union(*parts: Any) -> Any:
    """Objects merged deeply, where the last one wins, or the distinct items of arrays."""
    if all(isinstance(one, list) for one in parts):
        merged: list[Any] = []
        for one in parts:
            merged += [item for item in one if item not in merged]
        return merged
    whole: dict[str, Any] = {}
    for one in parts:
        for key, value in one.items():
            both = isinstance(whole.get(key), dict) and isinstance(value, dict)
            whole[key] = union(whole[key], value) if both else value
    return whole


def take(value: Any, count: int) -> Any:
    """The first characters or items."""
    return value[: max(count, 0)]


def create_object(*parts: Any) -> dict[str, Any]:
    """An object from alternating keys and values."""
    return dict(zip(parts[::2], parts[1::2], strict=True))


def contains(container: Any, item: Any) -> bool:
    """Whether an array has an item, an object a key, or a text a part."""
    return item in container


def cidr_subnet(network: str, bits: int, index: int) -> str:
    """A network's subnet with that many bits, counted from 0."""
    subnets = ipaddress.ip_network(network).subnets(new_prefix=bits)
    return str(next(itertools.islice(subnets, index, None)))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "add": lambda left, right: left + right,
    "and": lambda *all_of: all(all_of),
    "bool": lambda value: str(value).lower() in ("true", "1"),
    "cidrsubnet": cidr_subnet,
    "coalesce": lambda *values: next((one for one in values if one is not None), None),
    "concat": concat,
    "contains": contains,
    "createarray": lambda *items: list(items),
    "createobject": create_object,
    "div": lambda left, right: int(left / right),
    "empty": lambda value: value is None or len(value) == 0,
    "equals": lambda left, right: left == right,
    "first": lambda value: value[0] if value else None,
    "format": format_text,
    "greater": lambda left, right: left > right,
    "greaterorequals": lambda left, right: left >= right,
    "guid": guid,
    "int": int,
    "join": lambda items, mark: mark.join(items),
    "last": lambda value: value[-1] if value else None,
    "length": len,
    "less": lambda left, right: left < right,
    "lessorequals": lambda left, right: left <= right,
    "max": max,
    "min": min,
    "mul": lambda left, right: left * right,
    "not": lambda value: not value,
    "or": lambda *any_of: any(any_of),
    "replace": lambda value, old, new: value.replace(old, new),
    "split": lambda value, mark: value.split(mark),
    "string": text,
    "sub": lambda left, right: left - right,
    "substring": lambda value, start, length: value[start : start + length],
    "take": take,
    "tolower": lambda value: value.lower(),
    "toupper": lambda value: value.upper(),
    "union": union,
    "uniquestring": unique,
}
