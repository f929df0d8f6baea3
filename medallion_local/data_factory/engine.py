"""Runs pipelines: parameters, variables, and the record of a run."""

import json
import logging
import time
import uuid
from dataclasses import dataclass
from typing import Any

from medallion.adf.language.errors import ActivityError
from medallion.adf.language.scope import Scope
from medallion.adf.parameters import parameter_values, variable_types, variable_values
from medallion.errors import MedallionError
from medallion_local.data_factory.blocks import run_activities
from medallion_local.data_factory.environment import Environment
from medallion_local.data_factory.events import RunRecord, timestamp
from medallion_local.data_factory.shared import Shared
from medallion_local.data_factory.waiting import Ticket

Activity = dict[str, Any]

LOG = logging.getLogger(__name__)


@dataclass
class Run:
    """A pipeline run in progress: its environment, scope, record, and parent run."""

    environment: Environment
    properties: dict[str, Any]
    scope: Scope
    record: RunRecord
    shared: Shared
    parent: "Run | None" = None

    def inner(self, activities: list[Activity] | None, scope: Scope) -> None:
        """Run the activities inside a control activity. Raises if one failed the activity."""
        failed = run_activities(self, activities or [], scope)
        if failed is not None:
            name, error = failed
            raise ActivityError(
                "Activity failed because an inner activity failed; "
                f"Inner activity name: {name}, Error: {error['message']}",
                error["errorCode"],
                error["failureType"],
            )

    def child(self, name: str, parameters: dict[str, Any], scope: Scope, wait: bool) -> "Run":
        """Run another pipeline, as `ExecutePipeline` does: to its end, or in parallel."""
        chain = self._chain()
        if name.lower() in (one.lower() for one in chain):
            raise ActivityError(
                f"Pipeline '{name}' invokes itself ({' → '.join([*chain, name])}); "
                "Data Factory does not publish such a cycle."
            )
        child = _prepared(self.environment, name, parameters, self.shared, self)
        child.record.invoked_by_activity = scope.container
        if wait:
            child.go()
        else:
            self.shared.beside(child._go_beside)
        return child

    def pause(self, seconds: float, scope: Scope) -> None:
        """Wait, at most until the enclosing loop times out; a stopped run stops waiting."""
        seconds = min(seconds, max(scope.deadline - time.monotonic(), 0))
        if self.environment.pause is not None:
            self.environment.pause(seconds)
        else:
            self.shared.stopped.wait(min(seconds, self.environment.longest_pause))
        self.shared.check()

    def go(self, ticket: Ticket | None = None) -> None:
        """Run the pipeline to its end, once its `concurrency` allows it; the record has the result.

        A run that is stopped before it began leaves no record.
        """
        queues, record = self.environment.queues, self.record
        limit = _concurrency(record.pipeline, self.properties)
        with queues.turn(ticket or queues.join(record.pipeline), limit, self.shared.check):
            record.started_at = timestamp()
            record.write(self.environment.runs)
            try:
                failed = run_activities(self, self.properties.get("activities") or [], self.scope)
                record.status = "Failed" if failed else "Succeeded"
                if failed:
                    record.error = {**failed[1], "failedActivity": failed[0]}
            except BaseException as error:
                record.status = "Failed" if isinstance(error, Exception) else "Cancelled"
                if isinstance(error, MedallionError):
                    record.error = _refusal(record.pipeline, error)
                raise
            finally:
                record.ended_at = timestamp()
                record.write(self.environment.runs)

    def _go_beside(self) -> None:
        """Run to the end; only the record gets an error, because no run waits for this one."""
        try:
            self.go()
        except MedallionError as error:
            LOG.debug("pipeline '%s' failed in the background: %s", self.record.pipeline, error)

    def _chain(self) -> list[str]:
        above = self.parent._chain() if self.parent else []
        return [*above, self.record.pipeline]


def run_pipeline(
    environment: Environment,
    name: str,
    parameters: dict[str, Any] | None = None,
    run_id: str | None = None,
    shared: Shared | None = None,
    ticket: Ticket | None = None,
) -> Run:
    """Run a pipeline to its end like `run_alone`, and wait for the runs that it started."""
    run = run_alone(environment, name, parameters, run_id, shared, ticket)
    run.shared.join()
    return run


def run_alone(
    environment: Environment,
    name: str,
    parameters: dict[str, Any] | None = None,
    run_id: str | None = None,
    shared: Shared | None = None,
    ticket: Ticket | None = None,
) -> Run:
    """Run a pipeline to its own end and write its record; `record.status` is the result.

    The caller joins `shared`, for the pipelines for which no activity waits. `shared.stop` cancels
    the run from another thread: it ends with `Stopped`. `ticket` is a place in the pipeline's
    queue that was taken before.
    Raises `MedallionError` for an unknown pipeline, and for a parameter that is missing, unknown or
    of another type: such a run does not start. An error that is not an `Exception`, such as a
    `KeyboardInterrupt`, also from the listener, cancels the run: no activity begins or ends after
    it, and the record says so.
    """
    shared = shared or Shared()
    run = _prepared(environment, name, parameters or {}, shared, None)
    if run_id is not None:
        run.record.run_id = run_id
        run.scope.pipeline |= {"RunId": run_id, "GroupId": run_id, "TriggerId": run_id}
    try:
        run.go(ticket)
    except BaseException as error:
        shared.stop(error)
        shared.join()
        raise
    return run


def _prepared(
    environment: Environment,
    name: str,
    parameters: dict[str, Any],
    shared: Shared,
    parent: Run | None,
) -> Run:
    properties = environment.files.pipeline(name)
    values = parameter_values(name, properties.get("parameters") or {}, parameters)
    invoked_by = parent.record.run_id if parent else None
    record = RunRecord(name, str(uuid.uuid4()), values, invoked_by)
    variables = properties.get("variables") or {}
    scope = Scope(
        pipeline=_system_variables(environment, properties, record, parent),
        variables=variable_values(variables),
        types=variable_types(variables),
        visible=frozenset(),
    )
    return Run(environment, properties, scope, record, shared, parent)


def _refusal(pipeline: str, error: MedallionError) -> dict[str, Any]:
    """The error of a pipeline whose definition the service would not publish."""
    return {
        "errorCode": "InvalidPipeline",
        "message": str(error),
        "failureType": "UserError",
        "target": pipeline,
        "failedActivity": pipeline,
    }


def _concurrency(name: str, properties: dict[str, Any]) -> int | None:
    """The maximum number of parallel runs of a pipeline; None means no limit."""
    limit = properties.get("concurrency")
    if limit is None or (isinstance(limit, int) and limit > 0):
        return limit
    raise MedallionError(f"The concurrency of pipeline '{name}' is {limit!r}; use 1 or more.")


def _system_variables(
    environment: Environment,
    properties: dict[str, Any],
    record: RunRecord,
    parent: Run | None,
) -> dict[str, Any]:
    """The properties of `pipeline()`.

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
        "globalParameters": _global_parameters(environment, properties),
    }


def _global_parameters(environment: Environment, properties: dict[str, Any]) -> dict[str, Any]:
    """The factory's global parameters; broken files fail only the expressions that read them."""
    try:
        own = environment.files.global_parameters()
    except MedallionError:
        if "globalparameters" in json.dumps(properties).lower():
            raise
        own = {}
    return own | environment.global_parameters
