"""Evaluates a template with a parameter file: the resources that would be deployed to Azure.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
from medallion.fault import Fault, step, walk
from medallion.infra.scope import GROUP_ID, Scope, Symbol, TemplateError

# The properties of an entry in `resources` that are not part of the resource's own body.
ENVELOPE = ("type", "apiVersion", "name", "condition", "copy", "dependsOn", "scope", "comments")
DATE = re.compile(r"\b20\d\d-\d\d(-\d\d)?\b")
NAMED = re.compile(r"\b(parameters|variables)\('([^']*)'\)")
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "securestring": str,
    "int": int,
    "bool": bool,
    "array": list,
    "object": dict,
    "secureobject": dict,
}


@dataclass(frozen=True)
class Resource:
    """One resource, evaluated. `path` is its place in the template, `id` its full resource id."""

    type: str
    name: str
    id: str
    api_version: str
    path: str
    body: dict[str, Any]
    scope: str
    depends_on: tuple[str, ...]
    symbols: tuple[Symbol, ...]

    @property
    def properties(self) -> dict[str, Any]:
        """The body's `properties`, if it has any."""
        found = self.body.get("properties")
        return found if isinstance(found, dict) else {}


@dataclass
class Deployment:
    """A template with one parameter file, evaluated as far as possible; `file` names both."""

    file: str
    resources: list[Resource] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)  # ids of those whose condition is false
    loops: dict[str, list[str]] = field(default_factory=dict)  # ids, by the name of a copy loop
    outputs: dict[str, Any] = field(default_factory=dict)
    output_symbols: list[Symbol] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def of(self, kind: str) -> list[Resource]:
        """The resources of a type."""
        return [one for one in self.resources if one.type == kind]

    def fault(self, path: str, message: str, fix: str) -> None:
        """Record a fault."""
        self.faults.append(Fault(self.file, path, message, fix))


def read(file: Path) -> dict[str, Any]:
    """The JSON object in a file."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise MedallionError(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise MedallionError(f"{file} is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise MedallionError(f"{file} is not a JSON object.")
    return found


def evaluate(template: Mapping[str, Any], given: Mapping[str, Any], file: str) -> Deployment:
    """The deployment of a template with the `parameters` of a parameter file."""
    made = Deployment(file)
    declared, variables = template.get("parameters", {}), template.get("variables", {})
    _parameters(made, declared, given)
    scope = Scope(made.parameters, variables)
    for index, one in enumerate(template.get("resources", [])):
        _entry(made, scope, one, f"$.resources[{index}]")
    for name, one in template.get("outputs", {}).items():
        path = step("$.outputs", name)
        value = _evaluated(made, scope, one.get("value"), f"{path}.value")
        wanted = TYPES.get(str(one.get("type")).lower())
        if wanted is None or not isinstance(value, wanted):
            made.fault(path, f"the value is not of the type '{one.get('type')}'", "correct one")
        made.outputs[name] = value
        made.output_symbols += scope.symbols
        scope.symbols.clear()
    _names(made, template)
    return made


def _names(made: Deployment, template: Mapping[str, Any]) -> None:
    """Unused names, and undefined names, also in places that are not evaluated."""
    used: dict[tuple[str, str], str] = {}
    for path, text in walk(template, "$"):
        if isinstance(text, str) and text.startswith("["):
            used |= dict.fromkeys(NAMED.findall(text), path)
    there = {
        (kind, name) for kind in ("parameters", "variables") for name in template.get(kind, {})
    }
    for name, value in template.get("variables", {}).items():
        for path, text in walk(value, step("$.variables", name)):
            if isinstance(text, str) and text.startswith("[") and "reference(" in text:
                made.fault(path, "reference is used in a variable", "use it only in properties")
    for kind, name in sorted(there - used.keys()):
        made.fault(step(f"$.{kind}", name), f"'{name}' is not used", "remove it")
    for kind, name in sorted(used.keys() - there):
        message = f"'{name}' is not defined in {kind}"
        made.fault(used[kind, name], message, "correct the name")


def _parameters(made: Deployment, declared: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Set the parameters' values, and record their faults."""
    for name in given:
        if name not in declared:
            path = step("$.parameters", name)
            made.fault(path, f"the template has no parameter '{name}'", "remove it")
    for name, one in declared.items():
        path = step("$.parameters", name)
        if name in given:
            value = given[name].get("value")
        elif "defaultValue" in one:
            value = _evaluated(made, Scope({}, {}), one["defaultValue"], f"{path}.defaultValue")
        else:
            made.fault(path, f"'{name}' has no value", "set it in the parameter file")
            value = None
        made.parameters[name] = value
        if DATE.search(str(one.get("defaultValue", ""))):
            message = f"the default of '{name}' is a date, which will be past"
            made.fault(path, message, "require the value, or compute it where it is given")
        for message in _misfits(one, value):
            made.fault(path, f"the value of '{name}' {message}", "correct it")
        if not one.get("metadata", {}).get("description"):
            made.fault(path, f"'{name}' is not described", "add metadata.description")


