"""Runs one activity: its state, retries, timeout, and the result for `activity()`.

Sources: https://learn.microsoft.com/azure/data-factory/concepts-pipelines-activities#activity-policy
and https://learn.microsoft.com/azure/data-factory/deactivate-activity
"""

import datetime as dt
import logging
import math
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from medallion import disk
from medallion.adf.language.errors import NOT_HERE, ActivityError, ExpressionError, not_supported
from medallion.adf.language.scope import Scope, resolve
from medallion.adf.language.timespans import seconds
from medallion.errors import MedallionError
from medallion_local.data_factory.activities import ACTIVITIES
from medallion_local.data_factory.control import CONTROL
from medallion_local.data_factory.events import Event, timestamp
from medallion_local.data_factory.pipeline_run import Run

Activity = dict[str, Any]

LOG = logging.getLogger(__name__)

DEFAULT_TIMEOUT = "0.12:00:00"
DEFAULT_RETRY_INTERVAL_SECONDS = 30

# The errors of an activity's body for a fault of its definition, its data or the machine.
FAILURES = (MedallionError, LookupError, AttributeError, TypeError, ValueError, OSError)


@dataclass
class Clock:
    """The start of an activity run, and its id in the monitor."""

    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: str = field(default_factory=timestamp)
    began: float = field(default_factory=time.monotonic)

    def seconds(self) -> float:
        """The time since the start, in seconds."""
        return time.monotonic() - self.began


@dataclass(frozen=True)
class Policy:
    """The number of retries, the seconds between them, and the seconds that an attempt may take."""

    retries: int = 0
    interval: float = 0.0
    limit: float = math.inf


def _policy(activity: Activity, scope: Scope) -> Policy:
    """The policy of an execution activity; a control activity has none."""
    if activity["type"] in CONTROL:
        return Policy()
    given = resolve(activity.get("policy") or {}, scope)
    return Policy(
        int(given.get("retry", 0)),
        float(given.get("retryIntervalInSeconds", DEFAULT_RETRY_INTERVAL_SECONDS)),
        seconds(str(given.get("timeout", DEFAULT_TIMEOUT))),
    )


def skip_activity(run: Run, activity: Activity, scope: Scope) -> str:
    """Skip an activity, because its dependencies did not end as its conditions require."""
    return _end(run, activity, scope, Clock(), {"status": "Skipped"})


def run_activity(run: Run, activity: Activity, scope: Scope) -> str:
    """Run an activity, and retry it as its policy says; return its final status."""
    if activity.get("state") == "Inactive":
        return _end(run, activity, scope, Clock(), _inactive(activity))
    clock = Clock()
    _tell(run, activity, scope, clock, {"status": "InProgress"})
    inside = replace(scope, container=clock.run_id, place=None)
    attempt, policy = 0, Policy()
    while True:
        try:
            policy = policy if attempt else _policy(activity, scope)
            result = _attempt(run, activity, inside, policy)
        except FAILURES as error:
            result = _explained(activity, error)
        last = attempt == policy.retries or result["error"].get("errorCode") == NOT_HERE
        if result["status"] == "Succeeded" or last:
            return _end(run, activity, scope, clock, result, attempt)
        attempt += 1
        run.pause(policy.interval, scope)


def _inactive(activity: Activity) -> dict[str, Any]:
    status = str(activity.get("onInactiveMarkAs", "Succeeded"))
    if status == "Failed":
        message = f"Activity '{activity['name']}' is inactive and marked as failed."
        return _failed(activity, "ActivityInactive", "UserError", message)
    return {"status": status, "output": {}, "error": {}}


def _failed(activity: Activity, code: str, kind: str, message: str) -> dict[str, Any]:
    error = {
        "errorCode": code,
        "message": message,
        "failureType": kind,
        "target": activity["name"],
        "details": [],
    }
    shown = [{"Code": code, "Message": message, "Category": kind}]
    output = {"errors": shown} if activity["type"] == "Copy" else {}
    return {"status": "Failed", "output": output, "error": error}


