"""Walks a pipeline's activities, with the containers and the siblings of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from medallion.adf.nesting import CONTAINERS, INNER
from medallion.fault import step

Json = dict[str, Any]


@dataclass(frozen=True)
class Activity:
    """An activity with its place: `around` are the activities that contain it, outermost first.

    `beside` are the activities of its own list, including itself.
    """

    path: str
    json: Json
    around: tuple["Activity", ...]
    beside: tuple[Json, ...]

    @property
    def name(self) -> str:
        """The name, or an empty text when it has none."""
        return str(self.json.get("name") or "")

    @property
    def type(self) -> str:
        """The type, or an empty text when it has none."""
        return str(self.json.get("type") or "")

    @property
    def settings(self) -> Json:
        """The object under `typeProperties`; empty when it is missing or not an object."""
        found = self.json.get("typeProperties")
        return found if isinstance(found, dict) else {}

    def at(self, *keys: str | int) -> str:
        """The path of something inside the activity."""
        path = self.path
        for key in keys:
            path = step(path, key)
        return path

    def dependencies(self) -> Iterator[tuple[int, str]]:
        """The names of the activities in `dependsOn`, with their indexes in it."""
        yield from dependencies(self.json)


def dependencies(activity: Json) -> Iterator[tuple[int, str]]:
    """The names of the activities in an activity's `dependsOn`, with their indexes in it."""
    found = activity.get("dependsOn")
    for index, one in enumerate(found if isinstance(found, list) else []):
        if isinstance(one, dict) and isinstance(one.get("activity"), str):
            yield index, one["activity"]


def upstream(beside: tuple[Json, ...], name: str) -> set[str]:
    """The names, in lower case, of all activities that end before the named one begins."""
    by_name = {str(one.get("name")).lower(): one for one in beside}
    found: set[str] = set()
    pending = [name.lower()]
    while pending:
        for _, one in dependencies(by_name.get(pending.pop(), {})):
            if one.lower() not in found:
                found.add(one.lower())
                pending.append(one.lower())
    return found


def activities(properties: Json) -> Iterator[Activity]:
    """All activities of a pipeline; inner activities follow their container."""
    for one in _list(properties.get("activities"), "$.properties.activities", ()):
        yield one
        yield from _deeper(one)


def inner(activity: Activity) -> Iterator[Activity]:
    """The activities directly inside a container."""
    around = (*activity.around, activity)
    for name in INNER:
        path = activity.at("typeProperties", name)
        yield from _list(activity.settings.get(name), path, around)
    cases = activity.settings.get("cases")
    for index, case in enumerate(cases if isinstance(cases, list) else []):
        if isinstance(case, dict):
            path = activity.at("typeProperties", "cases", index, "activities")
            yield from _list(case.get("activities"), path, around)


def _list(value: Any, path: str, around: tuple[Activity, ...]) -> Iterator[Activity]:
    found = value if isinstance(value, list) else []
    beside = tuple(one for one in found if isinstance(one, dict))
    for index, one in enumerate(found):
        if isinstance(one, dict):
            yield Activity(step(path, index), one, around, beside)


def _deeper(activity: Activity) -> Iterator[Activity]:
    # A container in a container may be a fault already; its content is checked all the same.
    if activity.type in CONTAINERS:
        for one in inner(activity):
            yield one
            yield from _deeper(one)
