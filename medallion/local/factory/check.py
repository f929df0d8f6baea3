"""Checks the files under `adf/` without running them: what the service refuses on publishing.

Sources: https://learn.microsoft.com/azure/data-factory/concepts-nested-activities
and https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
from medallion.local.factory.activities import ACTIVITIES
from medallion.local.factory.control import CONTROL
from medallion.local.factory.errors import ExpressionError
from medallion.local.factory.expressions import Access, Call, Literal, Node, parse
from medallion.local.factory.files import FactoryFiles
from medallion.local.factory.functions import FUNCTIONS

MOST_ACTIVITIES = 80  # per pipeline, inner ones included
MOST_PARAMETERS = 50
LONGEST_ACTIVITY_NAME = 55
LOOPS = ("ForEach", "Until")
BRANCHES = ("IfCondition", "Switch")
LAZY = ("if", "and", "or")
NAMES = ("pipeline", "variables", "activity", "item", "dataset", "linkedservice")
KINDS = {
    "PipelineReference": FactoryFiles.pipeline,
    "DatasetReference": FactoryFiles.dataset,
    "LinkedServiceReference": FactoryFiles.linked_service,
}
Activity = dict[str, Any]


def faults(files: FactoryFiles) -> list[str]:
    """One line per fault in the folder; empty when there is none."""
    return [
        f"{kind}/{file.name}: {fault}"
        for kind in ("linkedService", "dataset", "pipeline", "trigger")
        for file in sorted((files.folder / kind).glob("*.json"))
        for fault in _file_faults(files, kind, file)
    ]


def _file_faults(files: FactoryFiles, kind: str, file: Path) -> Iterator[str]:
    try:
        resource = json.loads(file.read_text(encoding="utf-8"))
        properties = resource["properties"]
    except (ValueError, KeyError, TypeError) as error:
        yield f"it is no resource in JSON ({type(error).__name__}: {error})"
        return
    if resource.get("name") != file.stem:
        yield f"the name inside is '{resource.get('name')}'"
    yield from _references(files, properties)
    yield from _expressions(properties)
    if kind == "pipeline":
        yield from PipelineCheck(properties).faults()


def _walk(value: Any) -> Iterator[Any]:
    yield value
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(value, (dict, list)):
        for one in inner:
            yield from _walk(one)


def _references(files: FactoryFiles, properties: dict[str, Any]) -> Iterator[str]:
    for one in _walk(properties):
        if not isinstance(one, dict):
            continue
        if "referenceName" in one and one.get("type") not in KINDS:
            yield f"the reference to '{one['referenceName']}' has no known type"
        elif "referenceName" in one and one["type"] != "PipelineReference":
            yield from _reference(files, one, one.get("parameters", {}))
        for name in ("pipeline", "pipelineReference"):
            if isinstance(one.get(name), dict):
                yield from _reference(files, one[name], one.get("parameters", {}))


def _reference(
    files: FactoryFiles, reference: dict[str, Any], given: dict[str, Any]
) -> Iterator[str]:
    """What a reference names exists, and takes the parameters that it is given, no others."""
    name = reference["referenceName"]
    try:
        target = KINDS[reference["type"]](files, name)
    except MedallionError as error:
        yield str(error)
        return
    declared = target.get("parameters", {})
    for one in sorted(set(given) - set(declared)):
        yield f"'{name}' has no parameter '{one}'"
    for one, definition in declared.items():
        if one not in given and "defaultValue" not in definition:
            yield f"'{name}' needs its parameter '{one}'"


def _nodes(text: str) -> Iterator[Node]:
    parsed = parse(text)
    stack: list[str | Node] = list(parsed) if isinstance(parsed, tuple) else [parsed]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            continue
        yield node
        if isinstance(node, Access):
            stack += [node.base, node.key]
        elif isinstance(node, Call):
            stack += node.arguments


def _expressions(properties: Any) -> Iterator[str]:
    for one in _walk(properties):
        if isinstance(one, str) and "@" in one:
            try:
                calls = [node for node in _nodes(one) if isinstance(node, Call)]
            except ExpressionError as error:
                yield str(error)
                continue
            for call in calls:
                if call.name.lower() not in (*FUNCTIONS, *LAZY, *NAMES):
                    yield f"the function '{call.name}' does not exist"


@dataclass(frozen=True)
class PipelineCheck:
    """The rules on one pipeline's activities."""

    properties: dict[str, Any]

    def faults(self) -> Iterator[str]:
        """One sentence per fault."""
        names: list[str] = []
        yield from self._block(self.properties["activities"], (), frozenset(), names)
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"the activity name '{name}' is used twice"
        if len(names) > MOST_ACTIVITIES:
            yield f"{len(names)} activities are more than {MOST_ACTIVITIES}"
        if len(self.properties.get("parameters", {})) > MOST_PARAMETERS:
            yield f"more than {MOST_PARAMETERS} parameters"

    def _block(
        self,
        activities: list[Activity],
        containers: tuple[str, ...],
        outside: frozenset[str],
        names: list[str],
    ) -> Iterator[str]:
        here = {activity["name"]: activity for activity in activities}
        names += [activity["name"] for activity in activities]
        for name, activity in here.items():
            kind = activity["type"]
            if len(name) > LONGEST_ACTIVITY_NAME:
                yield f"the activity name '{name}' is longer than {LONGEST_ACTIVITY_NAME}"
            if kind not in CONTROL and kind not in ACTIVITIES:
                yield f"activity '{name}' has the type '{kind}', which does not run locally"
            if kind in LOOPS + BRANCHES and any(one in BRANCHES for one in containers):
                yield f"{kind} '{name}' stands inside a {containers[-1]}; use ExecutePipeline"
            if kind in LOOPS and any(one in LOOPS for one in containers):
                yield f"{kind} '{name}' stands inside a {containers[-1]}; use ExecutePipeline"
            for one in activity.get("dependsOn", []):
                if one["activity"] not in here:
                    yield f"'{name}' depends on '{one['activity']}', which is not beside it"
            seen = outside | _upstream(here, name)
            yield from self._names(activity, seen)
            for inner in _inner(activity):
                yield from self._block(inner, (*containers, kind), seen, names)

    def _names(self, activity: Activity, seen: frozenset[str]) -> Iterator[str]:
        variables = {name.lower() for name in self.properties.get("variables", {})}
        parameters = {name.lower() for name in self.properties.get("parameters", {})}
        for text in _own_texts(activity):
            for node in _nodes(text):
                match node:
                    case Call("activity", (Literal(name),)) if name not in seen:
                        yield f"'{activity['name']}' reads '{name}', which does not run before it"
                    case Call("variables", (Literal(name),)) if name.lower() not in variables:
                        yield f"'{activity['name']}' reads the unknown variable '{name}'"
                    case Access(
                        Access(Call("pipeline", ()), Literal("parameters"), _), Literal(name), _
                    ) if name.lower() not in parameters:
                        yield f"'{activity['name']}' reads the unknown parameter '{name}'"


