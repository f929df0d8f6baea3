"""Runs one activity: its state, its retries, its timeout, and what it leaves for `activity()`.

Sources: https://learn.microsoft.com/azure/data-factory/concepts-pipelines-activities#activity-policy
and https://learn.microsoft.com/azure/data-factory/deactivate-activity
"""

import datetime as dt
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from medallion.errors import MedallionError
from medallion.local.factory.activities import ACTIVITIES
from medallion.local.factory.control import CONTROL
from medallion.local.factory.errors import ActivityError, ExpressionError, not_supported
from medallion.local.factory.events import Event, timestamp
from medallion.local.factory.scope import Scope
from medallion.local.factory.timespans import seconds

if TYPE_CHECKING:
    from medallion.local.factory.engine import Run

Activity = dict[str, Any]

DEFAULT_TIMEOUT = "0.12:00:00"
DEFAULT_RETRY_INTERVAL_SECONDS = 30


@dataclass
class Clock:
    """When an activity run began, and what it is called in the monitor."""

    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: str = field(default_factory=timestamp)
    began: float = field(default_factory=time.monotonic)

    def seconds(self) -> float:
        """The time since then, in seconds."""
        return time.monotonic() - self.began


def skip_activity(run: "Run", activity: Activity, scope: Scope) -> str:
    """Leave an activity out, because its dependencies ended otherwise than it asks."""
    return _end(run, activity, scope, Clock(), {"status": "Skipped"})


def run_activity(run: "Run", activity: Activity, scope: Scope) -> str:
    """Run an activity, again after a failure as its policy says; its status at the end."""
    if activity.get("state") == "Inactive":
        return _end(run, activity, scope, Clock(), _inactive(activity))
    clock = Clock()
    _tell(run, activity, {"status": "InProgress"})
    policy = activity.get("policy", {}) if activity["type"] not in CONTROL else {}
    for attempt in range(int(policy.get("retry", 0)) + 1):
        if attempt:
            interval = policy.get("retryIntervalInSeconds", DEFAULT_RETRY_INTERVAL_SECONDS)
            run.environment.pause(float(interval))
        result = _attempt(run, activity, scope, policy)
        if result["status"] == "Succeeded":
            break
    return _end(run, activity, scope, clock, result, attempt)


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


def _attempt(
    run: "Run", activity: Activity, scope: Scope, policy: dict[str, Any]
) -> dict[str, Any]:
    clock = Clock()
    try:
        output = _execute(run, activity, scope)
        if activity["type"] not in CONTROL:
            _check_timeout(activity, clock, policy)
        return {"status": "Succeeded", "output": output, "error": {}}
    except ActivityError as error:
        return _failed(activity, error.code, error.kind, str(error))
    except ExpressionError as error:
        return _failed(activity, "InvalidTemplate", "UserError", str(error))
    except MedallionError as error:
        return _failed(activity, "UserError", "UserError", str(error))
    except KeyError as error:
        message = f"{activity['type']} '{activity['name']}' lacks its property {error}."
        return _failed(activity, "InvalidActivity", "UserError", message)
    except OSError as error:
        message = f"{activity['type']} '{activity['name']}' failed: {error}."
        return _failed(activity, "SystemError", "SystemError", re.sub(r"\.+$", ".", message))


def _execute(run: "Run", activity: Activity, scope: Scope) -> dict[str, Any]:
    kind = activity["type"]
    if kind in CONTROL:
        return CONTROL[kind](run, activity, scope)
    if kind in ACTIVITIES:
        return ACTIVITIES[kind](run.environment, activity, scope)
    raise not_supported("Activity type", kind, f"activity '{activity['name']}'")


def _check_timeout(activity: Activity, clock: Clock, policy: dict[str, Any]) -> None:
    """Fail an attempt that took too long. It is noticed when it ends: nothing is torn down midway,
    so that no retry ever runs beside the attempt that it replaces.
    """
    limit = seconds(str(policy.get("timeout", DEFAULT_TIMEOUT)))
    if clock.seconds() > limit:
        raise ActivityError(
            f"{activity['type']} '{activity['name']}' took longer than its timeout of {limit:g} s.",
            "ActivityTimeout",
        )


def _end(
    run: "Run",
    activity: Activity,
    scope: Scope,
    clock: Clock,
    result: dict[str, Any],
    retries: int = 0,
) -> str:
    """Leave the result for `activity()` and in the run's record, and tell the listener."""
    run.shared.check()
    elapsed = clock.seconds()
    scope.activities[activity["name"]] = {
        **result,
        "activityName": activity["name"],
        "activityType": activity["type"],
        "activityRunId": clock.run_id,
        "executionStartTime": clock.started,
        "executionEndTime": timestamp(),
        "duration": str(dt.timedelta(seconds=elapsed)),
    }
    secret = activity.get("policy", {}).get("secureOutput", False)
    run.record.activities.append(
        {
            "activityName": activity["name"],
            "activityType": activity["type"],
            "status": result["status"],
            "activityRunStart": clock.started,
            "durationInMs": round(elapsed * 1000),
            "retryAttempt": retries,
            "output": {} if secret else result.get("output", {}),
            "error": result.get("error", {}),
        }
    )
    _tell(run, activity, result)
    return str(result["status"])


def _tell(run: "Run", activity: Activity, result: dict[str, Any]) -> None:
    """Tell the listener, one event at a time; a run that was stopped goes no further."""
    event = Event(
        run.record.run_id,
        run.record.pipeline,
        run.record.parameters,
        activity["name"],
        activity["type"],
        result["status"],
        result.get("output", {}),
        result.get("error", {}),
    )
    with run.shared.turn:
        run.shared.check()
        try:
            run.environment.listener(event)
        except BaseException:
            run.shared.stopped.set()
            raise