def _explained(activity: Activity, error: Exception) -> dict[str, Any]:
    """The result of an activity that ended with an error."""
    it = f"{activity['type']} '{activity['name']}'"
    match error:
        case ActivityError():
            found = _failed(activity, error.code, error.kind, str(error))
            return {**found, "output": found["output"] | error.output}
        case ExpressionError():
            return _failed(activity, "InvalidTemplate", "UserError", str(error))
        case MedallionError():
            return _failed(activity, "UserError", "UserError", str(error))
        case KeyError():
            message = f"{it} lacks its property {error}."
        case OSError():
            cause = disk.sentence(error) or f"{str(error).rstrip('.')}."
            message = f"{it} failed: {cause}"
            return _failed(activity, "SystemError", "SystemError", message)
        case _:
            LOG.debug("%s failed", it, exc_info=error)
            message = f"{it} has an invalid property value: {str(error).rstrip('.')}."
    return _failed(activity, "InvalidActivity", "UserError", message)


def _attempt(run: Run, activity: Activity, scope: Scope, policy: Policy) -> dict[str, Any]:
    """Run one attempt. A timeout is detected when the attempt ends, because nothing is aborted
    midway; so a retry never runs in parallel with the attempt that it replaces.
    """
    clock = Clock()
    output = _execute(run, activity, scope)
    if clock.seconds() > policy.limit:
        raise ActivityError(
            f"{activity['type']} '{activity['name']}' took longer than its timeout of "
            f"{policy.limit:g} s.",
            "ActivityTimeout",
        )
    return {"status": "Succeeded", "output": output, "error": {}}


def _execute(run: Run, activity: Activity, scope: Scope) -> dict[str, Any]:
    kind = activity["type"]
    if kind not in CONTROL and kind not in ACTIVITIES:
        raise not_supported("Activity type", kind, f"activity '{activity['name']}'")
    if not isinstance(activity.get("typeProperties"), dict):
        raise ActivityError(f"{kind} '{activity['name']}' has no typeProperties.")
    if kind in CONTROL:
        return CONTROL[kind](run, activity, scope)
    return ACTIVITIES[kind](run.environment, activity, scope)


def _end(
    run: Run,
    activity: Activity,
    scope: Scope,
    clock: Clock,
    result: dict[str, Any],
    retries: int = 0,
) -> str:
    """Store the result for `activity()` and in the run's record, and notify the listener."""
    run.shared.check()
    elapsed = clock.seconds()
    ended = timestamp()
    scope.activities[activity["name"]] = {
        **result,
        "activityName": activity["name"],
        "activityType": activity["type"],
        "activityRunId": clock.run_id,
        "executionStartTime": clock.started,
        "executionEndTime": ended,
        "duration": str(dt.timedelta(seconds=elapsed)),
    }
    shown = {**result, "output": {}} if _is_secret(activity) else result
    run.record.activities.append(
        {
            "activityName": activity["name"],
            "activityType": activity["type"],
            "status": result["status"],
            "activityRunId": clock.run_id,
            "container": scope.container,
            "iteration": scope.place,
            "activityRunStart": clock.started,
            "durationInMs": round(elapsed * 1000),
            "retryAttempt": retries,
            "output": shown.get("output", {}),
            "error": result.get("error", {}),
        }
    )
    _tell(run, activity, scope, clock, shown, ended)
    return str(result["status"])


def _is_secret(activity: Activity) -> bool:
    """Whether the output must be hidden in the monitor."""
    return bool((activity.get("policy") or {}).get("secureOutput", False))


def _tell(
    run: Run,
    activity: Activity,
    scope: Scope,
    clock: Clock,
    result: dict[str, Any],
    ended: str | None = None,
) -> None:
    """Notify the listener, one event at a time; a stopped run does not continue."""
    event = Event(
        run.record.run_id,
        run.record.pipeline,
        run.record.parameters,
        activity["name"],
        activity["type"],
        result["status"],
        result.get("output", {}),
        result.get("error", {}),
        clock.run_id,
        scope.container or run.record.invoked_by_activity,
        scope.place,
        clock.started,
        ended,
    )
    with run.shared.turn:
        run.shared.check()
        try:
            run.environment.listener(event)
        except Exception as error:  # not an activity's error, which would only fail the activity
            failed = RuntimeError("the run's listener failed")
            failed.__cause__ = error
            run.shared.stop(failed)
            raise failed from error
        except BaseException as error:
            run.shared.stop(error)
            raise
