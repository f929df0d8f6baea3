"""XPath 1.0 over `xml.dom.minidom`: a recursive-descent parser that gives closures.

Source: https://www.w3.org/TR/1999/REC-xpath-19991116/. Left out are variables, the following and
preceding axes, namespace prefixes (nobody declares any) and `lang`, `id`, `round`'s signed zero.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Node = Any  # xml.dom.minidom has no types
Value = list[Node] | str | float | bool


@dataclass(frozen=True)
class Context:
    """The node that an expression starts from, its position among how many."""

    node: Node
    position: int = 1
    size: int = 1


Evaluate = Callable[[Context], Value]
Test = Callable[[Node], bool]

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?|\.\d+)|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<mark>::|//|\.\.|!=|<=|>=|[/.@()\[\],|=<>+*-])|(?P<name>[^\W\d][\w.-]*))"
)
OPERATORS = {"and", "or", "div", "mod"}
NODE_TYPES = {"node": None, "text": (3, 4), "comment": (8,), "processing-instruction": (7,)}


class XPathError(ValueError):
    """A path that is none, or that this subset does not have."""


def evaluate(path: str, document: Node) -> Value:
    """The nodes or the value of a path in a document. Raises `XPathError`."""
    parser = _Parser(path)
    compiled = parser.binary(0)
    parser.end()
    return compiled(Context(document))


def text_of(node: Node) -> str:
    """The string-value of a node: its own text, or that of all text inside it."""
    if node.nodeType in (2, 3, 4, 8):
        return str(node.nodeValue)
    return "".join(text_of(one) for one in node.childNodes if one.nodeType in (1, 3, 4))


def _text(value: Value) -> str:
    if isinstance(value, list):
        return text_of(value[0]) if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value).replace("nan", "NaN")
    return value


def _number(value: Value) -> float:
    if isinstance(value, (bool, float)):
        return float(value)
    matched = re.fullmatch(r"\s*(-?(?:\d+(?:\.\d*)?|\.\d+))\s*", _text(value))
    return float(matched[1]) if matched else math.nan


def _truth(value: Value) -> bool:
    return bool(value) and not (isinstance(value, float) and math.isnan(value))


def _compare(operator: str, left: Value, right: Value) -> bool:
    """A comparison holds for node-sets when it does for some of their nodes."""
    if isinstance(left, list) and not isinstance(right, bool):
        return any(_compare(operator, text_of(one), right) for one in left)
    if isinstance(right, list) and not isinstance(left, bool):
        return any(_compare(operator, left, text_of(one)) for one in right)
    if operator in ("=", "!="):
        for kind, convert in ((bool, _truth), (float, _number), (object, _text)):
            if isinstance(left, kind) or isinstance(right, kind):
                return (convert(left) == convert(right)) == (operator == "=")
    a, b = _number(left), _number(right)
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]


def _divided(a: float, b: float) -> float:
    if b == 0:
        return math.nan if a == 0 else math.copysign(math.inf, a)
    return a / b


LEVELS: tuple[tuple[str, ...], ...] = (
    ("or",),
    ("and",),
    ("=", "!="),
    ("<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "div", "mod"),
)
ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "div": _divided,
    "mod": lambda a, b: math.nan if b == 0 else math.fmod(a, b),
}


def _operation(operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
    if operator == "or":
        return lambda context: _truth(left(context)) or _truth(right(context))
    if operator == "and":
        return lambda context: _truth(left(context)) and _truth(right(context))
    if operator in ARITHMETIC:
        compute = ARITHMETIC[operator]
        return lambda context: compute(_number(left(context)), _number(right(context)))
    return lambda context: _compare(operator, left(context), right(context))


def _parent(node: Node) -> Node:
    return node.ownerElement if node.nodeType == 2 else node.parentNode


def _descendants(node: Node) -> Iterator[Node]:
    for child in node.childNodes or ():
        yield child
        yield from _descendants(child)


def _ancestors(node: Node) -> Iterator[Node]:
    while (node := _parent(node)) is not None:
        yield node


def _siblings(node: Node, step: str) -> Iterator[Node]:
    while (node := getattr(node, step)) is not None:
        yield node


def _attributes(node: Node) -> list[Node]:
    found = node.attributes.values() if node.nodeType == 1 else []
    return [one for one in found if not one.name.startswith("xmlns")]


AXES: dict[str, Callable[[Node], Iterable[Node]]] = {
    "child": lambda node: node.childNodes or (),
    "descendant": _descendants,
    "descendant-or-self": lambda node: [node, *_descendants(node)],
    "self": lambda node: [node],
    "parent": lambda node: [one for one in [_parent(node)] if one is not None],
    "ancestor": _ancestors,
    "ancestor-or-self": lambda node: [node, *_ancestors(node)],
    "attribute": _attributes,
    "following-sibling": lambda node: _siblings(node, "nextSibling"),
    "preceding-sibling": lambda node: _siblings(node, "previousSibling"),
}


def _named(axis: str, name: str) -> Test:
    """A name without a prefix is one without a namespace."""
    kind = 2 if axis == "attribute" else 1
    return lambda node: (
        node.nodeType == kind and (name == "*" or (node.nodeName == name and not node.namespaceURI))
    )


def _typed(kind: str) -> Test:
    types = NODE_TYPES[kind]
    return lambda node: types is None or node.nodeType in types


def _filtered(nodes: list[Node], predicates: list[Evaluate]) -> list[Node]:
    for predicate in predicates:
        kept = []
        for position, node in enumerate(nodes, 1):
            value = predicate(Context(node, position, len(nodes)))
            if value == position if isinstance(value, float) else _truth(value):
                kept.append(node)
        nodes = kept
    return nodes


def _step(axis: str, test: Test, predicates: list[Evaluate]) -> Callable[[Node], list[Node]]:
    return lambda node: _filtered([one for one in AXES[axis](node) if test(one)], predicates)


def _walk(nodes: list[Node], steps: list[Callable[[Node], list[Node]]]) -> list[Node]:
    for step in steps:
        found: dict[int, Node] = {}
        for node in nodes:
            found |= {id(one): one for one in step(node)}
        nodes = list(found.values())
    return nodes


def _nodes(value: Value) -> list[Node]:
    if not isinstance(value, list):
        raise XPathError("a set of nodes is needed")
    return value


def _name_of(nodes: list[Node], local: bool) -> str:
    if not nodes or nodes[0].nodeType not in (1, 2):
        return ""
    return str(nodes[0].localName or nodes[0].nodeName) if local else str(nodes[0].nodeName)


def _substring(text: str, start: float, length: float = math.inf) -> str:
    first, last = _rounded(start), _rounded(start) + _rounded(length)
    return "".join(one for place, one in enumerate(text, 1) if first <= place < last)


def _rounded(value: float) -> float:
    return float(math.floor(value + 0.5)) if math.isfinite(value) else value


def _translated(text: str, old: str, new: str) -> str:
    table = {ord(one): (new[place] if place < len(new) else None) for place, one in enumerate(old)}
    return text.translate(table)


# Each takes its arguments as they are; a missing one is the context node.
FUNCTIONS: dict[str, Callable[..., Value]] = {
    "count": lambda nodes: float(len(_nodes(nodes))),
    "sum": lambda nodes: float(sum(_number(text_of(one)) for one in _nodes(nodes))),
    "name": lambda nodes: _name_of(_nodes(nodes), local=False),
    "local-name": lambda nodes: _name_of(_nodes(nodes), local=True),
    "namespace-uri": lambda nodes: str((_nodes(nodes)[0].namespaceURI or "") if nodes else ""),
    "string": _text,
    "concat": lambda *values: "".join(map(_text, values)),
    "starts-with": lambda text, part: _text(text).startswith(_text(part)),
    "contains": lambda text, part: _text(part) in _text(text),
    "substring-before": lambda text, part: (
        _text(text).partition(_text(part))[0] if _text(part) in _text(text) else ""
    ),
    "substring-after": lambda text, part: _text(text).partition(_text(part))[2],
    "substring": lambda text, *range_: _substring(_text(text), *map(_number, range_)),
    "string-length": lambda text: float(len(_text(text))),
    "normalize-space": lambda text: " ".join(_text(text).split()),
    "translate": lambda *values: _translated(*map(_text, values)),
    "boolean": _truth,
    "not": lambda value: not _truth(value),
    "true": lambda: True,
    "false": lambda: False,
    "number": _number,
    "floor": lambda value: float(math.floor(_number(value))),
    "ceiling": lambda value: float(math.ceil(_number(value))),
    "round": lambda value: _rounded(_number(value)),
}
OF_CONTEXT = {"name", "local-name", "namespace-uri", "string", "number"}
OF_CONTEXT |= {"string-length", "normalize-space"}


class _Parser:
    def __init__(self, source: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while source[position:].strip():
            matched = TOKEN.match(source, position)
            if matched is None or matched.lastgroup is None:
                raise XPathError(f"unreadable at character {position + 1}")
            self.tokens.append((matched.lastgroup, matched[matched.lastgroup]))
            position = matched.end()
        self.place = 0

    def peek(self, ahead: int = 0) -> str:
        """The token so far ahead; a quoted text as an empty one."""
        if self.place + ahead >= len(self.tokens):
            return ""
        kind, token = self.tokens[self.place + ahead]
        return "" if kind == "text" else token

    def take(self, *expected: str) -> bool:
        if self.peek() not in expected or self.peek() == "":
            return False
        self.place += 1
        return True

    def need(self, expected: str) -> None:
        if not self.take(expected):
            raise XPathError(f"expected '{expected}' before '{self.peek()}'")

    def end(self) -> None:
        if self.place < len(self.tokens):
            raise XPathError(f"nothing more was expected, but '{self.peek()}' follows")

    def binary(self, level: int) -> Evaluate:
        """An expression of operators of this level of precedence and those that bind closer."""
        if level == len(LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while (operator := self.peek()) in LEVELS[level]:
            self.place += 1
            left = _operation(operator, left, self.binary(level + 1))
        return left

    def unary(self) -> Evaluate:
        if self.take("-"):
            inner = self.unary()
            return lambda context: -_number(inner(context))
        paths = [self.path()]
        while self.take("|"):
            paths.append(self.path())
        if len(paths) == 1:
            return paths[0]

        def union(context: Context) -> Value:
            found = (one for path in paths for one in _nodes(path(context)))
            return list({id(one): one for one in found}.values())

        return union

    def path(self) -> Evaluate:
        start = self.start()
        if start is None and self.peek() in ("/", "//"):
            absolute, start = True, lambda context: [context.node.ownerDocument or context.node]
        else:
            absolute = False
        steps = [] if start else [self.step()]
        while self.peek() in ("/", "//"):
            if self.take("//"):
                steps.append(_step("descendant-or-self", _typed("node"), []))
            else:
                self.need("/")
                if absolute and not steps and not self.at_step():
                    break
            steps.append(self.step())
        if not steps and start:
            return start
        begin = start or (lambda context: [context.node])
        return lambda context: _walk(_nodes(begin(context)), steps)

    def start(self) -> Evaluate | None:
        """A literal, a call or an expression in parentheses, with its predicates; else None."""
        kind, token = self.tokens[self.place] if self.place < len(self.tokens) else ("", "")
        if kind == "text":
            self.place += 1
            return lambda context: token[1:-1]
        if kind == "number":
            self.place += 1
            return lambda context: float(token)
        if self.take("("):
            inner = self.binary(0)
            self.need(")")
            return self.with_predicates(inner)
        if kind == "name" and self.peek(1) == "(" and token not in NODE_TYPES:
            return self.with_predicates(self.call())
        return None

    def with_predicates(self, inner: Evaluate) -> Evaluate:
        predicates = self.predicates()
        if not predicates:
            return inner
        return lambda context: _filtered(_nodes(inner(context)), predicates)

    def call(self) -> Evaluate:
        name = self.peek()
        self.place += 2
        arguments: list[Evaluate] = []
        while not self.take(")"):
            if arguments:
                self.need(",")
            arguments.append(self.binary(0))
        if name in ("position", "last") and not arguments:
            return lambda context: float(context.position if name == "position" else context.size)
        if name not in FUNCTIONS:
            raise XPathError(f"there is no function '{name}'")
        if name in OF_CONTEXT and not arguments:
            arguments = [lambda context: [context.node]]
        function = FUNCTIONS[name]

        def value(context: Context) -> Value:
            try:
                return function(*(argument(context) for argument in arguments))
            except TypeError:
                raise XPathError(f"'{name}' takes another number of arguments") from None

        return value

    def at_step(self) -> bool:
        kind = self.tokens[self.place][0] if self.place < len(self.tokens) else ""
        return kind == "name" or self.peek() in (".", "..", "@", "*")

    def step(self) -> Callable[[Node], list[Node]]:
        if self.take("."):
            return _step("self", _typed("node"), [])
        if self.take(".."):
            return _step("parent", _typed("node"), [])
        axis = "attribute" if self.take("@") else "child"
        if self.peek(1) == "::":
            axis = self.peek()
            if axis not in AXES:
                raise XPathError(f"there is no axis '{axis}'")
            self.place += 2
        name = self.peek()
        if not self.at_step() or name in (".", "..", "@"):
            raise XPathError(f"expected a step before '{name}'")
        self.place += 1
        if name in NODE_TYPES and self.take("("):
            self.need(")")
            return _step(axis, _typed(name), self.predicates())
        return _step(axis, _named(axis, name), self.predicates())

    def predicates(self) -> list[Evaluate]:
        found = []
        while self.take("["):
            found.append(self.binary(0))
            self.need("]")
        return found
