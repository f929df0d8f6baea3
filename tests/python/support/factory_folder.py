"""A factory folder that a test fills, and short forms of activities."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from medallion.adf.files import FactoryFiles
from medallion.home import Home
from medallion_local.data_factory.engine import Run, run_pipeline
from medallion_local.data_factory.environment import Environment
from medallion_local.data_factory.events import Event

Json = dict[str, Any]


class Factory:
    """A factory folder that a test fills. `events` are the events of its runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(folder / "home")
        self.pauses: list[float] = []
        self.events: list[Event] = []
        self.listener: Callable[[Event], None] = self.events.append
        self.pause: Callable[[float], None] | None = self.pauses.append

    def add(self, kind: str, name: str, properties: Json) -> None:
        file = self.folder / "adf" / kind / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"name": name, "properties": properties}))

    def run(self, *activities: Json, **properties: Any) -> Run:
        """Run a pipeline of these activities; its variables are one text `v` and one array `a`."""
        variables = {"v": {"type": "String"}, "a": {"type": "Array"}}
        self.add("pipeline", "pl", {"activities": activities, "variables": variables, **properties})
        return run_pipeline(self.environment(), "pl")

    def error(self, *activities: Json, **properties: Any) -> Json:
        """The error of a run that fails."""
        found = self.run(*activities, **properties).record.error
        assert found is not None
        return found

    def environment(self) -> Environment:
        return Environment(
            self.home,
            FactoryFiles(self.folder / "adf"),
            listener=self.listener,
            pause=self.pause,
        )


def activity(name: str, kind: str, after: Json | None = None, **properties: Any) -> Json:
    depends = [
        {"activity": one, "dependencyConditions": conditions.split("|")}
        for one, conditions in (after or {}).items()
    ]
    return {"name": name, "type": kind, "dependsOn": depends, "typeProperties": properties}


def append(name: str, value: Any, after: Json | None = None) -> Json:
    return activity(name, "AppendVariable", after, variableName="a", value=value)


def fail(name: str, after: Json | None = None, message: str = "boom") -> Json:
    return activity(name, "Fail", after, message=message, errorCode="E1")


def status(run: Run, name: str) -> str:
    return str(run.scope.activities[name]["status"])
