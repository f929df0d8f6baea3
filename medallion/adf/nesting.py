"""The nesting of activities."""

from collections.abc import Iterable, Iterator
from typing import Any

Activity = dict[str, Any]

LOOPS = ("ForEach", "Until")
BRANCHES = ("IfCondition", "Switch")
CONTAINERS = LOOPS + BRANCHES
INNER = ("activities", "ifTrueActivities", "ifFalseActivities", "defaultActivities")


def flat(activities: Iterable[Activity]) -> Iterator[Activity]:
    """The activities of a block and all their inner activities."""
    for activity in activities:
        yield activity
        yield from flat(inside(activity))


def inside(activity: Activity) -> Iterator[Activity]:
    """The direct inner activities of an activity: of its loop, branches and cases."""
    properties = activity.get("typeProperties")
    if not isinstance(properties, dict):
        return
    blocks = [properties.get(name) for name in INNER]
    blocks += [case.get("activities") for case in properties.get("cases") or []]
    for block in blocks:
        yield from block or []
