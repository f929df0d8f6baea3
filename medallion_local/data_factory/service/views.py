"""Runs and activity runs in the form of the management API.

Source: https://learn.microsoft.com/rest/api/datafactory/pipeline-runs/get
"""

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Any

from medallion_local.data_factory.events import Event, timestamp
from medallion_local.data_factory.shared import Shared
from medallion_local.data_factory.waiting import Ticket


@dataclass
class Requested:
    """A requested run, with the times that its record lacks."""

    run_id: str
    pipeline: str
    parameters: dict[str, Any]
    ticket: Ticket
    shared: Shared = field(default_factory=Shared)
    at: str = field(default_factory=timestamp)
    ended: bool = False
    cancelled: bool = False
    refused: str | None = None


def waiting(requested: Requested) -> dict[str, Any]:
    """A run without a record: queued, or cancelled or rejected before it began."""
    status = "Cancelled" if requested.cancelled else "Failed" if requested.refused else "Queued"
    return {
        "runId": requested.run_id,
        "runGroupId": requested.run_id,
        "isLatest": True,
        "pipelineName": requested.pipeline,
        "parameters": _texts(requested.parameters),
        "invokedBy": _manual(requested.run_id),
        "runStart": requested.at,
        "runEnd": None,
        "durationInMs": None,
        "status": status,
        "message": requested.refused or "",
        "lastUpdated": requested.at,
    }


def run(record: dict[str, Any], parent: dict[str, Any] | None, group: str) -> dict[str, Any]:
    """A run that has begun, from its record, its parent's record, and their group."""
    error, run_id = record["error"], record["run_id"]
    message = ""
    if error:
        message = f"Operation on target {error['failedActivity']} failed: {error['message']}"
    return {
        "runId": run_id,
        "runGroupId": group,
        "isLatest": True,
        "pipelineName": record["pipeline"],
        "parameters": _texts(record["parameters"]),
        "invokedBy": _manual(run_id) if parent is None else _pipeline(parent),
        "runStart": record["started_at"],
        "runEnd": record["ended_at"],
        "durationInMs": milliseconds(record["started_at"], record["ended_at"]),
        "status": record["status"],
        "message": message,
        "lastUpdated": record["ended_at"] or record["started_at"],
    }


def note(activities: list[dict[str, Any]], event: Event) -> None:
    """Append a started activity run to the list, or end the one in progress."""
    same = (one for one in activities if one["activityRunId"] == event.activity_run_id)
    under_way = next(same, None)
    if under_way is None:
        under_way = _begun(event)
        activities.append(under_way)
    if event.ended is not None:
        none = {"errorCode": "", "message": "", "failureType": "", "target": event.activity}
        under_way |= {
            "status": event.status,
            "activityRunEnd": event.ended,
            "durationInMs": milliseconds(event.started, event.ended),
            "output": event.output,
            "error": event.error or none,
        }


def milliseconds(start: str, end: str | None) -> int | None:
    """The milliseconds between two timestamps, None while there is no end."""
    if end is None:
        return None
    span = dt.datetime.fromisoformat(end) - dt.datetime.fromisoformat(start)
    return round(span.total_seconds() * 1000)


def _begun(event: Event) -> dict[str, Any]:
    return {
        "activityRunId": event.activity_run_id,
        "activityName": event.activity,
        "activityType": event.type,
        "pipelineName": event.pipeline,
        "pipelineRunId": event.run_id,
        "status": "InProgress",
        "activityRunStart": event.started,
        "activityRunEnd": None,
        "durationInMs": None,
        "output": {},
        "error": {},
    }


def _texts(parameters: dict[str, Any]) -> dict[str, str]:
    """Parameters in the monitor's form: values other than texts as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        for name, value in parameters.items()
    }


def _manual(run_id: str) -> dict[str, str]:
    return {"id": run_id, "name": "Manual", "invokedByType": "Manual"}


def _pipeline(parent: dict[str, Any]) -> dict[str, str]:
    return {
        "id": parent["run_id"],
        "name": parent["pipeline"],
        "invokedByType": "PipelineActivity",
        "pipelineName": parent["pipeline"],
        "pipelineRunId": parent["run_id"],
    }
