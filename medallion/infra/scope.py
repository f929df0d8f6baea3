"""The values of a template's expressions: its parameters and variables, and its deployment scope.

Evaluation is real except for values that only Azure knows. `reference(id).a.b` becomes a `Symbol`,
a text that names the resource and the path. Each is recorded, so that the check can test whether
the resource has such a property. `uniqueString` and `guid` are deterministic replacements.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.expressions import Access, Call, Literal, Node, Parser
from medallion.infra.functions import FUNCTIONS

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
TENANT = "11111111-1111-1111-1111-111111111111"
GROUP = "rg-medallion"
LOCATION = "westeurope"
GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
ENVIRONMENT = {
    "name": "AzureCloud",
    "suffixes": {
        "keyvaultDns": ".vault.azure.net",
        "sqlServerHostname": ".database.windows.net",
        "storage": "core.windows.net",
    },
}


class TemplateError(Exception):
    """An expression that Azure would reject, in one sentence without a full stop."""


class Symbol(str):
    """A value that only a deployed resource has: a text with the resource and the property."""

    resource: str
    steps: tuple[str, ...]
    full: bool

    def __new__(cls, resource: str, steps: tuple[str, ...] = (), full: bool = False) -> "Symbol":
        """From a resource's id and the path in its properties (or in all of it, if `full`)."""
        made = super().__new__(cls, f"<{resource}#{'.'.join(steps)}>")
        made.resource, made.steps, made.full = resource, steps, full
        return made


@dataclass(frozen=True)
class Scope:
    """The names of a template; `symbols` and `computed` grow while it is evaluated."""

    parameters: Mapping[str, Any]
    variables: Mapping[str, Any]
    index: int | None = None
    symbols: list[Symbol] = field(default_factory=list)
    computed: dict[str, Any] = field(default_factory=dict)  # the values of evaluated variables
    under_way: tuple[str, ...] = ()

    def value(self, json: Any) -> Any:
        """A JSON value of the template with its expressions evaluated."""
        if isinstance(json, dict):
            return {self.value(key): self.value(one) for key, one in json.items()}
        if isinstance(json, list):
            return [self.value(one) for one in json]
        if not isinstance(json, str) or not json.startswith("[") or not json.endswith("]"):
            return json
        if json.startswith("[["):
            return json[1:]
        parser = Parser(json, 1)
        try:
            node = parser.expression()
        except ExpressionError as error:
            raise TemplateError(str(error).rstrip(".")) from error
        if parser.position != len(json) - 1:
            raise TemplateError(f"'{json}' has text after its expression")
        return self._node(node)

    def at(self, index: int) -> "Scope":
        """The same scope in one iteration of a copy loop."""
        return replace(self, index=index)

    def _node(self, node: Node) -> Any:
        match node:
            case Literal(value):
                return value
            case Access(base, key, optional):
                return self._access(self._node(base), self._node(key), optional)
            case Call("if", (condition, yes, no)):
                return self._node(yes if self._node(condition) else no)
            case Call(name, arguments):
                return self._call(name, [self._node(one) for one in arguments])
        raise TemplateError(f"no rule for {node}")

    def _access(self, base: Any, key: Any, optional: bool) -> Any:
        if isinstance(base, Symbol):
            longer = Symbol(base.resource, (*base.steps, str(key)), base.full)
            # The longest path is the requested one; this step was only on the way.
            if base in self.symbols:
                self.symbols.remove(base)
            self.symbols.append(longer)
            return longer
        try:
            return base[key]
        except (KeyError, IndexError, TypeError) as error:
            if optional:
                return None
            raise TemplateError(f"there is no '{key}' in the value before it") from error

    def _call(self, name: str, arguments: list[Any]) -> Any:
        own = getattr(self, f"_of_{name.lower()}", None)
        known = own or FUNCTIONS.get(name.lower())
        if known is None:
            raise TemplateError(f"the function '{name}' is not supported here")
        try:
            return known(*arguments)
        except TemplateError:
            raise
        except Exception as error:
            raise TemplateError(f"{name} fails: {error}") from error

    def _of_parameters(self, name: str) -> Any:
        if name not in self.parameters:
            raise TemplateError(f"there is no parameter '{name}'")
        return self.parameters[name]

    def _of_variables(self, name: str) -> Any:
        if name not in self.variables:
            raise TemplateError(f"there is no variable '{name}'")
        if name in self.under_way:
            raise TemplateError(f"the variable '{name}' depends on itself")
        if name not in self.computed:
            within = replace(self, index=None, under_way=(*self.under_way, name))
            self.computed[name] = within.value(self.variables[name])
        return self.computed[name]

    def _of_copyindex(self, *arguments: Any) -> int:
        if self.index is None:
            raise TemplateError("copyIndex is used outside a copy loop")
        offset = next((one for one in arguments if isinstance(one, int)), 0)
        return self.index + offset

    def _of_resourceid(self, *arguments: str) -> str:
        return GROUP_ID + _provided(arguments)

    def _of_subscriptionresourceid(self, *arguments: str) -> str:
        return f"/subscriptions/{SUBSCRIPTION}" + _provided(arguments)

    def _of_reference(self, resource: str, *rest: str) -> Symbol:
        symbol = Symbol(resource, (), len(rest) == 2 and rest[1].lower() == "full")
        self.symbols.append(symbol)
        return symbol

    def _of_resourcegroup(self) -> Any:
        return {"id": GROUP_ID, "name": GROUP, "location": LOCATION}

    def _of_subscription(self) -> Any:
        id_ = f"/subscriptions/{SUBSCRIPTION}"
        return {"id": id_, "subscriptionId": SUBSCRIPTION, "tenantId": TENANT}

    def _of_tenant(self) -> Any:
        return {"tenantId": TENANT}

    def _of_environment(self) -> Any:
        return ENVIRONMENT


def _provided(arguments: tuple[str, ...]) -> str:
    """`/providers/Microsoft.Sql/servers/s/databases/d` from a type and its names."""
    kind, *names = arguments
    if "/" not in kind:
        raise TemplateError(f"'{kind}' is not a resource type: other groups are not supported")
    provider, *kinds = kind.split("/")
    if len(kinds) != len(names):
        raise TemplateError(f"'{kind}' needs {len(kinds)} names and has {len(names)}")
    steps = "".join(f"/{one}/{name}" for one, name in zip(kinds, names, strict=True))
    return f"/providers/{provider}{steps}"
