"""Runs a command in our place: our input, output and signals, an environment of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

NOT_EXECUTABLE, NOT_FOUND = 126, 127
_PASSED_ON = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """The command's exit status, as a shell would tell it: 128 and its number after a signal.

    A command that cannot be started raises the `OSError` of that.
    """
    sys.stdout.flush()
    with _passing_signals() as passed:
        process = subprocess.Popen(command, env=environment)
        passed.to(process)
        status = process.wait()
    return 128 - status if status < 0 else status


class _Signals:
    """Passes signals on; one that comes while the process is being started waits for it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._waiting: list[int] = []

    def to(self, process: subprocess.Popen) -> None:
        """From now on signals go to `process`, first those that wait."""
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
    """Signals go to the process, once there is one; those we ignore, it ignores too."""
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
    """Whether we are in a terminal's foreground: then its Ctrl-C goes to our child as well."""
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
