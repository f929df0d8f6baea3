"""Runs of one pipeline that wait for each other because of the pipeline's `concurrency`.

Source: https://learn.microsoft.com/azure/data-factory/concepts-pipelines-activities#pipeline-json
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

POLL_SECONDS = 0.05  # how long a queued run may take to notice its cancellation


@dataclass(frozen=True)
class Ticket:
    """A run's place in the queue of its pipeline."""

    pipeline: str
    number: object = field(default_factory=object)


class Queues:
    """One queue per pipeline, for all runs of a factory: first come, first served."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[Ticket]] = {}
        self._running: Counter[str] = Counter()

    def join(self, pipeline: str) -> Ticket:
        """Queue a run of a pipeline; the holder of a ticket enters, or leaves the queue."""
        ticket = Ticket(pipeline.lower())
        with self._changed:
            self._waiting.setdefault(ticket.pipeline, deque()).append(ticket)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give up a place that was not taken."""
        with self._changed:
            if ticket in self._waiting[ticket.pipeline]:
                self._waiting[ticket.pipeline].remove(ticket)
                self._changed.notify_all()

    @contextmanager
    def turn(self, ticket: Ticket, limit: int | None, check: Callable[[], None]) -> Iterator[None]:
        """Wait until fewer than `limit` runs of the pipeline run, and count as one in the block.

        `check` is called while the run waits; an error from it ends the wait.
        """
        name = ticket.pipeline
        with self._changed:
            waiting = self._waiting[name]
            try:
                while limit is not None and (
                    waiting[0] is not ticket or self._running[name] >= limit
                ):
                    check()
                    self._changed.wait(POLL_SECONDS)
            finally:
                waiting.remove(ticket)
                self._changed.notify_all()
            self._running[name] += 1
        try:
            yield
        finally:
            with self._changed:
                self._running[name] -= 1
                self._changed.notify_all()
