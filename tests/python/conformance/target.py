"""The project held against the oracle: where files land, how it builds, what it publishes."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from medallion_local.databricks_sql import clock

from support.places import PROJECT
from support.published_tables import Rows, read_published

BUILD = "dbt --quiet --no-use-colors build --exclude-resource-types test unit_test"
REFRESH = "dbt --quiet --no-use-colors run --full-refresh"
LINES_SHOWN = 40


class BuildFailed(Exception):
    """A command of the project failed: its output's end."""


class Target(Protocol):
    """What the suite needs of a project."""

    lake: Path

    def build(self) -> None:
        """Build all published tables from what has landed."""

    def refresh(self) -> bool:
        """Build them anew from the change log; whether the project can."""

    def read(self) -> dict[str, Rows]:
        """The published tables."""

    def set_clock(self, ahead: list[int]) -> None:
        """Set its clock wrong by so many seconds: another number for each statement, in turn."""


@dataclass(frozen=True)
class Kill:
    """That a build was killed: who died, and when."""

    victim: str
    after: float  # seconds
    build: str

    def __str__(self) -> str:
        return f"{self.victim} killed {self.after:.1f} s into {self.build}"


@dataclass
class CommandTarget:
    """A project that is built by commands, and read by the dbt profile of a folder."""

    lake: Path
    profiles: Path
    build_command: str
    refresh_command: str | None = None
    folder: Path = field(default_factory=Path.cwd)
    environment: dict[str, str] = field(default_factory=dict)
    duration: float = 30.0  # of the last build that was not disturbed, in seconds

    def build(self) -> None:
        """Run the build command. Raises `BuildFailed` with the end of its output if it fails."""
        began = time.monotonic()
        self.run(self.build_command)
        self.duration = time.monotonic() - began

    def refresh(self) -> bool:
        """Run the refresh command, if there is one."""
        if self.refresh_command:
            self.run(self.refresh_command)
        return bool(self.refresh_command)

    def read(self) -> dict[str, Rows]:
        """The published tables, through databricks-sql-connector."""
        return read_published(self.profiles)

    def set_clock(self, ahead: list[int]) -> None:
        """Another project's clock stays as it is."""

    def start(self, command: str) -> subprocess.Popen:
        """Start a command in a process group of its own."""
        program, *arguments = shlex.split(command)
        here = Path(sys.executable).with_name(program)
        return subprocess.Popen(
            [str(here) if here.exists() else program, *arguments],
            cwd=self.folder,
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, command: str) -> str:
        """The output of a command. Raises `BuildFailed` with its end if it fails."""
        process = self.start(command)
        try:
            output, _ = process.communicate()
        except KeyboardInterrupt:
            kill_group(process)
            raise
        if process.returncode:
            end = "\n".join(output.splitlines()[-LINES_SHOWN:])
            raise BuildFailed(f"`{command}` exited with {process.returncode}:\n{end}")
        return output

    def build_killed(self, after: float, kill: Callable[[subprocess.Popen], None]) -> bool:
        """Start the build, and kill it after some seconds; whether it still ran then."""
        process = self.start(self.build_command)
        try:
            output, _ = process.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            kill(process)
            process.communicate()
            return True
        if process.returncode:
            end = "\n".join(output.splitlines()[-LINES_SHOWN:])
            raise BuildFailed(f"`{self.build_command}` exited with {process.returncode}:\n{end}")
        return False


def kill_group(process: subprocess.Popen) -> None:
    """End a command and all that it started, at once."""
    os.killpg(process.pid, signal.SIGKILL)


class HomeTarget(CommandTarget):
    """This project, or a copy of it, in a home of its own with a local warehouse."""

    def __init__(self, home: Path, project: Path = PROJECT, build_command: str = BUILD) -> None:
        environment = {
            "MEDALLION_HOME": str(home),
            "DBT_PROFILES_DIR": str(home),
            "DBT_TARGET_PATH": str(home / "target"),
            "DBT_LOG_PATH": str(home / "logs"),
            "NO_COLOR": "1",
            "PYTHONPATH": str(project),
            clock.VARIABLE: str(home / "clock"),
        }
        super().__init__(home / "lake", home, build_command, REFRESH, project, environment)
        self.set_clock([0])

    def up(self) -> None:
        """Start the warehouse, if it does not run."""
        self.run("medallion up")

    def set_clock(self, ahead: list[int]) -> None:
        """The warehouse reads its clock's error from a file."""
        file = Path(self.environment[clock.VARIABLE])
        staged = file.with_suffix(".staged")
        staged.write_text(" ".join(map(str, ahead)))
        staged.replace(file)

    def down(self) -> None:
        """Stop the warehouse."""
        self.run("medallion down")

    def warehouse_process(self) -> int:
        """The number of the warehouse's process, as `medallion status` tells it."""
        told = self.run("medallion status")
        if found := re.search(r"process (\d+)", told):
            return int(found[1])
        raise RuntimeError(f"No warehouse runs to be killed: {told}")

    def build_with_kill(self, victim: str, after: float) -> bool:
        """Kill `dbt` or the `warehouse` some seconds into a build; whether that hit it.

        A killed warehouse is started again at once, and the build that it left goes on to its end.
        """
        if victim == "dbt":
            return self.build_killed(after, kill_group)
        number = self.warehouse_process()
        return self.build_killed(after, lambda build: self._kill_warehouse(number))

    def _kill_warehouse(self, number: int) -> None:
        os.kill(number, signal.SIGKILL)
        self.up()
