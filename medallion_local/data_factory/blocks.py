"""Runs a block of activities: their dependencies, and the block's outcome from theirs.

Source: https://learn.microsoft.com/azure/data-factory/tutorial-pipeline-failure-error-handling
"""

from collections.abc import Container
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from medallion.adf.language.scope import Scope
from medallion.adf.nesting import flat
from medallion.errors import MedallionError
from medallion_local.data_factory.attempts import run_activity, skip_activity
from medallion_local.data_factory.pipeline_run import Run

Activity = dict[str, Any]
Failure = tuple[str, dict[str, Any]]
Needs = list[tuple[str, list[str]]]

CONDITIONS = ("Succeeded", "Failed", "Skipped", "Completed")


@dataclass(frozen=True)
class Block:
    """Activities by their lower-case names, which `needs` uses too.

    `needs` are each activity's dependencies: the other activity, and the conditions.
    """

    activities: dict[str, Activity]
    needs: dict[str, Needs]

    @cached_property
    def seen(self) -> dict[str, set[str]]:
        """For each activity those that end before it begins, including their inner activities."""
        found: dict[str, set[str]] = {}
        while len(found) < len(self.activities):
            for name in self.decided(found):
                found[name] = set()
                for before, _ in self.needs[name]:
                    inner = (
                        str(one.get("name")).lower() for one in flat([self.activities[before]])
                    )
                    found[name] |= {*inner, *found[before]}
        return found

    def decided(self, ended: Container[str]) -> list[str]:
        """The activities that have not ended, but whose dependencies all have, in their order."""
        names = (name for name in self.activities if name not in ended)
        return [name for name in names if all(one in ended for one, _ in self.needs[name])]


def run_activities(run: Run, activities: list[Activity], scope: Scope) -> Failure | None:
    """Run activities in the order of their dependencies; return the block's failure, or None.

    Activities that are ready at the same time run in parallel.
    """
    block = _block(run.record.pipeline, activities)
    statuses = _run(run, block, scope)
    return _failure(block, statuses, scope)


def _block(pipeline: str, activities: list[Activity]) -> Block:
    """Raise `MedallionError` for activities that the service would not publish."""
    found: dict[str, Activity] = {}
    for one in activities:
        for key in ("name", "type"):
            if not isinstance(one, dict) or not isinstance(one.get(key), str):
                named = f"'{one['name']}'" if key == "type" else "An activity"
                raise MedallionError(f"{named} of pipeline '{pipeline}' has no {key}.")
        if one["name"].lower() in found:
            raise MedallionError(
                f"The activity name '{one['name']}' of pipeline '{pipeline}' is used twice; "
                "rename one of them."
            )
        found[one["name"].lower()] = one
    block = Block(found, {name: _needs(pipeline, one, found) for name, one in found.items()})
    ended: set[str] = set()
    while ready := block.decided(ended):
        ended |= set(ready)
    if waiting := [one["name"] for name, one in found.items() if name not in ended]:
        raise MedallionError(
            f"Activity '{waiting[0]}' of pipeline '{pipeline}' depends on itself in a cycle; "
            "correct its dependsOn."
        )
    return block


def _needs(pipeline: str, activity: Activity, known: dict[str, Activity]) -> Needs:
    needs: Needs = []
    for one in activity.get("dependsOn") or []:
        name = str(one.get("activity")) if isinstance(one, dict) else ""
        where = f"Activity '{activity['name']}' of pipeline '{pipeline}'"
        if name.lower() not in known:
            raise MedallionError(
                f"{where} depends on '{name}', which is not in the same list of activities; "
                "correct its dependsOn."
            )
        conditions = one.get("dependencyConditions")
        if not conditions or any(each not in CONDITIONS for each in conditions):
            raise MedallionError(
                f"{where} depends on '{name}' by the conditions {conditions or 'none'}; "
                f"use some of {', '.join(CONDITIONS)}."
            )
        needs.append((name.lower(), conditions))
    return needs


def _run(run: Run, block: Block, scope: Scope) -> dict[str, str]:
    """The status of each activity. A single one runs in this thread, several in new threads."""
    statuses: dict[str, str] = {}
    begun: dict[str, Future[str]] = {}
    pool: ThreadPoolExecutor | None = None
    try:
        while len(statuses) < len(block.activities):
            ready = [name for name in block.decided(statuses) if name not in begun]
            skipped = [name for name in ready if not _is_met(block.needs[name], statuses)]
            for name in skipped:
                statuses[name] = skip_activity(run, block.activities[name], scope)
            if skipped:
                continue  # a skipped activity can make others ready
            if len(ready) == 1 and not begun:
                [name] = ready
                inside = scope.seeing(block.seen[name])
                statuses[name] = run_activity(run, block.activities[name], inside)
                continue
            for name in ready:
                pool = pool or ThreadPoolExecutor(len(block.activities))
                inside = scope.seeing(block.seen[name])
                begun[name] = pool.submit(run_activity, run, block.activities[name], inside)
            ended, _ = wait(begun.values(), None, FIRST_COMPLETED)
            for name in [name for name, one in begun.items() if one in ended]:
                statuses[name] = begun.pop(name).result()
    except BaseException as error:
        run.shared.stop(error)
        raise
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)
    return statuses


def _is_met(needs: Needs, statuses: dict[str, str]) -> bool:
    """Whether each dependency meets one of its conditions; a skipped activity is not completed."""
    return all(
        statuses[name] in conditions
        or ("Completed" in conditions and statuses[name] in ("Succeeded", "Failed"))
        for name, conditions in needs
    )


def _failure(block: Block, statuses: dict[str, str], scope: Scope) -> Failure | None:
    """Data Factory's rule: every leaf must succeed; the parents of a skipped leaf count instead."""
    parents = {before for needs in block.needs.values() for before, _ in needs}
    reached = [name for name in block.activities if name not in parents]
    for name in reached:
        shown = block.activities[name]["name"]
        if statuses[name] == "Failed":
            return shown, scope.activities[shown]["error"]
        if statuses[name] == "Skipped":
            reached += [one for one, _ in block.needs[name] if one not in reached]
    return None
