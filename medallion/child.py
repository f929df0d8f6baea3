"""Child processes: they get this process's signals, and end with it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

NOT_EXECUTABLE, NOT_FOUND = 126, 127
_SECONDS_TO_END = 20.0  # dbt cancels its statements first
_PASSED_ON = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command and return its exit status as a shell reports it: 128 + n after signal n.

    Raises `OSError` when the command cannot be started.
    """
    sys.stdout.flush()
    with _passing_signals() as passed:
        process = subprocess.Popen(command, env=environment)
        passed.to(process)
        status = process.wait()
    return 128 - status if status < 0 else status


@contextmanager
def ending(process: subprocess.Popen) -> Iterator[None]:
    """End the process if the block raises, as by Ctrl-C: interrupt it, and kill it after a time."""
    try:
        yield
    except BaseException:
        if process.poll() is None:
            if not _terminal_reaches_all():
                process.send_signal(signal.SIGINT)
            try:
                process.wait(_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        raise


class _Signals:
    """Forwards signals; one that arrives while the child process starts is forwarded afterwards."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._waiting: list[int] = []

    def to(self, process: subprocess.Popen) -> None:
        """Forward signals to `process` from now on, starting with those that already arrived."""
        self._process = process
        while self._waiting:
            process.send_signal(self._waiting.pop(0))

    def handle(self, number: int, frame: FrameType | None) -> None:
        if self._process is None:
            self._waiting.append(number)
        elif number not in (signal.SIGINT, signal.SIGQUIT) or not _terminal_reaches_all():
            self._process.send_signal(number)


@contextmanager
def _passing_signals() -> Iterator[_Signals]:
    """Forward signals to the process once it runs; it also ignores those that this one ignores."""
    passed = _Signals()
    before = {
        number: signal.signal(number, passed.handle)
        for number in _PASSED_ON
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield passed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _terminal_reaches_all() -> bool:
    """Whether this process is in a terminal's foreground, so that Ctrl-C reaches its child too."""
    try:
        terminal = os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
