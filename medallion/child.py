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
    with _passing_signals() as child:
        process = subprocess.Popen(command, env=environment)
        child.append(process)
        status = process.wait()
    return 128 - status if status < 0 else status


@contextmanager
def _passing_signals() -> Iterator[list[subprocess.Popen]]:
    """Signals go to the process in the list, once it is there; those we ignore, it ignores too."""
    child: list[subprocess.Popen] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        if not child:
            raise SystemExit(128 + number)
        if number not in (signal.SIGINT, signal.SIGQUIT) or not _terminal_reaches_all():
            child[0].send_signal(number)

    before = {
        number: signal.signal(number, pass_on)
        for number in _PASSED_ON
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield child
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
