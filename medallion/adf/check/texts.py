"""Finds the expressions in a resource; `places` defines where plain text is an expression."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.expressions import Access, Call, Literal, Node, parse
from medallion.adf.places import Place, wrapped
from medallion.fault import children, step

# The properties of an activity that hold other activities.
BLOCKS = ("activities", "ifTrueActivities", "ifFalseActivities", "cases", "defaultActivities")
CALLED = re.compile(r"@\s*[A-Za-z]\w*\s*\(")
GAP = "\0"  # replaces the computed part of an expression between its literal texts


@dataclass(frozen=True)
class Text:
    """A text with an expression in it, and its path."""

    path: str
    value: str


def texts(value: Any, path: str, place: Place) -> Iterator[Text]:
    """The expressions inside a JSON value at a place."""
    if name := wrapped(value):
        yield Text(step(path, name), value[name])
        return
    if isinstance(value, str):
        if place.evaluates and (looks_evaluated(value) or CALLED.match(value)):
            yield Text(path, value)
        return
    for key, one in children(value):
        yield from texts(one, step(path, key), place.within(key))


def looks_evaluated(text: str) -> bool:
    """Whether a plain text is meant as an expression: a valid `@name…`, or `@{…}`.

    An email address, a SQL variable or `@odata.type` is not.
    """
    if "@" not in text or text.startswith("@@"):
        return False
    if text.startswith("@") and not text.startswith("@{"):
        try:
            parsed = parse(text)
        except ExpressionError:
            return False
        return isinstance(parsed, (Call, Access))
    return "@{" in text.replace("@@{", "")


def nodes(text: str) -> list[Node]:
    """All nodes of the expressions in a text. Raises `ExpressionError`."""
    parsed = parse(text)
    stack = [one for one in (parsed if isinstance(parsed, tuple) else (parsed,)) if one]
    found: list[Node] = []
    while stack:
        node = stack.pop(0)
        if isinstance(node, str):
            continue
        found.append(node)
        if isinstance(node, Access):
            stack += [node.base, node.key]
        elif isinstance(node, Call):
            stack += node.arguments
    return found


def spoken(text: str) -> list[str]:
    """The literal texts of an expression, with `GAP` for every computed part.

    The whole comes first, with `concat` joined; the quoted texts inside other functions follow.
    A text without a valid expression is returned unchanged.
    """
    if not (text.startswith("@") or "@{" in text):
        return [text]
    try:
        parsed = parse(text)
        found = nodes(text)
    except ExpressionError:
        return [text]
    parts = parsed if isinstance(parsed, tuple) else (parsed,)
    whole = "".join(one if isinstance(one, str) else _joined(one) for one in parts)
    inner = [_joined(one) for one in found if isinstance(one, Call) and _concat(one)]
    quoted = [one.value for one in found if isinstance(one, Literal) and isinstance(one.value, str)]
    return list(dict.fromkeys([whole, *inner, *quoted]))


def _concat(node: Call) -> bool:
    return node.name.lower() == "concat"


def _joined(node: Node) -> str:
    if isinstance(node, Literal):
        return "" if node.value is None else str(node.value)
    if isinstance(node, Call) and _concat(node):
        return "".join(_joined(one) for one in node.arguments)
    return GAP
