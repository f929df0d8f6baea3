"""Checks that Azure accepts a template: its resources can be ordered, and it is not too large.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices#template-limits
"""

import json
import re
from graphlib import CycleError, TopologicalSorter

from medallion.adf.check.resources import Json
from medallion.errors import MedallionError

MOST_BYTES = 4_000_000
MOST_PARAMETERS = 256
MOST_RESOURCES = 800
# The form in which this package writes a name and an id.
NAME = re.compile(r"\[concat\(parameters\('factoryName'\), '/(.*)'\)\]")
ID = re.compile(r"\[concat\(variables\('factoryId'\), '/(.*)'\)\]")


def verify(template: Json) -> None:
    """Raise `MedallionError` when Azure would reject a template."""
    size = len(json.dumps(template, ensure_ascii=False).encode())
    for what, count, most in (
        ("bytes", size, MOST_BYTES),
        ("parameters", len(template["parameters"]), MOST_PARAMETERS),
        ("resources", len(template["resources"]), MOST_RESOURCES),
    ):
        if count > most:
            raise MedallionError(
                f"The ARM template has {count:,} {what}, more than Azure's limit of {most:,}; "
                "split the factory in two."
            )
    order(template)


def order(template: Json) -> list[str]:
    """The ids of a template's resources, each after its dependencies.

    Raises `MedallionError` for a dependency that is not in the template, and for a cycle.
    """
    graph = {
        identity(one): {_read(each) for each in one["dependsOn"]} for one in template["resources"]
    }
    for one, before in graph.items():
        for missing in sorted(before - set(graph)):
            raise MedallionError(
                f"The ARM template lacks {missing}, on which {one} depends; add it."
            )
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        cycle = " → ".join(reversed(error.args[1]))
        raise MedallionError(
            f"The files refer to each other in a cycle, so none can be deployed first: {cycle}."
        ) from None


def identity(resource: Json) -> str:
    """A resource's id below the factory's, such as `datasets/files`; empty for the factory."""
    named = NAME.fullmatch(resource["name"])
    types = resource["type"].split("/")[2:]
    names = named[1].split("/") if named else []
    return "/".join(f"{kind}/{name}" for kind, name in zip(types, names, strict=True))


def _read(dependency: str) -> str:
    matched = ID.fullmatch(dependency)
    return matched[1] if matched else ""
