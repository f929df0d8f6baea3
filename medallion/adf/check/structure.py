"""The order and the nesting of a pipeline's activities, and the limits on their numbers.

Sources: https://learn.microsoft.com/azure/data-factory/concepts-nested-activities
https://learn.microsoft.com/azure/data-factory/concepts-pipelines-activities
https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#azure-data-factory-limits
"""

from collections.abc import Iterator
from typing import Any

from medallion.adf.check.activities import Activity, activities, upstream
from medallion.adf.check.resources import Resource
from medallion.adf.nesting import BRANCHES, CONTAINERS, LOOPS
from medallion.fault import Fault, step

MOST_ACTIVITIES = 120  # including inner activities; 40 until 2023, then 80
MOST_PARAMETERS = 50
MOST_PARALLEL = 50  # ForEach's batchCount
MOST_CASES = 25
RETRY_SECONDS = (30, 86_400)
LONGEST_DAYS = 7  # policy.timeout
LEAVE = "move it into its own pipeline and call that with ExecutePipeline"


def structure(pipeline: Resource) -> Iterator[Fault]:
    """The faults in the structure of a pipeline."""
    found = list(activities(pipeline.properties))
    path = "$.properties.activities"
    if len(found) > MOST_ACTIVITIES:
        message = f"the pipeline has {len(found)} activities, more than {MOST_ACTIVITIES}"
        yield pipeline.fault(path, message, "move some into another pipeline")
    if len(pipeline.part("parameters")) > MOST_PARAMETERS:
        message = f"the pipeline has more than {MOST_PARAMETERS} parameters"
        yield pipeline.fault("$.properties.parameters", message, "combine some into an object")
    yield from _concurrency(pipeline)
    seen: set[str] = set()
    for activity in found:
        if activity.name.lower() in seen:
            message = f"the activity name '{activity.name}' is used twice"
            yield pipeline.fault(activity.at("name"), message, "rename one of them")
        seen.add(activity.name.lower())
        for place, message, fix in _faults(activity):
            yield pipeline.fault(place, message, fix)
        for place, message, fix in _branches(activity):
            yield pipeline.fault(place, message, fix, warning=True)


def _concurrency(pipeline: Resource) -> Iterator[Fault]:
    value = pipeline.properties.get("concurrency")
    if isinstance(value, int) and value < 1:
        yield pipeline.fault("$.properties.concurrency", f"{value} is less than 1", "write 1")


def _faults(activity: Activity) -> Iterator[tuple[str, str, str]]:
    yield from _nesting(activity)
    yield from _order(activity)
    yield from _conditions(activity)
    yield from _policy(activity)
    if activity.type == "ForEach":
        yield from _parallel(activity)
    elif activity.type == "Switch":
        yield from _cases(activity)


def _nesting(activity: Activity) -> Iterator[tuple[str, str, str]]:
    """If and Switch may be in a loop; loops and Validation may be in nothing."""
    outer: list[Activity] = []
    if activity.type in LOOPS:
        outer = [one for one in activity.around if one.type in CONTAINERS]
    elif activity.type == "Validation":
        outer = list(activity.around)
    if outer:
        yield _inside(activity, outer[-1])


def _branches(activity: Activity) -> Iterator[tuple[str, str, str]]:
    """The documentation forbids a branch in a branch, but factories with one are published."""
    outer = [one for one in activity.around if one.type in BRANCHES]
    if activity.type in BRANCHES and outer:
        yield _inside(activity, outer[-1])


def _inside(activity: Activity, outer: Activity) -> tuple[str, str, str]:
    message = f"{activity.type} '{activity.name}' is inside {outer.type} '{outer.name}'"
    return activity.path, message, LEAVE


def _order(activity: Activity) -> Iterator[tuple[str, str, str]]:
    known = {str(one.get("name")).lower() for one in activity.beside}
    before: set[str] = set()
    for index, name in activity.dependencies():
        path = activity.at("dependsOn", index, "activity")
        if name.lower() not in known:
            message = f"'{activity.name}' depends on '{name}', which is not in the same list"
            yield path, message, "name an activity of the same list"
        elif name.lower() in before:
            yield path, f"'{name}' is named twice", "merge their dependencyConditions"
        before.add(name.lower())
    if activity.name.lower() in upstream(activity.beside, activity.name):
        path = activity.at("dependsOn")
        yield path, f"'{activity.name}' depends on itself in a cycle", "break the cycle"


def _conditions(activity: Activity) -> Iterator[tuple[str, str, str]]:
    """`Completed` means `Succeeded` or `Failed`, so it makes either of them redundant.

    Other combinations, also `Completed` with `Skipped`, are valid: one of them is enough.
    """
    found = activity.json.get("dependsOn")
    for index, one in enumerate(found if isinstance(found, list) else []):
        conditions = one.get("dependencyConditions") if isinstance(one, dict) else None
        if not isinstance(conditions, list):
            continue
        given = {str(each).lower(): str(each) for each in conditions}
        beside = [given[each] for each in ("succeeded", "failed") if each in given]
        if "completed" in given and beside:
            path = activity.at("dependsOn", index, "dependencyConditions")
            message = f"'{given['completed']}' is combined with '{beside[0]}'"
            yield path, message, "write Completed alone, or Succeeded and Failed"


def _policy(activity: Activity) -> Iterator[tuple[str, str, str]]:
    policy = activity.json.get("policy")
    if not isinstance(policy, dict):
        return
    interval = _number(policy.get("retryIntervalInSeconds"))
    least, most = RETRY_SECONDS
    if interval is not None and not least <= interval <= most:
        path = activity.at("policy", "retryIntervalInSeconds")
        yield path, f"{interval} is not from {least} to {most}", "use a number in this range"
    timeout = policy.get("timeout")
    if isinstance(timeout, str) and _days(timeout) > LONGEST_DAYS:
        path = activity.at("policy", "timeout")
        yield path, f"'{timeout}' is longer than {LONGEST_DAYS} days", "write 7.00:00:00 or less"


def _parallel(activity: Activity) -> Iterator[tuple[str, str, str]]:
    count = _number(activity.settings.get("batchCount"))
    if count is not None and not 1 <= count <= MOST_PARALLEL:
        path = activity.at("typeProperties", "batchCount")
        yield path, f"{count} is not from 1 to {MOST_PARALLEL}", f"write {MOST_PARALLEL} or less"


def _cases(activity: Activity) -> Iterator[tuple[str, str, str]]:
    cases = activity.settings.get("cases")
    if not isinstance(cases, list):
        return
    path = activity.at("typeProperties", "cases")
    if len(cases) > MOST_CASES:
        message = f"the Switch has {len(cases)} cases, more than {MOST_CASES}"
        yield path, message, "use two Switches, or a Lookup"
    seen: set[str] = set()
    for index, case in enumerate(cases):
        value = str(case.get("value")) if isinstance(case, dict) else ""
        if value and value in seen:
            message = f"the case '{value}' occurs twice"
            yield step(step(path, index), "value"), message, "remove one of them"
        seen.add(value)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _days(span: str) -> float:
    """A time span's length in days; 0 when it is invalid."""
    days, _, clock = span.rpartition(".") if "." in span else ("0", "", span)
    hours, _, rest = clock.partition(":")
    if not (days.isdigit() and hours.isdigit()):
        return 0
    return int(days) + (int(hours) + (0.01 if rest.strip("0:") else 0)) / 24
