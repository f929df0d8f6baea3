"""Control-flow activities: branches, loops, variables, child pipelines, `Fail`, `Wait`.

Source: https://learn.microsoft.com/azure/data-factory/concepts-pipelines-activities#control-flow-activities
"""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from medallion.adf.language.errors import ActivityError
from medallion.adf.language.scope import Scope, resolve
from medallion.adf.language.timespans import seconds
from medallion.adf.language.values import to_text, type_name
from medallion.adf.nesting import BRANCHES, CONTAINERS, LOOPS, flat
from medallion.adf.parameters import check_variable
from medallion.adf.places import Place
from medallion_local.data_factory.pipeline_run import Run
from medallion_local.data_factory.validation import validation

Activity = dict[str, Any]
Body = Callable[[Run, Activity, Scope], dict[str, Any]]

LONGEST_UNTIL_SECONDS = 90 * 86400
MOST_ITEMS = 100_000  # of a ForEach; a limit of the service
DEFAULT_BATCH = 20
MOST_BATCH = 50


def _within(activity: Activity, scope: Scope) -> Scope:
    """The scope inside a loop or a branch; not every nesting is allowed.

    Source: https://learn.microsoft.com/azure/data-factory/concepts-nested-activities
    """
    kind = activity["type"]
    not_in = CONTAINERS if kind in LOOPS else BRANCHES
    if outer := [one for one in scope.around if one in not_in]:
        raise ActivityError(
            f"{kind} '{activity['name']}' is inside {outer[-1]}, which Data Factory does not "
            "allow; move it into its own pipeline and call that with ExecutePipeline.",
            "InvalidActivity",
        )
    return replace(scope, around=(*scope.around, kind))


