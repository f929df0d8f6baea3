"""The project that is compared with the oracle: its lake, its build, its published tables."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from medallion_local.databricks_sql import clock
from medallion_local.databricks_sql.engine_name import EngineName
from support.parsed import shared
from support.places import PROJECT
from support.published_tables import Rows, read_published

BUILD = "dbt --quiet --no-use-colors build --exclude-resource-types test unit_test"
REFRESH = "dbt --quiet --no-use-colors run --full-refresh"
LINES_SHOWN = 40


class BuildFailed(Exception):
    """A command of the project failed. The message contains the end of its output."""


class Target(Protocol):
    """The operations that the suite needs of a project."""

    lake: Path

    def build(self) -> None:
        """Build all published tables from the landed files."""

    def refresh(self) -> bool:
        """Rebuild them from the change log. Returns whether the project supports it."""

    def read(self) -> dict[str, Rows]:
        """The published tables."""

    def set_clock(self, ahead: list[int]) -> None:
        """Set its clock wrong by this many seconds; statements use the numbers in turn."""


@dataclass(frozen=True)
class Kill:
    """A killed build: the killed process, and the time."""

    victim: str
    after: float  # seconds
    build: str

    def __str__(self) -> str:
        return f"{self.victim} killed {self.after:.1f} s into {self.build}"


@dataclass
class CommandTarget:
    """A project that is built by commands and read through a folder's dbt profile."""

    lake: Path
    profiles: Path
    build_command: str
    refresh_command: str | None = None
    folder: Path = field(default_factory=Path.cwd)
    environment: dict[str, str] = field(default_factory=dict)
    duration: float = 30.0  # of the last undisturbed build, in seconds

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
        """Do nothing: another project's clock cannot be set."""

    def start(self, command: str) -> subprocess.Popen:
        """Start a command in its own process group."""
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
        """Start the build and kill it after `after` seconds. Returns whether it still ran."""
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
    """Kill a command and all processes that it started."""
    os.killpg(process.pid, signal.SIGKILL)


class HomeTarget(CommandTarget):
    """This project, or a copy of it, with its own home and local warehouse."""

    def __init__(
        self,
        home: Path,
        project: Path = PROJECT,
        build_command: str = BUILD,
        engine: EngineName = "sail",
    ) -> None:
        self.engine = engine
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
        """Start the warehouse unless it is running."""
        self.run(f"medallion up --engine {self.engine}")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the warehouse during the block."""
        try:
            self.up()
            yield
        finally:
            self.down()

    def set_clock(self, ahead: list[int]) -> None:
        """Write the error of the clock to the file that the warehouse reads."""
        self._write_clock(" ".join(map(str, ahead)))

    def stop_clock(self, moment: datetime) -> None:
        """Let the clock stand still at a time with a zone."""
        self._write_clock(moment.isoformat())

    def _write_clock(self, entries: str) -> None:
        file = Path(self.environment[clock.VARIABLE])
        staged = file.with_suffix(".staged")
        staged.write_text(entries)
        staged.replace(file)

    def run(self, command: str) -> str:
        """As any project's; a new home of this project begins with the parse of an earlier one."""
        if self.folder != PROJECT:
            return super().run(command)
        with shared(command.split(), self.profiles / "target"):
            return super().run(command)

    def down(self) -> None:
        """Stop the warehouse."""
        self.run("medallion down")

    def warehouse_process(self) -> int:
        """The id of the warehouse's process, from `medallion status`."""
        output = self.run("medallion status")
        if found := re.search(r"process (\d+)", output):
            return int(found[1])
        raise RuntimeError(f"`medallion status` shows no warehouse process to kill: {output}")

    def build_with_kill(self, victim: str, after: float) -> bool:
        """Kill `dbt` or the `warehouse` after `after` seconds of a build. Returns whether it ran.

        A killed warehouse is started again at once, and the interrupted build continues to its end.
        """
        if victim == "dbt":
            return self.build_killed(after, kill_group)
        number = self.warehouse_process()
        return self.build_killed(after, lambda build: self._kill_warehouse(number))

    def _kill_warehouse(self, number: int) -> None:
        os.kill(number, signal.SIGKILL)
        self.up()
