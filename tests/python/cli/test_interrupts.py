"""Ctrl-C ends a command and its child processes, and names what still runs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medallion.child import ending
from medallion.home import Home
from medallion_local.databricks_sql.lifecycle import state as states
from medallion_local.databricks_sql.lifecycle.state import State

MAIN = [sys.executable, "-c", "from medallion.cli import main; main()"]
# It tells when it can be interrupted, and how it ended.
CHILD = """
import sys, time
try:
    print("ready", flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


def interrupted(tmp_path: Path, *command: str) -> tuple[int, str]:
    """The exit status and the output of a command that Ctrl-C ends as soon as it works."""
    environment = os.environ | {"MEDALLION_HOME": str(tmp_path)}
    with subprocess.Popen(
        [*MAIN, *command], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        while not list(tmp_path.glob("source.duckdb*")):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    return process.returncode, said


def test_what_still_runs_is_named(tmp_path: Path) -> None:
    create = ("source", "init", "--generate", "--users", "200000")
    assert interrupted(tmp_path / "a", *create) == (130, "Interrupted.\n")
    pid, home = os.getpid(), Home(tmp_path / "b")
    states.write(home, State(1, "dapi", pid, states.start_of(pid), str(home.root)))
    assert interrupted(home.root, *create) == (
        130,
        f"Interrupted. The warehouse still runs, as process {pid}: `medallion down` stops it.\n",
    )


@pytest.mark.parametrize(("program", "last"), [(CHILD, "interrupted\n"), (STUBBORN, "")])
def test_a_child_ends_with_its_parent(
    monkeypatch: pytest.MonkeyPatch, program: str, last: str
) -> None:
    monkeypatch.setattr("medallion.child._SECONDS_TO_END", 1.0)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        with pytest.raises(KeyboardInterrupt), ending(process):
            raise KeyboardInterrupt
        assert process.poll() is not None
        assert process.stdout.read() == last
