"""Reads a factory's monitor: pipeline runs and activity runs, page by page."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from azure.mgmt.datafactory import DataFactoryManagementClient
from azure.mgmt.datafactory.models import (
    ActivityRun,
    PipelineRun,
    RunFilterParameters,
    RunQueryFilter,
)

from medallion.ingestion.azure.settings import Factory

ENDED = ("Succeeded", "Failed", "Cancelled")

# The monitor is queried by the time of the last change. The range starts before the run by Azure's
# own clock, and ends in the future by any clock.
BEFORE = dt.timedelta(hours=1)
AFTER = dt.timedelta(days=1)


@dataclass(frozen=True)
class Monitor:
    """The monitor of one factory."""

    client: DataFactoryManagementClient
    factory: Factory

    def run(self, run_id: str) -> PipelineRun:
        """A pipeline run. Raises `ResourceNotFoundError` when the factory does not know it."""
        return self.client.pipeline_runs.get(self.factory.resource_group, self.factory.name, run_id)

    def runs(self, pipelines: list[str], since: dt.datetime) -> Iterator[PipelineRun]:
        """The runs of some pipelines that changed since a time, including runs of other users."""
        named = RunQueryFilter(operand="PipelineName", operator="In", values_property=pipelines)
        return _pages(
            lambda filtered: self.client.pipeline_runs.query_by_factory(
                self.factory.resource_group, self.factory.name, filtered
            ),
            since,
            [named],
        )

    def activities(self, run_id: str, since: dt.datetime) -> list[ActivityRun]:
        """The activity runs of one pipeline run, in order of their start."""
        found = _pages(
            lambda filtered: self.client.activity_runs.query_by_pipeline_run(
                self.factory.resource_group, self.factory.name, run_id, filtered
            ),
            since,
            [],
        )
        return sorted(found, key=begin)


def begin(activity: ActivityRun) -> dt.datetime:
    """The start of an activity; an activity that has not started sorts last."""
    return activity.activity_run_start or dt.datetime.max.replace(tzinfo=dt.UTC)


def given(run: PipelineRun, parameter: str) -> Any:
    """An object or array parameter, which the monitor shows as JSON; None if it is truncated."""
    try:
        return json.loads((run.parameters or {}).get(parameter) or "null")
    except ValueError:
        return None


def _pages(
    query: Callable[[RunFilterParameters], Any], since: dt.datetime, filters: list[RunQueryFilter]
) -> Iterator[Any]:
    token = None
    while True:
        answer = query(
            RunFilterParameters(
                last_updated_after=since - BEFORE,
                last_updated_before=dt.datetime.now(dt.UTC) + AFTER,
                filters=filters,
                continuation_token=token,
            )
        )
        yield from answer.value
        token = answer.continuation_token
        if not token:
            return
