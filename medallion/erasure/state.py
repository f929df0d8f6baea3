"""An unfinished erasure, which the next run of the command continues.

The file contains the person's values, because the tables lose them one after the other. It is
outside of the lake, only its owner can read it, and the run that ends removes it.
"""

import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from medallion.atomic import write_text
from medallion.home import Home


@dataclass
class State:
    """`pseudonyms` has a text for each value of a column; `files` are the rewritten files.

    `rows`, `files`, `rebuilt` and `purged` are for the record: they add up over all runs.
    """

    identity: str
    started_at: str
    pseudonyms: dict[str, dict[str, str]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    rebuilt: list[str] = field(default_factory=list)
    purged: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def values(self) -> set[str]:
        """The person's values."""
        return {value for column in self.pseudonyms.values() for value in column}


def folder(home: Home) -> Path:
    """The folder of unfinished erasures, and of the lock."""
    return home.root / "erasure"


def read(home: Home, entity: str, key: int) -> State | None:
    """The unfinished erasure of a person, or None."""
    file = _file(home, entity, key)
    return State(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None


def new() -> State:
    """An erasure that begins now."""
    now = datetime.now(UTC)
    identity = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    return State(identity, now.isoformat(timespec="seconds"))


def write(home: Home, entity: str, key: int, state: State) -> None:
    """Keep the state for the next run."""
    write_text(_file(home, entity, key), json.dumps(asdict(state), indent=2) + "\n")


def remove(home: Home, entity: str, key: int) -> None:
    """Forget the erasure and the values in it, also in what a killed run was writing."""
    file = _file(home, entity, key)
    for left in [file, *file.parent.glob(f".{file.name}.*.tmp")]:
        left.unlink(missing_ok=True)


def _file(home: Home, entity: str, key: int) -> Path:
    return folder(home) / f"{entity}-{key}.json"