def _misfits(declared: Mapping[str, Any], value: Any) -> Iterator[str]:
    """The ways in which a value violates its parameter's declaration."""
    kind = TYPES.get(str(declared.get("type")).lower())
    if kind is None:
        yield f"has the unknown type '{declared.get('type')}'"
        return
    if value is None:
        return
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        yield f"is not of type {declared['type']}"
        return
    if "allowedValues" in declared and value not in declared["allowedValues"]:
        yield f"is not among {declared['allowedValues']}"
    size = value if isinstance(value, int) else len(value)
    least, most = ("minValue", "maxValue") if isinstance(value, int) else ("minLength", "maxLength")
    if size < declared.get(least, size):
        yield f"is below its {least} {declared[least]}"
    if size > declared.get(most, size):
        yield f"is above its {most} {declared[most]}"


def _evaluated(made: Deployment, scope: Scope, value: Any, path: str) -> Any:
    """A value evaluated; a failing part is recorded at its place, and becomes null."""
    if isinstance(value, dict):
        return {
            str(_evaluated(made, scope, key, path)): _evaluated(made, scope, one, step(path, key))
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_evaluated(made, scope, one, step(path, index)) for index, one in enumerate(value)]
    try:
        return scope.value(value)
    except TemplateError as error:
        made.fault(path, str(error), "correct the expression")
        return None


def _entry(made: Deployment, scope: Scope, entry: Mapping[str, Any], path: str) -> None:
    """Evaluate an entry of `resources` into its resources: none, one, or one per iteration."""
    loop = entry.get("copy")
    if loop is None:
        _resource(made, scope, entry, path)
        return
    count = _evaluated(made, scope, loop.get("count"), f"{path}.copy.count")
    size = _batch(made, loop, f"{path}.copy")
    ids = made.loops.setdefault(str(loop.get("name")), [])
    for index in range(count if isinstance(count, int) else 0):
        # A serial loop creates a batch when the one before it exists.
        start = index // size * size if size else 0
        before = tuple(ids[max(start - size, 0) : start])
        ids.append(_resource(made, scope.at(index), entry, path, before))


def _batch(made: Deployment, loop: Mapping[str, Any], path: str) -> int:
    """The size of a serial loop's batches; 0 for a parallel loop, the default."""
    mode, size = loop.get("mode", "parallel"), loop.get("batchSize", 1)
    if mode not in ("serial", "parallel"):
        made.fault(f"{path}.mode", f"'{mode}' is not a mode of a loop", "write serial or parallel")
    if mode != "serial" and "batchSize" in loop:
        made.fault(f"{path}.batchSize", "a parallel loop has no batches", "write mode: serial")
    if not isinstance(size, int) or size < 1:
        made.fault(f"{path}.batchSize", f"'{size}' is not a number of resources", "write 1")
        size = 1
    return size if mode == "serial" else 0


def _resource(
    made: Deployment,
    scope: Scope,
    entry: Mapping[str, Any],
    path: str,
    before: tuple[str, ...] = (),
) -> str:
    scope.symbols.clear()
    kind, name, under = (
        str(_evaluated(made, scope, entry.get(key, ""), f"{path}.{key}"))
        for key in ("type", "name", "scope")
    )
    id_ = f"{under or GROUP_ID}{_provided(made, kind, name, path)}"
    wanted = _evaluated(made, scope, entry.get("condition", True), f"{path}.condition")
    if scope.symbols:
        # Azure must know all resources before it creates the first one.
        message = "reference is used in a resource's type, name, scope or condition"
        made.fault(path, message, "use it only in properties")
    scope.symbols.clear()
    if wanted is not True:
        made.left_out.add(id_)
        return id_
    body = _evaluated(made, scope, _body(entry), path)
    depends_on = _evaluated(made, scope, entry.get("dependsOn", []), f"{path}.dependsOn")
    made.resources.append(
        Resource(
            kind,
            name,
            id_,
            str(entry.get("apiVersion", "")),
            path,
            body,
            under,
            (*(str(one) for one in depends_on), *before),
            tuple(scope.symbols),
        )
    )
    scope.symbols.clear()
    return id_


def _body(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: one for key, one in entry.items() if key not in ENVELOPE}


def _provided(made: Deployment, kind: str, name: str, path: str) -> str:
    provider, *kinds = kind.split("/")
    names = name.split("/")
    if not kinds or not re.fullmatch(r"[A-Za-z]+\.[A-Za-z]+", provider):
        made.fault(f"{path}.type", f"'{kind}' is not a resource type", "write Provider/type")
    elif len(kinds) != len(names):
        message = f"'{kind}' needs {len(kinds)} names and '{name}' has {len(names)}"
        made.fault(f"{path}.name", message, "write one name per part of the type")
    pairs = zip(kinds, names, strict=False)
    return f"/providers/{provider}" + "".join(f"/{one}/{two}" for one, two in pairs)
