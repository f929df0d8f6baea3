"""Functions on arrays, objects and texts as collections; a text's elements are UTF-16 units."""

from typing import Any

from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.functions.registry import array, function, integer, text, wrong_type
from medallion.adf.language.values import narrow, same, to_text, wide


def _among(value: Any, values: list[Any]) -> bool:
    return any(same(value, other) for other in values)


@function("contains", 2)
def contains(collection: Any, value: Any) -> bool:
    """Whether an array has a value, an object a key or a text a part (case-sensitive)."""
    if isinstance(collection, str):
        return to_text(value) in collection
    if isinstance(collection, dict):
        wanted = text("contains", 2, value).lower()
        return any(key.lower() == wanted for key in collection)
    if not isinstance(collection, list):
        raise wrong_type("contains", 1, "Object, Array or String", collection)
    return _among(value, collection)


@function("empty", 1)
def empty(collection: Any) -> bool:
    """Whether a text, array or object is empty; null is empty."""
    if collection is None:
        return True
    if not isinstance(collection, (str, list, dict)):
        raise wrong_type("empty", 1, "Object, Array or String", collection)
    return len(collection) == 0


def _elements(name: str, collection: Any) -> Any:
    """An array, or a text as its UTF-16 units."""
    if isinstance(collection, str):
        return wide(collection)
    if not isinstance(collection, list):
        raise wrong_type(name, 1, "Array or String", collection)
    return collection


def _cut(part: Any) -> Any:
    return narrow(part) if isinstance(part, str) else part


@function("length", 1)
def length(collection: Any) -> int:
    """The number of characters or elements."""
    return len(_elements("length", collection))


def _end(name: str, collection: Any, position: int) -> Any:
    elements = _elements(name, collection)
    if not elements:
        return "" if isinstance(elements, str) else None
    return elements[position]


@function("first", 1)
def first(collection: Any) -> Any:
    """The first element or character; null for an empty array."""
    return _end("first", collection, 0)


@function("last", 1)
def last(collection: Any) -> Any:
    """The last element or character; null for an empty array."""
    return _end("last", collection, -1)


def _counted(name: str, collection: Any, count: Any) -> tuple[Any, int]:
    elements, number = _elements(name, collection), integer(name, 2, count)
    if number < 0:
        raise ExpressionError(
            f"The template function '{name}' needs a count of zero or more, not {number}."
        )
    return elements, number


@function("take", 2)
def take(collection: Any, count: Any) -> Any:
    """The first `count` elements or characters."""
    whole, number = _counted("take", collection, count)
    return _cut(whole[:number])


@function("skip", 2)
def skip(collection: Any, count: Any) -> Any:
    """All but the first `count` elements or characters."""
    whole, number = _counted("skip", collection, count)
    return _cut(whole[number:])


@function("join", 2)
def join(collection: Any, delimiter: Any) -> str:
    """The texts of an array's elements with a delimiter between them."""
    return text("join", 2, delimiter).join(map(to_text, array("join", 1, collection)))


@function("createArray", 1, None)
def create_array(*values: Any) -> list[Any]:
    """An array of the values; it needs at least one."""
    return list(values)


@function("array", 1)
def as_array(value: Any) -> list[Any]:
    """An array of one value."""
    return [value]


@function("union", 2, None)
def union(*collections: Any) -> Any:
    """All distinct elements of arrays, or all properties of objects; the last value wins."""
    if isinstance(collections[0], dict):
        merged: dict[str, Any] = {}
        for one in _objects("union", collections):
            merged.update(one)
        return merged
    values: list[Any] = []
    for position, one in enumerate(collections, 1):
        values += array("union", position, one)
    return _distinct(values)


def _objects(name: str, collections: tuple[Any, ...]) -> list[dict[str, Any]]:
    for position, one in enumerate(collections, 1):
        if not isinstance(one, dict):
            raise wrong_type(name, position, "Object", one)
    return list(collections)


def _distinct(values: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if not _among(value, kept):
            kept.append(value)
    return kept


@function("intersection", 2, None)
def intersection(*collections: Any) -> Any:
    """The elements, or properties with their values, that all collections have."""
    if isinstance(collections[0], dict):
        head, *others = _objects("intersection", collections)
        return {k: v for k, v in head.items() if all(k in o and same(o[k], v) for o in others)}
    arrays = [array("intersection", p, one) for p, one in enumerate(collections, 1)]
    return _distinct([v for v in arrays[0] if all(_among(v, other) for other in arrays[1:])])
