"""Control-flow activities: branches, loops, variables, child pipelines, `Fail`, `Wait`.

Source: https://learn.microsoft.com/azure/data-factory/concepts-pipelines-activities#control-flow-activities
"""

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from medallion.local.factory.errors import ActivityError, not_supported
from medallion.local.factory.scope import Scope, resolve
from medallion.local.factory.values import to_text, type_name

if TYPE_CHECKING:
    from medallion.local.factory.engine import Run

Activity = dict[str, Any]
Body = Callable[["Run", Activity, Scope], dict[str, Any]]

LONGEST_UNTIL_SECONDS = 7 * 86400


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


def if_condition(run: "Run", activity: Activity, scope: Scope) -> dict[str, Any]:
    """Run one of two lists of activities."""
    properties = activity["typeProperties"]
    chosen = _boolean(activity, resolve(properties["expression"], scope))
    run.inner(properties.get("ifTrueActivities" if chosen else "ifFalseActivities", []), scope)
    return {}


def switch(run: "Run", activity: Activity, scope: Scope) -> dict[str, Any]:
    """Run the case whose value equals the expression's text, else the default."""
    properties = activity["typeProperties"]
    on = to_text(resolve(properties["on"], scope))
    cases = (c["activities"] for c in properties.get("cases", []) if c["value"] == on)
    run.inner(next(cases, properties.get("defaultActivities", [])), scope)
    return {}


def for_each(run: "Run", activity: Activity, scope: Scope) -> dict[str, Any]:
    """Run activities once per item, all of them even when some fail, and fail if any did.

    Without `isSequential`, Data Factory runs `batchCount` at once in no given order; here items
    run one after another either way.
    """
    items, errors = _items(activity, scope), []
    for item in items:
        try:
            run.inner(activity["typeProperties"]["activities"], scope.iteration(item))
        except ActivityError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return {"itemsCount": len(items)}


def filter_items(run: "Run", activity: Activity, scope: Scope) -> dict[str, Any]:
    """Keep the items for which the condition holds."""
    items = _items(activity, scope)
    condition = activity["typeProperties"]["condition"]
    kept = [i for i in items if _boolean(activity, resolve(condition, scope.iteration(i)))]
    return {"ItemsCount": len(items), "FilteredItemsCount": len(kept), "Value": kept}


def seconds(timeout: str) -> float:
    """The seconds of a .NET time span `[d.]hh:mm:ss`."""
    matched = re.fullmatch(r"(?:(\d+)\.)?(\d+):(\d\d):(\d\d)", timeout)
    if matched is None:
        raise ActivityError(f"The timeout '{timeout}' is not of the form d.hh:mm:ss.")
    days, hours, minutes, rest = (int(group or 0) for group in matched.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + rest)


def until(run: "Run", activity: Activity, scope: Scope) -> dict[str, Any]:
    """Run activities again and again until the expression holds, or the timeout is over."""
    properties = activity["typeProperties"]
    limit = min(seconds(properties.get("timeout", "7.00:00:00")), LONGEST_UNTIL_SECONDS)
    begun = time.monotonic()
    while True:
        run.inner(properties["activities"], scope)
        if _boolean(activity, resolve(properties["expression"], scope)):
            return {}
        if time.monotonic() - begun > limit:
            raise ActivityError(f"Until '{activity['name']}' timed out after {limit:g} s.", "2001")


def _variable(activity: Activity, scope: Scope) -> str:
    name = str(activity["typeProperties"]["variableName"])
    if name not in scope.variables:
        raise ActivityError(
            f"{activity['type']} '{activity['name']}' names the variable '{name}', "
            f"but the pipeline has {', '.join(scope.variables) or 'none'}."
        )
    return name


def _returned(value: Any, scope: Scope) -> Any:
    """One value of a pipeline's return value: `{"type": …, "content": …}`."""
    if not isinstance(value, dict) or "type" not in value:
        return resolve(value, scope)
    if value["type"] == "Array":
        return [_returned(one, scope) for one in value.get("content", [])]
    return None if value["type"] == "Null" else resolve(value.get("content"), scope)


def set_variable(run: "Run", activity: Activity, scope: Scope) -> dict[str, Any]:
    """Set a variable, or with `setSystemVariable` parts of the pipeline's return value."""
    properties = activity["typeProperties"]
    if properties.get("setSystemVariable") and properties["variableName"] == "pipelineReturnValue":
        for entry in properties["value"]:
            scope.return_value[entry["key"]] = _returned(entry["value"], scope)
        return {"name": "pipelineReturnValue", "value": dict(scope.return_value)}
    name = _variable(activity, scope)
    if f"variables('{name}')" in to_text(properties["value"]):
        raise ActivityError(
            f"SetVariable '{activity['name']}' reads the variable '{name}' that it sets; "
            "Data Factory refuses that, so use a second variable."
        )
    scope.variables[name] = resolve(properties["value"], scope)
    return {"name": name, "value": scope.variables[name]}


def append_variable(run: "Run", activity: Activity, scope: Scope) -> dict[str, Any]:
    """Append a value to an array variable."""
    name = _variable(activity, scope)
    if not isinstance(scope.variables[name], list):
        raise ActivityError(f"AppendVariable '{activity['name']}' needs an Array variable.")
    value = resolve(activity["typeProperties"]["value"], scope)
    scope.variables[name] = [*scope.variables[name], value]
    return {"name": name, "value": value}


def execute_pipeline(run: "Run", activity: Activity, scope: Scope) -> dict[str, Any]:
    """Run another pipeline, wait for its end, and pass on its failure and return value."""
    properties = activity["typeProperties"]
    if not properties.get("waitOnCompletion", True):
        raise not_supported("waitOnCompletion", "false", f"activity '{activity['name']}'")
    name = properties["pipeline"]["referenceName"]
    child = run.child(name, resolve(properties.get("parameters", {}), scope))
    if child.record.error is not None:
        failed = child.record.error
        raise ActivityError(
            f"Operation on target {failed['failedActivity']} failed: {failed['message']}",
            failed["errorCode"],
            failed["failureType"],
        )
    return {
        "pipelineRunId": child.record.run_id,
        "pipelineName": name,
        "pipelineReturnValue": child.scope.return_value,
    }


def fail(run: "Run", activity: Activity, scope: Scope) -> dict[str, Any]:
    """Fail with the message and the code given."""
    properties = resolve(activity["typeProperties"], scope)
    raise ActivityError(to_text(properties["message"]), to_text(properties["errorCode"]))


def wait(run: "Run", activity: Activity, scope: Scope) -> dict[str, Any]:
    """Wait for a number of seconds."""
    run.environment.pause(float(resolve(activity["typeProperties"]["waitTimeInSeconds"], scope)))
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
}
