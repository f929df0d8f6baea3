"""The warehouse's state file: the process, port and token of its server."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from medallion.home import Home, same_folder
from medallion.private import write_private
from medallion_local.databricks_sql.engine_name import EngineName

HTTP_PATH = "/sql/1.0/warehouses/local"


@dataclass(frozen=True)
class State:
    """The state that `up` leaves for `down`, `status` and the next `up`; `pid` is 0 after `down`.

    `home` is the folder of the warehouse. In a home that was copied or moved it is another folder.
    `catalog` is the one of a session that names none.
    """

    port: int
    token: str
    pid: int = 0
    started: str = ""
    home: str = ""
    engine: EngineName = "sail"
    catalog: str = "medallion"

    @property
    def host(self) -> str:
        """The host as a profile names it."""
        return f"127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether that process still runs. Its start time excludes a reused process id."""
        return bool(self.pid) and start_of(self.pid) == self.started != ""


def copied_from(home: Home) -> Path | None:
    """The home of which `home` is a copy: its state names another home, which still exists."""
    state = read(home)
    if state is None or state.home in ("", str(home.root)):
        return None
    there = Home(Path(state.home))
    try:
        original = read(there)
    except PermissionError:  # it is another user's process
        return there.root
    if original is None or original.token != state.token or same_folder(there.root, home.root):
        return None
    return there.root


def file_of(home: Home) -> Path:
    """The path of the state file."""
    return home.warehouse / "state.json"


def read(home: Home) -> State | None:
    """The state that the last `up` or `down` left."""
    try:
        return State(**json.loads(file_of(home).read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def write(home: Home, state: State) -> None:
    """Replace the state file. Only its owner can read it, because it contains the token."""
    file = file_of(home)
    file.parent.mkdir(parents=True, exist_ok=True)
    staged = file.with_suffix(".tmp")
    write_private(staged, json.dumps(asdict(state)))
    staged.replace(file)


def new_token() -> str:
    """A token in the form of a Databricks personal access token."""
    return "dapi" + secrets.token_hex(16)


def start_of(pid: int) -> str:
    """The start time of a process from its system; empty if it does not exist or has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return _start_by_ps(pid)
    return "" if fields[0] == "Z" else fields[19]


def _start_by_ps(pid: int) -> str:
    if Path("/proc/self/stat").exists():
        return ""
    import subprocess

    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
