"""The pipeline runs that clients of a factory start: in threads, and queued by `concurrency`."""

import json
import threading
import uuid
from dataclasses import replace
from functools import partial
from typing import Any

from medallion.adf.files import FactoryFiles
from medallion.errors import MedallionError
from medallion.home import Home
from medallion_local.data_factory.engine import run_pipeline
from medallion_local.data_factory.events import Event
from medallion_local.data_factory.run import laptop
from medallion_local.data_factory.service import views
from medallion_local.data_factory.shared import Stopped
from medallion_local.data_factory.waiting import Queues


class Runs:
    """The runs of the pipelines in `files`, against the services of a home.

    A pipeline's `concurrency` applies to the runs that clients start, and to those that other
    pipelines start.
    """

    def __init__(self, home: Home, files: FactoryFiles | None = None) -> None:
        self.files = files or FactoryFiles()
        self._home = home
        self._requested: dict[str, views.Requested] = {}
        self._known: list[str] = []  # run ids, including child runs, in order of their start
        self._records: dict[str, dict[str, Any]] = {}  # of runs that have ended
        self._activities: dict[str, list[dict[str, Any]]] = {}
        self._queues = Queues()
        self._changed = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self, pipeline: str, parameters: dict[str, Any]) -> str:
        """Queue a run and return its id. Raises `MedallionError` for an unknown pipeline."""
        self.files.pipeline(pipeline)
        with self._changed:
            ticket = self._queues.join(pipeline)
            requested = views.Requested(str(uuid.uuid4()), pipeline, parameters, ticket)
            thread = threading.Thread(target=self._run, args=(requested,), name=requested.run_id)
            self._requested[requested.run_id] = requested
            self._known.append(requested.run_id)
            self._threads.append(thread)
        thread.start()
        return requested.run_id

    def cancel(self, run_id: str) -> bool:
        """Cancel a requested run, at its next activity; return False for an unknown one."""
        with self._changed:
            requested = self._requested.get(run_id)
            if requested is not None and not requested.ended:
                requested.cancelled = True
                requested.shared.stop()
        return requested is not None

    def close(self) -> None:
        """Cancel all runs, and wait until they end."""
        for run_id in list(self._requested):
            self.cancel(run_id)
        for thread in self._threads:
            thread.join()

    def all(self) -> list[dict[str, Any]]:
        """Every run in the monitor's form, in order of their start."""
        with self._changed:
            known = list(self._known)
        return [shown for run_id in known if (shown := self.one(run_id)) is not None]

    def one(self, run_id: str) -> dict[str, Any] | None:
        """A run in the monitor's form; None for an unknown one."""
        with self._changed:
            if run_id not in self._known:
                return None
            requested = self._requested.get(run_id)
        record = self._record(run_id)
        if record is None:
            return None if requested is None else views.waiting(requested)
        return views.run(record, self._record(record["invoked_by"] or ""), self._first(record))

    def activities(self, run_id: str) -> list[dict[str, Any]]:
        """The activity runs of a run so far; a cancelled run also ends its activities."""
        record = self._record(run_id) or {}
        with self._changed:
            found = [dict(one) for one in self._activities.get(run_id, [])]
        for one in found:
            if record.get("status") == "Cancelled" and one["status"] == "InProgress":
                one |= {"status": "Cancelled", "activityRunEnd": record["ended_at"]}
        return found

    def _record(self, run_id: str) -> dict[str, Any] | None:
        if run_id not in self._records:
            file = self._home.factory / "runs" / f"{run_id}.json"
            if not file.is_file():
                return None
            record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            if record["status"] == "InProgress":
                return record
            self._records[run_id] = record
        return self._records[run_id]

    def _first(self, record: dict[str, Any]) -> str:
        """The id of the requested run that a run belongs to."""
        while (above := self._record(record["invoked_by"] or "")) is not None:
            record = above
        return str(record["run_id"])

    def _run(self, requested: views.Requested) -> None:
        hear = partial(self._hear, requested)
        try:
            with laptop(self._home, self.files, hear) as services:
                environment = replace(services, queues=self._queues)
                run_pipeline(
                    environment,
                    requested.pipeline,
                    requested.parameters,
                    requested.run_id,
                    requested.shared,
                    requested.ticket,
                )
        except Stopped:
            pass
        except MedallionError as error:
            requested.refused = str(error)
        finally:
            self._queues.leave(requested.ticket)
            requested.ended = True

    def _hear(self, requested: views.Requested, event: Event) -> None:
        with self._changed:
            if event.run_id not in self._known:
                self._known.append(event.run_id)
            if event.status != "Skipped":
                views.note(self._activities.setdefault(event.run_id, []), event)
