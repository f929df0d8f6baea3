"""Runs a block of activities: their dependencies, and how their outcomes make the block's.

Source: https://learn.microsoft.com/azure/data-factory/tutorial-pipeline-failure-error-handling
"""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from medallion.errors import MedallionError
from medallion.local.factory.attempts import run_activity, skip_activity
from medallion.local.factory.scope import Scope

if TYPE_CHECKING:
    from medallion.local.factory.engine import Run

Activity = dict[str, Any]
Failure = tuple[str, dict[str, Any]]


def run_activities(run: "Run", activities: list[Activity], scope: Scope) -> Failure | None:
    """Run activities in the order of their dependencies; what fails the block, or None.

    What is ready at once runs one after another as it stands, or with `most_at_once` together.
    """
    _check(run, activities)
    if run.environment.most_at_once == 1:
        statuses = _one_by_one(run, activities, scope)
    else:
        statuses = _together(run, activities, scope)
    return _failure(activities, statuses, scope)


def _check(run: "Run", activities: list[Activity]) -> None:
    """Raise `MedallionError` for dependencies that no order meets."""
    done: set[str] = set()
    while ready := [a for a in activities if a["name"] not in done and _decided(a, done)]:
        done |= {activity["name"] for activity in ready}
    if len(done) < len(activities):
        waiting = next(a["name"] for a in activities if a["name"] not in done)
        raise MedallionError(
            f"Activity '{waiting}' of pipeline '{run.record.pipeline}' depends on itself or on "
            "an activity that is not there, or its name is there twice; mend its dependsOn."
        )


def _decided(activity: Activity, done: Iterable[str]) -> bool:
    return all(one["activity"] in done for one in activity.get("dependsOn", []))


def _one_by_one(run: "Run", activities: list[Activity], scope: Scope) -> dict[str, str]:
    statuses: dict[str, str] = {}
    while len(statuses) < len(activities):
        activity = next(
            a for a in activities if a["name"] not in statuses and _decided(a, statuses)
        )
        statuses[activity["name"]] = _begin(activity, statuses)(run, activity, scope)
    return statuses


def _together(run: "Run", activities: list[Activity], scope: Scope) -> dict[str, str]:
    statuses: dict[str, str] = {}
    begun: dict[str, Future[str]] = {}
    with ThreadPoolExecutor(run.environment.most_at_once) as pool:
        try:
            while len(statuses) < len(activities):
                for activity in activities:
                    if activity["name"] not in begun and _decided(activity, statuses):
                        body = _begin(activity, statuses)
                        begun[activity["name"]] = pool.submit(body, run, activity, scope)
                wait([begun[name] for name in begun if name not in statuses], None, FIRST_COMPLETED)
                ended = [n for n, one in begun.items() if n not in statuses and one.done()]
                statuses |= {name: begun[name].result() for name in ended}
        except BaseException:
            run.shared.stopped.set()
            pool.shutdown(cancel_futures=True)
            raise
    return statuses


def _begin(activity: Activity, statuses: dict[str, str]) -> Callable[["Run", Activity, Scope], str]:
    """What to do with an activity whose dependencies ended: run it, or skip it."""
    met = all(_met(dependency, statuses) for dependency in activity.get("dependsOn", []))
    return run_activity if met else skip_activity


def _met(dependency: dict[str, Any], statuses: dict[str, str]) -> bool:
    """Whether one of a dependency's conditions holds; a skipped activity is not completed."""
    status = statuses[dependency["activity"]]
    return any(
        condition == status or (condition == "Completed" and status in ("Succeeded", "Failed"))
        for condition in dependency["dependencyConditions"]
    )


def _failure(activities: list[Activity], statuses: dict[str, str], scope: Scope) -> Failure | None:
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
