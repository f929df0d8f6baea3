"""Functions on arrays, objects and texts as collections."""

from typing import Any

from medallion.local.factory.errors import ExpressionError
from medallion.local.factory.functions.registry import array, function, integer, text, wrong_type
from medallion.local.factory.values import same, to_text


def _among(value: Any, values: list[Any]) -> bool:
    return any(same(value, other) for other in values)


@function("contains", 2)
def contains(collection: Any, value: Any) -> bool:
    """Whether an array has a value, an object a key or a text a part (minding case)."""
    if isinstance(collection, str):
        return to_text(value) in collection
    if isinstance(collection, dict):
        wanted = text("contains", 2, value).lower()
        return any(key.lower() == wanted for key in collection)
    return _among(value, array("contains", 1, collection))


@function("empty", 1)
def empty(collection: Any) -> bool:
    """Whether a text, array or object has nothing in it; null has nothing."""
    if collection is None:
        return True
    if not isinstance(collection, (str, list, dict)):
        raise wrong_type("empty", 1, "Object, Array or String", collection)
    return len(collection) == 0


@function("length", 1)
def length(collection: Any) -> int:
    """The number of characters or elements."""
    if not isinstance(collection, (str, list)):
        raise wrong_type("length", 1, "Array or String", collection)
    return len(collection)


def _end(name: str, collection: Any, position: int) -> Any:
    if not isinstance(collection, (str, list)):
        raise wrong_type(name, 1, "Array or String", collection)
    if not collection:
        raise ExpressionError(f"The template function '{name}' was given an empty collection.")
    return collection[position]


@function("first", 1)
def first(collection: Any) -> Any:
    """The first element or character."""
    return _end("first", collection, 0)


@function("last", 1)
def last(collection: Any) -> Any:
    """The last element or character."""
    return _end("last", collection, -1)


def _counted(name: str, collection: Any, count: Any) -> tuple[Any, int]:
    if not isinstance(collection, (str, list)):
        raise wrong_type(name, 1, "Array or String", collection)
    return collection, max(0, integer(name, 2, count))


@function("take", 2)
def take(collection: Any, count: Any) -> Any:
    """The first `count` elements or characters."""
    whole, number = _counted("take", collection, count)
    return whole[:number]


@function("skip", 2)
def skip(collection: Any, count: Any) -> Any:
    """All but the first `count` elements or characters."""
    whole, number = _counted("skip", collection, count)
    return whole[number:]


@function("join", 2)
def join(collection: Any, delimiter: Any) -> str:
    """The texts of an array's elements with a delimiter between them."""
    return text("join", 2, delimiter).join(map(to_text, array("join", 1, collection)))


@function("union", 1, None)
def union(*collections: Any) -> Any:
    """All distinct elements of arrays, or all properties of objects, the last winning."""
    if isinstance(collections[0], dict):
        merged: dict[str, Any] = {}
        for position, one in enumerate(collections, 1):
            if not isinstance(one, dict):
                raise wrong_type("union", position, "Object", one)
            merged.update(one)
        return merged
    values: list[Any] = []
    for position, one in enumerate(collections, 1):
        values += array("union", position, one)
    return _distinct(values)


def _distinct(values: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if not _among(value, kept):
            kept.append(value)
    return kept


@function("intersection", 1, None)
def intersection(*collections: Any) -> Any:
    """The elements, or properties with their values, that all collections have."""
    if isinstance(collections[0], dict):
        head, *others = collections
        for position, one in enumerate(others, 2):
            if not isinstance(one, dict):
                raise wrong_type("intersection", position, "Object", one)
        return {k: v for k, v in head.items() if all(k in o and same(o[k], v) for o in others)}
    arrays = [array("intersection", p, one) for p, one in enumerate(collections, 1)]
    return _distinct([v for v in arrays[0] if all(_among(v, other) for other in arrays[1:])])
