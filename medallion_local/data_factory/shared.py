"""What a run shares with the pipelines that it runs: its end, its listener, its other threads."""

import threading
from collections.abc import Callable


class Stopped(BaseException):
    """Ends a thread of a run that another thread, or whoever cancels the run, has ended."""


class Shared:
    """One per run that somebody starts, for all pipelines in it.

    `turn` lets one thread at a time tell the listener. `stopped` is set when no activity may begin
    or end any more; `cause` is the error that stopped the run, or None when it was cancelled.
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
        """Raise `Stopped` when the run goes no further."""
        if self.stopped.is_set():
            raise Stopped

    def beside(self, work: Callable[[], object]) -> None:
        """Do some work in a thread of its own, which `join` waits for."""

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

        Raises what stopped the run. An interrupt while waiting stops it.
        """
        try:
            for thread in self._background:  # which grows meanwhile
                thread.join()
        except BaseException as error:
            self.stop(error)
            for thread in self._background:
                thread.join()
        if self.stopped.is_set():
            raise self.cause or Stopped()