def _boolean(activity: Activity, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ActivityError(
            f"The expression of {activity['type']} '{activity['name']}' must be of type Boolean, "
            f"but is of type {type_name(value)}."
        )
    return value


def _items(activity: Activity, scope: Scope) -> list[Any]:
    items = resolve(activity["typeProperties"]["items"], scope)
    if not isinstance(items, list):
        raise ActivityError(
            f"The items of {activity['type']} '{activity['name']}' must be of type Array, "
            f"but are of type {type_name(items)}."
        )
    return items


def if_condition(run: Run, activity: Activity, scope: Scope) -> dict[str, Any]:
    """Run one of two lists of activities."""
    properties, inside = activity["typeProperties"], _within(activity, scope)
    chosen = _boolean(activity, resolve(properties["expression"], scope))
    run.inner(properties.get("ifTrueActivities" if chosen else "ifFalseActivities"), inside)
    return {}


def switch(run: Run, activity: Activity, scope: Scope) -> dict[str, Any]:
    """Run the case whose value equals the expression's text, or the default."""
    properties, inside = activity["typeProperties"], _within(activity, scope)
    on = to_text(resolve(properties["on"], scope))
    cases = (c.get("activities") for c in properties.get("cases") or [] if c["value"] == on)
    run.inner(next(cases, properties.get("defaultActivities")), inside)
    return {}


def for_each(run: Run, activity: Activity, scope: Scope) -> dict[str, Any]:
    """Run activities once per item, all of them even when some fail, and fail if any did.

    Unless `isSequential`, up to `batchCount` items run in parallel, started in the order of the
    items. The activity's error is that of the first failing item.

    Source: https://learn.microsoft.com/azure/data-factory/control-flow-for-each-activity
    """
    inside = _within(activity, scope)
    properties, items = activity["typeProperties"], _items(activity, scope)
    if len(items) > MOST_ITEMS:
        raise ActivityError(f"ForEach '{activity['name']}' has more than {MOST_ITEMS} items.")
    at_once = 1
    if not _switched_on(resolve(properties.get("isSequential", False), scope)):
        at_once = min(int(resolve(properties.get("batchCount", DEFAULT_BATCH), scope)), MOST_BATCH)

    def iterate(place: int) -> ActivityError | None:
        try:
            run.inner(properties["activities"], inside.iteration(items[place], place))
        except ActivityError as error:
            return error
        return None

    errors = _for_all(run, iterate, len(items), at_once)
    for error in errors:
        if error is not None:
            raise error
    return {"itemsCount": len(items)}


def _switched_on(value: Any) -> bool:
    return to_text(value).lower() == "true"


def _for_all(
    run: Run, iterate: Callable[[int], ActivityError | None], count: int, at_once: int
) -> list[ActivityError | None]:
    """The outcome of each item, in the order of the items."""
    if min(at_once, count) <= 1:
        return [iterate(place) for place in range(count)]
    with ThreadPoolExecutor(at_once) as pool:
        try:
            return list(pool.map(iterate, range(count)))
        except BaseException as error:
            run.shared.stop(error)
            pool.shutdown(cancel_futures=True)
            raise


def filter_items(run: Run, activity: Activity, scope: Scope) -> dict[str, Any]:
    """Keep the items for which the condition holds."""
    items = _items(activity, scope)
    condition = activity["typeProperties"]["condition"]
    kept = [i for i in items if _boolean(activity, resolve(condition, scope.iteration(i)))]
    return {"ItemsCount": len(items), "FilteredItemsCount": len(kept), "Value": kept}


def until(run: Run, activity: Activity, scope: Scope) -> dict[str, Any]:
    """Repeat activities until the expression is true, or the timeout is over.

    An inner failure does not end the loop; a failure of the last round fails the activity.

    Source: https://learn.microsoft.com/azure/data-factory/control-flow-until-activity
    """
    properties = activity["typeProperties"]
    timeout = resolve(properties.get("timeout", "7.00:00:00"), scope)
    limit = min(seconds(timeout), LONGEST_UNTIL_SECONDS)
    over = min(time.monotonic() + limit, scope.deadline)
    inside = replace(_within(activity, scope), deadline=over)
    after = scope.seeing(str(one.get("name")).lower() for one in flat([activity]))
    while True:
        failed = None
        try:
            run.inner(properties["activities"], inside)
        except ActivityError as error:
            failed = error
        if _boolean(activity, resolve(properties["expression"], after)):
            break
        if time.monotonic() >= over:
            raise ActivityError(
                f"Until '{activity['name']}' timed out after {limit:g} s.", "ActivityTimeout"
            )
    if failed is not None:
        raise failed
    return {}


def _variable(activity: Activity, scope: Scope) -> str:
    given = str(activity["typeProperties"]["variableName"])
    name = next((one for one in scope.variables if one.lower() == given.lower()), given)
    if name not in scope.variables:
        raise ActivityError(
            f"{activity['type']} '{activity['name']}' uses the variable '{name}', "
            f"but the pipeline has {', '.join(scope.variables) or 'none'}."
        )
    return name


def _returned(value: Any, scope: Scope) -> Any:
    """One value of a pipeline's return value: `{"type": …, "content": …}`.

    Source: https://learn.microsoft.com/azure/data-factory/tutorial-pipeline-return-value
    """
    if not isinstance(value, dict) or "type" not in value:
        return resolve(value, scope)
    content = value.get("content")
    match value["type"]:
        case "Null":
            return None
        case "Array" if isinstance(content, list):
            return [_returned(one, scope) for one in content]
        case "Object" if isinstance(content, list):
            return {one["key"]: _returned(one["value"], scope) for one in content}
    return resolve(content, scope)


def set_variable(run: Run, activity: Activity, scope: Scope) -> dict[str, Any]:
    """Set a variable, or with `setSystemVariable` parts of the pipeline's return value."""
    properties = activity["typeProperties"]
    if properties.get("setSystemVariable") and properties["variableName"] == "pipelineReturnValue":
        values = {one["key"]: _returned(one["value"], scope) for one in properties["value"]}
        with scope.lock:
            scope.return_value.update(values)
            return {"name": "pipelineReturnValue", "value": dict(scope.return_value)}
    name = _variable(activity, scope)
    reading = re.compile(rf"variables\(\s*'{re.escape(name)}'\s*\)", re.IGNORECASE)
    if reading.search(to_text(properties["value"])):
        raise ActivityError(
            f"SetVariable '{activity['name']}' reads the variable '{name}' that it sets; "
            "Data Factory rejects that, so use a second variable."
        )
    value = resolve(properties["value"], scope)
    check_variable(name, scope.types.get(name, ""), value)
    with scope.lock:
        scope.variables[name] = value
    return {"name": name, "value": value}


def append_variable(run: Run, activity: Activity, scope: Scope) -> dict[str, Any]:
    """Append a value to an array variable."""
    name = _variable(activity, scope)
    if not isinstance(scope.variables[name], list):
        raise ActivityError(f"AppendVariable '{activity['name']}' needs an Array variable.")
    value = resolve(activity["typeProperties"]["value"], scope)
    with scope.lock:
        scope.variables[name] = [*scope.variables[name], value]
    return {"name": name, "value": value}


def execute_pipeline(run: Run, activity: Activity, scope: Scope) -> dict[str, Any]:
    """Run another pipeline; `waitOnCompletion` passes on its failure and its return value.

    Without it the other pipeline runs in parallel, and its result does not affect this run.
    """
    properties = activity["typeProperties"]
    name = properties["pipeline"]["referenceName"]
    waits = _switched_on(resolve(properties.get("waitOnCompletion", True), scope))
    child = run.child(name, resolve(properties.get("parameters") or {}, scope), scope, waits)
    output = {"pipelineRunId": child.record.run_id, "pipelineName": name}
    if not waits:
        return output
    if child.record.error is not None:
        failed = child.record.error
        raise ActivityError(
            f"Operation on target {failed['failedActivity']} failed: {failed['message']}",
            failed["errorCode"],
            failed["failureType"],
            output,
        )
    return {**output, "pipelineReturnValue": child.scope.return_value}


def fail(run: Run, activity: Activity, scope: Scope) -> dict[str, Any]:
    """Fail with the given message and code."""
    properties = resolve(activity["typeProperties"], scope, Place.SETTINGS)
    raise ActivityError(to_text(properties["message"]), to_text(properties["errorCode"]))


def wait(run: Run, activity: Activity, scope: Scope) -> dict[str, Any]:
    """Wait for a number of seconds."""
    value = resolve(activity["typeProperties"]["waitTimeInSeconds"], scope)
    if not re.fullmatch(r"\d+", to_text(value)):
        raise ActivityError(
            f"Wait '{activity['name']}' needs a whole number of seconds, not {to_text(value)!r}."
        )
    run.pause(float(to_text(value)), scope)
    return {}


CONTROL: dict[str, Body] = {
    "IfCondition": if_condition,
    "Switch": switch,
    "ForEach": for_each,
    "Filter": filter_items,
    "Until": until,
    "SetVariable": set_variable,
    "AppendVariable": append_variable,
    "ExecutePipeline": execute_pipeline,
    "Fail": fail,
    "Wait": wait,
    "Validation": validation,
}
