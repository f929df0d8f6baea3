"""A scenario: a small change log, and how it is delivered; kept as JSON that a person can read.

All numbers are small, all days are near `BASE`; `place.py` moves it to a range of its own.
"""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from conformance.columns import COLUMNS, CONTROL, DAY, TIME

BASE = datetime(2025, 9, 1)  # a Monday: day 0 of every scenario
Change = dict[str, Any]  # `table`, its columns, and _start_lsn, _seqval, _operation, _commit_time


@dataclass
class Scenario:
    """Changes in the log's order, and batches: label of a file → the changes that it brings.

    A file that is named again in a later batch is overwritten, with what it had and what it brings.
    """

    changes: list[Change]
    batches: list[dict[str, list[int]]]
    region: str = "plain"  # of its keys: plain, negative, huge
    why: str = ""
    made: dict[str, int] = field(default_factory=dict)  # the seed and number it came from

    def size(self) -> tuple[int, int, int]:
        """Deliveries, batches and told values: what shrinking makes smaller."""
        delivered = sum(len(rows) for batch in self.batches for rows in batch.values())
        told = sum(value is not None for change in self.changes for value in change.values())
        return delivered, len(self.batches), told


def to_json(scenario: Scenario) -> str:
    """The scenario as text, a line per change; NULL columns are left out."""
    head = {"why": scenario.why, "made": scenario.made, "region": scenario.region}
    changes = [
        json.dumps({column: _told(value) for column, value in change.items() if value is not None})
        for change in scenario.changes
    ]
    batches = [json.dumps(batch) for batch in scenario.batches]
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items() if value]
    lines += ['  "changes": [', ",\n".join(f"    {change}" for change in changes), "  ],"]
    lines += ['  "batches": [', ",\n".join(f"    {batch}" for batch in batches), "  ]"]
    return "\n".join(["{", *lines, "}"]) + "\n"


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def from_json(text: str) -> Scenario:
    """The scenario that a text tells. Raises `ValueError` for what is none."""
    told = json.loads(text)
    return Scenario(
        [_change(change) for change in told["changes"]],
        told["batches"],
        told.get("region", "plain"),
        told.get("why", ""),
        told.get("made", {}),
    )


def _change(told: dict[str, Any]) -> Change:
    types = COLUMNS[told["table"]] | CONTROL
    log = ("_start_lsn", "_seqval", "_operation", "_commit_time")
    columns = [*COLUMNS[told["table"]], *log]
    if unknown := set(told) - {"table", *columns}:
        raise ValueError(f"{told['table']} has no column {min(unknown)}.")
    return {"table": told["table"]} | {c: _value(told.get(c), types[c]) for c in columns}


def _value(told: Any, as_type: pa.DataType) -> Any:
    if told is None:
        return None
    if as_type == TIME:
        return datetime.fromisoformat(told)
    return date.fromisoformat(told) if as_type == DAY else told


def read_all(folder: Path) -> dict[str, Scenario]:
    """The kept scenarios of a folder, by name."""
    return {file.stem: from_json(file.read_text()) for file in sorted(folder.glob("*.json"))}