def _upstream(here: dict[str, Activity], name: str) -> frozenset[str]:
    found: set[str] = set()
    asked = [name]
    while asked:
        for one in here.get(asked.pop(), {}).get("dependsOn", []):
            if one["activity"] not in found:
                found.add(one["activity"])
                asked.append(one["activity"])
    return frozenset(found)


def _inner(activity: Activity) -> list[list[Activity]]:
    properties = activity["typeProperties"]
    lists = ("activities", "ifTrueActivities", "ifFalseActivities", "defaultActivities")
    blocks = [properties[name] for name in lists if name in properties]
    return blocks + [case["activities"] for case in properties.get("cases", [])]


def _own_texts(activity: Activity) -> Iterator[str]:
    own = ("expression", "on", "items", "condition")
    properties = activity["typeProperties"]
    container = activity["type"] in LOOPS + BRANCHES
    read = {name: properties.get(name) for name in own} if container else activity
    for one in _walk(read):
        if isinstance(one, str) and "@" in one:
            try:
                parse(one)
            except ExpressionError:
                continue
            yield one


def check(folder: Path) -> list[str]:
    """The faults of a folder in git layout."""
    if not (folder / "pipeline").is_dir():
        raise MedallionError(f"{folder} is no Data Factory folder; it needs pipeline/ in it.")
    return faults(FactoryFiles(folder))
