"""The state that a run shares with its child pipelines: its end, its listener, its threads."""

import threading
from collections.abc import Callable


class Stopped(BaseException):
    """Ends a thread of a run that another thread has ended, or that was cancelled."""


class Shared:
    """One per started run, for all its pipelines.

    `turn` lets one thread at a time notify the listener. `stopped` is set when no activity may
    begin or end any more. `cause` is the error that stopped the run, or None for a cancellation.
    """

    def __init__(self) -> None:
        self.turn = threading.RLock()
        self.stopped = threading.Event()
        self.cause: BaseException | None = None
        self._background: list[threading.Thread] = []

    def stop(self, cause: BaseException | None = None) -> None:
        """Stop the run; the first error that is not itself a `Stopped` is the cause."""
        if self.cause is None and not isinstance(cause, Stopped):
            self.cause = cause
        self.stopped.set()

    def check(self) -> None:
        """Raise `Stopped` when the run was stopped."""
        if self.stopped.is_set():
            raise Stopped

    def beside(self, work: Callable[[], object]) -> None:
        """Do some work in a new thread, which `join` waits for."""

        def guarded() -> None:
            try:
                work()
            except BaseException as error:
                self.stop(error)

        thread = threading.Thread(target=guarded)
        self._background.append(thread)
        thread.start()

    def join(self) -> None:
        """Wait for the threads that `beside` started, and for those that they start.

        Raises the error that stopped the run. An interrupt while waiting stops the run.
        """
        try:
            for thread in self._background:  # the list can grow meanwhile
                thread.join()
        except BaseException as error:
            self.stop(error)
            for thread in self._background:
                thread.join()
        if self.stopped.is_set():
            raise self.cause or Stopped()
