"""Starts `pl_ingest` in a Data Factory, and follows the run to its end.

A started run continues in Azure whatever happens here. Ctrl-C or an error ends only the monitoring
and never cancels the run. A person decides whether a half-landed ingestion should stop.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.mgmt.datafactory import DataFactoryManagementClient
from azure.mgmt.datafactory.models import ActivityRun, PipelineRun

from medallion.errors import MedallionError
from medallion.ingestion.azure import landed
from medallion.ingestion.azure.landed import REFERENCE
from medallion.ingestion.azure.monitor import ENDED, Monitor, begin
from medallion.ingestion.azure.refusals import as_error, passing, reason, requested_pause, unclear
from medallion.ingestion.azure.settings import Factory
from medallion.ingestion.request import PIPELINE, IngestResult, cause

BUSY_STARTS = 5  # attempts to start a run while the factory is too busy

# Receives a table or a reference file, its current activity, and whether it has ended.
Progress = Callable[[str, str, bool], None]


@dataclass(frozen=True)
class Pace:
    """The polling intervals and the time limits, in seconds.

    A first load takes minutes. The first polls come faster, for runs that fail at once.
    `appearing` limits how long a new run may be unknown, `silent` how long Azure may not answer,
    `queued` how long a run may wait behind another, and `settling` how long the monitor may lag
    behind a run's end.
    """

    first: float = 1.0
    growth: float = 1.5
    longest: float = 15.0
    appearing: float = 60.0
    silent: float = 600.0
    queued: float = 1800.0
    settling: float = 30.0

    def after(self, pause: float) -> float:
        """The pause after the given pause."""
        return min(pause * self.growth, self.longest)


PACE = Pace()


def start(
    client: DataFactoryManagementClient,
    factory: Factory,
    arguments: dict[str, Any],
    pace: Pace = PACE,
) -> str:
    """Start `pl_ingest` and return the run's id. Raises `MedallionError` if Azure rejects it.

    A start is retried only when it certainly did not happen, because two starts are two runs.
    """
    pause = pace.first
    for turn in range(BUSY_STARTS):
        if turn:
            time.sleep(pause)
        try:
            answer = client.pipelines.create_run(
                factory.resource_group, factory.name, PIPELINE, arguments, retry_total=0
            )
            return str(answer.run_id)
        except AzureError as error:
            if not isinstance(error, HttpResponseError) or error.status_code != 429:
                raise _not_started(error, factory) from None
            refusal, pause = error, requested_pause(error) or pause * 2
    raise as_error(refusal, factory, f"start {PIPELINE}")


def _not_started(error: AzureError, factory: Factory) -> MedallionError:
    if not unclear(error):
        return as_error(error, factory, f"start {PIPELINE}")
    return MedallionError(
        f"Azure did not report whether it started {PIPELINE} in the factory '{factory.name}' "
        f"({reason(error)}): look into its monitor, or run again; a second run waits for the "
        "first and lands nothing twice."
    )


@dataclass
class _Seen:
    """The monitor's data of a run: the run itself, its parts, and the activities of each.

    `reported` are the parts that had ended when their activities were read.
    """

    run: PipelineRun | None = None
    parts: dict[str, PipelineRun] = field(default_factory=dict)
    activities: dict[str, list[ActivityRun]] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)

    @property
    def queued(self) -> bool:
        return self.run is not None and self.run.status == "Queued"

    @property
    def ended(self) -> bool:
        return self.run is not None and self.run.status in ENDED

    @property
    def settled(self) -> bool:
        return all(part.status in ENDED for part in self.parts.values())


def follow(
    client: DataFactoryManagementClient,
    factory: Factory,
    run_id: str,
    progress: Progress,
    pace: Pace = PACE,
) -> IngestResult:
    """Follow a run of `pl_ingest` to its end, and collect what it landed.

    A failed or cancelled run returns a result with its error. Raises `MedallionError` when the run
    can no longer be followed, or on Ctrl-C; the run itself then continues.
    """
    seen, began = _Seen(), time.monotonic()
    try:
        _to_the_end(Monitor(client, factory), run_id, seen, progress, pace)
    except KeyboardInterrupt:
        raise MedallionError(f"Stopped following; {_goes_on(factory, run_id)}") from None
    return _result(run_id, seen, time.monotonic() - began)


def _to_the_end(monitor: Monitor, run_id: str, seen: _Seen, progress: Progress, pace: Pace) -> None:
    pause, began = pace.first, time.monotonic()
    answered, ended = began, None
    while True:
        try:
            _look(monitor, run_id, seen, progress)
        except AzureError as error:
            _give_up(error, monitor.factory, run_id, seen, began, answered, pace)
        else:
            answered = time.monotonic()
            if seen.queued and answered - began > pace.queued:
                raise MedallionError(
                    f"The run has waited for {_span(answered - began)} behind another run of "
                    f"{PIPELINE}; {_goes_on(monitor.factory, run_id)}"
                )
            if seen.ended:
                ended = ended or answered
                if seen.settled or answered - ended > pace.settling:
                    return
        time.sleep(pause)
        pause = pace.after(pause)


def _give_up(
    error: AzureError,
    factory: Factory,
    run_id: str,
    seen: _Seen,
    began: float,
    answered: float,
    pace: Pace,
) -> None:
    """Raise the error that ends the following, unless a later poll may succeed."""
    now = time.monotonic()
    if isinstance(error, ResourceNotFoundError):
        if seen.run is None and now - began < pace.appearing:
            return
        raise MedallionError(
            f"The factory '{factory.name}' does not know the run {run_id} (any more): look for it "
            "in the monitor, or run again; a window lands once."
        ) from None
    if not passing(error):
        refused = str(as_error(error, factory, "show the run")).rstrip(".")
        raise MedallionError(f"{refused}; {_goes_on(factory, run_id)}") from None
    if now - answered > pace.silent:
        raise MedallionError(
            f"Azure has not answered for {_span(now - answered)} ({reason(error)}); "
            f"{_goes_on(factory, run_id)}"
        ) from None


def _look(monitor: Monitor, run_id: str, seen: _Seen, progress: Progress) -> None:
    """Read the changes of the run, and report them."""
    run = monitor.run(run_id)
    began = run.run_start
    if run.status == "Queued" or began is None:
        seen.run = run
        progress(PIPELINE, str(run.status), False)
        return
    progress(PIPELINE, str(run.status), run.status in ENDED)
    for part in monitor.runs(landed.FOLLOWED, began):
        if landed.belongs(part, run_id):
            seen.parts[part.run_id or ""] = part
    for part_id, part in seen.parts.items():
        if part.pipeline_name in (landed.WINDOW, landed.REFERENCE) and part_id not in seen.reported:
            seen.activities[part_id] = monitor.activities(part_id, began)
            if part.status in ENDED:
                seen.reported.add(part_id)
    for part in seen.parts.values():
        if part.pipeline_name in (landed.TABLE, landed.REFERENCE):
            progress(landed.subject(part) or "?", _doing(part, seen), part.status in ENDED)
    if run.status in ENDED:
        seen.activities[run_id] = monitor.activities(run_id, began)
    seen.run = run  # last, so that an interrupted poll does not count as the end


def _doing(part: PipelineRun, seen: _Seen) -> str:
    """The current activity of a table or reference file: the newest one in progress."""
    under_way = [
        one
        for part_id, other in seen.parts.items()
        if landed.subject(other) == landed.subject(part)
        for one in seen.activities.get(part_id, [])
        if one.status == "InProgress"
    ]
    if part.status in ENDED or not under_way:
        return str(part.status)
    latest = max(under_way, key=begin)
    return f"{latest.activity_name} {latest.status}"


def _result(run_id: str, seen: _Seen, waited: float) -> IngestResult:
    assert seen.run is not None
    status = str(seen.run.status)
    errors = landed.failures(seen.activities.get(run_id, []))
    if status == "Cancelled":
        errors = ["The run was cancelled in Azure; the next run lands the missing data."]
    elif status == "Failed" and not errors:
        errors = [cause(seen.run.message or "Azure gave no reason.")]
    parts = [(part, seen.activities.get(key, [])) for key, part in seen.parts.items()]
    references = [landed.reference(*one) for one in parts if one[0].pipeline_name == REFERENCE]
    took = seen.run.duration_in_ms
    return IngestResult(
        run_id,
        status,
        " ".join(errors) or None,
        landed.receipts(seen.parts.values()),
        sorted(references, key=lambda one: one.name),
        sorted(note for one in parts for note in landed.notices(*one)),
        waited if took is None else took / 1000,
    )


def _goes_on(factory: Factory, run_id: str) -> str:
    return (
        f"the run {run_id} continues in Azure: see {factory.monitor(run_id)}, or cancel it with "
        f"`{factory.cancelling(run_id)}`."
    )


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"
