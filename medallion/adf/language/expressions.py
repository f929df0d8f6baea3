"""Data Factory's expression language: from text to syntax tree, and from tree to value.

Source: https://learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
"""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.functions import FUNCTIONS
from medallion.adf.language.functions.registry import check_count, wrong_type
from medallion.adf.language.values import (
    INTEGER_MAXIMUM,
    INTEGER_MINIMUM,
    is_number,
    to_text,
    type_name,
)

TOKEN = re.compile(
    r"\s*(?:(?P<number>[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<name>(?:[^\W\d]|\$)[\w$]*)"
    r"|(?P<mark>\?\.|\?\[|[().,\[\]{}]))"
)
LONGEST_SHOWN = 200  # characters of an expression in an error message
CONSTANTS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Literal:
    """A number, a quoted text, `true`, `false` or `null`."""

    value: Any


@dataclass(frozen=True)
class Call:
    """`name(arguments…)`."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True)
class Access:
    """`base.key` or `base[key]`; with `?`, a missing key or a null base gives null."""

    base: "Node"
    key: "Node"
    optional: bool


Node = Literal | Call | Access


class Names(Protocol):
    """The names that an expression can refer to: functions that read the state of a run."""

    def reference(self, name: str, arguments: list[Any]) -> tuple[bool, Any]:
        """Whether `name` is such a function here, and its value."""


class Parser:
    """A recursive-descent parser that stops after one expression, at `position`."""

    def __init__(self, source: str, position: int = 0) -> None:
        self.source = source
        self.position = position

    def peek(self) -> tuple[str, str]:
        """The next token's kind and text, or two empty texts at the end."""
        matched = TOKEN.match(self.source, self.position)
        if matched is None or matched.lastgroup is None:
            return "", ""
        return matched.lastgroup, matched[matched.lastgroup]

    def take(self, expected: str | None = None) -> tuple[str, str]:
        """Consume the next token, which must equal `expected` if that is given."""
        matched = TOKEN.match(self.source, self.position)
        if matched is None or matched.lastgroup is None:
            raise self.unreadable(f"'{expected}'" if expected else "an expression")
        if expected is not None and matched[matched.lastgroup] != expected:
            raise self.unreadable(f"'{expected}'")
        self.position = matched.end()
        return matched.lastgroup, matched[matched.lastgroup]

    def unreadable(self, expected: str) -> ExpressionError:
        """The error for a token that is not the expected one."""
        return ExpressionError(
            f"Unable to parse expression '{_short(self.source)}': expected {expected} "
            f"at position {self.position + 1}."
        )

    def expression(self) -> Node:
        """Parse one expression with the property and index accesses that follow it."""
        node = self._primary()
        while (mark := self.peek()[1]) in (".", "?.", "[", "?["):
            self.take()
            if mark.endswith("."):
                kind, name = self.take()
                if kind != "name":
                    raise self.unreadable("a property name")
                key: Node = Literal(name)
            else:
                key = self.expression()
                self.take("]")
            node = Access(node, key, mark.startswith("?"))
        return node

    def _primary(self) -> Node:
        kind, token = self.take()
        if kind == "number":
            return Literal(self._number(token))
        if kind == "text":
            return Literal(token[1:-1].replace("''", "'"))
        if kind == "name" and self.peek()[1] == "(":
            return Call(token, self._arguments())
        if kind == "name" and token.lower() in CONSTANTS:
            return Literal(CONSTANTS[token.lower()])
        raise self.unreadable("a function, a number or a quoted text")

    def _number(self, token: str) -> int | float:
        number = float(token) if re.search(r"[.eE]", token) else int(token)
        if isinstance(number, int) and not INTEGER_MINIMUM <= number <= INTEGER_MAXIMUM:
            raise self.unreadable("an integer of 64 bits")
        if not math.isfinite(number):
            raise self.unreadable("a float of 64 bits")
        return number

    def _arguments(self) -> tuple[Node, ...]:
        self.take("(")
        arguments: list[Node] = []
        if self.peek()[1] != ")":
            arguments.append(self.expression())
            while self.peek()[1] == ",":
                self.take()
                arguments.append(self.expression())
        self.take(")")
        return tuple(arguments)


