"""Run a command, and measure its time, its CPU time by part, and the peak memory of its home."""

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, Home

GIB = 1024**3
SAMPLE_SECONDS = 0.2
_SERVER = "medallion_local.databricks_sql.server"
# Threads of the server that run Python. All others belong to Sail. Linux names a thread after its
# process unless the thread renames itself, as those of Sail do.
_PYTHON_THREADS = ("python", "medallion")
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cpu:
    """Seconds of CPU: of the command itself, of the warehouse's Python, and of its engine."""

    command: float = 0.0
    warehouse: float = 0.0
    engine: float = 0.0

    @property
    def total(self) -> float:
        """All parts together."""
        return self.command + self.warehouse + self.engine


@dataclass(frozen=True)
class Measured:
    """One step: wall-clock seconds, peak resident memory of all its processes, CPU seconds."""

    step: str
    seconds: float
    peak_bytes: int
    cpu: Cpu = field(default_factory=Cpu)


def measure(step: str, command: list[str], home: Path) -> Measured:
    """Run a command in a child process. Raises `MedallionError` with its last output on failure."""
    program, *arguments = command
    places = {"MEDALLION_HOME": home, "DBT_PROFILES_DIR": home}
    places |= {"DBT_TARGET_PATH": home / "target", "DBT_LOG_PATH": home / "logs"}
    watch = _Watch(home)
    before = _children()
    started = time.monotonic()
    with subprocess.Popen(
        [str(Path(sys.executable).with_name(program)), *arguments],
        cwd=PROJECT_ROOT,
        env=os.environ | {name: str(path) for name, path in places.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        watch.start()
        printed, _ = process.communicate()
        seconds = time.monotonic() - started
        watch.stop()
    if process.returncode:
        end = "\n".join(printed.splitlines()[-20:])
        raise MedallionError(f"`{' '.join(command)}` failed while it was measured:\n{end}")
    return Measured(
        step, seconds, watch.peak_bytes, Cpu(_children() - before, watch.warehouse, watch.engine)
    )


def up(home: Home, engine: str = "sail") -> Measured:
    """Start the warehouse of a home."""
    return measure("warehouse up", ["medallion", "up", "--engine", engine], home.root)


def down(home: Home) -> None:
    """Stop the warehouse of a home, if it runs."""
    if home.root.is_dir():
        measure("down", ["medallion", "down"], home.root)


def source_init(plays: int, users: int, days: int, seed: int) -> list[str]:
    """The command that generates a source of at least so many plays."""
    return [
        *("medallion", "source", "init", "--generate", f"--users={users}", f"--days={days}"),
        *(f"--seed={seed}", f"--streams-per-day={-(-plays // days)}"),
    ]


def _children() -> float:
    """CPU seconds of all children of this process that have ended, with their own children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Watch:
    """Samples every process that works in `home`: its memory, and the warehouse's CPU time."""

    def __init__(self, home: Path) -> None:
        self.peak_bytes = 0
        self._home = str(home)
        self._first: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        for process in self._ours():
            self._first |= self._used(process)

    @property
    def warehouse(self) -> float:
        """CPU seconds of the warehouse's Python since the start."""
        return self._since("server") - self._since("sail")

    @property
    def engine(self) -> float:
        """CPU seconds of the engine since the start: Sail's threads, or Spark's process."""
        return self._since("sail") + self._since("java")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._sample()

    def _since(self, part: str) -> float:
        return sum(
            seconds - self._first.get(key, 0.0)
            for key, seconds in self._last.items()
            if key.startswith(part)
        )

    def _run(self) -> None:
        while not self._stopped.wait(SAMPLE_SECONDS):
            self._sample()

    def _sample(self) -> None:
        resident = 0
        for process in self._ours():
            try:
                resident += process.memory_info().rss
            except psutil.Error:  # the process ended
                continue
            self._last |= self._used(process)
        self.peak_bytes = max(self.peak_bytes, resident)

    def _ours(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            try:
                if process.environ().get("MEDALLION_HOME") == self._home:
                    yield process
            except psutil.Error:  # the process ended, or belongs to another user
                continue

    def _used(self, process: psutil.Process) -> dict[str, float]:
        """CPU seconds of a process of the warehouse, and of each of Sail's threads in it."""
        try:
            line, times = process.cmdline(), process.cpu_times()
        except psutil.Error:
            return {}
        if line and Path(line[0]).name == "java":
            return {f"java {process.pid}": times.user + times.system}
        if _SERVER not in line:
            return {}
        return {f"server {process.pid}": times.user + times.system} | {
            f"sail {process.pid} {thread}": seconds for thread, seconds in _sail(process.pid)
        }


def _sail(pid: int) -> Iterator[tuple[str, float]]:
    """CPU seconds of each thread of Sail in a process; nothing where there is no /proc."""
    for folder in Path(f"/proc/{pid}/task").glob("*"):
        try:
            name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
        except OSError:  # the thread ended
            continue
        if not name.startswith(_PYTHON_THREADS):
            used = rest.split()
            yield folder.name, (int(used[11]) + int(used[12])) / _TICK
