"""The times at which a trigger fires.

Sources: https://learn.microsoft.com/azure/data-factory/how-to-create-schedule-trigger
https://learn.microsoft.com/azure/data-factory/how-to-create-tumbling-window-trigger
https://learn.microsoft.com/azure/data-factory/tumbling-window-trigger-dependency
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from medallion.adf.check.resources import Factory, Json, Resource
from medallion.fault import Fault, step

MOST_AT_ONCE = 50  # a tumbling window's maxConcurrency
MOST_DEPENDENCIES = 5
RETRY_SECONDS = (30, 86_400)
LEAST_MINUTES = 5  # of a tumbling window
RANGES = {"minutes": (0, 59), "hours": (0, 23), "monthDays": (-31, 31)}
PATH = "$.properties.typeProperties"


def triggers(factory: Factory, trigger: Resource) -> Iterator[Fault]:
    """The faults in a trigger's schedule or window."""
    settings = trigger.part("typeProperties")
    if trigger.properties.get("type") == "ScheduleTrigger":
        recurrence = settings.get("recurrence")
        if isinstance(recurrence, dict):
            yield from _every(trigger, recurrence, step(PATH, "recurrence"))
            yield from _schedule(trigger, recurrence.get("schedule"))
    elif trigger.properties.get("type") == "TumblingWindowTrigger":
        yield from _every(trigger, settings, PATH)
        yield from _window(trigger, settings)
        yield from _dependencies(factory, trigger, settings.get("dependsOn"))


def _every(trigger: Resource, settings: Json, path: str) -> Iterator[Fault]:
    interval = settings.get("interval")
    if isinstance(interval, int) and interval < 1:
        yield trigger.fault(step(path, "interval"), f"{interval} is less than 1", "write 1 or more")
    start, end = _time(settings.get("startTime")), _time(settings.get("endTime"))
    if start and end and end <= start:
        message = "the trigger ends before it starts"
        yield trigger.fault(step(path, "endTime"), message, "write a time after startTime")


def _schedule(trigger: Resource, schedule: Any) -> Iterator[Fault]:
    for name, (least, most) in RANGES.items():
        values = schedule.get(name) if isinstance(schedule, dict) else None
        for index, value in enumerate(values if isinstance(values, list) else []):
            if isinstance(value, int) and not least <= value <= most:
                path = step(step(f"{PATH}.recurrence.schedule", name), index)
                message = f"{value} is not from {least} to {most}"
                yield trigger.fault(path, message, "correct it")


def _window(trigger: Resource, settings: Json) -> Iterator[Fault]:
    interval = settings.get("interval")
    minutes = interval if settings.get("frequency") == "Minute" else None
    if isinstance(minutes, int) and 1 <= minutes < LEAST_MINUTES:
        message = f"a window of {minutes} minutes is shorter than {LEAST_MINUTES}"
        yield trigger.fault(step(PATH, "interval"), message, f"write {LEAST_MINUTES} or more")
    count = settings.get("maxConcurrency")
    if isinstance(count, int) and not 1 <= count <= MOST_AT_ONCE:
        message = f"{count} is not from 1 to {MOST_AT_ONCE}"
        yield trigger.fault(step(PATH, "maxConcurrency"), message, "correct it")
    policy = settings.get("retryPolicy")
    seconds = policy.get("intervalInSeconds") if isinstance(policy, dict) else None
    least, most = RETRY_SECONDS
    if isinstance(seconds, int) and not least <= seconds <= most:
        message = f"{seconds} is not from {least} to {most}"
        yield trigger.fault(f"{PATH}.retryPolicy.intervalInSeconds", message, "correct it")


def _dependencies(factory: Factory, trigger: Resource, found: Any) -> Iterator[Fault]:
    path = step(PATH, "dependsOn")
    dependencies = found if isinstance(found, list) else []
    if len(dependencies) > MOST_DEPENDENCIES:
        message = f"there are {len(dependencies)} dependencies, more than {MOST_DEPENDENCIES}"
        yield trigger.fault(path, message, "remove some")
    for index, one in enumerate(dependencies):
        if not isinstance(one, dict):
            continue
        inner = step(path, index)
        if one.get("type") == "SelfDependencyTumblingWindowTriggerReference":
            if not str(one.get("offset", "")).startswith("-"):
                message = "a window can depend on earlier windows of its own trigger only"
                yield trigger.fault(step(inner, "offset"), message, "use a negative time span")
            continue
        reference = one.get("referenceTrigger")
        name = str(reference.get("referenceName")) if isinstance(reference, dict) else ""
        other = factory.find("trigger", name)
        if other is not None and other.properties.get("type") != "TumblingWindowTrigger":
            message = f"trigger '{name}' has no windows to depend on"
            place = step(step(inner, "referenceTrigger"), "referenceName")
            yield trigger.fault(place, message, "name a tumbling window trigger")


def _time(value: Any) -> dt.datetime | None:
    try:
        # Without a zone it is the schedule's own time zone, the same for both ends.
        return dt.datetime.fromisoformat(value).replace(tzinfo=None)
    except (TypeError, ValueError):
        return None
