"""Start, find and stop the server process of a home."""

import fcntl
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from medallion import disk
from medallion.errors import MedallionError
from medallion.home import Home, same_folder
from medallion.private import private, tighten
from medallion_local.databricks_sql.engine_name import EngineName
from medallion_local.databricks_sql.lifecycle import state as states
from medallion_local.databricks_sql.lifecycle.certificates import files_of
from medallion_local.databricks_sql.lifecycle.state import State
from medallion_local.databricks_sql.spark import distribution
from medallion_local.http import free_port

_SERVER = "medallion_local.databricks_sql.server"
_SECONDS_TO_START: dict[EngineName, int] = {"sail": 60, "spark": 180}
_SECONDS_TO_STOP = 30


def log_file(home: Home) -> Path:
    """The server's log file."""
    return home.warehouse / "warehouse.log"


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Allow only one `up` or `down` of a home at a time."""
    home.warehouse.mkdir(parents=True, exist_ok=True)
    with (home.warehouse / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def running(home: Home) -> State | None:
    """The state of the server if it is running, else None."""
    state = _own(home)
    return state if state is not None and state.alive else None


def is_moved(home: Home, state: State) -> bool:
    """Whether the home was moved after the server started: the server still uses the old path."""
    # Earlier versions did not store the home.
    return bool(state.home) and not same_folder(Path(state.home), home.root)


def _own(home: Home) -> State | None:
    """The state of the home's own server. The state in a copied home is that of its original."""
    return states.read(home) if states.copied_from(home) is None else None


def start(
    home: Home,
    port: int | None = None,
    engine: EngineName | None = None,
    catalog: str | None = None,
) -> tuple[State, bool]:
    """Start the server unless it runs. Returns its state, and whether it was started now.

    `port`, `engine` and the first `catalog` are by default those of the last time.
    """
    with private(), _alone(home):
        tighten(home)
        known = _own(home)
        if known is not None and known.alive and is_moved(home, known):
            known = _ended(known)
        if known is not None and known.alive:
            if port is not None and port != known.port:
                raise MedallionError(
                    f"The warehouse already runs on port {known.port}: run `medallion down` before "
                    f"`medallion up` to use port {port}."
                )
            if engine is not None and engine != known.engine:
                raise MedallionError(
                    f"The warehouse already runs with the engine {known.engine}: run `medallion "
                    f"down` before `medallion up --engine {engine}`."
                )
            if catalog is not None and catalog != known.catalog:
                known = replace(known, catalog=catalog)
                states.write(home, known)
            return known, False
        chosen_engine = engine or (known.engine if known is not None else "sail")
        if chosen_engine == "spark":
            distribution.prepare()
        token = known.token if known is not None else states.new_token()
        chosen = _port(port, known)
        idle = State(chosen, token, engine=chosen_engine)
        if catalog or known is not None:
            idle = replace(idle, catalog=catalog or known.catalog)  # type: ignore[union-attr]
        states.write(home, idle)  # if the disk is full, nothing is started
        process = _launch(home, idle)
        begun = states.start_of(process.pid)
        started = replace(idle, pid=process.pid, started=begun, home=str(home.root))
        try:
            states.write(home, started)
        except OSError:
            process.kill()
            raise
        _await(home, started, process)
        return started, True


def stop(home: Home) -> bool:
    """Stop the server. Returns whether one was running."""
    with _alone(home):
        known = _own(home)
        if known is None:
            return False
        ran = known.alive
        if known.pid:
            states.write(home, _ended(known))
        return ran


def _ended(known: State) -> State:
    """Stop the server if it runs. Returns its state without a process."""
    if known.alive:
        os.kill(known.pid, signal.SIGTERM)
        if not _gone(known, _SECONDS_TO_STOP):
            os.kill(known.pid, signal.SIGKILL)
            _gone(known, 5)
    return replace(known, pid=0, started="")


def _gone(state: State, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(ChildProcessError):
            os.waitpid(state.pid, os.WNOHANG)
        if not state.alive:
            return True
        time.sleep(0.05)
    return False


def _port(wanted: int | None, known: State | None) -> int:
    if wanted is not None:
        if not _free(wanted):
            raise MedallionError(
                f"Port {wanted} on 127.0.0.1 is in use: pass another `--port`, or none."
            )
        return wanted
    if known is not None and _free(known.port):
        return known.port
    return free_port()


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _launch(home: Home, state: State) -> subprocess.Popen:
    environment = os.environ | {"MEDALLION_HOME": str(home.root)}
    with log_file(home).open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", _SERVER, str(state.port), state.engine, state.catalog],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=environment,
            cwd=home.root,
        )
    assert process.stdin is not None
    process.stdin.write(f"{state.token}\n".encode())
    process.stdin.close()
    return process


def _await(home: Home, state: State, process: subprocess.Popen) -> None:
    seconds = _SECONDS_TO_START[state.engine]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            if message := _last_words(home):
                raise MedallionError(f"The warehouse cannot start: {message}")
            raise MedallionError(
                f"The warehouse stopped during startup: run `medallion doctor`, and see the last "
                f"lines of {log_file(home)}."
            )
        if answers(home, state):
            return
        time.sleep(0.05)
    process.kill()
    raise MedallionError(
        f"The warehouse did not answer within {seconds} seconds: run `medallion doctor`, and see "
        f"{log_file(home)}."
    )


def _last_words(home: Home) -> str | None:
    """The disk error in the last line of the server's log, if any."""
    try:
        lines = log_file(home).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return disk.sentence(Exception(lines[-1])) if lines else None


def answers(home: Home, state: State) -> bool:
    """Whether the server answers on its port."""
    authority = files_of(home).authority
    if not authority.exists():
        return False
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=authority)),
    )
    url = f"https://{state.host}/.well-known/databricks-config"
    try:
        with opener.open(url, timeout=5) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
