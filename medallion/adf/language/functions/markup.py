"""`xml()` and `xpath()`."""

import base64
import re
from collections import Counter
from typing import Any
from xml.dom import minidom
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape, quoteattr

from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.functions import xpath as paths
from medallion.adf.language.functions.registry import function, text
from medallion.adf.language.values import binary_content, to_text

NODE_TYPE = "application/xml;charset=utf-8"
NAME = re.compile(r"[^\W\d][\w.:-]*")


def _written(name: str, value: Any) -> str:
    """A property as an element, or as several for an array; values are written as in JSON."""
    if not NAME.fullmatch(name):
        raise ExpressionError(f"The template function 'xml' cannot name an element '{name}'.")
    if isinstance(value, list):
        return "".join(_written(name, one) for one in value)
    if not isinstance(value, dict):
        return f"<{name}>{escape(_scalar(value))}</{name}>" if value is not None else f"<{name} />"
    attributes = inner = ""
    for key, one in value.items():
        if key.startswith("@"):
            attributes += f" {key[1:]}={quoteattr(_scalar(one))}"
        elif key == "#text":
            inner += escape(_scalar(one))
        else:
            inner += _written(key, one)
    return f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes} />"


def _scalar(value: Any) -> str:
    return to_text(value).lower() if isinstance(value, bool) else to_text(value)


@function("xml", 1)
def xml(value: Any) -> str:
    """The XML text of an object with one root property, or a text checked to be XML."""
    if isinstance(value, dict) and binary_content(value) is None:
        roots = {key: one for key, one in value.items() if not key.startswith("?")}
        if len(roots) != 1 or isinstance(next(iter(roots.values())), list):
            raise ExpressionError("The template function 'xml' needs exactly one root property.")
        return _written(*next(iter(roots.items())))
    source = to_text(value) if isinstance(value, dict) else text("xml", 1, value)
    _parsed("xml", source)
    return source


def _parsed(name: str, source: str) -> Any:
    try:
        return minidom.parseString(source.encode(errors="replace"))
    except (ExpatError, ValueError) as error:
        raise ExpressionError(
            f"The template function '{name}' got a text that is not XML: {error}."
        ) from None


def as_json(source: str) -> dict[str, Any]:
    """The object of an XML text: attributes as `@name`, repeated elements as an array.

    Source: https://www.newtonsoft.com/json/help/html/ConvertingJSONandXML.htm
    """
    document = _parsed("json", source)
    declared = {"?xml": {"@version": document.version}} if document.version else {}
    return {**declared, document.documentElement.nodeName: _value(document.documentElement)}


def _value(element: Any) -> Any:
    found: dict[str, Any] = {f"@{one.name}": one.value for one in element.attributes.values()}
    repeated = Counter(one.nodeName for one in element.childNodes if one.nodeType == 1)
    for child in (one for one in element.childNodes if one.nodeType == 1):
        if repeated[child.nodeName] > 1:
            found.setdefault(child.nodeName, []).append(_value(child))
        else:
            found[child.nodeName] = _value(child)
    inner = "".join(one.data for one in element.childNodes if one.nodeType in (3, 4))
    if not found:
        return inner or None
    return {**found, "#text": inner} if inner.strip() else found


@function("xpath", 2)
def xpath(value: Any, path: Any) -> Any:
    """The selected nodes, elements as binary XML and others as texts; or the path's value."""
    source = to_text(value) if isinstance(value, dict) else text("xpath", 1, value)
    wanted = text("xpath", 2, path)
    try:
        found = paths.evaluate(wanted, paths.parse(source))
    except paths.XPathError as error:
        raise ExpressionError(
            f"The template function 'xpath' cannot read the path '{wanted}': {error}."
        ) from None
    except ValueError as error:
        raise ExpressionError(f"The template function 'xpath' was given no XML: {error}.") from None
    return [_shown(node) for node in found] if isinstance(found, list) else found


def _shown(node: Any) -> Any:
    if (shown := paths.text_of(node)) is not None:
        return shown
    content = paths.outer(node).encode()
    return {"$content-type": NODE_TYPE, "$content": base64.b64encode(content).decode()}
