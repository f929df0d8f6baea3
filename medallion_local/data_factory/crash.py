"""Injected crashes: the process dies at an activity's boundary, like a worker that loses power."""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from medallion.adf.files import FactoryFiles
from medallion.adf.nesting import flat
from medallion.errors import MedallionError
from medallion_local.data_factory.events import Event, Listener


@dataclass(frozen=True)
class Boundary:
    """The point right before, or right after, the first run of an activity."""

    pipeline: str
    activity: str
    after: bool

    def holds(self, event: Event) -> bool:
        """Whether the event is this boundary; a skipped activity has no boundary."""
        moments = ("Succeeded", "Failed") if self.after else ("InProgress",)
        return (event.pipeline, event.activity) == (self.pipeline, self.activity) and (
            event.status in moments
        )

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} '{self.activity}' of {self.pipeline}"


def boundary(files: FactoryFiles, named: str, after: bool) -> Boundary:
    """The boundary of `activity` or `pipeline/activity`. Raises for an unknown name."""
    pipeline, _, activity = named.rpartition("/")
    known = [(one, each["name"]) for one, each in activities(files)]
    for one, name in known:
        if name == activity and pipeline in ("", one):
            return Boundary(one, name, after)
    names = ", ".join(sorted({f"'{name}'" for _, name in known}))
    raise MedallionError(f"No pipeline has an activity '{named}'; there are {names}.")


def activities(files: FactoryFiles) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every activity with its pipeline's name, including inner activities."""
    for name in files.pipelines():
        for activity in flat(files.pipeline(name).get("activities") or []):
            yield name, activity


def dying_at(where: Boundary, listener: Listener) -> Listener:
    """A listener that forwards events, and kills this process at the boundary."""

    def listen(event: Event) -> None:
        listener(event)
        if where.holds(event):
            sys.stderr.write(f"killed {where}, as requested\n")
            sys.stderr.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    return listen
