"""The order in which Azure would create the resources.

A resource that names another one, by its id or by `reference`, or that is part of one, must depend
on it, at least through others; Azure creates all other resources in parallel.
Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/resource-dependency
"""

import re
from collections.abc import Iterator, Mapping

from medallion.fault import walk
from medallion.infra.deployment import Deployment, Resource

# A place that may name a later resource: the lake admits a workspace, which needs the lake.
MAY_COME_LATER = ".networkAcls.resourceAccessRules["
Wrong = tuple[str, str, str]  # a path, the problem there, and the fix


def order(made: Deployment) -> Iterator[Wrong]:
    """The faults in the dependencies, and ids that two resources share."""
    by_id: dict[str, Resource] = {}
    for one in made.resources:
        if one.id in by_id:
            yield one.path, f"'{one.id}' is defined twice", "give each resource its own name"
        by_id[one.id] = one
    direct: dict[str, set[str]] = {}
    for one in made.resources:
        direct[one.id] = set()
        for wanted in one.depends_on:
            found = _meant(made, wanted)
            if not found:
                message = f"it depends on '{wanted}', which is not in the template"
                yield f"{one.path}.dependsOn", message, "name a resource or a loop of the template"
            direct[one.id] |= found & by_id.keys()
    if (cycle := _cycle(direct)) is not None:
        named = " → ".join(by_id[one].name for one in cycle)
        yield by_id[cycle[0]].path, f"resources wait for each other: {named}", "break the cycle"
        return
    for one in made.resources:
        before, texts = _all_before(one.id, direct), _texts(one)
        for other in by_id:
            if other != one.id and other not in before and _named(other, texts):
                message = f"'{one.name}' names '{by_id[other].name}', and does not depend on it"
                yield one.path, message, f"add the {by_id[other].type} to dependsOn"


def _meant(made: Deployment, wanted: str) -> set[str]:
    if wanted in made.loops:
        return set(made.loops[wanted])
    known = {one.id for one in made.resources} | made.left_out
    return {wanted} & known


def _texts(one: Resource) -> str:
    """The places in which a resource may name another one: its own id, and its texts."""
    named = [
        text
        for path, text in walk(one.body, "$")
        if isinstance(text, str) and MAY_COME_LATER not in path
    ]
    return "\n".join([one.id, *named])


def _named(id_: str, texts: str) -> bool:
    """Whether the texts contain the complete id: `…/servers/a` is not in `…/servers/ab`."""
    return id_ in texts and re.search(re.escape(id_) + r"(?![\w.-])", texts) is not None


def _all_before(id_: str, direct: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    left = list(direct[id_])
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += direct[one]
    return found


def _cycle(direct: Mapping[str, set[str]]) -> list[str] | None:
    """The ids of resources that wait for each other, if there are any."""
    done: set[str] = set()

    def visit(one: str, trail: list[str]) -> list[str] | None:
        if one in trail:
            return trail[trail.index(one) :]
        if one in done:
            return None
        for other in sorted(direct[one]):
            if (found := visit(other, [*trail, one])) is not None:
                return found
        done.add(one)
        return None

    return next((found for one in direct if (found := visit(one, [])) is not None), None)
