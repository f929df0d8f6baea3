"""Finds the expressions in a resource, and tells where a plain text with an `@` is none.

An expression is an object `{"value": "@…", "type": "Expression"}`. A plain text that begins with
`@`, or holds `@{…}`, is evaluated in some places only:

* in a linked service, where Studio itself writes `"domain": "@linkedService().workspace"`;
* in the parameters that a trigger passes, `"@trigger().scheduledTime"`, as its documentation shows:
  https://learn.microsoft.com/azure/data-factory/how-to-use-trigger-parameterization;
* in an activity's `userProperties`, where "Auto generate" writes `"@{item().table}"`;
* in the parameters that a dataset reference or an Execute Pipeline activity passes, as in
  https://learn.microsoft.com/azure/data-factory/control-flow-for-each-activity#syntax, and so in
  other maps of values: the headers and the body of a web call, the base parameters of a notebook,
  the parameters of a stored procedure.

Anywhere else in an activity or a dataset the property itself must be an Expression object, as the
models' documentation says ("string (or Expression with resultType string)"); the text would reach
the store with its `@`. Descriptions, annotations, default values and data flow scripts are texts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from medallion.local.factory.errors import ExpressionError
from medallion.local.factory.expressions import Access, Call, Node, parse
from medallion.local.models.fault import children, step

# Properties of a resource or an activity itself in which an `@` is a mere character.
LITERAL = ("name", "description", "annotations", "folder", "parameters", "schema", "structure")
# Properties whose values the service evaluates one by one.
MAPS = (
    "parameters",
    "headers",
    "body",
    "baseparameters",
    "storedprocedureparameters",
    "userproperties",
    "arguments",
    "extendedproperties",
    "globalparameters",
)
# Where an activity holds other activities.
BLOCKS = ("activities", "ifTrueActivities", "ifFalseActivities", "cases", "defaultActivities")


@dataclass(frozen=True)
class Text:
    """A text with an expression in it; `plain` when it stands where none is evaluated."""

    path: str
    value: str
    plain: bool


def texts(
    value: Any, path: str, lenient: bool = False, literal: tuple[str, ...] = ()
) -> Iterator[Text]:
    """The expressions inside a JSON value; `lenient` where plain texts are evaluated too.

    The value's own properties in `literal` are left out.
    """
    if isinstance(value, dict) and str(value.get("type")).lower() == "expression":
        name = "value" if "value" in value else "content"
        if isinstance(value.get(name), str):
            yield Text(step(path, name), value[name], False)
        return
    if isinstance(value, str):
        if looks_evaluated(value):
            yield Text(path, value, not lenient)
        return
    for key, one in children(value):
        if key not in literal:
            inside = lenient or str(key).lower() in MAPS
            yield from texts(one, step(path, key), inside)


def looks_evaluated(text: str) -> bool:
    """Whether a plain text is meant as an expression: `@name…` that can be read, or `@{…}`.

    An address, a SQL variable or `@odata.type` is not.
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
