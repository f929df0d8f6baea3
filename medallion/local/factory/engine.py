"""Runs pipelines: parameters, variables, and what remains of a run."""

import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

from medallion.local.factory.blocks import run_activities
from medallion.local.factory.environment import Environment
from medallion.local.factory.errors import ActivityError
from medallion.local.factory.events import RunRecord, timestamp
from medallion.local.factory.parameters import parameter_values, variable_types, variable_values
from medallion.local.factory.scope import Scope

Activity = dict[str, Any]


class Stopped(BaseException):
    """Ends a thread of a run that another thread has ended."""


@dataclass(frozen=True)
class Shared:
    """What a run shares with the pipelines that it runs: one listener at a time, and its stop."""

    turn: threading.RLock = field(default_factory=threading.RLock)
    stopped: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Raise `Stopped` when the run goes no further."""
        if self.stopped.is_set():
            raise Stopped


@dataclass
class Run:
    """A pipeline run in progress: its place, its scope, its record, and who invoked it."""

    environment: Environment
    scope: Scope
    record: RunRecord
    shared: Shared = field(default_factory=Shared)
    parent: "Run | None" = None

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
        chain = self._chain()
        if pipeline in chain:
            raise ActivityError(
                f"Pipeline '{pipeline}' invokes itself ({' → '.join([*chain, pipeline])}); "
                "Data Factory publishes no such circle."
            )
        return _run(self.environment, pipeline, parameters, self, None)

    def _chain(self) -> list[str]:
        above = self.parent._chain() if self.parent else []
        return [*above, self.record.pipeline]


def run_pipeline(
    environment: Environment,
    name: str,
    parameters: dict[str, Any] | None = None,
    run_id: str | None = None,
) -> Run:
    """Run a pipeline to its end and write its record; `record.status` says how it went.

    Raises `MedallionError` for a pipeline that does not exist, a parameter that is missing,
    unknown or of another type: such a run does not start. An error that is no `Exception`, such as
    a `KeyboardInterrupt`, also out of the listener, cancels the run: no activity begins or ends
    any more, and the record says so.
    """
    return _run(environment, name, parameters or {}, None, run_id)


def _run(
    environment: Environment,
    name: str,
    parameters: dict[str, Any],
    parent: Run | None,
    run_id: str | None,
) -> Run:
    pipeline = environment.files.pipeline(name)
    values = parameter_values(name, pipeline.get("parameters", {}), parameters)
    invoked_by = parent.record.run_id if parent else None
    record = RunRecord(name, run_id or str(uuid.uuid4()), values, invoked_by)
    variables = pipeline.get("variables", {})
    scope = Scope(
        pipeline=_system_variables(environment, record, parent),
        variables=variable_values(variables),
        types=variable_types(variables),
    )
    run = Run(environment, scope, record, parent.shared if parent else Shared(), parent)
    record.write(environment.runs)
    try:
        failed = run_activities(run, pipeline["activities"], scope)
        record.status = "Failed" if failed else "Succeeded"
        if failed:
            record.error = {**failed[1], "failedActivity": failed[0]}
    except BaseException as error:
        record.status = "Failed" if isinstance(error, Exception) else "Cancelled"
        raise
    finally:
        record.ended_at = timestamp()
        record.write(environment.runs)
    return run


def _system_variables(
    environment: Environment, record: RunRecord, parent: Run | None
) -> dict[str, Any]:
    """What `pipeline()` gives.

    Source: https://learn.microsoft.com/azure/data-factory/control-flow-system-variables
    """
    above = parent.record if parent else None
    return {
        "DataFactory": "local",
        "Pipeline": record.pipeline,
        "RunId": record.run_id,
        "GroupId": parent.scope.pipeline["GroupId"] if parent else record.run_id,
        "TriggerType": "PipelineActivity" if above else "Manual",
        "TriggerId": above.run_id if above else record.run_id,
        "TriggerName": above.pipeline if above else "Manual",
        "TriggerTime": timestamp(),
        "TriggeredByPipelineName": above.pipeline if above else None,
        "TriggeredByPipelineRunId": above.run_id if above else None,
        "parameters": record.parameters,
        "globalParameters": environment.files.global_parameters() | environment.global_parameters,
    }
