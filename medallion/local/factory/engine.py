"""Runs pipelines: dependencies, retries, and how activities' outcomes make the pipeline's.

Source: https://learn.microsoft.com/azure/data-factory/tutorial-pipeline-failure-error-handling
"""

import copy
import time
import uuid
from dataclasses import dataclass
from typing import Any

from medallion.errors import MedallionError
from medallion.local.factory.activities import ACTIVITIES
from medallion.local.factory.control import CONTROL
from medallion.local.factory.environment import Environment
from medallion.local.factory.errors import ActivityError, ExpressionError, not_supported
from medallion.local.factory.events import Event, RunRecord, timestamp
from medallion.local.factory.scope import Scope

VARIABLE_DEFAULTS = {"String": "", "Boolean": False, "Integer": 0, "Array": []}
Activity = dict[str, Any]


@dataclass
class Run:
    """A pipeline run in progress: its place, its scope and its record."""

    environment: Environment
    scope: Scope
    record: RunRecord

    def inner(self, activities: list[Activity], scope: Scope | None = None) -> None:
        """Run the activities inside a control activity; raises when one of them failed it."""
        failed = run_activities(self, activities, scope or self.scope)
        if failed is not None:
            name, error = failed
            raise ActivityError(
                "Activity failed because an inner activity failed; "
                f"Inner activity name: {name}, Error: {error['message']}",
                error["errorCode"],
                error["failureType"],
            )

    def child(self, pipeline: str, parameters: dict[str, Any]) -> "Run":
        """Run another pipeline to its end, as `ExecutePipeline` does."""
        return run_pipeline(self.environment, pipeline, parameters, self.record.run_id)


def run_pipeline(
    environment: Environment,
    name: str,
    parameters: dict[str, Any] | None = None,
    invoked_by: str | None = None,
    run_id: str | None = None,
) -> Run:
    """Run a pipeline to its end and write its record; `record.status` says how it went.

    Raises `MedallionError` for a pipeline that does not exist, a parameter that is missing or
    unknown: such a run does not start.
    """
    pipeline = environment.files.pipeline(name)
    values = _parameters(name, pipeline.get("parameters", {}), parameters or {})
    record = RunRecord(name, run_id or str(uuid.uuid4()), values, invoked_by)
    scope = Scope(
        pipeline={
            "DataFactory": "local",
            "Pipeline": name,
            "RunId": record.run_id,
            "GroupId": invoked_by or record.run_id,
            "TriggerType": "PipelineActivity" if invoked_by else "Manual",
            "TriggerId": invoked_by or record.run_id,
            "TriggerName": "Manual",
            "TriggerTime": timestamp(),
            "parameters": values,
            "globalParameters": environment.files.global_parameters()
            | environment.global_parameters,
        },
        variables={
            key: copy.deepcopy(one.get("defaultValue", VARIABLE_DEFAULTS.get(one["type"], "")))
            for key, one in pipeline.get("variables", {}).items()
        },
    )
    run = Run(environment, scope, record)
    record.write(environment.runs)
    try:
        failed = run_activities(run, pipeline["activities"], scope)
        record.status = "Failed" if failed else "Succeeded"
        if failed:
            record.error = {**failed[1], "failedActivity": failed[0]}
    except BaseException:
        record.status = "Cancelled"
        raise
    finally:
        record.ended_at = timestamp()
        record.write(environment.runs)
    return run


def _parameters(pipeline: str, declared: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(given) - set(declared)):
        raise MedallionError(
            f"Pipeline '{pipeline}' has no parameter '{unknown[0]}'; "
            f"it has {', '.join(declared) or 'none'}."
        )
    values = {}
    for name, one in declared.items():
        if name not in given and "defaultValue" not in one:
            raise MedallionError(f"Parameter '{name}' of pipeline '{pipeline}' needs a value.")
        values[name] = given[name] if name in given else copy.deepcopy(one["defaultValue"])
    return values


def run_activities(
    run: Run, activities: list[Activity], scope: Scope
) -> tuple[str, dict[str, Any]] | None:
    """Run activities in the order of their dependencies; the one that fails the block, or None.

    Independent activities run one after another, as they stand: one of the orders that Data
    Factory may choose.
    """
    statuses: dict[str, str] = {}
    while len(statuses) < len(activities):
        ready = [a for a in activities if a["name"] not in statuses and _decided(a, statuses)]
        if not ready:
            waiting = next(a["name"] for a in activities if a["name"] not in statuses)
            raise MedallionError(
                f"Activity '{waiting}' of pipeline '{run.record.pipeline}' depends on itself or on "
                "an activity that is not there; mend its dependsOn."
            )
        activity = ready[0]
        if all(_met(condition, statuses) for condition in activity.get("dependsOn", [])):
            statuses[activity["name"]] = _run_activity(run, activity, scope)
        else:
            statuses[activity["name"]] = "Skipped"
            scope.activities[activity["name"]] = {"status": "Skipped"}
            _record(run, activity, {"status": "Skipped"}, timestamp(), 0.0, 0)
    return _failure(activities, statuses, scope)


