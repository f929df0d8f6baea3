"""Checks that referenced resources exist, and accept the parameters that they are given.

Sources: https://learn.microsoft.com/azure/data-factory/parameterize-linked-services
https://learn.microsoft.com/azure/data-factory/control-flow-execute-pipeline-activity
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from medallion.adf.check.resources import Factory, Resource
from medallion.adf.check.texts import looks_evaluated
from medallion.adf.check.values import misfit
from medallion.fault import Fault, step, walk

# By a reference's `type`, the kind of the referenced resource.
KINDS = {
    "LinkedServiceReference": "linkedService",
    "DatasetReference": "dataset",
    "DataFlowReference": "dataflow",
    "PipelineReference": "pipeline",
    "TriggerReference": "trigger",
    "CredentialReference": "credential",
    "IntegrationRuntimeReference": "integrationRuntime",
    "ManagedVirtualNetworkReference": "managedVirtualNetwork",
}
WORDS = {"linkedService": "linked service", "integrationRuntime": "integration runtime"}
ALWAYS_THERE = ("autoresolveintegrationruntime",)
Json = dict[str, Any]


def references(factory: Factory, resource: Resource) -> Iterator[Fault]:
    """References to missing resources, and pipelines that call themselves."""
    for path, kind, one in _all(resource):
        name = one["referenceName"]
        if name.lower() in ALWAYS_THERE or factory.find(kind, name):
            continue
        close = get_close_matches(name, factory.names(kind), n=1)
        fix = f"did you mean '{close[0]}'" if close else f"add {kind}/{name}.json or correct it"
        message = f"there is no {WORDS.get(kind, kind)} '{name}'"
        yield resource.fault(step(path, "referenceName"), message, fix)
    yield from _cycle(factory, resource)


def _all(resource: Resource) -> Iterator[tuple[str, str, Json]]:
    for path, one in walk(resource.document, "$"):
        kind = KINDS.get(str(one.get("type"))) if isinstance(one, dict) else None
        if kind and isinstance(one.get("referenceName"), str):
            yield path, kind, one


def arguments(factory: Factory, resource: Resource) -> Iterator[Fault]:
    """The faults in the parameters that a resource passes to a referenced resource."""
    for path, kind, one in _all(resource):
        target = factory.find(kind, one["referenceName"])
        if target is not None and kind in ("linkedService", "dataset"):
            yield from _given(resource, target, one.get("parameters"), path)
    for path, one in walk(resource.document, "$"):
        if not isinstance(one, dict):
            continue
        # The parameters of a pipeline are next to the reference, not in it.
        for name in ("pipeline", "pipelineReference"):
            inner = one.get(name)
            if isinstance(inner, dict) and inner.get("type") == "PipelineReference":
                target = factory.find("pipeline", str(inner.get("referenceName")))
                if target is not None:
                    yield from _given(resource, target, one.get("parameters"), path)


def _given(resource: Resource, target: Resource, given: Any, path: str) -> Iterator[Fault]:
    values = given if isinstance(given, dict) else {}
    declared = target.part("parameters")
    by_case = {name.lower(): name for name in declared}
    inside = step(path, "parameters")
    for name, value in values.items():
        known = by_case.get(name.lower())
        if known is None:
            close = get_close_matches(name, list(declared), n=1)
            fix = f"did you mean '{close[0]}'" if close else "declare it there or remove it here"
            message = f"{target.kind} '{target.stem}' has no parameter '{name}'"
            yield resource.fault(step(inside, name), message, fix)
            continue
        definition = declared[known]
        wanted = definition.get("type") if isinstance(definition, dict) else None
        if isinstance(value, str) and looks_evaluated(value):
            continue
        wrong = misfit(wanted, value)
        if wrong:
            message = f"{wrong} is passed to '{known}' of {target.stem}, whose type is {wanted}"
            yield resource.fault(step(inside, name), message, "pass a value of that type")
    if resource.kind == "dataflow":
        return  # the activity that runs a data flow passes the parameters of its datasets
    passed = {name.lower() for name in values}
    for name, definition in declared.items():
        default = isinstance(definition, dict) and "defaultValue" in definition
        if name.lower() in passed or default:
            continue
        message = f"{target.kind} '{target.stem}' needs its parameter '{name}'"
        fix = "pass it, or give it a default value there"
        yield resource.fault(inside if values else path, message, fix)


def _cycle(factory: Factory, resource: Resource) -> Iterator[Fault]:
    """A pipeline that calls itself, even through others, cannot be deployed."""
    if resource.kind != "pipeline":
        return
    pending, seen = [(path, name) for path, name in _calls(resource)], set[str]()
    while pending:
        path, name = pending.pop(0)
        target = factory.find("pipeline", name)
        if target is resource:
            message = f"pipeline '{resource.stem}' calls itself in a cycle"
            yield resource.fault(path, message, "break the cycle; a loop is an Until activity")
            return
        if target is not None and name.lower() not in seen:
            seen.add(name.lower())
            pending += [(path, one) for _, one in _calls(target)]


def _calls(pipeline: Resource) -> Iterator[tuple[str, str]]:
    for path, one in walk(pipeline.properties.get("activities"), "$.properties.activities"):
        if isinstance(one, dict) and one.get("type") == "PipelineReference":
            yield step(path, "referenceName"), str(one.get("referenceName"))
