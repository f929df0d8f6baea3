"""`xml()` and `xpath()`, by the standard library: XPath's subset that ElementTree has.

Source: https://docs.python.org/3/library/xml.etree.elementtree.html#supported-xpath-syntax
"""

import re
from typing import Any
from xml.etree import ElementTree

from medallion.local.factory.errors import ExpressionError
from medallion.local.factory.functions.registry import function, text
from medallion.local.factory.values import to_text


def _element(name: str, value: Any) -> list[ElementTree.Element]:
    if isinstance(value, list):
        return [element for one in value for element in _element(name, one)]
    element = ElementTree.Element(name)
    if not isinstance(value, dict):
        element.text = to_text(value)
        return [element]
    for key, one in value.items():
        if key.startswith("@"):
            element.set(key[1:], to_text(one))
        elif key == "#text":
            element.text = to_text(one)
        else:
            element.extend(_element(key, one))
    return [element]


@function("xml", 1)
def xml(value: Any) -> str:
    """The XML text of an object with one root property, or a text checked to be XML."""
    if isinstance(value, dict):
        roots = [root for key, one in value.items() for root in _element(key, one)]
        if len(roots) != 1:
            raise ExpressionError("The template function 'xml' needs exactly one root property.")
        return ElementTree.tostring(roots[0], encoding="unicode")
    _parsed("xml", value)
    return text("xml", 1, value)


def _parsed(name: str, value: Any) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(text(name, 1, value))
    except ElementTree.ParseError as error:
        raise ExpressionError(
            f"The template function '{name}' was given no XML: {error}."
        ) from None


@function("xpath", 2)
def xpath(value: Any, path: Any) -> Any:
    """The nodes that a path selects, as XML texts; `…/text()` gives texts, `count(…)` a number."""
    holder = ElementTree.Element("document")
    holder.append(_parsed("xpath", value))
    wanted = text("xpath", 2, path).strip()
    counted = re.fullmatch(r"count\((.*)\)", wanted)
    inner = counted[1] if counted else wanted
    texts = inner.endswith("/text()")
    inner = inner.removesuffix("/text()")
    inner = "." + inner if inner.startswith("/") else inner
    try:
        nodes = holder.findall(inner)
    except (SyntaxError, KeyError):
        raise ExpressionError(
            f"The XPath '{wanted}' has no local stand-in; use a plain path."
        ) from None
    if counted:
        return len(nodes)
    if texts:
        return [node.text or "" for node in nodes]
    return [ElementTree.tostring(node, encoding="unicode").strip() for node in nodes]