def _decided(activity: Activity, statuses: dict[str, str]) -> bool:
    return all(one["activity"] in statuses for one in activity.get("dependsOn", []))


def _met(dependency: dict[str, Any], statuses: dict[str, str]) -> bool:
    status = statuses[dependency["activity"]]
    return any(
        condition == status or (condition == "Completed" and status in ("Succeeded", "Failed"))
        for condition in dependency["dependencyConditions"]
    )


def _failure(
    activities: list[Activity], statuses: dict[str, str], scope: Scope
) -> tuple[str, dict[str, Any]] | None:
    """Data Factory's rule: every leaf must succeed; for a skipped leaf its parents are asked."""
    known = {activity["name"]: activity for activity in activities}
    parents = {one["activity"] for a in activities for one in a.get("dependsOn", [])}
    asked = [name for name in known if name not in parents]
    for name in asked:
        if statuses[name] == "Failed":
            return name, scope.activities[name]["error"]
        if statuses[name] == "Skipped":
            above = [one["activity"] for one in known[name].get("dependsOn", [])]
            asked += [one for one in above if one not in asked]
    return None


def _run_activity(run: Run, activity: Activity, scope: Scope) -> str:
    if activity.get("state") == "Inactive":
        status = str(activity.get("onInactiveMarkAs", "Succeeded"))
        scope.activities[activity["name"]] = {"status": status, "output": {}, "error": {}}
        _record(run, activity, scope.activities[activity["name"]], timestamp(), 0.0, 0)
        return status
    _tell(run, activity, {"status": "InProgress"})
    policy = activity.get("policy", {})
    started, clock = timestamp(), time.monotonic()
    for attempt in range(int(policy.get("retry", 0)) + 1):
        if attempt:
            run.environment.pause(float(policy.get("retryIntervalInSeconds", 30)))
        result = _attempt(run, activity, scope)
        if result["status"] == "Succeeded":
            break
    scope.activities[activity["name"]] = result
    _record(run, activity, result, started, time.monotonic() - clock, attempt)
    return str(result["status"])


def _attempt(run: Run, activity: Activity, scope: Scope) -> dict[str, Any]:
    try:
        output = _execute(run, activity, scope)
        return {"status": "Succeeded", "output": output, "error": {}}
    except ActivityError as error:
        code, kind, message = error.code, error.kind, str(error)
    except ExpressionError as error:
        code, kind, message = "InvalidTemplate", "UserError", str(error)
    except MedallionError as error:
        code, kind, message = "UserError", "UserError", str(error)
    error_details = {"errorCode": code, "message": message, "failureType": kind}
    return {
        "status": "Failed",
        "output": {},
        "error": {**error_details, "target": activity["name"]},
    }


def _execute(run: Run, activity: Activity, scope: Scope) -> dict[str, Any]:
    kind = activity["type"]
    if kind in CONTROL:
        return CONTROL[kind](run, activity, scope)
    if kind in ACTIVITIES:
        return ACTIVITIES[kind](run.environment, activity, scope)
    raise not_supported("Activity type", kind, f"activity '{activity['name']}'")


def _record(
    run: Run, activity: Activity, result: dict[str, Any], started: str, seconds: float, retries: int
) -> None:
    secret = activity.get("policy", {}).get("secureOutput", False)
    run.record.activities.append(
        {
            "activityName": activity["name"],
            "activityType": activity["type"],
            "status": result["status"],
            "activityRunStart": started,
            "durationInMs": round(seconds * 1000),
            "retryAttempt": retries,
            "output": {} if secret else result.get("output", {}),
            "error": result.get("error", {}),
        }
    )
    _tell(run, activity, result)


def _tell(run: Run, activity: Activity, result: dict[str, Any]) -> None:
    run.environment.listener(
        Event(
            run.record.run_id,
            run.record.pipeline,
            run.record.parameters,
            activity["name"],
            activity["type"],
            result["status"],
            result.get("output", {}),
            result.get("error", {}),
        )
    )