@lru_cache(maxsize=4096)
def parse(text: str) -> Node | tuple[str | Node, ...]:
    """Parse a JSON string's value: one expression (`@…`), or a text that contains `@{…}`.

    A leading `@@` and `@@{` are the escaped sign. Raises `ExpressionError`.
    """
    try:
        return _parsed(text)
    except RecursionError:
        raise _too_deep(text) from None


def _too_deep(text: str) -> ExpressionError:
    return ExpressionError(
        f"The expression '{_short(text)}' is nested too deeply; split it with variables."
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def _parsed(text: str) -> Node | tuple[str | Node, ...]:
    if text.startswith("@@") and not text.startswith("@@{"):
        return (text[1:],)
    if text.startswith("@") and not text.startswith(("@{", "@@")):
        parser = Parser(text, 1)
        node = parser.expression()
        if text[parser.position :].strip():
            raise parser.unreadable("the end")
        return node
    return _template(text)


def _template(text: str) -> tuple[str | Node, ...]:
    parts: list[str | Node] = []
    position = 0
    while (found := text.find("@{", position)) >= 0:
        if found and text[found - 1] == "@":
            parts.append(text[position : found - 1] + "@{")
            position = found + 2
            continue
        parser = Parser(text, found + 2)
        parts += [text[position:found], parser.expression()]
        parser.take("}")
        position = parser.position
    return (*parts, text[position:])


def evaluate(text: str, names: Names) -> Any:
    """The value of a JSON string in a pipeline. Raises `ExpressionError`."""
    parsed = parse(text)
    try:
        if not isinstance(parsed, tuple):
            return _value(parsed, names)
        return "".join(p if isinstance(p, str) else to_text(_value(p, names)) for p in parsed)
    except RecursionError:
        raise _too_deep(text) from None


def _value(node: Node, names: Names) -> Any:
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Access):
        return _member(_value(node.base, names), _value(node.key, names), node.optional)
    return _call(node, names)


def _member(base: Any, key: Any, optional: bool) -> Any:
    if base is None and optional:
        return None
    if isinstance(base, dict) and (isinstance(key, str) or is_number(key)):
        name = to_text(key)
        if name in base:
            return base[name]
        for other, value in base.items():
            if other.lower() == name.lower():
                return value
        if optional:
            return None
        raise ExpressionError(
            f"The expression cannot be evaluated because property '{key}' doesn't exist, "
            f"available properties are '{', '.join(base)}'."
        )
    if isinstance(base, list) and isinstance(key, int) and not isinstance(key, bool):
        if 0 <= key < len(base):
            return base[key]
        if optional:
            return None
        raise ExpressionError(
            f"The expression cannot be evaluated because array index '{key}' is outside bounds "
            f"(0, {len(base) - 1}) of the array."
        )
    raise ExpressionError(
        f"The expression cannot be evaluated because property '{key}' cannot be selected "
        f"from a value of type '{type_name(base)}'."
    )


def _call(node: Call, names: Names) -> Any:
    name = node.name.lower()
    if name == "if":
        _count(node, 3, 3)
        return _value(node.arguments[1 if _condition(node, 0, names) else 2], names)
    if name in ("and", "or"):
        _count(node, 1, None)
        decisive = name == "or"
        conditions = (_condition(node, place, names) for place in range(len(node.arguments)))
        return decisive if decisive in conditions else not decisive
    if name == "coalesce":
        _count(node, 1, None)
        values = (_value(argument, names) for argument in node.arguments)
        return next((value for value in values if value is not None), None)
    arguments = [_value(argument, names) for argument in node.arguments]
    known, value = names.reference(name, arguments)
    if known:
        return value
    if name not in FUNCTIONS:
        raise ExpressionError(f"The template function '{node.name}' is not defined or not valid.")
    return FUNCTIONS[name](*arguments)


def _count(node: Call, least: int, most: int | None) -> None:
    check_count(node.name, len(node.arguments), least, most)


def _condition(node: Call, position: int, names: Names) -> bool:
    value = _value(node.arguments[position], names)
    if not isinstance(value, bool):
        raise wrong_type(node.name, position + 1, "Boolean", value)
    return value
