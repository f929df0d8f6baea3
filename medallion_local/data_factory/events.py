"""The events of a run for its listeners, and the record of the run."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medallion.atomic import write_text


@dataclass(frozen=True)
class Event:
    """An activity began (`status` is `InProgress`) or ended (`Succeeded`, `Failed`, `Skipped`).

    `activity_run_id` identifies one run of an activity. `container` is the id of the enclosing
    activity, or of the `ExecutePipeline` that started its pipeline run. `iteration` is the index of
    its item in a `ForEach`, from 0.
    """

    run_id: str
    pipeline: str
    parameters: dict[str, Any]
    activity: str
    type: str
    status: str
    output: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] = field(default_factory=dict)
    activity_run_id: str = ""
    container: str | None = None
    iteration: int | None = None
    started: str = ""
    ended: str | None = None


Listener = Callable[[Event], None]


def timestamp() -> str:
    """The present in UTC, in Data Factory's format."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass
class RunRecord:
    """One pipeline run, with the fields of Data Factory's monitor."""

    pipeline: str
    run_id: str
    parameters: dict[str, Any]
    invoked_by: str | None = None
    invoked_by_activity: str | None = None
    status: str = "InProgress"
    error: dict[str, Any] | None = None
    started_at: str = field(default_factory=timestamp)
    ended_at: str | None = None
    activities: list[dict[str, Any]] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Write the record as `<run_id>.json` in `folder`."""
        content = json.dumps(self.__dict__, indent=1, ensure_ascii=False, default=str)
        write_text(folder / f"{self.run_id}.json", content + "\n")
