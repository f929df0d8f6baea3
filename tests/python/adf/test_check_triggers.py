"""The times of triggers: one injected fault per rule."""

from pathlib import Path
from typing import Any

from support.injected_faults import SETTINGS, InjectedFault, each_of, recurrence, see, window
from support.small_factory import reference

OTHER = reference("Trigger", "hourly")
SELF = {"type": "SelfDependencyTumblingWindowTriggerReference", "offset": "01:00:00"}
ON_HOURLY = {"type": "TumblingWindowTriggerDependencyReference", "referenceTrigger": OTHER}
TRIGGERS: list[InjectedFault] = [
    (
        "interval",
        lambda f: recurrence(f).update(interval=0),
        "trigger/hourly",
        f"{SETTINGS}.recurrence.interval",
        "0 is less than 1",
        "write 1 or more",
    ),
    (
        "end",
        lambda f: recurrence(f).update(endTime="2024-01-01T00:00:00Z"),
        "trigger/hourly",
        f"{SETTINGS}.recurrence.endTime",
        "the trigger ends before it starts",
        "write a time after startTime",
    ),
    (
        "hour",
        lambda f: recurrence(f).update(schedule={"hours": [1, 24]}),
        "trigger/hourly",
        f"{SETTINGS}.recurrence.schedule.hours[1]",
        "24 is not from 0 to 23",
        "correct it",
    ),
    (
        "short window",
        lambda f: window(f, frequency="Minute", interval=4),
        "trigger/window",
        f"{SETTINGS}.interval",
        "a window of 4 minutes is shorter than 5",
        "write 5 or more",
    ),
    (
        "windows at once",
        lambda f: window(f, maxConcurrency=51),
        "trigger/window",
        f"{SETTINGS}.maxConcurrency",
        "51 is not from 1 to 50",
        "correct it",
    ),
    (
        "retry of a window",
        lambda f: window(f, retryPolicy={"count": 1, "intervalInSeconds": 1}),
        "trigger/window",
        f"{SETTINGS}.retryPolicy.intervalInSeconds",
        "1 is not from 30 to 86400",
        "correct it",
    ),
    (
        "later window of its own",
        lambda f: window(f, dependsOn=[SELF]),
        "trigger/window",
        f"{SETTINGS}.dependsOn[0].offset",
        "a window can depend on earlier windows of its own trigger only",
        "use a negative time span",
    ),
    (
        "dependency without windows",
        lambda f: window(f, dependsOn=[ON_HOURLY]),
        "trigger/window",
        f"{SETTINGS}.dependsOn[0].referenceTrigger.referenceName",
        "trigger 'hourly' has no windows to depend on",
        "name a tumbling window trigger",
    ),
    (
        "number of dependencies",
        lambda f: window(f, dependsOn=[{**SELF, "offset": f"-0{n}:00:00"} for n in range(6)]),
        "trigger/window",
        f"{SETTINGS}.dependsOn",
        "there are 6 dependencies, more than 5",
        "remove some",
    ),
]


@each_of(*TRIGGERS)
def test_triggers(tmp_path: Path, injected: Any) -> None:
    see(tmp_path, injected)
