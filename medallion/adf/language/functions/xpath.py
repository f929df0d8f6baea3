"""XPath 1.0 by lxml, with the document as the context node, as in .NET's `XPathNavigator`.

Two differences from .NET are known: libxml2 reads an exponent (`number('1e5')`), and `string` of
a number has 15 digits at most. elementpath was refused: `[@id=2]` selects nothing there, and
`'b' > 'a'` is an error.
Source: https://www.w3.org/TR/1999/REC-xpath-19991116/
"""

import copy
import secrets
from typing import Any

from lxml import etree

Node = Any  # an element, a comment, a processing instruction, or the text of any other node
Value = list[Node] | str | float | bool


class XPathError(ValueError):
    """A path cannot be parsed or evaluated."""


def parse(source: str) -> Any:
    """The document of an XML text. Raises `ValueError`."""
    parser = etree.XMLParser(
        encoding="utf-8"
    )  # the text is UTF-8 here, also if it declares another encoding
    try:
        return etree.fromstring(source.encode(errors="replace"), parser).getroottree()
    except etree.XMLSyntaxError as error:
        raise ValueError(error.msg) from None


def evaluate(path: str, document: Any) -> Value:
    """The nodes or the value of a path in a document. Raises `XPathError`."""
    try:
        etree.XPath(
            path
        )  # a path must be complete without the text that `_evaluate` adds around it
        found = _evaluate(path, document)
        # lxml omits the document node from a set of nodes: add the root element instead.
        if isinstance(found, list) and _evaluate(f"count(/|({path})) = count({path})", document):
            found = [document.getroot(), *found]
    except (etree.XPathError, ValueError) as error:
        raise XPathError(str(error)[:1].lower() + str(error)[1:]) from None
    return found


def _evaluate(path: str, document: Any) -> Value:
    """lxml starts from the root element; inside a predicate of `/` the document is the context."""
    answers: list[Value] = []
    answer = f"answer-{secrets.token_hex(8)}"  # a function that no path can call
    etree.XPath(
        f"/self::node()[{answer}({path})]",
        extensions={(None, answer): lambda _, value: answers.append(value)},
        smart_strings=False,
    )(document)
    return answers[0]


def text_of(node: Node) -> str | None:
    """The text of a node other than an element, None for an element. A namespace has its URI."""
    if isinstance(node, tuple):
        return str(node[1])
    if isinstance(node, str):
        return node
    return None if isinstance(node.tag, str) else str(node.text or "")


def outer(element: Node) -> str:
    """An element's XML, with the namespaces that it uses from the elements around it."""
    parent = element.getparent()
    above = {} if parent is None else parent.nsmap
    own = [prefix for prefix, uri in element.nsmap.items() if prefix and above.get(prefix) != uri]
    alone = copy.deepcopy(element)
    etree.cleanup_namespaces(alone, keep_ns_prefixes=own)
    return str(etree.tostring(alone, encoding="unicode", with_tail=False))
